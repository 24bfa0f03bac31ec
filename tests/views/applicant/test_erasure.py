"""The page on which an applicant, or the team for one, erases personal data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from factories import LIGNIERES, apply, call_as

from ckanext.challenge.model import Application


@pytest.fixture
def refused(world: Any) -> dict[str, Any]:
    made = apply(world.open_cohort, LIGNIERES[0])
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=made["id"],
        decision="refuse",
        reason="Trop tard.",
    )
    return made


def test_an_applicant_erases_with_the_link_alone(
    browser: Callable[..., Any], world: Any, refused: dict[str, Any]
) -> None:
    visitor = browser()
    path = f"/challenge/application/{refused['id']}"
    own = f"?key={refused['key']}"
    assert f"{path}/erase{own}" in visitor.get(path + own).get_data(as_text=True)
    page = visitor.get(f"{path}/erase{own}")
    assert page.status_code == 200
    assert page.headers["Referrer-Policy"] == "same-origin"
    # The button of the page sends to where it is done.
    assert f'action="{path}/erase"' in page.get_data(as_text=True)
    for wrong in ("", "?key=x"):
        assert visitor.get(f"{path}/erase{wrong}").status_code in (302, 403)
        assert visitor.post(f"{path}/erase{wrong}").status_code in (302, 403)
    assert Application.get(refused["id"]).contact_email  # type: ignore[union-attr]
    done = visitor.post(f"{path}/erase", {"key": refused["key"]})
    assert done.status_code == 302
    assert refused["reference"] in visitor.get("/challenge/saison-3").get_data(
        as_text=True
    )
    application = Application.get(refused["id"])
    assert application is not None
    assert application.erased_at
    assert visitor.get(path + own).status_code == 403


def test_what_is_under_way_is_withdrawn_first(
    browser: Callable[..., Any], world: Any
) -> None:
    made = apply(world.open_cohort, LIGNIERES[0])
    path = f"/challenge/application/{made['id']}/erase"
    visitor = browser()
    answer = visitor.post(path, {"key": made["key"]})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.get_data(as_text=True)
    assert Application.get(made["id"]).contact_email  # type: ignore[union-attr]
    assert browser("stranger").get(path).status_code == 403
    manager = browser("manager")
    file = f"/challenge/manage/saison-3/application/{made['id']}"
    assert path in manager.get(file).get_data(as_text=True)
    assert manager.post(path).status_code == 302
    assert Application.get(made["id"]).state == "withdrawn"  # type: ignore[union-attr]


def test_before_the_erasure_one_reads_whose_role_and_account_end(
    browser: Callable[..., Any], world: Any
) -> None:
    made = apply(world.open_cohort, LIGNIERES[0])
    manager = browser("manager")
    path = f"/en/challenge/application/{made['id']}/erase"
    ends = "is no longer an administrator of the organization"
    assert ends not in manager.get(path).get_data(as_text=True)
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=made["id"],
        decision="accept",
    )
    text = manager.get(path).get_data(as_text=True)
    assert ends in text
    assert "which nobody has opened, is deleted" in text
    assert "The organization then has no administrator" in text
    assert "its accounts" not in text
