"""Why a file could not be read, in a sentence for the one who published it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

__all__ = ["sentence"]


def sentence(problem: Mapping[str, Any]) -> str:
    """A sentence on one problem of a report, in the reader's language.

    What frictionless found in the rows is in its own English words.

    :param problem: as :meth:`.report.Problem.as_dict` gives it
    """
    texts = {
        "empty": tk._("The file is empty."),
        "html": tk._("The file is a web page, not a table: the address is wrong."),
        "json": tk._("The file is JSON; the schema is about a CSV table."),
        "xml": tk._("The file is XML; the schema is about a CSV table."),
        "pdf": tk._("The file is a PDF; the schema is about a CSV table."),
        "spreadsheet": tk._("The file is a spreadsheet: save it as CSV."),
        "archive": tk._("The file is an archive: publish the CSV that is inside."),
        "binary": tk._(
            "The file holds characters that no text contains: it is not CSV."
        ),
        "encoding": tk._("The file is in an encoding that cannot be read."),
        "line-too-long": tk._(
            "A line is too long to be one: a quote that is not closed, or another "
            "kind of file."
        ),
        "too-many-columns": tk._("The file has too many columns."),
        "too-large": tk._("The file is too large to be checked."),
        "csv": tk._("The file is not CSV."),
        "missing": tk._("The file is not on the portal any more: upload it again."),
        "link": tk._("Only files that are uploaded to the portal are checked."),
        "failed": tk._("The check has failed; it will be tried again."),
        "no-rows": tk._("The file has a header and no row."),
        "missing-label": tk._("The column “{column}” is missing."),
        "label-spelling": tk._("The column “{value}” has to be named “{expected}”."),
        "duplicate-label": tk._("The column “{column}” is there twice."),
        "blank-label": tk._("Column {column_number} has no name."),
    }
    text = texts.get(problem["type"])
    if text is None:
        return str(problem.get("message") or problem["type"])
    return text.format_map(
        {"column": "", "value": "", "expected": "", "column_number": "", **problem}
    )
