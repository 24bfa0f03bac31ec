"""Check one file against a national schema.

Rows go to frictionless as lists: the file is opened here, so that nothing in it or in
its name can make frictionless look elsewhere, and so that a report names the lines of
the file and not the records of a parser. What frictionless finds is counted as it
comes: a file of which every cell is wrong takes no more memory than another.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from frictionless import Checklist, Error, FrictionlessException, Resource
from frictionless import Schema as TableSchema
from frictionless.errors import (
    CellError,
    ExtraCellError,
    MissingCellError,
    RowError,
    UniqueError,
)
from frictionless.fields import NumberField
from frictionless.resources import TableResource

from ckanext.challenge.domain import characters
from ckanext.challenge.domain.table_schema import Fault

from . import checks, reading, registry
from .publishers import Publisher
from .registry import Schema
from .report import Problem, Report, Tally, Unreadable

#: After as many rows, or problems, a check ends.
MAX_ROWS = 200_000
MAX_ERRORS = 1_000
_CONSTRAINT = re.compile(r'(array item )?constraint "(\w+)" is "(.*)"', re.DOTALL)
_POSITION = re.compile(r"position (\d+)")


def check(
    path: Path | str,
    schema: Schema,
    encoding: str | None = None,
    publisher: Publisher | None = None,
    most_rows: int | None = None,
) -> Report:
    """Check a file; whatever it is, the answer is a report.

    Columns may come in any order. One that the schema does not know is ignored, one
    that it asks for must be there.

    :param path: of a local file
    :param schema: one that has a descriptor
    :param encoding: the one that the publisher declares
    :param publisher: whose numbers the file may hold where it names its publisher;
        without it, that is not judged
    :param most_rows: after so many the check ends, if not after :data:`MAX_ROWS`
    :raises OSError: the file cannot be opened
    """
    if schema.descriptor is None:
        raise ValueError(f"{schema.id} cannot be checked")
    path = Path(path)
    try:
        schema, how = _version(path, schema, encoding)
    except Unreadable as reason:
        return Report.of(reason)
    except reading.UnclosedQuote as quote:
        tally = Tally()
        tally.add(_of_quote(quote))
        return _report(tally, rows=0)
    fields = _fields(schema.descriptor or {})
    written = {"encoding": how.encoding, "separator": how.separator}
    table = _Table(path, how, fields, most_rows or MAX_ROWS)
    tally = Tally()
    for problem in table.header_problems:
        tally.add(problem)
    try:
        _check_rows(table, schema, tally, publisher)
    except Unreadable as reason:
        return Report.of(reason, rows=table.rows, **written)
    if table.quote:
        tally.add(_of_quote(table.quote))
    elif not table.rows:
        tally.add(Problem("no-rows"))
    for advice in (*_advice(how), *table.advice()):
        tally.advise(advice)
    return _report(
        tally,
        rows=table.rows,
        partial=table.is_cut or tally.count >= MAX_ERRORS,
        **written,
    )


def _version(
    path: Path, schema: Schema, encoding: str | None
) -> tuple[Schema, reading.Layout]:
    """The version of the schema that the columns of the file are of, and its layout.

    :raises Unreadable: as :func:`.reading.layout`
    """
    found = []
    for one in registry.versions(schema):
        if one.descriptor is not None:
            names = [field["name"] for field in one.descriptor["fields"]]
            how = reading.layout(path, names, encoding)
            found.append((len(set(names) & set(how.labels)), one, how))
    # The first of those that know as many of the columns is the one that was named.
    _, best, how = max(found, key=lambda row: row[0])
    return best, how


def _fields(descriptor: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The fields by their names; a key of one column is told of its cells."""
    fields = {field["name"]: field for field in descriptor["fields"]}
    key = descriptor.get("primaryKey", ())
    names = [key] if isinstance(key, str) else list(key)
    if len(names) == 1 and names[0] in fields:
        field = fields[names[0]]
        constraints = {**field.get("constraints", {}), "unique": True}
        fields[names[0]] = {**field, "constraints": constraints}
    return fields


def _report(tally: Tally, **more: Any) -> Report:
    return Report(
        "invalid" if tally.count else "valid",
        errors=tuple(tally.first),
        error_count=tally.count,
        groups=tally.groups,
        **more,
    )


def _of_quote(quote: reading.UnclosedQuote) -> Problem:
    return Problem("unclosed-quote", quote.row, expected={"lines": quote.lines})


def _advice(how: reading.Layout) -> Iterator[Problem]:
    """What could be better in how a file is written; all of it can be read."""
    if how.above == "blank":
        yield Problem("blank-above", how.line)
    if how.writing.broken is not None and how.writing.mixed is None:
        yield Problem("broken-accents", how.writing.broken)
    if how.encoding == "utf-8-sig":
        yield Problem("byte-order-mark")
    elif how.encoding != "utf-8":
        yield Problem("other-encoding", value=how.encoding)
    if how.separator != ",":
        yield Problem("other-separator", value=how.separator)


