"""Where the table of a sheet is: its header, its end, and the rows that are no data.

The schema finds the header: it is the row, or the two rows, of which most cells are
names that the schema knows. No look at the sheet alone finds it as well.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from . import wording
from .letters import plain

Row = Sequence[str]
#: The two corners of merged cells, each a row and a column, counted from 0.
Merged = tuple[tuple[int, int], tuple[int, int]]
Why = Literal["empty", "header", "total", "section", "note"]
#: The field that a label names, and how much (0 to 1).
Recognise = Callable[[str], tuple[str, float] | None]

#: So many rows at the top may come before the header.
DEEPEST = 60
#: From which score a cell counts as a name of the schema.
_KNOWN = 0.7
_TOTAL = re.compile(
    r"^(?:sous[\s-]*)?tota(?:l|ux)\b|^(?:montant|somme)\s+totale?s?\b|^cumul\b"
    r"|^report\b|^a\s+reporter\b|^ensemble$|^somme$|^moyenne$"
)
_NUMBER = re.compile(r"[-+]?[\d\s.,'\u00a0\u202f]*\d\s*(?:€|%|eur|euros?)?", re.I)


@dataclass(frozen=True)
class Header:
    """Where a header is.

    :ivar row: its last row, counted from 0
    :ivar lines: how many rows it takes: one or two
    :ivar labels: one for each column; empty where the column has none
    :ivar known: how many fields of the schema it names
    :ivar sure: whether it was found by what the schema knows
    """

    row: int
    lines: int
    labels: tuple[str, ...]
    known: int
    sure: bool


@dataclass(frozen=True)
class LeftOut:
    """A row that is no data.

    :ivar row: counted from 0
    :ivar why: ``empty``, ``header`` (repeated), ``total``, ``section`` (a heading
        within the table) or ``note`` (below it: a remark, a signature)
    :ivar text: what stands in it
    """

    row: int
    why: Why
    text: str


def find_header(
    rows: Sequence[Row],
    recognise: Recognise,
    merged: Sequence[Merged] = (),
    at: int | None = None,
) -> Header | None:
    """The header of a sheet.

    :param merged: cells that are one: the group of columns above a header has its text
        in the first of them only
    :param at: the row that a person says is the (last) row of the header
    :returns: ``None`` for a sheet in which nothing stands
    """
    best: tuple[int, int, int] | None = None
    found: Header | None = None
    numbers = [at] if at is not None else range(min(len(rows), DEEPEST))
    for number in numbers:
        if number >= len(rows) or not any(map(str.strip, rows[number])):
            continue
        for lines in (1, 2):
            if number + 1 < lines:
                continue
            labels = _labels(rows, number, lines, merged, recognise)
            if labels is None:
                continue
            known = len(_known(labels, recognise))
            filled = sum(map(bool, labels))
            # The first of equals: data may repeat a header, never come before it.
            rank = (known, -lines, -number)
            if best is None or rank > best:
                best = rank
                sure = known >= 2 or (known == 1 and filled <= 2)
                found = Header(number, lines, labels, known, sure)
    if found is None or found.sure or at is not None:
        return found
    return _widest(rows) or (found if found.known else None)


def _known(labels: Sequence[str], recognise: Recognise) -> set[str]:
    names = set()
    for label in labels:
        best = recognise(label) if label else None
        if best is not None and best[1] >= _KNOWN:
            names.add(best[0])
    return names


def _labels(
    rows: Sequence[Row],
    number: int,
    lines: int,
    merged: Sequence[Merged],
    recognise: Recognise,
) -> tuple[str, ...] | None:
    """The labels of a header whose last row has that number.

    Of two rows the lower one names columns and the upper one groups of them; where only
    one of both has a text, that is the label.

    :returns: ``None`` for two rows that are no header of two rows
    """
    lower = [_one_line(cell) for cell in rows[number]]
    if lines == 1:
        return tuple(lower)
    width = max(len(rows[number]), len(rows[number - 1]))
    lower += [""] * (width - len(lower))
    upper = [_one_line(cell) for cell in rows[number - 1]]
    upper += [""] * (width - len(upper))
    if sum(map(bool, upper)) < 2:
        return None
    groups = _spread(upper, lower, number - 1, merged)
    labels = []
    for own, group, below in zip(upper, groups, lower, strict=True):
        if not below:
            labels.append(own)
            continue
        choices = [f"{group} {below}".strip(), below]
        # What the lower row says alone is what people call the column.
        labels.append(
            max(choices, key=lambda text: (_score(text, recognise), -len(text)))
        )
    return tuple(labels)


def _score(text: str, recognise: Recognise) -> float:
    best = recognise(text)
    return round(best[1], 2) if best else 0.0


def _spread(
    upper: Sequence[str], lower: Sequence[str], number: int, merged: Sequence[Merged]
) -> list[str]:
    """The upper row of a header with each group's text over all its columns."""
    spread = list(upper)
    of_row = [
        (left, right)
        for (top, left), (bottom, right) in merged
        if top <= number <= bottom and right > left
    ]
    if of_row:
        for left, right in of_row:
            for column in range(left, min(right + 1, len(spread))):
                spread[column] = upper[left]
        return spread
    for column in range(1, len(spread)):
        if not spread[column] and lower[column]:
            spread[column] = spread[column - 1]
    return spread


