"""Read a workbook in a process of its own, and write its cells to standard output.

    python -I reader.py FILE FOLDER-OF-CALAMINE

A workbook of some kilobytes can ask for any amount of memory: one cell at the far
corner of a sheet makes calamine end its process. This one has a limit of memory and of
time, and nobody else's work in it. It imports nothing of the extension, so as to start
at once.

What it writes are objects of :mod:`marshal`, one after the other, each after the number
of its bytes (:data:`HEAD` bytes, the highest first), since ``marshal.load`` asks a file
for each text anew: ``["sheet", facts]``, then ``["rows", rows]`` any number of times;
``["end"]`` at the end, or ``["refused", code]``. All cells are texts: days as
``2025-03-12``, numbers as the sheet shows them.
"""

from __future__ import annotations

import datetime as dt
import gc
import marshal
import re
import resource
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import IO, Any

#: Bytes that say how long an object is; no object is longer than the memory.
HEAD = 4
MAX_MEMORY = 2 * 1024**3
MAX_SECONDS = 120
#: Bytes of all parts of a file, unpacked.
MAX_UNPACKED = 1536 * 1024**2
MAX_PARTS = 10_000
#: Half a million, and what may stand above them.
MAX_ROWS = 500_060
MAX_COLUMNS = 1000
_CHUNK = 2000
#: Texts that are remembered, so as to be written once in a chunk.
_SHARED = 20_000
#: Bytes at the beginning of a sheet by which it is seen how its numbers are shown.
_SAMPLE = 512 * 1024
#: Bytes up to which a sheet is searched for hidden rows and lost values.
_SEARCHED = 64 * 1024**2
_BUILT_IN_DECIMALS = {2: 2, 4: 2, 7: 2, 8: 2, 39: 2, 40: 2, 43: 2, 44: 2}

#: A cell with a formula and no value, or an empty one.
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)

#: How the numbers of a column are shown: ``("decimals", 2)`` or ``("zeros", 5)``.
Look = tuple[str, int]


class Refused(Exception):
    """The file cannot be taken; its argument is the code of the reason."""


