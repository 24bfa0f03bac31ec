"""No more reminders and messages to many: the link that stands in each of them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.config.middleware.flask_app import csrf
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge.views.common import act, blueprint, keep_private

mail_ends = blueprint("challenge_mail_ends")


@mail_ends.after_request
def keep_key_private(response: Response) -> Response:
    """A key stands in the address: no cache, no search engine, no referrer."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return keep_private(response)


def _page(action: str) -> Any:
    key = request.values.get("key", "")
    try:
        found = act(action, key=key)
    except (tk.ValidationError, tk.NotAuthorized):
        return tk.render("challenge/mail_end.html", {"found": None}), 404
    return tk.render(
        "challenge/mail_end.html",
        {"found": found, "key": key, "csrf": tk.h.csrf_input()},
    )


@mail_ends.get("/subscription/mails")
def end() -> Any:
    """The button that ends the mails of a season, or begins them again."""
    if not request.args.get("key"):
        # Who has no key has not come by a link of ours.
        return tk.redirect_to("challenge.index")
    return _page("challenge_mail_end_show")


@mail_ends.post("/subscription/mails")
def ended() -> Any:
    """End them: asked by the button, or by a program that reads mails (RFC 8058)."""
    again = request.form.get("again") == "true"
    return _page("challenge_mail_end_delete" if again else "challenge_mail_end_create")


# A program that reads mails has no form of ours, and so no token.
csrf.exempt(f"{ended.__module__}.{ended.__name__}")
