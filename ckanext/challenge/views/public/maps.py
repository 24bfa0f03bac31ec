"""The map of what is open: a picture for any page, and a page with its figures."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response, request
from flask_babel import force_locale

from ckanext.challenge import helpers as h
from ckanext.challenge.common import page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.svg.contour_map import POLICY, contour_map, swatch
from ckanext.challenge.views.common import blueprint
from ckanext.challenge.views.embed.response import (
    Shared,
    act_as_nobody,
    asked_language,
    shared,
)

maps = blueprint("challenge_map", programs=True)

#: Seconds for which a browser keeps a picture: under the address of its version, which
#: changes with it, and under any other one.
_KEPT, _LOOKED_AGAIN = 31_536_000, 300
# What is open changes in other processes, too.
_answers = PageCache(seconds=60, size=50)
_pictures = PageCache(seconds=3600, size=50)


class Drawn(Shared):
    """A map, packed where the reader unpacks it."""

    policy = POLICY

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        headers["Vary"] = "Accept-Encoding"
        return headers


def legend(level: str, counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """The classes of a map, in words and numbers, with what they look like."""
    return [
        {"swatch": swatch(name), "label": label, "count": h.challenge_number(number)}
        for name, label in _words(level).items()
        if (number := counts.get(name, 0)) or level != "departement"
    ]


def _words(level: str) -> dict[str, str]:
    if level == "departement":
        return {
            "share-3": tk._("data are open for half of the inhabitants or more"),
            "share-2": tk._("for a quarter to a half of the inhabitants"),
            "share-1": tk._("for less than a quarter of the inhabitants"),
            "share-0": tk._("for nobody yet"),
        }
    return {
        "conforming": tk._("data that conforms to its national schema"),
        "open": tk._("data opened"),
        "none": tk._("no data opened here yet"),
    }


def _levels() -> dict[str, str]:
    return {
        "commune": tk._("Communes"),
        "epci": tk._("Intercommunalities"),
        "departement": tk._("Départements"),
    }


def _asked() -> dict[str, str]:
    # One way of writing each, so that one map is remembered once.
    return {
        "level": request.args.get("level", "commune"),
        "departement": request.args.get("departement", "").strip().upper(),
    }


def _answer(level: str, departement: str, **more: Any) -> Any:
    """What everybody may know of a map.

    :raises tk.ObjectNotFound: there is none
    """

    try:
        return act_as_nobody(
            "challenge_map_show", level=level, departement=departement, **more
        )
    except tk.ValidationError as error:
        # An address that somebody mistyped is no page.
        raise tk.ObjectNotFound() from error


def _figures(level: str, departement: str) -> Any:
    """The same without the outlines, as it was a moment ago."""
    return _answers.get_or_create(
        (level, departement),
        page_version.of_observatory(),
        lambda: _answer(level, departement, outlines=False),
    )


def figure(level: str, departement: str = "") -> dict[str, Any]:
    """What a page needs to show a map (``snippets/contour_map.html``): the address of
    the picture, what it says to those who do not see it, and its legend.

    :raises tk.ObjectNotFound: when there is no such map
    """
    shown = _figures(level, departement)
    asked = (
        {"level": level, "departement": departement}
        if departement
        else {"level": level}
    )
    return {
        "src": tk.h.url_for(
            "challenge_map.picture", **asked, lang=tk.h.lang(), v=shown["version"]
        ),
        "alt": _sentence(shown),
        "width": shown["width"] + 8,
        "height": shown["height"] + 8,
        "legend": legend(level, shown["counts"]),
    }


def _sentence(shown: Mapping[str, Any]) -> str:
    """A map in words."""
    where = (
        h.challenge_departement(shown["departement"]) if shown["departement"] else ""
    )
    title = _levels()[shown["level"]]
    told = ", ".join(
        tk._("{label}: {number}").format(label=row["label"], number=row["count"])
        for row in legend(shown["level"], shown["counts"])
    )
    return tk._("Map of what is open, {places}. {told}.").format(
        places=f"{title} ({where})" if where else title, told=told
    )


@maps.get("/observatory/map.svg")
def picture() -> Response:
    """The map as one picture. ``?v=`` is its version: kept for a year then."""
    asked, language = _asked(), asked_language()
    version = _figures(**asked)["version"]
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    content = _pictures.get_or_create(
        (*asked.values(), language, packed),
        version,
        lambda: _drawn(asked, language, packed),
    )
    kept = request.args.get("v") == version
    answer = shared(content, "image/svg+xml", _KEPT if kept else _LOOKED_AGAIN, Drawn)
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    return answer


def _drawn(asked: Mapping[str, str], language: str, packed: bool) -> bytes:
    shown = _answer(**asked)
    with force_locale(language):
        document = contour_map(
            shown["shapes"],
            shown["classes"],
            width=shown["width"],
            height=shown["height"],
            title=_sentence(shown).partition(".")[0],
            description=_sentence(shown),
            language=language,
            borders=shown["borders"],
        )
    data = document.encode()
    # Without the time: the same picture has the same validator on every node.
    return gzip.compress(data, mtime=0) if packed else data


@maps.get("/observatory/map")
def read() -> str:
    """The map with its figures, and who has opened what."""
    asked = _asked()
    level, departement = asked["level"], asked["departement"]
    known = _answers.get_or_create(
        "list",
        page_version.of_observatory(),
        lambda: act_as_nobody("challenge_map_list")["results"],
    )
    if level == "commune" and not departement:
        # A country has no map of all its communes.
        level = next((row["level"] for row in known if not row["departement"]), level)
    shown = _figures(level, departement)
    words = _words(level)
    return tk.render(
        "challenge/contour_map.html",
        {
            "map": figure(level, departement),
            "place": h.challenge_departement(departement) if departement else "",
            "levels": [
                {"label": label, "url": _url(name, departement), "here": name == level}
                for name, label in _levels().items()
                if {"level": name, "departement": departement} in known
            ],
            "departements": [
                {
                    "label": h.challenge_departement(row["departement"]),
                    "url": _url(row["level"], row["departement"]),
                    "here": row["departement"] == departement,
                }
                for row in known
                if row["departement"]
                and row["level"] == ("epci" if level == "epci" else "commune")
            ],
            "whole": _url(level, "") if departement else "",
            "opened": [
                {
                    "name": row["name"],
                    "words": words[row["class"]],
                    "url": tk.h.url_for(
                        "challenge_collectivite.read", siren=row["code"]
                    ),
                }
                for row in shown["opened"]
            ],
        },
    )


def _url(level: str, departement: str) -> str:
    asked = {"level": level, "departement": departement}
    given = {name: value for name, value in asked.items() if value}
    return str(tk.h.url_for("challenge_map.read", **given))
