"""What readers gave an application, and the form in which one gives one's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.common import language
from ckanext.challenge.domain import reading
from ckanext.challenge.views.common import act

#: How a form names the score for a criterion.
FIELD = "scores-"


def summary_text(summary: Mapping[str, Any]) -> str:
    """What several readers think, in a line: average, spread, how many."""
    if not summary["readers"]:
        return tk._("No score yet")
    text = tk.ungettext(
        "{average} out of {most} · {number} reader",
        "{average} out of {most} · spread {spread} · {number} readers",
        summary["readers"],
    )
    return text.format(
        average=h.challenge_number(summary["average"], 2),
        spread=h.challenge_number(summary["spread"], 2),
        most=reading.SCALE[-1],
        number=summary["readers"],
    )


def short_text(summary: Mapping[str, Any]) -> str:
    """The same for a list: the average, of how many, and how far apart they are."""
    if not summary["readers"]:
        return "—"
    number = summary["readers"]
    text = f"{h.challenge_number(summary['average'], 2)} ({number})"
    if number == 1:
        return text
    spread = tk._("spread {number}").format(
        number=h.challenge_number(summary["spread"], 2)
    )
    return f"{text} · {spread}"


def scores(
    cohort: Mapping[str, Any],
    application: Mapping[str, Any],
    given: Mapping[str, Any],
) -> dict[str, Any]:
    """What the page of an application shows of its reading.

    :param given: what was typed, when it was refused
    """
    found = act("challenge_score_list", id=application["id"], limit=1000)
    own = found["own"] or {}
    typed = given.get("score") or {}
    spoken = language.current()
    criteria = [
        {
            "name": f"{FIELD}{criterion.key}",
            "key": criterion.key,
            "label": criterion.label.in_(spoken),
            "help": criterion.help.in_(spoken),
            "value": typed.get(
                f"{FIELD}{criterion.key}", own.get("scores", {}).get(criterion.key, "")
            ),
        }
        for criterion in reading.read(cohort["criteria"])
    ]
    return {
        "criteria": criteria,
        "labels": {
            **{one["name"]: one["label"] for one in criteria},
            "comment": tk._("Comment to the other readers"),
            "scores": tk._("Scores"),
            "conflict": tk._("Conflict of interest"),
        },
        "options": [("", tk._("Choose")), *((str(n), str(n)) for n in reading.SCALE)],
        "comment": typed.get("comment", own.get("comment") or ""),
        "typed": bool(typed),
        "may_score": found["may_score"],
        "may_declare": application["state"] in reading.SCORED
        and not found["own_application"],
        "conflict": bool(own.get("conflict")),
        "status": _status(cohort, found),
        "summary": summary_text(found["summary"]) if found["summary"] else "",
        "rows": [
            {
                **row,
                "reader": row["reader"] or tk._("A former account"),
                "given": [
                    row["scores"].get(criterion["key"], "—") for criterion in criteria
                ],
                "worth": h.challenge_number(row["worth"], 2),
                "state": application_labels.parts()["conflict"]
                if row["conflict"]
                else "",
            }
            for row in found["results"]
        ],
    }


def _status(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Why one sees what one sees, in a sentence."""
    if found["own_application"]:
        return tk._("This application is yours: others of the team read it")
    if (found["own"] or {}).get("conflict"):
        return tk._(
            "You have declared a conflict of interest: you neither see the scores nor "
            "decide."
        )
    if not cohort["criteria"]:
        return ""
    if found["phase"] == "early":
        return tk._("The reading begins on {date}").format(
            date=h.challenge_date(cohort["reading_opens"])
        )
    return _open_status(cohort, found) if found["may_score"] else ""


def _open_status(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """The same while one can give one's scores."""
    if found["own"] and cohort["reading_closes"]:
        return tk._("You can change your scores until {date}.").format(
            date=h.challenge_date(cohort["reading_closes"])
        )
    if found["own"]:
        return ""
    if not found["hidden"]:
        return tk._("Nobody has given scores yet.")
    return tk.ungettext(
        "{number} reader has given scores: you see them once yours are in.",
        "{number} readers have given scores: you see them once yours are in.",
        found["hidden"],
    ).format(number=found["hidden"])
