"""Take in a file, or cells pasted from a spreadsheet, whatever it is."""

from __future__ import annotations

import csv
import importlib.util
import io
import marshal
import re
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ckanext.challenge.domain import encodings, quotes, tables

from . import workbook_reader as reader
from .pause import uncollected

MAX_BYTES = 50 * 1024**2
MAX_ROWS = reader.MAX_ROWS
_SEPARATORS = ";\t,|"
#: Lines by which the separator is found.
_SAMPLE = 60
#: Bytes by which it is seen what a file is.
_START = 4096

#: How files begin that hold no table, and what each is.
_MAGIC = (
    (b"%PDF", "pdf"),
    (b"{\\rtf", "document"),
    (b"\xff\xd8\xff", "photo"),
    (b"\x89PNG", "photo"),
    (b"GIF8", "photo"),
    (b"II*\x00", "photo"),
    (b"MM\x00*", "photo"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
)
_PHOTO_BRANDS = re.compile(rb"^....ftyp(?:heic|heix|mif1|msf1|avif)", re.DOTALL)
#: The parts of files of Office before 2007, by which each is known; a workbook first.
_OLD_PARTS = (
    ("EncryptedPackage", "password"),
    ("Workbook", None),
    ("WordDocument", "word"),
    ("PowerPoint Document", "document"),
)
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
_HTML = re.compile(
    r"^[\s\ufeff]*(?:mime-version:|"
    r"(?:<\?xml[^>]*>\s*)?<(?:!doctype html|html|head|body|table|meta|div))",
    re.IGNORECASE,
)
_UTF8_LETTER = re.compile(rb"[\xc3\xc2\xc5][\x80-\xbf]|\xe2\x80[\x80-\xbf]")
_TWICE = re.compile("Ã[\u0080-\u00bf\u0152-\u2122]|â€[\u0080-\u2122]")


class NotATable(Exception):
    """A file that cannot be taken in.

    :ivar code: ``empty``, ``too-large``, ``too-many-rows``, ``too-many-columns``,
        ``password``, ``damaged``, ``pdf``, ``photo``, ``html``, ``word``,
        ``document``, ``archive``, ``json``, ``xml``, ``binary``, ``no-table``;
        :func:`.workbook_labels.refusal` says it and what to do
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Sheet:
    """A sheet.

    :ivar name: as in the workbook; empty for a text
    :ivar rows: its cells from A1 on, as texts; rows end at their last filled cell
    :ivar hidden: whether the workbook hides it
    :ivar merged: the merged cells
    :ivar hidden_rows: rows that the workbook hides, counted from 1; known of XLSX only
    :ivar hidden_columns: likewise
    :ivar rows_without_value: those with a cell that holds an error, or a formula that
        was never calculated, and was read as empty; likewise
    :ivar days_from_1904: whether a number that is no date yet counts days from 1904 on;
        likewise
    """

    name: str
    rows: list[list[str]]
    hidden: bool = False
    merged: tuple[tables.Merged, ...] = ()
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    rows_without_value: tuple[int, ...] = ()
    days_from_1904: bool = False


@dataclass(frozen=True)
class Workbook:
    """What was taken in.

    :ivar name: of the file
    :ivar kind: ``workbook``, ``text`` or ``cells``
    :ivar sheets: all of them, the empty ones too
    :ivar encoding: of a text, as Python names it
    :ivar separator: of a text
    :ivar notes: what has to be told: ``other-encoding``; ``mixed-encodings`` (lines of
        another encoding, each in ``lines``); ``encoded-twice``; ``unclosed-quote``
        (likewise), which was taken away so that it swallows no lines; ``no-values``
        (cells of the rows in ``lines``: :attr:`Sheet.rows_without_value`)
    :ivar lines: counted from 1
    """

    name: str
    kind: str
    sheets: tuple[Sheet, ...]
    encoding: str | None = None
    separator: str | None = None
    notes: tuple[str, ...] = ()
    lines: tuple[int, ...] = field(default=())


@uncollected
def take_in(source: bytes | Path, name: str) -> Workbook:
    """Read a file of any kind that holds a table.

    :param source: its content, or where it is
    :param name: as it was called; it decides nothing, but which text is refused
    :raises NotATable: it is too large, or holds no table
    """
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if not size:
        raise NotATable("empty")
    if size > MAX_BYTES:
        raise NotATable("too-large")
    start = _start(source)
    kind = _kind(start)
    if kind == "text":
        content = source if isinstance(source, bytes) else source.read_bytes()
        return _text(content, name)
    with _at_path(source) as path:
        if kind == "zip":
            _refuse_archive(path)
        else:
            _refuse_old_document(path)
        sheets = _sheets(path)
    if not any(sheet.rows for sheet in sheets):
        raise NotATable("empty")
    # What a hidden sheet lacks is in no table that is published unasked.
    lost = [row for one in sheets if not one.hidden for row in one.rows_without_value]
    notes = ("no-values",) if lost else ()
    return Workbook(
        name, "workbook", sheets, notes=notes, lines=tuple(dict.fromkeys(lost))
    )


@uncollected
def take_in_cells(text: str) -> Workbook:
    """Read cells that were copied from a spreadsheet and pasted.

    :raises NotATable: nothing stands in them, or too much
    """
    if not text.strip():
        raise NotATable("empty")
    if len(text) > MAX_BYTES:
        raise NotATable("too-large")
    if "\x00" in text:
        raise NotATable("binary")
    separator, rows, unclosed = _split(text)
    notes = ("unclosed-quote",) if unclosed else ()
    return Workbook("", "cells", (Sheet("", rows),), None, separator, notes, unclosed)


def _start(source: bytes | Path) -> bytes:
    if isinstance(source, bytes):
        return source[:_START]
    with source.open("rb") as file:
        return file.read(_START)


def _kind(start: bytes) -> str:
    """``zip``, ``ole`` (old workbooks, or protected ones) or ``text``."""
    for magic, code in _MAGIC:
        if start.startswith(magic):
            raise NotATable(code)
    if _PHOTO_BRANDS.match(start):
        raise NotATable("photo")
    if start.startswith(_ZIP):
        return "zip"
    if start.startswith(_OLE):
        return "ole"
    # The workbook of Excel before 97, which is no OLE file.
    if start[:2] == b"\x09\x08":
        return "ole"
    return "text"


@contextmanager
def _at_path(source: bytes | Path) -> Iterator[Path]:
    if isinstance(source, Path):
        yield source
        return
    with tempfile.NamedTemporaryFile(prefix="challenge-") as file:
        file.write(source)
        file.flush()
        yield Path(file.name)


def _refuse_archive(path: Path) -> None:
    import zipfile  # noqa: PLC0415

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
            mime = b""
            if "mimetype" in names:
                with archive.open("mimetype") as part:
                    mime = part.read(200)
            manifest = b""
            if "META-INF/manifest.xml" in names:
                with archive.open("META-INF/manifest.xml") as part:
                    manifest = part.read(1024**2)
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError):
        raise NotATable("damaged") from None
    if any(name.startswith("word/") for name in names) or b".text" in mime:
        raise NotATable("word")
    if any(name.startswith("ppt/") for name in names):
        raise NotATable("document")
    if mime and b"spreadsheet" not in mime:
        raise NotATable("document")
    if b"encryption-data" in manifest:
        raise NotATable("password")
    if not mime and not any(name.startswith("xl/") for name in names):
        raise NotATable("archive")


def _refuse_old_document(path: Path) -> None:
    """Refuse what is in the container of old workbooks and is none."""
    content = path.read_bytes()
    for name, code in _OLD_PARTS:
        if name.encode("utf-16-le") in content:
            if code is None:
                return
            raise NotATable(code)


def _sheets(path: Path) -> tuple[Sheet, ...]:
    """The sheets of a workbook, read in another process.

    :raises NotATable: it cannot be read, or not with the memory and time that it has
    """
    found = importlib.util.find_spec("python_calamine")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("python-calamine is not installed")
    packages = Path(next(iter(found.submodule_search_locations))).parent
    command = [_python(), "-I", reader.__file__, str(path), str(packages)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            return tuple(_received(child))
        finally:
            child.kill()


def _python() -> str:
    """The interpreter; within uWSGI, what runs is not one."""
    if Path(sys.executable or "").name.startswith("python"):
        return sys.executable
    return str(Path(sys.prefix) / "bin" / "python3")


def _received(child: subprocess.Popen[bytes]) -> Iterator[Sheet]:
    assert child.stdout
    facts: dict[str, Any] | None = None
    rows: list[list[str]] = []
    total = 0
    while True:
        try:
            size = int.from_bytes(child.stdout.read(reader.HEAD), "big")
            kind, *parts = marshal.loads(child.stdout.read(size))
        except (EOFError, ValueError, TypeError):
            # It ended before it could say why.
            code = child.wait()
            is_limit = code < 0 or code == 137
            raise NotATable("too-large" if is_limit else "damaged") from None
        if kind == "refused":
            raise NotATable(parts[0])
        if kind == "rows":
            total += len(parts[0])
            if total > MAX_ROWS:
                raise NotATable("too-many-rows")
            rows += parts[0]
            continue
        if facts is not None:
            yield _sheet(facts, rows)
        if kind == "end":
            return
        facts, rows = parts[0], []


def _sheet(facts: dict[str, Any], rows: list[list[str]]) -> Sheet:
    return Sheet(
        facts["name"],
        rows,
        hidden=facts["hidden"],
        merged=tuple(
            ((top, left), (bottom, right))
            for (top, left), (bottom, right) in facts["merged"]
        ),
        hidden_rows=tuple(facts["hidden_rows"]),
        hidden_columns=tuple(facts["hidden_columns"]),
        rows_without_value=tuple(facts["rows_without_value"]),
        days_from_1904=facts["days_from_1904"],
    )


def _text(content: bytes, name: str) -> Workbook:
    text, encoding, notes, lines = _decoded(content)
    if "\x00" in text:
        raise NotATable("binary")
    if not text.strip():
        raise NotATable("empty")
    start = text[:_START]
    if _HTML.match(start):
        raise NotATable("html")
    bare = start.lstrip("\ufeff \t\r\n")
    if bare.startswith("<"):
        raise NotATable("xml")
    if bare.startswith(("{", "[{", "[\n")):
        raise NotATable("json")
    separator, rows, unclosed = _split(text)
    if unclosed:
        notes, lines = (*notes, "unclosed-quote"), (*lines, *unclosed)
    return Workbook(name, "text", (Sheet("", rows),), encoding, separator, notes, lines)


def _decoded(content: bytes) -> tuple[str, str, tuple[str, ...], tuple[int, ...]]:
    """The text of a file, its encoding, what has to be told of it, and lines of it."""
    for mark, encoding in encodings.BYTE_ORDER_MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), encoding, (), ()
            except UnicodeDecodeError:
                # A mark that an editor put before a text of another encoding.
                content = content[len(mark) :]
                break
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded_as_old(content)
    if _TWICE.search(text):
        try:
            return (
                text.encode("windows-1252").decode("utf-8"),
                "utf-8",
                ("encoded-twice",),
                (),
            )
        except UnicodeError:
            return text, "utf-8", (), ()
    return text, "utf-8", (), ()


def _decoded_as_old(
    content: bytes,
) -> tuple[str, str, tuple[str, ...], tuple[int, ...]]:
    if b"\x00" in content[:_START]:
        for encoding in ("utf-16-le", "utf-16-be"):
            try:
                text = content.decode(encoding)
            except UnicodeDecodeError:
                continue
            if "\x00" not in text and text.count("\n"):
                return text, encoding, ("other-encoding",), ()
        raise NotATable("binary")
    lines = content.splitlines(keepends=True) if len(content) < MAX_BYTES else []
    wrong = [number for number, line in enumerate(lines, 1) if not _is_utf8(line)]
    if _UTF8_LETTER.search(content):
        right = [line for line in lines if not line.isascii() and _is_utf8(line)]
        if right:
            text = "".join(
                line.decode("utf-8")
                if _is_utf8(line)
                else line.decode(_likeliest(line), "replace")
                for line in lines
            )
            return text, "utf-8", ("mixed-encodings",), tuple(wrong[:1000])
    encoding = _likeliest(content)
    return content.decode(encoding, "replace"), encoding, ("other-encoding",), ()


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _likeliest(content: bytes) -> str:
    """The old encoding in which most of what is no ASCII are letters of French."""
    letters = Counter(byte for byte in content if byte > 127)
    return encodings.likeliest_encoding(letters)


def _split(text: str) -> tuple[str, list[list[str]], tuple[int, ...]]:
    """The separator of a text, its rows, and the lines of quotes that are never closed.

    :raises NotATable: it is no table, or too large a one
    """
    text = text.removeprefix("\ufeff")
    told = re.match(r'^"?sep=(.)"?\r?\n', text, re.IGNORECASE)
    if told:
        separator = told[1]
        # It stays a row of the file, of which nothing is left.
        text = "\n" + text[told.end() :]
    else:
        separator = max(_SEPARATORS, key=lambda one: _evenness(text, one))
    first = text[: text.find("\n")]
    if first.count(separator) and first.count(separator) == first.count(
        f"{separator} "
    ):
        # A space after each separator, before the quotes: they are quotes all the same.
        text = re.sub(rf"(^|{re.escape(separator)}) +(?=\")", r"\1", text, flags=re.M)
    unclosed: tuple[int, ...] = ()
    try:
        rows, lines = _rows(text, separator)
        is_sound = lines == len(rows)
    except csv.Error:
        rows, is_sound = [], False
    if not is_sound:
        # Cells of several lines are rare; here each is what it is, or swallows others.
        text, unclosed = quotes.closed(text, separator)
        if unclosed or not rows:
            try:
                rows, _ = _rows(text, separator)
            except csv.Error as reason:
                raise NotATable("damaged") from reason
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise NotATable("empty")
    return separator, rows, unclosed


def _rows(text: str, separator: str) -> tuple[list[list[str]], int]:
    """The rows of a text, and how many lines it has.

    :raises NotATable: they are too many, or too wide
    """
    rows: list[list[str]] = []
    reading = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    for cells in reading:
        if len(rows) >= MAX_ROWS:
            raise NotATable("too-many-rows")
        if len(cells) > reader.MAX_COLUMNS:
            raise NotATable("too-many-columns")
        while cells and not cells[-1].strip():
            cells.pop()
        rows.append(cells)
    return rows, reading.line_num


def _evenness(text: str, separator: str) -> tuple[float, int]:
    """How much the first lines look as if cut by a separator: most have as many cells,
    and more than one.
    """
    widths = []
    try:
        start, _ = quotes.closed(text[: 256 * 1024], separator)
        sample = io.StringIO(start, newline="")
        for cells in csv.reader(sample, delimiter=separator):
            if any(map(str.strip, cells)):
                widths.append(len(cells))
            if len(widths) >= _SAMPLE:
                break
    except csv.Error:
        return 0.0, 0
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0.0, 0
    usual = statistics.mode(sorted(wide, reverse=True))
    return sum(width == usual for width in widths) / len(widths), usual
