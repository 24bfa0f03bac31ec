"""Doing the same to many participants: whom it touches, and what came of each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common.language import per_language
from ckanext.challenge.domain import deeds
from ckanext.challenge.domain.text import N_
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.common import act
from ckanext.challenge.views.forms import flat_errors

from .layout import frame

#: By the name of a deed: its button and heading, and what is said of it before it is
#: done.
_WORDS: dict[str, tuple[str, str]] = {
    "assign": (
        N_("Name the adviser"),
        N_("Whoever accompanies them now no longer does. You can change it again."),
    ),
    "message": (
        N_("Write a message"),
        N_(
            "The administrators and editors of each collectivité get it by mail, and "
            "answer in its own conversation. What is sent cannot be taken back."
        ),
    ),
    "waive": (
        N_("Waive a step"),
        N_(
            "The members read the reason. A waiver can be lifted on the page of each "
            "collectivité."
        ),
    ),
    "extend": (
        N_("Put off a step"),
        N_(
            "The members are told by mail, and read the reason. The later day can be "
            "taken back on the page of each collectivité."
        ),
    ),
    "badge": (
        N_("Give a badge"),
        N_(
            "The badge and the reason are public at once, and the members are told by "
            "mail. Taken back, it stays in the list as a badge that was taken back."
        ),
    ),
    "invite": (
        N_("Invite again"),
        N_(
            "Those who were invited and have not come get the invitation again. What "
            "is sent cannot be taken back."
        ),
    ),
}


@per_language
def words() -> dict[str, str]:
    """What each deed is called."""
    return {deed: tk._(text) for deed, (text, _) in _WORDS.items()}


def buttons(names: Collection[str]) -> list[tuple[str, str]]:
    """The deeds that are offered, with their words."""
    return [(name, words()[name]) for name in names]


class _Meant(NamedTuple):
    """Whom a deed means.

    :ivar board: as ``challenge_participant_board`` answers it
    :ivar rows: those of it
    :ivar gone: how many were ticked that are not on it any more
    :ivar others: how many are left out since somebody else accompanies them
    """

    board: dict[str, Any]
    rows: list[dict[str, Any]]
    gone: int
    others: int


def _meant(cohort: str, ids: Sequence[str], filters: Mapping[str, str]) -> _Meant:
    """Those who were ticked; all whom the filters choose, where nobody was."""
    board = act(
        "challenge_participant_board",
        cohort=cohort,
        filters={} if ids else dict(filters),
        limit=1000,
    )
    found = board["results"]
    if ids:
        known = {row["id"]: row for row in found}
        found = [known[id_] for id_ in ids if id_ in known]
    rows = [row for row in found if row["followed"]]
    gone = len(ids) - len(found) if ids else 0
    return _Meant(board, rows, gone, len(found) - len(rows))


def deed_page(
    cohort: str,
    deed: str,
    ids: Sequence[str],
    filters: Mapping[str, str],
    given: Mapping[str, str],
) -> dict[str, Any]:
    """Whom a deed would touch, what is said with it, and what cannot be undone.

    :param ids: who was ticked; all whom the filters choose, where nobody was
    :param given: what was typed; at first, what the filters make likely
    """
    board, rows, gone, others = _meant(cohort, ids, filters)
    season = board["season"]
    around = frame(season, "participants")
    late = filters.get("late", "")
    known = {step["step"] for step in board["steps"]}
    typed = {**({"step": late} if late in known else {}), **given}
    rule = deeds.DEEDS[deed]
    _, told = _WORDS[deed]
    return {
        "frame": around,
        "cohort": season,
        "deed": deed,
        "title": words()[deed],
        "told": tk._(told),
        "final": rule.final,
        "lines": [
            {
                "id": row["id"],
                "name": row["organization_title"],
                "url": f"{participant_rows.cohort_url(season['name'])}/"
                f"{row['organization_name']}",
                "meta": _meta(row, deed),
                "result": None,
            }
            for row in rows[: deeds.MOST]
        ],
        "gone": gone,
        "others": others,
        "left_out": max(0, len(rows) - deeds.MOST),
        "fields": [_field(name, board, typed, rule) for name in rule.takes],
        "errors": {},
        "labels": _labels(),
        "csrf": tk.h.csrf_input(),
    }


def _meta(row: Mapping[str, Any], deed: str) -> str:
    """What is to be known of one before it is done."""
    if deed == "assign":
        return tk._("now: {name}").format(name=row["adviser"] or tk._("nobody"))
    return h.challenge_steps(row["steps_done"], row["steps_total"])


def _labels() -> dict[str, str]:
    return {
        "adviser": tk._("Adviser"),
        "step": tk._("Step"),
        "due": tk._("New date"),
        "badge": tk._("Badge"),
        "reason": tk._("Reason"),
        "text": tk._("Message"),
        "participants": tk._("Collectivités"),
    }


def _field(
    name: str, board: Mapping[str, Any], given: Mapping[str, str], rule: deeds.Deed
) -> dict[str, Any]:
    """A field of the form, as the ``field`` component takes it."""
    choices = {
        "adviser": [
            ("", tk._("Nobody")),
            *((one["id"], one["name"]) for one in board["offered"]["advisers"]),
        ],
        "step": [(one["step"], one["title"]) for one in board["steps"]],
        "badge": [(one["key"], one["title"]) for one in board["offered"]["badge"]],
    }
    kinds = {"due": "date", "reason": "textarea", "text": "textarea"}
    return {
        "name": name,
        "value": given.get(name, ""),
        "type": "select" if name in choices else kinds[name],
        "options": choices.get(name),
        "required": name not in rule.optional,
    }


def results_page(
    cohort: str, deed: str, answer: Mapping[str, Any], back: str
) -> dict[str, Any]:
    """What came of each, those that were refused first.

    :param answer: of ``challenge_participant_batch``
    :param back: where the reader came from
    """
    season = act("challenge_cohort_show", id=cohort)
    return {
        "frame": frame(season, "participants"),
        "cohort": season,
        "title": words()[deed],
        "heading": tk._("{deed}: done for {done} of {count}").format(
            deed=words()[deed],
            done=h.challenge_number(answer["done"]),
            count=h.challenge_number(answer["count"]),
        ),
        "lines": sorted(
            (_result(row, season["name"]) for row in answer["results"]),
            key=lambda line: line["order"],
        ),
        "back": back,
    }


def _result(row: Mapping[str, Any], cohort: str) -> dict[str, Any]:
    name = row["organization_name"]
    errors = [text for texts in flat_errors(row["errors"]).values() for text in texts]
    return {
        "id": row["id"],
        "name": row["organization_title"]
        or tk._("A collectivité that is no longer here"),
        "url": f"{participant_rows.cohort_url(cohort)}/{name}" if name else "",
        "ok": row["ok"],
        "changed": row["changed"],
        "text": " ".join(errors) or row["text"] or tk._("It is done"),
        # What needs somebody first, then what was left, then what is done.
        "order": (row["ok"], row["changed"]),
    }


def with_results(page: dict[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """The page before it is done, with what would come of each.

    :param answer: of a dry run
    """
    season = page["cohort"]["name"]
    results = {row["id"]: _result(row, season) for row in answer["results"]}
    for line in page["lines"]:
        line["result"] = results.get(line["id"])
    return page
