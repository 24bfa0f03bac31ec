"""What persons write stays with those whom it is for.

A whole life of applications is gone through with values that cannot be mistaken, with
mails that fail on the way; then everything that the public can ask, the search index,
the journal, the activities and the log are searched for them.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.lib.search.common import make_connection
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    day,
    make_cohort,
    work_in_this_process,
)
from helpers.browser import PASSWORD, PERSONAL, Browser
from helpers.mailbox import Mailbox
from werkzeug.datastructures import FileStorage

from ckanext.challenge.model import (
    ApplicationFile,
    Claim,
    Mail,
    Participant,
    Subscription,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.plugin import all_actions

SECRETS = {
    **PERSONAL,
    "answer": "Une reponse tenue secrete.",
    "message": "Un message tenu secret.",
    "reply": "Une suite tenue secrete.",
    "note": "Une note tenue secrete.",
    "conflict": "Un conflit tenu secret.",
    "reason": "Une raison tenue secrete.",
    "pending": "Un projet de refus tenu secret.",
    "declined": "Un refus de la mairie tenu secret.",
    "invited": "nouvelle.secret@example.org",
    "file": "lettre-secrete",
    "late code": "CODE-TENU-SECRET",
    "opinion": "Un avis tenu secret.",
    "visit": "Une visite tenue secrete.",
    "visit's notes": "Un compte rendu tenu secret.",
    "word": "Un mot au conseiller tenu secret.",
    "answer of the team": "Une reponse du conseiller tenue secrete.",
    "step's note": "Une precision tenue secrete.",
    "sent back": "Un manque tenu secret.",
    "proof": "https://www.example.org/preuve-secrete",
    "waived": "Une dispense tenue secrete.",
    "extended": "Un delai tenu secret.",
    "subscriber": "abonnee.secrete@example.org",
    "asked to subscribe": "curieux.secret@example.org",
}

#: What CKAN itself tells everybody.
CORE = (
    "package_search",
    "organization_list",
    "organization_show",
    "user_list",
    "user_autocomplete",
    "user_show",
    "member_list",
    "organization_activity_list",
    "recently_changed_packages_activity_list",
)


def _upload() -> FileStorage:
    return FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), f"{SECRETS['file']}.pdf")


@pytest.fixture
def log() -> Iterator[list[logging.LogRecord]]:
    """Every line that this process logs as a portal does, tracebacks included."""
    records: list[logging.LogRecord] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    keeper = Keeper()
    # CKAN's logging turns off the loggers that were there before it was set up.
    loggers = [
        logger
        for logger in logging.root.manager.loggerDict.values()
        if isinstance(logger, logging.Logger)
        and logger.name.split(".")[0] in ("ckan", "ckanext", "rq", "flask_app")
    ]
    before = [(logger, logger.disabled, logger.level) for logger in loggers]
    for logger in loggers:
        logger.disabled = False
        logger.setLevel(
            logging.DEBUG if logger.name.startswith("ckanext") else logging.INFO
        )
    parents = [logging.getLogger(), logging.getLogger("ckan")]
    for parent in parents:
        parent.addHandler(keeper)
    yield records
    for parent in parents:
        parent.removeHandler(keeper)
    for logger, disabled, level in before:
        logger.disabled = disabled
        logger.setLevel(level)


def _send_all() -> outbox.Outcome:
    """All mails of the past once more, whether they were sent or not."""
    model.Session.execute(
        sa.text(
            "UPDATE challenge_mail SET attempts = 0, state = 'waiting',"
            " next_attempt_at = now() - interval '1 day'"
        )
    )
    model.Session.commit()
    return outbox.send_due()


class _Cohort:
    """A season, its manager, and applications that all is said about."""

    def __init__(self) -> None:
        admin = factories.Sysadmin()
        self.manager = factories.User()
        question = {"key": "logiciel", "type": "text", "label": {"fr": "Logiciel ?"}}
        self.cohort = make_cohort("open", questions=[question])
        for action, more in (
            ("challenge_staff_create", {"user": self.manager["id"], "role": "manager"}),
            (
                "challenge_late_code_create",
                {"code": SECRETS["late code"], "note": SECRETS["note"]},
            ),
        ):
            call_as(admin, action, cohort=self.cohort["id"], **more)

    def apply(self, siren: str) -> dict[str, Any]:
        """An application with a letter, a conversation and a note."""
        made = apply(
            self.cohort,
            siren,
            None,
            False,
            answers={"logiciel": SECRETS["answer"]},
            **PERSONAL,
        )
        mine = {"id": made["id"], "key": made["key"]}
        call_as(
            None,
            "challenge_application_attachment_create",
            purpose="letter",
            upload=_upload(),
            **mine,
        )
        call_as(None, "challenge_application_submit", **mine)
        call_as(
            None,
            "challenge_application_message_create",
            text=SECRETS["message"],
            upload=_upload(),
            **mine,
        )
        for action, text in (("message", "reply"), ("note", "note")):
            call_as(
                self.manager,
                f"challenge_application_{action}_create",
                id=made["id"],
                text=SECRETS[text],
            )
        call_as(
            factories.Sysadmin(),
            "challenge_score_create",
            id=made["id"],
            conflict=True,
            comment=SECRETS["conflict"],
        )
        return mine

    def accompany(self, participant: str) -> str:
        """Visit a participant, speak with it, send back what it sent.

        :returns: the id of the visit
        """
        member = factories.User()
        call_as(
            factories.Sysadmin(),
            "member_create",
            id=Participant.get(participant).organization_id,  # type: ignore[union-attr]
            object=member["id"],
            object_type="user",
            capacity="editor",
        )
        visit = call_as(
            self.manager,
            "challenge_visit_create",
            participant=participant,
            date="2026-03-02",
            days=1,
            topic=SECRETS["visit"],
            notes=SECRETS["visit's notes"],
        )
        for who, text in ((member, "word"), (self.manager, "answer of the team")):
            call_as(
                who,
                "challenge_participant_message_create",
                participant=participant,
                text=SECRETS[text],
            )
        asked = {"participant": participant, "step": "deliberation"}
        call_as(
            member,
            "challenge_step_update",
            state="to_confirm",
            note=SECRETS["step's note"],
            evidence_file=_upload(),
            evidence_url=SECRETS["proof"],
            **asked,
        )
        call_as(
            self.manager,
            "challenge_step_confirm",
            confirmed=False,
            note=SECRETS["sent back"],
            **asked,
        )
        call_as(
            self.manager,
            "challenge_step_waive",
            participant=participant,
            step="trois-kits",
            reason=SECRETS["waived"],
        )
        call_as(
            self.manager,
            "challenge_extension_create",
            participants=[participant],
            step="choix-licence",
            due=day(110).isoformat(),
            reason=SECRETS["extended"],
        )
        call_as(
            member,
            "challenge_feedback_update",
            participant=participant,
            answers={
                "utile": "non",
                "continuer": "false",
                "autrement": SECRETS["opinion"],
            },
        )
        return visit["id"]

    def review(self, mine: dict[str, Any], decision: str, **more: Any) -> Any:
        asked = {"reason": SECRETS["reason"], **more}
        done = call_as(
            self.manager,
            "challenge_application_review",
            id=mine["id"],
            decision=decision,
            **asked,
        )
        work_in_this_process()
        return done


def _subscribe(cohort: str, organization: str) -> None:
    """Two who want to be told of badges; one of them confirms, and is told."""
    for who in ("subscriber", "asked to subscribe"):
        for about in ({"cohort": cohort}, {"organization": organization}):
            call_as(None, "challenge_subscription_create", email=SECRETS[who], **about)
    model.Session.query(Subscription).filter_by(email=SECRETS["subscriber"]).update(
        {"confirmed_at": utcnow()}
    )
    model.Session.commit()
    call_as(
        factories.Sysadmin(),
        "challenge_award_create",
        badge="challenge-releve",
        organization=model.Session.query(Participant.organization_id).limit(1).scalar(),
        cohort=cohort,
        reason="Pour la démonstration.",
    )
    assert model.Session.query(Mail).filter_by(kind="subscription_news").count()


@pytest.fixture
def life(  # noqa: PLR0917 (fixtures)
    app: Any,
    clean_db: None,
    clean_index: None,
    mailbox: Mailbox,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    log: list[logging.LogRecord],
) -> dict[str, str]:
    """Ids of what there is once applications went through all that can happen."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    collectivites()
    season = _Cohort()
    # Corrected, accepted, and not let in by the organization that exists.
    mayor = factories.User()
    town = factories.Organization(
        name="mairie", siren=BAULE, users=[{"name": mayor["name"], "capacity": "admin"}]
    )
    first = season.apply(BAULE)
    season.review(first, "request_changes", kind="incomplete", fields=["motivation"])
    call_as(None, "challenge_application_update", agents=4, **first)
    call_as(None, "challenge_application_submit", **first)
    season.review(first, "accept")
    claim_id = model.Session.query(Claim).one().id
    call_as(
        mayor,
        "challenge_claim_answer",
        id=claim_id,
        accepted=False,
        reason=SECRETS["declined"],
    )
    call_as(
        mayor,
        "challenge_member_invite",
        organization="mairie",
        email=SECRETS["invited"],
    )
    # Accepted, with an organization and an account that are new.
    accepted = season.review(season.apply(POINCONNET), "accept")
    visit_id = season.accompany(accepted["participant_id"])
    # On the waiting list, then withdrawn.
    third = season.apply(LIGNIERES[0])
    season.review(third, "waitlist")
    call_as(None, "challenge_application_withdraw", **third)
    # Refused, taken up again, and refused by a decision that is pending.
    fourth = season.apply(LIGNIERES[1])
    season.review(fourth, "refuse")
    season.review(fourth, "reopen")
    season.review(fourth, "refuse", reason=SECRETS["pending"], pending=True)

    _subscribe(season.cohort["name"], town["id"])

    async def refuse(*what: Any) -> str:
        told = f"{PERSONAL['contact_email']} and {SECRETS['subscriber']}"
        return f"550 {told} are unknown here"

    mailbox.handle_RCPT = refuse  # type: ignore[attr-defined]
    assert _send_all().failed > 10
    with monkeypatch.context() as down:
        down.setitem(ckan_config, "smtp.server", "127.0.0.1:9")
        assert _send_all().failed > 10
    dataset = factories.Dataset(owner_org=town["id"])
    return {
        "cohort": season.cohort["name"],
        "organization": accepted["organization_name"],
        "participant": accepted["participant_id"],
        "visit": visit_id,
        "step": "deliberation",
        "application": fourth["id"],
        "claim": claim_id,
        "file": model.Session.query(ApplicationFile.id).limit(1).scalar(),
        "dataset": dataset["name"],
        "user": mayor["name"],
    }


