"""A list of collectivités is given, shown as it was read, and imported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from ckanext.challenge import helpers as h
from ckanext.challenge.views.common import act, context
from ckanext.challenge.views.forms import texts

from .layout import frame

_OUTCOMES = ("wrong", "left", "new", "changed", "same")


def typed_import(form: MultiDict[str, str]) -> dict[str, Any]:
    """What was chosen in the form: as what, from which columns, and whether to tell."""
    labels, fields = form.getlist("label"), form.getlist("field")
    given: dict[str, Any] = texts(form, "kind", "kept")
    given["tell"] = "tell" in form or "kept" not in form
    if labels and len(labels) == len(fields):
        given["columns"] = dict(zip(labels, fields, strict=True))
    return given


def import_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    found: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form of the import and, of a file that was given, what it would do.

    :param typed: what was chosen
    :param found: what it would do, as the action answers it
    :param errors: of the file, by field
    """
    cohort = act("challenge_cohort_show", id=name)
    tk.check_access("challenge_participant_import", context(), {"cohort": cohort["id"]})
    around = frame(cohort, "participants")
    data = dict(typed or {})
    return {
        "frame": around,
        "cohort": cohort,
        "csrf": tk.h.csrf_input(),
        "urls": {"self": f"{around['url']}/import", "season": around["url"]},
        "typed": {"kind": "participants", "tell": True, **data},
        "kinds": [
            ("participants", tk._("Participants: each takes part at once")),
            ("applications", tk._("Applications: you read and decide each of them")),
        ],
        "errors": errors or {},
        "labels": {
            "upload": tk._("The list"),
            "columns": tk._("The columns"),
            "cohort": tk._("Season"),
        },
        "found": _shown(found) if found else None,
    }


def _shown(found: Mapping[str, Any]) -> dict[str, Any]:
    counts = found["counts"]
    rows = sorted(
        found["results"], key=lambda row: (_OUTCOMES.index(row["outcome"]), row["rows"])
    )
    titles = [("", tk._("Not read")), *_titles(found)]
    return {
        "file": found["file"],
        "kept": found["kept"] or "",
        "columns": [
            {**column, "id": f"column-{number}", "field": column["field"] or ""}
            for number, column in enumerate(found["columns"])
        ],
        "titles": titles,
        "unread": found["unread"],
        "left_out": found["left_out"],
        "figures": [(h.challenge_number(counts[name]), _word(name)) for name in counts],
        "rows": [_row(row) for row in rows],
        "imports": bool(found["kept"])
        and not counts["wrong"]
        and bool(counts["new"] or counts["changed"]),
        "wrong": counts["wrong"],
        "room": _room(found),
    }


def _titles(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(field["name"], field["title"]) for field in found["fields"]]


def _room(found: Mapping[str, Any]) -> str:
    """What is said where there are fewer places than new collectivités."""
    places, new = found["places"], found["counts"]["new"]
    if places is None or new <= places:
        return ""
    text = tk._("The season has {free} places left; the list brings {number}")
    return text.format(free=places, number=new)


def _word(outcome: str) -> str:
    return {
        "new": tk._("new"),
        "changed": tk._("changed"),
        "same": tk._("there already"),
        "left": tk._("left to you"),
        "wrong": tk._("to be corrected"),
    }[outcome]


_TONES = {"new": "done", "changed": "wait", "left": "wait", "wrong": "late"}


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    visits = tk.ungettext("{number} visit", "{number} visits", row["visits"])
    return {
        "places": ", ".join(map(str, row["rows"])),
        "name": row["name"] or row["siren"] or "",
        "more": " · ".join(filter(None, (row["siren"], row["departement"]))),
        "word": _word(row["outcome"]),
        "tone": _TONES.get(row["outcome"], "quiet"),
        "errors": [
            tk._("{field}: {text}").format(field=one["title"], text=one["text"])
            for one in row["errors"]
        ],
        "notes": [
            *row["changes"],
            *(
                [visits.format(number=h.challenge_number(row["visits"]))]
                if row["visits"] and row["outcome"] == "new"
                else []
            ),
            *row["warnings"],
        ],
    }
