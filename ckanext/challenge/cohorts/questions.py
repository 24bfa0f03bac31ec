"""A season's own questions, as they are saved with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import fields
from ckanext.challenge.domain import definitions, questions
from ckanext.challenge.model import Application, Cohort


def answer_counts(cohort_id: str) -> dict[str, int]:
    """How many applications answer each question, by its key."""
    keys = sa.func.jsonb_object_keys(Application.answers).label("key")
    asked = sa.select(keys).where(Application.cohort_id == cohort_id).subquery()
    numbers = sa.select(asked.c.key, sa.func.count()).group_by(asked.c.key)
    return {row[0]: row[1] for row in model.Session.execute(numbers)}


def check(
    raw: Any, cohort: Cohort | None, drop_answered: bool = False
) -> tuple[list[dict[str, Any]], list[Any]]:
    """The questions as they are stored, and what is wrong with them.

    :param raw: a list of questions, see :mod:`ckanext.challenge.domain.questions`
    :param cohort: whose questions they replace
    :param drop_answered: whether a question that has answers may be taken away
    :returns: the questions; and the errors as CKAN gives those of a repeated group,
        an object by field for each question, then sentences on the whole
    """
    try:
        found = questions.check_definitions([] if raw in (None, "") else raw)
    except definitions.DefinitionErrors as error:
        return [], told(error.problems, raw)
    if cohort is not None and cohort.questions:
        problems = questions.check_type_changes(
            questions.read(cohort.questions), found, answer_counts(cohort.id)
        )
        wrong = [
            problem
            for problem in problems
            if not (drop_answered and problem.code == "removed_answered")
        ]
        if wrong:
            return [], told(wrong, found)
    return [question.as_dict() for question in found], []


def told(problems: Iterable[Any], raw: Any) -> list[Any]:
    """What is wrong with a list of definitions, as CKAN says it of a repeated group.

    :param problems: of :class:`.definitions.Problem`
    :param raw: the list that was given, or whatever was given in its place
    :returns: an object by field for each definition, then sentences on the whole;
        nothing where nothing is wrong with any
    """
    count = len(raw) if isinstance(raw, list) else 0
    rows: list[dict[str, list[str]]] = [{} for _ in range(count)]
    on_the_whole: list[str] = []
    for problem in problems:
        if not problem.path:
            on_the_whole.append(_sentence(problem))
            continue
        index, *rest = problem.path
        text = _sentence(problem)
        if rest[:1] == ["choices"] and len(rest) > 1:
            text = tk._("Line {number}: {problem}").format(
                number=rest[1] + 1, problem=text
            )
            del rest[1:]
        # Errors of a question as a whole are told at its label.
        field = "_".join(str(part) for part in rest) or "label_fr"
        rows[index].setdefault("label_fr" if field == "label" else field, []).append(
            text
        )
    return [*rows, *on_the_whole] if any(rows) else list(on_the_whole)


def _sentence(problem: definitions.Problem) -> str:
    count = problem.params.get("count", 0)
    texts = {
        "missing": tk._("Missing value"),
        "too_long": tk._("This has {length} characters; the limit is {limit}"),
        "too_many": tk._("There are too many; the limit is {limit}"),
        "too_few": tk._("Write at least two choices, one per line"),
        "unknown": tk._("“{found}” is not one of: {allowed}"),
        "key": tk._("“{found}”: small letters without accents, digits and _ only"),
        "twice": tk._("“{found}” stands here twice"),
        "when_question": tk._(
            "“{found}” is no question before this one that is answered by yes or no, "
            "or out of a list"
        ),
        "when_value": tk._("“{found}” is no answer to that question"),
        "not_between": tk._("Write a whole number between {first} and {last}"),
        "not_a_list": tk._("This must be a list"),
        "not_an_object": tk._("This must be an object"),
        "not_a_text": tk._("This must be a text"),
        "type_answered": tk.ungettext(
            "{count} application answers this question: its kind has to stay. Ask "
            "another question instead.",
            "{count} applications answer this question: its kind has to stay. Ask "
            "another question instead.",
            count,
        ),
        "removed_answered": tk.ungettext(
            "{count} application answers “{found}”. Without the question nobody reads "
            "that answer any more.",
            "{count} applications answer “{found}”. Without the question nobody reads "
            "those answers any more.",
            count,
        ),
        "removed_scored": tk.ungettext(
            "{count} reader has given a score for “{found}”. Without the criterion it "
            "counts no more.",
            "{count} readers have given a score for “{found}”. Without the criterion "
            "these count no more.",
            count,
        ),
    }
    if problem.code in texts:
        return texts[problem.code].format(**problem.params)
    params: Any = problem.params
    return fields.problem_text(problem.code, **params)
