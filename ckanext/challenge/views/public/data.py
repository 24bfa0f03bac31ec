"""The data that a season opened: a list to read, and a feed to follow."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from feedgen.feed import FeedGenerator

from ckanext.challenge import helpers as h
from ckanext.challenge.common import addresses
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import Pager, act, options, page_number

PAGE = 20
ENTRIES = 50
# The feed is a window on what is new; harvesters use CKAN's API.
LATEST = 4


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


def _kits() -> dict[str, str]:
    rows = act("challenge_kit_list", limit=100)["results"]
    return {row["name"]: row["title"] for row in rows}


def _row(
    dataset: Mapping[str, Any], kits: Mapping[str, str], base: str
) -> dict[str, Any]:
    formats = {
        str(resource.get("format") or "").upper() for resource in dataset["resources"]
    }
    organization = dataset.get("organization") or {}
    return {
        "url": base + dataset["name"],
        "title": dataset["title"] or dataset["name"],
        "text": tk.h.markdown_extract(dataset.get("notes") or "", 180),
        "organization": organization.get("title") or organization.get("name") or "",
        "date": h.challenge_date(dataset["metadata_created"]),
        "kit": kits.get(dataset.get("challenge_kit") or "", ""),
        "formats": sorted(name for name in formats if name),
        "copied": h.challenge_harvested(dataset),
    }


def _dataset_base() -> str:
    """The address of a dataset without its name, built once for a page."""
    return str(tk.h.url_for("dataset.read", id="_"))[:-1]


def latest(cohort: str) -> list[dict[str, Any]]:
    """The newest datasets of a season, for its page; none where search is down.

    Read as they stand in the index: building whole datasets costs more than the page.
    """
    try:
        found = _search(cohort, {}, LATEST, 0, fl="data_dict")
    except tk.ValidationError:
        return []
    base = _dataset_base()
    rows = []
    for result in found["results"]:
        dataset = json.loads(result["data_dict"])
        organization = dataset.get("organization") or {}
        rows.append(
            {
                "url": base + dataset["name"],
                "title": dataset["title"] or dataset["name"],
                "organization": organization.get("title") or organization.get("name"),
                "date": h.challenge_date(dataset["metadata_created"]),
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
    kits = _kits()
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
        "rows": [_row(row, kits, _dataset_base()) for row in found["results"]],
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
    feed = FeedGenerator()
    feed.id(own + h.challenge_query(chosen))
    title = tk._("Data opened in {season}").format(season=cohort["title"])
    feed.title(cleaned(title))
    feed.language(str(tk.h.lang()).replace("_", "-"))
    author = tk.config["ckan.site_title"] or tk.config["ckan.site_url"]
    feed.author({"name": cleaned(author)})
    links = {
        "self": own + h.challenge_query(chosen, page=page if page > 1 else None),
        "alternate": _address("challenge.data", cohort=cohort["name"])
        + h.challenge_query(chosen),
        "first": own + h.challenge_query(chosen),
        "previous": pages["previous"],
        "next": pages["next"],
    }
    feed.link([{"href": href, "rel": rel} for rel, href in links.items() if href])
    newest = [row["metadata_modified"] for row in found["results"]]
    changed = _moment(max(newest, default=cohort["created_at"]))
    feed.updated(changed)
    base = _address("dataset.read", id="_")[:-1]
    for row in found["results"]:
        organization = row.get("organization") or {}
        entry = feed.add_entry(order="append")
        entry.id(base + row["id"])
        entry.title(cleaned(row["title"]) or row["name"])
        entry.link(href=base + row["name"], rel="alternate")
        entry.published(_moment(row["metadata_created"]))
        entry.updated(_moment(row["metadata_modified"]))
        author = cleaned(organization.get("title") or "") or organization.get("name")
        entry.author({"name": author})
        entry.summary(cleaned(tk.h.markdown_extract(row.get("notes") or "", 500)))
        for tag in row.get("tags") or []:
            entry.category(term=cleaned(tag["name"]))
    return feed.atom_str(pretty=False), dt.datetime.fromisoformat(changed)


def _moment(value: str) -> str:
    """CKAN's times are UTC and do not say so."""
    aware = value.endswith("Z") or "+" in value[10:]
    return (value if aware else value + "Z").replace("Z", "+00:00")
