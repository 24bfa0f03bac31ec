"""The weekly mail: choosing its day, and ending it by the link in it.

Nothing is ended by reading, since programs follow the links of a mail before its
reader does.
"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.config.middleware.flask_app import csrf
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import (
    act,
    blueprint,
    flash_refused,
    keep_private,
    managers_blueprint,
)
from ckanext.challenge.views.forms import texts

digest = blueprint("challenge_digest")
digest.after_request(keep_private)
chosen = managers_blueprint("challenge_digest_day")


@chosen.post("/digest")
def choose() -> Response:
    """Keep the day that was chosen."""
    try:
        act("challenge_digest_update", **texts(request.form, "weekday"))
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(tk._("Saved."))
    return tk.redirect_to("challenge_manage.index", _anchor="weekly-mail")


@digest.get("/digest/end")
def end() -> str:
    """The button that ends it."""
    return tk.render(
        "challenge/digest_end.html",
        {"key": request.args.get("key", ""), "csrf": tk.h.csrf_input()},
    )


@digest.post("/digest/end")
def ended() -> Any:
    """End it: asked by the button, or by a program that reads mails (RFC 8058)."""
    try:
        act("challenge_digest_end", key=request.values.get("key", ""))
    except tk.ValidationError:
        return tk.render("challenge/digest_end.html", {"wrong": True}), 404
    return tk.render("challenge/digest_end.html", {"done": True})


# The key in its address is the proof, and a program that reads mails has no other.
csrf.exempt(f"{ended.__module__}.{ended.__name__}")
