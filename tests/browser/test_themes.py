"""Our pages under CKAN's theme midnight-blue, and where a theme is dark.

CKAN's package on PyPI leaves the theme out. To run the tests of it, put the folders
``ckan/templates-midnight-blue`` and ``ckan/public-midnight-blue`` of CKAN's repository
beside ``ckan/templates`` in the environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan
import pytest
from helpers.axe import faults
from playwright.sync_api import Page

THEME = Path(ckan.__file__).with_name("templates-midnight-blue") / "base.html"

pytestmark = pytest.mark.skipif(
    not THEME.exists(), reason="CKAN's theme midnight-blue is not there"
)

#: Of the portal that serves this module.
SETTINGS = {
    "ckan.base_templates_folder": "templates-midnight-blue",
    "ckan.base_public_folder": "public-midnight-blue",
}

PAGES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/",
        "/challenge",
        "/challenge/data",
        "/challenge/saison-2",
        "{participant}",
        "/challenge/saison-3/apply?siren=211801279",
        "/challenge/badges/engagee",
        "/challenge/awards/{award}",
        "/challenge/observatory",
        "/challenge/collectivite/213601594",
        "/challenge/kits/deliberations",
        "/challenge/subscription?badge=engagee",
    ),
    "member": ("{participant}", "{participant}/feedback"),
    "manager": (
        "/challenge/manage",
        "/challenge/manage/saison-2/participants",
        "/challenge/manage/saison-2/edit?part=dates",
        "/challenge/manage/saison-3/applications",
        "/challenge/manage/visit",
    ),
}
LOOKS = ((375, ""), (1280, "/en"))

#: The theme leaves its own frame light: what is ours is looked at.
OURS = {"include": [[".challenge"]]}
_DARK = """() => {
    const style = document.createElement('style')
    style.textContent = '* { transition: none !important }'
    document.head.append(style)
    document.documentElement.dataset.bsTheme = 'dark'
}"""


def _address(path: str, world: Any) -> str:
    return path.format(participant=world.url, award=world.award["id"])


@pytest.mark.seconds(40)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    visit: Callable[..., Page], world: Any
) -> None:
    found = []
    for role, paths in PAGES.items():
        for width, language in LOOKS:
            page = visit(role, width=width)
            for path in paths:
                address = language + _address(path, world)
                page.goto(address)
                assert page.locator("h1:visible").count() == 1, address
                found += faults(page, width, address)
                if language:
                    page.evaluate(_DARK)
                    found += faults(page, width, f"{address}, dark", OURS)
    assert not found


def test_the_title_of_the_home_can_be_read(visit: Callable[..., Page]) -> None:
    """The theme has it white, which axe does not tell of on white."""
    page = visit()
    page.goto("/")
    colours = page.locator("h1").evaluate(
        "h1 => [getComputedStyle(h1).color,"
        " getComputedStyle(document.querySelector('.challenge-home p')).color]"
    )
    assert colours[0] == colours[1]


def test_a_member_can_make_a_dataset(visit: Callable[..., Page]) -> None:
    page = visit("member")
    answer = page.goto("/dataset/new")
    assert answer is not None and answer.status == 200
