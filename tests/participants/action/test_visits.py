"""Visits: their hour, their state, who shares them, with what they clash."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import call_as, day, make_cohort, make_participant, make_staff
from freezegun import freeze_time
from helpers.accompaniment import World
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import Participant, Staff, Visit
from ckanext.challenge.participants import visits

pytestmark = pytest.mark.ckan_config("ckan.display_timezone", "Europe/Paris")


@pytest.fixture
def world(made_once: MadeOnce) -> World:
    return made_once(__name__, World)


def _assign(world: World, participant: str) -> None:
    world.call(
        "manager",
        "participant_assign",
        id=participant,
        adviser=world.people["adviser"]["id"],
    )


def _together(world: World, **fields: Any) -> dict[str, Any]:
    """A visit to both collectivités at once."""
    return world.visit(
        "manager", participant=None, participants=world.participants, **fields
    )


def _error(world: World, **fields: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as refused:
        world.visit(**fields)
    return refused.value.error_dict


def test_a_visit_has_an_hour_a_length_and_a_place(world: World) -> None:
    made = world.visit(
        date="2026-03-02", days=None, starts_at="9h30", duration=300, place="Mairie"
    )
    assert made["starts_at"] == "2026-03-02T08:30:00+00:00"
    assert (made["days"], made["counted"], made["kind"]) == (1, 1, "on_site")
    assert (made["place"], made["state"], made["clashes"]) == ("Mairie", "done", [])
    # A moment says the day, and none of it is asked twice.
    moment = "2026-03-03T23:30:00+01:00"
    late = world.visit(date=None, starts_at=moment, duration=120)
    assert (late["date"], late["starts_at"]) == (
        "2026-03-03",
        "2026-03-03T22:30:00+00:00",
    )
    # It keeps its hour when it is moved: also into summer time.
    moved = world.call("adviser", "visit_update", id=made["id"], date="2026-04-02")
    assert moved["starts_at"] == "2026-04-02T07:30:00+00:00"
    bare = world.call(
        "adviser", "visit_update", id=made["id"], starts_at="", duration="", place=""
    )
    assert [bare[name] for name in ("starts_at", "duration", "place", "days")] == [
        None,
        None,
        None,
        1,
    ]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("starts_at", {"date": "2026-03-29", "starts_at": "02:30"}),
        ("starts_at", {"starts_at": "matin"}),
        ("starts_at", {"starts_at": "25:00"}),
        ("starts_at", {"date": "2026-03-02", "starts_at": "2026-03-04T09:00:00Z"}),
        # 23:30 in London is the next day here.
        ("starts_at", {"date": "2026-03-02", "starts_at": "2026-03-02T23:30:00Z"}),
        ("starts_at", {"starts_at": 930}),
        ("date", {"date": None, "starts_at": "09:30"}),
        ("duration", {"duration": 0}),
        ("duration", {"duration": 1441}),
        ("days", {"days": None}),
        ("kind", {"kind": "telephone"}),
        ("state", {"state": "held"}),
        ("state", {"date": day(3).isoformat(), "state": "done"}),
        ("place", {"place": "<b>Mairie</b>"}),
        ("participants", {"participant": None, "participants": {"a": 1}}),
        ("participant", {"participants": ["x"]}),
        ("participant", {"participant": None}),
    ],
)
def test_what_is_wrong_is_named(
    world: World, field: str, wrong: dict[str, Any]
) -> None:
    assert field in _error(world, **wrong)
    assert model.Session.query(Visit).count() == 0


def test_on_the_night_the_clock_is_put_back_the_first_of_two_is_meant(
    world: World,
) -> None:
    made = world.visit(date="2025-10-26", starts_at="02:30", duration=60)
    assert made["starts_at"] == "2025-10-26T00:30:00+00:00"
    said = world.visit(starts_at="2025-10-26T02:30:00+01:00", date=None)
    assert said["starts_at"] == "2025-10-26T01:30:00+00:00"


def test_a_planned_visit_counts_as_done_once_somebody_says_so(world: World) -> None:
    made = world.visit(date=day(2).isoformat())
    assert made["state"] == "planned"
    with freeze_time(dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=3)):
        shown = world.call("adviser", "accompaniment_show", participant=world.first)
        assert (shown["days_spent"], shown["days_planned"]) == (0, 0.5)
        held = world.call("adviser", "visit_update", id=made["id"], state="done")
        assert held["state"] == "done"
        shown = world.call("adviser", "accompaniment_show", participant=world.first)
        assert (shown["days_spent"], shown["days_planned"]) == (0.5, 0)
    # Cancelled, it takes nothing; moved ahead, it is planned again.
    world.call("adviser", "visit_update", id=made["id"], state="cancelled")
    shown = world.call("adviser", "accompaniment_show", participant=world.first)
    assert (shown["days_spent"], shown["days_left"]) == (0, 2)
    back = world.visit()
    again = world.call(
        "adviser", "visit_update", id=back["id"], date=day(5).isoformat()
    )
    assert again["state"] == "planned"


def test_a_group_visit_is_shared(world: World) -> None:
    made = _together(world, days=1)
    assert (made["kind"], made["days"], made["shared_by"]) == ("group", 1, 2)
    assert [row["counted"] for row in made["participants"]] == [0.5, 0.5]
    listed = world.call("manager", "visit_list", cohort=world.cohort["id"])
    assert (listed["count"], listed["days"]) == (2, 1)
    # Changed once, for all; who did not come is taken out, and the other has it all.
    changed = world.call("manager", "visit_update", id=made["id"], topic="Atelier")
    assert {row.topic for row in model.Session.query(Visit)} == {"Atelier"}
    world.call("manager", "visit_update", id=changed["id"], participants=[world.first])
    (row,) = model.Session.query(Visit).all()
    assert (row.participant_id, row.counted, row.group_id) == (world.first, 1, None)
    # And back: with both of them, one taken out of the list.
    both = world.call(
        "manager", "visit_update", id=row.id, participants=world.participants
    )
    assert (both["kind"], both["shared_by"], both["counted"]) == ("group", 2, 0.5)
    world.call("manager", "visit_delete", id=row.id)
    (other,) = model.Session.query(Visit).all()
    assert (other.counted, other.shared_by) == (1, 1)


def test_a_group_visit_needs_the_right_for_each(world: World) -> None:
    with pytest.raises(tk.NotAuthorized):
        world.visit(participant=None, participants=world.participants)
    made = _together(world)
    for action, data in (("update", {"topic": "x"}), ("delete", {})):
        with pytest.raises(tk.NotAuthorized):
            world.call("adviser", f"visit_{action}", id=made["id"], **data)
    _assign(world, world.participants[1])
    world.call("adviser", "visit_delete", id=made["id"], everybody=True)
    assert model.Session.query(Visit).count() == 0


def test_whoever_it_was_given_to_changes_its_state_alone(world: World) -> None:
    made = world.visit(
        "manager",
        participant=None,
        participants=world.participants,
        date=day().isoformat(),
        state="planned",
        adviser=world.people["other_adviser"]["name"],
    )
    call = {"id": made["id"], "state": "done"}
    for who, data in (
        ("other_adviser", {**call, "topic": "x"}),
        ("other_adviser", {**call, "notes": ""}),
        ("other_adviser", {**call, "participants": world.participants[:1]}),
        ("other_adviser", {"id": made["id"]}),
        # The adviser of one of them.
        ("adviser", call),
        ("editor", call),
    ):
        with pytest.raises(tk.NotAuthorized):
            world.call(who, "visit_update", **data)
    with pytest.raises(tk.NotAuthorized):
        world.call("other_adviser", "visit_delete", id=made["id"])
    (offered,) = world.call("other_adviser", "visit_form_show")["planned"]
    # Not once one has left the team.
    helps = {"user_id": world.people["other_adviser"]["id"]}
    for role in model.Session.query(Staff).filter_by(**helps):
        call_as(world.admin, "challenge_staff_delete", id=role.id)
    with pytest.raises(tk.NotAuthorized):
        world.call("other_adviser", "visit_update", **call)
    other = make_cohort("running", name="autre", season=9)
    make_staff(other, "adviser", world.people["other_adviser"], by=world.admin)
    assert world.call("other_adviser", "visit_form_show")["planned"] == []
    make_staff(world.cohort, "adviser", world.people["other_adviser"], by=world.admin)
    changed = world.call(
        "other_adviser", "visit_update", **{**call, "id": offered["id"]}
    )
    assert changed["state"] == "done"
    assert {row.state for row in model.Session.query(Visit)} == {"done"}


def test_those_of_another_season_do_not_share_it(world: World) -> None:
    other = make_cohort(name="autre", season=9)
    make_staff(other, "manager", world.people["manager"], by=world.admin)
    elsewhere = make_participant(other)
    errors = _error(
        world,
        who="manager",
        participant=None,
        participants=[world.first, elsewhere["id"]],
    )
    assert "participants" in errors
    alone = _error(
        world,
        who="manager",
        participant=None,
        participants=world.participants,
        kind="remote",
    )
    assert "kind" in alone


def test_who_leaves_keeps_what_was_done_and_shares_nothing_more(world: World) -> None:
    done = _together(world, days=1)
    planned = _together(world, days=1, date=day(4).isoformat())
    world.call("manager", "participant_withdraw", id=world.participants[1], reason="x")
    for visit, shares in ((done, [(0.5, "done"), (0.5, "done")]), (planned, None)):
        world.call("manager", "visit_update", id=visit["id"], topic="Relu")
        rows = {
            row.participant_id: (float(row.counted), row.state)
            for row in model.Session.query(Visit).filter_by(group_id=visit["group_id"])
        }
        left = rows[world.participants[1]]
        assert [rows[world.first], left] == (
            shares or [(1.0, "planned"), (1.0, "cancelled")]
        )


def test_of_a_participant_that_is_deleted_the_others_share_the_days(
    world: World,
) -> None:
    """As an acceptance is that is undone."""
    _together(world, days=1)
    visits.leave(world.participants[1])
    model.Session.commit()
    (row,) = model.Session.query(Visit).all()
    assert (row.participant_id, row.counted, row.shared_by) == (world.first, 1, 1)


def test_clashes_are_shown_and_not_refused(world: World) -> None:
    first = world.visit(starts_at="09:00", duration=120)
    second = world.visit(starts_at="10:30", duration=60)
    assert [(row["id"], row["organization_title"]) for row in second["clashes"]] == [
        (first["id"], "Commune 214500241")
        if False
        else (first["id"], world.organizations[0]["title"])
    ]
    # Of another season it is told when, and not for whom.
    other = make_cohort(name="autre", season=9)
    make_staff(other, "adviser", world.people["adviser"], by=world.admin)
    elsewhere = make_participant(other)
    row = model.Session.get(Participant, elsewhere["id"])
    assert row is not None
    row.adviser_id = world.people["adviser"]["id"]
    model.Session.commit()
    third = world.visit(participant=elsewhere["id"], starts_at="11:00", duration=60)
    assert {clash["organization_title"] for clash in third["clashes"]} == {None}
    world.call("adviser", "visit_update", id=first["id"], state="cancelled")
    again = world.call("adviser", "visit_update", id=second["id"], topic="x")
    assert [clash["id"] for clash in again["clashes"]] == [third["id"]]


def test_a_list_by_days_adviser_and_state(world: World) -> None:
    _assign(world, world.participants[1])
    made = [
        world.visit(date=date, who=who)["id"]
        for date, who in (
            ("2026-03-02", "adviser"),
            ("2026-03-09", "manager"),
            (day(3).isoformat(), "adviser"),
        )
    ]

    def ids(**filters: Any) -> list[int]:
        found = world.call(
            "manager", "visit_list", cohort=world.cohort["id"], **filters
        )
        assert found["count"] == len(found["results"])
        return [made.index(row["id"]) for row in reversed(found["results"])]

    assert ids() == [0, 1, 2]
    assert ids(since="2026-03-09") == [1, 2]
    assert ids(since="2026-03-02", until="2026-03-09") == [0, 1]
    assert ids(adviser=world.people["manager"]["name"]) == [1]
    # Nobody's are none, and not those of an account that is gone.
    model.Session.query(Visit).filter_by(id=made[1]).update({"adviser_id": None})
    model.Session.commit()
    assert ids(adviser="personne") == []
    assert ids(state="planned") == [2]
