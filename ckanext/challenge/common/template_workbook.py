"""A workbook to begin with: the columns of a file, each with what may stand in it.

What a person types by mistake is refused by the cell itself, and what a spreadsheet
changes by itself (a SIRET, a postcode, a day) is kept: each column has the format of
what it holds, down to the last row.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ckanext.challenge.domain.characters import cleaned

from .spreadsheets import sheet_name

if TYPE_CHECKING:
    import xlsxwriter

Kind = Literal["text", "date", "integer", "number"]

#: Excel's own limits: the last row, and the characters of what a cell says of itself.
_LAST_ROW = 1_048_575
_LONGEST_LIST, _LONGEST_TITLE, _LONGEST_HELP = 255, 32, 255
_FIRST_DAY = dt.date(1900, 1, 1)
_LARGEST = 10**15
_NARROWEST, _WIDEST = 12, 40
#: The same columns make the same file, whenever it is asked for.
_MADE = dt.datetime(2020, 1, 1)  # noqa: DTZ001


@dataclass(frozen=True)
class TemplateColumn:
    """A column of the workbook.

    :ivar name: its header
    :ivar kind: what its cells hold
    :ivar note: what it means, shown at its header and while a cell is filled in
    :ivar allowed: the only values, where there are such
    :ivar least: the least number, if there is one
    :ivar most: the greatest number, if there is one
    :ivar required: whether each row needs it
    """

    name: str
    kind: Kind = "text"
    note: str = ""
    allowed: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    required: bool = False


@dataclass(frozen=True)
class Wording:
    """What the workbook says, in the reader's language.

    :ivar sheet: title of the sheet that is filled in
    :ivar lists: title of the sheet that holds long lists of values
    :ivar wrong: title of the message for a value that a cell does not take
    :ivar faults: the message itself, by ``list`` and by kind of column
    """

    sheet: str
    lists: str
    wrong: str
    faults: Mapping[str, str]


def write(
    columns: Sequence[TemplateColumn], rows: Iterable[Sequence[str]], wording: Wording
) -> bytes:
    """The workbook, as the bytes of an XLSX file.

    :param rows: texts in the order of the columns, as the file of the schema has them
    """
    # Loaded where a workbook is written: most processes never do.
    import xlsxwriter  # noqa: PLC0415

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    book.set_properties({"created": _MADE})
    sheet = book.add_worksheet(sheet_name(wording.sheet))
    lists = _Lists(book, wording.lists)
    look: dict[str, Any] = {"bold": True, "border": 1, "valign": "top"}
    heads = {
        False: book.add_format(look),
        True: book.add_format({**look, "bg_color": "#FFE8A3"}),
    }
    formats = {
        # Without it a spreadsheet throws away zeros and digits.
        "text": book.add_format({"num_format": "@"}),
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "integer": book.add_format({"num_format": "0"}),
        "number": book.add_format({"num_format": "General"}),
    }
    sheet.freeze_panes(1, 0)
    for at, column in enumerate(columns):
        width = min(max(len(column.name) + 2, _NARROWEST), _WIDEST)
        sheet.set_column(at, at, width, formats[column.kind])
        sheet.write_string(0, at, cleaned(column.name), heads[column.required])
        if column.note:
            size = {"x_scale": 2.5, "y_scale": 1.6}
            sheet.write_comment(0, at, cleaned(column.note), size)
        sheet.data_validation(1, at, _LAST_ROW, at, _rule(column, lists, wording))
    for number, row in enumerate(rows, start=1):
        for at, (column, text) in enumerate(zip(columns, row, strict=True)):
            if text:
                _write(sheet, (number, at), text, column, formats[column.kind])
    book.close()
    return out.getvalue()


class _Lists:
    """The values of long lists, on a sheet of their own that is not shown."""

    def __init__(self, book: xlsxwriter.Workbook, title: str) -> None:
        self._book, self._title = book, sheet_name(title)
        self._sheet: Any = None
        self._count = 0

    def source(self, values: Sequence[str]) -> list[str] | str:
        """What a cell's list is made of: the values, or where they stand."""
        text = ",".join(values)
        if len(text) <= _LONGEST_LIST and not any("," in value for value in values):
            return list(values)
        if self._sheet is None:
            self._sheet = self._book.add_worksheet(self._title)
            self._sheet.hide()
        for row, value in enumerate(values):
            self._sheet.write_string(row, self._count, cleaned(value))
        from xlsxwriter.utility import xl_range_abs  # noqa: PLC0415

        area = xl_range_abs(0, self._count, len(values) - 1, self._count)
        self._count += 1
        return f"='{self._title}'!{area}"


def _rule(column: TemplateColumn, lists: _Lists, wording: Wording) -> dict[str, Any]:
    """What a cell takes, what it says of itself, and of what it does not take."""
    rule: dict[str, Any] = {"validate": "any"}
    if column.allowed:
        rule = {"validate": "list", "source": lists.source(column.allowed)}
    elif column.kind == "date":
        rule = {"validate": "date", "criteria": ">=", "value": _FIRST_DAY}
    elif column.kind != "text":
        rule = {
            "validate": "integer" if column.kind == "integer" else "decimal",
            "criteria": "between",
            "minimum": -_LARGEST if column.least is None else column.least,
            "maximum": _LARGEST if column.most is None else column.most,
        }
    if rule["validate"] != "any":
        fault = wording.faults["list" if column.allowed else column.kind]
        rule["error_title"] = _cut(wording.wrong, _LONGEST_TITLE)
        rule["error_message"] = _cut(fault, _LONGEST_HELP)
    if column.note:
        rule["input_title"] = _cut(column.name, _LONGEST_TITLE)
        rule["input_message"] = _cut(column.note, _LONGEST_HELP)
    return rule


def _cut(text: str, length: int) -> str:
    text = cleaned(text)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _write(
    sheet: Any, place: tuple[int, int], text: str, column: TemplateColumn, look: Any
) -> None:
    """A cell as the spreadsheet's own kind of value; as text where it is none."""
    try:
        if column.kind == "date":
            sheet.write_datetime(*place, dt.date.fromisoformat(text), look)
            return
        if column.kind != "text":
            sheet.write_number(*place, float(text), look)
            return
    except ValueError:
        pass
    # A text cell of XLSX is never run, whatever it begins with.
    sheet.write_string(*place, cleaned(text), look)
