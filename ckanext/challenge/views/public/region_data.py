"""The data of the whole portal: a list to filter, and feeds of any filter."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge import helpers as h
from ckanext.challenge.common import page_version
from ckanext.challenge.common.labels import N_
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.letters import compact
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.views.common import Pager, act, options, page_number

from . import data_rows

PAGE = 20
ENTRIES = 50

FILTERS = (
    *("departement", "epci", "collectivite", "organization"),
    *("kit", "theme", "quality"),
)
#: Of these, those that say where; the narrowest last.
PLACES = ("departement", "epci", "collectivite")

#: A list of more names than that helps nobody: a place is chosen first.
_NAMES = 400

_lists = PageCache(seconds=60)
# First pages, as long as their lists are kept; whoever reads them.
_pages = PageCache(seconds=60)


def chosen(params: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address that say something, each written in one way."""
    found = {name: params.get(name, "").strip() for name in FILTERS}
    found["departement"] = found["departement"].upper()
    for name in ("epci", "collectivite"):
        found[name] = compact(found[name])
    return {name: value for name, value in found.items() if value}


def listed(
    filters: Mapping[str, str], size: int, page: int = 1, facets: bool = False
) -> dict[str, Any]:
    """What ``challenge_dataset_list`` answers, which is the same for everybody.

    The first page of each known filter is kept for a minute, or until an organization
    changes; what the portal does not
    know is an error, which is not kept.

    :raises ValidationError: a filter has a value that the portal does not know
    """

    def read() -> dict[str, Any]:
        return act(
            "challenge_dataset_list",
            **filters,
            facets=facets,
            limit=size,
            offset=size * (page - 1),
        )

    if page > 1:
        return read()
    key = (tk.h.lang(), size, facets, *sorted(filters.items()))
    return _lists.get_or_create(key, page_version.of_organizations(), read)


def place_title(kind: str, value: str) -> str:
    """The name of a place, by the name of its filter and its value.

    :raises tk.ObjectNotFound: there is none
    """
    try:
        found = listed({kind: value}, 1)
    except tk.ValidationError as error:
        raise tk.ObjectNotFound() from error
    if kind == "departement":
        return h.challenge_departement(value.upper())
    return found["about"][kind]


def about(found: Mapping[str, Any], filters: Mapping[str, str]) -> str:
    """What a list is of, as its title says it."""
    told = {**found["about"]}
    if "departement" in filters:
        told["departement"] = h.challenge_departement(filters["departement"])
    if "quality" in filters:
        told["quality"] = dict(data_rows.quality_choices())[filters["quality"]]
    parts = [told[name] for name in FILTERS if name in told]
    if not parts:
        return tk._("Newly opened data")
    return tk._("Newly opened data: {filters}").format(filters=", ".join(parts))


def page(params: Mapping[str, str]) -> dict[str, Any]:
    """All that the page shows.

    :param params: of the address: :data:`FILTERS` and ``page``
    :raises ValidationError: a filter has a value that the portal does not know
    """
    filters = chosen(params)
    number = page_number(params)
    found = listed(filters, PAGE, number, facets=True)
    if number > 1 or not found["results"]:
        return _page(filters, found, number)
    # It is made anew with the answer that it shows.
    key = (tk.h.lang(), tk.request.script_root, *sorted(filters.items()))
    return _pages.get_or_create(key, found, lambda: _with_body(filters, found))


def _with_body(filters: Mapping[str, str], found: Mapping[str, Any]) -> dict[str, Any]:
    shown = _page(filters, found, 1)
    told = {**shown, "heading": shown["title"], "feed": shown["urls"]["atom"]}
    return {**shown, "body": Markup(tk.render("challenge/data_body.html", told))}


def _page(
    filters: Mapping[str, str], found: Mapping[str, Any], number: int
) -> dict[str, Any]:
    url = str(tk.h.url_for("challenge.region_data"))
    query = h.challenge_query(filters)
    place = next((name for name in reversed(PLACES) if name in filters), "")
    return {
        "title": about(found, filters),
        "words": tk.ungettext(
            "{number} dataset", "{number} datasets", found["count"]
        ).format(number=h.challenge_number(found["count"])),
        "rows": data_rows.rows(found["results"], data_rows.kit_titles()),
        "filtered": bool(filters),
        "filters": _fields(found, filters),
        "place": {"name": place, "value": filters[place]} if place else None,
        "pages": Pager(url, filters, found["count"], number, PAGE),
        "urls": {
            "self": url,
            "here": url + query,
            "atom": str(tk.h.url_for("challenge.region_atom")) + query,
            "json": str(tk.h.url_for("challenge.region_json")) + query,
        },
    }


_LABELS = {
    "departement": (N_("Département"), N_("All départements")),
    "epci": (N_("Intercommunality"), N_("All intercommunalities")),
    "collectivite": (
        N_("Collectivité"),
        N_("All the collectivités"),
    ),
    "organization": (N_("Organization"), N_("All the organizations")),
    "kit": (N_("Kind of data"), N_("All the kits")),
    "theme": (N_("Theme"), N_("All themes")),
    "quality": (N_("Quality"), N_("Whatever the quality")),
}


def _fields(
    found: Mapping[str, Any], filters: Mapping[str, str]
) -> list[dict[str, Any]]:
    choices = {
        name: sorted(
            ((row["value"], row["title"]) for row in rows),
            key=lambda item: sort_key(item[1]),
        )
        for name, rows in found["facets"].items()
    }
    choices["departement"] = sorted(
        (code, f"{h.challenge_departement(code)} ({code})")
        for code, _ in choices["departement"]
    )
    choices["quality"] = data_rows.quality_choices()
    fields = []
    for name, (label, everything) in _LABELS.items():
        rows, value = choices.get(name, []), filters.get(name, "")
        if len(rows) > _NAMES:
            rows = []
        # The chosen one stays, though nothing is there.
        if value and value not in dict(rows):
            rows = [(value, found["about"].get(name) or value), *rows]
        if rows:
            fields.append(
                {
                    "name": name,
                    "label": tk._(label),
                    "value": value,
                    "options": options(tk._(everything), rows),
                }
            )
    return fields


def feed(params: Mapping[str, str], kind: str) -> data_rows.Feed:
    """The data to follow, the newest first.

    :param params: as for :func:`page`
    :param kind: ``atom`` or ``json``
    :raises ValidationError: a filter has a value that the portal does not know
    """
    filters = chosen(params)
    number = page_number(params)
    found = listed(filters, ENTRIES, number)
    own = str(tk.h.url_for(f"challenge.region_{kind}", qualified=True))
    pages = Pager(own, filters, found["count"], number, ENTRIES)
    query = h.challenge_query
    return data_rows.Feed(
        title=f"{about(found, filters)} – {tk.config['ckan.site_title']}",
        own=own + query(filters),
        page=str(tk.h.url_for("challenge.region_data", qualified=True))
        + query(filters),
        here=own + query(filters, page=number if number > 1 else None),
        previous=pages["previous"],
        following=pages["next"],
        datasets=found["results"],
        # Nothing is there yet: since the day on which feeds begin.
        since=dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc).isoformat(),
    )
