"""What the page of a file in CKAN says of its national schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import helpers
from helpers.browser import Browser, World

from ckanext.challenge.conformity import jobs
from ckanext.challenge.model import Conformity

HEADER = "COLL_NOM;COLL_SIRET;DELIB_ID;DELIB_DATE;DELIB_MATIERE_CODE;"
HEADER += "DELIB_MATIERE_NOM;DELIB_OBJET;REMARQUE\n"
ROW = "Baule;21450024100010;{number};{date};7.5;Finances locales/Subventions;Vœu;x\n"


@pytest.fixture
def page(
    browser: Callable[..., Browser],
    world: World,
    create_with_upload: Any,
    storage: None,
) -> Callable[..., tuple[str, Callable[..., str]]]:
    """Publishes a file and has it checked; gives its id, and how its page reads."""

    def make(content: str, encoding: str = "utf-8", **fields: str) -> Any:
        context = {"user": world.people["sysadmin"]["name"], "ignore_auth": True}
        resource = create_with_upload(
            content.encode(encoding),
            "deliberations.csv",
            context,
            package_id=world.dataset["id"],
            format="CSV",
            **{"schema": "scdl/deliberations", **fields},
        )
        jobs.check_resource(resource["id"])
        path = f"/dataset/{world.dataset['name']}/resource/{resource['id']}"

        def read(role: str | None = None) -> str:
            answer = browser(role).get(f"/en{path}")
            assert answer.status_code == 200
            return answer.get_data(as_text=True)

        return resource["id"], read

    return make


def test_a_file_that_conforms(page: Any) -> None:
    _, read = page(
        HEADER.replace(";REMARQUE", "")
        + ROW.format(number=1, date="2023-02-28").replace(";x", "")
    )
    text = read()
    assert "Follows its national schema" in text
    assert "https://schema.data.gouv.fr/scdl/deliberations/" in text
    assert "1 row read" in text
    assert "separated by “;”" in text
    assert "Check again" not in text


def test_problems_are_grouped_and_counted(page: Any) -> None:
    wrong = [ROW.format(number=n, date=f"{n}/02/2023") for n in range(1, 8)]
    _, read = page(HEADER + "".join(wrong) + ROW.format(number="", date="2023-02-28"))
    text = read()
    assert "Does not follow its national schema yet" in text
    assert "8 points to correct" in text
    assert "Column DELIB_DATE: 7 values to correct" in text
    assert "Line 2, column DELIB_DATE: “1/02/2023” is not a date." in text
    assert text.count("is not a date.") == 5
    assert "and 2 more" in text
    assert text.count("Write it YYYY-MM-DD, for example 2023-02-28.") == 1
    assert "Line 9, column DELIB_ID: The cell is empty." in text
    assert "The schema knows no column “REMARQUE”" in text
    assert "Replace the file" not in text
    # Who may mend it is led there, and may ask again.
    text = read("member")
    assert "Replace the file" in text
    assert "Check again" in text
    assert "Check again" not in read("stranger")


def test_what_a_file_holds_is_shown_as_text(page: Any) -> None:
    value = "<script>alert(1)</script>"
    _, read = page(HEADER + ROW.format(number=1, date=value))
    text = read()
    assert "“&lt;script&gt;alert(1)&lt;/script&gt;” is not a date." in text
    assert "<script>alert(1)" not in text


def test_why_a_file_cannot_be_read_and_which_are_not_checked(page: Any) -> None:
    for content, said in {
        "": "The file is empty.",
        "<!DOCTYPE html><title>404</title>": "The file is a web page, not a table.",
        "PK\x03\x04 xl/workbook.xml": "The file is a spreadsheet (Excel or ODS).",
    }.items():
        _, read = page(content)
        text = read()
        assert "Could not be checked" in text
        assert said in text
    _, read = page(HEADER, schema="etalab/schema-amenagements-cyclables")
    assert "does not know how to check this schema" in read()
    _, read = page(HEADER, schema="")
    assert "challenge-conformity" not in read()


def test_a_member_has_the_file_checked_again(
    page: Any, browser: Callable[..., Browser], world: World
) -> None:
    resource_id, read = page(HEADER + ROW.format(number=1, date="hier"))
    jobs.store.forget(resource_id)
    jobs.model.Session.commit()
    assert "Check under way" in read("member")
    answer = browser("member").post(f"/challenge/conformity/{resource_id}")
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"{resource_id}#challenge-conformity")
    assert "1 point to correct" in read("member")
    answer = helpers.call_action(
        "challenge_conformity_show", {"user": ""}, resource_id=resource_id
    )
    assert answer["groups"][0]["count"] == 1


def test_the_page_of_the_dataset_says_what_became_of_its_files(
    page: Any, world: World, browser: Callable[..., Browser]
) -> None:
    page(HEADER + ROW.format(number="1", date="hier"))
    path = f"/en/dataset/{world.dataset['name']}"
    shown = browser("member").get(path).get_data(as_text=True)
    assert 'id="challenge-verdicts"' in shown
    assert "1 point to correct" in shown
    assert "hx-get" not in shown.partition("challenge-verdicts")[2].partition(">")[0]
    for role in (None, "stranger"):
        other = browser(role).get(path).get_data(as_text=True)
        assert "challenge-verdicts" not in other, role


def test_a_verdict_that_is_awaited_comes_by_itself(
    page: Any, world: World, browser: Callable[..., Browser]
) -> None:
    resource, _ = page(HEADER + ROW.format(number="1", date="2024-01-15"))
    row = model.Session.get(Conformity, resource)
    assert row
    row.status = "pending"
    model.Session.commit()
    path = f"/en/dataset/{world.dataset['name']}"
    member = browser("member")
    shown = member.get(path).get_data(as_text=True)
    assert f'hx-get="/en/dataset/{world.dataset["name"]}?challenge_tries=1"' in shown
    assert "See whether it is there" in shown
    # It ends, and leaves the button.
    shown = member.get(f"{path}?challenge_tries=10").get_data(as_text=True)
    assert "challenge_tries=11" not in shown
    assert "See whether it is there" in shown


def test_a_file_that_does_not_conform_leads_to_its_preparation(
    page: Any, world: World
) -> None:
    _, read = page(HEADER + ROW.format(number="1", date="hier"))
    assert "/challenge/kits/deliberations/prepare?organization=" in read("member")
    assert "/prepare" not in read()
