"""The report as a page to be printed to a PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import pdf
from ckanext.challenge.common.spreadsheets import Sheet

from . import sheets

#: A table of more columns stands on a page that lies on its side.
_UPRIGHT = 6


def make(found: Mapping[str, Any]) -> bytes:
    """The report as a PDF, in the language of this moment.

    :param found: as :func:`.report.build` answers it, with details and all
        participants
    :raises RuntimeError: where PDF files cannot be made
    """
    return pdf.make(page(found))


def page(found: Mapping[str, Any]) -> str:
    """What is printed, as HTML."""
    tables = [_table(sheet) for sheet in sheets.tables_of(found)]
    return tk.render(
        "challenge/report_pdf.html",
        {
            "found": found,
            "when": h.challenge_date(found["date"]),
            "remarks": found.get("account", {}).get("remarks"),
            "tables": tables,
        },
    )


def _table(sheet: Sheet) -> dict[str, Any]:
    """A table as it is printed; columns that are empty throughout are left out."""
    rows = [[_words(cell) for cell in row] for row in sheet.rows]
    used = [at for at in range(len(sheet.columns)) if any(row[at] for row in rows)]
    return {
        "title": sheet.title,
        "note": sheet.note,
        "heads": [sheet.columns[at].label for at in used],
        "numbers": [
            all(isinstance(row[at], int | float | None) for row in sheet.rows)
            for at in used
        ],
        "rows": [[row[at] for at in used] for row in rows],
        "wide": len(used) > _UPRIGHT,
    }


def _words(cell: Any) -> str:
    """A cell as people read it."""
    if cell is None:
        return ""
    if isinstance(cell, dt.date):
        return h.challenge_date(cell, "short")
    if isinstance(cell, int | float):
        return h.challenge_number(cell, 2)
    return ", ".join(cell) if isinstance(cell, list) else str(cell)
