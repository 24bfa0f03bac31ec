"""What axe finds on a page, and how much too wide it is."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# What is CKAN's own: the account bar stands outside its landmarks, and the list of
# languages has roles of its own on CKAN 2.11.
CONTEXT: dict[str, Any] = {"exclude": [[".account-masthead"], [".lang-select"]]}
#: What axe finds well is not asked for: telling it takes as long as finding it. At the
#: room of a link, which WCAG 2.2 asks for, axe looks where it is told to.
OPTIONS: dict[str, Any] = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
}


def faults(
    page: Page, width: int, place: str, context: dict[str, Any] | None = None
) -> list[tuple[str, str, list[str]]]:
    """What axe finds on a page, and how much too wide it is.

    :param context: what axe looks at, all but what is CKAN's own if it is left out
    """
    found = [
        (place, violation["id"], [node["html"][:200] for node in violation["nodes"]])
        for violation in Axe()
        .run(page, context=context or CONTEXT, options=OPTIONS)
        .response["violations"]
    ]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > width:
        found.append((place, f"{wide} wide", []))
    return found
