"""Answers that are pictures: cacheable, embeddable anywhere, with nothing personal."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import i18n
from flask import Response, request
from flask_babel import force_locale

from .. import config
from .. import helpers as h
from ..memory import Memory
from ..svg.shield import etag, shield
from .common import act

__all__ = ["Picture", "shield_picture"]


class Picture(Response):
    """An SVG that any site may embed and any cache may keep.

    CKAN sets its own ``Cache-Control``, and Flask ``Vary: Cookie``, after all that a
    view can do; so the last word is said where the headers go out.
    """

    default_mimetype = "image/svg+xml"

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        seconds = config.badge_cache_seconds()
        headers["Cache-Control"] = f"public, max-age={seconds}"
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        headers["X-Content-Type-Options"] = "nosniff"
        for name in ("Set-Cookie", "Vary", "Pragma"):
            headers.pop(name, None)
        return headers


# Sites embed the picture in pages that are read often; browsers keep it for minutes.
_shields = Memory(seconds=1, size=2000)


def _draw(organization: str, cohort: str | None, language: str) -> tuple[str, str]:
    """The picture, and its validator."""
    row = act(
        "challenge_shield_show",
        organization=organization,
        **({"cohort": cohort} if cohort else {}),
    )
    with force_locale(language):
        words = h.challenge_steps(row["steps_done"], row["steps_total"])
        document = shield(
            label=tk._("open data"),
            value=tk._("{done}/{total} steps").format(
                done=row["steps_done"], total=row["steps_total"]
            ),
            colour=row["colour"],
            title=tk._("{organization}: {steps}").format(
                organization=row["organization_title"], steps=words
            ),
            description=tk._("Progress of {organization} in {season}: {steps}").format(
                organization=row["organization_title"],
                season=row["cohort_title"],
                steps=words,
            ),
            language=language,
        )
    return document, etag(document)


def shield_picture(organization: str) -> Response:
    """The progress of an organization as a shield.

    :raises tk.ObjectNotFound: it has not taken part
    """
    cohort = request.args.get("cohort")
    spoken = str(tk.h.lang())
    asked = request.args.get("lang", spoken)
    language = asked if asked == spoken or asked in i18n.get_locales() else spoken
    document, tag = _shields.recall(
        (organization, cohort, language),
        None,
        lambda: _draw(organization, cohort, language),
    )
    response = Picture(document)
    response.set_etag(tag)
    response.make_conditional(request)
    return response
