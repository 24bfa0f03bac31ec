"""The form with all that a season is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from .. import helpers as h
from .common import act
from .desk import desk_url
from .forms import lines, texts

__all__ = ["given", "season_form"]

#: The repeated groups of a season's form, with their parts.
LISTS: dict[str, tuple[str, ...]] = {
    "funding": ("source", "amount"),
    "partners": ("name", "url", "logo_url"),
    "testimonials": ("quote", "author", "role"),
}
SPARE_ROWS = 1
PLAIN = (
    "name",
    "title",
    "season",
    "description",
    "programme",
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
    "capacity",
    "days_per_participant",
    "currency",
    "contact_email",
    "hashtag",
)


def given(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was typed into the form."""
    return {
        **texts(form, *PLAIN),
        "kinds": form.getlist("kinds"),
        **{name: lines(form, name) for name in LISTS},
    }


def _field_labels() -> dict[str, str]:
    return {
        "name": tk._("Address, after /challenge/"),
        "title": tk._("Title"),
        "season": tk._("Number of the season"),
        "description": tk._("What this season is"),
        "programme": tk._("Programme"),
        "application_opens": tk._("Applications open"),
        "application_deadline": tk._("Applications close (end of the day)"),
        "launch": tk._("Launch"),
        "first_publication": tk._("First publication"),
        "finalisation": tk._("Finalisation"),
        "capacity": tk._("Places"),
        "kinds": tk._("Who may apply"),
        "days_per_participant": tk._("Days of support for each collectivité"),
        "currency": tk._("Currency"),
        "contact_email": tk._("Address for questions"),
        "hashtag": tk._("Hashtag"),
        "funding-source": tk._("Who pays"),
        "funding-amount": tk._("Amount"),
        "partners-name": tk._("Name of the partner"),
        "partners-url": tk._("Site"),
        "partners-logo_url": tk._("Address of the logo"),
        "testimonials-quote": tk._("What they say"),
        "testimonials-author": tk._("Who"),
        "testimonials-role": tk._("Role or place"),
    }


def season_form(
    name: str | None,
    typed: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form of a season.

    :param name: of the season, ``None`` for a new one

    :param typed: what was typed, when it was refused
    :param errors: of that, by field
    """
    cohort = act("challenge_cohort_show", id=name) if name else None
    data: dict[str, Any] = {
        "currency": "EUR",
        **(cohort or {}),
        **(typed or {}),
    }
    parts = _field_labels()
    named = dict(parts)
    groups = {}
    for group, names in LISTS.items():
        rows = list(data.get(group) or [])
        # An empty row to write in; another appears once it is saved.
        rows += [{} for _ in range(SPARE_ROWS)]
        groups[group] = rows
        for index in range(len(rows)):
            for part in names:
                named[f"{group}-{index}-{part}"] = parts[f"{group}-{part}"]
    base = desk_url()
    return {
        "cohort": cohort,
        "data": data,
        "errors": errors or {},
        "labels": named,
        "groups": groups,
        "kinds": h.challenge_kinds(),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "desk": base,
            "back": f"{base}/{cohort['name']}" if cohort else base,
            "self": f"{base}/{cohort['name']}/edit" if cohort else f"{base}/new",
        },
    }
