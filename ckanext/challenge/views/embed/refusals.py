"""What programs of other sites are told where there is nothing for them: in the type
that they asked for, so that a site shows a grey badge and no torn picture.
"""

from __future__ import annotations

import json

import ckan.plugins.toolkit as tk
from flask import request
from flask_babel import force_locale
from werkzeug.exceptions import HTTPException

from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.svg.progress_badge import progress_badge
from ckanext.challenge.svg.raster import png

from .pictures import NEUTRAL, Picture
from .response import Shared, asked_language

#: Seconds for which an answer is kept that may be another one soon.
_SOON = 60
_WIDTH = 400

_pixels = PageCache(seconds=3600, size=20, stored=False)


def asked_type() -> str:
    """The ending of the address that was asked for; oEmbed answers JSON."""
    name = request.path.rstrip("/").rpartition("/")[2]
    return "json" if name == "oembed" else name.rpartition(".")[2].lower()


def _drawn(word: str, language: str) -> str:
    text = tk._("open data")
    told = f"{text} | {word}"
    return progress_badge(
        text, word, NEUTRAL, title=told, description=told, language=language
    )


def refusal(error: HTTPException, kind: str) -> Shared:
    """The answer to a program, with the status of the error.

    :param kind: the ending of the address: ``svg`` and ``png`` are drawn grey; JSON
        has the members of RFC 9457; all else is a plain text
    """
    status = error.code or 500
    language = asked_language()
    with force_locale(language):
        word = tk._("not found") if status == 404 else tk._("unavailable")
        drawn = _drawn(word, language) if kind in ("svg", "png") else ""
    text = str(error.description or word)
    if kind == "svg":
        answer: Shared = Picture(drawn)
    elif kind == "png":
        pixels = _pixels.get_or_create(drawn, None, lambda: png(drawn, _WIDTH))
        answer = Shared(pixels, mimetype="image/png")
    elif kind in ("geojson", "json", "jwt"):
        told = {"status": status, "title": error.name, "detail": text}
        answer = Shared(
            json.dumps(told, ensure_ascii=False), mimetype="application/json"
        )
    else:
        answer = Shared(f"{text}\n", mimetype="text/plain")
    answer.status_code = status
    # Who may see it, and signs in, shall not be answered from a cache.
    answer.seconds = 0 if status in (401, 403) else _SOON
    return answer
