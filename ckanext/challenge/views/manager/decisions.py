"""Deciding on many applications: what will happen, and what has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib import search

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.views.common import act
from ckanext.challenge.views.forms import flat_errors

from .layout import frame

#: How many applications one batch decides on: what the action takes at once.
MOST = 200


def _found(cohort: Mapping[str, Any], **chosen: Any) -> dict[str, Any]:
    return act("challenge_application_list", cohort=cohort["id"], limit=MOST, **chosen)


def _files(cohort: Mapping[str, Any], **chosen: Any) -> list[dict[str, Any]]:
    return _found(cohort, **chosen)["results"]


def tell_of_search(accepted: bool) -> None:
    """Say where what was accepted cannot be found by CKAN's search yet.

    :param accepted: whether anything was accepted
    """
    if accepted and not search.is_available():
        tk.h.flash_notice(
            tk._(
                "The portal's search does not answer. What you accepted is saved; "
                "lists and searches of the catalogue show it once the search works "
                "again."
            )
        )


def unanswered(cohort_name: str) -> list[str]:
    """The ids of the applications of a season that have no answer, the first ones."""
    cohort = act("challenge_cohort_show", id=cohort_name)
    states = list(lifecycle.APPLICATION_AWAITED)
    return [row["id"] for row in _files(cohort, state=states)]


def kept_by(kept: Mapping[str, Any] | None) -> str:
    """What somebody keeps of an application, and who, in a sentence.

    :param kept: its ``pending_decision``, with ``by_name``
    """
    if not kept:
        return ""
    return tk._("Kept until now: {decision}, by {name}").format(
        decision=application_labels.decided()[kept["decision"]], name=keeper(kept)
    )


def keeper(kept: Mapping[str, Any]) -> str:
    """Who keeps a decision, as people read it."""
    return kept.get("by_name") or tk._("somebody of the team")


def mail_of(row: Mapping[str, Any], wish: Mapping[str, Any]) -> dict[str, Any] | None:
    """The mail that the decision sends, as it would go now."""
    asked = {
        name: wish[name]
        for name in ("decision", "reason", "kind", "fields")
        if wish.get(name)
    }
    try:
        return act("challenge_mail_preview", application=row["id"], **asked)
    except tk.ValidationError as error:
        # There may be nobody to write to any more.
        texts = flat_errors(error.error_dict).values()
        return {"problem": " ".join(text for found in texts for text in found)}


def _line(row: Mapping[str, Any], wish: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["organization_title"],
        "reference": row["reference"],
        "url": f"{base}/{row['id']}",
        "state": h.challenge_state("application", row["state"]),
        "decision": application_labels.decided()[wish["decision"]],
        "reason": wish.get("reason") or "",
        "mail": mail_of(row, wish),
    }


def _kept_line(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    kept = row["pending_decision"]
    return {
        **_line(row, kept, base),
        "who": tk._("kept by {name}").format(name=keeper(kept)),
        "shown": f"{row['id']}@{kept['at']}",
    }


def batch_page(
    cohort_name: str,
    ids: Sequence[str],
    given: Mapping[str, Any],
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """What a decision on the chosen applications would do, before it does.

    :param given: ``decision``, and ``reason``, ``kind``, ``fields`` and ``pending``
        as they were typed
    :param errors: of that, by field
    """
    cohort = act("challenge_cohort_show", id=cohort_name)
    around = frame(cohort, "applications")
    base = f"{around['url']}/application"
    decision = given["decision"]
    over = cohort["state"] in lifecycle.COHORT_OVER
    sources = lifecycle.sources_of(decision, over)
    found = _found(cohort, ids=list(ids)[:MOST])
    rows = found["results"]
    ready = [row for row in rows if row["state"] in sources]
    return {
        "frame": around,
        "cohort": cohort,
        "decision": decision,
        "title": application_labels.decisions()[decision],
        "needs_reason": lifecycle.DECISIONS[decision].needs_reason,
        "can_wait": lifecycle.DECISIONS[decision].can_wait,
        "lines": [
            {**_line(row, given, base), "kept": kept_by(row["pending_decision"])}
            for row in ready
        ],
        "left_out": [
            {
                "name": row["organization_title"],
                "reference": row["reference"],
                "state": h.challenge_state("application", row["state"])["label"],
            }
            for row in rows
            if row["state"] not in sources
        ],
        "short": _short(decision, len(ready), _free(found["season"], ready)),
        "given": given,
        "errors": errors or {},
        "labels": {"reason": tk._("Reason"), "decision": tk._("Decision")},
        "fields": application_labels.correctable(cohort["questions"]),
        "csrf": tk.h.csrf_input(),
    }


def _free(season: Mapping[str, Any], chosen: Sequence[Mapping[str, Any]]) -> int | None:
    """How many places are left for the chosen applications.

    :param season: of ``challenge_application_list``
    :param chosen: their own kept acceptances take no place from them
    :returns: ``None`` where there is no limit
    """
    if season["capacity"] is None:
        return None
    own = sum(_keeps_acceptance(row) for row in chosen)
    return max(0, season["capacity"] - season["taken"] - season["promised"] + own)


def _keeps_acceptance(row: Mapping[str, Any]) -> bool:
    return (row["pending_decision"] or {}).get("decision") == "accept"


def _short(decision: str, number: int, free: int | None) -> str:
    """What to know when there are fewer places than acceptances."""
    if decision != "accept" or free is None or number <= free:
        return ""
    return tk.ungettext(
        "Only {free} place is left: those further down the list will not be accepted.",
        "Only {free} places are left: those further down the list will not be "
        "accepted.",
        free,
    ).format(free=h.challenge_number(free))


def publish_page(cohort_name: str) -> dict[str, Any]:
    """All decisions of a season that wait to be published."""
    cohort = act("challenge_cohort_show", id=cohort_name)
    around = frame(cohort, "applications")
    base = f"{around['url']}/application"
    found = _found(cohort, pending="true", sort="submitted")
    rows = found["results"]
    return {
        "frame": around,
        "cohort": cohort,
        "count": h.challenge_number(found["count"]),
        "lines": [_kept_line(row, base) for row in rows],
        "rest": ""
        if found["count"] == len(rows)
        else tk._(
            "Here are the first {number}. The others stay kept until you come back "
            "to this page."
        ).format(number=h.challenge_number(len(rows))),
        "short": _short(
            "accept",
            sum(_keeps_acceptance(row) for row in rows),
            _free(found["season"], rows),
        ),
        "csrf": tk.h.csrf_input(),
    }


def results_page(
    cohort_name: str, answer: Mapping[str, Any], back: str, kept: bool = False
) -> dict[str, Any]:
    """What came of each, the failures first.

    :param answer: of ``challenge_application_batch_review`` or
        ``challenge_decisions_publish``
    :param back: where the reader came from
    :param kept: whether the decisions are kept, so that nobody is told yet
    """
    tell_of_search(
        any(row["ok"] and row["state"] == "accepted" for row in answer["results"])
    )
    cohort = act("challenge_cohort_show", id=cohort_name)
    around = frame(cohort, "applications")
    ids = [row["id"] for row in answer["results"]]
    names = {row["id"]: row["organization_title"] for row in _files(cohort, ids=ids)}
    words = application_labels.decided()
    lines = [
        {
            "name": names.get(row["id"], row["reference"] or row["id"]),
            "reference": row["reference"] or "",
            "url": f"{around['url']}/application/{row['id']}",
            "decision": words.get(row["decision"] or "", ""),
            "ok": row["ok"],
            "done": tk._("Decision kept") if kept else tk._("Decision sent"),
            "state": h.challenge_state("application", row["state"])
            if row["state"]
            else None,
            "kept": kept_by(row["replaced"]),
            "errors": [str(text) for texts in row["errors"].values() for text in texts],
        }
        for row in answer["results"]
    ]
    return {
        "frame": around,
        "cohort": cohort,
        "lines": sorted(lines, key=lambda line: line["ok"]),
        "left": [
            {
                "name": row["organization_title"],
                "reference": row["reference"],
                "url": f"{around['url']}/application/{row['id']}",
                "decision": words[row["decision"]],
                "who": tk._("kept by {name}").format(name=keeper(row)),
            }
            for row in answer.get("left", ())
        ],
        "left_count": len(answer.get("left", ())),
        "done": answer["done"],
        "count": answer["count"],
        "back": back,
    }
