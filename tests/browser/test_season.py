"""A season from the copy of the one before to its report, as its team lives it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from ckan import model
from ckan.tests import factories
from factories import day, make_staff
from helpers.browser import PASSWORD
from helpers.forms import Reader
from helpers.mailbox import Mailbox
from playwright.sync_api import Locator, Page, expect

from ckanext.challenge.directory.text import fold
from ckanext.challenge.model import Collectivite

SETTINGS = {"ckanext.challenge.managers_create_cohorts": "true"}

#: The season that is made, and its pages at the desk.
SEASON = "saison-4"
DESK = f"/en/challenge/manage/{SEASON}"
APPLICATIONS = 45
PLACES = 20
#: Of those who are accepted, so many name no elected sponsor: they are late with it.
LATE = 3
#: Of the applications that are not accepted, so many wait for a place.
WAITING = 10

_SCORES = "//form[contains(@action, '/score')][.//select]"
_MAIN = "//form[contains(@class, 'challenge-form')]"


class Clicks:
    """Presses what a page shows, and counts how often.

    :ivar number: how often so far
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    def on(self, what: Locator) -> None:
        """Press something, and wait for where it leads."""
        what.click()
        self.number += 1

    def link(self, words: str, within: str = "main, [role=main]") -> None:
        """Press a link of the page."""
        self.on(self.page.locator(within).get_by_role("link", name=words).first)

    def button(self, words: str) -> None:
        """Press a button of the page."""
        self.on(self.page.get_by_role("button", name=words).first)


def _siren(number: int) -> str:
    """One of its own for each number, whose last digit is right."""
    body = f"{20_000_000 + number}"
    total = sum(
        sum(divmod(int(digit) * (2 if place % 2 else 1), 10))
        for place, digit in enumerate(body)
    )
    return f"{body}{-total % 10}"


def _directory() -> list[str]:
    """So many communes that may apply; the first half of the places in the Loiret."""
    sirens = [_siren(number) for number in range(APPLICATIONS)]
    for number, siren in enumerate(sirens):
        departement = "45" if number < PLACES // 2 else "18"
        name = f"Commune {number + 1:02}"
        model.Session.add(
            Collectivite(
                siren=siren,
                insee_code=f"{departement}{number + 500}",
                name=name,
                kind="commune",
                departement=departement,
                region="24",
                population=1000 + number,
                postcodes=[f"{departement}100"],
                vintage=2026,
                search_key=fold(name),
            )
        )
    model.Session.commit()
    return sirens


def _apply(reader: Reader, number: int, siren: str) -> None:
    reader.open(f"/en/challenge/{SEASON}/apply?siren={siren}")
    reader.send(
        "//form[@enctype]",
        contact_name=f"Town hall {number}",
        contact_email=f"mairie-{number}@example.org",
        agents="12",
        elected_sponsor="" if number < LATE else "Camille Martin",
        motivation="Our decisions are read by nobody where they are.",
        consent="true",
        save="submit",
    )
    assert "/challenge/application/" in reader.url, reader.text()


def _decide(desk: Reader, number: int, **decision: str) -> str:
    """The same decision on the first in the list; gives what is said of it."""
    desk.open(f"{DESK}/applications?sort=name&order=asc")
    ids = desk.page.xpath("//input[@name='ids']/@value")[:number]
    desk.send("//form[.//select[@id='batch-decision']]", ids=ids, **decision)
    desk.send("//form[.//textarea[@name='reason']]", do="confirm", **decision)
    return desk.text("//h1")


def _numbers(desk: Reader, cells: str) -> list[int]:
    """The numbers in cells of the page."""
    return [int(cell.text_content()) for cell in desk.page.xpath(cells)]


def _copies(desk: Reader) -> None:
    """The dates are shown first; the next season is a draft, with a criterion."""
    desk.open("/en/challenge/manage/saison-2/copy")
    launch = day(-20).isoformat()
    fields = {"name": SEASON, "title": "Season four", "season": "4", "launch": launch}
    desk.send(_MAIN, do="preview", **fields)
    assert "The dates it will have" in desk.text()
    desk.send(_MAIN, do="create", **fields)
    desk.open(f"{DESK}/criteria")
    desk.send(_MAIN, do="add")
    desk.send(
        _MAIN,
        **{
            "do": "save",
            "criteria-0-label_fr": "Envie",
            "criteria-0-label_en": "Will",
        },
    )
    desk.open(f"{DESK}/state?to=open")
    desk.send("//form[.//button[@name='to']]", to="open")


