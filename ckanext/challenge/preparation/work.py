"""What becomes of a preparation: its workbook and what people chose, made one result.

The result is stored with the row, so that pages only read; it can be made again from
the workbook at any time.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import file_store, own_fields
from ckanext.challenge.common.sheet_tables import LeftOut
from ckanext.challenge.common.workbooks import (
    MAX_ROWS,
    NotATable,
    Sheet,
    Workbook,
    take_in,
)
from ckanext.challenge.conformity import labels as conformity_labels
from ckanext.challenge.conformity import publishers, registry
from ckanext.challenge.conformity.report import Problem, Report
from ckanext.challenge.domain import mending, tables
from ckanext.challenge.domain.matching import Match
from ckanext.challenge.domain.mending import Repair
from ckanext.challenge.model import Collectivite, Preparation, PreparationMemory

from . import edits, kits, marked, others, steps, vocabulary

#: Rows that are shown of the result.
_PREVIEW = 20
#: Of what is left out, and of the first values of a column, so much is told.
_MOST_LEFT_OUT = 500
_FIRST_VALUES = 3
_LONGEST_VALUE = 200
#: Rows, and cells of each, that are shown of a sheet so that one sees its header.
_FIRST_ROWS = 12
_ABOVE_HEADER = 8
_FIRST_CELLS = 12
#: A workbook that cannot be read for a reason that is not its own.
BROKEN = "broken"
#: Hidden rows, and lines of a note, that are named.
_MOST_HIDDEN = 50
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
#: A year in the text of a constant, and the types that are a time.
_SOME_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_TIMES = ("date", "datetime", "year", "yearmonth")
_LINE_ENDS = re.compile(r"\r\n|\r|\n")


def prepare(row: Preparation, schema: registry.Schema) -> None:
    """Make the result anew and store it with its row, in the caller's transaction.

    :param schema: of its kit; one that has a descriptor
    """
    row.reason = None
    try:
        workbook = _taken_in(row)
    except NotATable as refusal:
        row.state, row.reason, row.found = "failed", refusal.code, {}
        return
    except FileNotFoundError:
        row.state, row.reason, row.found = "failed", BROKEN, {}
        return
    names = {sheet.name for sheet in workbook.sheets}
    if not names.issuperset(row.sheets or ()):
        # It came in the place of another one: what was said of that one's sheets is
        # nothing to it.
        row.sheets, row.header_row, row.taken_back = None, None, []
    try:
        found = _Prepared(row, schema, workbook)
    except NotATable as refusal:
        # One may still say which sheet it is, and which row.
        row.state, row.reason = "failed", refusal.code
        row.found = _as_taken_in(workbook, row.sheets or (), row.header_row or 1)
        return
    row.found = found.as_dict()
    row.state = found.state
    row.edits = found.typed


def _taken_in(row: Preparation) -> Workbook:
    with file_store.local(row.id) as path:
        return take_in(path, row.source_name)


def csv_of(row: Preparation, schema: registry.Schema) -> bytes:
    """The result as it is published.

    :raises NotATable: the workbook cannot be read
    """
    return _Prepared(row, schema, _taken_in(row)).content


def marked_workbook(row: Preparation, schema: registry.Schema) -> bytes:
    """The spreadsheet as an XLSX workbook, with what was typed for its cells, and what
    is wrong in them, in its cells.

    :raises NotATable: the workbook cannot be read
    """
    workbook = _taken_in(row)
    found = _Prepared(row, schema, workbook)
    table = found.table
    headers = dict(zip(table.sheets, table.header_rows, strict=True))
    marks = marked.marks(workbook.sheets, headers, found.edits())
    return marked.write(workbook.sheets, marks, tk._("The table"))


@dataclass(frozen=True)
class Published:
    """What is published of a preparation.

    :ivar content: the file
    :ivar published_for: SIREN and INSEE codes of those for whom it is published, if not
        for the organization itself
    """

    content: bytes
    published_for: frozenset[str]


class Changed(Exception):
    """The result is not the one that was shown, because something else has changed."""


def to_publish(row: Preparation, schema: registry.Schema) -> Published:
    """The result as it is published, kept in mind for the next time.

    What was agreed to is kept in the caller's transaction.

    :raises NotATable: the workbook cannot be read
    :raises Changed: it is another result than the stored one, which people saw; what
        it is now is stored in its place, in the caller's transaction
    """
    prepared = _Prepared(row, schema, _taken_in(row))
    # What an organization is remembered to have said may be newer than the result.
    if prepared.is_unsaid or prepared.digest != row.found.get("digest"):
        row.found, row.state = prepared.as_dict(), prepared.state
        raise Changed
    result = prepared.result
    memory = model.Session.get(PreparationMemory, (row.organization_id, row.kit))
    if memory is None:
        memory = PreparationMemory(
            organization_id=row.organization_id,
            kit=row.kit,
            columns={},
            constants={},
            answers={},
            known={},
        )
        model.Session.add(memory)
    # A kit may come from two tables in turn, and what was known needs no second saying:
    # this table adds to what is kept, and takes away only what somebody emptied.
    memory.columns = {**memory.columns, **row.found.get("remembered", {})}
    memory.constants = lasting(said({**memory.constants, **row.constants}), schema)
    answers = {
        key: choice
        for key, choice in row.repairs.items()
        if key.rpartition(":")[2] in mending.LASTING
    }
    memory.answers = {**memory.answers, **answers}
    memory.known = steps.names_known(memory.known, result, schema)
    return Published(prepared.content, prepared.others.accepted)


def said(constants: Mapping[str, str]) -> dict[str, str]:
    """Without those that somebody took back: their text is empty."""
    return {field: text for field, text in constants.items() if text}


def lasting(constants: Mapping[str, str], schema: registry.Schema) -> dict[str, str]:
    """Those that are so in the table of another year, too: none that tells a time."""
    fields = vocabulary.of(schema).by_name
    return {
        name: text
        for name, text in constants.items()
        if name in fields
        and fields[name].type not in _TIMES
        and fields[name].kind != "period"
        and not _SOME_YEAR.search(text)
    }


def context_of(organization_id: str) -> steps.Context:
    """What the portal knows of an organization."""
    # CKAN's types know nothing of the extras of a group.
    group: Any = model.Session.get(model.Group, organization_id)
    if group is None:
        return steps.Context()
    siren = own_fields.read(group.extras, "siren") or None
    known = (
        model.Session.execute(
            sa.select(
                Collectivite.name, Collectivite.insee_code, Collectivite.kind
            ).where(Collectivite.siren == siren)
        ).first()
        if siren
        else None
    )
    return steps.Context(
        name=group.title or group.name,
        siret=_typed(organization_id, "siret"),
        siren=siren,
        insee=known.insee_code if known and known.kind == "commune" else None,
    )


def _typed(organization_id: str, what: str) -> str | None:
    """What somebody of an organization typed for another table of it.

    :param what: a kind of :attr:`~ckanext.challenge.domain.matching.Field.computed`
    """
    memories = model.Session.query(PreparationMemory).filter_by(
        organization_id=organization_id
    )
    for memory in memories.order_by(PreparationMemory.updated_at.desc()):
        try:
            fields = vocabulary.of(kits.schema_of(memory.kit)).by_name
        except tk.ObjectNotFound:
            continue
        for name, value in memory.constants.items():
            if name in fields and fields[name].computed == what:
                return value
    return None


class _Prepared:
    """The result of a workbook and what people chose."""

    def __init__(
        self, row: Preparation, schema: registry.Schema, workbook: Workbook
    ) -> None:
        memory = model.Session.get(PreparationMemory, (row.organization_id, row.kit))
        self._workbook = workbook
        self._schema = schema
        self._answers = memory.answers if memory else {}
        choices = {**self._answers, **row.repairs}
        self._answered = frozenset(choices)
        self._context = context_of(row.organization_id)
        self.table = steps.find_table(
            workbook,
            schema,
            row.sheets,
            row.header_row,
            [steps.Place(one["sheet"], one["row"]) for one in row.taken_back],
        )
        self.matches = steps.match_columns(
            self.table, schema, memory.columns if memory else None, row.mapping
        )
        self.typed = edits.placed(row.edits, self.table.places)
        # What was said for another table does not hide a column of this one.
        in_table = {one.field for one in self.matches if one.state == "decided"}
        remembered = {
            field: text
            for field, text in lasting(
                memory.constants if memory else {}, schema
            ).items()
            if field not in in_table
        }
        self._constants = said({**remembered, **row.constants})
        self.personal = steps.personal(self.table, self.matches, schema)
        # Who names its field wants it all the same.
        wanted = [label for label, name in row.mapping.items() if name]
        self.result = steps.result(
            self.table,
            steps.without_personal(self.matches, self.personal, wanted),
            schema,
            self._context,
            choices,
            constants=self._constants,
            edits={
                (one["row"] - 1, one["field"]): one["value"]
                for one in self.typed
                if one["row"] is not None
            },
            known=memory.known if memory else None,
        )
        self.others = others.look(self.result, schema, row.organization_id, row.repairs)
        self.repairs = (*self.result.repairs, *self.others.questions)

    @cached_property
    def content(self) -> bytes:
        """The result as a file."""
        return steps.to_csv(self.result)

    @property
    def digest(self) -> str:
        """By which one sees whether another result is published than was shown."""
        codes = ",".join(sorted(self.others.accepted))
        return hashlib.sha256(codes.encode() + b"\n" + self.content).hexdigest()

    @cached_property
    def report(self) -> Report:
        """Conformity's verdict on the result, as it will be once it is published."""
        return _checked(self.content, self._schema, self.others.publisher)

    @property
    def is_unsaid(self) -> bool:
        """Whether something is left to be said, be the result right or wrong."""
        return self._is_unmatched or bool(self._asked_fields)

    @property
    def _is_unmatched(self) -> bool:
        lacks = any(
            one.required and one.source == "missing" for one in self.result.sources
        )
        return lacks or any(one.state == "asked" for one in self.matches)

    @property
    def state(self) -> str:
        """What people have to do next."""
        if self._is_unmatched or self._wrong_for_all:
            return "to_match"
        if self._asked_fields or self.report.status != "valid":
            return "to_mend"
        return "ready"

    def as_dict(self) -> dict[str, Any]:
        """All that pages show of it, as facts."""
        table, result = self.table, self.result
        return {
            **_as_taken_in(self._workbook, table.sheets, table.header_row),
            "header_row": table.header_row,
            "header_lines": table.header_lines,
            "header_is_sure": table.sure,
            "rows": len(result.places),
            "columns": [self._column(match) for match in self.matches],
            "fields": [
                {
                    "name": one.field,
                    "title": one.title,
                    "required": one.required,
                    "source": one.source,
                    "column": one.column,
                    "value": one.value,
                    "can_be_made": one.can_be_made,
                    "error": self._wrong_for_all.get(one.field),
                }
                for one in result.sources
            ],
            "repairs": [_repair(one) for one in self.repairs],
            "answered_before": {
                one.key: self._answers[one.key]
                for one in self.repairs
                if one.key in self._answers
            },
            "left_out": [
                {
                    "sheet": one.place.sheet,
                    "row": one.place.row,
                    "why": one.why,
                    "text": one.text[:_LONGEST_VALUE],
                }
                for one in _told(table.left_out)
            ],
            "left_out_rows": len(table.left_out),
            "empty_rows": sum(one.why == "empty" for one in table.left_out),
            "report": _report(self.report),
            "problems": self._problems(),
            "period": self._period(),
            "preview": [
                dict(zip(result.names, row, strict=True))
                for row in result.rows(_PREVIEW)
            ],
            "remembered": steps.remember(self.matches),
            "digest": self.digest,
        }

    def edits(self) -> list[marked.Edit]:
        """What was typed for cells, and what is wrong in them."""
        sources = {one.field: one for one in self.result.sources}
        found = []
        for one in self.typed:
            source = sources.get(one["field"])
            if source is not None and one["row"] is not None:
                place = one["sheet"], one["sheet_row"]
                letter = self._letter(source)
                found.append(marked.Edit(*place, source.field, letter, one["value"]))
        for problem in self._problems():
            note = conformity_labels.said(problem["error"])
            place = problem["sheet"], problem["sheet_row"]
            first, *_ = problem["cells"]
            found.append(
                marked.Edit(*place, first["field"], first["letter"], note=note)
            )
        return found

    def _letter(self, source: steps.Source) -> str | None:
        """What the spreadsheet calls the column of a field; nothing if it has none."""
        return source.column and self.table.column(source.column).letter

    @cached_property
    def _asked_fields(self) -> frozenset[str]:
        """The fields about which something is asked still; empty for whole rows."""
        return frozenset(
            one.field
            for one in self.repairs
            if one.question and one.key not in self._answered
        )

    @cached_property
    def _wrong_for_all(self) -> dict[str, dict[str, Any]]:
        """What is wrong with fields that have one value for all rows, by their names.

        What is still asked of a field is not wrong yet.
        """
        values = {
            one.field: one.value
            for one in self.result.sources
            if one.source in ("constant", "computed")
        }
        found: dict[str, dict[str, Any]] = {}
        for problem in self.report.errors:
            name = problem.column or ""
            if (
                name not in self._asked_fields
                # A cell of it may have been typed by itself.
                and values.get(name) == problem.value
                and values.keys() >= {*_concerned(problem)}
            ):
                found.setdefault(name, problem.as_dict())
        return found

    def _problems(self) -> list[dict[str, Any]]:
        """What is wrong in a cell, with where that cell comes from.

        Of what is wrong in all rows alike, see :attr:`_wrong_for_all`.
        """
        if not self.report.errors:
            return []
        last = max(problem.row or 0 for problem in self.report.errors)
        lines = _lines_of_rows(self.result, last)
        sources = {
            one.field: one
            for one in self.result.sources
            if one.field not in self._wrong_for_all
        }
        found = []
        for problem in self.report.errors:
            number = lines.get(problem.row or 0)
            if number is None or problem.column not in sources:
                continue
            place = self.result.places[number]
            found.append(
                {
                    "row": self.result.numbers[number] + 1,
                    "field": problem.column,
                    "sheet": place.sheet,
                    "sheet_row": place.row,
                    "cells": [
                        self._cell(number, sources[name])
                        for name in _concerned(problem)
                        if name in sources
                    ],
                    "error": problem.as_dict(),
                }
            )
        return found

    def _cell(self, number: int, source: steps.Source) -> dict[str, Any]:
        """One cell of a row, with the column of the spreadsheet where it stands."""
        return {
            "field": source.field,
            "value": self.result.cells(source.field)[number],
            "letter": self._letter(source),
        }

    def _period(self) -> dict[str, str] | None:
        """The first and the last day, where the table has a column of days or years."""
        fields = vocabulary.of(self._schema).by_name
        for form, type_, ends in (
            (_DAY, "date", ("", "")),
            (_YEAR, "year", ("-01-01", "-12-31")),
        ):
            for name, cells in zip(self.result.names, self.result.columns, strict=True):
                if fields[name].type != type_:
                    continue
                known = set(filter(form.fullmatch, cells))
                if known:
                    return {"start": min(known) + ends[0], "end": max(known) + ends[1]}
        return None

    def _column(self, match: Match) -> dict[str, Any]:
        column = self.table.column(match.column)
        filled = (cell.strip() for cell in column.cells if cell.strip())
        personal = self.personal.get(match.column)
        return {
            "label": match.column,
            "personal": personal
            and {
                "kind": personal.kind,
                "rows": [self.table.places[row].row for row in personal.rows],
                "count": personal.count,
                "leave_out": personal.leave_out,
            },
            "letter": column.letter,
            "field": match.field,
            "confidence": round(match.confidence, 2),
            "state": match.state,
            "others": list(match.others),
            "values": [
                cell[:_LONGEST_VALUE]
                for cell, _ in zip(filled, range(_FIRST_VALUES), strict=False)
            ],
            "chosen": match.state == "decided" and match.field is not None,
        }


