"""Personal data: erased on demand, announced and erased when their time is over."""

from __future__ import annotations

import datetime as dt
import io
import re
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command
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
    make_participant,
    only_message,
)
from helpers import kept
from helpers.browser import PERSONAL
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import journal
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Claim,
    Cohort,
    JournalEntry,
    LateCode,
    Mail,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.privacy import erasure

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

DAY = dt.timedelta(days=1)
#: All that persons write or that is written about them, each to be found again.
WRITTEN = {
    **PERSONAL,
    "answer": "Une reponse tenue secrete.",
    "message": "Un message tenu secret.",
    "reply": "Une suite tenue secrete.",
    "note": "Une note tenue secrete.",
    "reason": "Une raison tenue secrete.",
    "declined": "Un refus tenu secret.",
    "error": "550 camille.secret@example.org unknown",
    "file": "lettre-secrete.pdf",
}


@pytest.fixture
def cohort() -> dict[str, Any]:
    collectivites()
    question = {"key": "logiciel", "type": "text", "label": {"fr": "Logiciel ?"}}
    return make_cohort(questions=[question])


@pytest.fixture(autouse=True)
def store(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path / "challenge"


def _everything_stored() -> str:
    """Every row of every table of the extension, as one text."""
    model.Session.rollback()
    tables = model.Session.execute(
        sa.text("SELECT tablename FROM pg_tables WHERE tablename LIKE 'challenge\\_%'")
    ).scalars()
    return "\n".join(
        row
        for table in tables.all()
        for row in model.Session.execute(
            sa.text(f"SELECT to_jsonb(t)::text FROM {table} t")
        ).scalars()
    )


def _full(cohort: dict[str, Any], siren: str = BAULE) -> dict[str, Any]:
    """An application about which all has been said that can be."""
    admin = factories.Sysadmin()
    made = apply(
        cohort, siren, None, False, answers={"logiciel": WRITTEN["answer"]}, **PERSONAL
    )
    mine = {"id": made["id"], "key": made["key"]}
    upload = FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), WRITTEN["file"])
    call_as(
        None,
        "challenge_application_attachment_create",
        purpose="letter",
        upload=upload,
        **mine,
    )
    call_as(None, "challenge_application_submit", **mine)
    call_as(
        None,
        "challenge_application_message_create",
        text=WRITTEN["message"],
        **mine,
    )
    call_as(
        admin,
        "challenge_application_message_create",
        id=made["id"],
        text=WRITTEN["reply"],
    )
    call_as(
        admin, "challenge_application_note_create", id=made["id"], text=WRITTEN["note"]
    )
    call_as(
        admin,
        "challenge_application_review",
        id=made["id"],
        decision="request_changes",
        reason=WRITTEN["reason"],
    )
    call_as(None, "challenge_application_update", agents=4, **mine)
    call_as(None, "challenge_application_submit", **mine)
    call_as(
        admin,
        "challenge_application_review",
        id=made["id"],
        decision="refuse",
        reason=WRITTEN["reason"],
        pending=True,
    )
    group = factories.Organization()
    model.Session.add(
        Claim(
            application_id=made["id"],
            organization_id=group["id"],
            user_id=admin["id"],
            reason=WRITTEN["declined"],
        )
    )
    for mail in model.Session.query(Mail).filter_by(application_id=made["id"]):
        mail.last_error = WRITTEN["error"]
    model.Session.commit()
    return made


def _age(application_id: str, days: float) -> None:
    """As if all of it had happened that much earlier."""
    model.Session.rollback()
    columns = ("updated_at", "decided_at", "erasure_announced_at")
    changed = ", ".join(
        f"{name} = {name} - :days * interval '1 day'" for name in columns
    )
    model.Session.execute(
        sa.text(f"UPDATE challenge_application SET {changed} WHERE id = :id"),
        {"id": application_id, "days": days},
    )
    model.Session.commit()


