"""Numbers of somebody else, where a table names its publisher.

An organization may publish for others, as an EPCI does for its communes. It is asked
once: the dataset then says for whom it is published, and that is known the next time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ckanext.challenge.conformity import publishers
from ckanext.challenge.conformity.registry import Schema
from ckanext.challenge.domain import mending, own_fields
from ckanext.challenge.domain.mending import Choice, Example, Question, Repair

from .steps import Result

KIND = "others"


@dataclass(frozen=True)
class Others:
    """Those whose numbers a table holds, beside its publisher's own.

    :ivar publisher: whose numbers the file may hold, those accepted included
    :ivar accepted: SIREN and INSEE codes of those for whom it may be published
    :ivar questions: of each column with numbers of others still, whether it is
        published for them
    """

    publisher: publishers.Publisher
    accepted: frozenset[str] = frozenset()
    questions: tuple[Repair, ...] = ()


def look(
    result: Result,
    schema: Schema,
    organization_id: str,
    choices: Mapping[str, Choice],
) -> Others:
    """Look for numbers that are not the publisher's own.

    :param choices: what people answered, by the key of a question
    """
    own = publishers.of_organization(organization_id)
    rows = {
        column: _rows_of_others(result, column, kind, own)
        for column, kind in schema.publisher.items()
    }
    if not any(rows.values()):
        return Others(own)
    known = publishers.of_organization(
        organization_id, publishers.published_for(organization_id)
    )
    accepted: set[str] = set()
    questions = []
    for column, by_number in rows.items():
        unknown = {
            number: found
            for number, found in by_number.items()
            if known.fault(schema.publisher[column], number)
        }
        accepted |= by_number.keys() - unknown.keys()
        if not unknown:
            continue
        question = _question(result, column, unknown, choices)
        if question.applied:
            accepted |= unknown.keys()
        questions.append(question)
    if accepted:
        own = publishers.of_organization(organization_id, accepted)
    return Others(own, frozenset(accepted), tuple(questions))


def _rows_of_others(
    result: Result, column: str, kind: str, own: publishers.Publisher
) -> dict[str, list[int]]:
    """By SIREN or INSEE code of somebody else, the rows of a column that hold it."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(result.cells(column)):
        rows[text].append(row)
    name = "insee_code" if kind == "insee" else "siren"
    found: dict[str, list[int]] = defaultdict(list)
    for text, at in rows.items():
        number = own_fields.clean(name, text)
        if number and own.fault(kind, number) == "other":
            found[number] += at
    return found


def _question(
    result: Result,
    column: str,
    rows: Mapping[str, list[int]],
    choices: Mapping[str, Choice],
) -> Repair:
    """Whether a column's data are published for those whose numbers it holds."""
    key = f"{column}:{KIND}"
    cells = result.cells(column)
    examples = tuple(
        Example(result.numbers[first], cells[first], None)
        for first, *_ in [*rows.values()][: mending.EXAMPLES]
    )
    number = sum(map(len, rows.values()))
    applied = choices.get(key) is True
    return Repair(key, column, KIND, number, examples, applied, Question(KIND))
