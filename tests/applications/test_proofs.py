"""An account is nobody until it opened a link that was mailed to its address."""

from __future__ import annotations

import re
from collections.abc import Callable
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
    make_participant,
    prove,
    work_in_this_process,
)
from helpers.browser import PASSWORD, Browser

from ckanext.challenge.common import access_links, proofs
from ckanext.challenge.model import Claim, GivenRole, Mail, Staff, WaitingRole

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues"
)

TOWN_HALL = "mairie@example.org"


@pytest.fixture
def admin() -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


@pytest.fixture
def stranger() -> dict[str, Any]:
    """Somebody who registered with an address that is public, and not theirs."""
    return factories.User(email=TOWN_HALL, password=PASSWORD)


@pytest.fixture
def post(mailbox: Any) -> Callable[[], str]:
    """What was mailed to the town hall last."""

    def last(address: str = TOWN_HALL) -> str:
        work_in_this_process()
        return mailbox.to(address)[-1].get_body(("plain",)).get_content()

    return last


def _token(text: str) -> str:
    return re.findall(r"/challenge/proof/(\S+)", text)[-1]


def _accept(admin: dict[str, Any], application: dict[str, Any]) -> dict[str, Any]:
    return call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )


def _role(organization_id: str, user: dict[str, Any]) -> str | None:
    model.Session.expire_all()
    found = model.Session.query(model.Member).filter_by(
        group_id=organization_id, table_id=user["id"], state="active"
    )
    return found.one().capacity if found.count() else None


def _prove(user: dict[str, Any] | None, token: str) -> Any:
    return call_as(user, "challenge_address_prove", token=token)


@pytest.mark.parametrize("signed_in", [False, True])
def test_an_applicant_found_by_address_waits_for_the_link(
    admin: dict[str, Any],
    stranger: dict[str, Any],
    post: Callable[[], str],
    signed_in: bool,
) -> None:
    user = stranger if signed_in else None
    application = apply(make_cohort(), user=user, opened=False)
    shown = call_as(admin, "challenge_application_show", id=application["id"])
    assert shown["account"]["name"] == stranger["name"]
    assert shown["account"]["since"]
    assert (shown["account"]["proved"], shown["account"]["waiting"]) == (False, None)

    accepted = _accept(admin, application)
    organization = accepted["organization_id"]
    assert accepted["account"]["waiting"]
    assert _role(organization, stranger) is None
    assert model.Session.query(GivenRole).count() == 0
    (listed,) = call_as(
        admin, "challenge_waiting_role_list", cohort=application["cohort"]
    )["results"]
    assert (listed["role"], listed["way"]) == ("admin", "acceptance")
    assert listed["user_name"] == stranger["name"]

    token = _token(post())
    for other in (None, factories.User(), admin):
        with pytest.raises(tk.NotAuthorized):
            _prove(other, token)
    assert _role(organization, stranger) is None
    given = _prove(stranger, token)["results"]
    assert [row["organization_title"] for row in given] == ["Baule"]
    assert _role(organization, stranger) == "admin"
    (recorded,) = model.Session.query(GivenRole)
    assert (recorded.way, recorded.given_by) == ("acceptance", admin["id"])
    assert model.Session.query(WaitingRole).count() == 0
    shown = call_as(admin, "challenge_application_show", id=application["id"])
    assert (shown["account"]["proved"], shown["account"]["waiting"]) == (True, None)
    # Once proved it is proved for the next time.
    second = _accept(admin, apply(make_cohort(name="saison-3", season=3)))
    assert second["account"]["waiting"] is None


def test_a_token_that_was_changed_or_made_for_another_address_gives_nothing(
    admin: dict[str, Any], stranger: dict[str, Any]
) -> None:
    accepted = _accept(admin, apply(make_cohort()))
    other = access_links.digest_of("moi@example.org")
    assert _prove(stranger, proofs.make_token(stranger["id"], other))["results"] == []
    assert _role(accepted["organization_id"], stranger) is None
    with pytest.raises(tk.ValidationError):
        _prove(stranger, proofs.make_token(stranger["id"], other)[:-3])


def test_a_receipt_opened_by_the_account_that_applied_proves_its_address(
    admin: dict[str, Any], app: Any, stranger: dict[str, Any]
) -> None:
    application = apply(make_cohort(), user=stranger, opened=False)
    key = access_links.make_key(application["id"], TOWN_HALL)
    path = f"/challenge/application/{application['id']}?key={key}"
    # Whoever else opens it proves that the address is the application's, no more.
    assert Browser(app).get(path).status_code == 200
    other = Browser(app).sign_in(factories.User(password=PASSWORD))
    assert other.get(path).status_code == 200
    assert not proofs.is_proved(stranger["id"], TOWN_HALL)
    # The key that was answered to whoever applied proves nothing.
    own = Browser(app).sign_in(stranger)
    own.get(f"/challenge/application/{application['id']}?key={application['key']}")
    assert not proofs.is_proved(stranger["id"], TOWN_HALL)
    assert own.get(path).status_code == 200
    model.Session.rollback()
    assert proofs.is_proved(stranger["id"], TOWN_HALL)
    accepted = _accept(admin, application)
    assert _role(accepted["organization_id"], stranger) == "admin"


