"""Claims: an organization that has admins of its own decides whom it lets in."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
    only_message,
    prove,
)

from ckanext.challenge.common import journal
from ckanext.challenge.model import Claim, Mail, Participant

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


@pytest.fixture
def townhall(admin: dict[str, Any]) -> dict[str, Any]:
    """An organization of the SIREN, with two admins of its own."""
    admins = [factories.User(), factories.User()]
    group = factories.Organization(
        siren=BAULE,
        title="Ville de Baule",
        users=[{"name": user["name"], "capacity": "admin"} for user in admins],
    )
    return {**group, "admins": admins}


def _accept(admin: dict[str, Any], **fields: Any) -> dict[str, Any]:
    application = apply(make_cohort(), **fields)
    accepted = call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )
    return {**accepted, "key": application["key"]}


def _roles(group: dict[str, Any]) -> dict[str, str]:
    """The roles in the organization by the address of their user."""
    rows = (
        model.Session.query(model.User.email, model.Member.capacity)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(model.Member.group_id == group["id"], model.Member.state == "active")
    )
    return {email or "": capacity for email, capacity in rows}


def _told(kind: str) -> list[str]:
    rows = model.Session.query(Mail).filter_by(kind=kind)
    return sorted(row.user_id or "contact" for row in rows)


def _claim() -> Claim:
    return model.Session.query(Claim).one()


def test_the_admins_are_asked_and_one_of_them_says_yes(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    accepted = _accept(admin)
    # It takes part at once; the contact is not let in.
    assert accepted["organization_id"] == townhall["id"]
    assert model.Session.query(Participant).count() == 1
    assert "mairie@example.org" not in _roles(townhall)
    assert _told("claim") == sorted(user["id"] for user in townhall["admins"])
    claim = _claim()
    assert accepted["claim"]["state"] == "asked"

    first, second = townhall["admins"]
    shown = call_as(first, "challenge_claim_show", id=claim.id)
    assert shown["contact_name"] == "Secrétariat de mairie"
    assert shown["organization_title"] == "Ville de Baule"
    listed = call_as(
        first, "challenge_claim_list", organization=townhall["id"], state="asked"
    )
    assert [row["id"] for row in listed["results"]] == [claim.id]

    answered = call_as(first, "challenge_claim_answer", id=claim.id, accepted=True)
    assert answered["state"] == "accepted"
    assert _roles(townhall)["mairie@example.org"] == "admin"
    assert _told("claim_accepted") == ["contact"]
    # Both clicked: the second one is no mistake.
    before = model.Session.query(Mail).count()
    call_as(second, "challenge_claim_answer", id=claim.id, accepted=True)
    assert model.Session.query(Mail).count() == before
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            second, "challenge_claim_answer", id=claim.id, accepted=False, reason="x"
        )
    assert only_message(caught, "accepted")
    assert journal.verify() == []


def test_a_no_has_a_reason_that_the_managers_read(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    accepted = _accept(admin)
    manager = make_staff(accepted["cohort"], by=admin)
    asked, claim = townhall["admins"][0], _claim()
    with pytest.raises(tk.ValidationError) as caught:
        call_as(asked, "challenge_claim_answer", id=claim.id, accepted=False)
    assert only_message(caught, "reason")
    call_as(
        asked,
        "challenge_claim_answer",
        id=claim.id,
        accepted=False,
        reason="Cette personne ne travaille pas ici.",
    )
    assert "mairie@example.org" not in _roles(townhall)
    assert _told("claim_declined") == [manager["id"]]
    application = call_as(manager, "challenge_application_show", id=accepted["id"])
    assert application["claim"]["reason"] == "Cette personne ne travaille pas ici."
    # The applicant knows where it stands, and not who said what.
    own = call_as(
        None, "challenge_application_show", id=accepted["id"], key=accepted["key"]
    )
    assert own["claim"]["state"] == "declined"
    assert "reason" not in own["claim"]
    # They think again.
    call_as(asked, "challenge_claim_answer", id=claim.id, accepted=True)
    assert _roles(townhall)["mairie@example.org"] == "admin"
    assert journal.verify() == []


def test_a_manager_cannot_say_yes_in_their_place(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    accepted = _accept(admin)
    manager, editor = factories.User(), factories.User()
    make_staff(accepted["cohort"], "manager", manager, by=admin)
    call_as(
        admin,
        "organization_member_create",
        id=townhall["id"],
        username=editor["name"],
        role="editor",
    )
    for user in (manager, editor, factories.User()):
        with pytest.raises(tk.NotAuthorized):
            call_as(user, "challenge_claim_answer", id=_claim().id, accepted=True)


@pytest.mark.parametrize("who", ["nobody", "a sysadmin", "the applicant", "an editor"])
def test_nobody_is_asked_where_nobody_can_answer(
    admin: dict[str, Any], who: str
) -> None:
    applicant = factories.User()
    members = {
        "nobody": [],
        "a sysadmin": [{"name": admin["name"], "capacity": "admin"}],
        "the applicant": [{"name": applicant["name"], "capacity": "admin"}],
        "an editor": [{"name": factories.User()["name"], "capacity": "editor"}],
    }[who]
    # Made by a sysadmin, whom CKAN makes an admin of it.
    group = factories.Organization(siren=BAULE, user=admin, users=members)
    accepted = _accept(admin, user=applicant)
    assert accepted["organization_id"] == group["id"]
    assert model.Session.query(Claim).count() == 0
    assert _told("claim") == []
    assert _roles(group)[applicant["email"]] == "admin"


def test_a_manager_opens_no_organization_by_an_acceptance(
    admin: dict[str, Any],
) -> None:
    """Where nobody of it can answer, a sysadmin does."""
    waiting = factories.User(state="pending")
    group = factories.Organization(
        siren=BAULE,
        user=admin,
        users=[{"name": waiting["name"], "capacity": "admin"}],
    )
    cohort, manager, friend = make_cohort(), factories.User(), factories.User()
    make_staff(cohort, "manager", manager, by=admin)
    application = apply(cohort, user=friend)
    call_as(
        manager,
        "challenge_application_review",
        id=application["id"],
        decision="accept",
    )
    assert model.Session.query(Participant).count() == 1
    assert friend["email"] not in _roles(group)
    assert admin["id"] in _told("claim")
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_claim_answer", id=_claim().id, accepted=True)
    call_as(admin, "challenge_claim_answer", id=_claim().id, accepted=True)
    assert _roles(group)[friend["email"]] == "admin"


def test_an_admin_who_applies_is_not_asked_to_let_themselves_in(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    accepted = _accept(admin, user=townhall["admins"][0])
    assert accepted["organization_id"] == townhall["id"]
    assert model.Session.query(Claim).count() == 0


def test_the_account_that_is_let_in_is_named(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    """The contact is what somebody wrote: it may be somebody else."""
    stranger = factories.User(fullname="Quelqu'un d'autre")
    _accept(admin, user=stranger, contact_name="Secrétariat de mairie")
    shown = call_as(townhall["admins"][0], "challenge_claim_show", id=_claim().id)
    assert shown["contact_name"] == "Secrétariat de mairie"
    assert shown["user_name"] == stranger["name"]
    assert shown["user_display_name"] == "Quelqu'un d'autre"


def test_who_takes_part_no_more_is_not_let_in(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    accepted = _accept(admin)
    call_as(
        admin,
        "challenge_participant_withdraw",
        id=accepted["participant_id"],
        reason="Plus personne.",
    )
    assert _claim().state == "withdrawn"
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            townhall["admins"][0],
            "challenge_claim_answer",
            id=_claim().id,
            accepted=True,
        )
    assert only_message(caught, "accepted")
    assert "mairie@example.org" not in _roles(townhall)
    assert journal.verify() == []


def test_nobody_says_yes_to_a_person_whose_data_are_erased(
    admin: dict[str, Any], townhall: dict[str, Any]
) -> None:
    applicant = factories.User()
    prove(applicant)
    accepted = _accept(admin, user=applicant, contact_email=applicant["email"])
    call_as(admin, "challenge_application_erase", id=accepted["id"])
    model.Session.expire_all()
    assert _claim().state == "withdrawn"

    def agree() -> Any:
        return call_as(
            townhall["admins"][0],
            "challenge_claim_answer",
            id=_claim().id,
            accepted=True,
        )

    with pytest.raises(tk.ValidationError):
        agree()
    # A claim that an erasure of before has left open.
    _claim().state = "asked"
    model.Session.commit()
    with pytest.raises(tk.ValidationError) as caught:
        agree()
    assert "erased" in only_message(caught, "accepted")
    assert applicant["email"] not in _roles(townhall)
