"""The page of a collectivité: what it has done, season by season."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import act, blueprint
from ckanext.challenge.views.participant_rows import cohort_prefix, facts

collectivite = blueprint("challenge_collectivite")


@collectivite.get("/collectivite/<siren>")
def read(siren: str) -> str | Response:
    """The seasons, badges and data of a collectivité."""
    try:
        found = act("challenge_collectivite_history", siren=siren)
    except tk.ValidationError as error:
        # An address that somebody mistyped is no page.
        raise tk.ObjectNotFound() from error
    if found["siren"] != siren:
        # It was replaced by another one, or the SIREN is written with spaces.
        here = tk.h.url_for("challenge_collectivite.read", siren=found["siren"])
        return redirect(here, 301)
    base = cohort_prefix()
    datasets = found["datasets"]
    return tk.render(
        "challenge/collectivite.html",
        {
            "found": found,
            "meta": facts({**(found["collectivite"] or {}), "siren": found["siren"]}),
            "figures": _figures(found),
            "seasons": [_season(row, base) for row in found["participations"]],
            "awards": [_award(row, base) for row in found["awards"]],
            "datasets": [
                {
                    "title": row["title"],
                    "url": tk.h.url_for("dataset.read", id=row["name"]),
                    "date": h.challenge_date(row["created_at"]),
                }
                for row in datasets["latest"]
            ],
            "organizations": [
                {
                    "title": row["title"],
                    "url": tk.h.url_for("organization.read", id=row["name"]),
                }
                for row in found["organizations"]
            ],
            "all_data": tk.h.url_for(
                "organization.read", id=found["organizations"][0]["name"]
            )
            if datasets["count"] > len(datasets["latest"])
            else "",
            "urls": {"index": tk.h.url_for("challenge.index")},
        },
    )


def _figures(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    rows = found["participations"]
    badges = len(found["awards"]) + sum(len(row["badges"]) for row in rows)
    counts = (
        (len(rows), tk.ungettext("season", "seasons", len(rows))),
        (badges, tk.ungettext("badge", "badges", badges)),
        (
            found["datasets"]["count"],
            tk.ungettext(
                "public dataset", "public datasets", found["datasets"]["count"]
            ),
        ),
    )
    return [(h.challenge_number(count), label) for count, label in counts]


def _season(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {
        **row,
        "url": f"{base}/{row['cohort']}/{row['organization_name']}",
        "state": h.challenge_state("cohort", row["cohort_state"]),
        "words": h.challenge_steps(row["steps_done"], row["steps_total"]),
        "opened": tk.ungettext(
            "{number} dataset opened", "{number} datasets opened", row["datasets"]
        ).format(number=h.challenge_number(row["datasets"])),
        "when": tk._("From {start} to {end}").format(
            start=h.challenge_date(row["launch"]),
            end=h.challenge_date(row["finalisation"]),
        )
        if row["launch"] and row["finalisation"]
        else "",
        "badges": [_award(award, base) for award in row["badges"]],
    }


def _award(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A badge for the ``badge`` component."""
    return {
        "earned": True,
        "title": row["title"],
        "image": h.challenge_badge_image(row),
        "url": f"{base}/awards/{row['id']}",
        "text": h.challenge_date(row["awarded_at"]),
    }
