"""The spreadsheet that was brought, with what is left to correct marked in it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ckanext.challenge.common.spreadsheets import LONGEST_TEXT, sheet_names
from ckanext.challenge.common.workbooks import Sheet
from ckanext.challenge.domain.characters import cleaned

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

_WIDEST = 40


@dataclass
class Marks:
    """What is written into one sheet, by row and column counted from 0.

    :ivar texts: cells that are other than in the sheet
    :ivar notes: what is wrong in a cell
    """

    texts: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: dict[tuple[int, int], list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Edit:
    """A cell of the result, and what is said of it.

    :ivar sheet: the name of the sheet from which its row comes
    :ivar row: of that sheet, counted from 1
    :ivar field: of the schema
    :ivar letter: of its column in the sheet; nothing where it has none
    :ivar text: what somebody typed for it
    :ivar note: what is wrong in it
    """

    sheet: str
    row: int
    field: str
    letter: str | None
    text: str | None = None
    note: str | None = None


def marks(
    sheets: Sequence[Sheet],
    header_rows: Mapping[str, int],
    edits: Sequence[Edit],
) -> dict[str, Marks]:
    """Where what is said of cells stands in each sheet, by its name.

    A field without a column gets one beside the others, named as the schema names it,
    so that it is found when the spreadsheet comes back.

    :param header_rows: by the names of the sheets of the table, counted from 1
    """
    # Loaded where a workbook is written: most processes never do.
    from xlsxwriter.utility import xl_cell_to_rowcol  # noqa: PLC0415

    widths = {one.name: max(map(len, one.rows), default=0) for one in sheets}
    found = {name: Marks() for name in widths}
    added: dict[tuple[str, str], int] = {}
    for edit in edits:
        mark = found.get(edit.sheet)
        if mark is None:
            continue
        if edit.letter:
            column = xl_cell_to_rowcol(f"{edit.letter}1")[1]
        else:
            key = edit.sheet, edit.field
            if key not in added:
                number = sum(1 for name, _ in added if name == edit.sheet)
                added[key] = widths[edit.sheet] + number
                mark.texts[header_rows[edit.sheet] - 1, added[key]] = edit.field
            column = added[key]
        place = edit.row - 1, column
        if edit.text is not None:
            mark.texts[place] = edit.text
        if edit.note:
            notes = mark.notes.setdefault(place, [])
            if edit.note not in notes:
                notes.append(edit.note)
    return found


def write(sheets: Sequence[Sheet], found: Mapping[str, Marks], unnamed: str) -> bytes:
    """The sheets as a workbook, with their marks: each wrong cell red, with a comment.

    :param unnamed: the name of a sheet that has none: a text's
    """
    # Loaded where a workbook is written: most processes never do.
    import xlsxwriter  # noqa: PLC0415

    out = io.BytesIO()
    options = {"strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    wrong = book.add_format({"bg_color": "#FFC7CE", "font_color": "#9C0006"})
    names = sheet_names([sheet.name for sheet in sheets], unnamed)
    is_open = False
    for name, sheet in zip(names, sheets, strict=True):
        page = book.add_worksheet(name)
        if not (sheet.hidden or is_open):
            # The first sheet would be opened otherwise, and shown though it was hidden.
            page.activate()
            page.set_first_sheet()
            is_open = True
        _sheet(page, sheet, found.get(sheet.name, Marks()), wrong)
    book.close()
    return out.getvalue()


def _sheet(page: Worksheet, sheet: Sheet, mark: Marks, wrong: Any) -> None:
    if sheet.hidden:
        page.hide()
    last = max([len(sheet.rows), *(row + 1 for row, _ in mark.texts)])
    by_row: dict[int, dict[int, str]] = {}
    for (row, column), text in mark.texts.items():
        by_row.setdefault(row, {})[column] = text
    for row in range(last):
        cells = sheet.rows[row] if row < len(sheet.rows) else []
        texts = {**dict(enumerate(cells)), **by_row.get(row, {})}
        for column, text in texts.items():
            if text and (row, column) not in mark.notes:
                page.write_string(row, column, _text(text))
    for (row, column), notes in mark.notes.items():
        cells = sheet.rows[row] if row < len(sheet.rows) else []
        text = mark.texts.get((row, column))
        if text is None:
            text = cells[column] if column < len(cells) else ""
        page.write_string(row, column, _text(text), wrong)
        page.write_comment(row, column, _text("\n".join(notes)), {"x_scale": 2})
    for column, width in enumerate(_column_widths(sheet)):
        page.set_column(column, column, width)


def _column_widths(sheet: Sheet) -> list[int]:
    """Of each column, what its first rows need to be read."""
    sample = sheet.rows[:50]
    count = max(map(len, sample), default=0)
    return [
        min(
            _WIDEST,
            2 + max((len(row[at]) for row in sample if at < len(row)), default=8),
        )
        for at in range(count)
    ]


def _text(text: str) -> str:
    return cleaned(text)[:LONGEST_TEXT]
