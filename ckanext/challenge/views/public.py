"""Pages that everybody reads: seasons, their data, badges, awards, kits."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import request

from . import cards, season
from .common import act, blueprint, may

__all__ = ["public"]

public = blueprint("challenge")


@public.get("/")
@public.get("", endpoint="root")
def index() -> str:
    """The seasons of the challenge."""
    return tk.render(
        "challenge/index.html",
        {
            "seasons": season.season_rows(act("challenge_cohort_list")["results"]),
            "can_manage": may("challenge_manage"),
        },
    )


@public.get("/<cohort>")
def read(cohort: str) -> str:
    """A season: what it is and how far it has got."""
    return tk.render("challenge/season.html", season.season_page(cohort, request.args))


@public.get("/badge/<organization>.svg")
def shield(organization: str) -> str:
    return ""


@public.get("/badges")
def badges() -> str:
    return ""


@public.get("/kits")
def kits() -> str:
    return ""
