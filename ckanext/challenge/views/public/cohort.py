"""What the pages of the seasons show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels, page_version, roles
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.lifecycle import COHORT_COMING, COHORT_OVER
from ckanext.challenge.views import everybody, participant_rows
from ckanext.challenge.views.common import (
    Pager,
    act,
    may,
    options,
    page_number,
    seasons_to_apply_to,
)
from ckanext.challenge.views.embed.sharing import sharing

from . import data

#: Participants of one page: a card is as high as five rows.
CARDS, TABLE_ROWS = 24, 60
FILTERS = ("q", "kind", "departement", "phase")
#: All that the page reads of its address.
READ = (*FILTERS, "sort", "page", "view")


# What is in the search index may change without a change of the version: a title.
_bodies = PageCache(seconds=60)


def index_page() -> dict[str, Any]:
    """The page of the seasons, with its body as it was rendered.

    Everybody reads the same body, but those who see drafts.
    """
    places = roles.places()
    body = (
        _index_body()
        if places.drafts
        else everybody.remembered(
            _bodies, ("seasons",), page_version.of_seasons(), _index_body
        )
    )
    return {
        "body": body,
        "can_manage": places.team,
        "own": h.challenge_own_place(),
    }


def _index_body() -> Markup:
    seasons = _cohort_rows(act("challenge_cohort_list")["results"])
    return Markup(tk.render("challenge/index_body.html", {"seasons": seasons}))


def _cohort_rows(cohorts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {**cohort, **h.challenge_season_words(cohort), "when": _when(cohort)}
        for cohort in cohorts
    ]


def _when(cohort: Mapping[str, Any]) -> str:
    if not (cohort["launch"] and cohort["finalisation"]):
        return ""
    return tk._("From {start} to {end}").format(
        start=h.challenge_date(cohort["launch"]),
        end=h.challenge_date(cohort["finalisation"]),
    )


def _citation(cohort: Mapping[str, Any]) -> str:
    """How to cite the season, once it has finished."""
    snapshot = cohort["snapshot"]
    if not snapshot:
        return ""
    url = tk.h.url_for(
        "challenge_report.read",
        cohort=cohort["name"],
        qualified=True,
        locale="default",
    )
    return labels.citation(cohort["title"], snapshot["date"], url)


def lead(cohort: Mapping[str, Any]) -> str:
    """The sentence under the title: what this season is, now."""
    figures = cohort["figures"]
    number = figures["participants"]
    if cohort["state"] in COHORT_COMING and cohort["capacity"]:
        return tk.ungettext(
            "{number} place for a collectivité to open its first data, with support at "
            "every step.",
            "{number} places for collectivités to open their first data, with support "
            "at every step.",
            cohort["capacity"],
        ).format(number=h.challenge_number(cohort["capacity"]))
    if cohort["state"] in COHORT_OVER:
        return tk.ungettext(
            "{number} collectivité opened its first data.",
            "{number} collectivités opened their first data.",
            number,
        ).format(number=h.challenge_number(number))
    return tk.ungettext(
        "{number} collectivité opens its first data.",
        "{number} collectivités open their first data.",
        number,
    ).format(number=h.challenge_number(number))


def figure_rows(figures: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The figures of a season for the ``figure`` component."""
    number = h.challenge_number
    return [
        (number(figures["participants"]), tk._("collectivités engaged")),
        (number(figures["published"]), tk._("have published")),
        (number(figures["datasets"]), tk._("datasets opened")),
        (h.challenge_percent(figures["percent"]), tk._("of the steps done")),
    ]


