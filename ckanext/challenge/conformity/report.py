"""What the check of one file found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ckanext.challenge.domain.verdicts import BROKE

#: How many problems a report keeps; all are counted.
STORED_ERRORS = 100
#: Of each kind of problem, so many are shown; and so many kinds.
_EXAMPLES = 5
_GROUPS = 200
_LONGEST_VALUE = 200


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong in a file, as facts from which a sentence can be made.

    :ivar type: what it is: a type of frictionless's errors (``type-error``,
        ``constraint-error``, ``missing-label``…), a rule of :mod:`.checks`, or a reason
        for which the file could not be read (see :class:`Unreadable`)
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


@dataclass
class Group:
    """Problems of one kind in one column.

    :ivar count: how many there are
    :ivar examples: the first of them
    :ivar is_advice: nothing is wrong, but something could be better
    """

    count: int = 0
    examples: list[Problem] = field(default_factory=list)
    is_advice: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As it is stored."""
        return {
            "count": self.count,
            "advice": self.is_advice,
            "examples": [problem.as_dict() for problem in self.examples],
        }


class Tally:
    """Counts problems, and keeps the first of all and of each kind.

    :ivar count: of the problems, without the advice
    :ivar first: the first of them
    """

    def __init__(self) -> None:
        self.count = 0
        self.first: list[Problem] = []
        self._groups: dict[tuple[str | None, ...], Group] = {}

    def add(self, problem: Problem) -> None:
        """Count one problem."""
        self.count += 1
        if len(self.first) < STORED_ERRORS:
            self.first.append(problem)
        self._put(problem)

    def advise(self, problem: Problem) -> None:
        """Keep something that could be better, without counting it as wrong."""
        self._put(problem).is_advice = True

    def _put(self, problem: Problem) -> Group:
        group = self._groups.setdefault(_kind(problem), Group())
        group.count += 1
        if len(group.examples) < _EXAMPLES:
            group.examples.append(problem)
        return group

    @property
    def groups(self) -> tuple[Group, ...]:
        """The problems by kind, in the order in which they were met; then advice."""
        found = sorted(self._groups.values(), key=lambda group: group.is_advice)
        return tuple(found[:_GROUPS])


def _kind(problem: Problem) -> tuple[str | None, ...]:
    """What problems have in common that are told together."""
    expected = problem.expected if isinstance(problem.expected, Mapping) else {}
    return (
        problem.type,
        problem.column,
        problem.constraint,
        # A rule may be broken in several ways, each with a remedy of its own.
        str(expected.get("reason", "")),
    )


@dataclass(frozen=True)
class Report:
    """The verdict on one file.

    :ivar status: ``valid``, ``invalid`` (it does not follow the schema) or ``error``
        (it could not be read: the only problem says why)
    :ivar rows: how many rows were read, without the header
    :ivar errors: the first problems
    :ivar error_count: how many there are; at least, where ``partial``
    :ivar groups: the problems by kind, and advice
    :ivar partial: a limit of rows or errors was reached before the end
    :ivar encoding: in which the file was read
    :ivar separator: between its columns
    """

    status: Literal["valid", "invalid", "error"]
    rows: int | None = None
    errors: tuple[Problem, ...] = ()
    error_count: int = 0
    groups: tuple[Group, ...] = ()
    partial: bool = False
    encoding: str | None = None
    separator: str | None = None

    @property
    def is_own_fault(self) -> bool:
        """Whether the check broke, which says nothing of the file."""
        return bool(self.errors) and self.errors[0].type == BROKE

    @classmethod
    def of(cls, reason: Unreadable, **more: Any) -> Report:
        """The report on a file that could not be read."""
        return cls("error", errors=(reason.problem,), error_count=1, **more)


class Unreadable(Exception):
    """A file of which no table can be read.

    :ivar problem: why: its type is ``empty``, ``html``, ``html-table``, ``json``,
        ``xml``, ``pdf``, ``spreadsheet``, ``text-document``, ``picture``, ``archive``,
        ``binary``, ``encoding``, ``line-too-long``, ``too-many-columns``,
        ``too-large`` or ``csv``; ``missing`` where there is no such file; of a link one
        of those that :func:`.links.fetch` names; ``failed`` where the check itself
        broke
    """

    def __init__(self, type_: str, row: int | None = None, **facts: Any) -> None:
        super().__init__(type_)
        self.problem = Problem(type_, row=row, **facts)
