"""Addresses to which only forms are sent: who comes back to one gets its page.

A form that is refused is shown again under the address to which it was sent. Who
reloads that, or opens it from the history, is led to the page that the form is on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import current_app, request
from werkzeug.exceptions import HTTPException
from werkzeug.utils import redirect
from werkzeug.wrappers import Response


def lead_back(response: Response) -> Response:
    """Answer the nearest page above an address that has none of its own."""
    if response.status_code not in (404, 405) or request.method not in ("GET", "HEAD"):
        return response
    # What is ours and is not there has said so itself; all else is CKAN's 404 or 405.
    if request.endpoint and request.endpoint.startswith("challenge"):
        return response
    path = request.path
    if not path.startswith("/challenge/") or not _ours(path, "POST"):
        return response
    while path := path.rpartition("/")[0]:
        if found := _ours(path, "GET"):
            endpoint, places = found
            query = request.query_string.decode(errors="replace")
            url = str(tk.h.url_for(endpoint, **places)) + (f"?{query}" if query else "")
            return redirect(url + _anchor(), 303)
    return response


def _ours(path: str, method: str) -> tuple[str, Mapping[str, Any]] | None:
    """The endpoint of ours that answers an address, and the parts of that."""
    adapter = current_app.create_url_adapter(request)
    if adapter is None:
        return None
    try:
        endpoint, places = adapter.match(path, method)
    except HTTPException:
        return None
    return (endpoint, places) if endpoint.startswith("challenge") else None


def _anchor() -> str:
    """Where on the page the form is: that of a step stands at the step."""
    _, _, step = request.path.partition("/step/")
    return f"#step-{step.partition('/')[0]}" if step else ""
