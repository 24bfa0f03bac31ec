"""Words of the account of a season."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.common.labels import N_

_FIGURES = {
    "participants": N_("Collectivités taking part"),
    "published": N_("Collectivités that have published"),
    "datasets": N_("Datasets opened since the launch"),
    "completed": N_("Collectivités that have done all the steps asked for"),
    "percent": N_("Share of the steps done, in percent"),
    "days": N_("Days of support spent"),
}

_RULES = {
    "amount": N_("an amount that you give"),
    "days": N_("a cost by day spent"),
    "collectivites": N_("a cost by collectivité taking part"),
}


def figure(name: str) -> str:
    """What a figure of a season is called."""
    text = _FIGURES[name]
    return tk._(text)


def rule(name: str) -> str:
    """How what a line of an agreement came to is known."""
    text = _RULES[name]
    return tk._(text)
