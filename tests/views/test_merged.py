"""Addresses of a commune that became part of another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from ckan.tests import factories
from factories import BAULE, POINCONNET, call_as
from helpers.browser import World

from ckanext.challenge.common import addresses

OLD, NEW = f"commune-{BAULE}", "commune-nouvelle"


@pytest.fixture
def heir(world: World) -> dict[str, Any]:
    """The organization of the new commune, which took over the SIREN of another
    participant of the season.
    """
    admin = world.people["sysadmin"]
    for name, siren in ((OLD, BAULE), (f"commune-{POINCONNET}", POINCONNET)):
        call_as(admin, "organization_patch", id=name, siren=siren)
    call_as(admin, "organization_patch", id=f"commune-{POINCONNET}", name=NEW)
    return call_as(admin, "organization_show", id=NEW)


def _merge(world: World) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_successor_create",
        siren=BAULE,
        successor=POINCONNET,
    )


def _leads(visitor: Any, old: str, new: str) -> None:
    answer = visitor.get(old)
    assert answer.status_code == 301, old
    assert answer.headers["Location"].endswith(new), old
    assert visitor.get(answer.headers["Location"]).status_code == 200, new


def _gone(how: str, world: World) -> None:
    admin = world.people["sysadmin"]
    call_as(admin, "package_delete", id=world.dataset["id"])
    call_as(admin, "dataset_purge", id=world.dataset["id"])
    call_as(admin, "organization_delete", id=OLD)
    if how == "purged":
        call_as(admin, "organization_purge", id=OLD)


@pytest.mark.parametrize("how", ["deleted", "purged"])
@pytest.mark.parametrize("first", ["gone", "merged"])
def test_what_is_gone_leads_to_what_replaced_it(
    browser: Callable[..., Any],
    world: World,
    heir: dict[str, Any],
    how: str,
    first: str,
) -> None:
    cohort = world.cohort["name"]
    if first == "gone":
        _gone(how, world)
        assert browser().get(f"/organization/{OLD}").status_code == 404
        _merge(world)
    else:
        _merge(world)
        _gone(how, world)
    visitor = browser()
    for old, new in {
        f"/challenge/{cohort}/{OLD}": f"/challenge/{cohort}/{NEW}",
        f"/challenge/{cohort}/{OLD}/calendar.ics": (
            f"/challenge/{cohort}/{NEW}/calendar.ics"
        ),
        f"/challenge/{cohort}/{OLD}/card.png": f"/challenge/{cohort}/{NEW}/card.png",
        f"/challenge/{cohort}/data?organization={OLD}": (
            f"/challenge/{cohort}/data?organization={NEW}"
        ),
        f"/challenge/{cohort}/data.atom?organization={OLD}": (
            f"/challenge/{cohort}/data.atom?organization={NEW}"
        ),
        f"/challenge/badge/{OLD}": f"/challenge/badge/{NEW}",
        f"/challenge/badge/{OLD}.svg?theme=dark": (
            f"/challenge/badge/{NEW}.svg?theme=dark"
        ),
        f"/challenge/badge/{OLD}.svg?cohort={cohort}": (
            f"/challenge/badge/{NEW}.svg?cohort={cohort}"
        ),
        f"/organization/{OLD}": f"/organization/{NEW}",
        f"/organization/challenge/{OLD}": f"/organization/challenge/{NEW}",
        f"/feeds/organization/{OLD}.atom": f"/feeds/organization/{NEW}.atom",
        f"/en/challenge/{cohort}/{OLD}": f"/en/challenge/{cohort}/{NEW}",
        f"/challenge/collectivite/{BAULE}": f"/challenge/collectivite/{POINCONNET}",
    }.items():
        _leads(visitor, old, new)


def test_a_renamed_organization_that_is_gone_is_found_by_each_name(
    browser: Callable[..., Any], world: World, heir: dict[str, Any]
) -> None:
    admin = world.people["sysadmin"]
    call_as(admin, "organization_patch", id=OLD, name="baule-sur-loire")
    call_as(admin, "package_delete", id=world.dataset["id"])
    call_as(admin, "dataset_purge", id=world.dataset["id"])
    call_as(admin, "organization_purge", id="baule-sur-loire")
    _merge(world)
    for name in (OLD, "baule-sur-loire"):
        _leads(browser(), f"/challenge/badge/{name}.svg", f"/badge/{NEW}.svg")


def test_where_the_new_one_takes_no_part_the_nearest_answers(
    browser: Callable[..., Any], world: World, heir: dict[str, Any]
) -> None:
    cohort = world.cohort["name"]
    admin = world.people["sysadmin"]
    other = factories.Organization(name="ailleurs", siren="211801279")
    call_as(
        admin,
        "challenge_successor_create",
        siren=BAULE,
        successor="211801279",
    )
    visitor = browser()
    # As long as it is there, what it did is its own.
    for path in (f"/challenge/{cohort}/{OLD}", f"/challenge/badge/{OLD}.svg"):
        assert visitor.get(path).status_code == 200, path
    _gone("purged", world)
    for old, new in {
        f"/challenge/{cohort}/{OLD}": "/organization/challenge/ailleurs",
        f"/challenge/{cohort}/{OLD}/calendar.ics": f"/challenge/{cohort}/calendar.ics",
        f"/challenge/{cohort}/{OLD}/card.png": f"/challenge/{cohort}/card.png",
    }.items():
        _leads(visitor, old, new)
    answer = visitor.get(f"/challenge/badge/{OLD}.svg?cohort={cohort}")
    assert answer.headers["Location"].endswith("/challenge/badge/ailleurs.svg")
    # Nothing else is left of it than the page of the collectivité.
    call_as(admin, "organization_purge", id=other["id"])
    _leads(
        visitor,
        f"/challenge/{cohort}/{OLD}",
        "/challenge/collectivite/211801279",
    )


def test_readers_are_led_on_while_the_former_is_still_there(
    browser: Callable[..., Any], world: World, heir: dict[str, Any]
) -> None:
    cohort = world.cohort["name"]
    _merge(world)
    visitor = browser()
    for old, new in {
        f"/challenge/{cohort}/{OLD}": f"/challenge/{cohort}/{NEW}",
        f"/challenge/badge/{OLD}.svg?lang=en": f"/challenge/badge/{NEW}.svg?lang=en",
        f"/organization/challenge/{OLD}": f"/organization/challenge/{NEW}",
    }.items():
        _leads(visitor, old, new)
    # Its data and its members find it.
    assert visitor.get(f"/organization/{OLD}").status_code == 200
    feed = visitor.get(f"/challenge/{cohort}/data.atom?organization={OLD}")
    assert feed.status_code == 200
    call_as(world.people["sysadmin"], "challenge_successor_delete", siren=BAULE)
    assert visitor.get(f"/challenge/{cohort}/{OLD}").status_code == 200
    assert visitor.get(f"/challenge/collectivite/{BAULE}").status_code == 200


def test_oembed_follows(
    app: Any, browser: Callable[..., Any], world: World, heir: dict[str, Any]
) -> None:
    cohort = world.cohort["name"]
    admin = world.people["sysadmin"]

    def told(path: str) -> dict[str, Any]:
        url = quote(f"http://test.ckan.net{path}", safe="")
        answer = browser().get(f"/challenge/oembed?url={url}")
        assert answer.status_code == 200, path
        return answer.json

    call_as(admin, "challenge_cohort_patch", id=world.cohort["id"], name="hiver-2")
    assert "/hiver-2/card" in told(f"/challenge/{cohort}")["url"]
    _merge(world)
    assert f"/{NEW}.svg" in told(f"/challenge/badge/{OLD}")["url"]
    _gone("purged", world)
    for path in (f"/challenge/{cohort}/{OLD}", f"/organization/{OLD}"):
        assert f"/{NEW}.svg" in told(path)["url"]


def test_actions_follow_the_names_that_programs_know(
    app: Any, world: World, heir: dict[str, Any]
) -> None:
    admin = world.people["sysadmin"]
    former = world.cohort["name"]
    call_as(admin, "challenge_cohort_patch", id=world.cohort["id"], name="hiver-2")
    call_as(admin, "organization_patch", id=NEW, name="encore-nouvelle")

    def ask(action: str, **data: str) -> Any:
        answer = app.post(f"/api/3/action/{action}", json=data)
        assert answer.status_code == 200, answer.body
        return answer.json["result"]

    assert ask("challenge_cohort_show", id=former)["name"] == "hiver-2"
    shown = ask("challenge_progress_show", cohort=former, organization=NEW)
    assert shown["organization"] == "encore-nouvelle"
    _merge(world)
    _gone("purged", world)
    shown = ask("challenge_progress_show", cohort=former, organization=OLD)
    assert shown["organization"] == "encore-nouvelle"
    for action in ("challenge_collectivite_show", "challenge_collectivite_history"):
        assert ask(action, siren=BAULE)["siren"] == POINCONNET
    answer = app.post("/api/3/action/challenge_cohort_show", json={"id": "inconnue"})
    assert answer.status_code == 404


def test_a_page_that_is_as_it_was_asks_for_no_heir(
    browser: Callable[..., Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(addresses, "_all_heirs", lambda: asked.append("") or {})
    visitor = browser()
    for _ in range(3):
        visitor.get(f"/challenge/badge/{OLD}.svg")
    assert len(asked) <= 1
