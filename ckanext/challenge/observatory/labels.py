"""The observatory in words: neutral ones, for nobody is blamed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from babel.numbers import format_decimal

from ckanext.challenge.common import labels
from ckanext.challenge.domain.sizes import SIZES


def number(value: float) -> str:
    """A number with the separators of the reader's language."""
    return format_decimal(value, locale=labels.locale())


def sizes() -> dict[str, str]:
    """The classes of size by key, in words."""
    found: dict[str, str] = {}
    for size in SIZES:
        if size.most is None:
            text = tk._("{least} inhabitants and more")
        elif size.least:
            text = tk._("{least} to {most} inhabitants")
        else:
            text = tk._("up to {most} inhabitants")
        found[size.key] = text.format(
            least=number(size.least), most=number(size.most or 0)
        )
    return found


def duties() -> dict[str, str]:
    """Whether the law asks a collectivité to publish, in few words."""
    return {
        "concerned": tk._("Concerned"),
        "not_concerned": tk._("Not concerned"),
        "unknown": tk._("Not known: depends on the agents"),
    }


def classes() -> dict[str, str]:
    """The classes of the picture, by their letter."""
    return {
        "c": tk._("data that conforms to its national schema"),
        "o": tk._("data opened"),
        "n": tk._("no data opened here yet"),
    }


def opened(row: Mapping[str, Any]) -> str:
    """What a collectivité has done, as its class says."""
    if row["conforming"]:
        return tk._("Conforming data")
    if row["publishes"]:
        return tk._("Data opened")
    return tk._("Has not opened data here yet")


def rule(figures: Mapping[str, Any], population: int, agents: int) -> str:
    """By which rule a collectivité counts as concerned.

    :param figures: of ``challenge_observatory_show``
    :param population: the threshold of inhabitants
    :param agents: the threshold of agents, in full-time equivalents
    """
    if figures["rule"] == "either":
        text = tk.ungettext(
            "Counted as concerned: who has more than {population} inhabitants, which "
            "is known of all, or more than {agents} agents, which {declared} "
            "collectivité has declared.",
            "Counted as concerned: who has more than {population} inhabitants, which "
            "is known of all, or more than {agents} agents, which {declared} "
            "collectivités have declared.",
            figures["agents_declared"],
        )
    else:
        text = tk.ungettext(
            "Counted as concerned: communes of at least {population} inhabitants and "
            "EPCI, where they have at least {agents} agents, which {declared} "
            "collectivité has declared.",
            "Counted as concerned: communes of at least {population} inhabitants and "
            "EPCI, where they have at least {agents} agents, which {declared} "
            "collectivités have declared.",
            figures["agents_declared"],
        )
    return text.format(
        population=number(population),
        agents=number(agents),
        declared=number(figures["agents_declared"]),
    )


def other_rule(figures: Mapping[str, Any]) -> str:
    """The same count by the other reading of the law."""
    if figures["rule"] == "either":
        reading = figures["readings"]["both"]
        text = tk._(
            "If the law asks for inhabitants and agents together: {publishing} of "
            "{concerned} known; of {unknown} the number of agents is missing."
        )
    else:
        reading = figures["readings"]["either"]
        text = tk._(
            "If either of the two is enough: {publishing} of {concerned} known; of "
            "{unknown} the number of agents is missing."
        )
    return text.format(
        publishing=number(reading["concerned_publishing"]),
        concerned=number(reading["concerned"]),
        unknown=number(reading["unknown"]),
    )
