"""How a badge is earned, in sentences that need no dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h

__all__ = ["amount", "criterion_rows"]


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
    return {"text": _sentence(criterion)}


def _sentence(criterion: Mapping[str, Any]) -> str:
    measure, least = criterion["measure"], criterion["at_least"]
    found = _counted(measure, least) or _shared(measure, least)
    # A measure of another plugin speaks for itself.
    return found or tk._("{what}: at least {number}").format(
        what=criterion["definition"].removesuffix("."),
        number=amount(criterion, "at_least"),
    )


def _counted(measure: str, least: float) -> str:
    number = int(least)
    texts = {
        "members": lambda: tk.ungettext(
            "At least {number} person who can act for the organization",
            "At least {number} people who can act for the organization",
            number,
        ),
        "kits_chosen": lambda: tk.ungettext(
            "At least {number} kit chosen", "At least {number} kits chosen", number
        ),
        "datasets_public": lambda: tk.ungettext(
            "At least {number} public dataset",
            "At least {number} public datasets",
            number,
        ),
        "datasets_since_launch": lambda: tk.ungettext(
            "At least {number} public dataset since the launch of the season",
            "At least {number} public datasets since the launch of the season",
            number,
        ),
        "kits_covered": lambda: tk.ungettext(
            "Public datasets of at least {number} kit",
            "Public datasets of at least {number} different kits",
            number,
        ),
        "resources_public": lambda: tk.ungettext(
            "At least {number} public file", "At least {number} public files", number
        ),
        "conform_datasets": lambda: tk.ungettext(
            "At least {number} dataset that follows its national schema",
            "At least {number} datasets that follow their national schema",
            number,
        ),
        "downloads": lambda: tk.ungettext(
            "At least {number} download", "At least {number} downloads", number
        ),
    }
    if measure not in texts or number != least:
        return ""
    return texts[measure]().format(number=h.challenge_number(number))


def _shared(measure: str, least: float) -> str:
    if measure == "quality_mean":
        return tk._("Datasets of a mean quality of at least {number} out of 9").format(
            number=h.challenge_number(least * 9)
        )
    if measure == "organization_profile":
        text = tk._("At least {share} of the organization's page filled in")
        return text.format(share=h.challenge_share(least))
    wholes = {
        "open_licence_share": (
            tk._("All public datasets under an open licence"),
            tk._("At least {share} of the public datasets under an open licence"),
        ),
        "open_format_share": (
            tk._("All public datasets in an open format"),
            tk._("At least {share} of the public datasets in an open format"),
        ),
        "described_share": (
            tk._("All public datasets well described, with 7 points out of 9 or more"),
            tk._(
                "At least {share} of the public datasets well described, with 7 points "
                "out of 9 or more"
            ),
        ),
        "fresh_share": (
            tk._("All public datasets up to date, by the frequency that they announce"),
            tk._(
                "At least {share} of the public datasets up to date, by the frequency "
                "that they announce"
            ),
        ),
    }
    if measure not in wholes:
        return ""
    whole, some = wholes[measure]
    return whole if least >= 1 else some.format(share=h.challenge_share(least))
