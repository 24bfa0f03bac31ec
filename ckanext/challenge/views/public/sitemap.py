"""The map of the site for search engines (sitemaps.org), and what they leave alone.

An index names the pages of each kind of address. Addresses are those of the portal's
own language; each page names its other languages itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from xml.etree import ElementTree

import ckan.plugins.toolkit as tk
from flask import Response, request

from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.views.common import blueprint
from ckanext.challenge.views.embed.response import act_as_nobody, shared

sitemap = blueprint("challenge_sitemap", "", programs=True)

#: How many addresses a page has at most; the standard allows 50,000.
SIZE = 5000

_NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
_SECONDS = 3600

_maps = PageCache(seconds=600, size=200)


def _url(endpoint: str, **place: str) -> str:
    return str(tk.h.url_for(endpoint, qualified=True, locale="default", **place))


def _base(endpoint: str, **place: str) -> Callable[[Mapping[str, Any]], str]:
    """Makes addresses of one kind: building each anew would cost more than all else."""
    template = _url(endpoint, **place)

    def made(row: Mapping[str, Any]) -> str:
        address = template.replace("--name--", row["name"])
        return address.replace("--parent--", row["parent"] or "")

    return made


#: By kind of address, its page and what stands in it.
_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "cohort": ("challenge.read", {"cohort": "--name--"}),
    "participant": (
        "challenge_participant.read",
        {"cohort": "--parent--", "organization": "--name--"},
    ),
    "badge": ("challenge.badge", {"badge": "--name--"}),
    "kit": ("challenge.kit", {"kit": "--name--"}),
    "collectivite": ("challenge_collectivite.read", {"siren": "--name--"}),
    "organization": ("organization.read", {"id": "--name--"}),
    "dataset": ("dataset.read", {"id": "--name--"}),
}
#: The pages that are always there.
_FIXED = (
    *("home.index", "home.about", "dataset.search", "organization.index"),
    *("challenge.index", "challenge.region_data", "challenge.badges", "challenge.kits"),
    "challenge_observatory.read",
)


def _document(root: str, item: str, rows: Iterable[tuple[str, str | None]]) -> str:
    top = ElementTree.Element(root, xmlns=_NAMESPACE)
    for address, changed in rows:
        one = ElementTree.SubElement(top, item)
        ElementTree.SubElement(one, "loc").text = address
        if changed:
            ElementTree.SubElement(one, "lastmod").text = changed
    text = ElementTree.tostring(top, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'


def _answer(key: tuple[Any, ...], make: Callable[[], str]) -> Response:
    text = _maps.get_or_create((request.script_root, *key), None, make)
    return shared(text, "application/xml", _SECONDS)


@sitemap.get("/sitemap.xml")
def index() -> Response:
    """Which pages there are."""
    return _answer(("index",), _index)


def _index() -> str:
    rows: list[tuple[str, str | None]] = [
        (_url("challenge_sitemap.page", kind="pages", number="1"), None)
    ]
    for kind in _PAGES:
        found = act_as_nobody("challenge_address_list", kind=kind, limit=0)
        rows += [
            (
                _url("challenge_sitemap.page", kind=kind, number=str(number)),
                found["changed_at"],
            )
            for number in range(1, 1 + -(-found["count"] // SIZE))
        ]
    return _document("sitemapindex", "sitemap", rows)


@sitemap.get("/sitemap-<kind>-<int:number>.xml")
def page(kind: str, number: int) -> Response:
    """The addresses of one kind.

    :raises tk.ObjectNotFound: there is no such page
    """
    if kind == "pages" and number == 1:
        return _answer((kind,), _fixed)
    if kind not in _PAGES or not 0 < number < 10_000:
        raise tk.ObjectNotFound()
    return _answer((kind, number), lambda: _page(kind, number))


def _fixed() -> str:
    return _document("urlset", "url", [(_url(name), None) for name in _FIXED])


def _page(kind: str, number: int) -> str:
    found = act_as_nobody(
        "challenge_address_list", kind=kind, limit=SIZE, offset=SIZE * (number - 1)
    )
    if not found["results"]:
        raise tk.ObjectNotFound()
    endpoint, place = _PAGES[kind]
    address = _base(endpoint, **place)
    return _document(
        "urlset",
        "url",
        ((address(row), row["changed_at"]) for row in found["results"]),
    )
