"""The portal's home: what one looks for first, and what is new.

CKAN answers ``/``; its template asks for this body where ``ckanext.challenge.home`` is
on. The body is the same for everybody, so that it is rendered once and read by all,
whoever has signed in: until a season, an award or an organization changes, and for a
minute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import page_version, shield
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.lifecycle import COHORT_PRESENTED
from ckanext.challenge.views.embed.response import act_as_nobody

from . import data_rows, observatory, region_data

_DATASETS = 6
_AWARDS = 6
_KITS = 6

_bodies = PageCache(seconds=60, size=20)


def _nothing() -> None:
    return None


@shield.shielded(_nothing)
def challenge_home_body() -> Markup | None:
    """The body of the portal's home.

    :returns: ``None`` where the portal keeps CKAN's own, or our tables fail
    """
    if not config.home():
        return None
    key = (tk.h.lang(), tk.request.script_root)
    return _bodies.get_or_create(key, page_version.of_home(), _render)


def _render() -> Markup:
    return Markup(tk.render("challenge/home.html", _page()))


def _page() -> dict[str, Any]:
    """All that the home shows; the number of its statements does not grow."""
    found = region_data.listed({}, _DATASETS)
    kits = act_as_nobody("challenge_kit_list", limit=100)
    awards = act_as_nobody("challenge_award_list", state="active", limit=5 * _AWARDS)
    # Each organization once, with the latest that it earned.
    latest: dict[str, Any] = {}
    for row in awards["results"]:
        latest.setdefault(row["organization_id"], row)
    index = str(tk.h.url_for("challenge.index"))
    titles = {row["name"]: row["title"] for row in kits["results"]}
    return {
        "season": _season(act_as_nobody("challenge_cohort_list", limit=20)["results"]),
        "region": observatory.summary(),
        "count": found["count"],
        "datasets": data_rows.rows(found["results"], titles),
        "awards": [_award(row, index) for row in [*latest.values()][:_AWARDS]],
        "kits": [
            {
                "title": row["title"],
                "why": row["why"],
                "url": f"{index}/kits/{row['name']}",
            }
            for row in kits["results"][:_KITS]
        ],
        "more_kits": kits["count"] > _KITS,
        "words": tk.ungettext(
            "Search among {number} dataset",
            "Search among {number} datasets",
            found["count"],
        ).format(number=h.challenge_number(found["count"])),
        "urls": {
            "search": str(tk.h.url_for("dataset.search")),
            "data": str(tk.h.url_for("challenge.region_data")),
            "atom": str(tk.h.url_for("challenge.region_atom")),
            "organizations": str(tk.h.url_for("organization.index")),
            "badges": f"{index}/badges",
            "kits": f"{index}/kits",
            "seasons": index,
        },
    }


def _season(rows: Sequence[Mapping[str, Any]]) -> dict[str, str] | None:
    """The season that concerns most people now, as one sentence and one button.

    One that can still be applied to comes first.
    """
    row = next((row for row in rows if row["accepts_applications"]), None)
    if row is not None:
        deadline = row["application_deadline"]
        text = (
            tk._("{season}: collectivités can apply until {date}.").format(
                season=row["title"], date=h.challenge_date(deadline)
            )
            if deadline
            else tk._("{season}: collectivités can apply.").format(season=row["title"])
        )
        url = h.challenge_season_words(row)["url"]
        return {
            "text": text,
            "url": f"{url}/apply",
            "button": tk._("Apply"),
            "more": url,
        }
    row = next(
        (row for state in COHORT_PRESENTED for row in rows if row["state"] == state),
        None,
    )
    if row is None:
        return None
    number = row["figures"]["participants"]
    count = h.challenge_number(number)
    end = h.challenge_date(row["finalisation"]) if row["finalisation"] else ""
    if row["state"] == "running" and end:
        text = tk.ungettext(
            "{season}: {number} collectivité opens its data, until {date}.",
            "{season}: {number} collectivités open their data, until {date}.",
            number,
        ).format(season=row["title"], number=count, date=end)
    else:
        text = tk.ungettext(
            "{season}: {number} collectivité has opened its data.",
            "{season}: {number} collectivités have opened their data.",
            number,
        ).format(season=row["title"], number=count)
    url = h.challenge_season_words(row)["url"]
    return {"text": text, "url": url, "button": tk._("See the season"), "more": ""}


def _award(row: Mapping[str, Any], index: str) -> dict[str, Any]:
    """A badge for the ``badge`` component: who earned it comes first."""
    return {
        "earned": True,
        "title": row["organization_title"],
        "image": h.challenge_badge_image(row),
        "url": f"{index}/awards/{row['id']}",
        "text": tk._("{badge}, on {date}").format(
            badge=row["title"], date=h.challenge_date(row["awarded_at"])
        ),
    }
