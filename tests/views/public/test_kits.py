"""The pages of the kits: who reads what, and from the template to the dataset."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pytest
from ckan.tests import factories
from factories import call_as, work_in_this_process
from helpers.browser import Browser
from lxml import html

from ckanext.challenge.common.workbooks import take_in
from ckanext.challenge.conformity import check, registry
from ckanext.challenge.preparation import steps

KITS = [
    "deliberations",
    "subventions",
    "equipements",
    "prenoms",
    "budget",
    "catalogue",
    "dae",
    "irve-statique",
    "adresses",
    "bureaux-de-vote",
    "menus",
    "plats",
    "stationnement",
    "stationnement-cyclable",
    "covoiturage",
    "fontaines",
    "pei",
    "mediation-numerique",
    "hautes-remunerations",
]
#: Those that are not for a commune of 1,985 inhabitants.
LARGER = [
    "Prénoms des nouveau-nés",
    "Composition des plats de cantine",
    "Hautes rémunérations",
]
#: Rules about more columns than one.
SEVERAL = {
    "one-of-required",
    "cohesive-columns-value",
    "compare-columns-value",
    "sum-columns-value",
}


def _page(answer: Any) -> Any:
    assert answer.status_code == 200, answer.headers
    return html.document_fromstring(answer.get_data(as_text=True))


def _texts(page: Any, path: str) -> list[str]:
    return [" ".join(node.text_content().split()) for node in page.xpath(path)]


@pytest.mark.parametrize("layout", ["", "?for=excel"])
def test_files_to_begin_with(
    browser: Callable[..., Any], tmp_path: Path, layout: str
) -> None:
    visitor = browser()
    for kit in KITS:
        shown = call_as(None, "challenge_kit_show", kit=kit)
        national = registry.get(shown["schema"])
        assert national
        for name, status in (("template", "invalid"), ("example", "valid")):
            answer = visitor.get(f"/challenge/kits/{kit}/{name}.csv{layout}")
            assert answer.status_code == 200
            assert answer.mimetype == "text/csv"
            assert answer.headers["Content-Disposition"].startswith("attachment")
            content = answer.get_data()
            assert content.startswith(b"\xef\xbb\xbf") is bool(layout)
            separator = ";" if layout else ","
            text = io.StringIO(content.decode("utf-8-sig"))
            header, *rows = csv.reader(text, delimiter=separator)
            assert header == [column["name"] for column in shown["columns"]]
            assert bool(rows) is (name == "example")
            file = tmp_path / "file.csv"
            file.write_bytes(content)
            report = check.check(file, national)
            # A header alone is no data yet; there is nothing else wrong with it.
            assert report.status == status
            assert [p.type for p in report.errors] == ([] if rows else ["no-rows"])


def test_a_workbook_says_what_its_cells_take(browser: Callable[..., Any]) -> None:
    visitor = browser()
    for kit in KITS:
        columns = call_as(None, "challenge_kit_show", kit=kit)["columns"]
        answer = visitor.get(f"/challenge/kits/{kit}/template.xlsx")
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith("attachment")
        again = visitor.get(f"/challenge/kits/{kit}/template.xlsx")
        assert again.headers["ETag"] == answer.headers["ETag"]
        book: Any = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
        (sheet,) = [one for one in book.worksheets if one.sheet_state == "visible"]
        assert [cell.value for cell in sheet[1]] == [one["name"] for one in columns]
        assert sheet.max_row == 1
        rules = {
            str(rule.sqref).rstrip("0123456789").partition("2:")[0]: rule
            for rule in sheet.data_validations.dataValidation
        }
        for cell, column in zip(sheet[1], columns, strict=True):
            assert cell.comment
            assert cell.comment.text.startswith(column["title"])
            rule = rules[cell.column_letter]
            assert rule.prompt
            form = _format(sheet, cell.column)
            if column.get("enum"):
                assert _values(book, rule.formula1) == list(map(str, column["enum"]))
            elif column["type"] == "boolean":
                assert len(_values(book, rule.formula1)) == 2
            elif column["type"] == "date":
                assert (rule.type, form) == ("date", "yyyy-mm-dd")
            elif column["type"] in ("integer", "year"):
                assert (rule.type, form) == ("whole", "0")
            elif column["type"] == "number":
                assert (rule.type, form) == ("decimal", "General")
            else:
                assert form == "@", column


def _format(sheet: Any, column: int) -> str:
    """The format of a column: those alike that stand together are told once."""
    return next(
        one.number_format
        for one in sheet.column_dimensions.values()
        if one.min <= column <= one.max
    )


def _values(book: Any, formula: str) -> list[str]:
    """The values of a list, which stand in the rule or on a sheet of their own."""
    if formula.startswith('"'):
        return formula.strip('"').split(",")
    name, _, area = formula.removeprefix("=").rpartition("!")
    sheet = book[name.strip("'")]
    assert sheet.sheet_state == "hidden"
    return [str(cell.value) for (cell,) in sheet[area.replace("$", "")]]


def test_the_example_as_a_workbook_is_the_example(
    browser: Callable[..., Any], tmp_path: Path
) -> None:
    visitor = browser()
    for kit in KITS:
        shown = call_as(None, "challenge_kit_show", kit=kit)
        national = registry.get(shown["schema"])
        assert national
        content = visitor.get(f"/challenge/kits/{kit}/example.xlsx").get_data()
        book: Any = openpyxl.load_workbook(io.BytesIO(content))
        days = [n for n, c in enumerate(shown["columns"]) if c["type"] == "date"]
        first = [cell.value for cell in book.worksheets[0][2]]
        for number in days:
            if first[number] is not None:
                assert isinstance(first[number], dt.datetime)
        # As a town hall would bring it.
        table = steps.find_table(take_in(content, f"{kit}.xlsx"), national)
        matches = steps.match_columns(table, national)
        assert all(one.state == "decided" for one in matches), kit
        found = steps.result(table, matches, national, steps.Context())
        file = tmp_path / "file.csv"
        file.write_bytes(steps.to_csv(found))
        assert check.check(file, national).status == "valid", kit
        rows = list(csv.reader(io.StringIO(file.read_text("utf-8"))))[1:]
        numbers = {
            n for n, c in enumerate(shown["columns"]) if c["type"] in ("number",)
        }
        for row, wanted in zip(rows, shown["example"], strict=True):
            for at, (value, text) in enumerate(zip(row, wanted, strict=True)):
                if at in numbers and text:
                    assert float(value) == float(text)
                else:
                    assert value == text, (kit, shown["columns"][at])


def test_a_kit_that_does_not_exist_has_no_file(browser: Callable[..., Any]) -> None:
    for name in ("template.csv", "example.csv", "template.xlsx", "example.xlsx"):
        assert browser().get(f"/challenge/kits/piscines/{name}").status_code == 404
    assert browser().get("/challenge/kits/dae/template.pdf").status_code == 404


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_kit_shows_what_its_file_holds(
    browser: Callable[..., Any], language: str
) -> None:
    visitor = browser()
    for kit in KITS:
        page = _page(visitor.get(f"/{language}/challenge/kits/{kit}"))
        assert page.xpath("//a[contains(@href, '/user/login')]")
        shown = call_as(None, "challenge_kit_show", kit=kit)
        rows = [
            [" ".join(cell.text_content().split()) for cell in row]
            for row in page.xpath("//table/tbody/tr")
        ]
        names = page.xpath("//table/tbody/tr/th/code/text()")
        assert names == [column["name"] for column in shown["columns"]]
        required = page.xpath(
            "//table/tbody/tr[th/span[@data-required]]/th/code/text()"
        )
        assert required == [c["name"] for c in shown["columns"] if c["required"]]
        for (head, told, example), column in zip(rows, shown["columns"], strict=True):
            # What is meant, with the official title, and not the type alone.
            assert column["title"] in head
            meaning = registry.known()[shown["schema"]].meaning(column["name"])
            assert meaning.fr != meaning.en
            expected = told.removeprefix(" ".join(meaning.in_(language).split()))
            assert expected.strip()
            assert expected != told
            assert example or not column["required"], (kit, column["name"])
        rules = {rule["name"] for rule in shown["rules"]} & SEVERAL
        assert bool(page.xpath("//h3/following-sibling::ul/li")) is bool(rules)


def test_a_member_reads_first_what_suits_its_organization(
    browser: Callable[..., Any], world: Any
) -> None:
    organization = world.participant["organization_id"]
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=organization,
        kind="commune",
        population="1985",
    )
    heading = "//section[contains(@class, 'challenge-section')]/h2"
    titles = "//li[contains(@class, 'challenge-card')]//h3"
    assert _texts(_page(browser().get("/challenge/kits")), heading) == ["Tous les kits"]
    page = _page(browser("member").get("/challenge/kits"))
    assert len(_texts(page, heading)) == 2
    assert world.participant["organization_title"] in _texts(page, heading)[0]
    assert _texts(page, titles)[-3:] == LARGER
    # A sysadmin, who publishes everywhere, says for whom.
    page = _page(
        browser("sysadmin").get(
            f"/challenge/kits?organization={world.participant['organization_name']}"
        )
    )
    assert _texts(page, titles)[-3:] == LARGER
    assert browser().get("/challenge/kits?organization=nulle-part").status_code == 404


def test_who_has_several_organizations_says_for_which(
    browser: Callable[..., Any], world: Any
) -> None:
    other = factories.Organization(title="Une autre commune")
    call_as(
        world.people["sysadmin"],
        "member_create",
        id=other["id"],
        object=world.people["member"]["id"],
        object_type="user",
        capacity="editor",
    )
    member = browser("member")
    publish = "//a[contains(@href, '/dataset/new')]/@href"
    page = _page(member.get("/challenge/kits/dae"))
    assert not page.xpath(publish)
    assert len(page.xpath("//select[@name='organization']/option")) == 3
    page = _page(member.get(f"/challenge/kits/dae?organization={other['name']}"))
    (address,) = page.xpath(publish)
    assert parse_qs(urlsplit(address).query)["owner_org"] == [other["id"]]
    # Nobody is offered a form that would be refused.
    stranger = _page(
        browser("stranger").get(f"/challenge/kits/dae?organization={other['name']}")
    )
    assert not stranger.xpath(publish)


def _fields(page: Any, form_id: str) -> dict[str, str]:
    """What a browser would send of a form that nobody touched."""
    (form,) = page.xpath(f"//form[@id='{form_id}']")
    return {key: value or "" for key, value in form.form_values()}


def test_from_the_kit_to_a_dataset_that_conforms(
    app: Any,
    world: Any,
    tmp_path: Path,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    organization = world.participant["organization_id"]
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=organization,
        kind="commune",
        insee_code="45024",
    )
    member = Browser(app).sign_in(world.people["member"])
    page = _page(member.get("/challenge/kits/deliberations"))
    (address,) = page.xpath("//a[contains(@href, '/dataset/new')]/@href")
    page = _page(member.get(address))
    fields = _fields(page, "dataset-edit")
    title = world.participant["organization_title"]
    expected = {
        "title": f"Délibérations – {title}",
        # It has one of this kit, under the plain name.
        "name": f"deliberations-{world.participant['organization_name']}-2",
        "challenge_kit": "deliberations",
        "license_id": "etalab-2.0",
        "frequency": "quarterly",
        "owner_org": organization,
        "private": "False",
        "spatial_insee": "45024",
    }
    assert {key: fields[key] for key in expected} == expected
    assert {tag.strip() for tag in fields["tag_string"].split(",")} == {
        "délibérations",
        "conseil",
        "scdl",
    }
    assert title in fields["notes"]
    assert len(fields["notes"]) > 100
    # Sent as it is, without a script: nothing is missing.
    answer = member.post("/dataset/new", fields | {"save": ""})
    assert answer.status_code == 302, answer.get_data(as_text=True)
    add = f"/dataset/{expected['name']}/resource/new"
    fields = _fields(_page(member.get(add)), "resource-edit")
    assert fields["schema"] == "scdl/deliberations"
    example = member.get("/challenge/kits/deliberations/example.csv").get_data()
    # The town's own number in the place of the example's.
    example = example.replace(b"21000012100017", b"21450024100010")
    answer = member.post(
        add,
        fields
        | {
            "name": "Délibérations 2025",
            "url": "deliberations.csv",
            "url_type": "upload",
            "upload": (io.BytesIO(example), "deliberations.csv"),
            "save": "go-metadata",
        },
    )
    assert answer.status_code == 302
    shown = call_as(world.people["member"], "package_show", id=expected["name"])
    (resource,) = shown["resources"]
    assert shown["state"] == "active"
    assert resource["schema"] == "scdl/deliberations"
    work_in_this_process()
    verdict = call_as(None, "challenge_conformity_show", resource_id=resource["id"])
    assert verdict["status"] == "valid"
    # Of a second file nobody knows whether it follows the schema.
    fields = _fields(_page(member.get(add)), "resource-edit")
    assert not fields.get("schema")


def test_a_schema_that_somebody_took_away_stays_away(app: Any, world: Any) -> None:
    dataset = factories.Dataset(
        owner_org=world.participant["organization_id"], challenge_kit="dae"
    )
    editor = Browser(app).sign_in(world.people["member"])
    add = f"/dataset/{dataset['name']}/resource/new"
    assert _fields(_page(editor.get(add)), "resource-edit")["schema"] == (
        "atlasante/schema-dae"
    )
    # Refused because of the encoding; the form that comes back has no schema.
    answer = editor.post(
        add,
        {
            "id": "",
            "url": "https://www.example.org/a.csv",
            "schema": "",
            "encoding": "morse",
            "save": "go-metadata",
        },
    )
    assert not _fields(_page(answer), "resource-edit").get("schema")
