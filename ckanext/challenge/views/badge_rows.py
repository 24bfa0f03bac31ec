"""Badges as the ``badge`` component prints them: earned, at risk, and on their way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.views.participant.doors import Doors
from ckanext.challenge.views.participant.reasons import reasons

from . import participant_rows

#: How many datasets are named for each thing that a badge lacks.
_MOST = 3


def _text(row: Mapping[str, Any]) -> str:
    """When it was earned, until when it is to be put right, or how far it is."""
    if row["state"] == "at_risk":
        return tk._("To be put right by {date}, or it will be lost").format(
            date=h.challenge_date(row["lost_on"])
        )
    if row["earned"]:
        return tk._("Earned on {date}").format(date=h.challenge_date(row["awarded_at"]))
    if row["state"] == "revoked":
        return tk._("Withdrawn by the team of the challenge")
    if row["percent"] == 100:
        return tk._("All is there: it comes with the next check")
    if row["percent"]:
        return tk._("{percent} of the way").format(
            percent=h.challenge_percent(row["percent"])
        )
    return tk._("To be earned")


def _order(row: Mapping[str, Any]) -> tuple[bool, bool, int]:
    """What can be lost comes first, then what is held, then the nearest."""
    return (row["state"] != "at_risk", not row["earned"], -row["percent"])


def badge_rows(
    rows: Iterable[Mapping[str, Any]], doors: Doors, published: bool = True
) -> list[dict[str, Any]]:
    """The badges of an organization, those that need somebody first.

    :param rows: ``badges`` of ``challenge_progress_show`` or
        ``challenge_standing_show``
    :param doors: which forms open to the reader
    :param published: whether the organization has a dataset at all
    :returns: ``{title, image, text, url, earned, state, percent, why}`` each:
        ``percent`` is nothing for what is earned, ``why`` for the ``why_not``
        component, empty for the public
    """
    base = participant_rows.cohort_prefix()
    return [_row(row, base, doors, published) for row in sorted(rows, key=_order)]


def _row(
    row: Mapping[str, Any], base: str, doors: Doors, published: bool
) -> dict[str, Any]:
    missing: Sequence[Mapping[str, Any]] = row.get("missing") or ()
    held = bool(row["award_id"])
    return {
        "title": row["title"],
        "image": h.challenge_badge_image(row),
        "text": _text(row),
        "url": f"{base}/awards/{row['award_id']}"
        if held
        else f"{base}/badges/{quote(row['badge'])}",
        "earned": row["earned"],
        "state": h.challenge_state("award", row["state"])
        if row["state"] == "at_risk"
        else None,
        "percent": None if row["earned"] else row["percent"],
        "why": reasons(missing, doors, published, _MOST),
    }
