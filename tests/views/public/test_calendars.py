"""Calendars: read back as the programs that follow them read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from factories import call_as, day, make_cohort
from helpers.browser import Browser, World
from icalendar import Calendar
from werkzeug.http import http_date

from ckanext.challenge.common import ical
from ckanext.challenge.model import Cohort, Participant, StepStatus, Visit

NOW = dt.datetime(2026, 3, 2, 12, tzinfo=dt.timezone.utc)
SEASON = "/challenge/saison-2/calendar.ics"


def _read(browser: Browser, path: str) -> Calendar:
    answer = browser.get(path)
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    assert answer.content_type == "text/calendar; charset=utf-8"
    assert ".ics" in answer.headers["Content-Disposition"]
    lines = answer.data.split(b"\r\n")
    assert all(len(line) <= 75 for line in lines), "folded as the standard asks for"
    assert b"\n" not in b"".join(lines)
    return Calendar.from_ical(answer.data)  # type: ignore[return-value]


def _events(calendar: Calendar) -> dict[str, Any]:
    """The events by their titles."""
    return {str(event["summary"]): event for event in calendar.walk("VEVENT")}


def test_a_day_is_written_so_that_programs_read_it() -> None:
    text = "Une ligne, « d'abord » ; puis\nla seconde : " + "très " * 40 + "longue."
    day = ical.Day(
        "a", dt.date(2026, 12, 31), "Titre, avec; tout\\", "https://example.org/é", text
    )
    written = ical.write(
        "Saison", [day], host="example.org", language="fr", changed=NOW
    )
    assert all(len(line) <= 75 for line in written.split(b"\r\n"))
    read: Any = Calendar.from_ical(written)
    (event,) = read.walk("VEVENT")
    assert str(event["summary"]) == "Titre, avec; tout\\"
    assert str(event["description"]) == text
    assert event["uid"] == "a@example.org"
    assert event.decoded("dtstart") == dt.date(2026, 12, 31)
    assert event.decoded("dtend") == dt.date(2027, 1, 1)
    assert event.decoded("dtstamp") == NOW
    assert event["transp"] == "TRANSPARENT"
    assert str(read["version"]) == "2.0"
    assert str(read["x-wr-calname"]) == "Saison"


def test_the_dates_of_a_season(world: World, browser: Callable[..., Browser]) -> None:
    reader = browser()
    french, english = _read(reader, SEASON), _read(reader, f"/en{SEASON}")
    events = _events(french)
    season = world.cohort["title"]
    assert len(events) == 5
    launch = events[f"Lancement, {season}"]
    assert launch.decoded("dtstart") == dt.date.fromisoformat(world.cohort["launch"])
    assert str(launch["url"]).endswith("/challenge/saison-2")
    assert f"Launch, {season}" in _events(english)
    # The same day is the same event, whatever the language, and when it moves.
    keys = {event["uid"] for event in events.values()}
    assert {event["uid"] for event in _events(english).values()} == keys
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.cohort["id"],
        finalisation=day(309).isoformat(),
    )
    moved = _events(_read(reader, SEASON))
    assert {event["uid"] for event in moved.values()} == keys


@pytest.mark.parametrize("participant", [False, True])
def test_what_did_not_change_is_not_sent_again(
    world: World, browser: Callable[..., Browser], participant: bool
) -> None:
    path = f"{world.url}/calendar.ics" if participant else SEASON
    visitor = browser()
    first, second = visitor.get(path), visitor.get(path)
    assert first.data == second.data
    assert b"METHOD" not in first.data
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    for asked in (
        {"If-None-Match": first.headers["ETag"]},
        {"If-Modified-Since": first.headers["Last-Modified"]},
    ):
        again = visitor.get(path, headers=asked)
        assert (again.status_code, again.data) == (304, b""), asked
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.cohort["id"],
        finalisation=day(309).isoformat(),
    )
    again = visitor.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 200


@pytest.fixture
def planned(world: World) -> World:
    """A participant with a step done, another planned, and a visit to come."""
    changes: dict[Any, Any]
    for step, changes in (
        ("elu-referent", {"state": "done"}),
        ("deliberation", {"state": "planned", "planned_for": day(9)}),
    ):
        model.Session.query(StepStatus).filter_by(
            participant_id=world.participant["id"], step=step
        ).update(changes)
    model.Session.commit()
    call_as(
        world.people["adviser"],
        "challenge_visit_create",
        participant=world.participant["id"],
        date=day(9).isoformat(),
        days=0.5,
        topic="Préparer la délibération",
        notes="Rappeler le maire.",
    )
    return world


def test_everybody_reads_when_steps_are_due(
    planned: World, browser: Callable[..., Browser]
) -> None:
    events = _events(_read(browser(), f"/en{planned.url}/calendar.ics"))
    due = [title for title in events if title.startswith("Due: ")]
    assert len(due) >= 10
    assert not [title for title in due if "sponsor" in title], "what is done is over"
    assert not [title for title in events if title.startswith(("Planned", "Visit"))]
    (step,) = [event for title, event in events.items() if "resolution" in title]
    assert "#step-deliberation" in step["url"]
    assert str(step["description"])


@pytest.mark.parametrize("who", ["member", "adviser"])
def test_whoever_follows_it_reads_what_is_planned(
    planned: World, browser: Callable[..., Browser], who: str
) -> None:
    answer = browser(who).get(f"/en{planned.url}/calendar.ics")
    assert "private" in answer.headers["Cache-Control"]
    events = _events(_read(browser(who), f"/en{planned.url}/calendar.ics"))
    (step,) = [
        event for title, event in events.items() if title.startswith("Planned: ")
    ]
    assert step.decoded("dtstart") == day(9)
    visit = events["Visit: Préparer la délibération"]
    assert visit.decoded("dtstart") == day(9)
    assert "Rappeler" not in answer.get_data(as_text=True)


def test_a_visit_that_is_deleted_goes_from_the_calendar(
    planned: World, browser: Callable[..., Browser]
) -> None:
    reader, address = browser("member"), f"/en{planned.url}/calendar.ics"
    first = reader.get(address)
    for visit in model.Session.query(Visit).all():
        call_as(planned.people["sysadmin"], "challenge_visit_delete", id=visit.id)
    # A program that asks by the time alone: nothing that is left tells of it.
    seen = http_date(dt.datetime.now(dt.timezone.utc))
    again = reader.get(address, headers={"If-Modified-Since": seen})
    assert again.status_code == 200
    assert b"Visit: " in first.data and b"Visit: " not in again.data
    unchanged = {"If-None-Match": again.headers["ETag"]}
    assert reader.get(address, headers=unchanged).status_code == 304


def test_a_season_that_is_over_asks_for_nothing(
    planned: World, browser: Callable[..., Browser]
) -> None:
    model.Session.query(Cohort).filter_by(name="saison-2").update({"state": "finished"})
    model.Session.commit()
    events = _events(_read(browser(), f"/en{planned.url}/calendar.ics"))
    assert len(events) == 5


def test_where_there_is_no_day_there_is_no_calendar(
    planned: World, browser: Callable[..., Browser]
) -> None:
    make_cohort(
        "draft",
        name="vide",
        season=9,
        **dict.fromkeys(
            (
                "application_opens",
                "application_deadline",
                "launch",
                "first_publication",
                "finalisation",
            )
        ),
    )
    assert browser("sysadmin").get("/challenge/vide/calendar.ics").status_code == 404
    nobody = browser()
    assert nobody.get("/challenge/vide/calendar.ics").status_code == 404
    model.Session.query(Participant).update({"state": "withdrawn"})
    model.Session.commit()
    assert nobody.get(f"/en{planned.url}/calendar.ics").status_code == 404
