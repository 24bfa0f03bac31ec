"""From a spreadsheet to open data on its pages, as a browser without a script does."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest
from factories import BAULE, call_as, work_in_this_process
from helpers import sheets
from helpers.browser import Browser, World

from ckanext.challenge.model import Preparation
from ckanext.challenge.preparation import action

KIT = "/en/challenge/kits/subventions/prepare"
TABLE = [
    ["Subventions versées en 2025"],
    [],
    ["Association", "RNA", "Objet", "Montant voté (€)", "Nature", "Versement", "Date"],
    ["Harmonie", "W451000001", "Concerts", "1 500,00 €", "aide en numéraire", "unique"],
    ["Sports", "W451000002", "Tournoi", "320,50 €", "Aide en numéraire", "unique"],
    ["Total", "", "", "1 820,50 €"],
]
for row, day in ((TABLE[3], 12), (TABLE[4], 2)):
    row.append(dt.date(2025, 3, day))
CONSTANTS = {
    "nomAttribuant": "Commune de Baule",
    "idAttribuant": "21450024100010",
    "datesPeriodeVersement": "2025-01-01/2025-12-31",
    "notificationUE": "non",
    "pourcentageSubvention": "1",
}


class _Forms(HTMLParser):
    """The forms of a page: address, and what each would send as it is."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, list[tuple[str, str]]]] = []
        self._select: str | None = None
        self._options: list[tuple[str, bool]] = []
        self._area: str | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((at.get("action", ""), []))
        if not self.forms:
            return
        if tag == "input" and "name" in at:
            kind = at.get("type", "text")
            if kind == "file" or (
                kind in ("checkbox", "radio") and "checked" not in at
            ):
                return
            self.forms[-1][1].append((at["name"], at.get("value", "")))
        elif tag == "select":
            self._select, self._options = at["name"], []
        elif tag == "option" and self._select:
            self._options.append((at.get("value", ""), "selected" in at))
        elif tag == "textarea":
            self._area = at["name"]

    def handle_data(self, data: str) -> None:
        if self._area:
            self.forms[-1][1].append((self._area, data))
            self._area = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "select" and self._select:
            chosen = [value for value, selected in self._options if selected]
            value = chosen[0] if chosen else self._options[0][0]
            self.forms[-1][1].append((self._select, value))
            self._select = None
        elif tag == "textarea":
            self._area = None


def _form(page: str, ending: str) -> tuple[str, dict[str, Any]]:
    """What the form would send, by name, several values of one name as a list."""
    url, pairs = next(one for one in _Forms(page).forms if one[0].endswith(ending))
    data: dict[str, Any] = {}
    for name, value in pairs:
        if name in data:
            data[name] = [
                *([data[name]] if isinstance(data[name], str) else data[name])
            ]
            data[name].append(value)
        else:
            data[name] = value
    return url, data


def _control(data: dict[str, Any], kind: str, of: str) -> str:
    """The name of the control that is about something."""
    return next(
        name.removesuffix("-of")
        for name, value in data.items()
        if name.startswith(f"{kind}-") and name.endswith("-of") and value == of
    )


pytestmark = pytest.mark.usefixtures("storage")


@pytest.fixture
def member(browser: Callable[..., Browser], world: World) -> Browser:
    """Who publishes for the first participant."""
    return browser("member")


