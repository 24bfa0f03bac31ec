"""Why a file is no table that can be taken in, in sentences for who brings it."""

from __future__ import annotations

from collections.abc import Mapping

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_

_AS_WORKBOOK = N_("Bring the spreadsheet itself: XLSX, XLS, ODS or CSV.")
_COPY = N_(
    "Copy the cells of the table in your spreadsheet and paste them on this page."
)

#: Why a file cannot be taken in, and what to do, by the code of
#: :class:`~ckanext.challenge.common.workbooks.NotATable`.
_REFUSALS: Mapping[str, tuple[str, str]] = {
    "empty": (
        N_("There is nothing in this file."),
        N_("Check that you chose the right file, and that it was saved."),
    ),
    "too-large": (
        N_("This file is too large, or would be once it is unpacked."),
        N_("Keep the table alone, in a new workbook of less than 50 MB."),
    ),
    "too-many-rows": (
        N_("This table has more than 500,000 rows."),
        N_("Split it, for example by year, and bring one part after the other."),
    ),
    "too-many-columns": (
        N_("This sheet has more than 1,000 columns."),
        N_("Keep the columns of the table, in a new workbook."),
    ),
    "password": (
        N_("This workbook is protected by a password."),
        N_(
            "Open it in your spreadsheet, remove the password (File, Info, Protect "
            "workbook), save it and bring it again."
        ),
    ),
    "damaged": (
        N_("This file is damaged or is not what its name says."),
        N_("Open it in your spreadsheet, save it again as XLSX and bring that file."),
    ),
    "pdf": (N_("This is a PDF: no table can be read from it."), _AS_WORKBOOK),
    "photo": (N_("This is a picture: no table can be read from it."), _AS_WORKBOOK),
    "html": (
        N_("This is a web page, whatever its name says."),
        N_("Open it in your spreadsheet, save it as XLSX and bring that file."),
    ),
    "word": (N_("This is a text document, not a spreadsheet."), _COPY),
    "document": (N_("This is a document, not a spreadsheet."), _COPY),
    "archive": (
        N_("This is a compressed folder."),
        N_("Take the spreadsheet out of it and bring that file."),
    ),
    "json": (N_("This is a JSON file, not a spreadsheet."), _AS_WORKBOOK),
    "xml": (N_("This is an XML file, not a spreadsheet."), _AS_WORKBOOK),
    "binary": (N_("This file holds no text and no spreadsheet."), _AS_WORKBOOK),
    # It is no fault of the file: preparation/work.py.
    "broken": (
        N_("The portal could not read this file."),
        N_("Bring it again. If this comes back, tell the people who run the portal."),
    ),
    "no-table": (
        N_("No table was found in this file."),
        N_("Choose the sheet and the row that holds the names of the columns."),
    ),
}


def refusal(code: str) -> tuple[str, str]:
    """Why a file cannot be taken in, and what to do."""
    what, remedy = _REFUSALS.get(code, _REFUSALS["damaged"])
    return tk._(what), tk._(remedy)
