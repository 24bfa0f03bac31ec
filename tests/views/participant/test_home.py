"""Where people land who have signed in: at their own checklist."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import BAULE, apply, call_as, make_cohort, prove
from helpers.browser import PASSWORD, Browser
from werkzeug.datastructures import FileStorage


def _place(answer: Any) -> str:
    assert answer.status_code == 302
    return answer.headers["Location"].split("localhost")[-1].split(":5000")[-1]


def test_a_login_leads_to_the_own_checklist(
    browser: Callable[..., Browser], world: Any
) -> None:
    visitor = browser()
    landed = visitor.client.post(
        "/user/login",
        data={
            "login": world.people["member"]["name"],
            "password": PASSWORD,
            "_csrf_token": visitor.token("/user/login"),
        },
    )
    assert _place(landed).endswith("/challenge/mine/begin")
    assert _place(visitor.get("/challenge/mine/begin")).endswith("/challenge/mine")
    assert tk.config["ckan.user_reset_landing_page"] == "challenge_home.begin"


def test_who_runs_a_season_begins_with_what_waits(
    browser: Callable[..., Browser], world: Any
) -> None:
    for role in ("manager", "adviser"):
        for path in ("/challenge/mine/begin", "/challenge/mine"):
            assert _place(browser(role).get(path)).endswith("/challenge/manage")
    # Who takes part as well finds the own checklist where it was.
    call_as(
        world.people["sysadmin"],
        "member_create",
        id=world.participant["organization_id"],
        object=world.people["adviser"]["id"],
        object_type="user",
        capacity="editor",
    )
    adviser = browser("adviser")
    assert _place(adviser.get("/challenge/mine")).endswith(world.url)
    assert _place(adviser.get("/challenge/mine/begin")).endswith("/challenge/manage")


def test_one_collectivite_is_opened_at_once_and_linked_everywhere(
    browser: Callable[..., Browser], world: Any
) -> None:
    member = browser("member")
    assert _place(member.get("/challenge/mine")).endswith(world.url)
    for page in ("/", "/challenge", f"/challenge/{world.cohort['name']}"):
        shown = member.get(page).get_data(as_text=True)
        assert shown.count('/challenge/mine"') >= (1 if page == "/" else 2)
        assert '/challenge/mine"' not in browser().get(page).get_data(as_text=True)
        assert '/challenge/mine"' not in browser("stranger").get(page).get_data(
            as_text=True
        )


def test_several_are_listed(browser: Callable[..., Browser], world: Any) -> None:
    member = world.people["member"]
    other = factories.Organization(
        title="Syndicat des eaux", users=[{"name": member["name"], "capacity": "admin"}]
    )
    call_as(
        world.people["sysadmin"],
        "challenge_participant_create",
        cohort=world.cohort["id"],
        organization=other["id"],
    )
    shown = browser("member").get("/challenge/mine").get_data(as_text=True)
    assert "Syndicat des eaux" in shown
    assert world.participant["organization_title"] in shown


def test_files_that_are_being_prepared_are_listed(
    browser: Callable[..., Browser],
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    stranger = world.people["stranger"]
    for title in ("Syndicat des eaux", "Syndicat des bois"):
        organization = factories.Organization(
            title=title, users=[{"name": stranger["name"], "capacity": "editor"}]
        )
        call_as(
            stranger,
            "challenge_preparation_create",
            organization=organization["id"],
            kit="deliberations",
            upload=FileStorage(io.BytesIO(b"Objet;Date\nBudget;2025-03-12\n"), "a.csv"),
        )
    shown = browser("stranger").get("/challenge/mine").get_data(as_text=True)
    assert shown.count("/challenge/preparation/") == 2
    assert "Syndicat des eaux" in shown
    assert "Syndicat des bois" in shown


def test_who_only_applied_comes_to_the_application(
    browser: Callable[..., Browser], world: Any
) -> None:
    landed = _place(browser("applicant").get("/challenge/mine"))
    assert landed.endswith(f"/challenge/application/{world.application['id']}")
    assert _place(browser("stranger").get("/challenge/mine")).endswith(
        "/dashboard/datasets"
    )


def test_a_mailed_link_asks_who_somebody_is_and_leads_to_the_checklist(
    browser: Callable[..., Browser], world: Any
) -> None:
    url = world.url.replace("/challenge/", "/challenge/mine/")
    assert "/user/login" in _place(browser().get(url))
    assert _place(browser("member").get(url)).endswith(world.url)


def test_an_application_without_an_account_is_in_the_account_of_its_address(
    world: Any,
) -> None:
    season = make_cohort("open", name="saison-5", season=5, title="Saison 5")
    contact = factories.User(email="contact@example.org")
    made = apply(season, BAULE, contact_email="Contact@example.org", opened=False)
    listed = call_as(contact, "challenge_application_list")
    assert listed["count"] == 0
    prove(contact)
    listed = call_as(contact, "challenge_application_list")
    assert [row["id"] for row in listed["results"]] == [made["id"]]
    shown = call_as(contact, "challenge_application_show", id=made["id"])
    assert shown["contact_email"] == "Contact@example.org"
    assert shown["own"] is True
    form = call_as(
        contact, "challenge_application_form", cohort=season["name"], siren=BAULE
    )
    assert form["own"] == made["id"]