def test_an_account_made_by_the_acceptance_is_opened_by_its_link_alone(
    admin: dict[str, Any],
) -> None:
    accepted = _accept(admin, apply(make_cohort()))
    (member,) = model.Session.query(model.Member).filter_by(
        group_id=accepted["organization_id"], table_name="user", state="active"
    )
    user = model.User.get(member.table_id)
    assert user is not None and user.state == "pending"
    assert proofs.is_proved(user.id, TOWN_HALL)


def test_a_claim_gives_its_role_after_the_link(
    admin: dict[str, Any], stranger: dict[str, Any], post: Callable[[], str]
) -> None:
    mayor = factories.User()
    users = [{"name": mayor["name"], "capacity": "admin"}]
    town = factories.Organization(siren=BAULE, users=users)
    _accept(admin, apply(make_cohort()))
    claim = model.Session.query(Claim).one().id
    answered = call_as(mayor, "challenge_claim_answer", id=claim, accepted=True)
    assert answered["state"] == "accepted"
    assert answered["waiting"] is True
    assert answered["since"]
    assert _role(town["id"], stranger) is None
    _prove(stranger, _token(post()))
    assert _role(town["id"], stranger) == "admin"
    assert call_as(mayor, "challenge_claim_show", id=claim)["waiting"] is False


def test_a_member_found_by_address_waits_for_the_link(
    admin: dict[str, Any], stranger: dict[str, Any], post: Callable[[], str]
) -> None:
    mayor = factories.User()
    users = [{"name": mayor["name"], "capacity": "admin"}]
    town = factories.Organization(users=users)
    asked = {"organization": town["id"], "email": TOWN_HALL, "role": "editor"}
    made = call_as(mayor, "challenge_member_invite", **asked)
    assert (made["user"], made["waiting"], made["again"]) == (
        stranger["name"],
        True,
        False,
    )
    assert _role(town["id"], stranger) is None
    first = _token(post())
    again = call_as(mayor, "challenge_member_invite", **asked)
    assert (again["waiting"], again["again"]) == (True, True)
    assert model.Session.query(WaitingRole).count() == 1
    listed = call_as(mayor, "challenge_waiting_role_list", organization=town["id"])
    assert listed["count"] == 1
    _prove(stranger, first)
    assert _role(town["id"], stranger) == "editor"


def test_an_account_that_changed_its_address_since_gets_nothing(
    admin: dict[str, Any], stranger: dict[str, Any], post: Callable[[], str]
) -> None:
    mayor = factories.User()
    users = [{"name": mayor["name"], "capacity": "admin"}]
    town = factories.Organization(users=users)
    call_as(mayor, "challenge_member_invite", organization=town["id"], email=TOWN_HALL)
    token = _token(post())
    user = model.User.get(stranger["id"])
    assert user is not None
    user.email = "ailleurs@example.org"
    model.Session.commit()
    assert _prove(stranger, token)["results"] == []
    assert _role(town["id"], stranger) is None


@pytest.mark.parametrize("role", ["manager", "adviser"])
def test_staff_named_by_address_wait_and_named_by_name_do_not(
    admin: dict[str, Any],
    stranger: dict[str, Any],
    post: Callable[[], str],
    role: str,
) -> None:
    cohort = make_cohort()
    asked = {"cohort": cohort["id"], "role": role}
    named = call_as(
        admin, "challenge_staff_create", user=factories.User()["name"], **asked
    )
    assert named["waiting"] is False
    made = call_as(admin, "challenge_staff_create", user=TOWN_HALL, **asked)
    assert made["waiting"] is True
    assert made["since"]
    listed = call_as(admin, "challenge_staff_list", cohort=cohort["id"])
    assert [row["user_name"] for row in listed["waiting"]] == [stranger["name"]]
    assert listed["count"] == 1
    with pytest.raises(tk.NotAuthorized):
        call_as(stranger, "challenge_staff_list", cohort=cohort["id"])
    _prove(stranger, _token(post()))
    found = model.Session.query(Staff).filter_by(user_id=stranger["id"])
    assert [one.role for one in found] == [role]
    # What waits can be taken back, too.
    other = factories.User()
    made = call_as(admin, "challenge_staff_create", user=other["email"], **asked)
    call_as(admin, "challenge_staff_delete", id=made["id"])
    assert model.Session.query(WaitingRole).count() == 0


def test_staff_who_proved_their_address_have_the_role_at_once(
    admin: dict[str, Any],
) -> None:
    cohort, user = make_cohort(), factories.User()
    prove(user)
    made = call_as(
        admin,
        "challenge_staff_create",
        cohort=cohort["id"],
        user=user["email"],
        role="manager",
    )
    assert made["waiting"] is False
    assert model.Session.query(Mail).filter_by(kind="address_proof").count() == 0


