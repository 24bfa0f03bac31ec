"""Tables as files, a piece at a time: CSV and JSON for programs, XLSX and ODS for
people.

Each writer takes the rows from an iterator and gives bytes, so that a table of any
length needs the memory of one row. Texts are neutralised in all but JSON, which no
spreadsheet runs; what leaves the portal in no document leaves in none of them.
"""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from ckanext.challenge.domain.cells import neutral, neutral_in_csv
from ckanext.challenge.domain.characters import cleaned, cleaned_document

Kind = Literal["csv", "xlsx", "ods", "json"]
#: None, text, a number, true or false, a date or a moment; in JSON also a list.
Cell = Any
Rows = Iterable[Sequence[Cell]]

_CHUNK = 65_536
# Excel's own limit.
LONGEST_TEXT = 32_767
SHEET_TITLE = 31


@dataclass(frozen=True)
class Column:
    """A column of a table.

    :ivar key: its name for programs
    :ivar label: its heading for people
    :ivar width: in characters, for people
    """

    key: str
    label: str
    width: int = 16


@dataclass(frozen=True)
class Sheet:
    """A table of several in one workbook.

    :ivar title: what it is called; it is made one that Excel takes
    :ivar note: what is to be known of it, where a reader is told of all sheets
    """

    title: str
    columns: Sequence[Column]
    rows: Rows
    note: str = ""


@dataclass(frozen=True)
class Format:
    """A kind of file.

    :ivar media_type: as a server announces it
    :ivar binary: whether it is no text
    :ivar for_people: whether its headings and words are in the reader's language
    """

    media_type: str
    binary: bool
    for_people: bool


FORMATS: dict[Kind, Format] = {
    "csv": Format("text/csv; charset=utf-8", False, False),
    "xlsx": Format(
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True, True
    ),
    "ods": Format("application/vnd.oasis.opendocument.spreadsheet", True, True),
    "json": Format("application/json", False, False),
}


def write(
    kind: Kind, title: str, columns: Sequence[Column], rows: Rows
) -> Iterator[bytes]:
    """The table as a file of that kind, piece by piece.

    :param title: of the sheet
    """
    if kind in BOOKS:
        return write_book(kind, [Sheet(title, columns, rows)], title)
    writers: dict[Kind, Callable[..., Iterator[bytes]]] = {"csv": _csv, "json": _json}
    return writers[kind](columns, rows)


def write_book(kind: Kind, sheets: Sequence[Sheet], unnamed: str) -> Iterator[bytes]:
    """A workbook of several sheets, piece by piece.

    :param kind: one of :data:`BOOKS`
    :param unnamed: the name of a sheet whose title has nothing that Excel allows
    """
    names = sheet_names([sheet.title for sheet in sheets], unnamed)
    return BOOKS[kind]([*zip(names, sheets, strict=True)])


def as_answer(
    kind: Kind, name: str, pieces: Iterable[bytes], *, stream: bool = False
) -> dict[str, Any]:
    """A file as an action answers it, in what JSON can hold.

    :param name: of the file, without its ending
    :param pieces: of :func:`write`
    :param stream: whether a caller in this process takes the pieces as they come
    :returns: ``format``, ``filename``, ``media_type``, ``encoding`` (``base64`` where
        it is no text, else ``utf-8``) and ``content``
    """
    form = FORMATS[kind]
    answer: dict[str, Any] = {
        "format": kind,
        "filename": f"{name}.{kind}",
        "media_type": form.media_type,
        "encoding": "base64" if form.binary else "utf-8",
    }
    if stream:
        return {**answer, "content": pieces}
    content = b"".join(pieces)
    text = base64.b64encode(content) if form.binary else content
    return {**answer, "content": text.decode()}


def sheet_name(title: str) -> str:
    """A title as Excel allows one for a sheet; it may be empty."""
    name = "".join(one for one in cleaned(title) if one not in "[]:*?/\\'")
    return _cut(name, SHEET_TITLE).strip()


def _cut(text: str, length: int) -> str:
    """The beginning of a text, as Excel counts: letters beyond the first 65,536 of
    Unicode are two.
    """
    units = text.encode("utf-16-le")[: 2 * length]
    return units.decode("utf-16-le", errors="ignore")


