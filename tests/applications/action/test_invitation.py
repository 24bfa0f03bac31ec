"""Invitations that nobody followed yet: seen, taken back, and told of nothing else."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    call_as,
    make_participant,
    prove,
    season_and_directory,
)
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import Mail, Participant, WaitingRole
from ckanext.challenge.notifications import recipients

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def participant(made_once: MadeOnce) -> dict[str, Any]:
    cohort = made_once("open season", season_and_directory)
    return make_participant(cohort)


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


def _invite(admin: Any, participant: Any, email: str, role: str = "editor") -> Any:
    return call_as(
        admin,
        "challenge_member_invite",
        organization=participant["organization_id"],
        email=email,
        role=role,
    )


def _listed(admin: Any, participant: Any) -> list[dict[str, Any]]:
    return call_as(
        admin,
        "challenge_invitation_list",
        organization=participant["organization_id"],
    )["results"]


def test_a_new_account_is_listed_until_it_is_opened(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    _invite(admin, participant, "une@example.org")
    _invite(admin, participant, "une@example.org", "admin")
    (row,) = _listed(admin, participant)
    assert (row["email"], row["role"], row["account"]) == (
        "une@example.org",
        "admin",
        None,
    )
    user = model.User.by_email("une@example.org")
    assert user is not None
    user.state = model.State.ACTIVE
    model.Session.commit()
    assert _listed(admin, participant) == []


def test_what_is_taken_back_opens_nothing(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    known = factories.User(email="deux@example.org")
    _invite(admin, participant, "une@example.org")
    _invite(admin, participant, "deux@example.org")
    rows = _listed(admin, participant)
    assert [row["account"] for row in rows] == [None, known["name"]]
    for row in rows:
        call_as(admin, "challenge_invitation_delete", id=row["id"])
    assert _listed(admin, participant) == []
    assert model.User.by_email("une@example.org") is None
    assert model.Session.query(WaitingRole).count() == 0
    waiting = model.Session.query(Mail).filter_by(kind="invitation", state="waiting")
    assert waiting.count() == 0
    prove(known)
    members = tk.get_action("member_list")(
        {"ignore_auth": True},
        {"id": participant["organization_id"], "object_type": "user"},
    )
    assert known["id"] not in [member[0] for member in members]
    with pytest.raises(tk.ObjectNotFound):
        call_as(admin, "challenge_invitation_delete", id=rows[0]["id"])


def test_who_was_invited_gets_no_mail_but_the_invitation(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    _invite(admin, participant, "une@example.org", "admin")
    _invite(admin, participant, "deux@example.org", "admin")
    invited = model.User.by_email("une@example.org")
    contact = model.User.by_email("mairie@example.org")
    assert invited is not None
    assert contact is not None
    found = model.Session.get(Participant, participant["id"])
    assert recipients.members(found) == [contact.id]
    kinds = [
        mail.kind for mail in model.Session.query(Mail).filter_by(user_id=invited.id)
    ]
    assert kinds == ["invitation"]


def test_others_neither_read_nor_end_an_invitation(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    stranger = factories.User()
    _invite(admin, participant, "une@example.org")
    (row,) = _listed(admin, participant)
    with pytest.raises(tk.NotAuthorized):
        call_as(stranger, "challenge_invitation_delete", id=row["id"])
    with pytest.raises(tk.NotAuthorized):
        _listed(stranger, participant)
    assert len(_listed(admin, participant)) == 1
