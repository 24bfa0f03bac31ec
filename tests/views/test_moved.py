"""Old addresses of what was renamed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan.tests import factories
from factories import call_as, make_cohort

from ckanext.challenge.common import addresses


@pytest.fixture
def renamed(world: Any) -> dict[str, str]:
    """A season and an organization that have other names than they had."""
    admin = factories.Sysadmin()
    before = {
        "cohort": world.cohort["name"],
        "organization": world.participant["organization_name"],
    }
    call_as(admin, "challenge_cohort_patch", id=world.cohort["id"], name="hiver-2")
    call_as(
        admin,
        "organization_patch",
        id=world.participant["organization_id"],
        name="baule-neuve",
    )
    return before


def test_every_address_leads_to_the_present_one(
    browser: Callable[..., Any], renamed: dict[str, str]
) -> None:
    cohort, organization = renamed["cohort"], renamed["organization"]
    visitor = browser()
    for old, new in {
        f"/challenge/{cohort}": "/challenge/hiver-2",
        f"/challenge/{cohort}/{organization}": "/challenge/hiver-2/baule-neuve",
        f"/challenge/hiver-2/{organization}": "/challenge/hiver-2/baule-neuve",
        f"/challenge/{cohort}/data": "/challenge/hiver-2/data",
        f"/challenge/{cohort}/data.atom?kit=x": "/challenge/hiver-2/data.atom?kit=x",
        f"/challenge/{cohort}/calendar.ics": "/challenge/hiver-2/calendar.ics",
        f"/challenge/{cohort}/{organization}/calendar.ics": (
            "/challenge/hiver-2/baule-neuve/calendar.ics"
        ),
        f"/challenge/hiver-2/data.atom?organization={organization}": (
            "/challenge/hiver-2/data.atom?organization=baule-neuve"
        ),
        f"/challenge/{cohort}/report.json": "/challenge/hiver-2/report.json",
        f"/challenge/{cohort}/card.png": "/challenge/hiver-2/card.png",
        f"/challenge/badge/{organization}.svg?cohort={cohort}&theme=dark": (
            "/challenge/badge/baule-neuve.svg?cohort=hiver-2&theme=dark"
        ),
        f"/challenge/badge/baule-neuve.svg?cohort={cohort}": (
            "/challenge/badge/baule-neuve.svg?cohort=hiver-2"
        ),
        f"/organization/{organization}": "/organization/baule-neuve",
        f"/organization/challenge/{organization}": (
            "/organization/challenge/baule-neuve"
        ),
        f"/en/challenge/{cohort}": "/en/challenge/hiver-2",
    }.items():
        answer = visitor.get(old)
        assert answer.status_code == 301, old
        assert answer.headers["Location"].endswith(new), old
        assert visitor.get(new).status_code == 200, new
    manager = browser("manager")
    answer = manager.get(f"/challenge/manage/{cohort}/applications")
    assert answer.status_code == 301
    assert manager.get(answer.headers["Location"]).status_code == 200


def test_what_has_the_name_now_keeps_it(
    browser: Callable[..., Any], world: Any, renamed: dict[str, str]
) -> None:
    other = make_cohort(name=renamed["cohort"], season=9, title="Une autre saison")
    answer = browser().get(f"/challenge/{renamed['cohort']}")
    assert answer.status_code == 200
    assert "Une autre saison" in answer.get_data(as_text=True)
    # The other one moves too: the name was its own the last.
    call_as(
        factories.Sysadmin(), "challenge_cohort_patch", id=other["id"], name="ete-9"
    )
    answer = browser().get(f"/challenge/{renamed['cohort']}")
    assert answer.headers["Location"].endswith("/challenge/ete-9")
    # And back: nothing leads in circles.
    call_as(
        factories.Sysadmin(),
        "challenge_cohort_patch",
        id=other["id"],
        name=renamed["cohort"],
    )
    assert browser().get("/challenge/ete-9").status_code == 301
    assert browser().get(f"/challenge/{renamed['cohort']}").status_code == 200


def test_a_season_in_preparation_leaves_no_address(world: Any) -> None:
    draft = make_cohort("draft", name="brouillon", season=7)
    call_as(
        factories.Sysadmin(), "challenge_cohort_patch", id=draft["id"], name="printemps"
    )
    assert addresses.present_name("cohort", "brouillon") is None
    assert addresses.present_name("cohort", "inconnue") is None