def _read(readers: tuple[Reader, Reader]) -> None:
    """Two managers read a few, each without what the other gave."""
    desk = readers[0]
    desk.open(f"{DESK}/applications")
    assert str(APPLICATIONS) in desk.text("//nav[@aria-label='By state']")
    files = [
        link.get("href")
        for link in desk.page.xpath("//tbody//th[@scope='row']/a")[:LATE]
    ]
    for score, reader in zip(("5", "3"), readers, strict=True):
        for file in files:
            reader.open(file)
            reader.send(_SCORES, **{"scores-envie": score})
    assert "4 out of 5" in desk.open(files[0]).text(), desk.text()


def _accept(page: Page, desk: Reader) -> None:
    """Twenty are accepted from the list at once, ten wait, the others are refused."""
    page.goto(f"{DESK}/applications?sort=name&order=asc")
    for box in page.locator("input[name=ids]").all()[:PLACES]:
        box.check()
    page.get_by_label("With those that are ticked").select_option(label="Accept")
    page.get_by_role("button", name="Continue").click()
    page.locator("button[value=confirm]").click()
    said = f"{PLACES} of {PLACES} decided"
    expect(page.locator("h1")).to_have_text(said, timeout=60_000)
    reason = {"reason": "The places of this season are given."}
    said = _decide(desk, WAITING, decision="waitlist", **reason)
    assert said == f"{WAITING} of {WAITING} decided"
    refused = APPLICATIONS - PLACES - WAITING
    said = _decide(desk, refused, decision="refuse", **reason)
    assert said == f"{refused} of {refused} decided"
    desk.open(f"{DESK}/state?to=running")
    desk.send("//form[.//button[@name='to']]", to="running")


def _write_to_the_late(page: Page) -> None:
    """From the front page of the challenge, in five clicks."""
    page.goto("/en/challenge")
    clicks = Clicks(page)
    clicks.link("Managers' area")
    clicks.link("Season four")
    clicks.link("Write to those who are late")
    page.get_by_label("Subject").fill("The elected sponsor, {name}")
    page.get_by_label("Message").fill("Only a name is missing, {name}.")
    clicks.button("Look at it before it goes")
    clicks.button("Send to")
    expect(page.locator("h1")).to_have_text("The elected sponsor, {name}")
    assert clicks.number <= 5


def _entrust(page: Page, desk: Reader, first: str, second: str) -> None:
    """Ten have an adviser by a filter, then those without one: six clicks."""
    desk.open(f"{DESK}/participants?departement=45")
    desk.send("//form[.//input[@name='ids']]", do="assign")
    desk.send("//form[.//input[@name='do']]", adviser=first, stage="confirm")
    assert "done for 10 of 10" in desk.text()
    page.goto("/en/challenge")
    clicks = Clicks(page)
    clicks.link("Managers' area")
    clicks.link("Season four")
    clicks.link("10 without an adviser")
    clicks.button("Name the adviser")
    page.locator("#field-adviser").select_option(second)
    clicks.number += 1
    clicks.on(page.locator("button[value=confirm]"))
    expect(page.locator("h1")).to_contain_text("done for 10 of 10")
    assert clicks.number <= 6


def _waive(page: Page) -> None:
    """The three who are late with a step need not do it: six clicks."""
    page.goto("/en/challenge")
    clicks = Clicks(page)
    clicks.link("Managers' area")
    clicks.link("Season four")
    clicks.on(page.locator("tfoot [data-tone=late] a").first)
    clicks.button("Waive a step")
    page.get_by_label("Reason").fill("The council is elected anew in March.")
    clicks.on(page.locator("button[value=confirm]"))
    expect(page.locator("h1")).to_contain_text("done for 3 of 3")
    assert clicks.number <= 6


def _extend(desk: Reader) -> None:
    """One has more time for a step."""
    desk.open(f"{DESK}/participants?q=Commune+07")
    desk.send("//form[.//input[@name='ids']]", do="extend")
    desk.send(
        "//form[.//input[@name='do']]",
        step="deliberation",
        due=day(90).isoformat(),
        reason="The council meets in three months.",
        stage="confirm",
    )
    assert "done for 1 of 1" in desk.text()