class _Table:
    """The rows of a file under the names that the schema has for its columns."""

    def __init__(
        self,
        path: Path,
        how: reading.Layout,
        fields: dict[str, dict[str, Any]],
        most_rows: int,
    ) -> None:
        self.path = path
        self.how = how
        self.most_rows = most_rows
        self.rows = 0
        self.is_cut = False
        #: Why reading ended, if not at the end: frictionless makes an error of its own
        #: of what its source raises.
        self.failure: Unreadable | None = None
        #: The line of each row that was read, from the first.
        self.lines = array("L")
        #: Why reading ended at a quote that is not closed.
        self.quote: reading.UnclosedQuote | None = None
        #: Lines without a value at the end, which Excel leaves behind.
        self._empty_end: list[int] = []
        self.columns, problems = _header(how.labels, fields)
        self.header_problems = [*_of_file(how), *problems]
        #: The columns that the schema does not know.
        known = set(map(characters.folded, fields))
        self._unknown = [
            Problem("unknown-label", 1, name, number)
            for number, (name, label) in enumerate(
                zip(self.columns, how.labels, strict=True), start=1
            )
            if name == label and characters.folded(name) not in known
        ]
        self.fields = [
            fields.get(name, {"name": name, "type": "any"}) for name in self.columns
        ]

    def advice(self) -> Iterator[Problem]:
        """What could be better in the columns and at the end, once all was read."""
        yield from self._unknown
        if self._empty_end:
            facts = {"lines": len(self._empty_end)}
            yield Problem("blank-end", self._empty_end[0], expected=facts)

    def read(self) -> Iterator[Sequence[str]]:
        """The header, then the rows; for frictionless, which takes them once."""
        yield self.columns
        empty = self._empty_end
        try:
            for line, cells in reading.records(self.path, self.how):
                if self.rows + len(empty) >= self.most_rows:
                    self.is_cut = True
                    return
                if not any(map(str.strip, cells)):
                    empty.append(line)
                    continue
                # They are no end.
                for before in empty:
                    yield self._row(before, [""] * len(self.columns))
                empty.clear()
                yield self._row(line, cells)
        except Unreadable as reason:
            self.failure = reason
        except reading.UnclosedQuote as quote:
            self.quote = quote

    def _row(self, line: int, cells: list[str]) -> Sequence[str]:
        self.rows += 1
        self.lines.append(line)
        # One cell too many says all that a thousand would.
        return cells[: len(self.columns) + 1]

    def line(self, row_number: int) -> int | None:
        """The line of a row that frictionless counts from 1, which is the header."""
        if row_number == 1:
            return 1
        index = row_number - 2
        return self.lines[index] if 0 <= index < len(self.lines) else None


def _of_file(how: reading.Layout) -> Iterator[Problem]:
    """What is wrong above the header, and with how the file is written."""
    if how.above in ("title", "excel"):
        facts = {"reason": how.above, "line": how.line}
        yield Problem("above-header", 1, expected=facts)
    if how.writing.mixed is not None:
        yield Problem("mixed-encodings", how.writing.mixed)


def _header(
    labels: Sequence[str], fields: dict[str, dict[str, Any]]
) -> tuple[list[str], list[Problem]]:
    """The name of each column, unique, and what is wrong with the header."""
    columns: list[str] = []
    problems: list[Problem] = []
    alike = {characters.folded(name): name for name in fields}
    for number, label in enumerate(labels, start=1):
        name = label
        meant = alike.get(characters.folded(label)) if label not in fields else None
        if meant in columns or (meant is not None and meant in labels):
            problems.append(Problem("duplicate-label", 1, meant, number, value=label))
        elif meant is not None:
            name = meant
            problems.append(
                Problem("label-spelling", 1, name, number, value=label, expected=name)
            )
        elif not name:
            problems.append(Problem("blank-label", 1, column_number=number))
        elif name in columns:
            problems.append(Problem("duplicate-label", 1, name, number, value=label))
        unique = name or f"({number})"
        while unique in columns:
            unique = f"{unique} ({number})"
        columns.append(unique)
    problems += [
        Problem("missing-label", 1, name)
        for name, field in fields.items()
        if field.get("constraints", {}).get("required") and name not in columns
    ]
    return columns, problems


class _Number(NumberField):
    """A number that can be compared: ``Decimal`` also reads what cannot."""

    @classmethod
    def like(cls, field: NumberField) -> _Number:
        """The same field, read more strictly."""
        made = cls(name=field.name)
        for name in field.list_defined():
            if name not in ("name", "type"):
                setattr(made, name, getattr(field, name))
        return made

    def to_copy(self, **options: Any) -> _Number:
        """frictionless reads by copies, which it would make of the plain field."""
        return _Number.like(self)

    def create_value_reader(self) -> Any:
        read = super().create_value_reader()
        is_bound = any("imum" in name for name in self.constraints)

        def value_reader(cell: Any) -> Any:
            value = read(cell)
            if not isinstance(value, Decimal) or not value.is_nan():
                return value
            return None if is_bound or value.is_snan() else value

        return value_reader


