"""What is said of measures, in the reader's words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask_babel import lazy_gettext as _

from . import registry
from .base import Measure, Sentence
from .fixes import Fix

#: How far a measure is that has no sentence of its own.
_SHORTFALL = _("{measure}: {value} of {target}.")
#: What a badge asks for of such a one.
_AT_LEAST = _("{measure}: at least {number}")


def shortfall(row: Mapping[str, Any]) -> str:
    """How far a measure is from what is asked of it, in a sentence.

    :param row: of ``why_not`` or ``missing`` in the API: ``measure``, ``value`` and
        ``target``
    """
    measure = registry.find(row["measure"])
    value, target = row["value"] or 0, row["target"] or 0
    return _said(measure.shortfall or _SHORTFALL, measure, target).format(
        value=_written(measure, value),
        target=_written(measure, target),
        measure=_name(measure),
    )


def at_least(row: Mapping[str, Any]) -> str:
    """What a badge asks of a measure, in a line without a full stop.

    :param row: of ``criteria`` in the API: ``measure`` and ``at_least``
    """
    measure = registry.find(row["measure"])
    least = row["at_least"]
    return _said(measure.at_least or _AT_LEAST, measure, least).format(
        number=_written(measure, least), measure=_name(measure)
    )


def fix(name: str) -> Fix:
    """Where a measure is brought up, with what the button says that leads there."""
    return registry.find(name).fix


def says_how_datasets_are(name: str) -> bool:
    """Whether a measure says nothing while there is no dataset."""
    return registry.find(name).about_datasets


def is_said_by_reports(name: str) -> bool:
    """Whether a measure follows from the reports on files, which come by and by."""
    return any(lack.form == "report" for lack in registry.find(name).lacks)


def _said(sentence: Sentence, measure: Measure, number: float) -> str:
    if callable(sentence):
        # Half a dataset more is one more.
        sentence = sentence(math.ceil(number) if measure.unit == "count" else number)
    return str(sentence)


def _name(measure: Measure) -> str:
    return str(measure.definition).rstrip(". ")


def _written(measure: Measure, value: float) -> str:
    if measure.out_of is not None:
        return tk.h.challenge_number(value * measure.out_of)
    if measure.unit == "share":
        return tk.h.challenge_share(value)
    return tk.h.challenge_number(value)