def _found(text: str) -> set[str]:
    return {name for name, value in SECRETS.items() if value in text}


def _id_for(name: str, life: dict[str, str]) -> str:
    """The thing that a page or an action of this name is about."""
    for word in (
        "visit",
        "claim",
        "attachment",
        "application",
        "mail",
        "waitlist",
        "decision",
    ):
        if word in name:
            return life.get({"attachment": "file"}.get(word, word), life["application"])
    return life["organization"]


def _pages(app: Any, life: dict[str, str]) -> Iterator[str]:
    """The address of every page of the extension, and of CKAN's own around it."""
    with app.flask_app.test_request_context():
        rules = list(app.flask_app.url_map.iter_rules())
    for rule in rules:
        if not rule.endpoint.startswith("challenge") or "GET" not in rule.methods:
            continue
        values = {
            **dict.fromkeys(rule.arguments, "none"),
            **life,
            "badge": "engagee",
            "kit": "deliberations",
            "format": "csv",
            "file_id": life["file"],
            "id": _id_for(rule.rule, life),
        }
        yield re.sub(
            r"<(?:[^<>]+:)?([^<>:]+)>",
            lambda found, values=values: values[found[1]],
            rule.rule,
        )
    yield from (
        "/",
        "/organization/",
        "/user/",
        f"/organization/{life['organization']}",
        "/organization/mairie",
        f"/organization/activity/{life['organization']}",
        f"/organization/members/{life['organization']}",
        f"/organization/about/{life['organization']}",
        f"/user/{life['organization']}",
        f"/dataset/{life['dataset']}",
        "/dataset/?q=secret",
    )


