"""Answers to the questions of a season, in an application or its final form."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import fields
from ckanext.challenge.domain import questions

#: How a form names the answer to a question.
FIELD = "answers-"


def field_of(key: str) -> str:
    """How a form names the answer to the question of this key."""
    return f"{FIELD}{key}"


def given(data_dict: Mapping[str, Any]) -> dict[str, Any] | None:
    """The answers as an object, or as fields named ``answers-<key>``.

    :returns: by the key of the question; ``None`` when no answers were sent
    :raises ValidationError: on ``answers`` when that is no object
    """
    flat = {
        name.removeprefix(FIELD): value
        for name, value in data_dict.items()
        if name.startswith(FIELD)
    }
    whole = data_dict.get("answers")
    if whole is not None and not isinstance(whole, Mapping):
        raise tk.ValidationError(
            {"answers": [tk._("This must be an object with an answer by question")]}
        )
    return None if whole is None and not flat else {**(whole or {}), **flat}


def with_filters(
    data_dict: Mapping[str, Any],
    validate: Callable[[Mapping[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """What a list was asked for, with the answers by which it is filtered as given.

    :param validate: checks the rest
    """
    wanted = given(data_dict)
    plain = {
        name: value
        for name, value in data_dict.items()
        if name != "answers" and not name.startswith(FIELD)
    }
    return {**validate(plain), **({"answers": wanted} if wanted else {})}


def chosen(
    asked: Iterable[questions.Question], data_dict: Mapping[str, Any]
) -> dict[str, Any]:
    """The answers by which applications are chosen, as they are stored.

    :raises ValidationError: on ``answers-<key>`` for a question that has too many
        answers to choose by, or an answer that it does not have
    """
    wanted = {
        key: value
        for key, value in (given(data_dict) or {}).items()
        if not questions.is_empty(value)
    }
    by_key = {question.key: question for question in asked}
    found: dict[str, Any] = {}
    wrong: dict[str, Any] = {}
    for key, value in wanted.items():
        question = by_key.get(key)
        if question is None or question.type not in questions.COUNTED:
            text = tk._("No applications can be chosen by this answer")
            wrong[field_of(key[:60])] = [text]
            continue
        try:
            answer = questions.check_answer(question, value, complete=False)
        except questions.AnswerError as error:
            wrong[field_of(key)] = [_sentence(error)]
        else:
            found[key] = answer
    if wrong:
        raise tk.ValidationError(wrong)
    return found


def check(
    asked: Iterable[questions.Question], raw: Mapping[str, Any], complete: bool
) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The answers as they are stored, and what is wrong with them by field.

    :param complete: whether they are handed in
    """
    answers, wrong = questions.check_answers(asked, raw, complete)
    return dict(answers), {
        field_of(key): [_sentence(error)] for key, error in wrong.items()
    }


def _sentence(error: questions.AnswerError) -> str:
    texts = {
        "missing": tk._("Missing value"),
        "not_a_text": tk._("This must be a text"),
        "not_a_number": tk._("This must be a number"),
        "not_a_date": tk._(
            "This is not a date; write it as in 2022-09-30 (year, month, day)"
        ),
        "not_an_address": tk._("This is not an address that starts with https://"),
        "not_yes_or_no": tk._("Answer yes or no"),
        "not_a_choice": tk._("“{found}” is not one of the choices"),
        "year": tk._("The year must be between {first} and {last}"),
        "too_long": tk._("This has {length} characters; the limit is {limit}"),
        "unknown": tk._("This season does not ask this"),
    }
    if error.code in texts:
        return texts[error.code].format(**error.params)
    return fields.problem_text(error.code, **error.params)
