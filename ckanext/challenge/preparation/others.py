"""Numbers of somebody else, where a table names its publisher.

An organization may publish for others, as an EPCI does for its communes. It is asked
once: the dataset then says for whom it is published, and that is known the next time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from ckanext.challenge.conformity.publishers import Publisher
from ckanext.challenge.conformity.registry import Schema
from ckanext.challenge.domain import mending, own_fields
from ckanext.challenge.domain.mending import Choice, Example, Question, Repair

from .steps import Result

KIND = "others"


@dataclass(frozen=True)
class Others:
    """Those whose numbers a table holds, beside its publisher's own.

    :ivar accepted: SIREN and INSEE codes of those for whom it may be published
    :ivar questions: of each column with numbers of others still, whether it is
        published for them
    """

    accepted: frozenset[str] = frozenset()
    questions: tuple[Repair, ...] = ()


def look(
    result: Result,
    schema: Schema,
    own: Publisher,
    known: Publisher,
    choices: Mapping[str, Choice],
) -> Others:
    """Look for numbers that are not the publisher's own.

    :param own: the organization alone
    :param known: together with those for whom it publishes already
    :param choices: what people answered, by the key of a question
    """
    accepted: set[str] = set()
    questions = []
    for column, kind in schema.publisher.items():
        rows = _rows_of_others(result, column, kind, own)
        unknown = {
            number: found
            for number, found in rows.items()
            if known.fault(_kind(kind), number)
        }
        accepted |= rows.keys() - unknown.keys()
        if not unknown:
            continue
        key = f"{column}:{KIND}"
        is_accepted = choices.get(key) is True
        if is_accepted:
            accepted |= unknown.keys()
        cells = result.columns[result.names.index(column)]
        questions.append(
            Repair(
                key,
                column,
                KIND,
                sum(map(len, unknown.values())),
                tuple(
                    Example(result.numbers[first], cells[first], None)
                    for first, *_ in [*unknown.values()][: mending.EXAMPLES]
                ),
                is_accepted,
                Question("others"),
            )
        )
    return Others(frozenset(accepted), tuple(questions))


def _rows_of_others(
    result: Result, column: str, kind: str, own: Publisher
) -> dict[str, list[int]]:
    """By SIREN or INSEE code of somebody else, the rows of a column that hold it."""
    rows: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(result.columns[result.names.index(column)]):
        rows[text].append(row)
    found: dict[str, list[int]] = defaultdict(list)
    for text, at in rows.items():
        number = own_fields.clean("insee_code" if kind == "insee" else "siren", text)
        if number and own.fault(_kind(kind), number) == "other":
            found[number] += at
    return found


def _kind(kind: str) -> str:
    """Of what kind the number is that counts of one: the SIREN of a SIRET."""
    return "insee" if kind == "insee" else "siren"
