"""The token of the forms, also after CKAN has exempted the views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from factories import call_as
from helpers.browser import Browser

from ckanext.challenge.plugin import all_actions


@pytest.fixture(autouse=True)
def protected(ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The protection as portals have it; CKAN's tests turn it off."""
    monkeypatch.setitem(ckan_config, "WTF_CSRF_ENABLED", True)


DONE = {"state": "done", "elu-referent-note": "Camille Martin, adjointe"}


def _state(world: Any) -> str:
    progress = call_as(
        world.people["member"],
        "challenge_progress_show",
        organization=world.participant["organization_id"],
        cohort="saison-2",
    )
    (step,) = [row for row in progress["steps"] if row["step"] == "elu-referent"]
    return step["state"]


def test_a_forged_request_is_refused_after_the_hole_is_primed(
    browser: Callable[..., Any], app: Any, world: Any
) -> None:
    url = f"{world.url}/step/elu-referent"
    token = factories.APIToken(user=world.people["stranger"]["name"])["token"]
    # On CKAN 2.12.0 this exempts the view for the whole process.
    Browser(app).client.post(url, data={}, headers={"Authorization": token})
    Browser(app).client.post(url, data={})
    member = browser("member")
    forged = member.client.post(url, data={"state": "done"})
    assert forged.status_code == 400
    assert _state(world) == "todo"
    page = member.client.post(f"/en{url}", data={"state": "done"})
    text = page.get_data(as_text=True)
    assert "400 This request cannot be answered" in text
    assert "The CSRF token" not in text and "load the page again" in text
    wrong = member.client.post(url, data={"state": "done", "_csrf_token": "x"})
    assert wrong.status_code == 400
    assert _state(world) == "todo"
    assert member.post(url, DONE).status_code == 302
    assert _state(world) == "done"


def test_the_token_may_come_in_a_header(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    answer = member.client.post(
        f"{world.url}/step/elu-referent",
        data=DONE,
        headers={"X-CSRFToken": member.token()},
    )
    assert answer.status_code == 302


def test_no_state_changing_view_goes_without_a_token(
    browser: Callable[..., Any], app: Any, world: Any
) -> None:
    admin = browser("sysadmin")
    nobody = Browser(app)
    tried = 0
    with app.flask_app.test_request_context():
        rules = list(app.flask_app.url_map.iter_rules())
    for rule in rules:
        if not rule.endpoint.startswith("challenge"):
            continue
        methods = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        for method in methods:
            path = rule.rule
            for argument in rule.arguments:
                path = path.replace(f"<{argument}>", "saison-2")
            nobody.client.open(path, method=method)
            answer = admin.client.open(path, method=method)
            assert answer.status_code == 400, (method, rule.rule)
            tried += 1
    assert tried >= 8


def test_a_program_with_a_token_of_the_api_needs_none(app: Any, world: Any) -> None:
    token = factories.APIToken(user=world.people["member"]["name"])["token"]
    answer = Browser(app).client.post(
        f"{world.url}/step/elu-referent",
        data=DONE,
        headers={"Authorization": token},
    )
    assert answer.status_code == 302
    assert _state(world) == "done"


def test_nothing_changes_by_reading(browser: Callable[..., Any], world: Any) -> None:
    admin = browser("sysadmin")
    # Where a form was refused and its address is read, its page is.
    answer = admin.get(f"{world.url}/step/elu-referent")
    assert answer.status_code == 303
    assert answer.location == f"{world.url}#step-elu-referent"
    # This one only says what would happen.
    assert admin.get("/challenge/manage/saison-2/state?to=finished").status_code == 200
    cohort = call_as(None, "challenge_cohort_show", id="saison-2")
    assert cohort["state"] == "running"


@pytest.mark.seconds(10)
def test_no_action_with_effects_is_forged_through_the_api(
    browser: Callable[..., Any], app: Any, world: Any
) -> None:
    """CKAN's view of all actions is exempted first, as anybody can have it."""
    Browser(app).client.post("/api/3/action/status_show", json={})
    sysadmin = browser("sysadmin")
    token = sysadmin.token()
    effects = [
        name
        for name, action in all_actions().items()
        if not getattr(action, "side_effect_free", False)
    ]
    assert "challenge_staff_create" in effects
    for prefix in ("/api/3/action/", "/api/action/"):
        for name in effects:
            forged = sysadmin.client.post(prefix + name, data={"id": "x"})
            assert forged.status_code == 400, name
            assert "CSRF" in forged.get_data(as_text=True), name
    wrong = sysadmin.client.post(
        "/api/3/action/challenge_staff_create", data={"_csrf_token": "x"}
    )
    assert wrong.status_code == 400
    # Validated, so the token let it through.
    for sent in ({"data": {"_csrf_token": token}}, {"headers": {"X-CSRFToken": token}}):
        answer = sysadmin.client.post("/api/3/action/challenge_staff_create", **sent)
        assert answer.status_code == 409, answer.get_data(as_text=True)
    # What is only read needs none, nor does a program.
    shown = sysadmin.client.get("/api/3/action/challenge_cohort_list")
    assert shown.status_code == 200
    key = factories.APIToken(user=world.people["sysadmin"]["name"])["token"]
    # CKAN 2.11 takes the user of the cookie where both are sent.
    beside = 409 if tk.check_ckan_version(min_version="2.12") else 400
    for client, status in ((sysadmin.client, beside), (Browser(app).client, 409)):
        answer = client.post(
            "/api/3/action/challenge_staff_create",
            json={},
            headers={"Authorization": key},
        )
        assert answer.status_code == status
    # A key that is none leaves the cookie, which needs the token.
    answer = sysadmin.client.post(
        "/api/3/action/challenge_staff_create",
        json={},
        headers={"Authorization": "none"},
    )
    assert answer.status_code == 400
    anonymous = Browser(app).client.post(
        "/api/3/action/challenge_application_create", json={}
    )
    assert anonymous.status_code == 409
