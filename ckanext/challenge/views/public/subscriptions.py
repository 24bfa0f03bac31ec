"""Being told by mail of a badge, a season or an organization: asking, and ending it.

No address stands on these pages, and none in theirs: a key that was mailed says whose
subscription it is. Nothing is confirmed or ended by reading, since programs follow the
links of a mail before its reader does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.config.middleware.flask_app import csrf
from flask import Response, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common import rate_limit
from ckanext.challenge.views.common import act, attached, blueprint, shown_organization
from ckanext.challenge.views.forms import flat_errors, texts

from . import region_data

subscriptions = blueprint("challenge_subscriptions")

#: What somebody can subscribe to.
_OBJECTS = ("badge", "cohort", "organization", *region_data.PLACES)


@subscriptions.before_request
def show_what_there_is() -> AnyResponse | None:
    """Who says neither what nor with which key has not come by a link of ours."""
    named = (*_OBJECTS, "key")
    if request.method == "GET" and not any(request.args.get(name) for name in named):
        return tk.redirect_to("challenge.badges")
    return None


@subscriptions.after_request
def keep_private(response: Response) -> Response:
    """A key stands in some addresses: no cache, no search engine, no referrer."""
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["X-Robots-Tag"] = "noindex"
    # CKAN's own mark for "private"; it writes the header after this.
    request.environ["__no_cache__"] = True
    return response


def _wanted(params: Mapping[str, str]) -> dict[str, str]:
    return {name: params[name] for name in _OBJECTS if params.get(name)}


def _about(wanted: Mapping[str, str]) -> dict[str, str]:
    """The ``title`` and ``url`` of what somebody wants to be told of.

    :raises tk.ObjectNotFound: when there is no such thing
    """
    if "badge" in wanted:
        badge = act("challenge_badge_show", badge=wanted["badge"])
        url = tk.h.url_for("challenge.badge", badge=badge["badge"])
        return {"title": badge["title"], "url": url}
    if "cohort" in wanted:
        cohort = act("challenge_cohort_show", id=wanted["cohort"])
        url = tk.h.url_for("challenge.read", cohort=cohort["name"])
        return {"title": cohort["title"], "url": url}
    if "organization" in wanted:
        group = shown_organization(wanted["organization"])
        url = tk.h.url_for("challenge_organization.read", id=group["name"])
        return {"title": group["display_name"], "url": url}
    for kind in region_data.PLACES:
        if kind in wanted:
            url = tk.h.url_for("challenge.region_data", **{kind: wanted[kind]})
            return {"title": region_data.place_title(kind, wanted[kind]), "url": url}
    raise tk.ObjectNotFound()


def _page(
    wanted: Mapping[str, str],
    email: str = "",
    errors: Mapping[str, list[str]] | None = None,
) -> str:
    user = tk.current_user
    return tk.render(
        "challenge/subscription.html",
        {
            "about": _about(wanted),
            "wanted": wanted,
            "of_data": any(kind in wanted for kind in region_data.PLACES),
            "email": email or ("" if user.is_anonymous else user.email or ""),
            "errors": errors or {},
            "labels": {"email": tk._("Your e-mail address")},
            "csrf": tk.h.csrf_input(),
        },
    )


@subscriptions.get("/subscription")
def ask() -> str:
    """The form."""
    return _page(_wanted(request.args))


@subscriptions.post("/subscription")
def create() -> Any:
    """Have the address confirmed by mail."""
    wanted = _wanted(request.form)
    given = texts(request.form, "email")
    try:
        act("challenge_subscription_create", **wanted, **given)
    except tk.ValidationError as error:
        page = _page(wanted, given.get("email", ""), flat_errors(error.error_dict))
        return page, 429 if isinstance(error, rate_limit.TooMany) else 200
    return tk.redirect_to("challenge_subscriptions.sent", **wanted)


@subscriptions.get("/subscription/sent")
def sent() -> str:
    """What to do next; the same for whoever asked before."""
    return tk.render(
        "challenge/subscription_sent.html",
        {"about": _about(_wanted(request.args))},
    )


def _of_key(action: str, **data: Any) -> Any:
    return act(action, key=request.values.get("key", ""), **data)


@subscriptions.get("/subscription/confirm")
def confirm() -> Any:
    """The button that confirms an address."""
    return _confirm_page("challenge_subscription_show")


@subscriptions.post("/subscription/confirm")
def confirmed() -> Any:
    """Confirm the address."""
    return _confirm_page("challenge_subscription_confirm")


def _confirm_page(action: str) -> Any:
    try:
        subscription = _of_key(action)
    except (tk.ObjectNotFound, tk.ValidationError, tk.NotAuthorized):
        return tk.render("challenge/subscription_gone.html", {"confirming": True}), 404
    return tk.render(
        "challenge/subscription_confirm.html",
        {
            "subscription": subscription,
            "key": request.values.get("key", ""),
            "csrf": tk.h.csrf_input(),
        },
    )


@subscriptions.get("/subscription/end")
def end() -> Any:
    """The buttons that end a subscription, or all of the same address."""
    try:
        found = _of_key("challenge_subscription_list")
        subscription = _of_key("challenge_subscription_show")
    except tk.ObjectNotFound:
        return tk.render("challenge/subscription_gone.html", {"confirming": False})
    except (tk.ValidationError, tk.NotAuthorized):
        return tk.render("challenge/subscription_gone.html", {"confirming": True}), 404
    return tk.render(
        "challenge/subscription_end.html",
        {
            "subscription": subscription,
            "others": [
                row for row in found["results"] if row["id"] != subscription["id"]
            ],
            "key": request.values.get("key", ""),
            "csrf": tk.h.csrf_input(),
        },
    )


@subscriptions.post("/subscription/end")
def ended() -> Any:
    """End it: asked by the button, or by a program that reads mails (RFC 8058)."""
    try:
        _of_key("challenge_subscription_delete", all=request.form.get("all") == "true")
    except (tk.ValidationError, tk.NotAuthorized):
        return tk.render("challenge/subscription_gone.html", {"confirming": True}), 404
    return tk.render("challenge/subscription_gone.html", {"confirming": False})


@subscriptions.get("/subscriptions.json")
def export() -> AnyResponse:
    """All that is kept of the address that the key was mailed to."""
    found = _of_key("challenge_subscription_list")
    return attached(jsonify(found), "subscriptions.json")


# A program that reads mails has no form of ours, and so no token; nor has it a cookie,
# for which our own check would ask for one.
csrf.exempt(f"{ended.__module__}.{ended.__name__}")
