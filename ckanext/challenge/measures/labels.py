"""What is said of measures, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from flask_babel import lazy_gettext as _

__all__ = ["shortfall"]

#: How far one is, in a sentence, by the name of the measure.
_SENTENCES = {
    "members": _("{value} of {target} members so far."),
    "organization_profile": _("{value} of the page is filled in; {target} are enough."),
    "kits_chosen": _("{value} of {target} kits chosen so far."),
    "datasets_public": _("{value} of {target} datasets published so far."),
    "datasets_since_launch": _(
        "{value} of {target} datasets published since the launch."
    ),
    "kits_covered": _("Datasets published for {value} of {target} kits so far."),
    "resources_public": _("{value} of {target} files published so far."),
    "open_licence_share": _(
        "{value} of the datasets have an open licence; {target} are needed."
    ),
    "open_format_share": _(
        "{value} of the datasets have an open format; {target} are needed."
    ),
    "described_share": _(
        "{value} of the datasets are well described; {target} are needed."
    ),
    "quality_mean": _(
        "Quality of the datasets: {value} out of 9; {target} are needed."
    ),
    "conform_datasets": _(
        "{value} of {target} datasets conform to their national schema."
    ),
    "fresh_share": _("{value} of the datasets are up to date; {target} are needed."),
    "downloads": _("{value} of {target} downloads so far."),
}
#: That of a measure of another plugin, which speaks for itself.
_OTHER = _("{measure}: {value} of {target}.")

#: How the values of a measure are written, where that is not as its unit says.
_UNITS = {
    "organization_profile": "share",
    "open_licence_share": "share",
    "open_format_share": "share",
    "described_share": "share",
    "quality_mean": "points",
    "fresh_share": "share",
}


def shortfall(row: Mapping[str, Any]) -> str:
    """How far a measure is from what is asked of it, in a sentence.

    :param row: of ``why_not`` or ``missing`` in the API: ``measure``, ``value``,
        ``target``, and for a measure of another plugin ``definition`` and ``unit``
    """
    measure, value, target = row["measure"], row["value"] or 0, row["target"] or 0
    sentence = str(_SENTENCES.get(measure, _OTHER))
    unit = _UNITS.get(measure) or ("share" if row.get("unit") == "share" else "count")
    return sentence.format(
        value=_in_words(unit, value),
        target=_in_words(unit, target),
        measure=str(row.get("definition") or measure).rstrip(". "),
    )


def _in_words(unit: str, value: float) -> str:
    if unit == "share":
        return tk.h.challenge_share(value)
    return tk.h.challenge_number(value * 9 if unit == "points" else value)