def _widest(rows: Sequence[Row]) -> Header | None:
    """The first row of texts that is as wide as most: a guess, to be shown."""
    widths = [sum(1 for cell in row if cell.strip()) for row in rows[:200]]
    filled = [width for width in widths if width > 1]
    if not filled:
        return None
    usual = statistics.median_high(filled)
    for number, row in enumerate(rows[:DEEPEST]):
        cells = [cell for cell in row if cell.strip()]
        if len(cells) >= usual and not any(_NUMBER.fullmatch(cell) for cell in cells):
            return Header(number, 1, tuple(map(_one_line, row)), 0, False)
    return None


def _one_line(text: str) -> str:
    if text.isprintable():
        return text.strip()
    return re.sub(r"\s*[\r\n\u2028\x85]+\s*", " ", text).strip()


def unique(labels: Sequence[str], used: Sequence[bool]) -> list[str]:
    """A label of its own for each column; empty for one in which nothing stands.

    :param used: whether the rows below have something in the column
    """
    found: list[str] = []
    taken: set[str] = set()
    counts: dict[str, int] = {}
    for number, (label, has_cells) in enumerate(zip(labels, used, strict=True)):
        base = label or f"({letters(number)})"
        name = base if label or has_cells else ""
        while name and name in taken:
            counts[base] = counts.get(base, 1) + 1
            name = f"{base} ({counts[base]})"
        taken.add(name)
        found.append(name)
    return found


