"""An acceptance is undone: what it made is gone, and nothing that others made."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
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
    make_cohort,
    prove,
    season_and_directory,
)
from helpers import kept
from helpers.concurrency import at_once
from helpers.snapshots import MadeOnce
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import journal
from ckanext.challenge.model import (
    Application,
    Award,
    Claim,
    Credential,
    Evidence,
    GivenRole,
    JournalEntry,
    Mail,
    Participant,
    StepStatus,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

UNDO = "challenge_application_acceptance_undo"
PREVIEW = "challenge_application_acceptance_undo_preview"


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


def _accept(admin: dict[str, Any], application: dict[str, Any]) -> Any:
    return call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )


def _undo(who: dict[str, Any], application: dict[str, Any], **more: Any) -> Any:
    return call_as(who, UNDO, id=application["id"], **more)


def _refused(who: dict[str, Any], application: dict[str, Any]) -> list[str]:
    """What hinders it: the page and the action say the same."""
    told = call_as(who, PREVIEW, id=application["id"])["hindrances"]
    with pytest.raises(tk.ValidationError) as caught:
        _undo(who, application)
    model.Session.rollback()
    assert [one["text"] for one in told] == caught.value.error_dict["state"]
    return [one["name"] for one in told]


def _count(table: Any, **which: Any) -> int:
    model.Session.expire_all()
    return model.Session.query(table).filter_by(**which).count()


def _waiting(kind: str) -> int:
    return _count(Mail, kind=kind, state="waiting")


def _town(admins: list[dict[str, Any]], siren: str = BAULE) -> dict[str, Any]:
    users = [{"name": user["name"], "capacity": "admin"} for user in admins]
    return factories.Organization(siren=siren, users=users)


def test_all_that_an_acceptance_made_is_gone(
    cohort: dict[str, Any],
    admin: dict[str, Any],
    tmp_path: Path,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    applicant, colleague, guest = (factories.User() for _ in range(3))
    # Who names a sponsor has a badge at once.
    application = apply(cohort, user=applicant, elected_sponsor="")
    accepted = _accept(admin, application)
    organization, participant = accepted["organization_id"], accepted["participant_id"]
    prove(colleague)
    for user in (colleague, guest):
        call_as(
            applicant,
            "challenge_member_invite",
            organization=organization,
            email=user["email"],
            role="editor",
        )
    call_as(
        applicant,
        "challenge_step_update",
        participant=participant,
        step="deliberation",
        state="in_progress",
        evidence_file=FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "vote.pdf"),
    )
    call_as(
        admin,
        "challenge_award_create",
        badge="premiere-publication",
        organization=organization,
        cohort=cohort["id"],
        reason="Pour le test",
    )
    proof = kept.path_of(model.Session.query(Evidence.id).scalar() or "")
    assert proof.exists() and _count(WaitingRole) == 1

    told = call_as(admin, PREVIEW, id=accepted["id"])
    assert told["hindrances"] == [] and told["organization_removed"] is True
    assert {row["user_name"]: (row["role"], row["after"]) for row in told["roles"]} == {
        applicant["name"]: ("admin", None),
        colleague["name"]: ("editor", None),
    }
    counted = ("waiting", "badges", "steps", "files", "messages", "visits")
    assert [told[name] for name in counted] == [1, 1, 1, 1, 0, 0]
    assert _count(Participant) == 1, "nothing is done by reading"

    done = _undo(admin, accepted, reason="Une homonyme.")
    assert (done["state"], done["state_reason"]) == ("in_review", "Une homonyme.")
    assert done["organization_id"] is None and done["participant_id"] is None
    assert done["organization_removed"] is True and done["next_in_line"] is None
    for table in (Participant, StepStatus, Evidence, Award, GivenRole, WaitingRole):
        assert _count(table) == 0, table
    assert model.Group.get(organization) is None
    assert _count(model.Member, group_id=organization) == 0
    assert not proof.exists()
    # Their accounts stay, and what was to be mailed of it is not mailed.
    assert all(model.User.get(user["id"]) for user in (applicant, colleague, guest))
    for kind in ("accepted", "invitation", "role_given", "address_proof"):
        assert _waiting(kind) == 0, kind
    assert not [
        mail
        for mail in model.Session.query(Mail).filter_by(state="waiting")
        if mail.kind.startswith("award_") or mail.data.get("participant_id")
    ]
    told_of = model.Session.query(Mail).filter_by(kind="acceptance_undone")
    assert {mail.user_id for mail in told_of} == {
        None,
        applicant["id"],
        colleague["id"],
    }
    entry = model.Session.query(JournalEntry).filter_by(action="undo_acceptance").one()
    assert (entry.actor, entry.object_id) == (admin["id"], accepted["id"])
    assert entry.data == {
        "organization_id": organization,
        "organization_removed": True,
        "participant_id": participant,
    }
    assert journal.verify() == []


def test_after_it_one_is_accepted_as_for_the_first_time(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    application = apply(cohort)
    first = _accept(admin, application)
    contact = model.Session.query(model.User).filter_by(state="pending").one().name
    assert call_as(admin, PREVIEW, id=application["id"])["accounts"] == [contact]
    _undo(admin, application)
    # Nobody opened the account, so that it is of no use to anybody.
    assert _count(model.User, state="pending") == 0
    second = _accept(admin, application)
    assert second["state"] == "accepted"
    assert second["organization_id"] != first["organization_id"]
    # Its name is free again.
    assert call_as(None, "organization_show", id="baule")["id"]
    assert _count(Participant) == _waiting("accepted") == 1
    assert _count(model.User, state="pending") == 1
    _undo(admin, application)
    call_as(
        admin,
        "challenge_application_review",
        id=application["id"],
        decision="refuse",
        reason="Non.",
    )
    assert _count(Application, state="refused") == 1


def test_an_organization_that_was_there_stays_with_what_it_has(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    secretary, contact, colleague, guest = (factories.User() for _ in range(4))
    town = _town([secretary])
    dataset = factories.Dataset(owner_org=town["id"])
    _age(dataset)
    application = apply(cohort, user=contact)
    _accept(admin, application)
    claim = model.Session.query(Claim).one()
    call_as(secretary, "challenge_claim_answer", id=claim.id, accepted=True)
    prove(colleague)
    for user in (colleague, guest):
        call_as(
            secretary,
            "challenge_member_invite",
            organization=town["id"],
            email=user["email"],
            role="editor",
        )
    told = call_as(admin, PREVIEW, id=application["id"])
    assert told["organization_removed"] is False and told["waiting"] == 0
    assert [row["user_name"] for row in told["roles"]] == [contact["name"]]
    done = _undo(admin, application)
    assert done["organization_removed"] is False
    assert done["claim"]["state"] == "withdrawn"
    group = model.Group.get(town["id"])
    assert group is not None and group.state == "active"
    shown = call_as(admin, "package_show", id=dataset["id"])
    assert shown["owner_org"] == town["id"]
    members = {
        row.table_id: row.capacity
        for row in model.Session.query(model.Member).filter_by(
            group_id=town["id"], table_name="user", state="active"
        )
    }
    assert members[secretary["id"]] == "admin" and contact["id"] not in members
    assert _count(Participant) == 0
    given = {row.way: row.taken_back_at for row in model.Session.query(GivenRole)}
    assert given["claim"] and given["own_invitation"] is None
    # Whom its own admin let in meanwhile stays, and so does who waits for a proof.
    assert members[colleague["id"]] == "editor"
    assert [row.user_id for row in model.Session.query(WaitingRole)] == [guest["id"]]
    # Nobody says yes to it any more, until it is asked again under the same address.
    with pytest.raises(tk.ValidationError):
        call_as(secretary, "challenge_claim_answer", id=claim.id, accepted=True)
    _accept(admin, application)
    model.Session.expire_all()
    (again,) = model.Session.query(Claim).all()
    assert (again.id, again.state, again.answered_by) == (claim.id, "asked", None)
    assert _waiting("claim") == 1


def _age(dataset: dict[str, Any]) -> None:
    """It was made long before."""
    long_ago = utcnow().replace(tzinfo=None) - timedelta(days=400)
    package = model.Package.get(dataset["id"])
    assert package is not None
    package.metadata_created = long_ago
    for resource in package.resources:
        resource.created = long_ago
    model.Session.commit()


def test_who_took_part_before_takes_part_still(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    town = _town([factories.User()])
    before = call_as(
        admin,
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=town["id"],
    )
    application = apply(cohort)
    _accept(admin, application)
    call_as(
        admin,
        "challenge_award_create",
        badge="engagee",
        organization=town["id"],
        cohort=cohort["id"],
        reason="Pour le test",
    )
    _undo(admin, application)
    assert model.Session.query(Participant).one().id == before["id"]
    assert _count(Award) == 1


def _dataset(organization: str) -> Any:
    return factories.Dataset(owner_org=organization)


def _draft(organization: str) -> Any:
    return factories.Dataset(owner_org=organization, state="draft", private=True)


def _described(organization: str) -> None:
    group = model.Group.get(organization)
    assert group is not None
    group.description = "Une commune de la Beauce."
    model.Session.commit()


def _elsewhere(organization: str) -> None:
    call_as(
        factories.Sysadmin(),
        "challenge_participant_create",
        cohort=make_cohort(name="saison-7", season=7)["id"],
        organization=organization,
    )


def _withdrawn(organization: str) -> None:
    participant = model.Session.query(Participant).one()
    call_as(
        factories.Sysadmin(),
        "challenge_participant_withdraw",
        id=participant.id,
        reason="Plus le temps.",
    )


def _old(organization: str) -> None:
    application = model.Session.query(Application).one()
    application.decided_at = utcnow() - timedelta(hours=24, minutes=1)
    model.Session.commit()


def _erased(organization: str) -> None:
    application = model.Session.query(Application).one()
    call_as(factories.Sysadmin(), "challenge_application_erase", id=application.id)


def _over(organization: str) -> None:
    for state in ("running", "finished"):
        call_as(
            factories.Sysadmin(), "challenge_cohort_transition", id="saison-2", to=state
        )


@pytest.mark.parametrize(
    ("happens", "hinders"),
    [
        (_dataset, "datasets"),
        (_draft, "datasets"),
        (_described, "description"),
        (_elsewhere, "seasons"),
        (_withdrawn, "withdrawn"),
        (_old, "late"),
        (_erased, "erased"),
        (_over, "over"),
    ],
)
def test_what_hinders_it_is_said(
    happens: Callable[[str], Any],
    hinders: str,
    cohort: dict[str, Any],
    admin: dict[str, Any],
) -> None:
    accepted = _accept(admin, apply(cohort))
    happens(accepted["organization_id"])
    assert _refused(admin, accepted) == [hinders]
    assert _count(Participant, cohort_id=cohort["id"]) == 1
    assert _count(Application, state="accepted") == 1


def test_new_content_of_an_organization_that_was_there_hinders_too(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    town = _town([factories.User()])
    dataset = factories.Dataset(owner_org=town["id"])
    _age(dataset)
    application = apply(cohort)
    _accept(admin, application)
    assert call_as(admin, PREVIEW, id=application["id"])["hindrances"] == []
    factories.Resource(package_id=dataset["id"])
    assert _refused(admin, application) == ["resources"]
    _dataset(town["id"])
    assert _refused(admin, application) == ["datasets", "resources"]


def test_a_dataset_of_nobody_hinders_nobody(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    """Nor do roles that wait elsewhere, and mails that go elsewhere, end with it."""
    owner = factories.Organization()
    orphan = model.Package.get(factories.Dataset(owner_org=owner["id"])["id"])
    assert orphan is not None
    orphan.owner_org = None
    model.Session.commit()
    stranger = factories.User()
    call_as(
        admin,
        "challenge_staff_create",
        cohort=cohort["id"],
        user=stranger["email"],
        role="adviser",
    )
    other = apply(cohort, POINCONNET)
    _accept(admin, other)
    first, mails = _count(WaitingRole), _waiting("accepted")
    assert (first, mails) == (1, 1)
    application = apply(cohort)
    _accept(admin, application)
    # Its organization was purged since.
    call_as(
        admin,
        "organization_purge",
        id=model.Session.query(Application)
        .filter_by(id=application["id"])
        .one()
        .organization_id,
    )
    assert call_as(admin, PREVIEW, id=application["id"])["hindrances"] == []
    _undo(admin, application)
    assert (_count(WaitingRole), _waiting("accepted")) == (first, mails)
    assert _count(Participant) == 1


def test_undone_twice_says_who_did_it(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    application = apply(cohort)
    assert _refused(admin, application) == ["not_accepted"]
    _accept(admin, application)
    boss = factories.Sysadmin(fullname="Dominique Exemple")
    _undo(boss, application)
    with pytest.raises(tk.ValidationError) as caught:
        _undo(admin, application)
    assert "Dominique Exemple" in str(caught.value.error_dict["state"])
    assert _count(JournalEntry, action="undo_acceptance") == 1


def test_the_place_is_free_and_nobody_takes_it_by_itself(
    admin: dict[str, Any], made_once: MadeOnce
) -> None:
    made_once("open season", season_and_directory)
    cohort = make_cohort(name="petite", season=9, capacity=1, automatic_promotion=True)
    first, second = apply(cohort), apply(cohort, POINCONNET)
    _accept(admin, first)
    call_as(
        admin,
        "challenge_application_review",
        id=second["id"],
        decision="waitlist",
    )
    done = _undo(admin, first)
    assert done["next_in_line"]["id"] == second["id"]
    assert _count(Participant) == 0
    _accept(admin, second)
    with pytest.raises(tk.ValidationError):
        _accept(admin, first)


def test_a_badge_that_was_signed_is_revoked_for_whoever_kept_it(
    cohort: dict[str, Any], admin: dict[str, Any]
) -> None:
    accepted = _accept(admin, apply(cohort))
    award = call_as(
        admin,
        "challenge_award_create",
        badge="engagee",
        organization=accepted["organization_id"],
        cohort=cohort["id"],
        reason="Pour le test",
    )
    model.Session.add(
        Credential(award_id=award["id"], key_id=None, document={"id": "x"}, jwt="x")
    )
    model.Session.commit()
    _undo(admin, accepted)
    model.Session.expire_all()
    assert model.Session.query(Credential).one().award_id is None


def test_no_typed_text_goes_to_an_address_that_nobody_proved(
    cohort: dict[str, Any], admin: dict[str, Any], mailbox: Any
) -> None:
    application = apply(cohort, opened=False)
    _accept(admin, application)
    _undo(admin, application, reason="Ouvrez www.example.com tout de suite")
    outbox.send_due()
    (mail,) = mailbox.messages[-1:]
    text = mail.get_body(("plain",)).get_content()
    assert application["reference"] in text and "www.example.com" not in text
    # Once somebody opened a link that was mailed there, the reason is told.
    other = apply(cohort, POINCONNET)
    _accept(admin, other)
    _undo(admin, other, reason="Une homonyme.")
    outbox.send_due()
    assert "Une homonyme." in mailbox.messages[-1].get_body(("plain",)).get_content()
    assert "accepted" not in [
        mail.kind for mail in model.Session.query(Mail).filter_by(state="sent")
    ]


def test_the_key_to_the_application_goes_to_its_contact_alone(
    cohort: dict[str, Any], admin: dict[str, Any], mailbox: Any
) -> None:
    applicant, colleague = factories.User(), factories.User()
    accepted = _accept(admin, apply(cohort, user=applicant))
    prove(colleague)
    call_as(
        applicant,
        "challenge_member_invite",
        organization=accepted["organization_id"],
        email=colleague["email"],
    )
    _undo(admin, accepted)
    outbox.send_due()
    for user in (applicant, colleague):
        (mail,) = mailbox.to(user["email"])
        assert "key=" not in mail.get_body(("plain",)).get_content()
    mail = mailbox.to("mairie@example.org")[-1]
    assert "est annulée" in str(mail["Subject"])
    assert "key=" in mail.get_body(("plain",)).get_content()


def _race(app: Any, *functions: Callable[[], Any]) -> list[Any]:
    def ask(function: Callable[[], Any]) -> Any:
        with app.flask_app.test_request_context():
            return function()

    return at_once(app, *[partial(ask, function) for function in functions])


def test_of_two_at_once_one_undoes_it(
    cohort: dict[str, Any], admin: dict[str, Any], app: Any
) -> None:
    application = apply(cohort)
    _accept(admin, application)
    boss = factories.Sysadmin()
    told = _race(app, *(partial(_undo, who, application) for who in (admin, boss)))
    errors = [one for one in told if isinstance(one, tk.ValidationError)]
    assert len(errors) == 1 and "state" in errors[0].error_dict
    assert [one["state"] for one in told if isinstance(one, dict)] == ["in_review"]
    assert _count(JournalEntry, action="undo_acceptance") == 1
    assert journal.verify() == []


def test_a_dataset_that_is_being_made_hinders_it_or_is_not_made(
    cohort: dict[str, Any], admin: dict[str, Any], app: Any
) -> None:
    """Whoever is first: no dataset is left without its organization."""
    for siren in (BAULE, POINCONNET, *LIGNIERES):
        application = apply(cohort, siren)
        accepted = _accept(admin, application)
        _race(
            app,
            partial(_undo, admin, application),
            partial(
                call_as,
                admin,
                "package_create",
                name=f"jeu-{siren}",
                owner_org=accepted["organization_id"],
            ),
        )
        model.Session.rollback()
        _nothing_is_torn()


def _nothing_is_torn() -> None:
    lost = sa.text(
        """
        SELECT count(*) FROM package p
        WHERE p.owner_org IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM "group" g WHERE g.id = p.owner_org)
        """
    )
    assert model.Session.execute(lost).scalar() == 0
    accepted = _count(Application, state="accepted")
    assert _count(Participant) == accepted
    assert _count(model.Package) == accepted


def test_a_dataset_that_is_half_made_is_waited_for(
    cohort: dict[str, Any], admin: dict[str, Any], app: Any
) -> None:
    """It was begun before, and is committed after the button was pressed."""
    application = apply(cohort)
    accepted = _accept(admin, application)
    begun = threading.Event()

    def make() -> None:
        context: Any = {"user": admin["name"], "defer_commit": True}
        tk.get_action("package_create")(
            context, {"name": "jeu", "owner_org": accepted["organization_id"]}
        )
        model.Session.flush()
        begun.set()
        time.sleep(1)
        model.Session.commit()

    def undo() -> Any:
        begun.wait(20)
        return _undo(admin, application)

    told = _race(app, make, undo)
    assert isinstance(told[1], tk.ValidationError), told
    model.Session.rollback()
    _nothing_is_torn()
    assert _count(model.Package) == 1


def test_it_is_accepted_to_another_season_at_once(
    cohort: dict[str, Any], admin: dict[str, Any], app: Any
) -> None:
    """The other one joins what is there, or makes its own: none is left without."""
    second = make_cohort(name="saison-8", season=8)
    first, other = apply(cohort), apply(second)
    _accept(admin, first)
    told = _race(app, partial(_undo, admin, first), partial(_accept, admin, other))
    assert isinstance(told[1], dict), told
    model.Session.rollback()
    assert _count(Participant, cohort_id=second["id"]) == 1
    row = model.Session.query(Participant).filter_by(cohort_id=second["id"]).one()
    assert model.Group.get(row.organization_id) is not None


def test_two_seasons_that_accept_at_once_make_one_organization(
    cohort: dict[str, Any], admin: dict[str, Any], app: Any
) -> None:
    second = make_cohort(name="saison-8", season=8)
    first, other = apply(cohort), apply(second)
    told = _race(app, partial(_accept, admin, first), partial(_accept, admin, other))
    assert all(isinstance(one, dict) for one in told), told
    model.Session.rollback()
    assert _count(model.Group, is_organization=True) == 1
    assert _count(Participant) == 2
