"""What preparation says, in sentences for the one who brings a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_

_NOTES: Mapping[str, str] = {
    "other-encoding": N_(
        "The file is written in {encoding}; it was read all the same."
    ),
    "mixed-encodings": N_(
        "The file mixes two encodings: check the accents of the lines {lines}."
    ),
    "unclosed-quote": N_(
        "A quotation mark is opened and never closed (line {lines}): it was ignored."
    ),
    "no-values": N_(
        "Some cells hold an error, or a formula that was never calculated (rows "
        "{lines}): they were read as empty. Open the workbook in Excel or LibreOffice, "
        "look at these cells, save it and bring it again."
    ),
    "encoded-twice": N_("The accents of the file were broken; they were put right."),
}
#: Why a row was left out.
_LEFT_OUT: Mapping[str, str] = {
    "empty": N_("empty row"),
    "header": N_("header repeated"),
    "total": N_("total"),
    "section": N_("heading within the table"),
    "note": N_("note below the table"),
    "no-header": N_("no row that names columns was found in this sheet"),
}
#: What each kind of repair does.
_REPAIRS: Mapping[str, str] = {
    "spaces": N_("Spaces that are too many are removed"),
    "accents": N_("Broken accents are put right"),
    "dates": N_("Days are written year-month-day"),
    "day-order": N_("Days that can be read in two ways"),
    "numbers": N_("Numbers are written without spaces or units, with a point"),
    "number-style": N_("Numbers that can be read in two ways"),
    "dot-style": N_("Numbers that can be read in two ways"),
    "percent": N_("Numbers that may be percentages"),
    "booleans": N_("Yes and no are written as the schema asks"),
    "empty-cells": N_("Empty cells beside crosses"),
    "values": N_("Values are written as in the list of the schema"),
    "near-values": N_("Values that come near to one of the list"),
    "registration": N_("Registration numbers are written without spaces"),
    "zeros": N_("Zeros that the spreadsheet dropped are put back"),
    "phones": N_("Telephone numbers are written with +33"),
    "coordinates": N_("Coordinates are written [longitude,latitude]"),
    "swapped": N_("Latitude and longitude are exchanged"),
    "letters": N_("Capitals and spaces are written as the schema asks"),
    "recalled": N_("What you published beside these names the last time is put back"),
    "lost-digits": N_("Digits that the spreadsheet threw away"),
    "others": N_("Numbers of somebody else"),
    "empty-rows": N_("Empty rows are left out"),
    "doubled-rows": N_("Rows that are the same as another one"),
}
#: What a person is asked, by the code of the question.
_QUESTIONS: Mapping[str, str] = {
    "day-or-month": N_("Which number is the day? No day of this column is above 12."),
    "comma": N_("Is this comma a decimal comma, or does it set thousands apart?"),
    "dot": N_("Is this dot a decimal point, or does it set thousands apart?"),
    "near-value": N_("Is this the value that was meant?"),
    "percent": N_("Are these percentages, to be divided by 100?"),
    "empty-means-no": N_("Does an empty cell mean no?"),
    "doubled-rows": N_("Is each of these rows the same thing written twice?"),
    "others": N_(
        "These numbers are not yours. Do you publish this data for them? The dataset "
        "will then say so."
    ),
    "lost-digits": N_(
        "The spreadsheet kept only the first digits of these numbers, and nobody can "
        "guess the others. In the original workbook, give the column the format Text "
        "or Number without decimals, type the numbers again if they end in zeros, and "
        "bring the file again."
    ),
}
_READINGS: Mapping[str, str] = {
    "day-first": N_("the day comes first"),
    "month-first": N_("the month comes first"),
    "decimals": N_("decimals"),
    "thousands": N_("thousands"),
}
#: What of persons a column seems to tell.
_PERSONAL: Mapping[str, str] = {
    "nir": N_("This column holds social security numbers."),
    "iban": N_("This column holds numbers of bank accounts."),
    "birth": N_("This column tells when or where persons were born."),
    "email": N_("This column holds e-mail addresses of persons."),
    "phone": N_("This column holds telephone numbers of persons."),
    "address": N_("This column seems to hold home addresses."),
    "name": N_("This column seems to name natural persons."),
}
_LAW = N_(
    "Such data are published only with the persons' consent, where a law says so, or "
    "where a decree lists them (CRPA, articles L312-1-2 and D312-1-3)."
)
_LEAVE = N_("The column is left out unless you choose it. Your adviser can help you.")
_LOOK = N_("Look at these rows before you publish: {rows}. Your adviser can help you.")
#: Where the cells of a field come from.
_SOURCES: Mapping[str, str] = {
    "column": N_("from a column"),
    "constant": N_("the same for all rows"),
    "computed": N_("known to the portal"),
    "derived": N_("follows from another column"),
    "missing": N_("missing"),
}
_STATES: Mapping[str, tuple[str, str]] = {
    "reading": (N_("Being read"), "now"),
    "to_match": (N_("Columns to be named"), "wait"),
    "to_mend": (N_("Values to be corrected"), "wait"),
    "ready": (N_("Ready to be published"), "open"),
    "published": (N_("Published"), "done"),
    "failed": (N_("Could not be read"), "late"),
}
#: What people do, one page after the other.
_STEPS: Mapping[str, str] = {
    "table": N_("The table"),
    "columns": N_("The columns"),
    "mend": N_("The values"),
    "publish": N_("Publish"),
}
#: Lines that are named in a sentence.
_MOST_LINES = 10


def _said(texts: Mapping[str, str], key: str) -> str:
    text = texts[key]
    return tk._(text)


def state(name: str) -> dict[str, str]:
    """How far a preparation is: its text and its tone."""
    text, tone = _STATES[name]
    return {"text": tk._(text), "tone": tone}


def step(name: str) -> str:
    """What is done on one of the pages."""
    return _said(_STEPS, name)


def place(sheet: str, row: int, letter: str | None) -> str:
    """Where a cell is in the spreadsheet: « Feuil1, B7 »; its row, if it has no
    column there.
    """
    where = f"{letter}{row}" if letter else tk._("row {row}").format(row=row)
    return f"{sheet}, {where}" if sheet else where


def hidden(sheet: Mapping[str, Any]) -> str:
    """What a sheet hides and is read all the same; empty where it hides nothing."""
    parts = []
    if sheet["hidden_rows"]:
        shown = _listed(sheet["hidden_rows"])
        parts.append(tk._("hidden rows: {rows}").format(rows=shown))
    if sheet["hidden_columns"]:
        shown = _listed(sheet["hidden_columns"])
        parts.append(tk._("hidden columns: {columns}").format(columns=shown))
    return ", ".join(parts)


def _listed(names: Sequence[object]) -> str:
    shown = ", ".join(map(str, names[:_MOST_LINES]))
    return f"{shown}…" if len(names) > _MOST_LINES else shown


def note(code: str, encoding: str | None = None, lines: tuple[int, ...] = ()) -> str:
    """What is told of how a file was read."""
    return _said(_NOTES, code).format(encoding=encoding or "", lines=_listed(lines))


def left_out(why: str) -> str:
    """Why a row is not in the table."""
    return _said(_LEFT_OUT, why)


def repair(kind: str) -> str:
    """What a kind of repair does."""
    return _said(_REPAIRS, kind)


def question(code: str) -> str:
    """What a person is asked."""
    return _said(_QUESTIONS, code)


def reading(key: str) -> str:
    """One of the answers to a question with two readings."""
    return _said(_READINGS, key)


def source(key: str) -> str:
    """Where the cells of a field come from."""
    return _said(_SOURCES, key)


def personal(kind: str, leave_out: bool, rows: Sequence[int] = ()) -> tuple[str, ...]:
    """What a column seems to tell of persons, what the law says, what happens.

    :param rows: as the spreadsheet counts them
    """
    shown = ", ".join(map(str, rows))
    last = tk._(_LEAVE) if leave_out else tk._(_LOOK).format(rows=shown)
    return _said(_PERSONAL, kind), tk._(_LAW), last
