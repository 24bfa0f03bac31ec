"""Invitations: further members of an organization, by their address."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    make_staff,
    only_message,
    prove,
    work_in_this_process,
)
from sqlalchemy import event

from ckanext.challenge.applications import waiting_roles
from ckanext.challenge.common import access_links, journal, proofs
from ckanext.challenge.model import (
    Application,
    Cohort,
    GivenRole,
    JournalEntry,
    Mail,
    Staff,
    WaitingRole,
)

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


@pytest.fixture
def participant(admin: dict[str, Any]) -> dict[str, Any]:
    return make_participant(make_cohort())


def _invite(who: Any, participant: dict[str, Any], **more: Any) -> Any:
    return call_as(
        who,
        "challenge_member_invite",
        organization=participant["organization_name"],
        **{"email": "collegue@example.org", **more},
    )


def _members(participant: dict[str, Any]) -> dict[str, str]:
    rows = (
        model.Session.query(model.User.email, model.Member.capacity)
        .join(model.Member, model.Member.table_id == model.User.id)
        .filter(
            model.Member.group_id == participant["organization_id"],
            model.Member.state == "active",
        )
    )
    return {email or "": capacity for email, capacity in rows}


def test_a_new_colleague_gets_an_account_that_the_mail_opens(
    admin: dict[str, Any], participant: dict[str, Any], mailbox: Any, app: Any
) -> None:
    made = _invite(admin, participant, role="editor")
    assert made["invited"] is True
    assert made["again"] is False
    # User names are public, an address is not.
    assert "collegue" not in made["user"]
    assert _members(participant)["collegue@example.org"] == "editor"
    work_in_this_process()
    (mail,) = mailbox.to("collegue@example.org")
    body = mail.get_body(("plain",)).get_content()
    link = next(word for word in body.split() if "/user/reset/" in word)
    assert app.get(link.removeprefix("http://test.ckan.net")).status_code == 200
    # The journal says who, and no address.
    entry = model.Session.query(JournalEntry).filter_by(action="invite").one()
    assert entry.data["role"] == "editor"
    assert "@" not in str(entry.data)
    assert journal.verify() == []


def test_an_account_that_exists_is_attached(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    colleague = factories.User(email="Collegue@example.org")
    prove(colleague)
    made = _invite(admin, participant)
    assert (made["user"], made["invited"]) == (colleague["name"], False)
    assert _members(participant)[colleague["email"]] == "member"
    with pytest.raises(tk.ValidationError) as caught:
        _invite(admin, participant, role="admin")
    assert only_message(caught, "email")
    assert _members(participant)[colleague["email"]] == "member"


def test_who_did_not_open_the_account_is_told_again(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    first = _invite(admin, participant)
    again = _invite(admin, participant, role="admin")
    assert again["again"] is True
    assert again["user"] == first["user"]
    assert _members(participant)["collegue@example.org"] == "admin"
    assert model.Session.query(Mail).filter_by(kind="invitation").count() == 2


@pytest.mark.parametrize(
    ("field", "value"),
    [("email", "no address"), ("email", ""), ("role", "sysadmin")],
)
def test_what_is_wrong_is_said_at_the_field(
    admin: dict[str, Any], participant: dict[str, Any], field: str, value: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _invite(admin, participant, **{field: value})
    assert only_message(caught, field)
    assert model.Session.query(Mail).filter_by(kind="invitation").count() == 0


def test_managers_invite_only_into_their_own_participants(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    stranger = factories.Organization()
    with pytest.raises(tk.NotAuthorized):
        call_as(
            manager,
            "challenge_member_invite",
            organization=stranger["name"],
            email="collegue@example.org",
        )
    assert _invite(manager, participant)["invited"] is True
    call_as(
        admin,
        "challenge_participant_withdraw",
        id=participant["id"],
        reason="Plus personne.",
    )
    with pytest.raises(tk.NotAuthorized):
        _invite(manager, participant, email="autre@example.org")


def test_a_manager_invites_until_the_organization_has_an_admin_of_its_own(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    assert _invite(manager, participant, role="editor")["role"] == "editor"
    mayor = factories.User(email="maire@example.org")
    prove(mayor)
    _invite(admin, participant, email=mayor["email"], role="admin")
    with pytest.raises(tk.NotAuthorized) as caught:
        _invite(manager, participant, email="autre@example.org")
    assert "sysadmin" in str(caught.value)
    assert _invite(mayor, participant, email="autre@example.org")["invited"] is True


@pytest.mark.parametrize("admins", ["a mayor", "a pending account", "nobody"])
@pytest.mark.parametrize("role", ["member", "editor", "admin"])
def test_no_manager_invites_into_an_organization_that_was_there_before(
    admin: dict[str, Any], role: str, admins: str
) -> None:
    users = []
    if admins != "nobody":
        state = "active" if admins == "a mayor" else "pending"
        users = [{"name": factories.User(state=state)["name"], "capacity": "admin"}]
    cohort = make_cohort()
    manager = make_staff(cohort["id"], by=admin)
    # By a sysadmin, and by the acceptance of an application.
    added = factories.Organization(user=admin, users=users)
    call_as(
        admin,
        "challenge_participant_create",
        cohort=cohort["id"],
        organization=added["id"],
    )
    applied = factories.Organization(user=admin, users=users, siren=BAULE)
    make_participant(cohort)
    for group in (added, applied):
        with pytest.raises(tk.NotAuthorized):
            call_as(
                manager,
                "challenge_member_invite",
                organization=group["id"],
                email="collegue@example.org",
                role=role,
            )


def test_nobody_invites_themselves(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    for who in (manager, admin):
        with pytest.raises(tk.ValidationError) as caught:
            _invite(who, participant, email=who["email"].upper(), role="admin")
        assert only_message(caught, "email")
        assert who["email"] not in _members(participant)


def test_an_invitation_is_stored_as_a_whole_or_not_at_all(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    """The process dies while the invitation is written in the journal."""
    users = model.Session.query(model.User).count()

    class Killed(BaseException):
        pass

    def die(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if "INSERT INTO challenge_journal" in statement:
            raise Killed

    engine = model.meta.engine
    event.listen(engine, "before_cursor_execute", die)
    try:
        with pytest.raises(Killed):
            _invite(admin, participant)
    finally:
        event.remove(engine, "before_cursor_execute", die)
    model.Session.remove()
    assert "collegue@example.org" not in _members(participant)
    assert model.Session.query(model.User).count() == users
    assert model.Session.query(Mail).filter_by(kind="invitation").count() == 0
    assert _invite(admin, participant)["invited"] is True


def _role_of_contact(participant: dict[str, Any]) -> GivenRole:
    return (
        model.Session.query(GivenRole)
        .filter_by(organization_id=participant["organization_id"], role="admin")
        .one()
    )


@pytest.mark.parametrize("how", ["erased", "withdrawn", "left", "lowered", "closed"])
def test_a_manager_invites_nobody_where_the_admins_were_made_to_go(
    admin: dict[str, Any], how: str
) -> None:
    mayor = factories.User()
    cohort = make_cohort()
    participant = make_participant(cohort, user=mayor)
    manager = make_staff(cohort["id"], by=admin)
    organization = participant["organization_id"]
    model.Session.expire_all()
    assert _role_of_contact(participant).user_id == mayor["id"]
    if how == "erased":
        application = model.Session.query(Application).one()
        call_as(manager, "challenge_application_erase", id=application.id)
    elif how == "withdrawn":
        call_as(
            manager,
            "challenge_participant_withdraw",
            id=participant["id"],
            reason="Plus personne.",
        )
        # To a closed account nothing is given back.
        call_as(admin, "user_delete", id=mayor["id"])
        call_as(manager, "challenge_participant_reinstate", id=participant["id"])
    elif how == "left":
        call_as(
            admin,
            "organization_member_delete",
            id=organization,
            username=mayor["name"],
        )
    elif how == "lowered":
        call_as(
            admin,
            "organization_member_create",
            id=organization,
            username=mayor["name"],
            role="member",
        )
    else:
        call_as(admin, "user_delete", id=mayor["id"])
    model.Session.expire_all()
    assert "admin" not in _members(participant).values()
    with pytest.raises(tk.NotAuthorized) as caught:
        _invite(manager, participant, role="admin")
    assert "sysadmin" in str(caught.value)
    assert _invite(admin, participant, role="admin")["role"] == "admin"


@pytest.mark.parametrize("state", ["finished", "archived"])
def test_a_manager_of_a_season_that_is_over_lets_nobody_in(
    admin: dict[str, Any], participant: dict[str, Any], state: str
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    model.Session.query(Cohort).update({"state": state})
    model.Session.commit()
    with pytest.raises(tk.NotAuthorized):
        _invite(manager, participant)


def test_whom_a_manager_let_in_is_recorded_where_that_was_allowed(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    later = call_as(
        admin,
        "challenge_participant_create",
        cohort=make_cohort(name="later")["id"],
        organization=participant["organization_id"],
    )
    _invite(manager, participant)
    _invite(admin, participant, email="autre@example.org")
    model.Session.expire_all()
    given = {
        row.given_by: row.participant_id
        for row in model.Session.query(GivenRole).filter_by(way="invitation")
    }
    assert given == {manager["id"]: participant["id"], admin["id"]: later["id"]}


@pytest.mark.parametrize("meanwhile", ["dismissed", "closed", "an admin", "nothing"])
def test_what_waits_is_given_only_if_it_could_be_given_now(
    admin: dict[str, Any], participant: dict[str, Any], meanwhile: str
) -> None:
    manager = make_staff(participant["cohort_id"], by=admin)
    colleague = factories.User(email="collegue@example.org")
    assert _invite(manager, participant, role="admin")["waiting"] is True
    if meanwhile == "dismissed":
        role = model.Session.query(Staff).filter_by(user_id=manager["id"]).one()
        call_as(admin, "challenge_staff_delete", id=role.id)
    elif meanwhile == "closed":
        call_as(admin, "user_delete", id=manager["id"])
    elif meanwhile == "an admin":
        mayor = factories.User()
        prove(mayor)
        _invite(admin, participant, email=mayor["email"], role="admin")
    digest = access_links.digest_of(colleague["email"])
    told = waiting_roles.prove(proofs.Proof(colleague["id"], digest))
    model.Session.commit()
    given = meanwhile == "nothing"
    assert bool(told) == given
    assert (_members(participant).get(colleague["email"]) == "admin") == given
    assert model.Session.query(WaitingRole).count() == 0


def test_a_contact_who_has_yet_to_choose_a_password_is_told_of_others(
    admin: dict[str, Any], participant: dict[str, Any]
) -> None:
    contact = _role_of_contact(participant).user_id
    account = model.User.get(contact)
    assert account is not None
    assert account.state == "pending"
    _invite(admin, participant, email="autre@example.org", role="admin")
    told = model.Session.query(Mail).filter_by(kind="role_given")
    assert contact in {mail.user_id for mail in told}


def test_who_invites_any_number_of_addresses_is_stopped(
    admin: dict[str, Any],
    app: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Anybody may have an organization, where the portal lets everybody make one."""
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_address", 3)
    owner = factories.User()
    users = [{"name": owner["name"], "capacity": "admin"}]
    group = {"organization_name": factories.Organization(users=users)["name"]}
    from_one = {"REMOTE_ADDR": "198.51.100.7"}
    with app.flask_app.test_request_context(environ_overrides=from_one):
        for number in range(3):
            _invite(owner, group, email=f"victime-{number}@example.org")
        with pytest.raises(tk.ValidationError) as caught:
            _invite(owner, group, email="victime-3@example.org")
        assert list(caught.value.error_dict) == ["limit"]
        assert _invite(admin, group, email="victime-3@example.org")["invited"]
    assert model.Session.query(Mail).filter_by(kind="invitation").count() == 4
