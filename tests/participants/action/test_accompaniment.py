"""Visits, the conversation with a participant, and who waits for the team."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    call_as,
    day,
    only_message,
)
from helpers.accompaniment import World
from helpers.snapshots import MadeOnce
from sqlalchemy import event

from ckanext.challenge.model import JournalEntry, Participant, StepStatus
from ckanext.challenge.model.base import utcnow


@pytest.fixture
def world(made_once: MadeOnce) -> World:
    return made_once(__name__, World)


def test_visits_are_counted_against_the_days_of_the_season(world: World) -> None:
    first = world.visit(days="1,5", notes="Prévoir un modèle.")
    assert (first["days"], first["days_left"]) == (1.5, 0.5)
    assert first["adviser"] == "Name of adviser"
    # More than the season grants was spent all the same, and is said.
    second = world.visit("manager", days=1, date=day(9).isoformat())
    assert (second["days_left"], second["adviser"]) == (-0.5, "Name of manager")
    second = world.call("adviser", "visit_update", id=second["id"], days=0.5)
    assert (second["days_left"], second["topic"]) == (0, "Rencontre")
    found = world.call("adviser", "visit_list", participant=world.first)
    assert (found["count"], found["days"]) == (2, 2)
    assert [row["id"] for row in found["results"]] == [second["id"], first["id"]]
    assert found["results"][1]["notes"] == "Prévoir un modèle."
    changed = world.call("adviser", "visit_update", id=first["id"], notes="")
    assert changed["notes"] is None
    world.call("adviser", "visit_delete", id=second["id"])
    shown = world.call("adviser", "accompaniment_show", participant=world.first)
    assert (shown["days_total"], shown["days_spent"], shown["days_left"]) == (
        2,
        1.5,
        0.5,
    )
    # The journal has the days, and nothing of what was said.
    rows = [
        entry.data
        for entry in model.Session.query(JournalEntry).filter(
            JournalEntry.action.like("visit%")
        )
    ]
    assert len(rows) == 5
    assert all(set(row) == {"visit_id", "date", "days"} for row in rows)


def test_members_read_visits_without_the_notes(world: World) -> None:
    world.visit(notes="Pour l'équipe.")
    for found in (
        world.call("editor", "visit_list", participant=world.first),
        world.call("editor", "accompaniment_show", participant=world.first)["visits"],
    ):
        (row,) = found["results"]
        assert row["topic"] == "Rencontre"
        assert "notes" not in row


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("days", 0),
        ("days", 0.3),
        ("days", 31),
        ("days", "une demi-journée"),
        ("days", ""),
        ("date", "02/03/2026"),
        ("date", f"{dt.datetime.now(dt.timezone.utc) + dt.timedelta(400):%Y-%m-%d}"),
        ("topic", " "),
        ("topic", "x" * 201),
        ("notes", "<script>"),
        ("adviser", "nobody"),
    ],
)
def test_a_visit_is_refused_with_a_word_on_the_field(
    world: World, field: str, value: Any
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        world.visit(**{field: value})
    assert only_message(caught, field)
    made = world.visit()
    with pytest.raises(tk.ValidationError) as caught:
        world.call("adviser", "visit_update", id=made["id"], **{field: value})
    assert only_message(caught, field)
    model.Session.rollback()
    assert world.call("adviser", "visit_list", participant=world.first)["days"] == 0.5


def test_a_reference_that_no_query_can_hold_is_refused(world: World) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        world.call("adviser", "visit_list", participant="x\0")
    assert list(caught.value.error_dict) == ["participant"]


def test_visits_of_a_season_are_for_whoever_accompanies(world: World) -> None:
    world.visit()
    world.visit("manager", participant=world.participants[1])

    def count(who: str) -> int:
        return world.call(who, "visit_list", cohort=world.cohort["name"])["count"]

    assert [count(who) for who in ("manager", "adviser", "other_adviser")] == [2, 1, 0]
    with pytest.raises(tk.NotAuthorized):
        count("admin")
    with pytest.raises(tk.ValidationError):
        world.call("manager", "visit_list")


def test_each_side_is_told_of_a_message(world: World) -> None:
    said = world.say("editor", "Où est le modèle ?")
    assert (said["side"], said["author"]) == ("member", "Name of editor")
    assert world.mails() == [("participant_message_staff", "adviser")]
    world.say("adviser", "Le voici.")
    assert world.mails()[:2] == [
        ("participant_message", "admin"),
        ("participant_message", "editor"),
    ]
    found = world.call("admin", "participant_message_list", participant=world.first)
    assert [row["text"] for row in found["results"]] == [
        "Le voici.",
        "Où est le modèle ?",
    ]
    page = world.call(
        "admin", "participant_message_list", participant=world.first, limit=1, offset=1
    )
    assert (page["count"], page["results"][0]["id"]) == (2, said["id"])


def test_managers_see_about_whom_a_mail_is(world: World) -> None:
    world.say("editor")
    (row,) = world.call("manager", "mail_list", cohort=world.cohort["id"])["results"]
    assert row["organization_title"] == f"Commune {BAULE}"
    assert row["to"] == "Name of adviser"


def test_the_managers_are_told_where_nobody_accompanies(world: World) -> None:
    # Who has left the team accompanies nobody.
    (staff,) = (
        row
        for row in call_as(
            world.admin, "challenge_staff_list", cohort=world.cohort["id"]
        )["results"]
        if row["user_id"] == world.people["adviser"]["id"]
    )
    call_as(world.admin, "challenge_staff_delete", id=staff["id"])
    world.say("editor")
    assert world.mails() == [("participant_message_staff", "manager")]


def test_the_archive_and_those_who_left_are_closed(world: World) -> None:
    visit = world.visit()
    model.Session.query(Participant).filter_by(id=world.first).update(
        {"state": "withdrawn"}
    )
    model.Session.commit()
    for attempt in (
        world.visit,
        lambda: world.say("editor"),
        lambda: world.call("adviser", "visit_update", id=visit["id"], days=1),
        lambda: world.call("adviser", "visit_delete", id=visit["id"]),
    ):
        with pytest.raises(tk.ValidationError) as caught:
            attempt()
        assert only_message(caught, "participant")
    assert world.call("adviser", "visit_list", participant=world.first)["count"] == 1


def _listed(world: World, who: str, **asked: Any) -> dict[str, Any]:
    return world.call(who, "accompaniment_list", cohort=world.cohort["name"], **asked)


def test_who_waits_stands_first(world: World) -> None:
    ago = utcnow() - dt.timedelta(days=40)
    for participant in model.Session.query(Participant):
        participant.last_activity_at = participant.joined_at = ago
    model.Session.query(model.User).update({"last_active": ago.replace(tzinfo=None)})
    model.Session.query(StepStatus).filter_by(
        participant_id=world.first, step="deliberation"
    ).update({"state": "to_confirm", "note": "Signée.", "evidence_url": "https://x.fr"})
    model.Session.commit()
    world.visit()
    world.say("editor", "Où est le modèle ?")
    found = _listed(world, "manager")
    assert [row["id"] for row in found["results"]] == world.participants
    first, second = found["results"]
    assert first["message"]["text"] == "Où est le modèle ?"
    assert first["message"]["author"] == "Name of editor"
    assert (first["waiting"], first["days_left"], first["adviser"]) == (
        1,
        1.5,
        "Name of adviser",
    )
    assert (first["last_visit"], first["next_visit"]) == (day().isoformat(), None)
    # It has written just now; of the other nothing was heard.
    assert (first["stalled"], second["stalled"]) == (False, True)
    assert (first["reasons"], second["reasons"]) == ([], ["silent"])
    (step,) = found["waiting"]
    assert (step["step"], step["note"]) == ("deliberation", "Signée.")
    assert found["figures"] == {
        "participants": 2,
        "waiting": 1,
        "unanswered": 1,
        "late": found["figures"]["late"],
        "stalled": 1,
        "days_left": 3.5,
    }
    # A visit to come is planned, and not spent.
    world.visit(date=day(3).isoformat(), days=1)
    first = _listed(world, "manager")["results"][0]
    assert (first["days_spent"], first["days_planned"]) == (0.5, 1)
    assert first["days_left"] == 0.5
    # An answer given on the telephone is noted as a visit.
    world.visit()
    assert _listed(world, "manager")["results"][0]["message"] is None


def test_an_adviser_reads_what_is_private_of_the_own_participants_alone(
    world: World,
) -> None:
    world.visit()
    world.say("editor", "Un secret.")
    model.Session.query(StepStatus).filter_by(step="deliberation").update(
        {"state": "to_confirm", "note": "Un autre secret."}
    )
    model.Session.commit()
    own = _listed(world, "adviser", adviser=world.people["adviser"]["name"])
    assert [row["id"] for row in own["results"]] == [world.first]
    assert own["figures"]["unanswered"] == own["figures"]["waiting"] == 1
    everybody = _listed(world, "adviser")
    assert [row["followed"] for row in everybody["results"]] == [True, False]
    other = _listed(world, "other_adviser")
    assert other["count"] == 2
    assert other["waiting"] == []
    assert "secret" not in str(other)
    assert not {"days_left", "message", "waiting"} & set(other["results"][0])
    unassigned = _listed(world, "manager", unassigned=True)
    assert [row["id"] for row in unassigned["results"]] == [world.participants[1]]


def test_a_list_costs_the_same_for_two_and_for_many(world: World) -> None:
    statements: list[str] = []

    def count(*told: Any) -> None:
        statements.append(told[2])

    def cost() -> int:
        model.Session.commit()
        statements.clear()
        event.listen(model.meta.engine, "before_cursor_execute", count)
        _listed(world, "manager")
        event.remove(model.meta.engine, "before_cursor_execute", count)
        return len(statements)

    before = cost()
    for _ in range(10):
        made = call_as(
            world.admin,
            "challenge_participant_create",
            cohort=world.cohort["id"],
            organization=factories.Organization()["id"],
        )
        world.visit("manager", participant=made["id"])
    assert cost() == before
    assert before < 15