def test_nothing_of_a_person_remains_anywhere(
    cohort: dict[str, Any], store: Path
) -> None:
    made = _full(cohort)
    before = _everything_stored()
    lacking = {name for name, value in WRITTEN.items() if value not in before}
    assert not lacking, "the test plants what it looks for"
    (file,) = model.Session.query(ApplicationFile)
    content = kept.path_of(file.id)
    assert content.is_file()

    done = call_as(factories.Sysadmin(), "challenge_application_erase", id=made["id"])
    assert done["erased_at"]
    after = _everything_stored()
    assert not {name for name, value in WRITTEN.items() if value in after}
    assert not content.exists()

    application = Application.get(made["id"])
    assert application is not None
    # What could still be decided is withdrawn; what is anonymous stays.
    assert application.state == "withdrawn"
    assert (application.siren, application.kind) == (BAULE, "commune")
    assert application.population == 1985
    assert application.submitted_at
    assert application.user_id is None
    assert {mail.state for mail in model.Session.query(Mail)} == {"cancelled"}
    actions = [row.action for row in model.Session.query(JournalEntry)]
    assert actions[-1] == "erase"
    # The link that was mailed opens nothing any more, and the way is free again.
    with pytest.raises(tk.NotAuthorized):
        call_as(None, "challenge_application_show", id=made["id"], key=made["key"])
    apply(cohort, BAULE)
    again = call_as(factories.Sysadmin(), "challenge_application_erase", id=made["id"])
    assert again["erased_at"] == done["erased_at"]


@pytest.mark.parametrize(
    ("decision", "may"),
    [(None, False), ("waitlist", False), ("accept", False), ("refuse", True)],
)
def test_an_applicant_erases_what_nobody_works_on(
    cohort: dict[str, Any], decision: str | None, may: bool
) -> None:
    made = apply(cohort)
    mine = {"id": made["id"], "key": made["key"]}
    if decision:
        call_as(
            factories.Sysadmin(),
            "challenge_application_review",
            id=made["id"],
            decision=decision,
            reason="Parce que.",
        )
    if may:
        erased = call_as(None, "challenge_application_erase", **mine)
        assert erased["state"] == "refused"
        return
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_application_erase", **mine)
    told = only_message(caught, "state")
    if decision != "accept":
        assert told.startswith(("Withdraw", "Retirez"))
        call_as(None, "challenge_application_withdraw", **mine)
        call_as(None, "challenge_application_erase", **mine)


def test_the_note_on_a_late_code_goes_with_the_last_who_used_it(
    cohort: dict[str, Any],
) -> None:
    admin = factories.Sysadmin()
    code = call_as(
        admin,
        "challenge_late_code_create",
        cohort=cohort["id"],
        max_uses=2,
        note="Pour Camille Secret",
    )
    call_as(
        admin,
        "challenge_cohort_patch",
        id=cohort["id"],
        application_opens=day(-20).isoformat(),
        application_deadline=day(-1).isoformat(),
    )
    made = [
        apply(cohort, siren, late_code=code["code"]) for siren in (BAULE, POINCONNET)
    ]
    for application, left in zip(made, ("Pour Camille Secret", None), strict=True):
        call_as(admin, "challenge_application_erase", id=application["id"])
        assert model.Session.query(LateCode).one().note == left


def test_a_participant_keeps_its_place_and_the_others_their_roles(
    cohort: dict[str, Any],
) -> None:
    participant = make_participant(cohort, BAULE, **PERSONAL)
    application_id = model.Session.query(Application).one().id
    admin, organization = factories.Sysadmin(), participant["organization_id"]
    call_as(
        admin,
        "challenge_member_invite",
        organization=organization,
        email="collegue@example.org",
    )
    call_as(admin, "challenge_application_erase", id=application_id)
    after = call_as(None, "challenge_participant_show", id=participant["id"])
    assert (after["state"], after["steps_total"]) == (
        "active",
        participant["steps_total"],
    )
    assert Application.get(application_id).state == "accepted"  # type: ignore[union-attr]
    people = call_as(admin, "member_list", id=organization)
    assert [row[2] for row in people] == ["Member"]