def _points(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    points = h.challenge_timeline(cohort["milestones"])
    for point in points:
        point["text"] = h.challenge_date(point["date"])
        if point["state"] == "current":
            point["remaining"] = _remaining(point["date"])
    return points


def _remaining(date: Any) -> str:
    days = h.challenge_days_until(date)
    if days == 0:
        return tk._("today")
    return tk.ungettext("in {number} day", "in {number} days", days).format(
        number=h.challenge_number(days)
    )


def _filters(
    cohort: Mapping[str, Any], params: Mapping[str, str]
) -> list[dict[str, Any]]:
    codes = cohort["figures"].get("departements") or []
    fields: list[dict[str, Any]] = [
        {
            "name": "q",
            "label": tk._("Name of the collectivité"),
            "value": params.get("q", ""),
        },
        {
            "name": "kind",
            "label": tk._("Kind"),
            "value": params.get("kind", ""),
            "options": options(tk._("All kinds"), h.challenge_kinds()),
        },
        {
            "name": "departement",
            "label": tk._("Département"),
            "value": params.get("departement", ""),
            "options": options(
                tk._("All départements"),
                [(code, h.challenge_departement(code)) for code in codes],
            ),
        },
        {
            "name": "sort",
            "label": tk._("Sort by"),
            "value": params.get("sort", "progress"),
            "options": [
                ("progress", tk._("Progress")),
                ("name", tk._("Name of the collectivité")),
                ("activity", tk._("Last activity")),
            ],
        },
    ]
    return [field for field in fields if field["name"] != "departement" or codes]


def _funding(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    cost = float(cohort["cost"] or 0)
    return [
        {
            "source": part["source"],
            "amount": h.challenge_money(part["amount"], cohort["currency"]),
            "percent": round(100 * float(part["amount"]) / cost) if cost else 0,
        }
        for part in cohort["funding"] or []
    ]


def _badges(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The badges that somebody has earned in the season, for the component."""
    rows = act("challenge_badge_list", cohort=cohort["id"], limit=100)["results"]
    base = f"{participant_rows.cohort_prefix()}/badges/"
    return [
        {
            "title": row["title"],
            "image": h.challenge_badge_image(row),
            "url": base + quote(row["badge"]),
            "text": tk.ungettext(
                "{number} collectivité", "{number} collectivités", row["holders"]
            ).format(number=h.challenge_number(row["holders"])),
        }
        for row in rows
        if row["holders"]
    ]


def cohort_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """The page of a season: its head, and its body as it was rendered.

    Everybody reads the same body, so that it is kept as long as the version of the
    page stays; who has signed in gets the own links in its head.

    :param name: of the cohort
    :param params: of the address: the filters, ``sort``, ``page``, ``view``
    :raises tk.ObjectNotFound: no such season
    """
    version = page_version.of_cohort(name)
    if version is None:
        # A draft: for its team alone.
        page = _render(name, params)
    else:
        # What the page does not read makes no other page.
        asked = [(key, params[key]) for key in READ if params.get(key)]
        page = everybody.remembered(
            _bodies, (name, *asked), version, lambda: _render(name, params)
        )
    own = h.challenge_own_place()
    can_manage = may("challenge_cohort_update", id=page["head"]["cohort"]["id"])
    if not (own or can_manage):
        return page
    head = {**page["head"], "own": own, "can_manage": can_manage}
    return {**page, "hero": _hero(head)}


def _render(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    page = _page(name, params)
    cohort = page["cohort"]
    head = {key: page[key] for key in ("cohort", "lead", "points", "urls", "elsewhere")}
    return {
        "title": cohort["title"],
        # Nobody subscribes to what is not public yet.
        "told_of": None if cohort["state"] == "draft" else cohort["name"],
        "urls": page["urls"],
        "sharing": sharing(
            cohort["title"],
            page["lead"],
            "challenge.read",
            "challenge.season_card",
            cohort=cohort["name"],
        ),
        "head": head,
        "hero": _hero(head),
        "body": Markup(tk.render("challenge/season_body.html", page)),
    }


def _hero(head: dict[str, Any]) -> Markup:
    return Markup(tk.render("challenge/season_head.html", head))


def _page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    cohort = act("challenge_cohort_show", id=name)
    chosen = {key: params[key] for key in FILTERS if params.get(key)}
    sort = params.get("sort")
    if sort not in ("name", "activity"):
        sort = "progress"
    page = page_number(params)
    as_table = params.get("view") == "table"
    size = TABLE_ROWS if as_table else CARDS
    found = act(
        "challenge_participant_list",
        cohort=cohort["id"],
        sort=sort,
        limit=size,
        offset=size * (page - 1),
        **chosen,
    )
    url = participant_rows.cohort_url(cohort["name"])
    kept = {**chosen, "sort": params.get("sort", "")}
    query = h.challenge_query
    return {
        "cohort": cohort,
        "lead": lead(cohort),
        "points": _points(cohort),
        "citation": _citation(cohort),
        "figures": figure_rows(cohort["figures"]),
        "phases": participant_rows.phase_rows(cohort["phases"]),
        "participants": found,
        "cards": participant_rows.participant_cards(
            found["results"], cohort["name"], cohort["phases"]
        ),
        "filters": _filters(cohort, params),
        "filtered": bool(chosen),
        "funding": _funding(cohort),
        "as_table": as_table,
        "latest": data.latest(cohort["name"]),
        "badges": _badges(cohort),
        "pages": Pager(
            url,
            {**kept, "view": "table" if as_table else ""},
            found["count"],
            page,
            size,
        ),
        "elsewhere": []
        if cohort["accepts_applications"]
        else seasons_to_apply_to(cohort["name"]),
        "urls": {
            "season": url,
            "apply": f"{url}/apply",
            "data": f"{url}/data",
            "feed": f"{url}/data.atom",
            "calendar": f"{url}/calendar.ics",
            "webcal": participant_rows.webcal(f"{url}/calendar.ics"),
            "report": f"{url}/report",
            "manage": tk.h.url_for("challenge_manage.season", cohort=cohort["name"]),
            "table": url + query(kept, view="table") + "#participants",
            "cards": url + query(kept) + "#participants",
        },
    }
