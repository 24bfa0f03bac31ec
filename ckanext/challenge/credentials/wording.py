"""What a credential tells, in words: how a badge is earned, and what was found.

In the language of the portal, whoever asks: what is signed is the same for everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from babel import Locale, numbers

from ckanext.challenge.common import labels
from ckanext.challenge.common.language import current
from ckanext.challenge.domain import assurance
from ckanext.challenge.domain.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    StepDone,
    StepsDone,
)
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.measures import registry

from .documents import Achievement, Figure


def achievement(programme: Programme, badge: Badge) -> Achievement:
    """A badge of a programme, in the current language."""
    language = current()
    return Achievement(
        badge=badge.key,
        name=badge.title.in_(language),
        description=badge.description.in_(language),
        criteria=_narrative(programme, badge.criteria),
        version=f"{programme.name} {programme.version}",
        language="fr" if language.lower().startswith("fr") else "en",
    )


def by_hand(season: str | None, reason: str | None) -> str:
    """Who gave an award by hand and why: the team, and no person, for ever.

    :param season: the title of that in which it was given, if in one
    """
    if season:
        text = tk._(
            "Given by hand by the team of {season}; its criteria were not checked."
        ).format(season=season)
    else:
        text = tk._(
            "Given by hand by the administrators of the portal; its criteria were not "
            "checked."
        )
    if not reason:
        return text
    return " ".join((text, tk._("Reason: {reason}").format(reason=reason)))


def figures(
    programme: Programme | None,
    criteria: Mapping[str, Any],
    datasets: Mapping[str, tuple[str, str]],
) -> tuple[Figure, ...]:
    """What was met when an award was given, in the current language.

    :param criteria: as the award keeps them
    :param datasets: ``(name, title)`` by id, of those that may be named
    """
    declared = registry.declared()
    return tuple(
        _figure(programme, part, datasets, declared) for part in criteria.get("met", [])
    )


def _figure(
    programme: Programme | None,
    part: Mapping[str, Any],
    datasets: Mapping[str, tuple[str, str]],
    declared: Collection[str],
) -> Figure:
    word = assurance.of_part(programme, part, declared)
    # As a sentence: whoever reads the file alone must not take it for measured.
    said = labels.assurance(word).capitalize()
    if "step" in part:
        return Figure(_step(programme, part["step"]), said, assurance=word)
    name, unit = _measure(part["measure"])
    found = tk._("{found}, where at least {target} was asked").format(
        found=_amount(part["value"], unit), target=_amount(part["target"], unit)
    )
    if word != "verified":
        found = f"{found}. {said}"
    named = (datasets[id_] for id_ in part["datasets"] if id_ in datasets)
    return Figure(name, found, tuple(named), word)


def _narrative(programme: Programme, criterion: Criterion, indent: str = "") -> str:
    """How a badge is earned, as Markdown: Open Badges 3.0, section B.1.4."""
    if isinstance(criterion, AllOf | AnyOf):
        whole = isinstance(criterion, AllOf)
        lead = tk._("All of these:") if whole else tk._("One of these is enough:")
        parts = [
            _narrative(programme, part, f"{indent}  ") for part in criterion.criteria
        ]
    elif isinstance(criterion, StepsDone):
        lead = tk._("All of these:")
        parts = [_step(programme, key) for key in programme.required]
    elif isinstance(criterion, StepDone):
        return _step(programme, criterion.step)
    else:
        name, unit = _measure(criterion.measure)
        return tk._("{what}: at least {number}").format(
            what=name, number=_amount(criterion.at_least, unit)
        )
    gap = "\n" if indent else "\n\n"
    return lead + gap + "\n".join(f"{indent}- {part}" for part in parts)


def _step(programme: Programme | None, key: str) -> str:
    step = programme.steps_by_key.get(key) if programme else None
    return step.fact.in_(current()) if step else key


def _measure(name: str) -> tuple[str, str]:
    measure = registry.find(name)
    return str(measure.definition).removesuffix("."), measure.unit


def _amount(value: float, unit: str) -> str:
    locale: Locale = labels.locale()
    if unit == "share":
        return numbers.format_percent(value, locale=locale)
    return numbers.format_decimal(round(value, 1), locale=locale)
