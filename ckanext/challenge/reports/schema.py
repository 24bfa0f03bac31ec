"""What the actions on the account of a season take."""

from __future__ import annotations

from typing import Any

from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.domain import account

#: The formats of a report; the answer itself is ``json``.
FORMATS = ("json", "xlsx", "ods", "pdf")

#: What a list of the lines and indicators of an agreement holds at most.
MOST = 100

_LARGEST = 1_000_000_000


def cohort_report() -> Schema:
    """Which season, for whom, and which of its participants."""
    return {
        "id": fields.raw(required=False),
        "format": [fields.default("json"), *fields.choice(FORMATS)],
        "key": fields.raw(required=False),
        "details": fields.truth(),
        **fields.paging(),
    }


def account_update() -> Schema:
    """The aims of a season, and its texts."""
    return {
        "cohort": fields.raw(),
        "method": fields.paragraph(5000),
        "remarks": fields.paragraph(5000),
    }


def aims() -> Schema:
    """A number for each figure that has an aim."""
    return {
        name: fields.number(0, 100 if name == "percent" else 1_000_000, decimals=1)
        for name in account.FIGURES
    }


def _money(required: bool = False) -> list[Any]:
    return fields.number(0, _LARGEST, required=required)


def agreement() -> Schema:
    """What was agreed with a funder."""
    return {
        "funder": fields.word(200, required=True),
        "number": fields.word(100),
        "starts": fields.day(),
        "ends": fields.day(),
        "granted": _money(),
        "paid": _money(),
        "comment": fields.paragraph(5000),
        "lines": {
            "label": fields.word(200, required=True),
            "planned": _money(),
            "rule": [fields.default("amount"), *fields.choice(account.RULES)],
            "unit_cost": _money(),
            "realised": _money(),
            "comment": fields.paragraph(2000),
        },
        "indicators": {
            "label": fields.word(200, required=True),
            "unit": fields.word(60),
            "target": fields.number(0, _LARGEST),
            "figure": fields.choice((*account.FIGURES, "days")),
            "value": fields.number(0, _LARGEST),
            "measured_on": fields.day(),
            "evidence": fields.web_address(),
            "comment": fields.paragraph(2000),
        },
    }


def paged(name: str = "cohort") -> Schema:
    """Of which season, and which rows."""
    return {name: fields.raw(), **fields.paging()}


def address() -> Schema:
    """Who reads, until when, and of which agreement."""
    return {
        "cohort": fields.raw(),
        "name": fields.word(200, required=True),
        "ends_on": fields.day(required=True),
        "agreement": fields.raw(required=False),
    }


def report_file() -> Schema:
    """For whom the file is."""
    return {
        "cohort": fields.raw(),
        "audience": [fields.default("team"), *fields.raw(required=False)],
    }


def lesson() -> Schema:
    """What was learnt."""
    return {
        "kind": fields.choice(("keep", "change"), required=True),
        "text": fields.paragraph(2000, required=True),
        "step": fields.word(100),
        "done": fields.truth(),
    }
