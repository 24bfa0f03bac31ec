"""``ckan challenge remind``: who is told, once, of what."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from factories import BAULE, POINCONNET, call_as, collectivites, day, make_cohort
from helpers.mailbox import Mailbox
from helpers.snapshots import MadeOnce
from sqlalchemy import event

from ckanext.challenge import programmes
from ckanext.challenge.model import Cohort, JournalEntry, Mail, Participant, StepStatus
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.participants import reminders

COMMAND = ["challenge", "remind"]


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    """A season twenty days after its launch, with two participants.

    The first has an editor, an admin and somebody who only reads; the second nobody
    who could do anything.
    """
    return made_once(__name__, _season)


def _season() -> dict[str, Any]:
    collectivites()
    launch = day(-20)
    cohort = make_cohort(
        "running",
        application_deadline=(launch - dt.timedelta(days=1)).isoformat(),
        application_opens=(launch - dt.timedelta(days=30)).isoformat(),
        launch=launch.isoformat(),
    )
    admin = factories.Sysadmin()
    people = {
        role: factories.User(email=f"{role}@example.org")
        for role in ("editor", "admin", "member")
    }
    made = [
        call_as(
            admin,
            "challenge_participant_create",
            cohort=cohort["id"],
            organization=factories.Organization(
                name=f"commune-{siren}",
                title=f"Commune {siren}",
                siren=siren,
                users=[
                    {"name": people[role]["name"], "capacity": role} for role in people
                ]
                if siren == BAULE
                else [],
            )["id"],
        )["id"]
        for siren in (BAULE, POINCONNET)
    ]
    return {"cohort": cohort, "participants": made}


def _run(cli: Any, *options: str, status: int = 0) -> str:
    result = cli.invoke(ckan_command, [*COMMAND, *options])
    assert result.exit_code == status, result.output
    return result.output


def _mails() -> list[Mail]:
    model.Session.rollback()
    return model.Session.query(Mail).filter_by(kind="reminder").all()


def _participant(id_: str) -> Participant:
    model.Session.expire_all()
    found = Participant.get(id_)
    assert found is not None
    return found


def test_members_are_told_once_and_in_plain_words(
    season: dict[str, Any], cli: Any, mailbox: Mailbox
) -> None:
    first, second = season["participants"]
    dry = _run(cli, "--dry-run")
    assert "saison-2  Commune 214500241  late: elu-referent, contact-technique" in dry
    assert "To be reminded: 2. Nothing was sent." in dry
    assert _mails() == []
    told = _run(cli)
    assert "Participants reminded: 1; mails: 2" in told
    assert "Nobody to write to: Commune 213601594" in told
    assert _participant(first).reminded_at is not None
    # Whoever gets a member tomorrow is reminded tomorrow.
    assert _participant(second).reminded_at is None
    assert outbox.send_due().sent == 2
    (mail,) = mailbox.to("editor@example.org")
    assert len(mailbox.to("admin@example.org")) == 1
    assert mailbox.to("member@example.org") == []
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    programme = programmes.get("saison")
    for key in ("elu-referent", "contact-technique"):
        assert programme.steps_by_key[key].title.in_("fr") in text
    assert "/challenge/mine/saison-2/commune-214500241#step-" in text
    assert "retard" not in text
    (entry,) = model.Session.query(JournalEntry).filter_by(action="remind")
    assert entry.data["late"] == ["elu-referent", "contact-technique"]
    assert "Participants reminded: 1" not in _run(cli)
    assert len(_mails()) == 2


def test_what_is_due_later_is_named_where_more_days_are_asked_for(
    season: dict[str, Any], cli: Any
) -> None:
    model.Session.query(StepStatus).filter(
        StepStatus.step.in_(("elu-referent", "contact-technique"))
    ).update({"state": "done"})
    model.Session.commit()
    assert "To be reminded: 0" in _run(cli, "--dry-run")
    assert "Nobody is to be reminded today." in _run(cli)
    ahead = _run(cli, "--dry-run", "--days", "10", "--cohort", "saison-2")
    assert "soon: " in ahead
    assert "page-organisation" in ahead
    assert "There is no season" in _run(cli, "--cohort", "saison-9", status=1)


def _counted_from_now(value: Any) -> Any:
    """A moment, where a span is given; a day, where a number of them is."""
    if isinstance(value, dt.timedelta):
        return utcnow() + value
    return day(value) if isinstance(value, int) else value


@pytest.mark.parametrize(
    ("about", "changes", "reminded"),
    [
        ("participant", {"reminded_at": dt.timedelta(days=-13)}, False),
        ("participant", {"reminded_at": dt.timedelta(days=-14)}, True),
        ("participant", {"state": "withdrawn"}, False),
        ("participant", {"state": "completed"}, False),
        ("cohort", {"finalisation": -1}, False),
        ("cohort", {"finalisation": 0}, True),
        ("cohort", {"state": "finished"}, False),
        ("cohort", {"state": "archived"}, False),
        ("group", {"state": "deleted"}, False),
    ],
)
def test_whom_nobody_reminds(
    season: dict[str, Any],
    cli: Any,
    about: str,
    changes: dict[str, Any],
    reminded: bool,
) -> None:
    filled: dict[Any, Any] = {
        name: _counted_from_now(value) for name, value in changes.items()
    }
    table: Any = {"participant": Participant, "cohort": Cohort, "group": model.Group}
    model.Session.query(table[about]).update(filled)
    model.Session.commit()
    assert ("Participants reminded: 1" in _run(cli)) is reminded


def test_two_at_once_remind_once(season: dict[str, Any]) -> None:
    found = reminders.candidates(None, 7)
    assert [one.name for one in found] == ["Commune 213601594", "Commune 214500241"]
    model.Session.remove()
    together = threading.Barrier(4)
    done: list[reminders.Reminded] = []

    def run() -> None:
        together.wait()
        try:
            done.append(reminders.remind(found, 7))
        finally:
            model.Session.remove()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.mails for one in done) == [0, 0, 0, 2]
    assert [one.errors for one in done] == [[], [], [], []]
    assert len(_mails()) == 2


def test_one_that_fails_stops_no_other(
    season: dict[str, Any], cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = reminders.notifications.enqueue

    def fails(kind: Any, *, participant: Participant, **more: Any) -> int:
        if participant.id == season["participants"][1]:
            raise RuntimeError("The disk is full")
        return enqueue(kind, participant=participant, **more)

    monkeypatch.setattr(reminders.notifications, "enqueue", fails)
    told = _run(cli, status=1)
    assert "Participants reminded: 1; mails: 2" in told
    assert "Commune 213601594: RuntimeError" in told


def test_looking_costs_the_same_for_two_and_for_many(season: dict[str, Any]) -> None:
    statements: list[str] = []

    def count(*told: Any) -> None:
        statements.append(told[2])

    def cost() -> int:
        model.Session.commit()
        statements.clear()
        event.listen(model.meta.engine, "before_cursor_execute", count)
        reminders.candidates(None, 7)
        event.remove(model.meta.engine, "before_cursor_execute", count)
        return len(statements)

    before = cost()
    admin = factories.Sysadmin()
    for _ in range(6):
        call_as(
            admin,
            "challenge_participant_create",
            cohort=season["cohort"]["id"],
            organization=factories.Organization()["id"],
        )
    programmes.of(model.Session.query(Cohort).one())
    assert cost() == before
