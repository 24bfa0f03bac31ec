"""The steps from a workbook to a file that conforms, each a function of the one before.

Nothing is kept between them: what a person chose is handed in, and the same choices
make the same result.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO

from ckanext.challenge.common import sheet_tables
from ckanext.challenge.common.pause import uncollected
from ckanext.challenge.common.sheet_tables import Place, Table
from ckanext.challenge.common.workbooks import Workbook
from ckanext.challenge.conformity.registry import Schema
from ckanext.challenge.domain import cell_values, mending, recalled, wording
from ckanext.challenge.domain.matching import Match, Vocabulary
from ckanext.challenge.domain.mending import Choice, Example, Question, Repair
from ckanext.challenge.domain.personal import Personal, look

from . import vocabulary

#: Cells at the beginning of a column by which it is compared with fields.
_SAMPLE = 1000


def find_table(
    workbook: Workbook,
    schema: Schema,
    sheets: Collection[str] | None = None,
    header_row: int | None = None,
    taken_back: Collection[Place] = (),
) -> Table:
    """The table of a workbook that a schema is about.

    See :func:`ckanext.challenge.common.sheet_tables.find_table`.
    """
    words = vocabulary.of(schema)
    return sheet_tables.find_table(workbook, words, sheets, header_row, taken_back)


def match_columns(
    table: Table,
    schema: Schema,
    memory: Mapping[str, str | None] | None = None,
    chosen: Mapping[str, str | None] | None = None,
) -> list[Match]:
    """Which field of the schema each column is, in the order of the columns.

    :param memory: what was remembered: :func:`remember`
    :param chosen: what a person chose, by label: a field, or ``None`` to leave a
        column out
    """
    return sheet_tables.match_columns(table, vocabulary.of(schema), memory, chosen)


def personal(
    table: Table, matches: Sequence[Match], schema: Schema
) -> dict[str, Personal]:
    """The columns that tell of persons outside of what the schema wants, by label.

    Which fields want persons, or only legal ones, the schema's own data say
    (``personal``, ``kind: body``).
    """
    words = vocabulary.of(schema)
    found = {}
    for one in matches:
        field = words.by_name.get(one.field or "") if one.state == "decided" else None
        told = look(
            one.column,
            table.column(one.column).cells,
            matched=field is not None,
            wanted=field is not None and field.personal,
            field_kind=field.kind if field is not None else None,
        )
        if told is not None:
            found[one.column] = told
    return found


def without_personal(
    matches: Sequence[Match],
    found: Mapping[str, Personal],
    kept: Collection[str] = (),
) -> list[Match]:
    """The matches without the columns that are left out for the sake of persons.

    :param kept: labels of columns that a person chose to publish all the same
    """
    return [
        Match(one.column, None, 1.0, "decided")
        if one.field
        and one.column in found
        and found[one.column].leave_out
        and one.column not in kept
        else one
        for one in matches
    ]


def remember(matches: Sequence[Match]) -> dict[str, str | None]:
    """What to keep of matches that a person agreed to, for the next time."""
    return {
        wording.key(one.column): one.field for one in matches if one.state == "decided"
    }


#: By field, by the key of a name, what stood in the field: :mod:`~.domain.recalled`.
Known = Mapping[str, Mapping[str, str]]


def names_known(
    before: Known, found: Result, schema: Schema
) -> dict[str, dict[str, str]]:
    """What to keep of a result for the next time that its names come.

    :param before: what was known
    """
    cells = dict(zip(found.names, found.columns, strict=True))
    return {
        field.name: recalled.keep(
            before.get(field.name, {}), cells[field.name], cells[field.named_by]
        )
        for field in vocabulary.of(schema).fields
        if field.named_by
    }


@dataclass(frozen=True)
class Context:
    """What the portal knows of whom the table is of.

    :ivar name: of the collectivité
    :ivar siret: of its seat
    :ivar siren: of it
    :ivar insee: code of a commune; nothing for others
    :ivar year: that the table is about, where nothing in it says so
    """

    name: str | None = None
    siret: str | None = None
    siren: str | None = None
    insee: str | None = None
    year: str | None = None


#: A constant that stands for numbers made for each row: ``2025-001``.
SERIAL = "{serial}"


@dataclass(frozen=True)
class Source:
    """Where the cells of a field come from.

    :ivar field: its name
    :ivar title: the official one
    :ivar required: whether each row needs it
    :ivar source: ``column``, ``constant``, ``computed`` (what the portal or the sheet
        knows), ``derived`` (from another field) or ``missing``
    :ivar column: the label of its column
    :ivar value: the constant, or what is known; ``None`` where it differs by row
    :ivar can_be_made: whether numbers can be made for it (:data:`SERIAL`)
    """

    field: str
    title: str
    required: bool
    source: str
    column: str | None = None
    value: str | None = None
    can_be_made: bool = False


def sources(
    table: Table,
    matches: Sequence[Match],
    schema: Schema,
    context: Context,
    constants: Mapping[str, str] | None = None,
) -> list[Source]:
    """Where each field of the schema comes from, in the schema's order.

    A column that is only proposed is none yet. A constant counts before a column.

    :param constants: by field, what a person typed for all rows
    """
    of_column = {
        one.field: one.column for one in matches if one.field and one.state == "decided"
    }
    constants = constants or {}
    found = []
    for field in vocabulary.of(schema).fields:
        source, column, value = "missing", None, None
        if field.name in constants:
            source, value = "constant", constants[field.name]
        elif field.name in of_column:
            source, column = "column", of_column[field.name]
        elif field.computed == "year" and (years := _years(table, context)):
            source, value = "computed", years[0] if len(set(years)) == 1 else None
        elif (known := getattr(context, field.computed or "", None)) is not None:
            source, value = "computed", known
        elif field.derived and field.derived["from"] in {*of_column, *constants}:
            source = "derived"
        found.append(
            Source(
                field.name,
                field.title or field.name,
                field.required,
                source,
                column,
                value,
                field.computed == "serial",
            )
        )
    return found


_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")


def _years(table: Table, context: Context) -> list[str]:
    """The year of each sheet: by its name, by the titles above its table, or the one
    that the portal knows; nothing if one of them has none.
    """
    above = {year for text in table.above for year in _YEAR.findall(text)}
    found = []
    for sheet in table.sheets:
        own = set(_YEAR.findall(sheet))
        said = own or (above if len(table.sheets) == 1 else set())
        year = said.pop() if len(said) == 1 else context.year
        if year is None:
            return []
        found.append(str(year))
    return found


@dataclass(frozen=True)
class Result:
    """The table as the schema wants it.

    :ivar names: of the schema's fields, in its order
    :ivar columns: the cells of each, one for each row
    :ivar places: where each row comes from
    :ivar numbers: which row of the table each is, counted from 0
    :ivar repairs: all that was mended or could be, and what was left out
    :ivar sources: where each field comes from
    """

    names: tuple[str, ...]
    columns: tuple[list[str], ...]
    places: Sequence[Place]
    numbers: Sequence[int]
    repairs: tuple[Repair, ...]
    sources: tuple[Source, ...]

    def cells(self, field: str) -> list[str]:
        """The cells of a field, one for each row."""
        return self.columns[self.names.index(field)]

    def rows(self, count: int | None = None) -> Iterator[tuple[str, ...]]:
        """The rows, or the first of them."""
        return itertools.islice(zip(*self.columns, strict=True), count)


def repairs(
    table: Table,
    matches: Sequence[Match],
    schema: Schema,
    context: Context,
    choices: Mapping[str, Choice] | None = None,
    *,
    constants: Mapping[str, str] | None = None,
) -> list[Repair]:
    """All that can be mended, and what is asked: :attr:`Result.repairs`."""
    found = result(table, matches, schema, context, choices, constants=constants)
    return list(found.repairs)


@uncollected
def result(
    table: Table,
    matches: Sequence[Match],
    schema: Schema,
    context: Context,
    choices: Mapping[str, Choice] | None = None,
    *,
    constants: Mapping[str, str] | None = None,
    edits: Mapping[tuple[int, str], str] | None = None,
    known: Known | None = None,
) -> Result:
    """The rows in the schema's columns, mended.

    :param choices: by the key of a repair: whether it is applied, or which reading is
        right
    :param edits: by row (counted from 0) and field, what a person typed in the cell
    :param known: what the names of the table stood for the last time
    """
    words = vocabulary.of(schema)
    choices = {} if choices is None else choices
    where = sources(table, matches, schema, context, constants)
    cells = {
        one.field: table.days(one.column)
        if words.by_name[one.field].type == "date"
        else table.column(one.column).cells
        for one in where
        if one.source == "column" and one.column is not None
    }
    # What is right as it is stays as it is, to the last byte.
    willing = not _conforms(table, cells, words)
    found: list[Repair] = _recall(cells, words, choices, willing, known or {})
    for name, texts in cells.items():
        mended, told = mending.mend(texts, words.by_name[name], choices, willing)
        cells[name] = mended
        found += told
    found += _turn_places(cells, words, choices, willing)
    rows = len(table.places)
    for one in where:
        if one.source in ("constant", "computed"):
            cells[one.field] = _filled(one, table, cells, words, context)
    for one in where:
        if one.source == "derived":
            derived = words.by_name[one.field].derived or {}
            values = derived["values"]
            cells[one.field] = [
                values.get(text.strip(), "") for text in cells[derived["from"]]
            ]
    for (row, name), text in (edits or {}).items():
        if name in words.by_name and 0 <= row < rows:
            cells.setdefault(name, [""] * rows)[row] = text
    names = tuple(words.by_name)
    columns = [cells.get(name) or [""] * rows for name in names]
    places: Sequence[Place] = table.places
    numbers: Sequence[int] = range(rows)
    left_out = sum(1 for one in table.left_out if one.why == "empty")
    if left_out:
        found.append(Repair("rows:empty", "", "empty-rows", left_out, (), True))
    doubled, repair = _doubled(columns, choices)
    if repair is not None:
        found.append(repair)
        if repair.applied:
            numbers = [row for row in range(rows) if row not in doubled]
            columns = [[column[row] for row in numbers] for column in columns]
            places = [places[row] for row in numbers]
    return Result(names, tuple(columns), places, numbers, tuple(found), tuple(where))


def _conforms(
    table: Table, cells: Mapping[str, Sequence[str]], words: Vocabulary
) -> bool:
    """Whether the table is a file that conforms already: its header is the schema's and
    each cell is right.
    """
    if table.header_row != 1 or any(
        label not in words.by_name for label in table.labels
    ):
        return False
    for field in words.fields:
        texts = cells.get(field.name)
        if texts is None:
            if field.required:
                return False
            continue
        is_any_right = cell_values.is_free(field) and not field.constraints.get(
            "maxLength"
        )
        if is_any_right and not (
            field.required and set(field.missing_values) & set(texts)
        ):
            continue
        for text in set(texts):
            if text in field.missing_values:
                if field.required:
                    return False
            elif not cell_values.is_right(text, field):
                return False
    return True


def _recall(
    cells: dict[str, list[str]],
    words: Vocabulary,
    choices: Mapping[str, Choice],
    willing: bool,
    known: Known,
) -> list[Repair]:
    """Fill in what stood beside a name the last time, where now nothing right does.

    It comes before what is mended: of a cell that is filled there is nothing to ask.
    """
    found = []
    for field in words.fields:
        names = cells.get(field.named_by or "")
        if names is None or not known.get(field.name):
            continue
        texts = cells.get(field.name, [""] * len(names))
        mended, _ = mending.mend(texts, field, choices, willing)
        changes = recalled.fill(
            mended,
            names,
            known[field.name],
            lambda text, field=field: cell_values.is_right(text, field),
        )
        if not changes:
            continue
        key = f"{field.name}:recalled"
        chosen = choices.get(key)
        applied = willing if chosen is None else chosen is not False
        examples = tuple(
            Example(row, texts[row], changes[row])
            for row in list(changes)[: mending.EXAMPLES]
        )
        found.append(
            Repair(key, field.name, "recalled", len(changes), examples, applied)
        )
        if applied:
            cells[field.name] = [
                changes.get(row, text) for row, text in enumerate(texts)
            ]
    return found


def _turn_places(
    cells: dict[str, list[str]],
    words: Vocabulary,
    choices: Mapping[str, Choice],
    willing: bool,
) -> list[Repair]:
    """Latitudes and longitudes, each in its own column."""
    pairs = {
        kind: [name for name in cells if words.by_name[name].kind == kind]
        for kind in ("latitude", "longitude")
    }
    if any(len(names) != 1 for names in pairs.values()):
        return []
    (latitude,), (longitude,) = pairs.values()
    key = f"{latitude}:swapped"
    cells[latitude], cells[longitude], repair = mending.mend_pair(
        cells[latitude], cells[longitude], key, choices, willing
    )
    return [repair] if repair is not None else []


def _filled(
    one: Source,
    table: Table,
    cells: Mapping[str, Sequence[str]],
    words: Vocabulary,
    context: Context,
) -> list[str]:
    """The cells of a field that no column has."""
    rows = len(table.places)
    if one.source == "constant" and one.value == SERIAL:
        return _serials(table, cells, words, context)
    if one.value is not None:
        return [one.value] * rows
    of_sheet = dict(zip(table.sheets, _years(table, context), strict=True))
    return [of_sheet[place.sheet] for place in table.places]


def _serials(
    table: Table,
    cells: Mapping[str, Sequence[str]],
    words: Vocabulary,
    context: Context,
) -> list[str]:
    """A number for each row within its year: ``2025-001``.

    The year is that of the first column of days, or the one that is known.
    """
    days = next(
        (
            cells[field.name]
            for field in words.fields
            if field.type == "date" and field.name in cells
        ),
        None,
    )
    known = dict(zip(table.sheets, _years(table, context), strict=False))
    counts: dict[str, int] = {}
    found = []
    for row, place in enumerate(table.places):
        year = days[row][:4] if days is not None else ""
        if not year.isdigit():
            year = known.get(place.sheet, "")
        counts[year] = counts.get(year, 0) + 1
        number = f"{counts[year]:03}"
        found.append(f"{year}-{number}" if year else number)
    return found


def _doubled(
    columns: Sequence[Sequence[str]], choices: Mapping[str, Choice]
) -> tuple[set[int], Repair | None]:
    """The rows that are the same as one above, which only a person can judge."""
    # Where one column numbers the rows there is none, and no need to look at all cells.
    if any(len(set(column)) == len(column) for column in columns):
        return set(), None
    first: dict[tuple[str, ...], int] = {}
    doubled: dict[int, int] = {}
    for row, texts in enumerate(zip(*columns, strict=True)):
        if first.setdefault(texts, row) != row:
            doubled[row] = first[texts]
    if not doubled:
        return set(), None
    examples = tuple(
        Example(
            row, " ; ".join(filter(None, (column[row] for column in columns))), None
        )
        for row in list(doubled)[: mending.EXAMPLES]
    )
    chosen = choices.get("rows:doubled")
    repair = Repair(
        "rows:doubled",
        "",
        "doubled-rows",
        len(doubled),
        examples,
        chosen is not None and chosen is not False,
        Question("doubled-rows"),
    )
    return set(doubled), repair


def write(found: Result, out: IO[str]) -> None:
    """Write the result as CSV: the schema's columns in its order, commas.

    :param out: opened as UTF-8, with ``newline=""``
    """
    writer = csv.writer(out)
    writer.writerow(found.names)
    writer.writerows(found.rows())


def to_csv(found: Result) -> bytes:
    """The result as a CSV file in UTF-8."""
    out = io.StringIO(newline="")
    write(found, out)
    return out.getvalue().encode("utf-8")
