"""What the check of one file found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["STORED_ERRORS", "Problem", "Report", "Unreadable"]

#: How many problems a report keeps; all are counted.
STORED_ERRORS = 100
_LONGEST_VALUE = 200


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file, as facts from which a sentence can be made.

    :ivar type: what it is: a type of frictionless's errors (``type-error``,
        ``constraint-error``, ``missing-label``…) or a reason for which the file
        could not be read (see :class:`Unreadable`)
    :ivar row: line of the file, counted from 1
    :ivar column: name of the column, as the schema writes it where it knows it
    :ivar column_number: its position in the file, counted from 1
    :ivar value: what the cell holds
    :ivar constraint: which of the schema's constraints does not hold
    :ivar expected: what the schema asks for instead (a type, a format, a pattern, a
        list of values)
    :ivar message: frictionless's own sentence, in English
    """

    type: str
    row: int | None = None
    column: str | None = None
    column_number: int | None = None
    value: str | None = None
    constraint: str | None = None
    expected: Any = None
    message: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The facts that there are; long values are cut."""
        facts = {key: fact for key, fact in asdict(self).items() if fact is not None}
        for key in ("value", "message"):
            if len(facts.get(key, "")) > _LONGEST_VALUE:
                facts[key] = facts[key][:_LONGEST_VALUE] + "…"
        return facts


@dataclass(frozen=True)
class Report:
    """The verdict on one file.

    :ivar status: ``valid``, ``invalid`` (it does not follow the schema) or ``error``
        (it could not be read: the only problem says why)
    :ivar rows: how many rows were read, without the header
    :ivar errors: the first problems
    :ivar error_count: how many there are; at least, where ``partial``
    :ivar partial: a limit of rows or errors was reached before the end
    :ivar encoding: in which the file was read
    :ivar separator: between its columns
    """

    status: Literal["valid", "invalid", "error"]
    rows: int | None = None
    errors: tuple[Problem, ...] = ()
    error_count: int = 0
    partial: bool = False
    encoding: str | None = None
    separator: str | None = None


class Unreadable(Exception):
    """A file of which no table can be read.

    :ivar problem: why: its type is ``empty``, ``html``, ``json``, ``xml``, ``pdf``,
        ``spreadsheet``, ``archive``, ``binary``, ``encoding``, ``line-too-long``,
        ``too-many-columns``, ``too-large`` or ``csv``
    """

    def __init__(self, type_: str, row: int | None = None, **facts: Any) -> None:
        super().__init__(type_)
        self.problem = Problem(type_, row=row, **facts)
