"""Acceptance: an organization, its admin, its checklist, all or nothing."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    only_message,
    prove,
    season_and_directory,
)
from helpers import kept
from helpers.snapshots import MadeOnce
from sqlalchemy import event

from ckanext.challenge import programmes
from ckanext.challenge.common import journal
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    JournalEntry,
    Participant,
    StepStatus,
)

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


@pytest.fixture
def logo(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[dict[str, Any]], ApplicationFile]:
    """Attach an image to an application."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))

    def attach(application: dict[str, Any]) -> ApplicationFile:
        row = ApplicationFile(
            application_id=application["id"],
            purpose="logo",
            name="logo-de-camille.png",
            media_type="image/png",
            size=len(PNG),
            digest=hashlib.sha256(PNG).hexdigest(),
        )
        model.Session.add(row)
        model.Session.commit()
        path = kept.path_of(row.id)
        path.parent.mkdir(parents=True)
        path.write_bytes(PNG)
        return row

    return attach


def _accept(who: dict[str, Any], application: dict[str, Any]) -> Any:
    return call_as(
        who,
        "challenge_application_review",
        id=application["id"],
        decision="accept",
    )


def _counts() -> dict[str, int]:
    tables = {
        "organizations": 'SELECT count(*) FROM "group"',
        "members": "SELECT count(*) FROM member",
        "users": 'SELECT count(*) FROM "user"',
        "participants": "SELECT count(*) FROM challenge_participant",
        "steps": "SELECT count(*) FROM challenge_step_status",
        "journal": "SELECT count(*) FROM challenge_journal",
        "claims": "SELECT count(*) FROM challenge_claim",
        "mails": "SELECT count(*) FROM challenge_mail",
        "activity": "SELECT count(*) FROM activity",
    }
    found = {
        name: model.Session.execute(sa.text(query)).scalar()
        for name, query in tables.items()
    }
    model.Session.rollback()
    return found  # type: ignore[return-value]


def test_an_organization_with_its_fields_admin_and_checklist(
    cohort: dict[str, Any], admin: dict[str, Any], mailbox: Any, app: Any
) -> None:
    application = apply(cohort)
    done = _accept(admin, application)
    assert done["state"] == "accepted"
    organization = call_as(
        None, "organization_show", id=done["organization_id"], include_users=True
    )
    assert organization["name"] == "baule"
    assert organization["title"] == "Baule"
    assert organization["siren"] == BAULE
    assert organization["insee_code"] == "45024"
    assert organization["departement"] == "45"
    assert organization["population"] == "1985"
    member = (
        model.Session.query(model.Member)
        .filter_by(group_id=organization["id"], table_name="user", state="active")
        .one()
    )
    assert member.capacity == "admin"
    user = model.User.get(member.table_id)
    assert user is not None
    assert user.state == "pending"
    assert user.email == application["contact_email"]
    # User names are public, a contact's name is not.
    assert "secr" not in f"{user.name} {user.fullname}".lower()
    statuses = model.Session.query(StepStatus).filter_by(
        participant_id=done["participant_id"]
    )
    expected = {step.key for step in programmes.get("saison").steps}
    assert {status.step for status in statuses} == expected
    actions = [
        (row.object_type, row.action)
        for row in model.Session.query(JournalEntry).order_by(JournalEntry.id)
    ]
    assert ("participant", "join") in actions
    assert journal.verify() == []