def test_what_waits_ends_with_the_withdrawal_and_with_the_erasure(
    admin: dict[str, Any], stranger: dict[str, Any]
) -> None:
    for end in ("withdraw", "erase"):
        cohort = make_cohort(name=f"saison-{end}", season=len(end))
        application = apply(cohort)
        accepted = _accept(admin, application)
        assert model.Session.query(WaitingRole).count() == 1
        if end == "withdraw":
            call_as(
                admin,
                "challenge_participant_withdraw",
                id=accepted["participant_id"],
                reason="Plus le temps.",
            )
        else:
            call_as(admin, "challenge_application_erase", id=application["id"])
        assert model.Session.query(WaitingRole).count() == 0


def test_an_erasure_forgets_who_proved_an_address_that_is_not_the_account_s(
    admin: dict[str, Any],
) -> None:
    person, clerk = factories.User(), factories.User(email=TOWN_HALL)
    for user in (person, clerk):
        prove(user, TOWN_HALL)
    application = apply(make_cohort(), user=person)
    call_as(admin, "challenge_application_erase", id=application["id"])
    assert not proofs.is_proved(person["id"], TOWN_HALL)
    assert proofs.is_proved(clerk["id"], TOWN_HALL)


def test_who_writes_an_address_erases_nothing_of_its_accounts(
    admin: dict[str, Any],
) -> None:
    """A draft names any address: its erasure touches no account of that address."""
    person = factories.User()
    prove(person, TOWN_HALL)
    invited = factories.User(email=TOWN_HALL, state="pending")
    draft = apply(make_cohort(), submit=False, opened=False, contact_email=TOWN_HALL)
    told = call_as(
        None, "challenge_role_changes", application=draft["id"], key=draft["key"]
    )
    assert told["accounts"] == []
    call_as(None, "challenge_application_erase", id=draft["id"], key=draft["key"])
    model.Session.expire_all()
    assert model.User.get(invited["id"]) is not None
    assert proofs.is_proved(person["id"], TOWN_HALL)


def test_applications_and_subscriptions_belong_to_nobody_by_address(
    admin: dict[str, Any], stranger: dict[str, Any]
) -> None:
    """The twins: an address that an account carries opens nothing."""
    cohort = make_cohort()
    application = apply(cohort)
    assert call_as(stranger, "challenge_application_list")["count"] == 0
    with pytest.raises(tk.NotAuthorized):
        call_as(stranger, "challenge_application_show", id=application["id"])
    call_as(None, "challenge_subscription_create", cohort=cohort["id"], email=TOWN_HALL)
    with pytest.raises(tk.NotAuthorized):
        call_as(stranger, "challenge_subscription_list", email=TOWN_HALL)


def test_the_page_asks_before_it_proves(
    admin: dict[str, Any], app: Any, stranger: dict[str, Any], post: Callable[[], str]
) -> None:
    participant = make_participant(make_cohort())
    path = f"/en/challenge/proof/{_token(post())}"
    nobody = Browser(app).get(path)
    assert nobody.status_code == 302
    assert "/user/login" in nobody.headers["Location"]
    other = Browser(app).sign_in(factories.User(password=PASSWORD))
    refused = other.get(path)
    assert refused.status_code == 403
    assert "another account" in refused.get_data(as_text=True)
    assert other.post(path).status_code == 403
    own = Browser(app).sign_in(stranger)
    page = own.get(path).get_data(as_text=True)
    assert stranger["name"] in page
    assert "Administrator of “Baule”" in page
    assert _role(participant["organization_id"], stranger) is None
    assert "Mail me another link" in own.get("/en/challenge/proof").get_data(
        as_text=True
    )
    assert own.get("/challenge/proof/nonsense").status_code == 403
    assert own.post(path).status_code == 302
    assert _role(participant["organization_id"], stranger) == "admin"


def test_the_reviewer_sees_the_account_and_mails_the_link_again(
    admin: dict[str, Any], app: Any, stranger: dict[str, Any], post: Callable[[], str]
) -> None:
    application = apply(make_cohort())
    _accept(admin, application)
    user = model.User.get(admin["id"])
    assert user is not None
    user.password = PASSWORD
    model.Session.commit()
    desk = Browser(app).sign_in({**admin, "password": PASSWORD})
    path = f"/en/challenge/manage/saison-2/application/{application['id']}"
    page = desk.get(path).get_data(as_text=True)
    assert stranger["name"] in page
    assert "Its role waits" in page
    first = post()
    before = model.Session.query(Mail).filter_by(kind="address_proof").count()
    assert desk.post(f"{path}/proof").status_code == 302
    model.Session.rollback()
    after = model.Session.query(Mail).filter_by(kind="address_proof").count()
    assert after == before + 1
    assert _token(first)
    assert _token(post())
