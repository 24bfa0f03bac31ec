"""Noting a visit on a telephone, the calendar of the team, days and money."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from factories import call_as, day
from freezegun import freeze_time
from helpers.browser import Browser, World
from icalendar import Calendar
from lxml import html
from sqlalchemy import event
from werkzeug.http import http_date

from ckanext.challenge.common import pdf
from ckanext.challenge.model import CalendarKey, Cohort, Participant, Staff, Visit

pytestmark = pytest.mark.ckan_config("ckan.display_timezone", "Europe/Paris")

Make = Callable[..., Browser]
DESK = "/en/challenge/manage/saison-2"
NOTE = "/en/challenge/manage/visit"


def _page(browser: Browser, path: str, status: int = 200) -> Any:
    answer = browser.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:500]
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(page: Any, id_: str = "") -> str:
    places = page.xpath(f"//*[@id='{id_}']") if id_ else [page.find("body")]
    return " ".join(" ".join(place.text_content() for place in places).split())


def _visit(world: World, who: str = "adviser", **fields: Any) -> dict[str, Any]:
    data = {
        "participant": world.participant["id"],
        "date": day().isoformat(),
        "days": 0.5,
        "topic": "Rencontre",
        **fields,
    }
    return call_as(world.people[who], "challenge_visit_create", **data)


def test_noting_a_visit_is_three_taps(world: World, browser: Make) -> None:
    adviser = browser("adviser")
    # One: the button, which is on every page of the portal.
    for path in ("/en/challenge", "/en/dataset/", "/en/about"):
        assert _page(adviser, path).xpath(f"//nav//a[@href='{NOTE}']"), path
    # Two: whom. What else there is to say is said already.
    form = _page(adviser, NOTE).xpath("//form[.//input[@name='participants']]")[0]
    fields = dict(form.form_values())
    assert fields["date"] == day().isoformat()
    assert (fields["days"], "participants" in fields) == ("0.5", False)
    (whom,) = form.xpath(".//input[@name='participants']")
    # Three: save.
    sent = adviser.post(NOTE, {**fields, "participants": whom.get("value")})
    assert sent.headers["Location"].endswith(f"{world.url}#visits")
    (visit,) = model.Session.query(Visit).all()
    assert (visit.state, float(visit.days), visit.kind) == ("done", 0.5, "on_site")
    assert "The visit is noted." in _text(_page(adviser, f"/en{world.url}"))


def test_from_the_page_of_a_participant_it_is_two(world: World, browser: Make) -> None:
    adviser = browser("adviser")
    page = _page(adviser, f"/en{world.url}")
    (link,) = page.xpath("//nav[contains(@class, 'challenge-tap')]/a/@href")
    chosen = _page(adviser, link).xpath("//input[@name='participants'][@checked]")
    assert [box.get("value") for box in chosen] == [world.participant["id"]]


@pytest.mark.parametrize("who", [None, "stranger", "member", "applicant"])
def test_others_have_no_button(world: World, browser: Make, who: str | None) -> None:
    for path in ("/en/challenge", "/en/about"):
        page = _page(browser(who), path)
        assert not page.xpath("//*[contains(@class, 'challenge-tap')]")


def test_what_was_typed_on_the_telephone_is_not_lost(
    world: World, browser: Make
) -> None:
    adviser = browser("adviser")
    sent = {
        "participants": world.participant["id"],
        "date": "2026-03-29",
        "days": "1",
        "starts_at": "02:30",
        "topic": "Délibération",
    }
    answer = adviser.post(NOTE, sent)
    page = html.document_fromstring(answer.get_data(as_text=True))
    assert "02:30 does not exist" in _text(page)
    assert page.xpath("//input[@name='participants'][@checked]")
    assert page.xpath("//details[@open]//input[@name='starts_at'][@value='02:30']")
    assert page.xpath("//input[@name='topic'][@value='Délibération']")
    assert page.xpath("//input[@name='days'][@value='1'][@checked]")
    nobody = adviser.post(NOTE, {"date": "2026-03-02", "days": "0.5"})
    assert "Name a participant" in nobody.get_data(as_text=True)
    assert model.Session.query(Visit).count() == 0


def test_several_ticked_are_a_group(world: World, browser: Make) -> None:
    cohort = call_as(None, "challenge_cohort_show", id="saison-2")
    rows = call_as(None, "challenge_participant_list", cohort=cohort["id"])["results"]
    manager = browser("manager")
    ids = [row["id"] for row in rows]
    assert len(ids) == 2
    manager.post(NOTE, {"participants": ids, "date": "2026-03-02", "days": "1"})
    found = model.Session.query(Visit).all()
    assert [(row.kind, float(row.counted)) for row in found] == [("group", 0.5)] * 2
    seen = _text(_page(manager, f"/en{world.url}"), "visits")
    assert "1 day shared by 2, 0.5 days here" in seen


def test_what_was_planned_is_settled_in_one_tap(world: World, browser: Make) -> None:
    visit = _visit(world, date=day(1).isoformat(), starts_at="09:30")
    adviser = browser("adviser")
    assert "Was planned" not in _text(_page(adviser, NOTE))
    with freeze_time(dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=2)):
        adviser = browser("adviser")
        page = _page(adviser, NOTE)
        assert "09:30" in _text(page)
        action = f"//form[contains(@action, '/visit/{visit['id']}/state')]"
        (form,) = page.xpath(action)
        adviser.post(form.get("action"), {"state": "done"})
        assert "Was planned" not in _text(_page(adviser, NOTE))
    (settled,) = model.Session.query(Visit).all()
    assert (settled.id, settled.state) == (visit["id"], "done")


def test_the_calendar_shows_a_week_and_a_month(world: World, browser: Make) -> None:
    _visit(world, date="2026-03-03", starts_at="22:00", duration=300, place="Mairie")
    _visit(world, date="2026-03-03", starts_at="23:30", duration=60)
    _visit(world, date="2026-03-17", place="https://visio.example.org/a")
    adviser = browser("adviser")
    week = _page(adviser, f"{DESK}/visits?day=2026-03-04")
    shown = _text(week)
    assert "22:00 – 03:00 on 4 March" in shown
    assert "Mairie" in shown
    # The night goes on on Wednesday, and one cannot be in two places.
    assert shown.count("goes on") >= 1
    assert "2 visits at the same time" in shown
    assert "visio.example.org" not in html.tostring(week, encoding="unicode")
    month = _page(adviser, f"{DESK}/visits?view=month&day=2026-03-04")
    assert month.xpath("//a[@href='https://visio.example.org/a']")
    assert len(month.xpath("//table/tbody/tr")) == 6
    # Nonsense in the address is today.
    for nonsense in ("day=demain", "day=9999-12-31", "who=personne", "view=year"):
        _page(adviser, f"{DESK}/visits?{nonsense}")
    who = world.people["manager"]["id"]
    other = _page(adviser, f"{DESK}/visits?day=2026-03-04&who={who}")
    assert "No visit in these days." in _text(other)


def _calendar(browser: Browser, address: str, status: int = 200) -> Any:
    answer = browser.get(address)
    assert answer.status_code == status
    return Calendar.from_ical(answer.data) if status == 200 else None


def _address(world: World, who: str) -> str:
    url = call_as(
        world.people[who], "challenge_calendar_address_create", cohort="saison-2"
    )["url"]
    return url[url.index("/challenge/") :]


def test_a_calendar_program_reads_by_a_secret_address(
    world: World, browser: Make
) -> None:
    address = _address(world, "adviser")
    program = browser()
    (nothing,) = _calendar(program, address).walk("VEVENT")
    assert "visit" in str(nothing["summary"]).lower() or nothing["summary"]
    _visit(world, date="2026-10-25", starts_at="01:00", duration=180, notes="Secret.")
    _visit(world, date="2026-03-02", place="Mairie")
    cancelled = _visit(world, date="2026-03-09")
    call_as(
        world.people["adviser"],
        "challenge_visit_update",
        id=cancelled["id"],
        state="cancelled",
    )
    _visit(world, "manager", date="2026-03-10")
    answer = program.get(address)
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert b"Secret" not in answer.data
    events = Calendar.from_ical(answer.data).walk("VEVENT")
    assert len(events) == 2
    day_, night = events
    assert day_.decoded("dtstart") == dt.date(2026, 3, 2)
    # Three hours, through the one that comes twice.
    starts, ends = night.decoded("dtstart"), night.decoded("dtend")
    assert starts == dt.datetime(2026, 10, 24, 23, tzinfo=dt.timezone.utc)
    assert ends - starts == dt.timedelta(hours=3)
    # The whole team's is for managers, whatever is asked.
    assert len(_calendar(program, f"{address}?team=1").walk("VEVENT")) == 2
    whole = f"{_address(world, 'manager')}?team=1"
    assert len(_calendar(program, whole).walk("VEVENT")) == 3


@pytest.mark.parametrize("team", [False, True])
@pytest.mark.parametrize("change", ["cancel", "delete", "withdraw"])
def test_what_goes_from_a_calendar_is_told_to_programs(
    world: World, browser: Make, team: bool, change: str
) -> None:
    _visit(world, date="2026-03-02")
    gone = _visit(world, date=day(9).isoformat())
    address = _address(world, "manager" if team else "adviser")
    address += "?team=1" if team else ""
    program = browser()

    def stamps() -> list[dt.datetime]:
        events = _calendar(program, address).walk("VEVENT")
        return [event.decoded("dtstamp") for event in events]

    # Between two changes there is a second at least: validators know no less.
    hour = dt.timedelta(hours=1)
    model.Session.query(Visit).update({"updated_at": Visit.updated_at - hour})
    model.Session.query(CalendarKey).update(
        {"created_at": CalendarKey.created_at - 2 * hour}
    )
    model.Session.commit()
    before, first = stamps(), program.get(address)
    action, data = {
        "cancel": ("visit_update", {"id": gone["id"], "state": "cancelled"}),
        "delete": ("visit_delete", {"id": gone["id"]}),
        "withdraw": (
            "participant_withdraw",
            {"id": world.participant["id"], "reason": "x"},
        ),
    }[change]
    call_as(world.people["sysadmin"], f"challenge_{action}", **data)
    (stamp,) = stamps()
    if change != "delete":
        assert stamp >= max(before)
    assert (stamp > max(before)) == (change == "cancel")
    # Whoever asks by the time alone is answered what there is now.
    seen = first.headers.get("Last-Modified") or http_date(
        dt.datetime.now(dt.timezone.utc)
    )
    asked = {"If-Modified-Since": seen}
    again = program.get(address, headers=asked)
    assert again.status_code == 200 and again.data != first.data
    unchanged = {"If-None-Match": again.headers["ETag"]}
    assert program.get(address, headers=unchanged).status_code == 304


def test_a_secret_address_ends(world: World, browser: Make) -> None:
    program, adviser = browser(), browser("adviser")
    first = _address(world, "adviser")
    second = _address(world, "adviser")
    _calendar(program, first, 404)
    _calendar(program, second)
    _calendar(program, second.replace(".ics", "x.ics"), 404)
    _calendar(program, "/challenge/calendar/x.ics", 404)
    # Who has left the team, or has no account any more, reads nothing.
    staff = model.Session.query(Staff).filter_by(user_id=world.people["adviser"]["id"])
    kept = [(row.cohort_id, row.role) for row in staff]
    staff.delete()
    model.Session.commit()
    _calendar(program, second, 404)
    for cohort_id, role in kept:
        model.Session.add(
            Staff(cohort_id=cohort_id, role=role, user_id=world.people["adviser"]["id"])
        )
    model.Session.commit()
    _calendar(program, second)
    adviser.post(f"{DESK}/visits/address", {"do": "end"})
    _calendar(program, second, 404)
    assert model.Session.query(CalendarKey).count() == 0
    page = _page(adviser, f"{DESK}/visits")
    assert "Make my address" in _text(page, "address")


def test_the_board_of_days_and_money(world: World, browser: Make) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id="saison-2",
        days_per_participant=2,
    )
    _visit(world, date="2026-01-12", days=1)
    _visit(world, date=day(5).isoformat())
    page = _page(browser("manager"), f"{DESK}/days")
    shown = _text(page)
    assert "1 days done" not in shown
    for name in ("funders", "collectivites", "advisers", "months"):
        assert page.xpath(f"//*[@aria-labelledby='{name}']//tbody/tr"), name
    assert "January 2026" in shown
    assert "Région" in shown
    # Who advises sees the own days, and no money.
    own = _page(browser("adviser"), f"{DESK}/days")
    assert not own.xpath("//*[@aria-labelledby='funders']")
    assert "€" not in _text(own)


def test_a_funder_that_pays_in_two_ways_has_one_line(
    world: World, browser: Make
) -> None:
    funding = [
        {"source": "Région", "amount": 1000, "rule": "day"},
        {"source": "Region", "amount": 500, "rule": "collectivite"},
    ]
    model.Session.query(Cohort).filter_by(name="saison-2").update(
        {"funding": funding, "days_per_participant": 2}
    )
    model.Session.commit()
    _visit(world, date="2026-01-12", days=1)
    manager = world.people["manager"]
    (funder,) = call_as(manager, "challenge_budget_show", cohort="saison-2")["funders"]
    assert (funder["spent"], funder["engaged"]) == (1000, 3000)
    assert (funder["rule"], funder["rules"]) == ("day", ["day", "collectivite"])
    page = _page(browser("manager"), f"{DESK}/days")
    (row,) = page.xpath("//*[@aria-labelledby='funders']//tbody/tr")
    assert "for each day done · for each collectivité" in row.text_content()


def test_a_certificate_is_printed_and_signed(world: World, browser: Make) -> None:
    _visit(world, date="2026-01-12", days=1.5, starts_at="09:00", duration=600)
    _visit(world, date="2026-02-12", topic="Kits")
    planned = _visit(world, date=day(5).isoformat(), topic="À venir")
    manager, adviser = browser("manager"), browser("adviser")
    address = f"{DESK}/certificate?participant={world.participant['id']}"
    shown = _text(_page(manager, address))
    assert "2 days" in shown
    assert "Name, date and signature" in shown
    assert planned["topic"] not in shown
    part = _text(_page(adviser, f"{address}&since=2026-02-01&until=2026-03-01"))
    assert "Kits" in part and "0.5 days" in part and "Rencontre" not in part
    adviser_id = world.people["adviser"]["id"]
    own = _text(_page(adviser, f"{DESK}/certificate?adviser={adviser_id}"))
    assert "Time spent2 days" in own
    other = world.people["manager"]["id"]
    _page(adviser, f"{DESK}/certificate?adviser={other}", 403)
    _page(manager, f"{address}&since=2026-03-01&until=2026-02-01", 400)
    _page(manager, f"{DESK}/certificate", 400)
    # Of another season it is not here.
    _page(manager, address.replace("saison-2", world.open_cohort["name"]), 404)


def test_a_certificate_is_saved_as_a_tagged_pdf(
    world: World, browser: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    _visit(world, date="2026-01-12", days=1.5, topic="Données & cartes")
    adviser = browser("adviser")
    query = f"participant={world.participant['id']}&since=2026-01-01"
    (link,) = _page(adviser, f"{DESK}/certificate?{query}").xpath(
        "//a[contains(@href, 'certificate.pdf')]/@href"
    )
    assert "since=2026-01-01" in link
    with monkeypatch.context() as without:
        without.setattr(pdf, "library", lambda: None)
        answer = adviser.get(link)
        assert answer.status_code == 302
        shown = _text(_page(adviser, answer.headers["Location"]))
        assert "ckanext-challenge[pdf]" in shown and "Données & cartes" in shown
    if pdf.library() is None:
        pytest.skip("WeasyPrint is not installed")
    whole = pdf.library().HTML.write_pdf
    # So that it can be read here.
    monkeypatch.setattr(
        pdf.library().HTML,
        "write_pdf",
        lambda self, **options: whole(self, uncompressed_pdf=True, **options),
    )
    answer = adviser.get(link)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "private" in answer.headers["Cache-Control"]
    for mark in (b"%PDF-", b"/StructTreeRoot", b"/Lang", b"/H1", b"/TH"):
        assert mark in answer.get_data(), mark


def _statements(browser: Browser, path: str) -> int:
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = model.meta.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        assert browser.get(path).status_code == 200
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


@pytest.mark.parametrize(
    "path", [f"{DESK}/days", f"{DESK}/visits?view=month&day=2026-03-04", NOTE]
)
def test_pages_cost_the_same_for_few_and_for_many(
    world: World, browser: Make, path: str
) -> None:
    manager = browser("manager")
    cohort = model.Session.query(Cohort).filter_by(name="saison-2").one()
    _visit(world, date="2026-03-03")
    _statements(manager, path)
    before = _statements(manager, path)
    for number in range(6):
        organization = model.Group(
            name=f"ville-{number}", title=f"Ville {number}", is_organization=True
        )
        model.Session.add(organization)
        model.Session.flush()
        model.Session.add(
            Participant(cohort_id=cohort.id, organization_id=organization.id)
        )
    model.Session.commit()
    for number in range(8):
        _visit(world, date=f"2026-03-{number + 10}")
        _visit(world, "manager", date=f"2026-03-{number + 10}")
    assert _statements(manager, path) <= before