@pytest.mark.parametrize("known", ["nobody", "claimant", "member", "active"])
def test_an_invited_account_that_was_never_opened_goes_along(
    cohort: dict[str, Any], known: str
) -> None:
    admin, mayor = factories.Sysadmin(), factories.User()
    email = PERSONAL["contact_email"]
    if known == "active":
        factories.User(email=email)
    elif known == "member":
        # Somebody else invited the same address into another organization.
        waiting = factories.User(email=email, state="pending")
        factories.Organization(users=[{"name": waiting["name"], "capacity": "editor"}])
    elif known == "claimant":
        users = [{"name": mayor["name"], "capacity": "admin"}]
        factories.Organization(siren=BAULE, users=users)
    make_participant(cohort, BAULE, **PERSONAL)
    account = model.Session.query(model.User).filter_by(email=email)
    assert account.count() == 1
    application_id = model.Session.query(Application).one().id
    call_as(admin, "challenge_application_erase", id=application_id)
    assert account.count() == (known in {"member", "active"})
    assert journal.verify() == []


@pytest.mark.parametrize("opened", [True, False])
def test_when_the_time_is_over_only_accounts_never_opened_lose_their_role(
    cohort: dict[str, Any], opened: bool
) -> None:
    """The organization goes on with the people it has; a stranger to it does not."""
    user = factories.User() if opened else None
    participant = make_participant(cohort, BAULE, user=user, **PERSONAL)
    admin = factories.Sysadmin()
    for state in ("running", "finished", "archived"):
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to=state)
    later = utcnow() + 800 * DAY
    for _ in range(2):
        erasure.purge(erasure.candidates(later), later)
        later += 60 * DAY
    application = model.Session.query(Application).one()
    assert application.erased_at is not None
    people = call_as(
        admin, "member_list", id=participant["organization_id"], capacity="admin"
    )
    assert len(people) == opened


def test_a_draft_is_announced_then_erased_by_the_command(
    cohort: dict[str, Any], cli: Any, mailbox: Any
) -> None:
    def run(*options: str) -> str:
        result = cli.invoke(ckan_command, ["challenge", "purge", *options])
        assert result.exit_code == 0, result.output
        assert PERSONAL["contact_email"] not in result.output
        model.Session.remove()
        return result.output

    made = apply(cohort, BAULE, None, False, draft=True, **PERSONAL)
    other = apply(cohort, POINCONNET)
    assert "0 to announce, 0 to erase" in run("--dry-run")
    _age(made["id"], 90)
    dry = run("--dry-run")
    assert f"{made['reference']}  draft" in dry
    assert "1 to announce, 0 to erase" in dry
    assert model.Session.query(Mail).filter_by(kind="retention").count() == 0
    assert "1 announced, 0 erased" in run()
    assert "0 announced, 0 erased" in run()
    sent = cli.invoke(ckan_command, ["challenge", "mail", "send"])
    assert sent.exit_code == 0, sent.output
    warning = mailbox.to(PERSONAL["contact_email"])[-1]
    assert made["reference"] in warning["Subject"]
    assert re.search("erased|effacées", str(warning["Subject"]))
    _age(made["id"], 13)
    assert "0 to announce, 0 to erase" in run("--dry-run")
    _age(made["id"], 1.5)
    assert "1 to erase" in run("--dry-run")
    assert Application.get(made["id"]).contact_email  # type: ignore[union-attr]
    assert "0 announced, 1 erased" in run()
    gone, kept = Application.get(made["id"]), Application.get(other["id"])
    assert gone is not None
    assert kept is not None
    assert (gone.state, gone.contact_email) == ("withdrawn", None)
    assert kept.contact_email
    assert "0 announced, 0 erased" in run()


def test_a_draft_that_is_taken_up_again_is_kept(cohort: dict[str, Any]) -> None:
    made = apply(cohort, BAULE, submit=False, draft=True)
    _age(made["id"], 80)
    (found,) = erasure.candidates(utcnow())
    erasure.purge([found], utcnow())
    _age(made["id"], 20)
    (due,) = erasure.candidates(utcnow())
    assert due.due == "erase"
    # Between the look and the deed somebody goes on writing.
    call_as(
        None,
        "challenge_application_update",
        id=made["id"],
        key=made["key"],
        motivation="Nous reprenons.",
    )
    done = erasure.purge([due], utcnow())
    assert (done.announced, done.erased) == (0, 0)
    assert erasure.candidates(utcnow()) == []
    later = utcnow() + 80 * DAY
    assert [one.due for one in erasure.candidates(later)] == ["announce"]