def test_accepting_again_changes_nothing(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    application = apply(cohort)
    first = _accept(admin, application)
    before = _counts()
    assert _accept(admin, application)["participant_id"] == first["participant_id"]
    assert _counts() == before


def test_homonyms_get_different_addresses(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    names = []
    for siren in LIGNIERES:
        done = _accept(admin, apply(cohort, siren))
        names.append(done["organization_name"])
    assert names[0] == "lignieres"
    assert names[1] == "lignieres-41116"


def test_an_organization_with_this_siren_is_taken(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    existing = factories.Organization(siren=BAULE, title="Ville de Baule")
    application = apply(cohort)
    shown = call_as(admin, "challenge_application_show", id=application["id"])
    assert "Ville de Baule" in shown["warnings"][0]
    done = _accept(admin, application)
    assert done["organization_id"] == existing["id"]


def test_an_existing_account_is_attached(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    by_mail = factories.User(email="Mairie-Baule@example.org")
    prove(by_mail)
    done = _accept(admin, apply(cohort, contact_email="mairie-baule@example.org"))
    members = call_as(
        admin, "member_list", id=done["organization_id"], object_type="user"
    )
    assert [row[0] for row in members] == [by_mail["id"]]
    logged_in = factories.User()
    done = _accept(admin, apply(cohort, POINCONNET, user=logged_in))
    members = call_as(
        admin, "member_list", id=done["organization_id"], object_type="user"
    )
    assert [row[0] for row in members] == [logged_in["id"]]


def test_capacity_is_never_exceeded(admin: dict[str, Any]) -> None:
    collectivites()
    cohort = make_cohort(capacity=1)
    first, second = apply(cohort), apply(cohort, POINCONNET)
    _accept(admin, first)
    before = _counts()
    with pytest.raises(tk.ValidationError) as caught:
        _accept(admin, second)
    assert "1" in only_message(caught, "decision")
    assert _counts() == before
    waiting = call_as(
        admin,
        "challenge_application_review",
        id=second["id"],
        decision="waitlist",
    )
    assert waiting["waitlist_rank"] == 1


@pytest.mark.parametrize("known", [False, True])
def test_managers_who_accept_at_once_fill_the_last_place_once(
    admin: dict[str, Any], app: Any, known: bool
) -> None:
    """Also where nothing has to be made, so that nobody waits for a free name."""
    collectivites()
    cohort = make_cohort(capacity=1)
    files = []
    for siren in (BAULE, POINCONNET, *LIGNIERES):
        if known:
            factories.Organization(siren=siren)
        files.append(apply(cohort, siren, user=factories.User() if known else None))
    outcomes: list[str] = []
    start = threading.Barrier(len(files))

    def decide(application: dict[str, Any]) -> None:
        with app.flask_app.test_request_context():
            start.wait(timeout=20)
            try:
                _accept(admin, application)
                outcomes.append("accepted")
            except tk.ValidationError as error:
                outcomes.append(next(iter(error.error_dict)))
            finally:
                model.Session.remove()

    threads = [threading.Thread(target=decide, args=[file]) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(outcomes) == ["accepted", "decision", "decision", "decision"]
    assert model.Session.query(Participant).count() == 1
    assert model.Session.query(Application).filter_by(state="accepted").count() == 1
    assert journal.verify() == []


class _Killed(BaseException):
    """What stands for the end of the process: no handler may swallow it."""


@contextmanager
def _dying_before(step: int) -> Iterator[list[str]]:
    """The process ends before the given statement, or commit, that it would send."""
    seen: list[str] = []

    def count(what: str) -> None:
        seen.append(what)
        if len(seen) == step:
            raise _Killed

    def statement(connection: Any, cursor: Any, text: str, *rest: Any) -> None:
        count(text)

    def commit(connection: Any) -> None:
        count("COMMIT")

    engine = model.meta.engine
    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", commit)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", statement)
        event.remove(engine, "commit", commit)
        model.Session.rollback()
        model.Session.remove()


@pytest.mark.parametrize("claimed", [False, True])
def test_a_death_at_any_statement_leaves_nothing_behind(
    cohort: dict[str, Any], admin: dict[str, Any], logo: Any, claimed: bool
) -> None:
    """The acceptance dies before each of its statements and its commit in turn."""
    if claimed:
        factories.Organization(
            siren=BAULE,
            title="Ville de Baule",
            users=[{"name": factories.User()["name"], "capacity": "admin"}],
        )
    application = apply(cohort)
    logo(application)
    before = _counts()
    died = step = 0
    seen: list[str] = []
    while True:
        step += 1
        assert step < 500
        try:
            with _dying_before(step) as seen:
                _accept(admin, application)
        except _Killed:
            died += 1
        state = model.Session.query(Application.state).filter_by(id=application["id"])
        if state.scalar() == "accepted":
            # It got through; what dies after this comes too late to undo anything.
            break
        assert _counts() == before, f"half made before step {step}: {seen[-1]}"
    assert died > 20
    assert "COMMIT" in seen
    made = {name: count - before[name] for name, count in _counts().items()}
    assert made["participants"] == 1
    assert made["organizations"] == (0 if claimed else 1)
    assert made["users"] == 1
    assert made["claims"] == (1 if claimed else 0)
    # The welcome; and what its admin is asked.
    assert made["mails"] == (2 if claimed else 1)
    assert made["members"] == (0 if claimed else 1)
    assert _accept(admin, application)["state"] == "accepted"
    assert {n: c - before[n] for n, c in _counts().items()} == made
    assert journal.verify() == []


def test_a_logo_becomes_the_image_of_a_new_organization(
    cohort: dict[str, Any], admin: dict[str, Any], logo: Any, tmp_path: Path
) -> None:
    application = apply(cohort)
    logo(application)
    done = _accept(admin, application)
    organization = call_as(None, "organization_show", id=done["organization_id"])
    name = organization["image_display_url"].rsplit("/", 1)[1]
    assert name.endswith("logo.png")
    # Its address is public.
    assert "camille" not in name
    image = tmp_path / "storage" / "uploads" / "group" / name
    assert image.read_bytes() == PNG


def test_a_logo_that_ckan_does_not_take_stops_nobody(
    cohort: dict[str, Any], admin: dict[str, Any], logo: Any
) -> None:
    application = apply(cohort)
    row = logo(application)
    kept.path_of(row.id).write_bytes(b"<script>")
    done = _accept(admin, application)
    assert done["state"] == "accepted"
    organization = call_as(None, "organization_show", id=done["organization_id"])
    assert not organization["image_display_url"]


def test_what_the_application_said_is_not_asked_again(
    cohort: dict[str, Any],
    admin: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    application = apply(cohort, BAULE, elected_sponsor="Une adjointe, au numérique")
    content = b"%PDF-1.7 la lettre"
    file = ApplicationFile(
        application_id=application["id"],
        purpose="letter",
        name="lettre.pdf",
        media_type="application/pdf",
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
    )
    model.Session.add(file)
    model.Session.commit()
    path = kept.path_of(file.id)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    accepted = call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )
    progress = call_as(
        admin,
        "challenge_progress_show",
        organization=accepted["organization_id"],
        cohort=cohort["id"],
    )
    steps = {step["step"]: step for step in progress["steps"]}
    assert steps["elu-referent"]["state"] == "done"
    assert steps["elu-referent"]["note"] == "Une adjointe, au numérique"
    assert steps["contact-technique"]["note"] == "Secrétariat de mairie, secrétaire"
    assert steps["deliberation"]["state"] == "to_confirm"
    evidence = steps["deliberation"]["evidence_file"]
    assert evidence["name"] == "lettre.pdf"
    assert kept.path_of(evidence["id"]).read_bytes() == content
    assert progress["steps_done"] >= 2
    # What the contact said goes with the application, the rest goes on.
    call_as(admin, "challenge_application_erase", id=application["id"])
    notes = model.Session.query(StepStatus.note).filter(StepStatus.note.isnot(None))
    assert notes.all() == []
    assert kept.path_of(evidence["id"]).exists()
    assert journal.verify() == []
