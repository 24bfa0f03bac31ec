"""The outbox: every mail goes once, whatever fails meanwhile."""

from __future__ import annotations

import datetime as dt
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from ckan import model
from ckan.lib import jobs
from ckan.lib import redis as ckan_redis
from ckan.model import meta
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    make_staff,
    work_in_this_process,
)
from helpers.mailbox import Mailbox

from ckanext.challenge import notifications
from ckanext.challenge.common import jobs as background
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.model import Application, Mail
from ckanext.challenge.notifications import outbox
from portal import ports

Rows = Callable[[], list[Mail]]
SIRENS = (BAULE, POINCONNET, *LIGNIERES)


def _many(cohort: dict[str, Any], number: int) -> None:
    """Put this many mails about one application into the outbox."""
    application = Application.get(apply(cohort)["id"])
    for _ in range(number - 1):
        notifications.enqueue("receipt", application=application)
    model.Session.commit()


def test_a_mail_server_down_for_an_hour_delays_every_mail_and_loses_none(
    cohort: dict[str, Any],
    post_office: Any,
    rows: Rows,
    minutes_pass: Callable[[float], None],
) -> None:
    for siren in SIRENS:
        apply(cohort, siren)
    for minutes in (0, 1.1, 5.1, 15.1, 39):
        minutes_pass(minutes)
        outbox.send_due()
    assert {mail.state for mail in rows()} == {"waiting"}
    # After one, five and fifteen minutes; the next time would be an hour later.
    assert {mail.attempts for mail in rows()} == {4}
    assert all("refused" in (mail.last_error or "") for mail in rows())
    post_office.open()
    assert outbox.send_due().sent == 0
    minutes_pass(22)
    assert outbox.send_due().sent == len(SIRENS)
    minutes_pass(10_000)
    assert outbox.send_due() == outbox.Outcome()
    assert len(set(post_office.subjects)) == len(post_office.subjects) == len(SIRENS)
    assert {(mail.state, mail.last_error) for mail in rows()} == {("sent", None)}
    assert all(mail.sent_at for mail in rows())


def test_it_is_given_up_after_about_a_day(
    cohort: dict[str, Any],
    post_office: Any,
    rows: Rows,
    minutes_pass: Callable[[float], None],
) -> None:
    apply(cohort)
    waited = dt.timedelta()
    while (mail := rows()[0]).state == "waiting":
        before = mail.next_attempt_at
        outbox.send_due()
        wait = rows()[0].next_attempt_at - before
        waited += wait
        minutes_pass(wait.total_seconds() / 60 + 1)
    assert mail.state == "failed"
    assert dt.timedelta(hours=20) < waited < dt.timedelta(hours=28)
    post_office.open()
    minutes_pass(10_000)
    assert outbox.send_due() == outbox.Outcome()


def test_an_address_that_the_server_refuses_for_good_is_told_at_once(
    cohort: dict[str, Any], post_office: Any, rows: Rows
) -> None:
    async def handle_RCPT(*_: Any) -> str:
        return "550 5.1.1 no such mailbox"

    post_office.box.handle_RCPT = handle_RCPT
    post_office.open()
    apply(cohort)
    outbox.send_due()
    (mail,) = rows()
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert mail.last_error is not None
    assert "no such mailbox" in mail.last_error
    assert "mairie@example.org" not in mail.last_error


def test_what_is_rolled_back_is_not_mailed(
    cohort: dict[str, Any], post_office: Any, rows: Rows
) -> None:
    post_office.open()
    application_id = apply(cohort)["id"]
    notifications.enqueue("refused", application=Application.get(application_id))
    model.Session.rollback()
    outbox.send_due()
    assert [mail.kind for mail in rows()] == ["receipt"]
    with notifications.quiet():
        notifications.enqueue("refused", application=Application.get(application_id))
    model.Session.commit()
    assert [mail.kind for mail in rows()] == ["receipt"]


