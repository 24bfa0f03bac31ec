"""Inviting somebody to the team of a season, who may have no account yet."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, make_cohort, make_staff

from ckanext.challenge import notifications
from ckanext.challenge.model import Cohort, JournalEntry, Mail, Staff
from ckanext.challenge.notifications import kinds, rendering

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
