"""The data that a season opened: a list to read, and a feed to follow."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import addresses, page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.views import everybody, participant_rows
from ckanext.challenge.views.common import Pager, act, options, page_number

from . import data_rows

PAGE = 20
ENTRIES = 50
# The feed is a window on what is new; harvesters use CKAN's API.
LATEST = 4

# What is in the search index may change without a change of the version: a title.
_newest = PageCache(seconds=60)


def _quoted(value: str) -> str:
    """A value in a Solr query, as one phrase."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _search(
    cohort: str, params: Mapping[str, str], rows: int, start: int, **more: Any
) -> Any:
    """The datasets of a season, the newest first.

    :raises tk.ObjectNotFound: the organization has another name by now
    """
    filters = [f"challenge_cohort:{_quoted(cohort)}"]
    if organization := params.get("organization"):
        if addresses.present_name("organization", organization):
            raise tk.ObjectNotFound()
        filters.append(f"organization:{_quoted(organization)}")
    if params.get("kit"):
        filters.append(f"challenge_kit:{_quoted(params['kit'])}")
    return act(
        "package_search",
        q="*:*",
        fq=" AND ".join(filters),
        sort="metadata_created desc, id asc",
        rows=rows,
        start=start,
        **more,
    )


def latest(cohort: str) -> list[dict[str, Any]]:
    """The newest datasets of a season, for its page; none where search is down.

    The page changes far more often than they do.
    """
    version = page_version.of_datasets(cohort)
    try:
        return everybody.remembered(
            _newest, (cohort,), version, lambda: _latest(cohort)
        )
    except tk.ValidationError:
        return []


def _latest(cohort: str) -> list[dict[str, Any]]:
    # As they stand in the index: building whole datasets costs more than the page.
    found = _search(cohort, {}, LATEST, 0, fl="data_dict")
    base = data_rows.dataset_base()
    rows = []
    for result in found["results"]:
        dataset = json.loads(result["data_dict"])
        organization = dataset.get("organization") or {}
        rows.append(
            {
                "url": base + dataset["name"],
                "title": dataset.get("title") or dataset["name"],
                "organization": organization.get("title") or organization.get("name"),
                "date": h.challenge_date(dataset.get("metadata_created")),
            }
        )
    return rows


def data_page(name: str, params: Mapping[str, str]) -> dict[str, Any]:
    """All that the page of a season's data shows.

    :param params: of the address: ``organization``, ``kit``, ``page``
    :raises tk.ObjectNotFound: no such season
    """
    cohort = act("challenge_cohort_show", id=name)
    page = page_number(params)
    found = _search(
        cohort["name"],
        params,
        PAGE,
        PAGE * (page - 1),
        **{
            "facet.field": ["organization", "challenge_kit"],
            "facet.limit": -1,
        },
    )
    kits = data_rows.kit_titles()
    cohort_url = participant_rows.cohort_url(cohort["name"])
    url = f"{cohort_url}/data"
    chosen = {key: params.get(key, "") for key in ("organization", "kit")}
    facets = found["search_facets"]
    return {
        "cohort": cohort,
        "count": found["count"],
        "words": tk.ungettext(
            "{number} dataset", "{number} datasets", found["count"]
        ).format(number=h.challenge_number(found["count"])),
        "rows": data_rows.rows(map(data_rows.of_index, found["results"]), kits),
        "filtered": any(chosen.values()),
        "filters": [
            {
                "name": "organization",
                "label": tk._("Collectivité"),
                "value": chosen["organization"],
                "options": options(
                    tk._("All the collectivités"),
                    _facet(facets, "organization", chosen),
                ),
            },
            {
                "name": "kit",
                "label": tk._("Kind of data"),
                "value": chosen["kit"],
                "options": options(
                    tk._("All the kits"),
                    _facet(facets, "challenge_kit", chosen, kits),
                ),
            },
        ],
        "pages": Pager(url, chosen, found["count"], page, PAGE),
        "urls": {
            "season": cohort_url,
            "self": url,
            "feed": f"{cohort_url}/data.atom" + h.challenge_query(chosen),
        },
    }


def _facet(
    facets: Mapping[str, Any],
    field: str,
    chosen: Mapping[str, str],
    titles: Mapping[str, str] | None = None,
) -> list[tuple[str, str]]:
    """The values of a filter; the chosen one stays, though nothing else has it."""
    items = {
        item["name"]: item["display_name"]
        for item in facets.get(field, {}).get("items", [])
    }
    value = chosen["organization" if field == "organization" else "kit"]
    if value:
        items.setdefault(value, value)
    if titles is not None:
        items = {key: titles.get(key, text) for key, text in items.items()}
    return sorted(items.items(), key=lambda item: sort_key(item[1]))


def _address(endpoint: str, **parts: Any) -> str:
    return str(tk.h.url_for(endpoint, qualified=True, **parts))


def data_feed(name: str, params: Mapping[str, str]) -> tuple[bytes, dt.datetime]:
    """The feed of a season's data, the newest first, in pages (RFC 5005).

    :param params: as for :func:`data_page`
    :returns: the Atom document, and when it changed for the last time
    :raises tk.ObjectNotFound: no such season
    """
    cohort = act("challenge_cohort_show", id=name)
    page = page_number(params)
    found = _search(cohort["name"], params, ENTRIES, ENTRIES * (page - 1))
    chosen = {key: params.get(key, "") for key in ("organization", "kit")}
    own = _address("challenge.data_atom", cohort=cohort["name"])
    pages = Pager(own, chosen, found["count"], page, ENTRIES)
    alternate = _address("challenge.data", cohort=cohort["name"])
    query = h.challenge_query
    feed = data_rows.Feed(
        title=tk._("Data opened in {season}").format(season=cohort["title"]),
        own=own + query(chosen),
        page=alternate + query(chosen),
        here=own + query(chosen, page=page if page > 1 else None),
        previous=pages["previous"],
        following=pages["next"],
        datasets=[data_rows.of_index(row) for row in found["results"]],
        since=cohort["created_at"],
    )
    return data_rows.atom(feed), feed.changed_at
