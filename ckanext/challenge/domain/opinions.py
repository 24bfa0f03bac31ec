"""What many answers to a form say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .questions import CHOOSING, Question

#: The types of question that are answered in one's own words.
_IN_WORDS = frozenset({"text", "paragraph", "url"})


class Tally(NamedTuple):
    """What the answers to one question say together.

    :ivar answers: how many answered it
    :ivar counts: how often each answer was given: by the value of a choice, in the
        order of the question, or ``true`` and ``false``; nothing for other types
    :ivar mean: of numbers, where there are any
    """

    question: Question
    answers: int
    counts: dict[str, int]
    mean: float | None


def tally(
    questions: Iterable[Question], sent: Sequence[Mapping[str, Any]]
) -> list[Tally]:
    """Count the answers to each question.

    An answer that its question offers no more, since it was changed, is counted with
    the answers and under no choice.

    :param sent: the answers of each sender, by the key of the question
    """
    return [_tally(question, sent) for question in questions]


def without_words(
    questions: Iterable[Question], answers: Mapping[str, Any]
) -> dict[str, Any]:
    """What may be kept of the answers of a sender when persons are forgotten.

    Numbers, dates and choices: what was written in one's own words may name anybody,
    and so may the answer to a question that is no longer known.
    """
    kept = {question.key for question in questions if question.type not in _IN_WORDS}
    return {key: answer for key, answer in answers.items() if key in kept}


def _tally(question: Question, sent: Sequence[Mapping[str, Any]]) -> Tally:
    given = [
        answers[question.key]
        for answers in sent
        if answers.get(question.key) not in (None, "", [])
    ]
    counts: dict[str, int] = {}
    if question.type in CHOOSING:
        counts = {
            choice.value: sum(
                choice.value in (answer if isinstance(answer, list) else [answer])
                for answer in given
            )
            for choice in question.choices
        }
    elif question.type == "yes_no":
        counts = {
            "true": sum(answer is True for answer in given),
            "false": sum(answer is False for answer in given),
        }
    numbers = (
        [answer for answer in given if isinstance(answer, int | float)]
        if question.type == "number"
        else []
    )
    mean = sum(numbers) / len(numbers) if numbers else None
    return Tally(question, len(given), counts, mean)