def _visit(phone: Page, desk: Reader) -> str:
    """The adviser notes a visit in three taps; gives what is spent by then."""
    phone.goto("/en/challenge")
    taps = Clicks(phone)
    taps.on(phone.locator(".challenge-tap a"))
    taps.on(phone.locator("form.challenge-form label").filter(has_text="Commune 11"))
    taps.on(phone.locator("form.challenge-form button[type=submit]"))
    expect(phone.locator("#visits")).to_be_visible()
    assert taps.number <= 3
    desk.open(f"{DESK}/days")
    assert "days done 0.5" in desk.text("//dl").replace(
        "0.5 days done", "days done 0.5"
    )
    spent = desk.text("//tfoot//td[3]")
    desk.open(desk.link("To sign"))
    assert "Commune 11" in desk.text() and "In all 0.5 days" in desk.text()
    return spent


def _finish(desk: Reader) -> None:
    """The end of the season, and what its team learnt."""
    desk.open(f"{DESK}/state?to=finished")
    desk.send("//form[.//button[@name='to']]", to="finished")
    assert "Finished" in desk.text()
    desk.open(f"{DESK}/report/lessons")
    desk.send(_MAIN, kind="keep", text="Workshops for several communes at once.")
    assert "Workshops for several communes at once." in desk.text()


def _find_the_report(page: Page) -> None:
    """From the front page of the challenge, in two clicks."""
    page.goto("/en/challenge")
    clicks = Clicks(page)
    clicks.link("Managers' area")
    clicks.link("Report")
    expect(page.locator("h1")).to_have_text("Report of the season")
    assert clicks.number <= 2


def _compare(desk: Reader, spent: str) -> None:
    """The numbers of the report are those of the boards, in its files as well."""
    desk.open(f"{DESK}/participants")
    steps = _numbers(desk, "//tfoot/tr[1]/td[not(@colspan)]")
    url = f"{desk.address}/en/challenge/{SEASON}/report"
    told = desk.session.get(f"{url}.json").json()
    # What everybody reads there; with the account it is asked of the API.
    asked = f"{desk.address}/api/3/action/challenge_cohort_report?id={SEASON}"
    account = desk.session.get(asked).json()["result"]["account"]
    answer = desk.session.get(f"{url}.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    desk.open(url)
    assert [row["done"] for row in told["steps"]] == steps
    assert steps[:2] == [PLACES - LATE, PLACES]
    assert [row["waived"] for row in told["steps"]][:2] == [LATE, 0]
    assert told["figures"]["participants"] == told["participants"]["count"] == PLACES
    assert told["figures"]["steps_done"] == sum(steps)
    assert sum(row["days"] for row in account["advisers"]) == 0.5
    money = sum(row["spent"] for row in account["budget"]["funders"])
    assert spent == f"€{money:,.0f}"
    sheets = {sheet.title.rpartition(" ")[0]: sheet for sheet in book}
    rows = {name: list(sheet.values)[1:] for name, sheet in sheets.items()}
    assert [row[2] for row in rows["Steps"]][: len(steps)] == steps
    assert len([row for row in rows["Collectivités"] if row[0]]) == PLACES
    assert sum(float(str(row[3])) for row in rows["Funders"] if row[0]) == money
    assert [row[3] for row in rows["Visits"] if row[0]] == [0.5]
    assert f"collectivités engaged {PLACES}" in desk.text()
    for row in account["budget"]["funders"]:
        assert f"€{row['spent']:,.0f}" in desk.text()


@pytest.mark.seconds(60)
def test_a_season_is_walked_from_its_copy_to_its_report(
    visit: Callable[..., Page], address: str, world: Any, mailbox: Mailbox
) -> None:
    people = world.people
    people["second"] = factories.User(password=PASSWORD, fullname="Second Manager")
    make_staff(world.cohort, "manager", people["second"], by=people["sysadmin"])
    sirens = _directory()
    desk, second = (
        Reader(address).sign_in(people[who]["name"], PASSWORD)
        for who in ("manager", "second")
    )
    _copies(desk)
    # Each by somebody without an account.
    for number, siren in enumerate(sirens):
        _apply(Reader(address), number, siren)
    _read((desk, second))
    page = visit("manager")
    _accept(page, desk)
    _write_to_the_late(page)
    _entrust(page, desk, people["second"]["id"], people["adviser"]["id"])
    _waive(page)
    _extend(desk)
    spent = _visit(visit("adviser", width=375), desk)
    _finish(desk)
    _find_the_report(page)
    _compare(desk, spent)
