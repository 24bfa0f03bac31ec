"""The editor of the criteria by which a season's applications are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from ckanext.challenge.domain import reading
from ckanext.challenge.domain.definitions import LANGUAGES
from ckanext.challenge.views.forms import texts

from .layout import settings_page
from .rows import RowsForm

_TEXTS = ("label_fr", "label_en", "help_fr", "help_en")
_DATES = ("reading_opens", "reading_closes")


def _row_of(criterion: Mapping[str, Any]) -> dict[str, str]:
    """A criterion that is stored, as the form shows it."""
    return {
        "key": criterion["key"],
        "weight": str(criterion["weight"]),
        **{f"label_{lang}": criterion["label"][lang] for lang in LANGUAGES},
        **{f"help_{lang}": criterion["help"][lang] for lang in LANGUAGES},
    }


class CriteriaForm(RowsForm):
    """What stands in the editor of the criteria.

    :param name: of the season
    :param form: what was sent, ``None`` for what is stored
    """

    NEW: ClassVar[dict[str, str]] = {"weight": "1"}

    def __init__(self, name: str, form: MultiDict[str, str] | None = None) -> None:
        self._page = settings_page(name, "criteria", "challenge_cohort_update")
        cohort = self._page["cohort"]
        rows = [_row_of(criterion) for criterion in cohort["criteria"]]
        super().__init__("criteria", rows, form)
        self._dates = {name: cohort[name] or "" for name in _DATES}
        if form is not None:
            self._dates |= texts(form, *_DATES)

    def data(self) -> dict[str, Any]:
        """What is sent to the action that stores the criteria."""
        # A criterion that somebody added and did not write is not one.
        self._rows = [
            row
            for row in self._rows
            if row.get("key") or any(row.get(name) for name in _TEXTS)
        ]
        return {
            "criteria": [
                {
                    "key": row.get("key", ""),
                    "weight": row.get("weight", ""),
                    "label": {lang: row.get(f"label_{lang}", "") for lang in LANGUAGES},
                    "help": {lang: row.get(f"help_{lang}", "") for lang in LANGUAGES},
                }
                for row in self._rows
            ],
            **self._dates,
            "revision": self._revision,
            "drop_answered": self._drops,
        }

    def page(self, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
        """What the editor shows.

        :param errors: of what was sent, by field
        """
        told = {
            re.sub(r"-key$", "-label_fr", name): said
            for name, said in (errors or {}).items()
        }
        if "revision" in told:
            self._revision = ""
        return {
            **self._page,
            "heading": tk._("Reading together"),
            "rows": [
                {**row, "number": index + 1, "start": f"criteria-{index}-"}
                for index, row in enumerate(self._rows)
            ],
            "dates": self._dates,
            "weights": [(str(weight), str(weight)) for weight in reading.WEIGHTS],
            "scale": (reading.SCALE[0], reading.SCALE[-1]),
            "revision": self._revision or self._page["cohort"]["revision"],
            "unsaved": self._unsaved or bool(told),
            "at": self._at,
            "drops": self._drops,
            "asks_to_drop": "criteria" in told,
            "errors": told,
            "labels": self._labels(),
        }

    def _labels(self) -> dict[str, str]:
        parts = {
            "label_fr": tk._("Criterion in French"),
            "label_en": tk._("Criterion in English"),
            "help_fr": tk._("Help in French"),
            "help_en": tk._("Help in English"),
            "weight": tk._("Weight"),
        }
        named = {
            "criteria": tk._("Criteria"),
            "reading_opens": tk._("First day of the reading"),
            "reading_closes": tk._("Last day of the reading"),
        }
        for index in range(len(self._rows)):
            for part, text in parts.items():
                named[f"criteria-{index}-{part}"] = tk._(
                    "Criterion {number}: {part}"
                ).format(number=index + 1, part=text[:1].lower() + text[1:])
        return {**parts, **named}
