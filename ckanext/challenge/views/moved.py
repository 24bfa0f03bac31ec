"""Old addresses: they answer 301 to the present one, for ever."""

from __future__ import annotations

from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ckanext.challenge.common import addresses

_KINDS: dict[str, addresses.Kind] = {"cohort": "cohort", "organization": "organization"}


def _places() -> dict[str, addresses.Kind]:
    """The parts of the address that was asked for which may be former names."""
    endpoint = request.endpoint or ""
    if endpoint.startswith(("organization.", "challenge_organization.")):
        # Also CKAN's own pages, which credentials name.
        return {"id": "organization"}
    return _KINDS if endpoint.startswith("challenge") else {}


def follow(response: Response) -> Response:
    """Lead who asks under an old name to the new one; a form keeps its method."""
    if response.status_code != 404:
        return response
    places = dict(request.view_args or {})
    asked = list(request.args.items(multi=True))
    moved = False
    for name, kind in _places().items():
        if name in places and (now := addresses.present_name(kind, places[name])):
            places[name], moved = now, True
        for index, (key, value) in enumerate(asked):
            if key == name in _KINDS and (now := addresses.present_name(kind, value)):
                asked[index], moved = (key, now), True
    if not moved:
        return response
    url = str(tk.h.url_for(request.endpoint, **places))
    if asked:
        url += f"?{urlencode(asked)}"
    answer = redirect(url, 301 if request.method in ("GET", "HEAD") else 308)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer
