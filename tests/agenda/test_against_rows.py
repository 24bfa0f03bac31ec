"""Nothing that waits is missing, and nothing that is done stays: the statements are
held against the stored rows, read one by one.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ckanext.challenge import config, programmes
from ckanext.challenge.agenda.week import Week
from ckanext.challenge.domain import lifecycle, stalled
from ckanext.challenge.domain.agenda import KINDS
from ckanext.challenge.model import (
    Application,
    Cohort,
    JournalEntry,
    Mail,
    Match,
    Message,
    Participant,
    ParticipantMessage,
    Staff,
    StepStatus,
    Visit,
)
from ckanext.challenge.model.base import make_id, utcnow

READERS = ("manager", "second", "adviser", "stranger", "admin")


def history(seed: int) -> dict[str, Any]:
    """What may be stored of two seasons: all in any state, whoever looks after it.

    What is rare hides what is tried with it, so that the usual comes more often. All is
    drawn from one number: parts that are drawn one by one repeat each other too much.
    """
    rng = random.Random(seed)

    def hours() -> int:
        return rng.randint(1, 24 * 60)

    def perhaps_hours() -> int | None:
        return rng.choice([None, hours()])

    def rarely() -> bool:
        return rng.random() < 0.2

    def mostly(usual: Any, *others: Any) -> Any:
        return rng.choice([usual] * len(others) + [*others])

    def messages() -> list[tuple[str, int, bool, bool]]:
        found = []
        for _ in range(rng.randint(0, 3)):
            side = mostly("member", "staff")
            to_many = side == "staff" and rng.random() < 0.5
            found.append((side, hours(), rarely(), to_many))
        return found

    def visit() -> tuple[int, str, str | None, int]:
        """In how many days, its state, whose it is, when it was noted."""
        ahead = rng.choice([rng.randint(-2, 1), rng.randint(-60, 0)])
        state = mostly("planned", "done", "cancelled")
        return ahead, state, rng.choice([None, "adviser", "second"]), hours()

    def application() -> dict[str, Any]:
        told = ("in_review", "accepted", "changes_requested", "refused")
        return {
            "state": mostly("submitted", *lifecycle.APPLICATION.states),
            "previous": rng.random() < 0.5,
            "kept": rng.random() < 0.5,
            "reviewer": rng.choice([None, "manager", "second", "adviser", "stranger"]),
            "erased": rarely(),
            "messages": messages(),
            "told": [(rng.choice(told), hours()) for _ in range(rng.randint(0, 2))],
        }

    def participant() -> dict[str, Any]:
        said = lifecycle.STEP_SAID
        return {
            "state": mostly("active", "completed", "withdrawn"),
            "adviser": mostly("adviser", None, "manager", "second"),
            "steps": [mostly("to_confirm", *said) for _ in range(rng.randint(0, 4))],
            "gone": rarely(),
            "messages": messages(),
            "visits": [visit() for _ in range(rng.randint(0, 2))],
            "joined": hours(),
            "active": perhaps_hours(),
            "late": rng.randint(0, 6),
            "deleted": rarely(),
        }

    def season() -> dict[str, Any]:
        return {
            "state": mostly("running", "open", "finished", "archived"),
            "stalled_days": rng.choice([None, 10, 40]),
            "stalled_late_steps": rng.choice([None, 0, 1, 5]),
        }

    return {
        "seasons": [season(), season()],
        "left": [who for who in ("second", "adviser") if rarely()],
        "applications": [application(), application()],
        "participants": [participant(), participant()],
        "mails": [
            (
                mostly("failed", "waiting", "sent", "cancelled"),
                rng.choice([None, 0, 1, 0, 1]),
                rng.choice([None, 0, 1]),
            )
            for _ in range(rng.randint(0, 4))
        ],
        "without_siren": rng.random() < 0.5,
        "seen": perhaps_hours(),
    }


class Rows:
    """A history as rows of the database, and what must follow from it."""

    def __init__(self, world: Any, drawn: dict[str, Any]) -> None:
        self.world, self.now = world, utcnow()
        self.ids = {who: person["id"] for who, person in world.people.items()}
        self._seasons(drawn)
        for id_, known in zip(world.applications, drawn["applications"], strict=True):
            self._application(id_, known)
        for id_, known in zip(world.participants, drawn["participants"], strict=True):
            self._participant(id_, known)
        for state, season, about in drawn["mails"]:
            model.Session.add(
                Mail(
                    kind="reminder",
                    state=state,
                    cohort_id=None
                    if season is None
                    else (world.running, world.open)[season]["id"],
                    application_id=None if about is None else world.applications[about],
                )
            )
        if drawn["without_siren"]:
            model.Session.add(
                model.Group(
                    name="sans-siren", type="organization", is_organization=True
                )
            )
        seen = self._ago(drawn["seen"])
        model.Session.query(model.User).filter_by(id=self.ids["editor"]).update(
            {"last_active": seen and seen.replace(tzinfo=None)}
        )
        model.Session.flush()
        model.Session.expire_all()

    def _ago(self, number: int | None) -> dt.datetime | None:
        return None if number is None else self.now - dt.timedelta(hours=number)

    def _seasons(self, drawn: dict[str, Any]) -> None:
        for season, known in zip(
            (self.world.running, self.world.open), drawn["seasons"], strict=True
        ):
            model.Session.query(Cohort).filter_by(id=season["id"]).update(known)
        for who in drawn["left"]:
            model.Session.query(Staff).filter_by(user_id=self.ids[who]).delete()

    def _application(self, id_: str, known: dict[str, Any]) -> None:
        application = model.Session.get(Application, id_)
        assert application is not None
        application.state = known["state"]
        application.submitted_at = None if known["state"] == "draft" else self.now
        application.previous = {"content": {}} if known["previous"] else None
        application.pending_decision = (
            {"decision": "accept", "at": self.now.isoformat()}
            if known["kept"]
            else None
        )
        application.reviewer_id = self.ids.get(known["reviewer"])
        application.erased_at = self.now if known["erased"] else None
        for side, ago, settled, to_many in known["messages"]:
            model.Session.add(
                Message(
                    application_id=id_,
                    side="applicant" if side == "member" else side,
                    text="…",
                    created_at=self._ago(ago),
                    settled_at=self.now if settled else None,
                    to_many=to_many or None,
                )
            )
        for state, ago in known["told"]:
            last = model.Session.query(sa.func.max(JournalEntry.id)).scalar() or 0
            model.Session.add(
                JournalEntry(
                    id=last + 1,
                    at=self._ago(ago),
                    actor="system",
                    action="transition",
                    object_type="application",
                    object_id=id_,
                    data={"from": "submitted", "to": state},
                    digest="0",
                )
            )
            model.Session.flush()

    def _participant(self, id_: str, known: dict[str, Any]) -> None:
        participant = model.Session.get(Participant, id_)
        joined = self._ago(known["joined"])
        assert participant is not None
        assert joined is not None
        participant.state = known["state"]
        participant.adviser_id = self.ids.get(known["adviser"])
        participant.joined_at = joined
        participant.last_activity_at = self._ago(known["active"])
        participant.late_steps = known["late"]
        group = model.Session.get(model.Group, participant.organization_id)
        assert group is not None
        group.state = "deleted" if known["deleted"] else "active"
        programme = programmes.get("saison")
        model.Session.query(StepStatus).filter_by(participant_id=id_).delete()
        keys = [step.key for step in programme.steps]
        states = dict(zip(keys, known["steps"], strict=False))
        if known["gone"]:
            states["gone"] = "to_confirm"
        for key, state in states.items():
            model.Session.add(
                StepStatus(participant_id=id_, step=key, state=state, source="person")
            )
        for side, ago, settled, to_many in known["messages"]:
            model.Session.add(
                ParticipantMessage(
                    id=make_id(),
                    participant_id=id_,
                    side=side,
                    text="…",
                    created_at=self._ago(ago),
                    settled_at=self.now if settled else None,
                    to_many=to_many or None,
                )
            )
        for ahead, state, adviser, noted in known["visits"]:
            model.Session.add(
                Visit(
                    participant_id=id_,
                    date=config.today() + dt.timedelta(days=ahead),
                    days=1,
                    topic="…",
                    state=state,
                    adviser_id=self.ids[adviser] if adviser else None,
                    created_at=self._ago(24 * 60),
                    updated_at=self._ago(noted),
                )
            )

    # What must follow, for one reader: as a person would find it, row by row.

    def _roles(self, who: str, cohort: Cohort) -> set[str]:
        if cohort.state == "archived":
            return set()
        roles = {
            row.role
            for row in model.Session.query(Staff)
            if (row.user_id, row.cohort_id) == (self.ids[who], cohort.id)
        }
        return {"manager"} if who == "admin" else roles

    def _is_mine(
        self, who: str, given: str | None, cohort: Cohort, *roles: str
    ) -> bool:
        team = {
            row.user_id
            for row in model.Session.query(Staff)
            if row.cohort_id == cohort.id and row.role in roles
        }
        return given == self.ids[who] or given not in team

    def waits(self, who: str) -> set[tuple[Any, ...]]:
        """``(kind, what it is about, step, how many, whether it is mine)``."""
        cohorts = {one.id: one for one in model.Session.query(Cohort)}
        found = set[tuple[Any, ...]]()
        manages = False
        for cohort in cohorts.values():
            if "manager" not in self._roles(who, cohort):
                continue
            manages = True
            failed = [
                mail
                for mail in model.Session.query(Mail)
                if mail.cohort_id == cohort.id
                and mail.state == "failed"
                and (who == "admin" or not self._is_draft(mail.application_id))
            ]
            if failed:
                found.add(("mail_failed", cohort.id, None, len(failed), True))
        nobodys = model.Session.query(Mail).filter_by(cohort_id=None, state="failed")
        if who == "admin" and nobodys.first():
            found.add(("mail_failed", None, None, nobodys.count(), True))
        for application in model.Session.query(Application):
            cohort = cohorts[application.cohort_id]
            if "manager" not in self._roles(who, cohort):
                continue
            mine = self._is_mine(who, application.reviewer_id, cohort, "manager")
            for kind in self._of_application(application):
                found.add((kind, application.id, None, 1, mine))
        for participant in model.Session.query(Participant):
            cohort = cohorts[participant.cohort_id]
            if self._follows(who, participant, cohort):
                found |= self._of_participant(who, participant, cohort)
            found |= self._visits_of(who, participant, cohort)
        if manages or who == "admin":
            # The organizations of participants have theirs.
            without = model.Session.query(model.Group).filter_by(name="sans-siren")
            if without.first() and not model.Session.query(Match).first():
                found.add(("match", None, None, 1, True))
        return found

    def _of_participant(
        self, who: str, participant: Participant, cohort: Cohort
    ) -> set[tuple[Any, ...]]:
        def mine(adviser_id: str | None) -> bool:
            return self._is_mine(who, adviser_id, cohort, "manager", "adviser")

        found: set[tuple[Any, ...]] = set()
        own = mine(participant.adviser_id)
        if self._wrote_last(participant):
            found.add(("message", participant.id, None, 1, own))
        for step in self._to_confirm(participant, cohort):
            found.add(("proof", participant.id, step, 1, own))
        return found

    def _visits_of(
        self, who: str, participant: Participant, cohort: Cohort
    ) -> set[tuple[Any, ...]]:
        """Whoever a visit was given to says whether it was held, whoever advises."""
        group = model.Session.get(model.Group, participant.organization_id)
        assert group is not None
        in_it = participant.state in ("active", "completed") and group.state == "active"
        on_live_team = bool(self._roles(who, cohort)) and cohort.state in (
            "open",
            "running",
        )
        follows = self._follows(who, participant, cohort)
        found = set[tuple[Any, ...]]()
        for visit in model.Session.query(Visit):
            given = in_it and on_live_team and visit.adviser_id == self.ids[who]
            if (
                visit.participant_id == participant.id
                and visit.state == "planned"
                and visit.date < config.today()
                and (follows or given)
            ):
                roles = ("manager", "adviser")
                mine = self._is_mine(who, visit.adviser_id, cohort, *roles)
                # What it is about is the visit: a participant may have several.
                found.add(("visit", visit.id, None, 1, mine))
        return found

    def _is_draft(self, application_id: str | None) -> bool:
        if application_id is None:
            return False
        application = model.Session.get(Application, application_id)
        assert application is not None
        return application.submitted_at is None

    def _of_application(self, application: Application) -> list[str]:
        kinds = []
        if application.pending_decision is not None:
            if application.state in lifecycle.APPLICATION_AWAITED:
                kinds.append("kept_decision")
        elif application.state in ("submitted", "in_review"):
            kinds.append("correction" if application.previous else "application")
        messages = model.Session.query(Message).filter_by(application_id=application.id)
        last = self._last(messages)
        told = [
            entry
            for entry in model.Session.query(JournalEntry)
            if entry.object_id == application.id
            and entry.action == "transition"
            and entry.data["to"] not in ("submitted", "in_review", "draft", "withdrawn")
        ]
        if (
            last is not None
            and last.side == "applicant"
            and last.settled_at is None
            and application.state != "withdrawn"
            and application.erased_at is None
            and not any(entry.at > last.created_at for entry in told)
        ):
            kinds.append("message")
        return kinds

    def _last(self, messages: Any) -> Any:
        # Of two that were written at the same instant, the id says which is the last.
        # What went to many answers nobody.
        rows = [one for one in messages if not one.to_many]
        rows.sort(key=lambda one: one.id)
        rows.sort(key=lambda one: one.created_at, reverse=True)
        return rows[0] if rows else None

    def _follows(self, who: str, participant: Participant, cohort: Cohort) -> bool:
        group = model.Session.get(model.Group, participant.organization_id)
        assert group is not None
        roles = self._roles(who, cohort)
        return (
            participant.state in ("active", "completed")
            and group.state == "active"
            and (
                "manager" in roles
                or (bool(roles) and participant.adviser_id == self.ids[who])
            )
        )

    def _wrote_last(self, participant: Participant) -> bool:
        messages = model.Session.query(ParticipantMessage)
        last = self._last(messages.filter_by(participant_id=participant.id))
        if last is None or last.side != "member" or last.settled_at is not None:
            return False
        day = last.created_at.astimezone(config.display_timezone()).date()
        visits = model.Session.query(Visit).filter_by(participant_id=participant.id)
        return not any(
            visit.state == "done"
            and visit.date >= day
            and visit.updated_at >= last.created_at
            for visit in visits
        )

    def _to_confirm(self, participant: Participant, cohort: Cohort) -> list[str]:
        if cohort.state in ("finished", "archived"):
            return []
        asked = programmes.of(cohort).steps_by_key
        rows = model.Session.query(StepStatus).filter_by(participant_id=participant.id)
        return [
            row.step for row in rows if row.state == "to_confirm" and row.step in asked
        ]

    def stalled(self, who: str) -> dict[str, tuple[str, ...]]:
        """By participant, why it is stalled."""
        found = {}
        for participant in model.Session.query(Participant):
            cohort = model.Session.get(Cohort, participant.cohort_id)
            assert cohort is not None
            goes_on = participant.state == "active" and cohort.state in (
                "open",
                "running",
            )
            if not (goes_on and self._follows(who, participant, cohort)):
                continue
            own = cohort.stalled_late_steps
            editor = model.Session.get(model.User, self.ids["editor"])
            assert editor is not None
            reasons = stalled.reasons(
                joined=participant.joined_at,
                active=participant.last_activity_at,
                late_steps=participant.late_steps,
                signed_in=editor.last_active is not None,
                now=utcnow(),
                rules=stalled.Rules(
                    cohort.stalled_days or config.stalled_days(),
                    config.stalled_late_steps() if own is None else own,
                ),
            )
            if reasons:
                found[participant.id] = reasons
        return found


def _found(week: Week, **asked: Any) -> tuple[set[tuple[Any, ...]], dict[str, Any]]:
    answer = week.waiting(
        **{"mine": False, "kind": None, "limit": 100, "offset": 0, **asked}
    )
    seasons = {cohort.name: cohort.id for cohort in week.cohorts.values()}
    rows = {
        (
            row["kind"],
            (row["id"] if row["kind"] == "visit" else None)
            or row["application_id"]
            or row["participant_id"]
            or (seasons.get(row["cohort"]) if row["kind"] == "mail_failed" else None),
            row["step"],
            row["number"],
            row["mine"],
        )
        for row in answer["results"]
    }
    assert len(rows) == len(answer["results"])
    return rows, answer


def _numbers(rows: set[tuple[Any, ...]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind, _, _, number, _ in rows:
        found[kind] = found.get(kind, 0) + number
    return found


@pytest.mark.seconds(30)
def test_what_waits_is_what_the_rows_say(world: Any) -> None:
    # The editor alone publishes for both: that CKAN's user does, too, is no sign.
    model.Session.query(model.Member).filter(
        model.Member.table_name == "user",
        model.Member.table_id != world.people["editor"]["id"],
    ).delete(synchronize_session=False)
    model.Session.commit()

    seen: set[tuple[str, str]] = set()

    @settings(
        max_examples=30,
        # What is asserted of all examples together must hold each time.
        derandomize=True,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.function_scoped_fixture,
        ],
    )
    @given(st.integers(0, 2**64))
    def check(seed: int) -> None:
        try:
            rows = Rows(world, history(seed))
            for who in READERS:
                user = model.User.get(rows.ids[who])
                assert user is not None
                week = Week(user)
                expected = rows.waits(who)
                seen.update((who, row[0]) for row in expected)
                found, answer = _found(week)
                assert found == expected, who
                own = {row for row in expected if row[-1]}
                assert answer["all"] == _numbers(expected)
                assert {k: n for k, n in answer["mine"].items() if n} == _numbers(own)
                assert week.count() == sum(_numbers(own).values())
                assert answer["rows"] == dict(Counter(row[0] for row in expected))
                mine, answer = _found(week, mine=True)
                assert mine == own
                listed = {k: n for k, n in answer["rows"].items() if n}
                assert listed == dict(Counter(row[0] for row in own))
                if who == "manager":
                    # Page by page it is the same, each thing on one of them.
                    pages = [_found(week, limit=3, offset=at)[0] for at in (0, 3, 6)]
                    assert set.union(*pages) == expected
                    assert sum(map(len, pages)) == len(expected)
                why = {
                    row["participant_id"]: tuple(row["reasons"])
                    for row in week.stalled(100)["results"]
                }
                assert why == rows.stalled(who)
        finally:
            model.Session.rollback()

    check()
    # All that may wait has waited, or this has tried nothing.
    assert {kind for _, kind in seen} == {*KINDS} - {"claim"}
    assert ("adviser", "proof") in seen
    assert "stranger" not in {who for who, _ in seen}