def _told(left_out: Iterable[LeftOut]) -> list[LeftOut]:
    """The first rows left out; empty ones take no place of others."""
    counts = {True: 0, False: 0}
    found = []
    for one in left_out:
        is_empty = one.why == "empty"
        counts[is_empty] += 1
        if counts[is_empty] <= _MOST_LEFT_OUT:
            found.append(one)
    return found


def _concerned(problem: Problem) -> list[str]:
    """The fields by any of which a problem may be mended, its own first."""
    facts = problem.expected if isinstance(problem.expected, Mapping) else {}
    others = [*facts.get("columns", ()), facts.get("column")]
    return list(dict.fromkeys(filter(None, [problem.column, *others])))


def _as_taken_in(
    workbook: Workbook, chosen: Collection[str], header_row: int
) -> dict[str, Any]:
    """What a workbook is, whatever is made of it.

    :param chosen: names of its sheets that make the table
    :param header_row: counted from 1; the rows that are shown are around it
    """
    first = next(
        (sheet for sheet in workbook.sheets if sheet.name in chosen),
        next(filter(_is_shown, workbook.sheets), workbook.sheets[0]),
    )
    start = max(0, header_row - 1 - _ABOVE_HEADER)
    return {
        "sheets": [
            {
                "name": sheet.name,
                "rows": len(sheet.rows),
                "chosen": sheet.name in chosen,
                "hidden": sheet.hidden,
                "hidden_rows": list(sheet.hidden_rows[:_MOST_HIDDEN]),
                "hidden_columns": [
                    tables.letters(number - 1)
                    for number in sheet.hidden_columns[:_MOST_HIDDEN]
                ],
            }
            for sheet in workbook.sheets
        ],
        "first_rows": [
            {
                "row": start + number,
                "cells": [cell[:_LONGEST_VALUE] for cell in cells[:_FIRST_CELLS]],
            }
            for number, cells in enumerate(first.rows[start : start + _FIRST_ROWS], 1)
        ],
        "notes": [
            {
                "code": code,
                "encoding": workbook.encoding,
                "lines": list(workbook.lines[:_MOST_HIDDEN]),
            }
            for code in workbook.notes
        ],
    }


