"""How a badge is earned, in sentences that need no dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ckanext.challenge import helpers as h
from ckanext.challenge.measures import labels


def amount(part: Mapping[str, Any], name: str) -> str:
    """A value of a criterion as it is read: a number, or a percentage."""
    if part.get("unit") == "share":
        return h.challenge_share(part[name])
    return h.challenge_number(part[name])


def criterion_rows(criterion: Mapping[str, Any]) -> dict[str, Any]:
    """A criterion in words: ``text``, or ``join`` with its ``parts``.

    :param criterion: of ``challenge_badge_show``
    """
    for join in ("all", "any"):
        if join in criterion:
            return {
                "join": join,
                "parts": [criterion_rows(part) for part in criterion[join]],
            }
    if "steps" in criterion:
        return {
            "join": "all",
            "parts": [{"text": step["title"]} for step in criterion["steps"]],
        }
    if "step" in criterion:
        return {"text": criterion["title"]}
    return {"text": labels.at_least(criterion)}
