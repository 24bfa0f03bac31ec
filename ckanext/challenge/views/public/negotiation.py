"""One address for people and for programs: which type is asked for is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ckan.plugins.toolkit as tk
from flask import Response, make_response, request

from ckanext.challenge.views.embed.refusals import refusal
from ckanext.challenge.views.embed.response import Shared
from ckanext.challenge.views.errors import NotFound

from . import credentials

Form = Callable[[str], Response]

_PAGE = "text/html"

#: What a badge that somebody holds is answered as, by type; the page is preferred.
AWARD: Mapping[str, Form] = {
    credentials.CREDENTIAL: credentials.document,
    "application/vc+ld+json": credentials.document,
    credentials.TOKEN: credentials.token,
    credentials.LINKED: credentials.document,
    "application/json": credentials.document,
    "image/svg+xml": credentials.drawing,
    "image/png": credentials.picture,
}

#: The same of a badge, whoever holds it.
BADGE: Mapping[str, Form] = {
    credentials.LINKED: credentials.achievement,
    "application/json": credentials.achievement,
    "image/svg+xml": credentials.badge_picture,
}


def asked(forms: Mapping[str, Form], key: str, page: Callable[[], str]) -> Response:
    """The form that the reader asks for; who says nothing gets the page.

    :param forms: by type
    :param key: of what is asked for, in its address
    """
    best = request.accept_mimetypes.best_match([_PAGE, *forms], _PAGE)
    if best == _PAGE or best is None:
        answer = make_response(page())
        answer.vary.add("Accept")
        return answer
    try:
        form = forms[best](key)
    except tk.ObjectNotFound as error:
        drawn = best.startswith("image/")
        kind = best.removeprefix("image/")[:3] if drawn else "json"
        form = refusal(NotFound(str(error) or None), kind)
    if isinstance(form, Shared):
        form.varies = True
    return form
