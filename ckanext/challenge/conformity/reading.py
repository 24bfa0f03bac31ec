"""Read a file that claims to be CSV, whatever it is.

Nothing of the file is held but the line at hand, and no line may be longer than
:data:`MAX_LINE`: a file of any size or malice takes the same memory.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .report import Unreadable

MAX_BYTES = 1024**3
#: Characters of one record, its line breaks within quotes included.
MAX_LINE = 1024**2
MAX_COLUMNS = 1000
_BLOCK = 64 * 1024
_SEPARATORS = ",;\t|"

#: How files begin that are no CSV whatever they are called.
_MAGIC = (
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
)
_SPREADSHEET_PARTS = (b"[Content_Types].xml", b"xl/", b"mimetypeapplication/vnd.oasis")
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # The longer one first: UTF-32's begins like UTF-16's.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WIDE = ("utf-16", "utf-32")
#: Encodings of names and of programs, in which nobody writes a file.
_NO_TEXTS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
#: What offices of Western Europe write when it is not UTF-8. The last one reads
#: anything.
_OLD_ENCODINGS = ("windows-1252", "iso-8859-15")


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    :ivar encoding: as Python names it; ``utf-8-sig`` is UTF-8 after a byte-order mark
    :ivar separator: the character between two columns
    :ivar labels: the cells of the header
    """

    encoding: str
    separator: str
    labels: tuple[str, ...]


def layout(
    path: Path, names: Collection[str] = (), encoding: str | None = None
) -> Layout:
    """Find out how a file is written.

    :param names: columns that are expected: of the separators, the one that finds
        most of them is taken
    :param encoding: the one that the publisher declares; it counts where the file
        is not UTF-8 and can be read by it
    :raises Unreadable: it is no CSV
    :raises OSError: it cannot be opened
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    _refuse_other_kinds(start)
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable("too-large")
    found = _encoding(path, start, encoding)
    with path.open(encoding=found, newline="") as text:
        header = _first_record(text)
    if not header.strip():
        raise Unreadable("empty")
    _refuse_markup(header)
    candidates = {separator: _cells(header, separator) for separator in _SEPARATORS}
    wanted = set(names)

    def score(separator: str) -> tuple[int, int]:
        cells = candidates[separator]
        return len(wanted.intersection(cells)), len(cells)

    separator = max(_SEPARATORS, key=score)
    labels = candidates[separator]
    if len(labels) > MAX_COLUMNS:
        raise Unreadable("too-many-columns", row=1, expected=MAX_COLUMNS)
    return Layout(found, separator, tuple(labels))


def records(path: Path, how: Layout) -> Iterator[tuple[int, list[str]]]:
    """The records after the header, each with the line on which it begins.

    :raises Unreadable: at a record that is too long, or where the file is no CSV
    """
    with path.open(encoding=how.encoding, newline="") as text:
        every = records_of(text, how.separator)
        next(every, None)
        yield from every


def records_of(text: IO[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """All records of an open text, each with the line on which it begins.

    :raises Unreadable: at a record that is too long, or where the text is no CSV
    """
    budget = _Budget(text)
    reader = csv.reader(budget, delimiter=separator)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
            budget.renew()
    except csv.Error as error:
        raise Unreadable("csv", row=line, message=str(error)) from error


class _Budget:
    """Lines of a text, as long as one record does not take too many characters.

    A quote that is never closed would make one record of the rest of the file.
    """

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._line = 0
        self._spent = 0

    def renew(self) -> None:
        self._spent = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        text = self._text.readline(MAX_LINE + 1)
        if not text:
            raise StopIteration
        self._line += 1
        self._spent += len(text)
        if self._spent > MAX_LINE:
            raise Unreadable("line-too-long", row=self._line, expected=MAX_LINE)
        return text


def _refuse_other_kinds(start: bytes) -> None:
    if not start:
        raise Unreadable("empty")
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            raise Unreadable(kind)
    if start.startswith(b"PK\x03\x04"):
        is_sheet = any(part in start for part in _SPREADSHEET_PARTS)
        raise Unreadable("spreadsheet" if is_sheet else "archive")


def _refuse_markup(header: str) -> None:
    begin = header.lstrip("\ufeff \t\r\n")[:200].lower()
    if begin.startswith(("<!doctype html", "<html", "<head", "<body")):
        raise Unreadable("html")
    if begin.startswith("<"):
        raise Unreadable("xml")
    if begin.startswith(("{", "[")):
        raise Unreadable("json")


def _encoding(path: Path, start: bytes, declared: str | None) -> str:
    """The encoding that reads the whole file, in one pass over it for each tried."""
    for mark, name in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            if not _reads(path, name):
                raise Unreadable("encoding", value=name)
            return name
    codec = _codec(declared)
    if b"\x00" in start and not codec.startswith(_WIDE):
        raise Unreadable("binary")
    tried = ["utf-8"]
    if declared and codec not in ("", "utf-8", "utf-8-sig"):
        tried.append(declared.lower())
    tried.extend(name for name in _OLD_ENCODINGS if name not in tried)
    for name in tried:
        if _reads(path, name):
            return name
    raise Unreadable("encoding")


def _codec(name: str | None) -> str:
    """What Python calls an encoding; empty where it knows none of that name.

    Its other codecs (compression, escapes of programs) are no encodings of texts.
    """
    try:
        found = codecs.lookup(name or "")
    except (LookupError, ValueError):
        return ""
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name not in _NO_TEXTS else ""


def _reads(path: Path, encoding: str) -> bool:
    """Whether the whole file can be read, and is text.

    :raises Unreadable: it holds NUL characters, or a line that is too long
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line = 1
    length = 0
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError:
                return False
            if "\x00" in text:
                raise Unreadable(
                    "binary", row=line + text[: text.index("\x00")].count("\n")
                )
            breaks = [match.start() for match in re.finditer(r"[\r\n]", text)]
            length = length + len(text) if not breaks else len(text) - breaks[-1]
            if length > MAX_LINE:
                raise Unreadable("line-too-long", row=line, expected=MAX_LINE)
            line += text.count("\n")
            if not block:
                return True


def _first_record(text: IO[str]) -> str:
    """The header: lines until its quotes are closed."""
    lines: list[str] = []
    is_open = False
    for line in _Budget(text):
        lines.append(line)
        is_open ^= line.count('"') % 2 == 1
        if not is_open and line.strip():
            break
    return "".join(lines)


def _cells(header: str, separator: str) -> list[str]:
    lines = (line for line in header.splitlines(keepends=True) if line.strip())
    try:
        row = next(csv.reader(lines, delimiter=separator), [])
    except csv.Error:
        return []
    return [cell.strip().lstrip("\ufeff") for cell in row]
