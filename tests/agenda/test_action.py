"""What waits for the people of a team, across their seasons."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import LIGNIERES, call_as, day
from sqlalchemy import event

from ckanext.challenge.model import (
    Application,
    Claim,
    Mail,
    Message,
    Participant,
    ParticipantMessage,
    StepStatus,
    Visit,
)
from ckanext.challenge.model.base import utcnow


def _to_confirm(participant: str, step: str = "deliberation") -> None:
    changed = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant, step=step)
        .update({"state": "to_confirm", "updated_at": utcnow()})
    )
    assert changed == 1
    model.Session.commit()


def test_applications_wait_until_they_are_decided(world: Any) -> None:
    first, second = world.applications
    assert world.kinds() == ["application", "application"]
    world.call(
        "manager",
        "application_review",
        id=first,
        decision="request_changes",
        reason="Il manque la délibération.",
        fields=["motivation"],
    )
    assert world.kinds() == ["application"]
    # What came back is told apart from what nobody has read.
    row = model.Session.get(Application, first)
    assert row is not None
    row.state, row.previous = "submitted", {"submitted_at": "x", "content": {}}
    model.Session.commit()
    assert world.kinds() == ["application", "correction"]
    world.call(
        "manager", "application_review", id=second, decision="accept", pending=True
    )
    assert world.kinds() == ["correction", "kept_decision"]
    kept = world.agenda(kind="kept_decision")
    (found,) = kept["results"]
    assert found["since"] and found["url"].endswith(f"/application/{second}")
    assert (found["cohort"], found["mine"], kept["count"]) == ("saison-3", True, 1)
    world.call("manager", "decisions_publish", cohort=world.open["id"])
    world.call(
        "manager", "application_review", id=first, decision="refuse", reason="Complet."
    )
    assert world.kinds() == []


def test_an_applicant_is_answered_by_a_message_or_a_decision(world: Any) -> None:
    first, second = world.applications
    for id_ in world.applications:
        world.call("admin", "application_message_create", id=id_, text="Reçu ?")
        model.Session.execute(
            sa.text("UPDATE challenge_message SET side = 'applicant'")
        )
        model.Session.commit()
    assert world.kinds(kind="message") == ["message", "message"]
    world.call("manager", "application_message_create", id=first, text="Oui.")
    assert [
        row["application_id"] for row in world.agenda(kind="message")["results"]
    ] == [second]
    # To begin to read says nothing to anybody.
    world.call("manager", "application_review", id=second, decision="start")
    assert world.kinds(kind="message") == ["message"]
    world.call("manager", "application_review", id=second, decision="accept")
    assert world.kinds(kind="message") == []


def test_members_are_answered_by_a_message_or_a_visit(world: Any) -> None:
    say = {"participant": world.first, "text": "Bonjour"}
    world.call("editor", "participant_message_create", **say)
    assert world.kinds("adviser") == ["message"]
    (found,) = world.agenda("adviser")["results"]
    assert found["url"].endswith("/saison-2/commune-214500241#conversation")
    world.call("adviser", "participant_message_create", **say)
    assert world.kinds("adviser") == []
    world.call("editor", "participant_message_create", **say)
    world.call(
        "adviser",
        "visit_create",
        participant=world.first,
        date=day().isoformat(),
        days=0.5,
        topic="Rencontre",
    )
    assert world.kinds("adviser") == []


def _to_many(world: Any, how: str) -> None:
    """The same words to all of a season, or to some that were chosen."""
    if how == "batch":
        world.call(
            "manager",
            "participant_batch",
            participants=world.participants,
            do="message",
            text="À tous",
        )
        return
    campaign = world.call(
        "manager",
        "campaign_create",
        cohort=(world.open if how == "applicants" else world.running)["id"],
        to=how,
        subject="x",
        text="À tous",
    )
    world.call("manager", "campaign_send", id=campaign["id"], recipients=2)


@pytest.mark.parametrize("how", ["participants", "batch"])
def test_what_goes_to_many_answers_no_member(world: Any, how: str) -> None:
    ask = {"participant": world.first, "text": "Comment faire ?"}
    desk = {"cohort": world.running["id"]}
    world.call("editor", "participant_message_create", **ask)
    _to_many(world, how)
    assert model.Session.query(ParticipantMessage).filter_by(side="staff").count() == 2
    assert world.kinds("adviser") == ["message"]
    assert world.call("adviser", "agenda_count")["count"] == 1
    shown = world.call("adviser", "accompaniment_list", **desk)
    assert shown["figures"]["unanswered"] == 1
    assert shown["results"][0]["message"]["text"] == "Comment faire ?"
    # What was written to this one alone does, whatever goes to all after that.
    world.call(
        "manager",
        "participant_batch",
        participants=[world.first],
        do="message",
        text="Ainsi.",
    )
    assert world.kinds("adviser") == []
    shown = world.call("adviser", "accompaniment_list", **desk)
    assert shown["figures"]["unanswered"] == 0


def test_what_goes_to_many_answers_no_applicant(world: Any) -> None:
    for id_ in world.applications:
        world.call("admin", "application_message_create", id=id_, text="Reçu ?")
    model.Session.execute(sa.text("UPDATE challenge_message SET side = 'applicant'"))
    model.Session.commit()
    _to_many(world, "applicants")
    assert model.Session.query(Message).filter_by(side="staff").count() == 2
    assert world.kinds(kind="message") == ["message", "message"]


@pytest.mark.parametrize(
    ("asked", "state", "date", "answered"),
    [
        # Asked so many days ago; the state of a visit noted now, and its day.
        (3, "planned", 9, False),
        (3, "cancelled", 0, False),
        (3, "cancelled", -1, False),
        (3, "done", -4, False),
        (3, "done", -3, True),
        (3, "done", 0, True),
        (0, "done", -1, False),
        (0, "done", 0, True),
    ],
)
def test_only_a_visit_that_was_held_answers(
    world: Any, asked: int, state: str, date: int, answered: bool
) -> None:
    desk = {"cohort": world.running["id"]}
    world.call(
        "editor",
        "participant_message_create",
        participant=world.first,
        text="Comment faire ?",
    )
    message = model.Session.query(ParticipantMessage).one()
    message.created_at -= dt.timedelta(days=asked)
    model.Session.commit()
    world.call(
        "manager",
        "visit_create",
        participants=world.participants,
        date=day(date).isoformat(),
        days=0.5,
        topic="Rencontre",
        state=state,
    )
    assert world.kinds("adviser", kind="message") == ["message"] * (not answered)
    shown = world.call("adviser", "accompaniment_list", **desk)
    assert shown["figures"]["unanswered"] == (not answered)


def test_a_visit_held_before_the_question_answers_nothing(world: Any) -> None:
    about = {"participant": world.first}
    visit = {"date": day().isoformat(), "days": 0.5, "topic": "Rencontre"}
    world.call("adviser", "visit_create", **about, **visit)
    world.call("editor", "participant_message_create", **about, text="Et après ?")
    assert world.kinds("adviser") == ["message"]


def test_proofs_wait_for_the_adviser_and_for_managers(world: Any) -> None:
    for participant in world.participants:
        _to_confirm(participant)
    assert world.kinds("adviser") == ["proof"]
    (found,) = world.agenda("adviser")["results"]
    assert found["step_title"]
    assert found["url"].endswith("#step-deliberation")
    assert world.kinds(kind="proof") == ["proof", "proof"]
    # What was entrusted to a colleague is not mine, and is counted all the same.
    mine = world.agenda(kind="proof", mine=True)
    assert [row["participant_id"] for row in mine["results"]] == [world.participants[1]]
    assert (mine["counts"]["proof"], mine["mine"]["proof"], mine["count"]) == (2, 1, 1)
    # Whoever has left the team looks after nobody.
    world.call(
        "admin",
        "staff_delete",
        cohort=world.running["id"],
        id=_staff_id(world, "adviser"),
        role="adviser",
    )
    assert world.kinds(kind="proof", mine=True) == ["proof", "proof"]
    world.call(
        "manager",
        "step_confirm",
        participant=world.first,
        step="deliberation",
        confirmed=True,
    )
    assert world.kinds(kind="proof") == ["proof"]


def _staff_id(world: Any, who: str) -> str:
    rows = world.call("admin", "staff_list", cohort=world.running["id"])["results"]
    return next(row["id"] for row in rows if row["user_id"] == world.people[who]["id"])


def test_a_step_that_the_programme_asks_no_more_waits_for_nobody(world: Any) -> None:
    model.Session.add(
        StepStatus(
            participant_id=world.first,
            step="gone",
            state="to_confirm",
            source="person",
        )
    )
    model.Session.commit()
    assert world.kinds(kind="proof") == []


def test_mails_that_failed_are_one_line_for_each_season(world: Any) -> None:
    for number in range(3):
        model.Session.add(
            Mail(
                kind="reminder",
                cohort_id=world.running["id"],
                state="failed" if number else "waiting",
                attempts=8,
            )
        )
    model.Session.commit()
    (found,) = world.agenda(kind="mail_failed")["results"]
    assert (found["number"], found["cohort"]) == (2, "saison-2")
    assert world.agenda()["counts"]["mail_failed"] == 2
    assert world.agenda()["rows"]["mail_failed"] == 1
    assert world.kinds("adviser") == []


def test_mails_of_no_season_that_failed_are_the_sysadmins(world: Any) -> None:
    for state in ("failed", "failed", "waiting"):
        model.Session.add(Mail(kind="digest", state=state, attempts=8))
    model.Session.commit()
    (found,) = world.agenda("admin", kind="mail_failed")["results"]
    assert (found["number"], found["cohort"]) == (2, None)
    assert found["url"].endswith("/challenge/manage/doctor")
    assert (
        world.call("admin", "agenda_count")["count"] == world.agenda("admin")["count"]
    )
    assert world.kinds("manager", kind="mail_failed") == []


def test_claims_wait_for_those_who_can_answer_them(world: Any) -> None:
    organization = factories.Organization(siren=LIGNIERES[0])
    model.Session.add(
        Claim(cohort_id=world.running["id"], organization_id=organization["id"])
    )
    model.Session.commit()
    # CKAN made the site's user its admin: it answers no claim.
    model.Session.query(model.Member).filter_by(group_id=organization["id"]).delete()
    model.Session.commit()
    assert world.kinds("admin", kind="claim") == ["claim"]
    assert world.kinds("manager", kind="claim") == []
    call_as(
        world.admin,
        "member_create",
        id=organization["id"],
        object=world.people["manager"]["id"],
        object_type="user",
        capacity="admin",
    )
    assert world.kinds("manager", kind="claim") == ["claim"]
    assert world.kinds("admin", kind="claim") == []


def test_organizations_without_a_siren_are_one_line(world: Any) -> None:
    assert world.kinds(kind="match") == []
    organization = factories.Organization()
    (found,) = world.agenda(kind="match")["results"]
    assert (found["number"], found["cohort"]) == (1, None)
    assert world.agenda("adviser")["counts"] == {}
    world.call("manager", "match_decide", organization=organization["id"], siren="none")
    assert world.kinds(kind="match") == []


def test_nothing_waits_in_the_archive(world: Any) -> None:
    _to_confirm(world.first)
    model.Session.execute(sa.text("UPDATE challenge_cohort SET state = 'archived'"))
    model.Session.commit()
    found = world.agenda()
    assert (found["count"], found["counts"], found["stalled"]["count"]) == (0, {}, 0)
    assert {season["state"] for season in found["seasons"]} == {"archived"}


def test_who_is_stalled_and_why(world: Any) -> None:
    ago = utcnow() - dt.timedelta(days=40)
    for participant in model.Session.query(Participant):
        participant.last_activity_at = participant.joined_at = ago
    world.participant(1).late_steps = 3
    model.Session.commit()
    found = world.agenda()["stalled"]
    assert found["count"] == 2
    reasons = {row["participant_id"]: row["reasons"] for row in found["results"]}
    # The editor, a member of both, has never signed in.
    assert reasons == {
        world.participants[0]: ["never", "silent"],
        world.participants[1]: ["never", "silent", "late"],
    }
    assert [row["mine"] for row in found["results"]].count(True) == 1
    assert world.agenda("adviser")["stalled"]["count"] == 1
    model.Session.query(model.User).filter_by(id=world.people["editor"]["id"]).update(
        {"last_active": utcnow().replace(tzinfo=None)}
    )
    # A season has rules of its own.
    model.Session.execute(
        sa.text("UPDATE challenge_cohort SET stalled_days = 50, stalled_late_steps = 4")
    )
    model.Session.commit()
    assert world.agenda()["stalled"]["results"] == []


def test_who_has_not_read_or_not_answered_for_a_fortnight(world: Any) -> None:
    for participant in world.participants:
        world.call(
            "manager", "participant_message_create", participant=participant, text="…"
        )
    assert world.agenda()["without_reply"]["count"] == 0
    model.Session.execute(
        sa.text(
            "UPDATE challenge_participant_message"
            " SET created_at = created_at - interval '16 days'"
        )
    )
    model.Session.commit()
    found = world.agenda()["without_reply"]
    assert [row["read"] for row in found["results"]] == [False, False]
    model.Session.query(model.User).filter_by(id=world.people["editor"]["id"]).update(
        {"last_active": utcnow().replace(tzinfo=None)}
    )
    world.participant(1).last_activity_at = utcnow()
    model.Session.commit()
    # One was read, and not answered; the other has done something.
    found = world.agenda()["without_reply"]
    assert [(row["participant_id"], row["read"]) for row in found["results"]] == [
        (world.first, True)
    ]


def test_what_moved_and_what_is_planned(world: Any) -> None:
    world.call(
        "admin",
        "award_create",
        badge="engagee",
        organization=world.organizations[0]["id"],
        cohort=world.running["id"],
        reason="Pour le test",
    )
    world.call(
        "manager", "participant_withdraw", id=world.participants[1], reason="Fusion"
    )
    world.call(
        "adviser",
        "visit_create",
        participant=world.first,
        date=day(3).isoformat(),
        days=0.5,
        topic="Rencontre",
    )
    found = world.agenda()
    assert sorted(row["kind"] for row in found["moved"]["results"]) == [
        "badge",
        "withdrawn",
    ]
    assert {row["kind"] for row in found["planned"]} <= {"visit", "step"}
    assert [row["topic"] for row in found["planned"] if row["kind"] == "visit"] == [
        "Rencontre"
    ]
    later = world.agenda(days=21)["planned"]
    assert {"deadline"} <= {row["kind"] for row in later}
    assert [row["date"] for row in later] == sorted(row["date"] for row in later)


def test_a_step_is_planned_on_the_day_that_each_was_given(world: Any) -> None:
    def published_by(days: int) -> None:
        world.call(
            "admin",
            "cohort_patch",
            id=world.running["id"],
            application_opens=day(-90).isoformat(),
            application_deadline=day(-70).isoformat(),
            launch=day(-60).isoformat(),
            first_publication=day(days).isoformat(),
            finalisation=day(200).isoformat(),
        )

    def planned(days: int) -> list[tuple[str, int, int]]:
        return [
            (row["date"], row["left"], row["participants"])
            for row in world.agenda(days=days)["planned"]
            if row.get("step") == "premier-jeu"
        ]

    published_by(10)
    both, one = (day(10).isoformat(), 2, 2), (day(10).isoformat(), 1, 1)
    assert planned(14) == [both]
    world.call(
        "manager",
        "extension_create",
        participants=[world.first],
        step="premier-jeu",
        due=day(20).isoformat(),
        reason="Élections",
    )
    assert planned(14) == [one]
    assert planned(21) == [one, (day(20).isoformat(), 1, 1)]
    # The season's day holds again where it has moved beyond.
    published_by(30)
    assert planned(21) == []
    assert planned(60) == [(day(30).isoformat(), 2, 2)]


@pytest.mark.parametrize("value", [{"kind": "x"}, {"days": 0}, {"limit": -1}])
def test_a_wrong_word_is_refused_on_its_field(
    world: Any, value: dict[str, Any]
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        world.agenda(**value)
    assert list(caught.value.error_dict) == list(value)


def test_statements_are_constant(world: Any) -> None:
    """However many seasons, participants and things that wait there are."""

    def statements() -> int:
        seen: list[str] = []

        def count(*args: Any) -> None:
            seen.append(args[2])

        engine = model.Session.get_bind()
        event.listen(engine, "before_cursor_execute", count)
        try:
            world.agenda(days=60)
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return len(seen)

    statements()
    few = statements()
    for participant in world.participants:
        _to_confirm(participant)
        world.call(
            "editor", "participant_message_create", participant=participant, text="…"
        )
    for number in range(3):
        cohort = call_as(
            world.admin,
            "challenge_cohort_copy",
            id=world.running["id"],
            name=f"copie-{number}",
            title=f"Copie {number}",
            season=10 + number,
            launch=day(30).isoformat(),
        )
        world.call(
            "admin",
            "staff_create",
            cohort=cohort["id"],
            user=world.people["manager"]["id"],
            role="manager",
        )
    model.Session.execute(
        sa.text(
            "UPDATE challenge_cohort SET state = 'running', programme_digest ="
            " (SELECT max(programme_digest) FROM challenge_cohort)"
        )
    )
    model.Session.commit()
    statements()
    assert statements() == few <= 15


def test_a_message_that_needs_no_answer_waits_no_more(world: Any) -> None:
    said = world.call(
        "editor", "participant_message_create", participant=world.first, text="Merci !"
    )
    found = world.call("adviser", "accompaniment_list", cohort=world.running["id"])
    assert found["figures"]["unanswered"] == 1
    first = world.call("adviser", "message_settle", id=said["id"])
    assert world.kinds("adviser") == []
    found = world.call("adviser", "accompaniment_list", cohort=world.running["id"])
    assert found["figures"]["unanswered"] == 0
    # Again changes nothing; what comes then waits as ever.
    assert world.call("manager", "message_settle", id=said["id"]) == first
    world.call(
        "editor", "participant_message_create", participant=world.first, text="Et ?"
    )
    assert world.kinds("adviser") == ["message"]
    ours = world.call(
        "adviser", "participant_message_create", participant=world.first, text="Oui."
    )
    with pytest.raises(tk.ValidationError) as caught:
        world.call("adviser", "message_settle", id=ours["id"])
    assert list(caught.value.error_dict) == ["id"]
    with pytest.raises(tk.ObjectNotFound):
        world.call("adviser", "message_settle", id="x")


def test_a_planned_visit_waits_to_be_said_held_once_its_day_is_past(world: Any) -> None:
    made = world.call(
        "adviser",
        "visit_create",
        participant=world.first,
        topic="Premier inventaire",
        days=0.5,
        state="planned",
        date=day(1).isoformat(),
    )
    assert world.kinds("adviser") == []
    row = model.Session.get(Visit, made["id"])
    assert row
    row.date = day(-1)
    model.Session.commit()
    (found,) = world.agenda("adviser")["results"]
    assert (found["kind"], found["id"]) == ("visit", made["id"])
    world.call("adviser", "visit_update", id=made["id"], state="done")
    assert world.kinds("adviser") == []


def test_whoever_a_visit_was_given_to_says_whether_it_was_held(world: Any) -> None:
    # The adviser of the first alone, and on the team for both.
    made = world.call(
        "manager",
        "visit_create",
        participant=world.participants[1],
        topic="Atelier",
        days=0.5,
        state="planned",
        date=day(1).isoformat(),
        adviser=world.people["adviser"]["name"],
    )
    row = model.Session.get(Visit, made["id"])
    assert row
    row.date = day(-1)
    model.Session.commit()
    assert world.kinds("manager", mine=True, kind="visit") == []
    (found,) = world.agenda("adviser")["results"]
    assert (found["id"], found["mine"]) == (made["id"], True)
    # The page of the participant has no visits for somebody else's adviser.
    assert found["url"].endswith("/challenge/manage/visit")
    (offered,) = world.call("adviser", "visit_form_show")["planned"]
    assert offered["id"] == made["id"]
    world.call("adviser", "visit_update", id=made["id"], state="done")
    assert world.kinds("adviser") == []
