"""The page on which an account proves that an address is its own."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge import helpers as h
from ckanext.challenge.applications.labels import role_text
from ckanext.challenge.common import proofs
from ckanext.challenge.views.common import (
    act,
    blueprint,
    flash_refused,
    keep_private,
    only_for_people,
)

proof = blueprint("challenge_proof")
proof.before_request(only_for_people)
proof.after_request(keep_private)


@proof.after_request
def stay_unknown(response: Response) -> Response:
    """The link is in the address: no other site, no search engine learns it."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _page(token: str = "") -> dict[str, Any]:
    user = act("user_show", id=tk.current_user.name)
    found = proofs.read_token(token) if token else None
    return {
        "account": user["name"],
        "since": h.challenge_date(user["created"]),
        "waiting": [
            {"text": role_text(row), "date": h.challenge_date(row["asked_at"])}
            for row in act("challenge_waiting_role_list")["results"]
        ],
        "moved": proofs.has_moved(user["id"], user.get("email")),
        # A link that says nothing, or that is another account's.
        "wrong": bool(token) and found is None,
        "other": found is not None and found.user_id != user["id"],
        "may_prove": found is not None and found.user_id == user["id"],
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": tk.h.url_for("challenge_proof.read", token=token) if token else "",
            "send": tk.h.url_for("challenge_proof.send"),
            "log_out": tk.h.url_for("user.logout"),
        },
    }


@proof.get("/proof")
def own() -> str:
    """Which roles wait for the proof of one's address."""
    return tk.render("challenge/proof.html", _page())


@proof.post("/proof")
def send() -> AnyResponse:
    """Mail the link once more."""
    try:
        act("challenge_address_proof_send")
    except tk.ValidationError as error:
        flash_refused(error)
    else:
        tk.h.flash_success(
            tk._("If a role waits for you, the link is on its way to your address.")
        )
    return tk.redirect_to("challenge_proof.own")


@proof.get("/proof/<token>")
def read(token: str) -> tuple[str, int]:
    """Whose account it is and what waits; nothing is proved by reading."""
    page = _page(token)
    return tk.render("challenge/proof.html", page), 200 if page["may_prove"] else 403


@proof.post("/proof/<token>")
def prove(token: str) -> AnyResponse | tuple[str, int]:
    """The account says that the address is its own."""
    try:
        made = act("challenge_address_prove", token=token)
    except tk.ValidationError:
        return tk.render("challenge/proof.html", _page(token)), 403
    tk.h.flash_success(tk._("Thank you: this address is yours."))
    for row in made["results"]:
        tk.h.flash_success(role_text(row))
    for row in made["results"]:
        if row["organization_name"]:
            return tk.redirect_to("challenge_home.own")
        return tk.redirect_to("challenge_manage.season", cohort=row["cohort"])
    return tk.redirect_to("challenge_proof.own")