def sheet_names(titles: Sequence[str], unnamed: str) -> list[str]:
    """A name for each of several sheets: Excel takes none twice, nor an empty one.

    :param unnamed: the name of a sheet whose title has nothing that Excel allows
    """
    found: list[str] = []
    taken: set[str] = set()
    for title in titles:
        base = sheet_name(title) or sheet_name(unnamed)
        name, number = base, 1
        # Excel compares them whatever their case.
        while name.casefold() in taken:
            number += 1
            ending = f" {number}"
            name = _cut(base, SHEET_TITLE - len(ending)) + ending
        taken.add(name.casefold())
        found.append(name)
    return found


def _text(value: Cell) -> str:
    """A value as CSV has it: ISO 8601 for times, a list with commas."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    if isinstance(value, (int, float)):
        return str(value)
    return neutral_in_csv(_words(value))


def _words(value: Cell) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _csv(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([column.key for column in columns])
    for row in rows:
        writer.writerow([_text(value) for value in row])
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _json(columns: Sequence[Column], rows: Rows) -> Iterator[bytes]:
    keys = [column.key for column in columns]
    separator = "[\n"
    pieces: list[str] = []
    for row in rows:
        pieces += (
            separator,
            json.dumps(
                cleaned_document(dict(zip(keys, row, strict=True))),
                ensure_ascii=False,
                default=_iso,
            ),
        )
        separator = ",\n"
        if len(pieces) > 200:
            yield "".join(pieces).encode()
            pieces = []
    pieces.append("[]\n" if separator == "[\n" else "\n]\n")
    yield "".join(pieces).encode()


def _iso(value: Any) -> str:
    return value.isoformat()


#: The sheets of a workbook, each with the name that it has there.
_Named = Sequence[tuple[str, Sheet]]


def _xlsx(sheets: _Named) -> Iterator[bytes]:
    # Loaded where a workbook is written: most processes never do.
    import xlsxwriter  # noqa: PLC0415

    with tempfile.TemporaryFile() as file:
        book = xlsxwriter.Workbook(
            file, {"constant_memory": True, "remove_timezone": True}
        )
        bold = book.add_format({"bold": True})
        formats = {
            dt.date: book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        for name, sheet in sheets:
            _xlsx_sheet(book.add_worksheet(name or None), sheet, bold, formats)
        book.close()
        file.seek(0)
        while piece := file.read(_CHUNK):
            yield piece


def _xlsx_sheet(
    written: Any, sheet: Sheet, bold: Any, formats: Mapping[type, Any]
) -> None:
    written.freeze_panes(1, 0)
    for at, column in enumerate(sheet.columns):
        written.set_column(at, at, column.width)
        written.write_string(0, at, neutral(column.label), bold)
    for number, row in enumerate(sheet.rows, start=1):
        for at, value in enumerate(row):
            if value is None or value == "":
                continue
            if isinstance(value, bool):
                written.write_boolean(number, at, value)
            elif isinstance(value, (dt.date, dt.datetime)):
                written.write(number, at, value, formats[type(value)])
            elif isinstance(value, (int, float)):
                written.write_number(number, at, value)
            else:
                text = neutral(_words(value))[:LONGEST_TEXT]
                written.write_string(number, at, text)


class _Outlet(io.RawIOBase):
    """Takes what a ZIP archive writes, until it is fetched."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        data = bytes(piece)
        self.pieces.append(data)
        self.size += len(data)
        return len(data)

    def fetch(self) -> bytes:
        data = b"".join(self.pieces)
        self.pieces.clear()
        self.size = 0
        return data


