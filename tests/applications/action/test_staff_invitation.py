"""Inviting somebody to the team of a season, who may have no account yet."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, day, make_cohort, make_staff

from ckanext.challenge import notifications
from ckanext.challenge.cohorts import team
from ckanext.challenge.model import Cohort, JournalEntry, Mail, Staff
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import kinds, rendering
from ckanext.challenge.privacy import erasure

ADDRESS = "nouvelle@example.org"

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def manager() -> dict[str, Any]:
    """Who manages the season."""
    user = factories.User()
    make_staff(make_cohort("running"), "manager", user)
    return user


def _invite(who: dict[str, Any], **given: Any) -> dict[str, Any]:
    data = {"cohort": "saison-2", "email": ADDRESS, "role": "adviser", **given}
    return call_as(who, "challenge_staff_invite", **data)


def test_an_account_is_made_that_waits_for_its_owner(manager: dict[str, Any]) -> None:
    made = _invite(manager)
    assert (made["invited"], made["waiting"]) == (True, False)
    user = model.User.get(made["user"])
    assert user is not None
    assert (user.state, user.email) == (model.State.PENDING, ADDRESS)
    # No part of the address: names of accounts are public.
    assert "nouvelle" not in user.name
    assert model.Session.query(Staff).filter_by(user_id=user.id).one().role == "adviser"
    (mail,) = model.Session.query(Mail).filter_by(kind="staff_invitation").all()
    cohort = model.Session.get(Cohort, mail.cohort_id)
    sent = rendering.render(mail.kind, kinds.Occasion(cohort=cohort, user=user))
    assert sent.address == ADDRESS
    assert "/user/reset/" in sent.text
    # Nothing that somebody typed.
    assert cohort is not None
    assert cohort.title not in sent.text + sent.html + sent.subject
    for entry in model.Session.query(JournalEntry):
        assert ADDRESS not in str(entry.data)


def test_asked_again_is_mailed_again(manager: dict[str, Any]) -> None:
    assert _invite(manager) == _invite(manager, email=ADDRESS.upper())
    assert model.Session.query(Staff).filter_by(role="adviser").count() == 1
    assert model.Session.query(Mail).filter_by(kind="staff_invitation").count() == 2


def test_who_has_an_account_proves_the_address(manager: dict[str, Any]) -> None:
    user = factories.User(email=ADDRESS)
    made = _invite(manager)
    assert (made["user"], made["invited"], made["waiting"]) == (
        user["name"],
        False,
        True,
    )
    assert not model.Session.query(Staff).filter_by(user_id=user["id"]).count()


def test_who_came_meanwhile_is_led_to_the_season(manager: dict[str, Any]) -> None:
    user = model.User.get(_invite(manager)["user"])
    assert user is not None
    user.state = model.State.ACTIVE
    model.Session.commit()
    (cohort,) = model.Session.query(Cohort).all()
    occasion = kinds.Occasion(cohort=cohort, user=user)
    told = kinds.get("staff_invitation").variables(occasion)
    assert told is not None
    assert told["link"].endswith("/challenge/manage/saison-2")


def test_managers_invite_no_managers(manager: dict[str, Any]) -> None:
    with pytest.raises(tk.NotAuthorized):
        _invite(manager, role="manager")
    assert _invite(factories.Sysadmin(), role="manager")["role"] == "manager"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"email": "nouvelle@example"}, "email"),
        ({"email": ""}, "email"),
        ({"role": "owner"}, "role"),
    ],
)
def test_what_is_wrong_is_said(given: dict[str, str], field: str) -> None:
    make_cohort("running")
    with pytest.raises(tk.ValidationError) as caught:
        _invite(factories.Sysadmin(), **given)
    assert list(caught.value.error_dict) == [field]


def test_nothing_is_left_where_it_fails(
    manager: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(notifications, "enqueue", fails)
    with pytest.raises(RuntimeError):
        _invite(manager)
    assert not model.Session.query(model.User).filter_by(email=ADDRESS).count()


def _listed(who: dict[str, Any]) -> dict[str, Any]:
    """Who is invited, as the list of the team has them."""
    team = call_as(who, "challenge_staff_list", cohort="saison-2")
    (row,) = [row for row in team["results"] if row["invited_at"]]
    return row


def _age(days: int) -> None:
    """Let so many days pass for who is invited."""
    (staff,) = model.Session.query(Staff).filter_by(role="adviser").all()
    staff.created_at -= dt.timedelta(days=days)
    model.Session.commit()


def test_who_did_not_come_is_listed_with_the_day_on_which_it_ends(
    manager: dict[str, Any],
) -> None:
    _invite(manager)
    _age(10)
    row = _listed(manager)
    assert (row["email"], row["role"]) == (ADDRESS, "adviser")
    assert row["invited_until"] == day(80).isoformat()
    # Asked again, it lasts from then on.
    _invite(manager)
    assert _listed(manager)["invited_until"] == day(90).isoformat()
    # An adviser may invite nobody, and reads no address.
    adviser = make_staff("saison-2", "adviser")
    assert "email" not in _listed(adviser)
    opened = model.User.get(row["user_id"])
    assert opened is not None
    opened.state = model.State.ACTIVE
    model.Session.commit()
    team = call_as(manager, "challenge_staff_list", cohort="saison-2")
    assert not [row for row in team["results"] if row["invited_at"]]


def test_taken_back_its_account_goes_and_no_mail_goes_out(
    manager: dict[str, Any],
) -> None:
    made = _invite(manager)
    user = model.User.get(made["user"])
    (cohort,) = model.Session.query(Cohort).all()
    call_as(manager, "challenge_staff_delete", id=_listed(manager)["id"])
    assert model.User.get(made["user"]) is None
    assert user is not None
    occasion = kinds.Occasion(cohort=cohort, user=user)
    assert kinds.get("staff_invitation").variables(occasion) is None


def test_whoever_is_somewhere_else_too_keeps_the_account(
    manager: dict[str, Any],
) -> None:
    made = _invite(manager)
    other = make_cohort("running", name="saison-3", season=3)
    user = model.User.get(made["user"])
    assert user is not None
    team.appoint(model.Session.get(Cohort, other["id"]), user, "adviser", "system")
    model.Session.commit()
    call_as(manager, "challenge_staff_delete", id=_listed(manager)["id"])
    assert model.User.get(made["user"]) is not None


@pytest.mark.parametrize(("days", "ended"), [(90, 0), (92, 1)])
def test_it_ends_in_the_night_after_its_last_day(
    manager: dict[str, Any], days: int, ended: int
) -> None:
    made = _invite(manager)
    _age(days)
    purged = erasure.purge([], utcnow())
    assert purged.invitations == ended
    assert (model.User.get(made["user"]) is None) == bool(ended)
    assert model.Session.query(Staff).filter_by(role="manager").count() == 1