def test_many_workers_at_once_send_each_mail_once(
    cohort: dict[str, Any], app: Any, post_office: Any, rows: Rows
) -> None:
    post_office.open()
    _many(cohort, 24)
    sent: list[int] = []
    ready = threading.Barrier(4)

    def work() -> None:
        ready.wait(10)
        with app.flask_app.app_context():
            sent.append(outbox.send_due().sent)
        model.Session.remove()

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert sum(sent) == 24
    assert len(post_office.box.messages) == 24
    ids = {mail["Message-ID"] for mail in post_office.box.messages}
    assert ids == {f"<{mail.id}@test.ckan.net>" for mail in rows()}


class _Killer(Mailbox):
    """A mail server that keeps the mail, and kills who sent it before it answers."""

    victim = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = await super().handle_DATA(server, session, envelope)
        if self.victim:
            os.kill(self.victim, signal.SIGKILL)
        return answer


def test_a_worker_killed_before_it_could_commit_leaves_the_mail_to_the_next_one(
    cohort: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    rows: Rows,
) -> None:
    _many(cohort, 2)
    model.Session.remove()
    killer = _Killer()
    (port,) = ports.choose(1)
    monkeypatch.setitem(ckan_config, "smtp.server", f"{ports.HOST}:{port}")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    child = os.fork()
    if not child:
        # The parent's connections are not the child's.
        assert meta.engine is not None
        meta.engine.dispose(close=False)
        try:
            signal.sigwait({signal.SIGUSR1})
            outbox.send_due()
        finally:
            os._exit(1)
    killer.victim = child
    controller = Controller(killer, hostname=ports.HOST, port=port)
    controller.start()
    try:
        os.kill(child, signal.SIGUSR1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), "it was killed, and did not end by itself"
        killer.victim = 0
        assert {mail.state for mail in rows()} == {"waiting"}
        assert outbox.send_due().sent == 2
    finally:
        controller.stop()
    # At least once: the one that it died over came twice, with one and the same id.
    ids = [str(mail["Message-ID"]) for mail in killer.messages]
    assert len(ids) == 3
    assert len(set(ids)) == 2
    assert ids[0] == ids[1]


def test_a_mail_that_cannot_be_written_does_not_stop_the_others(
    cohort: dict[str, Any], post_office: Any, rows: Rows
) -> None:
    post_office.open()
    application = apply(cohort)
    old = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)
    for kind in ("of-a-newer-version", "claim"):
        model.Session.add(
            Mail(
                kind=kind,
                application_id=application["id"],
                cohort_id=cohort["id"],
                next_attempt_at=old,
                data={},
            )
        )
    model.Session.commit()
    outcome = outbox.send_due()
    assert (outcome.sent, outcome.failed) == (1, 2)
    assert len(post_office.box.messages) == 1
    found = {mail.kind: mail for mail in rows()}
    assert found["receipt"].state == "sent"
    assert "of-a-newer-version" in (found["of-a-newer-version"].last_error or "")
    assert "claim_id" in (found["claim"].last_error or "")