_ODS = "urn:oasis:names:tc:opendocument:xmlns:"
_ODS_NAMESPACES = " ".join(
    f'xmlns:{prefix}="{_ODS}{name}:1.0"'
    for prefix, name in {
        "office": "office",
        "style": "style",
        "table": "table",
        "text": "text",
        "number": "datastyle",
        "fo": "xsl-fo-compatible",
    }.items()
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<manifest:manifest xmlns:manifest="{_ODS}manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:version="1.2" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" '
    'manifest:media-type="text/xml"/></manifest:manifest>'
)
_ISO_DAY = (
    '<number:year number:style="long"/><number:text>-</number:text>'
    '<number:month number:style="long"/><number:text>-</number:text>'
    '<number:day number:style="long"/>'
)
_STYLES = (
    "<office:automatic-styles>"
    f'<number:date-style style:name="N1">{_ISO_DAY}</number:date-style>'
    f'<number:date-style style:name="N2">{_ISO_DAY}<number:text> </number:text>'
    '<number:hours number:style="long"/><number:text>:</number:text>'
    '<number:minutes number:style="long"/></number:date-style>'
    '<style:style style:name="day" style:family="table-cell" '
    'style:data-style-name="N1"/>'
    '<style:style style:name="moment" style:family="table-cell" '
    'style:data-style-name="N2"/>'
    '<style:style style:name="head" style:family="table-cell">'
    '<style:text-properties fo:font-weight="bold"/></style:style>'
    "</office:automatic-styles>"
)


def _ods_cell(value: Cell) -> str:
    if value is None or value == "":
        return "<table:table-cell/>"
    kind, attribute, style = "string", "", ""
    if isinstance(value, bool):
        text = "true" if value else "false"
        kind, attribute = "boolean", f' office:boolean-value="{text}"'
    elif isinstance(value, (int, float)):
        text = str(value)
        kind, attribute = "float", f' office:value="{text}"'
    elif isinstance(value, (dt.date, dt.datetime)):
        moment = isinstance(value, dt.datetime)
        text = (
            value.replace(tzinfo=None).isoformat(timespec="seconds")
            if isinstance(value, dt.datetime)
            else value.isoformat()
        )
        kind, attribute = "date", f' office:date-value="{text}"'
        style = f' table:style-name="{"moment" if moment else "day"}"'
    else:
        text = neutral(_words(value))
    # A paragraph for each line: a line break inside one is read as a space.
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in text.split("\n"))
    return (
        f'<table:table-cell office:value-type="{kind}"{attribute}{style}>'
        f"{lines}</table:table-cell>"
    )


def _ods_sheet(name: str, sheet: Sheet) -> Iterator[str]:
    yield (
        f"<table:table table:name={quoteattr(name)}>"
        f'<table:table-column table:number-columns-repeated="{len(sheet.columns)}"/>'
        "<table:table-header-rows><table:table-row>"
    )
    for column in sheet.columns:
        yield (
            '<table:table-cell office:value-type="string" table:style-name="head">'
            f"<text:p>{escape(neutral(column.label))}</text:p></table:table-cell>"
        )
    yield "</table:table-row></table:table-header-rows>"
    for row in sheet.rows:
        cells = "".join(_ods_cell(value) for value in row)
        yield f"<table:table-row>{cells}</table:table-row>"
    yield "</table:table>"


def _ods_content(sheets: _Named) -> Iterator[str]:
    yield (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<office:document-content {_ODS_NAMESPACES} office:version="1.2">'
        f"{_STYLES}<office:body><office:spreadsheet>"
    )
    for name, sheet in sheets:
        yield from _ods_sheet(name, sheet)
    yield "</office:spreadsheet></office:body></office:document-content>"


def _ods(sheets: _Named) -> Iterator[bytes]:
    # The libraries for ODS hold the whole document in memory; the format is an
    # archive of XML, and the archive can be written as it goes.
    outlet = _Outlet()
    with zipfile.ZipFile(outlet, "w", zipfile.ZIP_DEFLATED) as archive:
        # First and not compressed, so that a program knows the file by its start.
        archive.writestr(
            "mimetype", FORMATS["ods"].media_type, compress_type=zipfile.ZIP_STORED
        )
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        with archive.open("content.xml", "w") as content:
            for piece in _ods_content(sheets):
                content.write(piece.encode())
                if outlet.size > _CHUNK:
                    yield outlet.fetch()
    yield outlet.fetch()


#: The kinds of file that hold several tables.
BOOKS: dict[Kind, Callable[[_Named], Iterator[bytes]]] = {"xlsx": _xlsx, "ods": _ods}