def _calls(life: dict[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every action, asked about what concerns it."""
    for action in (*CORE, *all_actions()):
        yield (
            action,
            {
                "id": _id_for(action, life),
                "cohort": life["cohort"],
                "organization": life["organization"],
                "application": life["application"],
                "participant": life["participant"],
                "siren": BAULE,
                "q": "secret",
                "badge": "engagee",
                "email": True,
                "all_fields": True,
                "include_extras": True,
                "include_users": True,
            },
        )


def test_what_is_secret_is_told_to_nobody(
    life: dict[str, str], app: Any, log: list[logging.LogRecord]
) -> None:
    answers: dict[str, str] = {}
    readers = {
        "anonymous": Browser(app),
        "stranger": Browser(app).sign_in(factories.User(password=PASSWORD)),
    }
    for who, reader in readers.items():
        for path in _pages(app, life):
            page = reader.get(path)
            assert page.status_code < 500, path
            # A picture is no text, but one can stand in it.
            answers[f"{who} {path}"] = page.get_data().decode(errors="replace")
        for action, data in _calls(life):
            answer = reader.client.post(f"/api/3/action/{action}", json=data)
            assert answer.status_code < 500, (action, data)
            # Without the escapes of JSON.
            text = json.dumps(answer.get_json(silent=True), ensure_ascii=False)
            answers[f"{who} {action}"] = text
    found = make_connection().search("*:*", rows=1000)
    answers["the index"] = json.dumps(found.docs, ensure_ascii=False, default=str)
    for table in ("challenge_journal", "activity", "challenge_participant"):
        rows = model.Session.execute(
            sa.text(f"SELECT to_jsonb(t)::text FROM {table} t")
        )
        answers[f"the table {table}"] = "\n".join(rows.scalars())
    assert len(answers) > 200
    assert len(found.docs) >= 1

    told = {where: found for where, text in answers.items() if (found := _found(text))}
    assert told == {}

    formatter = logging.Formatter("%(name)s %(message)s")
    lines = [formatter.format(record) for record in log]
    assert any("failed for the" in line for line in lines), "the log was listened to"
    assert [line for line in lines if _found(line)] == []
