"""Roles given through the challenge are recorded, told and taken back."""

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
    prove,
)

from ckanext.challenge.common import journal, proofs
from ckanext.challenge.model import Claim, GivenRole, Mail, WaitingRole

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


def _accept(
    admin: dict[str, Any], user: dict[str, Any], cohort: dict[str, Any] | None = None
) -> dict[str, Any]:
    application = apply(cohort or make_cohort(), user=user)
    return call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )


def _role(organization_id: str, user: dict[str, Any]) -> str | None:
    model.Session.expire_all()
    found = model.Session.query(model.Member).filter_by(
        group_id=organization_id, table_id=user["id"], state="active"
    )
    return found.one().capacity if found.count() else None


def _withdraw(admin: dict[str, Any], accepted: dict[str, Any]) -> None:
    call_as(
        admin,
        "challenge_participant_withdraw",
        id=accepted["participant_id"],
        reason="Plus le temps.",
    )


def _invite(who: dict[str, Any], organization: str, user: Any, role: str) -> None:
    prove(user)
    call_as(
        who,
        "challenge_member_invite",
        organization=organization,
        email=user["email"],
        role=role,
    )


@pytest.fixture
def town(admin: dict[str, Any]) -> dict[str, Any]:
    """An organization of the SIREN, with two admins of its own."""
    admins = [factories.User(), factories.User()]
    users = [{"name": user["name"], "capacity": "admin"} for user in admins]
    return {**factories.Organization(siren=BAULE, users=users), "admins": admins}


def test_what_an_acceptance_gave_ends_with_the_withdrawal(
    admin: dict[str, Any],
) -> None:
    applicant, colleague, friend = (factories.User() for _ in range(3))
    accepted = _accept(admin, applicant)
    organization = accepted["organization_id"]
    _invite(applicant, organization, colleague, "editor")
    # Whom the organization lets in itself is its own.
    call_as(
        applicant,
        "organization_member_create",
        id=organization,
        username=friend["name"],
        role="editor",
    )
    ways = {row.way: row for row in model.Session.query(GivenRole)}
    assert sorted(ways) == ["acceptance", "own_invitation"]
    assert ways["acceptance"].user_id == applicant["id"]
    assert ways["acceptance"].given_by == admin["id"]
    assert {row.participant_id for row in ways.values()} == {accepted["participant_id"]}
    assert {row.taken_back_at for row in ways.values()} == {None}

    _withdraw(admin, accepted)
    assert _role(organization, applicant) is None
    assert _role(organization, friend) == "editor"
    assert journal.verify() == []


def test_what_its_own_admins_gave_stays_after_the_withdrawal(
    admin: dict[str, Any], town: dict[str, Any]
) -> None:
    """By the challenge's invitation or not: it is the organization's own."""
    applicant, colleague, guest, helped = (factories.User() for _ in range(4))
    own = town["admins"][0]
    accepted = _accept(admin, applicant)
    _invite(own, town["id"], colleague, "admin")
    # One waits for the proof of the address; a sysadmin is none of its people.
    call_as(
        own,
        "challenge_member_invite",
        organization=town["id"],
        email=guest["email"],
        role="editor",
    )
    _invite(admin, town["id"], helped, "editor")
    told = _changes(admin, participant=accepted["participant_id"])
    assert _told(told) == {helped["name"]: ("editor", None)}
    _withdraw(admin, accepted)
    assert _role(town["id"], colleague) == "admin"
    assert _role(town["id"], helped) is None
    waiting = model.Session.query(WaitingRole).one()
    assert waiting.user_id == guest["id"]
    token = proofs.make_token(guest["id"], waiting.digest)
    call_as(guest, "challenge_address_prove", token=token)
    assert _role(town["id"], guest) == "editor"
    # They are recorded all the same, for the organization to read.
    given = {row["user_name"] for row in _given(own, organization=town["id"])}
    assert given == {colleague["name"], guest["name"], helped["name"]}


def test_what_a_manager_gave_ends_with_the_withdrawal(admin: dict[str, Any]) -> None:
    cohort, manager, colleague = make_cohort(), factories.User(), factories.User()
    call_as(
        admin,
        "challenge_staff_create",
        cohort=cohort["id"],
        user=manager["id"],
        role="manager",
    )
    application = apply(cohort)
    accepted = call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )
    # Its contact never opened the account.
    _invite(manager, accepted["organization_id"], colleague, "editor")
    _withdraw(admin, accepted)
    assert _role(accepted["organization_id"], colleague) is None


