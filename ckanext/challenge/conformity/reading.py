"""Read a file that claims to be CSV, whatever it is.

Nothing of the file is held but the line at hand, and no line may be longer than
:data:`MAX_LINE`: a file of any size or malice takes the same memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from ckanext.challenge.domain import characters, quotes
from ckanext.challenge.domain.encodings import (
    BYTE_ORDER_MARKS,
    OLD_ENCODINGS,
    likeliest_encoding,
)

from .report import Unreadable

MAX_BYTES = 1024**3
#: Characters of one record, its line breaks within quotes included.
MAX_LINE = 1024**2
MAX_COLUMNS = 1000
#: The header stands on one of so many first lines.
MAX_ABOVE = 30
_BLOCK = 64 * 1024
_SEPARATORS = ",;\t|"

#: How files begin that are no CSV whatever they are called.
_MAGIC = (
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "spreadsheet"),
    (b"{\\rtf", "text-document"),
    (b"\xff\xd8\xff", "picture"),
    (b"\x89PNG", "picture"),
    (b"\x1f\x8b", "archive"),
    (b"BZh", "archive"),
    (b"7z\xbc\xaf", "archive"),
    (b"Rar!", "archive"),
    (b"\xfd7zXZ", "archive"),
)
#: How pictures of telephones go on after four bytes.
_HEIF = (b"ftyphei", b"ftyphev", b"ftypmif1")
#: What the first files of a ZIP are named, and what it is then. All of Microsoft's
#: begin with the same one.
_PARTS = (
    (b"word/", "text-document"),
    (b"mimetypeapplication/vnd.oasis.opendocument.text", "text-document"),
    (b"xl/", "spreadsheet"),
    (b"mimetypeapplication/vnd.oasis", "spreadsheet"),
    (b"[Content_Types].xml", "spreadsheet"),
)
#: How the page begins that a program writes and calls a spreadsheet.
_TABLE = ("<table", "<meta", "<style", "<div")
_PAGE = ("<!doctype html", "<html", "<head", "<body", "<!--")
_WIDE = ("utf-16", "utf-32")
#: Encodings of names and of programs, in which nobody writes a file.
_NO_TEXTS = frozenset(
    {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
)
#: Decodes what is no UTF-8 as Windows-1252, in a file that holds both.
_MIXED = "challenge-windows-1252"
#: What UTF-8 looks like where it was taken for Windows-1252 and encoded once more; and
#: control characters, which no text holds.
_BROKEN = re.compile(
    "[\x80-\x9f]|[ÂÃ][\xa0-\xbf]|Ã[€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ]|â€[™œ˜“”¦¢]"
)
_ANY_BREAK = re.compile("\r\n|\r|\n")
_QUOTED = re.compile('"(?:[^"]|"")*"')
_EXCEL_SEPARATOR = re.compile('"?sep=(.)"?', re.IGNORECASE)


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return wrong.decode("windows-1252", "replace"), error.end


codecs.register_error(_MIXED, _as_windows)


class UnclosedQuote(Exception):
    """A quote is opened and never closed, or closed in the middle of another cell.

    :ivar row: the line on which it is opened
    :ivar lines: how many lines became one cell
    """

    def __init__(self, row: int, lines: int) -> None:
        super().__init__(row, lines)
        self.row = row
        self.lines = lines


@dataclass(frozen=True)
class Writing:
    """How the bytes of a file are text.

    :ivar encoding: as Python names it; ``utf-8-sig`` is UTF-8 after a byte-order mark
    :ivar false_mark: the file begins with the mark of UTF-8, and is in another encoding
    :ivar mixed: the first line that is no UTF-8 in a file of which other lines are
    :ivar broken: the first line in which accents are broken; those that were encoded
        twice, or are in an encoding that nothing tells
    """

    encoding: str
    false_mark: bool = False
    mixed: int | None = None
    broken: int | None = None

    @property
    def errors(self) -> str:
        """What becomes of bytes that the encoding does not read."""
        return "strict" if self.mixed is None else _MIXED

    def open_bytes(self, path: Path) -> IO[bytes]:
        """Open a file where its text begins."""
        file = path.open("rb")
        if self.false_mark:
            file.seek(len(codecs.BOM_UTF8))
        return file

    def open(self, path: Path) -> IO[str]:
        """Open a file that is written so; line breaks stay as they are."""
        return io.TextIOWrapper(
            self.open_bytes(path), self.encoding, self.errors, newline=""
        )


@dataclass(frozen=True)
class Layout:
    """How a file is written.

    :ivar encoding: as Python names it; ``utf-8-sig`` is UTF-8 after a byte-order mark
    :ivar separator: the character between two columns
    :ivar labels: the cells of the header
    :ivar line: on which the header stands
    :ivar above: what stands above the header: ``blank`` lines, ``excel`` for the line
        by which Excel knows the separator, a ``title``
    :ivar is_spaced: a space follows each separator, also before quotes
    :ivar writing: how the bytes are text
    """

    encoding: str
    separator: str
    labels: tuple[str, ...]
    line: int = 1
    above: str | None = None
    is_spaced: bool = False
    writing: Writing = field(default=Writing("utf-8"), repr=False)


def layout(
    path: Path, names: Collection[str] = (), encoding: str | None = None
) -> Layout:
    """Find out how a file is written.

    :param names: columns that are expected: the separator is taken, and the line for
        the header, that find most of them
    :param encoding: the one that the publisher declares; it counts where the file
        is not UTF-8 and can be read by it
    :raises Unreadable: it is no CSV
    :raises UnclosedQuote: in the header
    :raises OSError: it cannot be opened
    """
    with path.open("rb") as file:
        start = file.read(_BLOCK)
    _refuse_other_kinds(start)
    if path.stat().st_size > MAX_BYTES:
        raise Unreadable("too-large")
    writing = _writing(path, start, encoding)
    # Nearly always the beginning will do; a header may be as long as any record.
    for size in (_BLOCK, MAX_LINE + 1):
        with writing.open(path) as text:
            lines = list(io.StringIO(text.read(size), newline=""))
        is_whole = sum(map(len, lines)) < size
        first, best = _header(lines, names)
        if is_whole or (best is not None and not best.is_open):
            break
    if best is None or first is None:
        raise Unreadable("empty" if is_whole else "line-too-long")
    _refuse_markup("".join(lines[first.number : first.number + 3]))
    if len(best.labels) > MAX_COLUMNS:
        raise Unreadable("too-many-columns", row=1, expected=MAX_COLUMNS)
    if best.is_open:
        if not is_whole:
            raise Unreadable("line-too-long", row=1, expected=MAX_LINE)
        raise UnclosedQuote(best.number + 1, len(lines) - best.number)
    above = None
    if best.number != first.number:
        is_excels = _EXCEL_SEPARATOR.fullmatch(lines[first.number].strip())
        above = "excel" if is_excels else "title"
    elif first.number:
        above = "blank"
    return Layout(
        writing.encoding,
        best.separator,
        best.labels,
        line=best.number + 1,
        above=above,
        is_spaced=_is_spaced(lines[best.number :], best),
        writing=writing,
    )


@dataclass(frozen=True)
class _Header:
    """The record that begins on a line, taken for the header.

    :ivar number: of its line, counted from 0
    :ivar known: how many columns it names that are expected
    :ivar is_open: its quotes are not closed
    """

    number: int
    separator: str
    labels: tuple[str, ...]
    known: int
    is_open: bool

    @classmethod
    def at(cls, lines: list[str], number: int, wanted: set[str]) -> _Header:
        """The record of a line, cut by the separator that finds most columns."""
        record, is_open = _record(lines, number)
        found = []
        for separator in _SEPARATORS:
            labels = _cells(record, separator)
            known = wanted.intersection(map(characters.folded, labels))
            found.append(cls(number, separator, tuple(labels), len(known), is_open))
        return max(found, key=lambda header: (header.known, len(header.labels)))


def _header(
    lines: list[str], names: Collection[str]
) -> tuple[_Header | None, _Header | None]:
    """The first record that is not blank, and the one that is the header.

    They are the same unless a later one knows more of the names that are expected.
    """
    wanted = {characters.folded(name) for name in names}
    filled = [number for number, line in enumerate(lines) if not _is_blank(line)]
    filled = filled or [number for number, line in enumerate(lines) if line.strip()]
    first = best = None
    for number in filled[:MAX_ABOVE]:
        found = _Header.at(lines, number, wanted)
        first = first or found
        if best is None or found.known > max(best.known, 1):
            best = found
    return first, best


def records(path: Path, how: Layout) -> Iterator[tuple[int, list[str]]]:
    """The records after the header, each with the line on which it begins.

    :raises Unreadable: at a record that is too long, or where the file is no CSV
    :raises UnclosedQuote: after the record that it makes of several lines
    """
    with how.writing.open(path) as text:
        for _ in range(how.line - 1):
            text.readline()
        every = _records(text, how.separator, how.is_spaced, how.line)
        next(every, None)
        yield from every


def _records(
    text: IO[str],
    separator: str,
    is_spaced: bool = False,
    line: int = 1,
) -> Iterator[tuple[int, list[str]]]:
    """The records of a text whose first line is that one of the file."""
    budget = _Budget(text, line - 1)
    reader = csv.reader(budget, delimiter=separator, skipinitialspace=is_spaced)
    first = line
    try:
        for cells in reader:
            yield line, cells
            if len(budget.record) > 1 or budget.is_odd:
                _refuse_open_quote(budget.record, separator, is_spaced, line)
            line = reader.line_num + first
            budget.renew()
    except csv.Error as error:
        raise Unreadable("csv", row=line, message=str(error)) from error


def _refuse_open_quote(
    record: list[str], separator: str, is_spaced: bool, line: int
) -> None:
    """Refuse a record whose quotes swallow more than a cell.

    :param line: the one on which the record begins
    :raises UnclosedQuote: the file ends before the closing quote; or it ended in
        another line, in the middle of a cell
    """
    text = "".join(record)
    for opened in quotes.unclosed(text, separator, is_spaced):
        before = len(_ANY_BREAK.findall(text[:opened]))
        raise UnclosedQuote(line + before, len(record) - before)


class _Budget:
    """Lines of a text, as long as one record does not take too many characters.

    A quote that is never closed would make one record of the rest of the file.
    """

    def __init__(self, text: IO[str], line: int = 0) -> None:
        self._text = text
        self._line = line
        self._spent = 0
        #: The lines since the last renewal, and the quotes in them.
        self.record: list[str] = []
        self._quotes = 0

    @property
    def is_odd(self) -> bool:
        """Whether a quote of these lines may have no other."""
        return self._quotes % 2 == 1

    def renew(self) -> None:
        self._spent = 0
        self._quotes = 0
        self.record.clear()

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
        self._quotes += text.count('"')
        self.record.append(text)
        return text


def _refuse_other_kinds(start: bytes) -> None:
    if not start:
        raise Unreadable("empty")
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            raise Unreadable(kind)
    if start[4:].startswith(_HEIF):
        raise Unreadable("picture")
    if start.startswith(b"PK\x03\x04"):
        kinds = (kind for part, kind in _PARTS if part in start)
        raise Unreadable(next(kinds, "archive"))


def _refuse_markup(start: str) -> None:
    begin = start.lstrip("\ufeff \t\r\n")[:200].lower()
    if begin.startswith(_TABLE):
        raise Unreadable("html-table")
    if begin.startswith(_PAGE):
        raise Unreadable("html-table" if "schemas-microsoft-com" in start else "html")
    if begin.startswith("<"):
        raise Unreadable("xml")
    if begin.startswith(("{", "[")):
        raise Unreadable("json")


def _writing(path: Path, start: bytes, declared: str | None) -> Writing:
    """How the whole file can be read: one pass over it for each way that is tried."""
    false_mark = False
    for mark, name in BYTE_ORDER_MARKS:
        if start.startswith(mark):
            if found := _reads(path, Writing(name)):
                return found
            if name in _WIDE:
                raise Unreadable("encoding", value=name)
            false_mark = True
            break
    codec = _codec(declared)
    if b"\x00" in start and not codec.startswith(_WIDE):
        raise Unreadable("binary")
    if not false_mark and (found := _reads(path, Writing("utf-8"))):
        return found
    if (line := _first_foreign_line(path)) is not None:
        # Any bytes can be read so.
        tried = [Writing("utf-8-sig" if false_mark else "utf-8", mixed=line)]
    else:
        names = [_old_encoding(path), *OLD_ENCODINGS]
        if declared and codec not in ("", "utf-8", "utf-8-sig"):
            names.insert(0, declared.lower())
        tried = [Writing(name, false_mark) for name in dict.fromkeys(names)]
    for writing in tried:
        if found := _reads(path, writing):
            return found
    raise Unreadable("encoding")


def _first_foreign_line(path: Path) -> int | None:
    """The first line that is no UTF-8 where other lines with accents are."""
    foreign = None
    has_utf_8 = False
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE), b""), 1):
            if line.isascii():
                continue
            try:
                # The mark alone is no text.
                has_utf_8 |= not line.decode("utf-8-sig").isascii()
            except UnicodeDecodeError:
                foreign = foreign or number
            if has_utf_8 and foreign:
                return foreign
    return None


def _old_encoding(path: Path) -> str:
    """The encoding of a file that is not UTF-8."""
    letters: Counter[int] = Counter()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            letters.update(byte for byte in block if byte > 0x7F)
    return likeliest_encoding(letters)


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


def _reads(path: Path, writing: Writing) -> Writing | None:
    """Whether the whole file can be read so, and is text; and where accents are broken.

    :raises Unreadable: it holds NUL characters, or a line that is too long
    """
    decoder = codecs.getincrementaldecoder(writing.encoding)(writing.errors)
    line = 1
    length = 0
    broken = None
    last = ""
    with writing.open_bytes(path) as file:
        while True:
            block = file.read(_BLOCK)
            try:
                text = decoder.decode(block, final=not block)
            except UnicodeError:
                return None
            if "\x00" in text:
                raise Unreadable(
                    "binary", row=line + text[: text.index("\x00")].count("\n")
                )
            if broken is None and (found := _BROKEN.search(last + text)):
                before = (last + text)[: found.start()]
                broken = line + len(_ANY_BREAK.findall(before))
            ends = [match.end() for match in _ANY_BREAK.finditer(text)]
            length = len(text) - ends[-1] + 1 if ends else length + len(text)
            if length > MAX_LINE:
                raise Unreadable("line-too-long", row=line, expected=MAX_LINE)
            line += len(ends)
            last = text[-1:]
            if not block:
                return replace(writing, broken=broken)


def _record(lines: list[str], number: int) -> tuple[str, bool]:
    """The record that begins on a line, to where its quotes are closed; and whether
    they never are.
    """
    is_open = False
    for end in range(number, len(lines)):
        is_open ^= lines[end].count('"') % 2 == 1
        if not is_open:
            return "".join(lines[number : end + 1]), False
    return "".join(lines[number:]), True


def _is_blank(line: str) -> bool:
    return not line.strip(f"\ufeff \t\r\n{_SEPARATORS}\xa0")


def _is_spaced(lines: list[str], header: _Header) -> bool:
    """Whether a space follows the separators: in the whole header, or before quotes.

    There it is no part of the cell: a quote after it would be, and what it encloses
    would be cut.
    """
    separator = header.separator
    record, _ = _record(lines, 0)
    labels = _row(record, separator)[1:]
    if labels and all(label.startswith(" ") for label in labels):
        return True
    bare = _QUOTED.sub('"', "".join(lines))
    return re.search(f'{re.escape(separator)} +"', bare) is not None


def _cells(header: str, separator: str) -> list[str]:
    row = _row(header, separator, skipinitialspace=True)
    return [cell.strip().lstrip("\ufeff") for cell in row]


def _row(record: str, separator: str, **how: Any) -> list[str]:
    """The cells of the first row; none where it is not written as CSV."""
    lines = io.StringIO(record, newline="")
    try:
        return next(csv.reader(lines, delimiter=separator, **how), [])
    except csv.Error:
        return []
