"""Check one file against a national schema.

Rows go to frictionless as lists: the file is opened here, so that nothing in it or in
its name can make frictionless look elsewhere, and so that a report names the lines of
the file and not the records of a parser.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from frictionless import Checklist, Error, Resource
from frictionless import Schema as TableSchema
from frictionless.errors import CellError, RowError

from . import checks, reading
from .registry import Schema
from .report import STORED_ERRORS, Problem, Report, Unreadable

__all__ = ["MAX_ERRORS", "MAX_ROWS", "check"]

#: After as many rows, or problems, a check ends.
MAX_ROWS = 200_000
MAX_ERRORS = 1000
_CONSTRAINT = re.compile(r'constraint "(\w+)" is "(.*)"', re.DOTALL)


def check(path: Path | str, schema: Schema, encoding: str | None = None) -> Report:
    """Check a file; whatever it is, the answer is a report.

    Columns may come in any order. One that the schema does not know is ignored, one
    that it asks for must be there.

    :param path: of a local file
    :param schema: one that has a descriptor
    :param encoding: the one that the publisher declares
    :raises OSError: the file cannot be opened
    """
    if schema.descriptor is None:
        raise ValueError(f"{schema.id} cannot be checked")
    path = Path(path)
    fields = {field["name"]: field for field in schema.descriptor["fields"]}
    try:
        how = reading.layout(path, list(fields), encoding)
    except Unreadable as reason:
        return Report("error", errors=(reason.problem,), error_count=1)
    table = _Table(path, how, fields)
    try:
        found = _check_rows(table, schema)
    except Unreadable as reason:
        return Report(
            "error",
            rows=table.rows,
            errors=(reason.problem,),
            error_count=1,
            encoding=how.encoding,
            separator=how.separator,
        )
    problems = [*table.header_problems, *found]
    if not table.rows:
        problems.append(Problem("no-rows"))
    return Report(
        "invalid" if problems else "valid",
        rows=table.rows,
        errors=tuple(problems[:STORED_ERRORS]),
        error_count=len(problems),
        partial=table.is_cut or len(found) >= MAX_ERRORS,
        encoding=how.encoding,
        separator=how.separator,
    )


class _Table:
    """The rows of a file under the names that the schema has for its columns."""

    def __init__(
        self, path: Path, how: reading.Layout, fields: dict[str, dict[str, Any]]
    ) -> None:
        self.path = path
        self.how = how
        self.rows = 0
        self.is_cut = False
        #: Why reading ended, if not at the end: frictionless makes an error of its own
        #: of what its source raises.
        self.failure: Unreadable | None = None
        #: The line of each row that was read, from the first.
        self.lines = array("L")
        self.columns, self.header_problems = _header(how.labels, fields)
        self.fields = [
            fields.get(name, {"name": name, "type": "any"}) for name in self.columns
        ]

    def read(self) -> Iterator[Sequence[str]]:
        """The header, then the rows; for frictionless, which takes them once."""
        yield self.columns
        width = len(self.columns)
        try:
            for line, cells in reading.records(self.path, self.how):
                if self.rows >= MAX_ROWS:
                    self.is_cut = True
                    return
                self.rows += 1
                self.lines.append(line)
                # One cell too many says all that a thousand would.
                yield cells[: width + 1]
        except Unreadable as reason:
            self.failure = reason

    def line(self, row_number: int) -> int | None:
        """The line of a row that frictionless counts from 1, which is the header."""
        if row_number == 1:
            return 1
        index = row_number - 2
        return self.lines[index] if 0 <= index < len(self.lines) else None


def _header(
    labels: Sequence[str], fields: dict[str, dict[str, Any]]
) -> tuple[list[str], list[Problem]]:
    """The name of each column, unique, and what is wrong with the header."""
    columns: list[str] = []
    problems: list[Problem] = []
    alike = {_fold(name): name for name in fields}
    for number, label in enumerate(labels, start=1):
        name = label
        if label not in fields and alike.get(_fold(label)) not in (None, *labels):
            name = alike[_fold(label)]
            problems.append(
                Problem("label-spelling", 1, name, number, value=label, expected=name)
            )
        if not name:
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


def _fold(label: str) -> str:
    return re.sub(r"[\s_-]+", "_", label.strip()).casefold()


def _check_rows(table: _Table, schema: Schema) -> list[Problem]:
    """What frictionless finds in the rows.

    :raises Unreadable: reading ended at something that is no row
    """
    # Nothing that frictionless could fetch is in this, by construction.
    descriptor: dict[str, Any] = {"fields": table.fields}
    if schema.descriptor and "missingValues" in schema.descriptor:
        descriptor["missingValues"] = schema.descriptor["missingValues"]
    resource = Resource(
        name="table",
        data=table.read,
        schema=TableSchema.from_descriptor(descriptor),
    )
    report = resource.validate(
        checklist=Checklist(checks=checks.of(schema)), limit_errors=MAX_ERRORS
    )
    if table.failure:
        raise table.failure
    fields = {field["name"]: field for field in table.fields}
    return [
        _problem(error, table, fields) for task in report.tasks for error in task.errors
    ]


def _problem(error: Error, table: _Table, fields: dict[str, dict[str, Any]]) -> Problem:
    line = table.line(error.row_number) if isinstance(error, RowError) else None
    if not isinstance(error, CellError):
        return Problem(error.type, line, message=error.message)
    name = error.field_name
    field = fields.get(name, {})
    constraint = expected = None
    if isinstance(error, checks.RuleError):
        expected = error.facts
    elif found := _CONSTRAINT.match(error.note):
        constraint = found[1]
        expected = field.get("constraints", {}).get(constraint)
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
