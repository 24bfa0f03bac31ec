"""Read a list of collectivités from a spreadsheet: its table, its columns, its rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import sheet_tables, workbook_labels, workbooks
from ckanext.challenge.common.sheet_tables import Place, Table
from ckanext.challenge.directory.departements import departements
from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain import application_fields, cell_values, shipped
from ckanext.challenge.domain.matching import Field, Match, Vocabulary
from ckanext.challenge.domain.text import N_

#: A region has no more collectivités than that; each may have several rows.
MAX_ROWS = 5000
MAX_BYTES = 10 * 1024**2
#: Of which a row has to say one.
WHO: tuple[str, ...] = ("siren", "organization_title", "insee_code")
#: Titles of what the form of an application does not ask.
_TITLES = {
    "adviser": N_("Adviser"),
    "visit_date": N_("Day of an earlier visit"),
    "visit_days": N_("Days that it took"),
    "visit_topic": N_("What it was about"),
}
_LINES = frozenset({"motivation"})


@dataclass(frozen=True)
class Row:
    """A row of the list.

    :ivar place: where it is in the spreadsheet
    :ivar cells: the text of each field that is filled
    """

    place: Place
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Roster:
    """A list that was read.

    :ivar table: where it was found
    :ivar matches: what each of its columns is
    :ivar rows: in their order
    :ivar unread: the names of the other sheets in which something stands
    """

    table: Table
    matches: tuple[Match, ...]
    rows: tuple[Row, ...]
    unread: tuple[str, ...]


@cache
def _words() -> Mapping[str, Mapping[str, Any]]:
    path = Path(__file__).with_suffix(".yaml")
    return shipped.load(path.read_text(encoding="utf-8"))


@cache
def vocabulary() -> Vocabulary:
    """The fields that a column may be, with the words for each."""
    return Vocabulary(
        Field(
            name,
            type=facts.get("type", "string"),
            format=facts.get("format", "default"),
            kind=facts.get("kind"),
            synonyms=tuple(facts["synonyms"]),
        )
        for name, facts in _words().items()
    )


def title(field: str) -> str:
    """The name of a field, in the reader's language."""
    labels = {one.name: one.label for one in application_fields.FIELDS}
    text = _TITLES.get(field) or labels[field]
    return tk._(text)


def fields() -> list[str]:
    """The names of all fields, in their order."""
    return list(_words())


def read(
    content: bytes, name: str, columns: Mapping[str, str | None] | None = None
) -> Roster:
    """Read a file.

    :param name: of the file
    :param columns: what a person said that columns are: a field by the label of the
        column, or ``None`` for one that is not read
    :raises ValidationError: on ``upload``, with why and what to do
    """
    if len(content) > MAX_BYTES:
        text = tk._("This file is larger than {limit} MB: keep the table alone in it")
        raise _refused(text.format(limit=MAX_BYTES // 1024**2))
    try:
        book = workbooks.take_in(content, name)
        if sum(len(sheet.rows) for sheet in book.sheets) > 4 * MAX_ROWS:
            raise _refused(_too_many())
        book = replace(book, sheets=tuple(map(_unmerged, book.sheets)))
        table = sheet_tables.find_table(book, vocabulary())
    except workbooks.NotATable as error:
        raise _refused(*workbook_labels.refusal(error.code)) from error
    if len(table.places) > MAX_ROWS:
        raise _refused(_too_many())
    matches = sheet_tables.match_columns(table, vocabulary(), chosen=columns)
    read_as = {
        one.column: one.field
        for one in matches
        if one.state == "decided" and one.field is not None
    }
    for wanted in vocabulary().by_name:
        twice = [label for label, field in read_as.items() if field == wanted]
        if len(twice) > 1:
            text = tk._("Several columns are read as “{field}”: {columns}")
            text = text.format(field=title(wanted), columns=", ".join(twice))
            raise tk.ValidationError({"columns": [text]})
    if not set(WHO) & set(read_as.values()):
        raise tk.ValidationError(
            {
                "columns": [
                    tk._("No column holds the SIREN or the name of the collectivités")
                ]
            }
        )
    return Roster(
        table,
        tuple(matches),
        _rows(table, read_as),
        tuple(
            sheet.name
            for sheet in book.sheets
            if sheet.rows and sheet.name not in table.sheets
        ),
    )


def _refused(*texts: str) -> tk.ValidationError:
    return tk.ValidationError({"upload": [" ".join(texts)]})


def _too_many() -> str:
    text = tk._("This table has more than {limit} rows: split it")
    return text.format(limit=MAX_ROWS)


def _unmerged(sheet: workbooks.Sheet) -> workbooks.Sheet:
    """The sheet with the text of cells that are merged downwards in each of them."""
    rows = [list(row) for row in sheet.rows]
    for (top, left), (bottom, _) in sheet.merged:
        if bottom <= top or top >= len(rows) or left >= len(rows[top]):
            continue
        for below in rows[top + 1 : bottom + 1]:
            below.extend([""] * (left + 1 - len(below)))
            below[left] = rows[top][left]
    return replace(sheet, rows=rows)


def _rows(table: Table, read_as: Mapping[str, str]) -> tuple[Row, ...]:
    columns = {
        field: table.days(label)
        if _words()[field].get("type") == "date"
        else table.column(label).cells
        for label, field in read_as.items()
    }
    found = []
    for number, place in enumerate(table.places):
        cells = {
            field: text
            for field, texts in columns.items()
            if (text := _text(field, texts[number]))
        }
        found.append(Row(place, cells))
    return tuple(found)


def _text(field: str, cell: str) -> str:
    """What a cell says, as the forms of the portal write it."""
    text = cell.strip()
    if not text or field in _LINES:
        return text
    text = " ".join(text.split())
    facts = _words()[field]
    if field == "departement":
        return _departement(text)
    try:
        if facts.get("type") == "date":
            return cell_values.day(text, "day-first") or text
        if facts.get("type") == "number":
            return cell_values.number(text, "decimals") or text
    except ValueError:
        return text
    return text


@cache
def _departements() -> Mapping[str, str]:
    return {fold(one.name): one.code for one in departements().values()}


def _departement(text: str) -> str:
    """The code of a département of which the name or the code is told, or both."""
    if found := re.match(r"(\d{1,3}|2[abAB])\b", text):
        return found[1].upper().zfill(2)
    return _departements().get(fold(text), text)
