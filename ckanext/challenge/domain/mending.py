"""What can be mended in a column: each kind of repair once, with what it would change.

A cell that is right stays. A kind of repair is applied by itself where each of its
cells has one possible result; what has two is a question, asked once for the column.
The result of a repair is right, so that mending twice changes nothing.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from rapidfuzz import fuzz, process

from . import cell_values as cells
from . import places, wording
from .letters import plain
from .matching import Field

#: Examples that a repair shows.
EXAMPLES = 3
#: How alike a value must be to one of the field's to be taken for it, and how much
#: more than to any other.
_NEAR = 80
_NEARER = 8
#: Cells by which a column is compared with a field.
_SAMPLE = 200
#: A field of fewer characters holds a code.
_SHORT = 20

#: The kinds of repairs that are questions.
ASKED = (
    "day-order",
    "number-style",
    "dot-style",
    "near-values",
    "percent",
    "empty-cells",
)
#: Those that ask how a column is written, which is so in the next table too.
LASTING = ("day-order", "number-style", "dot-style", "percent", "empty-cells")

#: What was decided about a repair: whether it is applied, or which of its readings is
#: right.
Choice = bool | str


@dataclass(frozen=True)
class Example:
    """A cell before and after.

    :ivar row: of the table, counted from 0
    :ivar before: the cell as it is
    :ivar after: as it would be; ``None`` where that cannot be known
    """

    row: int
    before: str
    after: str | None


@dataclass(frozen=True)
class Reading:
    """One answer to a question.

    :ivar key: what to choose
    :ivar examples: what it makes of the cells
    """

    key: str
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Question:
    """What a person has to say.

    :ivar code: ``day-or-month``, ``comma``, ``dot``, ``near-value``, ``percent``,
        ``empty-means-no``, ``doubled-rows``, ``others``; or ``lost-digits``, which
        nobody can answer here: the digits are in the spreadsheet alone
    :ivar readings: the possible answers; none where it is yes or no
    """

    code: str
    readings: tuple[Reading, ...] = ()


@dataclass(frozen=True)
class Repair:
    """One kind of repair in one column.

    :ivar key: names it in choices: ``montant:numbers``
    :ivar field: name of the field; empty for one of whole rows
    :ivar kind: ``spaces``, ``accents``, ``dates``, ``numbers``, ``booleans``,
        ``values``, ``zeros``, ``registration``, ``phones``, ``coordinates``,
        ``swapped``, ``letters``, ``recalled``; ``day-order``, ``number-style``,
        ``dot-style``, ``near-values``, ``percent``, ``empty-cells``, ``lost-digits``,
        ``others``, ``empty-rows``, ``doubled-rows``
    :ivar cells: how many cells, or rows, it concerns
    :ivar examples: three of them
    :ivar applied: whether the result has it
    :ivar question: what has to be said before it can be applied
    """

    key: str
    field: str
    kind: str
    cells: int
    examples: tuple[Example, ...]
    applied: bool
    question: Question | None = None


@dataclass
class _Column:
    """The different cells of a column, and what they have become so far."""

    cells: Sequence[str]
    field: Field
    choices: Mapping[str, Choice]
    #: Whether repairs are applied where nobody chose.
    willing: bool
    now: dict[str, str] = dataclasses.field(default_factory=dict)
    repairs: list[Repair] = dataclasses.field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = {cell: cell for cell in self.counts}

    @cached_property
    def counts(self) -> Counter[str]:
        return Counter(self.cells)

    def wrong(self) -> list[tuple[str, str]]:
        """The cells that are not right as they are now: what each was, and is."""
        if cells.is_free(self.field):
            return []
        return [
            (was, now)
            for was, now in self.now.items()
            if now.strip()
            and now not in self.field.missing_values
            and not cells.is_right(now, self.field)
        ]

    def examples(self, changes: Mapping[str, str | None]) -> tuple[Example, ...]:
        """The first rows that changes concern, by what the cells were."""
        found = []
        for cell in list(changes)[:EXAMPLES]:
            row = self.cells.index(cell)
            found.append(Example(row, self.now[cell], changes[cell]))
        return tuple(sorted(found, key=lambda one: one.row))

    def count(self, changes: Mapping[str, str | None]) -> int:
        return sum(self.counts[cell] for cell in changes)

    def key(self, kind: str) -> str:
        return f"{self.field.name}:{kind}"

    def offer(
        self,
        kind: str,
        changes: Mapping[str, str],
        question: Question | None = None,
    ) -> None:
        """Tell a repair, and apply it if so decided."""
        if not changes:
            return
        chosen = self.choices.get(self.key(kind))
        applied = (
            self.willing and question is None if chosen is None else chosen is not False
        )
        self.repairs.append(
            Repair(
                self.key(kind),
                self.field.name,
                kind,
                self.count(changes),
                self.examples(changes),
                applied,
                question,
            )
        )
        if applied:
            self.now.update(changes)

    def ask(
        self, kind: str, code: str, readings: Mapping[str, Mapping[str, str]]
    ) -> None:
        """Ask which reading is right, and apply the one that was chosen.

        Who only says "yes" means the first one.
        """
        if not readings:
            return
        chosen = self.choices.get(self.key(kind))
        first = next(iter(readings))
        answer = first if chosen is True else chosen
        changes = readings.get(answer) if isinstance(answer, str) else None
        shown = changes if changes is not None else readings[first]
        question = Question(
            code,
            tuple(
                Reading(key, self.examples(changed))
                for key, changed in readings.items()
            ),
        )
        self.repairs.append(
            Repair(
                self.key(kind),
                self.field.name,
                kind,
                self.count(shown),
                self.examples(shown),
                changes is not None,
                question,
            )
        )
        if changes:
            self.now.update(changes)


def mend(
    texts: Sequence[str],
    field: Field,
    choices: Mapping[str, Choice] | None = None,
    willing: bool = True,
) -> tuple[list[str], list[Repair]]:
    """A column as its repairs make it, and the repairs.

    :param choices: by the key of a repair
    :param willing: whether repairs are applied where nobody chose; not so in a table
        that is right as it is
    """
    column = _Column(texts, field, {} if choices is None else choices, willing)
    for stage in _STAGES[:3] if cells.is_free(field) else _STAGES:
        stage(column)
    changed = {was: now for was, now in column.now.items() if was != now}
    if not changed:
        return list(texts), column.repairs
    return [changed.get(text, text) for text in texts], column.repairs


def _of_each(
    column: _Column, kind: str, fix: Callable[[str], str | None], check: bool = True
) -> None:
    """Offer a repair that looks at one cell after the other."""
    changes = {}
    for was, now in column.wrong():
        after = fix(now)
        if (
            after is not None
            and after != now
            and (not check or cells.is_of_type(after, column.field))
        ):
            changes[was] = after
    column.offer(kind, changes)


# -- the stages, in the order in which they come


def _spaces(column: _Column) -> None:
    field = column.field
    is_free = cells.is_free(field)
    clean = cells.trimmed if is_free else cells.plainly_spaced
    changes = {}
    for was, now in column.now.items():
        # Quick for the many cells that are in order.
        if now.isascii() and now == now.strip() and (is_free or "  " not in now):
            continue
        after = clean(now)
        if after != now and (is_free or not _is_right(now, field)):
            changes[was] = after
    column.offer("spaces", changes)


def _is_right(text: str, field: Field) -> bool:
    return bool(text.strip()) and cells.is_right(text, field)


def _accents(column: _Column) -> None:
    changes = {}
    for was, now in column.now.items():
        if now.isascii():
            continue
        after = cells.unbroken(now) or cells.composed(now)
        if after != now:
            changes[was] = after
    column.offer("accents", changes)


def _lost_digits(column: _Column) -> None:
    field = column.field
    if field.type == "number" and field.kind is None:
        candidates = [pair for pair in column.wrong() if "," in pair[1]]
    else:
        candidates = [(was, now) for was, now in column.now.items()]
    lost: dict[str, str | None] = {
        was: None for was, now in candidates if cells.LOST_DIGITS.fullmatch(now.strip())
    }
    if lost:
        column.repairs.append(
            Repair(
                column.key("lost-digits"),
                field.name,
                "lost-digits",
                column.count(lost),
                column.examples(lost),
                False,
                Question("lost-digits"),
            )
        )


def _dates(column: _Column) -> None:
    field = column.field
    if field.type != "date" and field.kind != "period":
        return
    read = cells.period if field.kind == "period" else cells.day
    wrong = column.wrong()
    # The order is that of the column: what is right already tells nothing of it.
    shown = {cells.order_of(now) for _, now in wrong} - {None}
    order = shown.pop() if len(shown) == 1 else None
    changes: dict[str, str] = {}
    unclear: dict[str, dict[str, str]] = {"day-first": {}, "month-first": {}}
    for was, now in wrong:
        try:
            after = read(now, order)
        except cells.Unclear:
            for one, changed in unclear.items():
                after = read(now, one)
                if after is not None:
                    changed[was] = _formatted(after, field)
            continue
        if after is not None:
            changes[was] = _formatted(after, field)
    column.offer("dates", changes)
    column.ask(
        "day-order",
        "day-or-month",
        {key: changed for key, changed in unclear.items() if changed},
    )


def _formatted(day: str, field: Field) -> str:
    """A day in the format of a field that asks for another one."""
    if field.type != "date" or field.format in ("default", "any", "%Y-%m-%d"):
        return day
    year, month, number = day.split("-")
    return field.format.replace("%Y", year).replace("%m", month).replace("%d", number)


def _numbers(column: _Column) -> None:
    field = column.field
    if field.type == "year":
        # No year has decimals.
        _of_each(column, "numbers", lambda text: cells.whole(text, "thousands"))
    if field.type not in ("number", "integer"):
        return
    wrong = column.wrong()
    is_share = field.type == "number" and field.constraints.get("maximum") in (1, 1.0)
    read = cells.number if field.type == "number" else cells.whole
    styles, shown = set(), set()
    for _, now in wrong:
        styles.add(cells.style_of(now))
        shown.add(cells.dot_style_of(now))
    styles.discard(None)
    style = styles.pop() if len(styles) == 1 else None
    changes: dict[str, str] = {}
    commas: dict[str, dict[str, str]] = {"decimals": {}, "thousands": {}}
    dots: dict[str, dict[str, str]] = {"thousands": {}, "decimals": {}}

    def take(was: str, now: str) -> None:
        is_dot = cells.separator_of(now) == "."
        try:
            # A dot is asked of always: what others show of it is a proposal.
            after = read(now, None if is_dot else style)
        except cells.Unclear as two:
            after = _within(two, field)
            if after is None:
                for key, one in two.readings.items():
                    if cells.is_of_type(one, field):
                        (dots if is_dot else commas)[key][was] = one
        if after is not None and after != now and cells.is_of_type(after, field):
            changes[was] = after

    for was, now in wrong:
        if field.type == "number" and now.rstrip().endswith("%"):
            bare = now.rstrip().rstrip("%")
            part = cells.share(now) if is_share else cells.number(bare, "decimals")
            if part is not None:
                changes[was] = part
        else:
            take(was, now)
    if "thousands" in shown or any(dots.values()):
        # 2.300 looks right, but is no more sure than 2.300 €.
        known = {was for was, _ in wrong}
        for was, now in column.now.items():
            if was not in known and cells.separator_of(now) == ".":
                take(was, now)
    column.offer("numbers", changes)
    column.ask("number-style", "comma", _first(commas, field.type == "integer"))
    column.ask("dot-style", "dot", _first(dots, shown - {None} != {"decimals"}))
    if is_share:
        hundred = {
            was: after
            for was, now in column.wrong()
            if cells.is_of_type(now, field)
            and (after := cells.hundredth(now)) is not None
            and cells.is_right(after, field)
        }
        column.offer("percent", hundred, Question("percent"))


def _within(two: cells.Unclear, field: Field) -> str | None:
    """The one reading that lies where the field allows."""
    found = [one for one in two.readings.values() if cells.in_bounds(one, field)]
    return found[0] if len(found) == 1 else None


def _first(
    readings: Mapping[str, Mapping[str, str]], is_thousands: bool
) -> dict[str, Mapping[str, str]]:
    """The readings that change something, the likely one first."""
    order = ("thousands", "decimals") if is_thousands else ("decimals", "thousands")
    return {key: readings[key] for key in order if readings[key]}


def _booleans(column: _Column) -> None:
    field = column.field
    if field.type != "boolean":
        return
    _of_each(column, "booleans", lambda text: cells.truth(text, field))
    said = {now for now in column.now.values() if now.strip()}
    empty = {was: field.false_values[0] for was, now in column.now.items() if not now}
    # Crosses in some cells, and nothing in the others.
    if empty and said == {field.true_values[0]}:
        column.offer("empty-cells", empty, Question("empty-means-no"))


def _values(column: _Column) -> None:
    field = column.field
    if not field.values and "enum" not in field.constraints:
        return
    allowed = [str(value) for value in field.constraints.get("enum", ())]
    known: dict[str, set[str]] = {}
    for spelling, value in (*((one, one) for one in allowed), *field.values.items()):
        if not allowed or value in allowed:
            known.setdefault(wording.key(spelling), set()).add(value)
    exact = {plain(value): value for value in reversed(allowed)}

    def fix(text: str) -> str | None:
        if (found := exact.get(plain(text))) is not None:
            return found
        values = known.get(wording.key(text), set())
        return next(iter(values)) if len(values) == 1 else None

    _of_each(column, "values", fix)
    if not allowed:
        return
    near = {}
    for was, now in column.wrong():
        found = process.extract(
            wording.key(now),
            {key: key for key in known},
            scorer=fuzz.ratio,
            limit=2,
            score_cutoff=_NEAR,
        )
        best = [hit for hit in found if found[0][1] - hit[1] < _NEARER]
        values = set().union(*(known[hit[0]] for hit in best)) if best else set()
        if len(values) == 1:
            near[was] = values.pop()
    column.offer("near-values", near, Question("near-value"))


def _registration(column: _Column) -> None:
    kind = column.field.kind
    if kind == "siret":
        _of_each(column, "registration", lambda text: cells.registration(text, 14))
    elif kind == "siren":
        _of_each(column, "registration", lambda text: cells.registration(text, 9))
    elif kind == "rna":
        _of_each(column, "registration", cells.association)
    elif kind in ("insee", "postcode"):
        _of_each(column, "zeros", cells.area)
    elif kind == "phone":
        _of_each(column, "phones", cells.phone)


def _points(column: _Column) -> None:
    field = column.field
    if field.type != "geopoint" or field.format != "array":
        return
    _of_each(column, "coordinates", cells.point)
    swapped = {
        was: after
        for was, now in column.now.items()
        if now.strip() and (after := _turned(now)) is not None
    }
    column.offer("swapped", swapped)


def _turned(text: str) -> str | None:
    """The point the other way round, if it lies in France only so."""
    found = cells.point(text)
    if found is None:
        return None
    same = found == "".join(text.split()) or not text.strip().startswith("[")
    return None if same else found


def _letters(column: _Column) -> None:
    _of_each(column, "letters", lambda text: cells.shaped(text, column.field))


_STAGES: tuple[Callable[[_Column], None], ...] = (
    _spaces,
    _accents,
    _lost_digits,
    _dates,
    _numbers,
    _booleans,
    _values,
    _registration,
    _points,
    _letters,
)


def mend_pair(
    latitudes: Sequence[str],
    longitudes: Sequence[str],
    key: str,
    choices: Mapping[str, Choice],
    willing: bool,
) -> tuple[list[str], list[str], Repair | None]:
    """Latitudes and longitudes each in its column.

    They are exchanged together, where they lie in France so and only so.
    """
    wrong = right = 0
    first: list[int] = []
    for row, (latitude, longitude) in enumerate(
        zip(latitudes, longitudes, strict=True)
    ):
        try:
            place = float(latitude), float(longitude)
        except ValueError:
            continue
        if places.is_in_france(place[1], place[0]):
            right += 1
        elif places.is_in_france(*place):
            wrong += 1
            if len(first) < EXAMPLES:
                first.append(row)
    if not wrong or right:
        return list(latitudes), list(longitudes), None
    chosen = choices.get(key)
    applied = willing if chosen is None else chosen is not False
    repair = Repair(
        key,
        key.split(":", maxsplit=1)[0],
        "swapped",
        wrong,
        tuple(
            Example(
                row,
                f"{latitudes[row]} {longitudes[row]}",
                f"{longitudes[row]} {latitudes[row]}",
            )
            for row in first
        ),
        applied,
    )
    if applied:
        return list(longitudes), list(latitudes), repair
    return list(latitudes), list(longitudes), repair


def fit(texts: Sequence[str], field: Field) -> tuple[float, bool]:
    """What share of cells is right in a field or could be mended to be, and whether
    that says anything: of a free text all are.

    :param texts: some cells of a column
    """
    filled = [text for text in dict.fromkeys(texts) if text.strip()][:_SAMPLE]
    if not filled:
        return 1.0, False
    if cells.is_free(field):
        return _free_share(filled, field), False
    relaxed = dataclasses.replace(field, constraints=_without_length(field.constraints))
    mended, _ = mend(filled, relaxed, {f"{field.name}:{kind}": True for kind in ASKED})
    right = sum(cells.is_right(text.strip(), relaxed) for text in mended)
    return right / len(filled), True


def _without_length(constraints: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        name: rule
        for name, rule in constraints.items()
        # A code of nine characters is no title, but a title may be too long.
        if name not in ("maxLength", "minLength") or rule < _SHORT
    }


def _free_share(filled: Sequence[str], field: Field) -> float:
    """Names and sentences are no amounts and no days."""
    if field.kind != "body":
        return 1.0
    words = sum(any(map(str.isalpha, text)) for text in filled)
    return words / len(filled)
