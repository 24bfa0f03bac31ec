"""Managers who create, copy and delete seasons, where the portal allows it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, make_cohort, make_staff

from ckanext.challenge.model import Cohort

SEASON = {"name": "saison-9", "title": "Saison 9", "season": 9}
ALLOWED = "ckanext.challenge.managers_create_cohorts"


pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def manager() -> dict[str, Any]:
    """Who manages one season."""
    user = factories.User()
    make_staff(make_cohort("running"), "manager", user)
    return user


def test_nobody_but_sysadmins_unless_it_is_allowed(manager: dict[str, Any]) -> None:
    for action, given in (
        ("challenge_cohort_create", SEASON),
        ("challenge_cohort_copy", {**SEASON, "id": "saison-2", "launch": "2027-01-15"}),
    ):
        with pytest.raises(tk.NotAuthorized):
            call_as(manager, action, **given)


@pytest.mark.ckan_config(ALLOWED, True)
def test_who_creates_a_season_manages_it(manager: dict[str, Any]) -> None:
    stranger = factories.User()
    with pytest.raises(tk.NotAuthorized):
        call_as(stranger, "challenge_cohort_create", **SEASON)
    made = call_as(manager, "challenge_cohort_create", **SEASON)
    team = call_as(manager, "challenge_staff_list", cohort="saison-9")["results"]
    assert [(one["user_id"], one["role"]) for one in team] == [
        (manager["id"], "manager")
    ]
    call_as(manager, "challenge_cohort_patch", id=made["id"], title="Autre titre")
    # A sysadmin needs no role.
    admin = factories.Sysadmin()
    other = {**SEASON, "name": "saison-10", "season": 10}
    call_as(admin, "challenge_cohort_create", **other)
    team = call_as(admin, "challenge_staff_list", cohort="saison-10")
    assert team["count"] == 0


@pytest.mark.ckan_config(ALLOWED, True)
def test_only_those_who_manage_a_season_copy_it(manager: dict[str, Any]) -> None:
    other = make_cohort("running", name="saison-5", season=5)
    given = {**SEASON, "launch": "2027-01-15"}
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_cohort_copy", id=other["id"], **given)
    call_as(manager, "challenge_cohort_copy", id="saison-2", **given)
    team = call_as(manager, "challenge_staff_list", cohort="saison-9")["results"]
    assert [one["user_id"] for one in team] == [manager["id"]]


@pytest.mark.ckan_config(ALLOWED, True)
def test_an_empty_draft_is_deleted_by_its_manager(manager: dict[str, Any]) -> None:
    made = call_as(manager, "challenge_cohort_create", **SEASON)
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_cohort_delete", id="saison-2")
    call_as(
        factories.Sysadmin(),
        "challenge_participant_create",
        cohort=made["id"],
        organization=factories.Organization()["id"],
    )
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_cohort_delete", id=made["id"])
    empty = {**SEASON, "name": "saison-10", "season": 10}
    call_as(manager, "challenge_cohort_create", **empty)
    call_as(manager, "challenge_cohort_delete", id="saison-10")
    assert not model.Session.query(Cohort).filter_by(name="saison-10").count()