def main(path: str, packages: str) -> None:
    """Write the cells of the workbook at that path."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.path.append(packages)
    # Nothing here is in a circle, and the process ends soon.
    gc.disable()
    out = sys.stdout.buffer
    try:
        for part in _parts(path):
            _send(part, out)
        _send(["end"], out)
    except Refused as refused:
        _send(["refused", refused.args[0]], out)
    except MemoryError:
        _send(["refused", "too-large"], out)
    out.flush()


def _send(part: list[Any], out: IO[bytes]) -> None:
    content = marshal.dumps(part)
    out.write(len(content).to_bytes(HEAD, "big"))
    out.write(content)


def _parts(path: str) -> Iterator[list[Any]]:
    import python_calamine as calamine  # noqa: PLC0415

    looks = _Looks(path)
    try:
        book = calamine.CalamineWorkbook.from_path(path)
        for number, facts in enumerate(book.sheets_metadata):
            if facts.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            look = looks.of(number, facts.name)
            yield [
                "sheet",
                {
                    "name": facts.name.replace("\0", ""),
                    "hidden": facts.visible != calamine.SheetVisibleEnum.Visible,
                    "merged": [list(map(list, one)) for one in _merged(sheet)],
                    "hidden_rows": _first(look.hidden_rows),
                    "hidden_columns": look.hidden_columns,
                    "rows_without_value": _first(look.rows_without_value),
                    "days_from_1904": looks.days_from_1904,
                },
            ]
            yield from _rows(sheet, look.columns)
    except calamine.PasswordError:
        raise Refused("password") from None
    except (calamine.CalamineError, OSError, ValueError) as error:
        message = str(error).lower()
        is_locked = "password" in message or "encrypt" in message
        raise Refused("password" if is_locked else "damaged") from None


def _first(rows: list[int]) -> list[int]:
    return list(dict.fromkeys(rows))[:1000]


def _merged(sheet: Any) -> Iterable[Any]:
    return (sheet.merged_cell_ranges or ())[:10_000]


def _rows(sheet: Any, looks: dict[int, Look]) -> Iterator[list[Any]]:
    """The rows of a sheet from its first one, without those at the end in which nothing
    stands.
    """
    if sheet.start is None:
        return
    # Its rows begin with the first one of the sheet, their cells with the first that
    # is filled.
    left = sheet.start[1]
    margin = [""] * left
    writers = _Writers({column - left: look for column, look in looks.items()})
    chunk: list[list[str]] = []
    #: Empty rows that are written only if something comes after them.
    waiting, count = 0, 0
    for cells in sheet.iter_rows():
        row = writers.texts(cells)
        if margin:
            row = margin + row
        while row and not row[-1]:
            row.pop()
        if not row:
            waiting += 1
            continue
        if len(row) > MAX_COLUMNS:
            raise Refused("too-many-columns")
        count += waiting + 1
        if count > MAX_ROWS:
            raise Refused("too-many-rows")
        chunk += [[] for _ in range(waiting)]
        waiting = 0
        chunk.append(row)
        if len(chunk) >= _CHUNK:
            yield ["rows", chunk]
            chunk = []
    if chunk:
        yield ["rows", chunk]


class _Texts(dict[str, str]):
    """Each text, without NUL: cells may hold it (``_x0000_``), no database takes it."""

    def __missing__(self, text: str) -> str:
        self[text] = clean = text.replace("\0", "")
        return clean


class _Writers:
    """Write the cells of a sheet as texts, each different one once."""

    def __init__(self, looks: dict[int, Look]) -> None:
        self._looks = looks
        #: The same text is written once, and read as one object.
        self._texts = _Texts()
        self._others: dict[tuple[int, type, Any], str] = {}

    def texts(self, cells: list[Any]) -> list[str]:
        shared = self._texts
        if len(shared) > _SHARED:
            shared.clear()
        return [
            shared[cell] if type(cell) is str else self._other(column, cell)
            for column, cell in enumerate(cells)
        ]

    def _other(self, column: int, cell: Any) -> str:
        # True is 1 to a dictionary, and a column has its own way to show a number.
        key = column, type(cell), cell
        text = self._others.get(key)
        if text is None:
            if len(self._others) > _SHARED:
                self._others.clear()
            text = self._others[key] = _text(cell, self._looks.get(column))
        return text


def _text(cell: Any, look: Look | None) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return _number(cell, look)
    if isinstance(cell, dt.datetime):
        if cell.time() == dt.time():
            return cell.date().isoformat()
        return cell.isoformat(timespec="seconds")
    if isinstance(cell, dt.time):
        return cell.isoformat("minutes" if not cell.second else "seconds")
    return cell.isoformat() if isinstance(cell, dt.date) else str(cell)


def _number(value: float, look: Look | None) -> str:
    """A number with the fifteen digits that spreadsheets keep, and as it is shown where
    that is the same number.
    """
    exact = Decimal(f"{value:.15g}")
    if look and look[0] == "decimals":
        shown = f"{exact:.{look[1]}f}"
        if Decimal(shown) == exact:
            return shown
    text = f"{exact:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if look and look[0] == "zeros" and text.isdigit():
        return text.zfill(look[1])
    return text


class _Look:
    """How a sheet looks, as far as one has to be told."""

    def __init__(self) -> None:
        self.columns: dict[int, Look] = {}
        self.hidden_rows: list[int] = []
        self.hidden_columns: list[int] = []
        self.rows_without_value: list[int] = []


class _Looks:
    """How the sheets of an XLSX file look; of others nothing is known."""

    def __init__(self, path: str) -> None:
        self._archive: zipfile.ZipFile | None = None
        self._names: dict[str, str] = {}
        self._formats: list[Look | None] = []
        self.days_from_1904 = False
        if not zipfile.is_zipfile(path):
            return
        try:
            self._archive = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError):
            raise Refused("damaged") from None
        parts = self._archive.infolist()
        if len(parts) > MAX_PARTS or sum(one.file_size for one in parts) > MAX_UNPACKED:
            raise Refused("too-large")
        self._quietly(self._open)

    def _quietly(self, act: Callable[[], None]) -> None:
        # What a sheet looks like is no reason to refuse its cells.
        try:
            act()
        except (KeyError, ValueError, OSError, zipfile.BadZipFile, RuntimeError):
            return

    def _read(self, name: str, size: int = 8 * 1024**2) -> bytes:
        assert self._archive
        with self._archive.open(name) as part:
            return part.read(size)

    def _open(self) -> None:
        book = self._read("xl/workbook.xml").decode("utf-8", "replace")
        self.days_from_1904 = bool(
            re.search(r'<(?:\w+:)?workbookPr\b[^>]*\bdate1904="(?:1|true)"', book)
        )
        links = self._read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
        targets = {}
        for tag in re.findall(r"<Relationship\b[^>]*>", links):
            facts = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            target = facts.get("Target", "").lstrip("/")
            targets[facts.get("Id", "")] = (
                target if target.startswith("xl/") else f"xl/{target}"
            )
        for number, tag in enumerate(re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book)):
            found = re.search(r'\w+:id="([^"]*)"', tag)
            if found:
                self._names[str(number)] = targets.get(found[1], "")
        self._quietly(self._read_formats)

    def _read_formats(self) -> None:
        styles = self._read("xl/styles.xml").decode("utf-8", "replace")
        codes = {}
        for tag in re.findall(r"<(?:\w+:)?numFmt\b[^>]*>", styles):
            facts = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            codes[facts.get("numFmtId")] = facts.get("formatCode", "")
        cells = re.search(r"<(?:\w+:)?cellXfs\b.*?</(?:\w+:)?cellXfs>", styles, re.S)
        for tag in re.findall(r"<(?:\w+:)?xf\b[^>]*>", cells[0] if cells else ""):
            facts = dict(re.findall(r'(\w+)="([^"]*)"', tag))
            number = facts.get("numFmtId", "0")
            self._formats.append(_look(number, codes.get(number, "")))

    def of(self, number: int, name: str) -> _Look:
        look = _Look()
        part = self._names.get(str(number))
        if part:
            self._quietly(lambda: self._see(part, look))
        return look

    def _see(self, part: str, look: _Look) -> None:
        assert self._archive
        size = self._archive.getinfo(part).file_size
        with self._archive.open(part) as stream:
            start = stream.read(_SAMPLE)
            for tag in re.findall(rb"<(?:\w+:)?col\b[^>]*>", start):
                if re.search(rb'hidden="(?:1|true)"', tag):
                    facts = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
                    first, last = int(facts[b"min"]), int(facts[b"max"])
                    look.hidden_columns += range(first, min(last, first + 500) + 1)
            look.columns = self._columns(start)
            if size <= _SEARCHED:
                for block in _blocks(start, stream):
                    look.hidden_rows += _hidden_rows(block)
                    look.rows_without_value += _rows_without_value(block)

    def _columns(self, start: bytes) -> dict[int, Look]:
        seen: dict[int, set[Look | None]] = {}
        cells = re.findall(
            rb"<(?:\w+:)?c\b([^>]*)>\s*(?:<f\b[^>]*>[^<]*</f>\s*)?<v>", start
        )
        for tag in cells:
            facts = dict(re.findall(rb'(\w+)="([^"]*)"', tag))
            if facts.get(b"t", b"n") != b"n" or b"r" not in facts:
                continue
            style = int(facts.get(b"s", b"0"))
            look = self._formats[style] if style < len(self._formats) else None
            seen.setdefault(_column(facts[b"r"]), set()).add(look)
        found = {}
        for column, looks in seen.items():
            (one, *more) = looks
            if one is not None and not more:
                found[column] = one
        return found


def _blocks(start: bytes, stream: IO[bytes]) -> Iterator[bytes]:
    """A sheet in blocks that end where a cell begins, or at least a tag."""
    rest = start
    while block := stream.read(1024**2):
        cell = max(rest.rfind(b"<c "), rest.rfind(b":c "))
        # The prefix of a tag stands before it.
        end = max(0, rest.rfind(b"<", 0, cell + 1 if cell >= 0 else None))
        yield rest[:end]
        rest = rest[end:] + block
    yield rest


def _hidden_rows(block: bytes) -> list[int]:
    if b"hidden=" not in block:
        return []
    return [
        int(number[1])
        for tag in re.findall(rb"<(?:\w+:)?row\b[^>]*>", block)
        if (number := re.search(rb'\br="(\d+)"', tag))
        and re.search(rb'hidden="(?:1|true)"', tag)
    ]


def _rows_without_value(block: bytes) -> list[int]:
    """The rows of cells with an error, or with a formula that nobody calculated.

    The text that a formula made (``str``) may well be empty.
    """
    found: list[bytes] = []
    if b't="e"' in block:
        found += re.findall(rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")([^>]*)>', block)
    if re.search(rb"<(?:\w+:)?f[ />]", block):
        found += (
            cell
            for cell in _UNCALCULATED.findall(block)
            if not re.search(rb'\bt="(?:str|e)"', cell)
        )
    places = (re.search(rb'\br="[A-Z]+(\d+)"', cell) for cell in found)
    return [int(place[1]) for place in places if place]


def _column(reference: bytes) -> int:
    number = 0
    for letter in reference.decode("ascii").upper():
        if not letter.isalpha():
            break
        number = number * 26 + ord(letter) - 64
    return number - 1


def _look(number: str, code: str) -> Look | None:
    """What a format of numbers makes of them, if it is only decimals or zeros."""
    if number.isdigit() and int(number) in _BUILT_IN_DECIMALS:
        return "decimals", _BUILT_IN_DECIMALS[int(number)]
    code = code.replace("&quot;", '"').split(";")[0]
    code = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.|_.', "", code)
    if "%" in code or "E" in code or re.search("[dmyhs]", code, re.I):
        return None
    if re.fullmatch("0{2,}", code):
        return "zeros", len(code)
    decimals = re.search(r"0\.(0+)(?![#?])", code)
    return ("decimals", len(decimals[1])) if decimals else None


if __name__ == "__main__":
    main(*sys.argv[1:3])
