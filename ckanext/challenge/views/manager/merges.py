"""Collectivités that became another one: what is proposed, looked at, then done."""

from __future__ import annotations

from collections.abc import Mapping
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
    may,
    page_number,
)
from ckanext.challenge.views.forms import flat_errors, texts

merges = managers_blueprint("challenge_merges")

_SIZE = 50


def _url(**query: Any) -> str:
    return str(tk.h.url_for("challenge_merges.index", **query))


def _proposal(row: Mapping[str, Any]) -> dict[str, Any]:
    was, becomes = row["from"], row["into"]
    why = (
        tk._("The directory says that {title} took its place.")
        if row["reason"] == "replaced"
        else tk._("{title} has the same SIREN.")
    )
    return {
        "title": was["title"],
        "siren": was["siren"],
        "url": tk.h.url_for("organization.read", id=was["organization"]),
        "why": why.format(title=becomes["title"]),
        "facts": ", ".join(
            (
                tk.ungettext(
                    "{number} dataset", "{number} datasets", row["datasets"]
                ).format(number=h.challenge_number(row["datasets"])),
                tk.ungettext(
                    "{number} season", "{number} seasons", row["seasons"]
                ).format(number=h.challenge_number(row["seasons"])),
            )
        ),
        "look": _url(
            **{
                "from": was["organization"],
                "into": becomes["organization"] or becomes["siren"],
            }
        )
        if row["may_merge"]
        else "",
    }


def _page(
    typed: Mapping[str, str], errors: Mapping[str, list[str]] | None = None
) -> str:
    page = page_number(request.args)
    found = act("challenge_merge_list", limit=_SIZE, offset=_SIZE * (page - 1))
    return tk.render(
        "challenge/manage/merges.html",
        {
            "rows": [_proposal(row) for row in found["results"]],
            "pages": Pager(_url(), {}, found["count"], page, _SIZE),
            # Others merge what is proposed to them.
            "chooses": may("challenge_successor_create"),
            "typed": typed,
            "errors": errors or {},
            "labels": {"from": tk._("What was"), "into": tk._("What it became")},
            "url": _url(),
        },
    )


def _deeds(found: Mapping[str, Any]) -> list[str]:
    """What will happen, in sentences."""
    was, becomes = found["from"]["title"], found["into"]["title"]
    names = {"was": was, "becomes": becomes}
    if found["renames"]:
        return [
            tk._(
                "The organization “{was}” becomes that of {becomes}: it gets its name, "
                "its SIREN and what else the directory says."
            ).format(**names),
            tk._(
                "Its address, its people, its datasets, its badges and its seasons "
                "stay."
            ),
        ]
    told = [
        tk.ungettext(
            "{number} dataset of “{was}” becomes one of “{becomes}”.",
            "{number} datasets of “{was}” become those of “{becomes}”.",
            found["datasets"],
        ).format(number=h.challenge_number(found["datasets"]), **names)
    ]
    for season in found["seasons"]:
        text = (
            tk._(
                "{season}: both take part. What was done counts once, in the "
                "participation of “{becomes}”."
            )
            if season["doubled"]
            else tk._("{season}: “{becomes}” takes part in the place of “{was}”.")
        )
        told.append(text.format(season=season["cohort_title"], **names))
    if found["awards"]:
        told.append(
            tk.ungettext(
                "{number} badge goes along, with its history.",
                "{number} badges go along, with their history.",
                found["awards"],
            ).format(number=h.challenge_number(found["awards"]))
        )
    if found["doubled_awards"]:
        told.append(
            tk.ungettext(
                "{number} badge is held by both: it is held once from then on.",
                "{number} badges are held by both: they are held once from then on.",
                found["doubled_awards"],
            ).format(number=h.challenge_number(found["doubled_awards"]))
        )
    if found["people"]:
        told.append(
            tk.ungettext(
                "{number} person of “{was}” is not a member of “{becomes}”, and is not "
                "let in by this: its administrators invite whom they want.",
                "{number} people of “{was}” are not members of “{becomes}”, and are "
                "not let in by this: its administrators invite whom they want.",
                found["people"],
            ).format(number=h.challenge_number(found["people"]), **names)
        )
    return [
        *told,
        tk._(
            "The organization “{was}” is deleted; its addresses lead to “{becomes}”."
        ).format(**names),
        tk._("This cannot be undone."),
    ]


def _look(typed: Mapping[str, str]) -> str:
    try:
        found = act("challenge_collectivite_merge", dry_run=True, **typed)
    except tk.ValidationError as error:
        return _page(typed, flat_errors(error.error_dict))
    names = {"was": found["from"]["title"], "becomes": found["into"]["title"]}
    return tk.render(
        "challenge/manage/merge.html",
        {
            "heading": tk._("{was} becomes {becomes}").format(**names),
            "deeds": _deeds(found),
            "typed": typed,
            "url": _url(),
            "csrf": tk.h.csrf_input(),
        },
    )


@merges.get("/merges")
def index() -> str:
    """What is proposed or, with ``from`` and ``into``, what merging these does."""
    typed = texts(request.args, "from", "into")
    if typed.get("from") and typed.get("into"):
        return _look(typed)
    return _page(typed)


@merges.post("/merges")
def merge() -> Response | str:
    """Merge what the page showed."""
    # Those who may not are refused, also with nothing typed.
    tk.check_access("challenge_merge_list", context(), {})
    typed = texts(request.form, "from", "into")
    if request.form.get("do") != "confirm":
        return _look(typed) if len(typed) > 1 else _page(typed)
    try:
        found = act("challenge_collectivite_merge", **typed)
    except tk.ValidationError as error:
        return _page(typed, flat_errors(error.error_dict))
    tk.h.flash_success(
        tk._("{was} is {becomes} now.").format(
            was=found["from"]["title"], becomes=found["into"]["title"]
        )
    )
    return tk.redirect_to("challenge_merges.index")