def letters(number: int) -> str:
    """What a spreadsheet calls a column that is counted from 0.

    >>> letters(0), letters(27)
    ('A', 'AB')
    """
    name = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def sort_rows(
    rows: Sequence[Row], header: Header, taken_back: frozenset[int] = frozenset()
) -> tuple[list[int], list[LeftOut]]:
    """The rows below a header that are data, and those that are not.

    :param taken_back: rows that a person says are data
    """
    start = header.row + 1
    counts = {
        number: len(rows[number]) - rows[number].count("")
        for number in range(start, len(rows))
    }
    full = [count for count in counts.values() if count > 1]
    usual = statistics.median_high(full) if full else 1
    for number, count in counts.items():
        # Cells of spaces are rare, and looked for where it matters.
        if count < usual or not "".join(rows[number]).strip():
            counts[number] = sum(1 for cell in rows[number] if cell.strip())
    # Only what is much emptier than most can be something else.
    suspect = max(1, usual // 2) if usual > 2 else (1 if usual == 2 else 0)
    first = next((number for number, label in enumerate(header.labels) if label), 0)
    repeated = [plain(label) for label in header.labels]
    kept: list[int] = []
    reasons: dict[int, Why] = {}
    doubtful: list[int] = []
    for number, filled in counts.items():
        row = rows[number]
        if number in taken_back:
            kept.append(number)
        elif not filled:
            reasons[number] = "empty"
        elif filled < max(usual, 2) and _is_total(row):
            reasons[number] = "total"
        elif _is_repeated(row, repeated, first):
            reasons[number] = "header"
        elif filled <= suspect:
            doubtful.append(number)
        else:
            kept.append(number)
    sums = _Sums(rows, tuple(kept))
    last = max(kept, default=len(rows))
    for number in doubtful:
        why = _doubt(rows[number], number > last, sums)
        # What fills several columns is data that is not complete yet; and a table of
        # two columns may well have rows of one cell.
        is_data = counts[number] > 1 or (why == "section" and usual <= 2)
        if why is None or (why != "total" and is_data):
            kept.append(number)
        else:
            reasons[number] = why
    kept.sort()
    # The empty rows at the end are none of a table.
    told = (number for number, why in reasons.items() if why != "empty")
    end = max([*kept, *told], default=-1)
    return kept, [
        LeftOut(number, reasons[number], _text(rows[number]))
        for number in sorted(reasons)
        if number <= end
    ]


def _doubt(row: Row, is_below: bool, sums: _Sums) -> Why | None:
    """What a row may be that is much emptier than most."""
    if all(_NUMBER.fullmatch(text) for cell in row if (text := cell.strip())):
        return "total" if is_below and sums.are(row) else None
    return "note" if is_below else "section"


def _is_total(row: Row) -> bool:
    """Whether a row adds up others: it says so, and says nothing else but numbers.

    "Total Énergies" has more beside it.
    """
    texts = [
        text for cell in row if (text := cell.strip()) and not _NUMBER.fullmatch(text)
    ]
    return len(texts) == 1 and bool(_TOTAL.match(plain(texts[0])))


def _is_repeated(row: Row, labels: Sequence[str], first: int) -> bool:
    """Whether a row is the header once more.

    :param first: the first column that has a label
    """
    # Quick for the many rows that are nothing like it.
    if first >= len(row) or len(row[first].strip()) > 2 * len(labels[first]) + 9:
        return False
    if plain(_one_line(row[first])) != labels[first]:
        return False
    cells = [plain(_one_line(cell)) for cell in row]
    pairs = zip(cells, labels, strict=False)
    return all(cell == label for cell, label in pairs if label)


def _text(row: Row) -> str:
    return " ".join(cell.strip() for cell in row if cell.strip())[:200]


class _Sums:
    """The sums of columns, made when they are first asked for."""

    def __init__(self, rows: Sequence[Row], kept: Sequence[int]) -> None:
        self._rows = rows
        self._kept = kept
        self._sums: dict[int, float] = {}

    def are(self, row: Row) -> bool:
        """Whether each cell is the sum of those above it."""
        return bool(self._kept) and all(
            _is_close(_number(cell), self._sum(column))
            for column, cell in enumerate(row)
            if cell.strip()
        )

    def _sum(self, column: int) -> float:
        if column not in self._sums:
            self._sums[column] = sum(
                _number(self._rows[number][column])
                for number in self._kept
                if column < len(self._rows[number])
            )
        return self._sums[column]


def _is_close(one: float, other: float) -> bool:
    """Whether two amounts are the same to the cent."""
    return abs(one - other) < 0.006


def _number(cell: str) -> float:
    text = re.sub(r"[^\d,.\-]", "", cell).replace(",", ".")
    try:
        return float(text)
    except ValueError:
        return 0.0


def groups(headers: Mapping[str, Header], recognise: Recognise) -> list[str]:
    """The sheets that hold one table: the one that names most fields, and its likes.

    :param headers: by sheet
    """
    if not headers:
        return []
    fields = {
        name: _known(header.labels, recognise) for name, header in headers.items()
    }
    best = max(headers, key=lambda name: len(fields[name]))
    if not fields[best]:
        return [best]
    words = {
        name: {wording.key(label) for label in header.labels if label}
        for name, header in headers.items()
    }
    return [
        name
        for name in headers
        if name == best
        or (
            headers[name].sure
            and (
                fields[name] == fields[best] or _share(words[name], words[best]) >= 0.75
            )
        )
    ]


def _share(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other) if one | other else 0.0
