"""The table of a workbook, and what its columns are, by the words of a schema."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from ckanext.challenge.domain import mending, tables
from ckanext.challenge.domain.matching import Field, Match, Vocabulary, match

from .pause import uncollected
from .workbooks import NotATable, Sheet, Workbook

#: Cells at the beginning of a column by which it is compared with fields.
_SAMPLE = 1000
#: What counts days, and the part of a day.
_DAYS = re.compile(r"(\d{5})((?:[.,]\d+)?)")
#: Days from the first one of workbooks to the one of those that count from 1904 on.
_FROM_1904 = 1462


class Place(NamedTuple):
    """A row of a workbook.

    :ivar sheet: its name
    :ivar row: counted from 1, as in the spreadsheet
    """

    sheet: str
    row: int


@dataclass(frozen=True)
class LeftOut:
    """A row that is not taken.

    :ivar place: where it is
    :ivar why: ``empty``, ``header``, ``total``, ``section`` or ``note``; ``no-header``
        for the first row of a sheet that was chosen and has none
    :ivar text: what stands in it
    """

    place: Place
    why: tables.Why | Literal["no-header"]
    text: str


@dataclass(frozen=True)
class Column:
    """A column of the table.

    :ivar label: as its header says, unique; where it says nothing, its letter in
        brackets
    :ivar letter: what a spreadsheet calls it
    :ivar cells: one text for each row of the table
    """

    label: str
    letter: str
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """The table of a workbook.

    :ivar sheets: the names of the sheets that it is made of
    :ivar header_rows: of each of them, counted from 1: the last row of the header
    :ivar header_lines: how many rows that of the first of them takes
    :ivar sure: whether the schema's names were found in it
    :ivar columns: from left to right
    :ivar places: where each row is
    :ivar left_out: the rows below the headers that were not taken
    :ivar above: what stands above the header: titles
    :ivar days_from_1904: whether its numbers of days count from 1904 on
    """

    sheets: tuple[str, ...]
    header_rows: tuple[int, ...]
    header_lines: int
    sure: bool
    columns: tuple[Column, ...]
    places: Sequence[Place]
    left_out: tuple[LeftOut, ...]
    above: tuple[str, ...] = ()
    days_from_1904: bool = False

    @property
    def header_row(self) -> int:
        """The last row of the header of the first sheet, counted from 1."""
        return self.header_rows[0]

    @property
    def labels(self) -> list[str]:
        """The labels of the columns, unique."""
        return [column.label for column in self.columns]

    def column(self, label: str) -> Column:
        """The column of that label.

        :raises KeyError: there is none
        """
        for column in self.columns:
            if column.label == label:
                return column
        raise KeyError(label)

    def days(self, label: str) -> list[str]:
        """The cells of a column of days: numbers of days count from 1900 on.

        :raises KeyError: there is no such column
        """
        cells = self.column(label).cells
        if not self.days_from_1904:
            return cells
        return [
            f"{int(found[1]) + _FROM_1904}{found[2]}"
            if (found := _DAYS.fullmatch(text.strip()))
            else text
            for text in cells
        ]


@uncollected
def find_table(
    workbook: Workbook,
    words: Vocabulary,
    sheets: Collection[str] | None = None,
    header_row: int | None = None,
    taken_back: Collection[Place] = (),
) -> Table:
    """The table of a workbook that a vocabulary is about.

    :param sheets: names of those that a person chose; without it, the visible ones
        whose header names most fields, as one table if their columns are the same
    :param header_row: the one that a person chose, counted from 1, for the first sheet
        of the table
    :param taken_back: rows left out that a person wants in the table
    :raises NotATable: ``no-table``, there is no row that could be a header;
        ``empty``, there is no row below it
    """
    wanted = [
        sheet
        for sheet in workbook.sheets
        if sheet.rows
        and (sheet.name in sheets if sheets is not None else not sheet.hidden)
    ]
    headers = _headers(wanted, words)
    shown = None
    if header_row is not None:
        shown = _shown(wanted, headers, words, sheets)
        headers = _headers(wanted, words, header_row - 1, shown)
    if sheets is None:
        same = tables.groups(headers, words.best)
        if shown in headers and shown not in same:
            same = [shown]
        headers = {name: headers[name] for name in same}
    if not headers:
        raise NotATable("no-table")
    parts = [(one, headers[one.name]) for one in wanted if one.name in headers]
    table = _joined(parts, taken_back)
    if sheets is None:
        return table
    dropped = [one for one in wanted if one.name not in headers]
    return replace(table, left_out=(*table.left_out, *_first_rows(dropped)))


def _headers(
    sheets: Sequence[Sheet],
    words: Vocabulary,
    at: int | None = None,
    shown: str | None = None,
) -> dict[str, tables.Header]:
    """The headers of sheets, by their names.

    :param at: the row that a person chose, counted from 0
    :param shown: the sheet for which it was chosen; others have theirs where the
        schema finds it, or on the same row if that one names as many fields
    """
    found = {}
    for sheet in sheets:
        header = tables.find_header(sheet.rows, words.best, sheet.merged)
        if at is not None:
            chosen = tables.find_header(sheet.rows, words.best, sheet.merged, at)
            if sheet.name == shown or (
                chosen and (header is None or chosen.known >= header.known)
            ):
                header = chosen
        if header is not None:
            found[sheet.name] = header
    return found


def _shown(
    wanted: Sequence[Sheet],
    headers: Mapping[str, tables.Header],
    words: Vocabulary,
    sheets: Collection[str] | None,
) -> str | None:
    """The sheet whose rows a person sees: the first one of the table."""
    if sheets is None and headers:
        return tables.groups(headers, words.best)[0]
    return wanted[0].name if wanted else None


def _first_rows(sheets: Sequence[Sheet]) -> Iterator[LeftOut]:
    """The first filled row of sheets that a person chose and that have no header."""
    for sheet in sheets:
        for number, row in enumerate(sheet.rows, 1):
            if text := " ".join(cell.strip() for cell in row if cell.strip()):
                yield LeftOut(Place(sheet.name, number), "no-header", text[:200])
                break


def _joined(
    parts: Sequence[tuple[Sheet, tables.Header]], taken_back: Collection[Place]
) -> Table:
    """One table of one or more sheets of the same columns, in whatever order."""
    columns: dict[str, Column] = {}
    places: list[Place] = []
    left_out: list[LeftOut] = []
    for sheet, header in parts:
        back = frozenset(
            place.row - 1 for place in taken_back if place.sheet == sheet.name
        )
        kept, left = tables.sort_rows(sheet.rows, header, back)
        left_out += [
            LeftOut(Place(sheet.name, one.row + 1), one.why, one.text) for one in left
        ]
        before = len(places)
        places += map(
            Place, itertools.repeat(sheet.name), (number + 1 for number in kept)
        )
        for label, letter, cells in _columns(sheet.rows, kept, header.labels):
            column = columns.setdefault(label, Column(label, letter, []))
            column.cells.extend([""] * (before - len(column.cells)))
            column.cells.extend(cells)
    for column in columns.values():
        column.cells.extend([""] * (len(places) - len(column.cells)))
    if not places:
        raise NotATable("empty")
    sheet, header = parts[0]
    return Table(
        sheets=tuple(sheet.name for sheet, _ in parts),
        header_rows=tuple(one.row + 1 for _, one in parts),
        header_lines=header.lines,
        sure=header.sure,
        columns=tuple(columns.values()),
        places=places,
        left_out=tuple(left_out),
        above=tuple(
            text
            for row in sheet.rows[: header.row + 1 - header.lines]
            if (text := " ".join(cell.strip() for cell in row if cell.strip()))
        ),
        days_from_1904=sheet.days_from_1904,
    )


def _columns(
    rows: Sequence[Sequence[str]], kept: Sequence[int], labels: Sequence[str]
) -> list[tuple[str, str, list[str]]]:
    """Label, letter and cells of each column in which something stands."""
    width = max([len(labels), *(len(rows[number]) for number in kept)])
    blank = [""] * width
    full = [
        row if len(row) == width else [*row, *blank[len(row) :]]
        for row in (rows[number] for number in kept)
    ]
    cells = [list(column) for column in zip(*full, strict=True)]
    if not cells:
        cells = [[] for _ in range(width)]
    padded = [*labels, *blank[len(labels) :]]
    used = [any(map(str.strip, column)) for column in cells]
    names = tables.unique(padded, used)
    return [
        (name, tables.letters(number), cells[number])
        for number, name in enumerate(names)
        if name
    ]


def match_columns(
    table: Table,
    words: Vocabulary,
    memory: Mapping[str, str | None] | None = None,
    chosen: Mapping[str, str | None] | None = None,
) -> list[Match]:
    """Which field of a vocabulary each column is, in the order of the columns.

    :param memory: what was remembered: by the key of the label, a field or ``None``
    :param chosen: what a person chose, by label: a field, or ``None`` to leave a
        column out
    """
    samples = {column.label: column.cells[:_SAMPLE] for column in table.columns}
    fits: dict[tuple[str, str], tuple[float, bool]] = {}

    def fit(label: str, field: Field) -> tuple[float, bool]:
        key = label, field.name
        if key not in fits:
            fits[key] = mending.fit(samples[label], field)
        return fits[key]

    chosen = {
        label: name
        for label, name in (chosen or {}).items()
        if label in samples and (name is None or name in words.by_name)
    }
    taken = {name for name in chosen.values() if name}
    open_labels = [label for label in table.labels if label not in chosen]
    free = Vocabulary(one for one in words.fields if one.name not in taken)
    found = {one.column: one for one in match(open_labels, free, fit, memory)}
    return [
        Match(label, chosen[label], 1.0, "decided") if label in chosen else found[label]
        for label in table.labels
    ]