def _is_shown(sheet: Sheet) -> bool:
    return bool(sheet.rows) and not sheet.hidden


def _lines_of_rows(result: steps.Result, last: int) -> dict[int, int]:
    """By the line of the file on which it begins, the number of a row.

    :param last: the last line that is asked for
    """
    found, line = {}, 2
    for number, cells in enumerate(result.rows()):
        if line > last:
            break
        found[line] = number
        line += 1 + sum(len(_LINE_ENDS.findall(cell)) for cell in cells)
    return found


def _repair(repair: Repair) -> dict[str, Any]:
    facts = asdict(repair)
    for example in facts["examples"]:
        example["row"] += 1
    return facts


def _checked(
    content: bytes, schema: registry.Schema, publisher: publishers.Publisher
) -> Report:
    # frictionless is loaded where a file is checked: no web process needs it.
    from ckanext.challenge.conformity import check as conformity  # noqa: PLC0415

    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(content)
        file.flush()
        # What is published without another look is looked at to its end.
        return conformity.check(
            Path(file.name), schema, publisher=publisher, most_rows=MAX_ROWS
        )


def _report(report: Report) -> Mapping[str, Any]:
    return {
        "status": report.status,
        "rows": report.rows,
        "error_count": report.error_count,
        "errors": [problem.as_dict() for problem in report.errors],
        "groups": [group.as_dict() for group in report.groups],
        "partial": report.partial,
    }
