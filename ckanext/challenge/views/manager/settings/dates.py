"""The dates of a season, moved once it was shown whom that touches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels
from ckanext.challenge.domain import deadlines
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.forms import texts

from .layout import settings_page


def typed_dates(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the form."""
    return texts(form, *deadlines.MILESTONES, "revision", "tell", "reason")


def dates_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    found: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form of the dates, and what would come of them.

    :param typed: what was typed
    :param found: what it would do, as the action answers it
    :param errors: of what was typed, by field
    """
    page = settings_page(name, "dates", "challenge_cohort_dates_update")
    cohort = page["cohort"]
    stored = {key: cohort[key] or "" for key in deadlines.MILESTONES}
    data = {**stored, "revision": cohort["revision"], **(typed or {})}
    if "revision" in (errors or {}):
        # Who has been told of the other change may save over it.
        data["revision"] = cohort["revision"]
    return {
        **page,
        "heading": tk._("Move the dates"),
        "names": deadlines.MILESTONES,
        "typed": data,
        "errors": errors or {},
        "labels": {
            **{key: labels.milestone(key) for key in deadlines.MILESTONES},
            "reason": tk._("Word to the collectivités"),
        },
        "tells": bool(data.get("tell")),
        "found": _shown(cohort, found) if found else None,
    }


def _shown(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    base = f"{participant_rows.cohort_url(cohort['name'])}/"
    rows = found["participants"]
    return {
        "anything": bool(found["dates"]),
        "dates": [
            (labels.milestone(row["name"]), *_days(row)) for row in found["dates"]
        ],
        "steps": [(row["title"], *_days(row)) for row in found["steps"]],
        "sentences": [*_sentences(found)],
        "participants": [
            {
                "name": row["organization_title"],
                "url": base + quote(row["organization_name"]),
                "words": "; ".join(_words(row)),
                "tone": "late" if row["late"] else "",
            }
            # Those for whom it gets harder first.
            for row in sorted(rows, key=lambda row: not row["late"])
        ],
        "told": sum(bool(row["moved"]) for row in rows),
    }


def _days(row: Mapping[str, Any]) -> tuple[str, str]:
    before, after = (
        labels.as_day(row[name], "full") if row[name] else tk._("no date")
        for name in ("before", "after")
    )
    return before, after


def _sentences(found: Mapping[str, Any]) -> Iterable[str]:
    """What else moves with the dates."""
    deeds = {
        "open": tk._("The applications open by themselves on {date}."),
        "running": tk._("The season starts by itself on {date}."),
        "finished": tk._("The season is finished by itself on {date}."),
    }
    for row in found["schedule"]:
        if row["after"]:
            yield deeds[row["state"]].format(date=labels.as_day(row["after"], "full"))
    if number := found["drafts"]:
        yield tk.ungettext(
            "{number} application is being written: its deadline is another one.",
            "{number} applications are being written: their deadline is another one.",
            number,
        ).format(number=h.challenge_number(number))


def _words(row: Mapping[str, Any]) -> Iterable[str]:
    """What becomes of the steps of a collectivité."""
    counted = (
        (
            "late",
            lambda n: tk.ungettext("{n} step becomes late", "{n} steps become late", n),
        ),
        (
            "in_time",
            lambda n: tk.ungettext(
                "{n} step late no more", "{n} steps late no more", n
            ),
        ),
        ("moved", lambda n: tk.ungettext("{n} step moves", "{n} steps move", n)),
        (
            "kept",
            lambda n: tk.ungettext(
                "{n} step keeps its later date", "{n} steps keep their later date", n
            ),
        ),
    )
    for name, words in counted:
        if number := len(row[name]):
            yield words(number).format(n=h.challenge_number(number))