def test_who_comes_back_has_the_roles_again_that_its_departure_took(
    admin: dict[str, Any],
) -> None:
    applicant, colleague, other, gone = (factories.User() for _ in range(4))
    accepted = _accept(admin, applicant)
    organization = accepted["organization_id"]
    for user in (colleague, other, gone):
        _invite(admin, organization, user, "editor")
    # What the organization did itself, and an account that is no more.
    call_as(
        applicant, "organization_member_delete", id=organization, username=other["name"]
    )
    _withdraw(admin, accepted)
    call_as(admin, "user_delete", id=gone["id"])
    told = call_as(
        admin, "challenge_participant_reinstate", id=accepted["participant_id"]
    )
    assert told["state"] == "active"
    roles = [_role(organization, user) for user in (applicant, colleague, other, gone)]
    assert roles == ["admin", "editor", None, None]
    mails = model.Session.query(Mail).filter_by(kind="participant_reinstated")
    assert {mail.user_id for mail in mails} >= {applicant["id"], colleague["id"]}
    # They are recorded anew, and end with the next departure.
    _withdraw(admin, accepted)
    assert _role(organization, applicant) is _role(organization, colleague) is None
    assert journal.verify() == []


def test_a_claim_gives_a_role_that_its_other_admins_hear_of(
    admin: dict[str, Any], town: dict[str, Any]
) -> None:
    applicant = factories.User()
    call_as(
        admin,
        "organization_member_create",
        id=town["id"],
        username=applicant["name"],
        role="editor",
    )
    accepted = _accept(admin, applicant)
    assert model.Session.query(GivenRole).count() == 0
    first, second = town["admins"]
    claim = model.Session.query(Claim).one()
    call_as(first, "challenge_claim_answer", id=claim.id, accepted=True)
    assert _role(town["id"], applicant) == "admin"
    told = [
        row.user_id for row in model.Session.query(Mail).filter_by(kind="role_given")
    ]
    assert told == [second["id"]]
    _withdraw(admin, accepted)
    assert _role(town["id"], applicant) == "editor", "what it was before"
    assert _role(town["id"], first) == "admin"


def test_a_role_that_the_organization_changed_is_its_own(
    admin: dict[str, Any], town: dict[str, Any]
) -> None:
    guest, first = factories.User(), town["admins"][0]
    accepted = _accept(admin, first)
    _invite(first, town["id"], guest, "member")
    call_as(
        first,
        "organization_member_create",
        id=town["id"],
        username=guest["name"],
        role="editor",
    )
    _withdraw(admin, accepted)
    assert _role(town["id"], guest) == "editor"
    # Who was an admin before is one still: the challenge gave nothing.
    assert _role(town["id"], first) == "admin"


def test_of_two_seasons_the_last_one_to_end_takes_it_back(
    admin: dict[str, Any],
) -> None:
    applicant = factories.User()
    first = _accept(admin, applicant)
    second = _accept(admin, applicant, make_cohort(name="saison-3", season=3))
    organization = first["organization_id"]
    assert second["organization_id"] == organization
    _withdraw(admin, first)
    assert _role(organization, applicant) == "admin"
    _withdraw(admin, second)
    assert _role(organization, applicant) is None


def test_erasure_takes_the_role_of_the_contact_back(admin: dict[str, Any]) -> None:
    applicant, colleague = factories.User(), factories.User()
    accepted = _accept(admin, applicant)
    _invite(applicant, accepted["organization_id"], colleague, "editor")
    call_as(admin, "challenge_application_erase", id=accepted["id"])
    assert _role(accepted["organization_id"], applicant) is None
    assert _role(accepted["organization_id"], colleague) == "editor"


def _given(who: dict[str, Any] | None, **scope: Any) -> list[dict[str, Any]]:
    return call_as(who, "challenge_given_role_list", **scope)["results"]


