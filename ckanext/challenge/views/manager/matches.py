"""Which collectivité an organization without a SIREN is: managers say it, in batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import (
    Pager,
    act,
    context,
    managers_blueprint,
    options,
    page_number,
)
from ckanext.challenge.views.forms import flat_errors
from ckanext.challenge.views.participant_rows import facts

matches = managers_blueprint("challenge_matches")

_SIZE = 25
#: What is sent of each organization, and what says that nothing is decided.
_CHOICE, _OTHER, _LATER = "choice-", "other-", "later"


def _candidate(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "siren": row["siren"],
        "name": row["name"],
        "meta": facts(row),
        "confidence": h.challenge_percent(100 * row["confidence"]),
        "why": ", ".join(row["why"]),
        "url": tk.h.url_for("challenge_collectivite.read", siren=row["siren"]),
    }


def _organization(row: Mapping[str, Any]) -> dict[str, Any]:
    candidates = row["candidates"]
    number = row["datasets"]
    return {
        "id": row["organization_id"],
        "title": row["organization_title"],
        "url": tk.h.url_for("organization.read", id=row["organization"]),
        "datasets": tk.ungettext(
            "{number} public dataset", "{number} public datasets", number
        ).format(number=h.challenge_number(number)),
        "candidates": [_candidate(one) for one in candidates],
        "chosen": candidates[0]["siren"]
        if candidates and candidates[0]["likely"]
        else _LATER,
    }


@matches.get("/matches")
def index() -> str:
    """The organizations without a SIREN, those that are known best first."""
    page = page_number(request.args)
    asked = {name: request.args.get(name, "") for name in ("q", "proposed")}
    found = act(
        "challenge_match_list",
        q=asked["q"],
        proposed=asked["proposed"] == "yes",
        limit=_SIZE,
        offset=_SIZE * (page - 1),
    )
    url = str(tk.h.url_for("challenge_matches.index"))
    kept = {name: value for name, value in asked.items() if value}
    return tk.render(
        "challenge/manage/matches.html",
        {
            "rows": [_organization(row) for row in found["results"]],
            "count": found["count"],
            "filters": [
                {
                    "name": "q",
                    "label": tk._("Name of the organization"),
                    "value": asked["q"],
                },
                {
                    "name": "proposed",
                    "label": tk._("Which organizations"),
                    "value": asked["proposed"],
                    "options": options(
                        tk._("All of them without a SIREN"),
                        [("yes", tk._("Those with a proposal"))],
                    ),
                },
            ],
            "filtered": bool(kept),
            "pages": Pager(url, kept, found["count"], page, _SIZE),
            "url": url,
            "here": url + tk.h.challenge_query(kept, page=page if page > 1 else None),
            "csrf": tk.h.csrf_input(),
        },
    )


def _decisions(form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What was decided, by the id of the organization."""
    for name, value in form.items():
        if name.startswith(_CHOICE):
            id_ = name[len(_CHOICE) :]
            siren = form.get(f"{_OTHER}{id_}", "") if value == "other" else value
            if value != _LATER:
                yield id_, siren


@matches.post("/matches")
def decide() -> Response:
    """Record what was decided on a page of them; what cannot be is said, each alone."""
    # Those who may not are refused, also with nothing decided.
    tk.check_access("challenge_match_decide", context(), {})
    done = 0
    for id_, siren in _decisions(request.form):
        try:
            act("challenge_match_decide", organization=id_, siren=siren)
            done += 1
        except (tk.ValidationError, tk.ObjectNotFound) as error:
            told = (
                flat_errors(error.error_dict)
                if isinstance(error, tk.ValidationError)
                else {"": [tk._("There is no such organization")]}
            )
            title = request.form.get(f"title-{id_}", id_)[:200]
            texts = " ".join(text for lines in told.values() for text in lines)
            tk.h.flash_error(f"{title} : {texts}")
    if done:
        tk.h.flash_success(
            tk.ungettext(
                "{number} decision is recorded.",
                "{number} decisions are recorded.",
                done,
            ).format(number=h.challenge_number(done))
        )
    asked = {name: request.args.get(name) for name in ("q", "proposed", "page")}
    return tk.redirect_to(
        "challenge_matches.index", **{name: one for name, one in asked.items() if one}
    )