def test_accepted_ones_are_kept_until_a_year_after_the_archive(
    cohort: dict[str, Any],
) -> None:
    make_participant(cohort, BAULE)
    apply(cohort, POINCONNET)
    admin = factories.Sysadmin()
    assert erasure.candidates(utcnow() + 4000 * DAY) == []
    for state in ("running", "finished"):
        call_as(admin, "challenge_cohort_transition", id="saison-2", to=state)
    # What was never decided counts from the end of the season.
    states = {one.state for one in erasure.candidates(utcnow() + 370 * DAY)}
    assert states == {"submitted"}
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="archived")
    model.Session.execute(
        sa.update(Cohort.__table__).values(finished_at=utcnow() - 100 * DAY)
    )
    model.Session.commit()
    now = utcnow()
    assert {one.state for one in erasure.candidates(now + 300 * DAY)} == {"submitted"}
    assert {one.state for one in erasure.candidates(now + 355 * DAY)} == {
        "submitted",
        "accepted",
    }
    # Its state is kept: it was not withdrawn, it was never answered.
    later = now + 400 * DAY
    erasure.purge(erasure.candidates(later), later)
    later += 20 * DAY
    # What an organization that was asked to take part said goes, too.
    asked = Claim(
        cohort_id=cohort["id"],
        organization_id=factories.Organization()["id"],
        state="declined",
        reason="Camille est en congé.",
    )
    model.Session.add(asked)
    model.Session.commit()
    done = erasure.purge(erasure.candidates(later), later)
    assert (done.erased, done.errors) == (2, [])
    model.Session.refresh(asked)
    assert (asked.state, asked.reason) == ("declined", None)
    assert {row.state for row in model.Session.query(Application)} == {
        "submitted",
        "accepted",
    }


def test_one_that_fails_stops_no_other_and_is_told(
    cohort: dict[str, Any], cli: Any, store: Path
) -> None:
    made = [
        apply(cohort, siren, None, False, draft=True, **PERSONAL)
        for siren in (BAULE, *LIGNIERES)
    ]
    broken = ApplicationFile(
        application_id=made[0]["id"],
        purpose="letter",
        name="a.pdf",
        media_type="application/pdf",
        size=1,
        digest="0" * 64,
    )
    model.Session.add(broken)
    model.Session.commit()
    # What cannot be removed: a folder in the place of the file.
    kept.path_of(broken.id).mkdir(parents=True)
    for application in made:
        _age(application["id"], 100)
    assert erasure.purge(erasure.candidates(utcnow()), utcnow()).announced == 3
    for application in made:
        _age(application["id"], 15)
    result = cli.invoke(ckan_command, ["challenge", "purge"])
    assert result.exit_code == 1
    assert made[0]["reference"] in result.output
    assert "2 erased" in result.output
    assert PERSONAL["contact_email"] not in _everything_stored()


def test_files_whose_rows_are_gone_are_removed(
    cohort: dict[str, Any], store: Path
) -> None:
    made = _full(cohort)
    (file,) = model.Session.query(ApplicationFile).filter_by(application_id=made["id"])
    # The first file may have come into this very folder.
    stray = store / "ab" / "abandoned"
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_bytes(b"%PDF")
    assert erasure.remove_orphans(utcnow()) == 0, "it may be of an upload under way"
    assert erasure.remove_orphans(utcnow() + 2 * DAY) == 1
    assert not stray.exists()
    assert kept.path_of(file.id).exists()


@pytest.mark.parametrize("words", [["purge", "--dry"], ["purge", "now"], ["purg"]])
def test_what_is_asked_wrongly(cli: Any, words: list[str]) -> None:
    result = cli.invoke(ckan_command, ["challenge", *words])
    assert result.exit_code == 2
    assert "Error" in result.output