def test_what_was_given_is_listed_for_admins_and_managers(
    admin: dict[str, Any],
) -> None:
    applicant, colleague, manager = (factories.User() for _ in range(3))
    cohort = make_cohort()
    make_staff(cohort, "manager", manager, by=admin)
    accepted = _accept(admin, applicant, cohort)
    organization = accepted["organization_id"]
    _invite(applicant, organization, colleague, "editor")
    by_season = _given(manager, cohort=cohort["id"])
    assert by_season == _given(applicant, organization=organization)
    second, first = by_season
    assert (first["user_name"], first["role"]) == (applicant["name"], "admin")
    assert (first["way"], first["cohort"]) == ("acceptance", cohort["name"])
    assert second["user_name"] == colleague["name"]
    assert second["way"] == "own_invitation"
    assert second["given_by"] == applicant["display_name"]
    assert second["taken_back_at"] is None
    for who, scope in (
        (None, {"cohort": cohort["id"]}),
        (colleague, {"organization": organization}),
        (applicant, {"cohort": cohort["id"]}),
        (manager, {"organization": organization}),
    ):
        with pytest.raises(tk.NotAuthorized):
            _given(who, **scope)
    with pytest.raises(tk.ValidationError):
        _given(manager)
    _withdraw(admin, accepted)
    second, first = _given(manager, cohort=cohort["id"])
    assert first["taken_back_at"] and second["taken_back_at"] is None


def _changes(who: dict[str, Any], **which: str) -> Any:
    return call_as(who, "challenge_role_changes", **which)


def _told(changes: Any) -> dict[str, tuple[str | None, str | None]]:
    return {row["user_name"]: (row["role"], row["after"]) for row in changes["results"]}


def test_what_ends_and_comes_back_is_told_before(admin: dict[str, Any]) -> None:
    applicant, colleague, friend = (factories.User() for _ in range(3))
    accepted = _accept(admin, applicant)
    organization = accepted["organization_id"]
    participant = accepted["participant_id"]
    _invite(admin, organization, colleague, "editor")
    call_as(
        applicant,
        "organization_member_create",
        id=organization,
        username=friend["name"],
        role="member",
    )
    # What the challenge gave, the organization has changed since.
    _invite(admin, organization, changed := factories.User(), "editor")
    call_as(
        applicant,
        "organization_member_create",
        id=organization,
        username=changed["name"],
        role="member",
    )
    names = {user["name"]: user for user in (applicant, colleague)}
    told = _changes(admin, participant=participant)
    expected = {applicant["name"]: ("admin", None), colleague["name"]: ("editor", None)}
    assert _told(told) == expected
    assert (told["accounts"], told["orphaned"]) == ([], True)
    # Of an erasure the contact's own.
    erased = _changes(admin, application=accepted["id"])
    assert _told(erased) == {applicant["name"]: ("admin", None)}
    assert erased["orphaned"] is True
    _withdraw(admin, accepted)
    assert {name: _role(organization, user) for name, user in names.items()} == {
        name: after for name, (_, after) in expected.items()
    }
    back = _changes(admin, participant=participant)
    assert _told(back) == {
        applicant["name"]: (None, "admin"),
        colleague["name"]: (None, "editor"),
    }
    assert back["orphaned"] is False
    call_as(admin, "challenge_participant_reinstate", id=participant)
    assert {name: _role(organization, user) for name, user in names.items()} == {
        name: after for name, (_, after) in _told(back).items()
    }


def test_an_account_that_nobody_opened_is_named_before_it_is_deleted(
    admin: dict[str, Any],
) -> None:
    application = apply(make_cohort())
    call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )
    contact = model.Session.query(model.User).filter_by(state="pending").one()
    told = _changes(admin, application=application["id"])
    assert told["accounts"] == [contact.name]
    assert told["orphaned"] is True
    call_as(admin, "challenge_application_erase", id=application["id"])
    assert model.User.get(told["accounts"][0]) is None


def test_other_admins_are_no_reason_to_warn(
    admin: dict[str, Any], town: dict[str, Any]
) -> None:
    applicant = factories.User()
    accepted = _accept(admin, applicant)
    claim = model.Session.query(Claim).one()
    call_as(town["admins"][0], "challenge_claim_answer", id=claim.id, accepted=True)
    told = _changes(admin, participant=accepted["participant_id"])
    assert _told(told) == {applicant["name"]: ("admin", None)}
    assert told["orphaned"] is False