def test_an_error_that_postgresql_does_not_take_stops_nothing(
    cohort: dict[str, Any],
    post_office: Any,
    rows: Rows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post_office.open()
    first, _ = apply(cohort), apply(cohort, POINCONNET)
    really = outbox._render

    def render(mail: Mail) -> Any:
        if mail.application_id == first["id"]:
            raise ValueError("nul \x00, half \ud800")
        return really(mail)

    monkeypatch.setattr(outbox, "_render", render)
    outcome = outbox.send_due()
    assert (outcome.sent, outcome.failed) == (1, 1)
    (kept,) = [mail.last_error for mail in rows() if mail.last_error]
    assert "nul  , half  " in kept


def test_nothing_to_send_with_is_a_failure_that_shows(
    cohort: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    rows: Rows,
) -> None:
    monkeypatch.setitem(ckan_config, "smtp.server", "")
    apply(cohort)
    outbox.send_due()
    (mail,) = rows()
    assert mail.state == "waiting"
    assert "smtp.server is not set" in (mail.last_error or "")


def test_redis_down_delays_the_mail_until_the_command_runs(
    cohort: dict[str, Any],
    post_office: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    post_office.open()
    monkeypatch.setitem(ckan_config, "ckan.redis.url", "redis://127.0.0.1:9/0")
    monkeypatch.setattr(ckan_redis, "_connection_pool", None)
    monkeypatch.setattr(jobs, "_queues", {})
    # CKAN's logging turns off what was there before it.
    monkeypatch.setattr(background.log, "disabled", False)
    assert apply(cohort)["state"] == "submitted"
    assert "Redis cannot be reached" in caplog.text
    assert outbox.send_due().sent == 1
    assert len(post_office.subjects) == 1


def test_a_rush_makes_one_job(cohort: dict[str, Any], post_office: Any) -> None:
    """A worker takes longer to begin each than its mail takes to be sent."""
    post_office.open()
    for siren in SIRENS[:-1]:
        apply(cohort, siren)
    assert _sending() == 1
    work_in_this_process()
    assert len(post_office.subjects) == len(SIRENS) - 1
    # What comes after it has begun makes another one.
    apply(cohort, SIRENS[-1])
    assert _sending() == 1
    work_in_this_process()
    assert len(post_office.subjects) == len(SIRENS)


def _sending() -> int:
    """How many jobs wait that send mails."""
    return [job.func_name for job in jobs.get_queue().jobs].count(
        f"{outbox.__name__}.send_queued"
    )


def test_a_job_that_was_lost_keeps_no_mail_back_for_long(
    cohort: dict[str, Any], post_office: Any
) -> None:
    apply(cohort)
    queue = jobs.get_queue()
    (marker,) = queue.connection.keys("*:waits:*:send_queued")
    assert 0 < queue.connection.ttl(marker) <= 300


def test_a_long_queue_is_left_to_another_job(
    cohort: dict[str, Any], post_office: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    post_office.open()
    _many(cohort, 3)
    jobs.get_queue().empty()
    monkeypatch.setattr(outbox, "_JOB_SECONDS", 0)
    outbox.send_queued()
    assert len(jobs.get_queue()) == 1
    assert outbox.due() == 3
    assert post_office.subjects == []


INJECTED = "x\r\nBcc: voleur@example.org\r\n\r\nVoici."


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("challenge_application", "contact_name"),
        ("challenge_application", "organization_title"),
        ("challenge_application", "reference"),
        ("challenge_application", "state_reason"),
        ("challenge_application", "changes_kind"),
        ("challenge_cohort", "title"),
        ("challenge_cohort", "contact_email"),
    ],
)
def test_no_field_adds_a_header_or_a_recipient(
    cohort: dict[str, Any], post_office: Any, table: str, column: str
) -> None:
    """The forms refuse line breaks; here they are in the database all the same."""
    post_office.open()
    application = apply(cohort)
    model.Session.execute(
        sa.text(f"UPDATE {table} SET {column} = :value"), {"value": INJECTED}
    )
    for kind in ("changes_requested", "refused"):
        notifications.enqueue(kind, application=Application.get(application["id"]))
    model.Session.commit()
    assert outbox.send_due().sent == 3
    allowed = {
        *("content-type", "mime-version", "subject", "from", "to", "date"),
        *("x-mailer", "reply-to", "auto-submitted", "message-id"),
        *("x-peer", "x-mailfrom", "x-rcptto"),
    }
    for mail in post_office.box.messages:
        assert {name.lower() for name in mail.keys()} <= allowed  # noqa: SIM118
        assert str(mail["To"]).endswith("<mairie@example.org>") or (
            str(mail["To"]) == "mairie@example.org"
        )


def test_no_mail_shows_another_text_than_was_written(
    cohort: dict[str, Any], post_office: Any
) -> None:
    """Controls and overrides of direction leave in no part of a mail."""
    post_office.open()
    application = Application.get(apply(cohort)["id"])
    odd = "Mairie\u202e ed\x0b\x7f Baule\x85"
    for table, column in (
        ("challenge_application", "contact_name"),
        ("challenge_application", "organization_title"),
        ("challenge_application", "state_reason"),
        ("challenge_cohort", "title"),
    ):
        model.Session.execute(
            sa.text(f"UPDATE {table} SET {column} = :value"), {"value": odd}
        )
    assert application is not None
    application.email_confirmed_at = dt.datetime.now(dt.timezone.utc)
    notifications.enqueue("refused", application=application)
    model.Session.commit()
    assert outbox.send_due().sent == 2
    shown = ""
    for mail in post_office.box.messages:
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        for text in (str(mail["Subject"]), str(mail["To"]), *parts):
            assert cleaned(text.replace("\r\n", "\n")) == text.replace("\r\n", "\n")
            shown += text
    assert "Mairie ed" in shown


def test_an_address_with_a_line_break_goes_nowhere(
    cohort: dict[str, Any], post_office: Any, rows: Rows
) -> None:
    post_office.open()
    apply(cohort)
    model.Session.execute(
        sa.text("UPDATE challenge_application SET contact_email = :value"),
        {"value": "mairie@example.org\r\nBcc: voleur@example.org"},
    )
    model.Session.commit()
    outbox.send_due()
    assert post_office.box.messages == []
    assert [mail.state for mail in rows()] == ["failed"]


def test_staff_are_the_reviewer_or_all_managers_or_the_sysadmins(
    cohort: dict[str, Any], rows: Rows
) -> None:
    admin = factories.Sysadmin()
    application_id = apply(cohort)["id"]

    def asked() -> set[str | None]:
        model.Session.query(Mail).delete()
        notifications.enqueue(
            "message_staff", application=Application.get(application_id)
        )
        model.Session.commit()
        return {mail.user_id for mail in rows()}

    assert admin["id"] in asked()
    managers = [factories.User() for _ in range(2)]
    for user in managers:
        make_staff(cohort, "manager", user, by=admin)
    assert asked() == {user["id"] for user in managers}
    application = Application.get(application_id)
    assert application is not None
    application.reviewer_id = managers[1]["id"]
    model.Session.commit()
    assert asked() == {managers[1]["id"]}
    # Sysadmins may read, too.
    application.reviewer_id = admin["id"]
    model.Session.commit()
    assert asked() == {admin["id"]}


@pytest.mark.parametrize("how", ["dismissed", "an adviser only", "closed"])
def test_who_has_left_the_team_reads_no_more_mails(
    cohort: dict[str, Any], rows: Rows, how: str
) -> None:
    admin = factories.Sysadmin()
    managers = [factories.User() for _ in range(2)]
    made = [
        call_as(
            admin,
            "challenge_staff_create",
            cohort=cohort["id"],
            user=user["id"],
            role="manager",
        )
        for user in managers
    ]
    application = Application.get(apply(cohort)["id"])
    assert application is not None
    application.reviewer_id = managers[0]["id"]
    model.Session.commit()
    if how == "closed":
        call_as(admin, "user_delete", id=managers[0]["id"])
    else:
        call_as(admin, "challenge_staff_delete", id=made[0]["id"])
    if how == "an adviser only":
        make_staff(cohort, "adviser", managers[0], by=admin)
    model.Session.query(Mail).delete()
    notifications.enqueue("message_staff", application=Application.get(application.id))
    model.Session.commit()
    assert [mail.user_id for mail in rows()] == [managers[1]["id"]]


def test_whom_nobody_can_write_to_any_more_gets_nothing(
    cohort: dict[str, Any], post_office: Any, rows: Rows
) -> None:
    post_office.open()
    application = Application.get(apply(cohort)["id"])
    assert application is not None
    application.contact_email = None
    model.Session.commit()
    work_in_this_process()
    assert [mail.state for mail in rows()] == ["cancelled"]
    assert post_office.box.messages == []