def _table_schema(descriptor: dict[str, Any]) -> TableSchema:
    schema = TableSchema.from_descriptor(descriptor)
    for field in list(schema.fields):
        if isinstance(field, NumberField):
            schema.set_field(_Number.like(field))
    return schema


def unusable(descriptor: dict[str, Any]) -> Fault | None:
    """Why frictionless cannot check files by a Table Schema, where it cannot."""
    try:
        schema = _table_schema(descriptor)
    except FrictionlessException as error:
        return Fault("unusable", found=str(error.error.note or error)[:300])
    for field in schema.fields:
        read = field.create_value_reader()
        for name in ("minimum", "maximum", "enum"):
            given = field.constraints.get(name)
            for value in given if isinstance(given, list) else [given]:
                # What is not of the field's type can be compared with nothing.
                if value is not None and None in (read(value), read(str(value))):
                    return Fault("wrong-property", field.name, name)
    return None


def _check_rows(
    table: _Table, schema: Schema, tally: Tally, publisher: Publisher | None
) -> None:
    """Count what frictionless finds in the rows.

    :raises Unreadable: reading ended at something that is no row
    """
    # Nothing that frictionless could fetch is in this, by construction.
    descriptor: dict[str, Any] = {"fields": table.fields}
    if schema.descriptor and "missingValues" in schema.descriptor:
        descriptor["missingValues"] = schema.descriptor["missingValues"]
    resource = Resource(
        name="table",
        data=table.read,
        schema=_table_schema(descriptor),
    )
    if not isinstance(resource, TableResource):
        raise TypeError("frictionless no longer takes lists for a table")
    fields = {field["name"]: field for field in table.fields}

    def tell(errors: Iterable[Error]) -> None:
        for error in errors:
            if tally.count >= MAX_ERRORS:
                return
            problem = _not_yet(_problem(error, table, fields), schema)
            if isinstance(error, checks.AdviceError):
                tally.advise(problem)
            else:
                tally.add(problem)

    try:
        with resource:
            running = Checklist(checks=checks.of(schema, publisher)).connect(resource)
            for one in running:
                tell(one.validate_start())
            for row in resource.row_stream:
                found = [error for one in running for error in one.validate_row(row)]
                if found:
                    tell(_without_echoes(found))
                    if tally.count >= MAX_ERRORS:
                        return
            for one in running:
                tell(one.validate_end())
    except FrictionlessException as error:
        raise table.failure or error from error
    if table.failure:
        raise table.failure


def _without_echoes(errors: list[Error]) -> list[Error]:
    """The problems of a row, those of cells that are not there told once.

    Where there is a cell too many, each may stand in the column of another.
    """
    extra = [error for error in errors if isinstance(error, ExtraCellError)]
    if extra:
        return [extra[0]]
    missing = [error for error in errors if isinstance(error, MissingCellError)]
    if not missing:
        return errors
    columns = {error.field_number for error in missing}
    return [
        missing[0],
        *(
            error
            for error in errors
            if getattr(error, "field_number", 0) not in columns
        ),
    ]


def _not_yet(problem: Problem, schema: Schema) -> Problem:
    """Tell a value that the schema will have to learn from one that is wrong."""
    awaited = schema.not_yet.get(problem.column or "", ())
    value = problem.value or ""
    if problem.constraint == "enum":
        is_right = characters.folded(value) in map(characters.folded, awaited)
    else:
        is_right = problem.constraint == "pattern" and any(
            re.fullmatch(pattern, value) for pattern in awaited
        )
    if not is_right:
        return problem
    return replace(problem, type="value-not-yet", constraint=None, expected=None)


def _problem(error: Error, table: _Table, fields: Mapping[str, Any]) -> Problem:
    line = table.line(error.row_number) if isinstance(error, RowError) else None
    if isinstance(error, MissingCellError):
        facts = {"cells": len(error.cells), "columns": len(table.columns)}
        return Problem(error.type, line, expected=facts, message=error.message)
    if not isinstance(error, CellError):
        return Problem(error.type, line, message=error.message)
    name = error.field_name
    field = fields.get(name, {})
    constraint = expected = None
    if isinstance(error, checks.RuleError):
        expected = error.facts
    elif isinstance(error, UniqueError):
        constraint = "unique"
        if first := _POSITION.search(error.note):
            expected = table.line(int(first[1]))
    elif found := _CONSTRAINT.match(error.note):
        constraint = found[2]
        of_what = field.get("arrayItem", {}) if found[1] else field
        expected = of_what.get("constraints", {}).get(constraint)
    elif error.type == "type-error":
        expected = {
            key: field[key]
            for key in ("type", "format", "trueValues", "falseValues")
            if key in field
        }
    return Problem(
        error.type,
        line,
        name or None,
        error.field_number or None,
        # Of a cell that is empty or absent there is nothing to quote.
        value=None if constraint == "required" else str(error.cell) or None,
        constraint=constraint,
        expected=expected,
        message=error.message,
    )