def _give(member: Browser, world: World, rows: Any = None, **more: Any) -> str:
    """Give the table, as a file; the address of the preparation."""
    content = sheets.xlsx({"2025": rows or TABLE})
    answer = member.post(
        KIT,
        {
            "organization": world.participant["organization_name"],
            "upload": (io.BytesIO(content), "Subventions.xlsx"),
            **more,
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, _text(answer)
    return answer.headers["Location"].replace("http://test.ckan.net", "")


def _text(answer: Any) -> str:
    return answer.get_data(as_text=True)


def _read(member: Browser, url: str) -> str:
    answer = member.get(url)
    assert answer.status_code == 200, _text(answer)
    return _text(answer)


def _say_all(member: Browser, url: str) -> str:
    """Name each column that is asked, and give what the table lacks."""
    page = _read(member, url)
    target, data = _form(page, "/columns")
    for name, value in CONSTANTS.items():
        data[_control(data, "constant", name)] = value
    for name in [name for name in data if re.fullmatch(r"column-\d+", name)]:
        if data[name] == "":
            data[name] = "-"
    answer = member.post(target, data)
    assert answer.status_code == 302, _text(answer)
    return _read(member, url)


def test_the_kit_leads_to_a_spreadsheet(member: Browser, world: World) -> None:
    page = _read(member, "/en/challenge/kits/subventions")
    assert f"{KIT}?organization={world.participant['organization_name']}" in page
    page = _read(member, KIT)
    assert 'type="file"' in page
    assert "Already begun" not in page
    _give(member, world)
    assert "Subventions.xlsx" in _read(member, KIT)


def test_a_table_is_published_in_three_pages(member: Browser, world: World) -> None:
    url = _give(member, world)
    page = _say_all(member, url)
    assert "2 rows that can be published" in page
    target, data = _form(page, "/publish")
    assert data["where"] == "new"
    assert data["temporal_start"] == "2025-03-02"
    assert data["temporal_end"] == "2025-03-12"
    answer = member.post(target, {**data, "title": "Subventions de la commune"})
    assert answer.status_code == 302, _text(answer)
    page = _read(member, url)
    assert "Your data is open" in page
    found = call_as(world.people["member"], "package_search", q="Subventions")
    (dataset,) = found["results"]
    assert dataset["title"] == "Subventions de la commune"
    assert (dataset["temporal_start"], dataset["temporal_end"]) == (
        "2025-03-02",
        "2025-03-12",
    )
    # The next time these are three pages again, of which one asks for the new period
    # alone, as last year's would be published unseen; the file goes beside the first.
    url = _give(member, world)
    target, data = _form(_read(member, url), "/columns")
    assert data[_control(data, "constant", "nomAttribuant")] == "Commune de Baule"
    name = _control(data, "constant", "datesPeriodeVersement")
    assert data[name] == ""
    answer = member.post(target, {**data, name: "2026-01-01/2026-12-31"})
    assert answer.status_code == 302
    page = _read(member, url)
    target, data = _form(page, "/publish")
    where = re.search(r'value="(add [^"]+)"', page)
    assert where
    assert member.post(target, {**data, "where": where[1]}).status_code == 302
    shown = call_as(world.people["member"], "package_show", id=dataset["id"])
    assert len(shown["resources"]) == 2


def test_what_is_still_to_say_is_told_after_saving(
    member: Browser, world: World
) -> None:
    url = _give(member, world)
    assert "It is saved." not in _read(member, url)
    target, data = _form(_read(member, url), "/columns")
    data[_control(data, "constant", "nomAttribuant")] = "Commune de Baule"
    page = _read(member, member.post(target, data).headers["location"])
    assert "Before you can go on, 4 answers are missing or wrong." in page
    assert "<title>To correct: Prepare: " in page
    _say_all(member, url)
    wrong = [*TABLE[:3], [*TABLE[3][:3], "mille", *TABLE[3][4:]], *TABLE[4:]]
    url = _give(member, world, wrong)
    target, data = _form(_say_all(member, url), "/mend")
    page = _read(member, member.post(target, data).headers["location"])
    assert "Before you can go on, 1 answer is missing or wrong." in page
    data[_control(data, "edit", "4 2025\tmontant")] = "1000"
    page = _read(member, member.post(target, data).headers["location"])
    assert "2 rows that can be published" in page
    assert "It is saved." not in page


def test_the_number_of_somebody_else_is_asked_about_and_corrected(
    member: Browser, world: World
) -> None:
    organization = world.participant["organization_id"]
    call_as(
        world.people["sysadmin"], "organization_patch", id=organization, siren=BAULE
    )
    url = _give(member, world)
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(CONSTANTS, "idAttribuant", "21360159400012")
        page = _say_all(member, url)
    assert "These numbers are not yours." in page
    assert "“21360159400012”" in page
    target, data = _form(page, "/mend")
    data[_control(data, "repair", "idAttribuant:others")] = "no"
    page = _read(member, member.post(target, data).headers["location"])
    assert "1 value of all rows to correct" in page
    assert re.search(r'aria-describedby="error-constant-0 help-[^"]+" aria-inv', page)
    target, data = _form(page, "/columns")
    data[_control(data, "constant", "idAttribuant")] = CONSTANTS["idAttribuant"]
    page = _read(member, member.post(target, data).headers["location"])
    assert "2 rows that can be published" in page


def test_nothing_is_published_by_a_form_without_an_answer(
    member: Browser, world: World
) -> None:
    url = _give(member, world)
    target, data = _form(_say_all(member, url), "/publish")
    member.post(target, data)
    target, data = _form(_say_all(member, _give(member, world)), "/publish")
    answer = member.post(target, {**data, "title": "Le mien"})
    assert answer.status_code == 200
    page = _text(answer)
    assert 'href="#field-where"' in page
    assert "Le mien" in page


def test_what_is_typed_is_kept_when_it_is_refused(
    member: Browser, world: World
) -> None:
    url = _give(member, world)
    target, data = _form(_read(member, url), "/columns")
    data[_control(data, "column", "Objet")] = "montant"
    data[_control(data, "column", "Montant voté (€)")] = "montant"
    # Both were touched: what they showed was something else.
    data[_control(data, "column", "Montant voté (€)") + "-was"] = ""
    data[_control(data, "constant", "nomAttribuant")] = "Commune de Baule"
    answer = member.post(target, data)
    page = unescape(_text(answer))
    assert answer.status_code == 200
    assert "cannot both be" in page
    _, again = _form(page, "/columns")
    assert again[_control(again, "column", "Objet")] == "montant"
    assert again[_control(again, "constant", "nomAttribuant")] == "Commune de Baule"


def test_an_old_form_undoes_nothing_of_a_colleague(
    member: Browser, world: World
) -> None:
    url = _give(member, world)
    target, old = _form(_read(member, url), "/columns")
    _, mine = _form(_read(member, url), "/columns")
    mine[_control(mine, "constant", "idAttribuant")] = "21450024100010"
    assert member.post(target, mine).status_code == 302
    old[_control(old, "constant", "nomAttribuant")] = "Commune de Baule"
    assert member.post(target, old).status_code == 302
    row = Preparation.get(url.rpartition("/")[2])
    assert row
    assert row.constants == {
        "nomAttribuant": "Commune de Baule",
        "idAttribuant": "21450024100010",
    }


def test_the_header_is_moved_and_a_total_taken_back(
    member: Browser, world: World
) -> None:
    url = _give(member, world)
    page = _read(member, f"{url}?step=table")
    assert "Total" in page
    target, data = _form(page, "/table")
    assert data["header_row"] == "3"
    assert member.post(target, {**data, "taken_back": "6 2025"}).status_code == 302
    row = Preparation.get(url.rpartition("/")[2])
    assert row
    assert row.taken_back == [{"row": 6, "sheet": "2025"}]
    assert row.found["rows"] == 3
    page = _read(member, f"{url}?step=table")
    assert re.search(r'name="taken_back" value="6 2025" checked', page)
    target, data = _form(page, "/table")
    data.pop("taken_back")
    assert member.post(target, {**data, "header_row": "4"}).status_code == 302
    row = Preparation.get(row.id)
    assert row
    assert (row.header_row, row.taken_back) == (4, [])


def test_a_cell_is_put_right_on_the_page(member: Browser, world: World) -> None:
    wrong = [*TABLE[:3], [*TABLE[3][:3], "mille", *TABLE[3][4:]], *TABLE[4:]]
    url = _give(member, world, wrong)
    page = _say_all(member, url)
    assert "1 value to correct" in page
    assert "2025, D4" in page
    target, data = _form(page, "/mend")
    data[_control(data, "edit", "4 2025\tmontant")] = "1000"
    assert member.post(target, data).status_code == 302
    page = _read(member, url)
    assert "2 rows that can be published" in page
    assert "1000" in page


def test_a_form_that_is_broken_is_answered_by_its_page(
    member: Browser, world: World
) -> None:
    wrong = [*TABLE[:3], [*TABLE[3][:3], "mille", *TABLE[3][4:]], *TABLE[4:]]
    url = _give(member, world, wrong)
    page = _say_all(member, url)
    target, data = _form(page, "/mend")
    name = _control(data, "edit", "4 2025\tmontant")
    many = "9" * 5000
    sent = {**data, f"{name}-of": f"{many} 2025\tmontant", name: "1000"}
    answer = member.post(target, sent)
    assert answer.status_code == 200
    assert "This must be a whole number" in _text(answer)
    target, data = _form(_read(member, f"{url}?step=table"), "/table")
    for more in ({"taken_back": f"{many} 2025"}, {"taken_back": "x 2025"}):
        answer = member.post(target, {**data, **more})
        assert answer.status_code == 200
        assert "This must be a whole number" in _text(answer)
    data.pop("header_row")
    answer = member.post(target, data)
    assert answer.status_code == 200
    assert "This must be between 1 and" in _text(answer)


def test_a_question_is_answered_and_stays_answered(
    member: Browser, world: World
) -> None:
    doubled = [*TABLE[:5], TABLE[4], TABLE[5]]
    url = _give(member, world, doubled)
    page = _say_all(member, url)
    assert "What we cannot know" in page
    target, data = _form(page, "/mend")
    name = _control(data, "repair", "rows:doubled")
    assert member.post(target, {**data, name: "no"}).status_code == 302
    page = _read(member, url)
    assert "3 rows that can be published" in page
    target, data = _form(_read(member, f"{url}?step=mend"), "/mend")
    assert data[name] == "no"
    assert member.post(target, {**data, name: "yes"}).status_code == 302
    assert "2 rows that can be published" in _read(member, url)


def test_a_repair_is_taken_back(member: Browser, world: World) -> None:
    url = _give(member, world)
    _say_all(member, url)
    target, data = _form(_read(member, f"{url}?step=mend"), "/mend")
    box = _control(data, "box", "montant:numbers")
    assert data[box] == "yes"
    data.pop(box)
    assert member.post(target, data).status_code == 302
    page = _read(member, url)
    assert "values to correct" in page
    assert not re.search(rf'name="{box}" value="yes" checked', page)


def test_what_is_no_table_is_said_and_another_file_is_taken(
    member: Browser, world: World
) -> None:
    answer = member.post(
        KIT,
        {
            "organization": world.participant["organization_name"],
            "upload": (io.BytesIO(b"%PDF-1.7"), "Subventions.pdf"),
        },
        content_type="multipart/form-data",
    )
    url = answer.headers["Location"].replace("http://test.ckan.net", "")
    page = _read(member, url)
    assert "This is a PDF" in page
    target, data = _form(page, "/file")
    answer = member.post(
        target,
        {
            **data,
            "upload": (io.BytesIO(sheets.xlsx({"2025": TABLE})), "Subventions.xlsx"),
        },
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302
    assert "columns recognised" in _read(member, url)


def test_nothing_given_is_said_at_the_field(member: Browser, world: World) -> None:
    answer = member.post(
        KIT, {"organization": world.participant["organization_name"], "text": " "}
    )
    page = _text(answer)
    assert answer.status_code == 200
    assert 'href="#field-upload"' in page
    assert "Choose a spreadsheet, or paste its cells" in page


def test_a_large_table_is_waited_for(
    member: Browser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action, "_SMALL", 10)
    url = _give(member, world)
    page = _read(member, url)
    assert "Your table is being read" in page
    assert f'hx-get="{url}?tries=1"' in page
    # It stops to ask by itself, and a person may.
    assert "hx-get" not in _read(member, f"{url}?tries=20")
    work_in_this_process()
    assert "columns recognised" in _read(member, url)


def test_an_adviser_reads_and_changes_nothing(
    member: Browser, browser: Callable[..., Browser], world: World
) -> None:
    url = _give(member, world)
    call_as(
        world.people["sysadmin"],
        "challenge_participant_assign",
        id=world.participant["id"],
        adviser=world.people["adviser"]["id"],
    )
    adviser = browser("adviser")
    page = _read(adviser, url)
    assert "You may read this preparation" in page
    assert "Save and go on" not in page
    assert adviser.post(f"{url}/columns", {}).status_code == 403
    assert adviser.get(f"{url}/delete").status_code == 403


def test_nobody_else_sees_it(
    member: Browser, browser: Callable[..., Browser], world: World
) -> None:
    url = _give(member, world)
    for role in ("stranger", "manager"):
        assert browser(role).get(url).status_code == 403, role
    answer = browser(None).get(url)
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]
    assert member.get("/en/challenge/preparation/nowhere").status_code == 404
    assert member.get("/en/challenge/kits/nowhere/prepare").status_code == 404


def test_it_is_erased_after_a_question(member: Browser, world: World) -> None:
    url = _give(member, world)
    page = _read(member, f"{url}/delete")
    assert Preparation.get(url.rpartition("/")[2])
    target, data = _form(page, "/delete")
    assert member.post(target, data).status_code == 302
    assert member.get(url).status_code == 404


def test_its_pages_stay_out_of_shared_caches(member: Browser, world: World) -> None:
    url = _give(member, world)
    answer = member.get(url)
    assert "private" in answer.headers["Cache-Control"]


def test_it_is_taken_up_again_from_the_kit_and_the_checklist(
    member: Browser, browser: Callable[..., Browser], world: World
) -> None:
    url = _give(member, world)
    for page in (world.url, "/en/challenge/kits/subventions"):
        assert url.rpartition("/")[2] in _read(member, page), page
    assert url.rpartition("/")[2] not in _text(browser("stranger").get(world.url))
    assert "Files being prepared" not in _text(browser(None).get(world.url))


def test_the_spreadsheet_is_handed_out_marked_and_comes_back(
    member: Browser, world: World
) -> None:
    wrong = [*TABLE[:3], [*TABLE[3][:3], "mille", *TABLE[3][4:]], *TABLE[4:]]
    url = _give(member, world, wrong)
    page = _say_all(member, url)
    assert f"{url}/corrections.xlsx" in page
    # What was typed on the page goes along, into a column of its own where it has none.
    target, data = _form(page, "/mend")
    call_as(
        world.people["member"],
        "challenge_preparation_update",
        id=url.rpartition("/")[2],
        edits=[{"row": 2, "field": "referenceDecision", "value": "2025-07"}],
    )
    answer = member.get(f"{url}/corrections.xlsx")
    assert "Subventions.xlsx" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.get_data()))
    sheet = book["2025"]
    assert sheet["D4"].value == "mille"
    assert "number" in sheet["D4"].comment.text
    assert sheet["A3"].value == "Association"
    assert (sheet["H3"].value, sheet["H5"].value) == ("referenceDecision", "2025-07")
    sheet["D4"] = 1000
    table = io.BytesIO(sheets.saved(book))
    target, data = _form(_read(member, f"{url}?step=mend"), "/file")
    answer = member.post(
        target,
        {**data, "upload": (table, "Subventions.xlsx")},
        content_type="multipart/form-data",
    )
    assert answer.status_code == 302, _text(answer)
    page = _read(member, url)
    assert "2 rows that can be published" in page
    assert "2025-07" in page


def test_what_is_not_read_is_not_handed_out(member: Browser, world: World) -> None:
    answer = member.post(
        KIT,
        {
            "organization": world.participant["organization_name"],
            "upload": (io.BytesIO(b"%PDF-1.7"), "Subventions.pdf"),
        },
        content_type="multipart/form-data",
    )
    url = answer.headers["Location"].replace("http://test.ckan.net", "")
    assert member.get(f"{url}/corrections.xlsx").status_code == 302
    assert "There is nothing to give yet" in _read(member, url)
