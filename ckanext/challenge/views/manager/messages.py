"""Messages to many: written, looked at, sent; and the reminders to come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.campaigns import labels as words
from ckanext.challenge.domain import placeholders
from ckanext.challenge.domain.lifecycle import APPLICATION_SENT, COHORT_OVER
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import (
    Pager,
    act,
    flash_refused,
    managers_blueprint,
    may,
    options,
    page_number,
)
from ckanext.challenge.views.forms import flat_errors, texts

from .layout import frame

messages = managers_blueprint("challenge_messages")

_SIZE = 50
#: How many recipients a page names, and offers to look at.
_NAMED = 1000
#: The filters that an address may have: those of the board, and of other audiences.
_FILTERS: Mapping[str, tuple[str, ...]] = {
    "participants": (
        "phase",
        "late",
        "adviser",
        "departement",
        "kind",
        "stalled",
        "badge",
        "opinion",
        "no_visit",
        "state",
        "q",
    ),
    "applicants": ("state",),
    "staff": ("role",),
}
_TONES = {
    "held": ("wait", "clock"),
    "sent": ("done", "check"),
    "cancelled": ("quiet", "ban"),
}


def _season(name: str) -> tuple[dict[str, Any], bool, dict[str, Any]]:
    """A season for its team, whether the reader manages it, and what stands around.

    :raises tk.NotAuthorized: not staff of it
    """
    cohort = act("challenge_cohort_show", id=name)
    act("challenge_staff_list", cohort=cohort["id"], limit=1)
    manages = may("challenge_cohort_update", id=cohort["id"])
    return cohort, manages, frame(cohort, "messages", manages)


def _row(
    campaign: Mapping[str, Any], cohort: Mapping[str, Any], base: str
) -> dict[str, Any]:
    tone, icon = _TONES[campaign["state"]]
    number = campaign["recipients"]
    return {
        **campaign,
        # What is the same for all of them is read as they read it.
        "title": placeholders.fill(campaign["subject"], {"season": cohort["title"]}),
        "url": f"{base}/{campaign['id']}",
        "whom": words.audiences()[campaign["to"]]
        if number is None
        else words.counted(campaign["to"], number),
        "label": {
            "label": words.states()[campaign["state"]],
            "tone": tone,
            "icon": icon,
        },
        "date": h.challenge_datetime(campaign["sent_at"] or campaign["created_at"]),
    }


def _doors(
    cohort: Mapping[str, Any], base: str, manages: bool
) -> list[tuple[str, str]]:
    """Whom one writes to most, each with its address; nobody in the archive."""
    if cohort["state"] == "archived":
        return []
    found = []
    if cohort["state"] not in COHORT_OVER:
        # Of a season that is over nobody is late.
        found += [
            ("to=participants&late=any", tk._("To those who are late")),
            ("to=participants&stalled=true", tk._("To those without news")),
        ]
    if cohort.get("asks_feedback"):
        text = tk._("To those without an opinion")
        found.append(("to=participants&opinion=none", text))
    found.append(("to=participants", tk._("To all collectivités")))
    if manages:
        found += [
            ("to=applicants", tk._("To the applicants")),
            ("to=staff", tk._("To the team")),
        ]
    return [(f"{base}/new?{query}", text) for query, text in found]


@messages.get("/<cohort>/messages")
def index(cohort: str) -> str:
    """The messages of a season: what waits to be sent, what was sent, what is kept."""
    shown, manages, around = _season(cohort)
    base = f"{around['url']}/messages"
    page = page_number(request.args)
    found = act(
        "challenge_campaign_list",
        cohort=shown["id"],
        limit=_SIZE,
        offset=_SIZE * (page - 1),
    )
    # A new message begins with a model, and in the archive there is none.
    models = (
        []
        if shown["state"] == "archived"
        else act("challenge_campaign_model_list", cohort=shown["id"])["results"]
    )
    return tk.render(
        "challenge/manage/messages.html",
        {
            "cohort": shown,
            "frame": around,
            "manages": manages,
            "doors": _doors(shown, base, manages),
            "rows": [_row(row, shown, base) for row in found["results"]],
            "count": found["count"],
            "models": [
                {
                    **row,
                    "url": f"{base}/new?to={row['to']}&model={row['id']}",
                    "delete_url": f"{base}/model/{row['id']}/delete",
                    "whom": words.audiences()[row["to"]],
                }
                for row in models
            ],
            "pages": Pager(base, {}, found["count"], page, _SIZE),
            "csrf": tk.h.csrf_input(),
            "urls": {"self": base, "reminders": f"{around['url']}/reminders"},
        },
    )


def _asked(params: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """To whom an address says that a message goes, and its filters."""
    to = params.get("to", "participants")
    if to not in _FILTERS:
        to = "participants"
    return to, {name: params[name] for name in _FILTERS[to] if params.get(name)}


def _whom(to: str, filters: Mapping[str, str], ids: list[str]) -> dict[str, Any]:
    """Who is meant, as the actions take it: ``ids`` are those of somebody at least."""
    return {"to": to, "filters": dict(filters), **({"ids": ids} if ids else {})}


def _choices(
    cohort: Mapping[str, Any], to: str, filters: Mapping[str, str]
) -> list[dict[str, Any]]:
    """The filters above the form, those that are offered for an audience."""
    if to == "applicants":
        states = [
            (state, h.challenge_state("application", state)["label"])
            for state in APPLICATION_SENT
        ]
        shown = [("state", tk._("State"), options(tk._("All"), states))]
    elif to == "staff":
        roles = [("manager", tk._("Managers")), ("adviser", tk._("Advisers"))]
        shown = [("role", tk._("Role in the team"), options(tk._("All"), roles))]
    else:
        shown = _participant_choices(cohort)
    return [
        {
            "name": name,
            "label": label,
            "value": filters.get(name, ""),
            "options": choices,
        }
        for name, label, choices in shown
    ]


def _participant_choices(
    cohort: Mapping[str, Any],
) -> list[tuple[str, str, list[tuple[str, str]]]]:
    steps = act("challenge_step_list", cohort=cohort["id"], participants=[])["steps"]
    staff = act("challenge_staff_list", cohort=cohort["id"], limit=1000)["results"]
    people = {row["user_id"]: row["display_name"] for row in staff}
    everybody = tk._("All")
    return [
        (
            "late",
            tk._("Late with"),
            options(
                everybody,
                [
                    ("any", tk._("Any step")),
                    *((step["step"], step["title"]) for step in steps),
                ],
            ),
        ),
        (
            "stalled",
            tk._("News"),
            options(
                everybody,
                [("true", tk._("Without news")), ("false", tk._("With news"))],
            ),
        ),
        (
            "opinion",
            tk._("Opinion"),
            options(
                everybody,
                [("none", tk._("Without an opinion")), ("given", tk._("Given"))],
            ),
        ),
        (
            "phase",
            tk._("Stage"),
            options(
                everybody,
                [(phase["key"], phase["title"]) for phase in cohort["phases"]],
            ),
        ),
        (
            "adviser",
            tk._("Who accompanies them"),
            options(everybody, [*people.items(), ("none", tk._("Without an adviser"))]),
        ),
    ]


def _placeholders(to: str) -> list[tuple[str, str]]:
    meanings, spoken = words.meanings(), tk.h.lang()
    return [
        (placeholders.spelling(key, spoken), meanings[key])
        for key in placeholders.OF_AUDIENCE[to]
    ]


def _begun(
    cohort: Mapping[str, Any], filters: Mapping[str, str], model: str
) -> dict[str, str]:
    """What the form begins with: a model, or what fits the filters."""
    if model:
        kept = act("challenge_campaign_model_list", cohort=cohort["id"], limit=1000)
        for row in kept["results"]:
            if row["id"] == model:
                return {"subject": row["subject"], "text": row["text"]}
    purpose = next(
        (name for name in ("late", "opinion", "stalled") if name in filters), ""
    )
    begun = words.starter(purpose)
    return {"subject": begun.subject, "text": begun.text}


def _form(
    cohort: Mapping[str, Any],
    around: Mapping[str, Any],
    whom: Mapping[str, Any],
    given: Mapping[str, str],
    errors: Mapping[str, list[str]],
    *,
    manages: bool,
    edits: str = "",
) -> str:
    """The form of a message, with who would get it."""
    base = f"{around['url']}/messages"
    to, filters, ids = whom["to"], whom["filters"], whom.get("ids", [])
    problem, found = "", None
    try:
        found = act(
            "challenge_campaign_preview", cohort=cohort["id"], limit=_NAMED, **whom
        )
    except tk.ValidationError as error:
        problem = " ".join(
            text for told in flat_errors(error.error_dict).values() for text in told
        )
    models = act("challenge_campaign_model_list", cohort=cohort["id"])["results"]
    query = tk.h.challenge_query
    kept = {"to": to, **filters, "ids": ",".join(ids)}
    return tk.render(
        "challenge/manage/message_form.html",
        {
            "cohort": cohort,
            "frame": around,
            "manages": manages,
            "whom": whom,
            "kept": kept,
            "audience": words.audiences()[to],
            "problem": problem,
            "found": found,
            "number": words.counted(to, found["count"]) if found else "",
            "filters": [] if ids else _choices(cohort, to, filters),
            "models": []
            if edits
            else [
                (row["title"], f"{base}/new{query({**kept, 'model': row['id']})}")
                for row in models
                if row["to"] == to
            ],
            "placeholders": _placeholders(to),
            "given": given,
            "errors": errors,
            "labels": {
                "subject": tk._("Subject"),
                "text": tk._("Message"),
                "model_title": tk._("Keep it as a model, under this title"),
            },
            "edits": edits,
            "csrf": tk.h.csrf_input(),
            "urls": {
                "list": base,
                "self": f"{base}/{edits}/edit" if edits else f"{base}/new",
                "back": f"{base}/{edits}" if edits else base,
            },
        },
    )


def _chosen(form: Any) -> list[str]:
    """The ids that were chosen one by one: ticked, or in the address."""
    found = [part for value in form.getlist("ids") for part in value.split(",")]
    return [part for part in dict.fromkeys(found) if part]


@messages.get("/<cohort>/messages/new")
def new(cohort: str) -> str:
    """The form of a new message."""
    shown, manages, around = _season(cohort)
    to, filters = _asked(request.args)
    tk.check_access(
        "challenge_campaign_create",
        {"user": tk.current_user.name},
        {"cohort": shown["id"], "to": to},
    )
    begun = _begun(shown, filters, request.args.get("model", ""))
    whom = _whom(to, filters, _chosen(request.args))
    return _form(shown, around, whom, begun, {}, manages=manages)


@messages.post("/<cohort>/messages/new")
def create(cohort: str) -> Response | str:
    """Hold the message; a model is kept where that was asked."""
    shown, manages, around = _season(cohort)
    to, filters = _asked(request.form)
    whom = _whom(to, filters, _chosen(request.form))
    given = texts(request.form, "subject", "text", "model_title")
    written = {name: given.get(name, "") for name in ("subject", "text")}
    try:
        if given.get("model_title"):
            act(
                "challenge_campaign_model_create",
                cohort=shown["id"],
                to=to,
                title=given["model_title"],
                **written,
            )
        made = act("challenge_campaign_create", cohort=shown["id"], **whom, **written)
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        if "title" in errors:
            errors["model_title"] = errors.pop("title")
        return _form(shown, around, whom, given, errors, manages=manages)
    return tk.redirect_to("challenge_messages.read", cohort=cohort, id=made["id"])


def _read(
    cohort_name: str, id_: str, errors: Mapping[str, list[str]] | None = None
) -> str:
    cohort, _, around = _season(cohort_name)
    base = f"{around['url']}/messages"
    campaign = act("challenge_campaign_show", id=id_)
    if campaign["cohort_id"] != cohort["id"]:
        raise tk.ObjectNotFound()
    asked = request.values.get("recipient", "")
    found, problem = None, ""
    if campaign["state"] == "held":
        try:
            found = _preview(id_, asked)
        except tk.ValidationError as error:
            told = flat_errors(error.error_dict).values()
            problem = " ".join(text for texts_ in told for text in texts_)
    row = _row(campaign, cohort, base)
    mails = campaign["mails"]
    return tk.render(
        "challenge/manage/message.html",
        {
            "cohort": cohort,
            "frame": around,
            "campaign": row,
            "found": found,
            "problem": problem,
            "number": words.counted(campaign["to"], found["count"]) if found else "",
            "notes": _notes(found) if found else [],
            "recent": _recent(found) if found and found["recent"] else "",
            "names": [(one["id"], one["name"]) for one in found["results"]]
            if found
            else [],
            "errors": errors or {},
            "labels": {
                "again": tk._("Another message"),
            },
            "figures": [
                (h.challenge_number(mails[state]), text)
                for state, text in (
                    ("sent", tk._("mails sent")),
                    ("waiting", tk._("mails wait")),
                    ("failed", tk._("mails failed")),
                    ("cancelled", tk._("mails not sent")),
                )
            ],
            "csrf": tk.h.csrf_input(),
            "urls": {
                "list": base,
                "self": row["url"],
                "edit": f"{row['url']}/edit",
                "cancel": f"{row['url']}/cancel",
                "mails": f"{around['url']}/mails?campaign={campaign['id']}"
                if may("challenge_mail_list", cohort=cohort["id"])
                else "",
            },
        },
    )


def _preview(id_: str, recipient: str) -> dict[str, Any]:
    asked = {"recipient": recipient} if recipient else {}
    try:
        return act("challenge_campaign_preview", id=id_, limit=_NAMED, **asked)
    except tk.ValidationError as error:
        if "recipient" not in error.error_dict:
            raise
        # Whoever was looked at left meanwhile.
        return act("challenge_campaign_preview", id=id_, limit=_NAMED)


def _notes(found: Mapping[str, Any]) -> list[str]:
    """What to know of the mails, beside how many read it on their page."""
    number = h.challenge_number
    notes = [
        tk.ungettext(
            "{number} mail goes.", "{number} mails go.", found["mails"]
        ).format(number=number(found["mails"]))
    ]
    for name, text in (
        (
            "unreachable",
            tk.ungettext(
                "{number} of them has nobody to be told by mail: the message waits on "
                "its page.",
                "{number} of them have nobody to be told by mail: the message waits on "
                "their pages.",
                found["unreachable"],
            ),
        ),
        (
            "ended",
            tk.ungettext(
                "{number} person asked for no more of these mails, and gets none.",
                "{number} people asked for no more of these mails, and get none.",
                found["ended"],
            ),
        ),
        (
            "unproved",
            tk.ungettext(
                "{number} address is not proved yet: it is told that there is news, "
                "without your words.",
                "{number} addresses are not proved yet: they are told that there is "
                "news, without your words.",
                found["unproved"],
            ),
        ),
    ):
        if found[name]:
            notes.append(text.format(number=number(found[name])))
    return notes


def _recent(found: Mapping[str, Any]) -> str:
    return tk.ungettext(
        "{number} of them got another message less than {hours} hours ago.",
        "{number} of them got another message less than {hours} hours ago.",
        found["recent"],
    ).format(number=h.challenge_number(found["recent"]), hours=found["hours"])


@messages.get("/<cohort>/messages/<id>")
def read(cohort: str, id: str) -> str:
    """A message: what each one reads before it goes, what became of it after."""
    return _read(cohort, id)


@messages.post("/<cohort>/messages/<id>")
def send(cohort: str, id: str) -> Response | str:
    """Send it to as many as its sender was told of."""
    given = texts(request.form, "recipients", "again")
    try:
        sent = act("challenge_campaign_send", id=id, **given)
    except tk.ValidationError as error:
        return _read(cohort, id, flat_errors(error.error_dict))
    tk.h.flash_success(
        tk._("Your message is sent to {recipients}.").format(
            recipients=words.counted(sent["to"], sent["recipients"])
        )
    )
    return tk.redirect_to("challenge_messages.read", cohort=cohort, id=id)


@messages.post("/<cohort>/messages/<id>/cancel")
def cancel(cohort: str, id: str) -> Response:
    """Take it out of the outbox."""
    try:
        act("challenge_campaign_cancel", id=id)
    except tk.ValidationError as error:
        flash_refused(error)
        return tk.redirect_to("challenge_messages.read", cohort=cohort, id=id)
    tk.h.flash_success(tk._("The message is cancelled: nobody gets it."))
    return tk.redirect_to("challenge_messages.index", cohort=cohort)


@messages.get("/<cohort>/messages/<id>/edit")
def edit(cohort: str, id: str) -> str:
    """The form of a message that waits."""
    shown, manages, around = _season(cohort)
    campaign = act("challenge_campaign_show", id=id)
    whom = _whom(campaign["to"], campaign["filters"], campaign["ids"])
    return _form(shown, around, whom, campaign, {}, manages=manages, edits=id)


@messages.post("/<cohort>/messages/<id>/edit")
def update(cohort: str, id: str) -> Response | str:
    """Change a message that waits."""
    shown, manages, around = _season(cohort)
    campaign = act("challenge_campaign_show", id=id)
    given = texts(request.form, "subject", "text")
    try:
        act("challenge_campaign_update", id=id, **given)
    except tk.ValidationError as error:
        errors = flat_errors(error.error_dict)
        whom = _whom(campaign["to"], campaign["filters"], campaign["ids"])
        return _form(shown, around, whom, given, errors, manages=manages, edits=id)
    return tk.redirect_to("challenge_messages.read", cohort=cohort, id=id)


@messages.post("/<cohort>/messages/model/<id>/delete")
def delete_model(cohort: str, id: str) -> Response:
    """Keep a model no longer."""
    act("challenge_campaign_model_delete", id=id)
    tk.h.flash_success(tk._("The model is deleted."))
    return tk.redirect_to("challenge_messages.index", cohort=cohort)


@messages.get("/<cohort>/reminders")
def reminders(cohort: str) -> str:
    """The reminders to come in a season, and those that pause."""
    shown, _, around = _season(cohort)
    page = page_number(request.args)
    url = f"{around['url']}/reminders"
    found = act(
        "challenge_reminder_list",
        cohort=shown["id"],
        limit=_SIZE,
        offset=_SIZE * (page - 1),
    )
    prefix = f"{participant_rows.cohort_url(shown['name'])}/"
    return tk.render(
        "challenge/manage/reminders.html",
        {
            "cohort": shown,
            "frame": around,
            "rows": [
                {
                    **row,
                    "url": f"{prefix}{quote(row['organization_name'])}#reminders",
                    "when": h.challenge_date(row["next"]) if row["next"] else "",
                    "names": [*row["late"], *row["soon"]],
                    "until": h.challenge_date(row["paused"]["until"])
                    if row["paused"] and row["paused"]["until"]
                    else "",
                }
                for row in found["results"]
            ],
            "count": found["count"],
            "rule": found["results"][0] if found["results"] else None,
            "pages": Pager(url, {}, found["count"], page, _SIZE),
            "urls": {"self": url, "messages": f"{around['url']}/messages"},
        },
    )
