"""A season's own questions to those who apply: what may be asked, what is an answer.

The questions of a season are a list that is stored with it, as JSON:
``{key, label: {fr, en}, help: {fr, en}, type, choices: [{value, label: {fr, en}}],
required, when: {question, is}}``; the last makes it one that is asked only of those who
gave one of some answers to a question before it. Answers are stored by the key of their
question, in one form per type: a text, a number, ``true`` or ``false``,
``"2022-09-30"``, the value of a choice or a list of them; of a file its name.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from .definitions import (
    LONGEST_HELP,
    LONGEST_LABEL,
    DefinitionErrors,
    Problem,
    check_names,
    free,
    given_keys,
    new_key,
    order,
    read_words,
    slug,
    stored_text,
    tidy,
    wrong_in,
)
from .text import Text

#: What can be asked for, in the order in which an editor offers it.
TYPES: tuple[str, ...] = (
    "text",
    "paragraph",
    "number",
    "yes_no",
    "choice",
    "choices",
    "date",
    "url",
    "file",
)

#: The types whose answers are taken from a list.
CHOOSING = frozenset({"choice", "choices"})

MAX_QUESTIONS = 30
MAX_CHOICES = 50
LONGEST_TEXT = 300
LONGEST_PARAGRAPH = 5000
LONGEST_ADDRESS = 2000

_YEARS = range(1900, 2101)
_VALUE = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_ADDRESS = re.compile(r"https?://[^\s/?#]+\.[^\s]+")
_YES = (True, "true", "True", "on", "1", "yes")
_NO = (False, "false", "False", "off", "0", "no")

#: What is stored of an answer.
Answer = str | int | float | bool | list[str]


@dataclass(frozen=True)
class Choice:
    """One of the answers that a question offers.

    :ivar value: what is stored
    :ivar label: what people read
    """

    value: str
    label: Text


@dataclass(frozen=True)
class When:
    """The answers to a question before that make another one be asked.

    :ivar question: the key of the question before
    :ivar values: any of these answers; of several choices any one is enough
    """

    question: str
    values: tuple[str | bool, ...]

    def holds(self, answers: Mapping[str, Any]) -> bool:
        """Whether one of these answers was given."""
        given = answers.get(self.question)
        said = given if isinstance(given, list) else [given]
        return any(value in said for value in self.values)


@dataclass(frozen=True)
class Question:
    """A question of a season.

    :ivar key: the name under which its answers are stored; it stays
    :ivar type: one of :data:`TYPES`
    :ivar choices: what can be chosen, for the types in :data:`CHOOSING`
    :ivar required: whether an application can be handed in without an answer
    :ivar when: of whom it is asked, if not of all
    """

    key: str
    label: Text
    help: Text
    type: str
    choices: tuple[Choice, ...] = ()
    required: bool = False
    when: When | None = None

    def as_dict(self) -> dict[str, Any]:
        """The question as it is stored; a text left empty in a language stays so."""
        return {
            "key": self.key,
            "label": self.label.as_dict(),
            "help": self.help.as_dict(),
            "type": self.type,
            "choices": [
                {"value": choice.value, "label": choice.label.as_dict()}
                for choice in self.choices
            ],
            "required": self.required,
            **(
                {"when": {"question": self.when.question, "is": [*self.when.values]}}
                if self.when
                else {}
            ),
        }

    def label_of(self, value: str, lang: str | None) -> str:
        """What people read for a choice; the value itself where it was taken away."""
        for choice in self.choices:
            if choice.value == value:
                return choice.label.in_(lang)
        return value


class AnswerError(ValueError):
    """An answer that is none.

    :ivar code: ``missing``, ``not_a_text``, ``not_a_number``, ``not_a_date``,
        ``not_an_address``, ``not_yes_or_no``, ``not_a_choice`` (``found``),
        ``year`` (``first``, ``last``), ``too_long`` (``length``, ``limit``),
        ``unknown`` (no such question), or a kind of :class:`.plaintext.Problem`
        (``position``, ``found``)
    :ivar params: what its sentence needs
    """

    def __init__(self, code: str, **params: Any) -> None:
        self.code = code
        self.params = params
        super().__init__(code)


# Questions.


def read(stored: Iterable[Mapping[str, Any]]) -> list[Question]:
    """The questions of a season from what was stored of them, which is right."""
    return [
        Question(
            key=question["key"],
            label=stored_text(question["label"]),
            help=stored_text(question.get("help") or {}),
            type=question.get("type") or "text",
            choices=tuple(
                Choice(choice["value"], stored_text(choice["label"]))
                for choice in question.get("choices") or ()
            ),
            required=bool(question.get("required")),
            when=When(question["when"]["question"], tuple(question["when"]["is"]))
            if question.get("when")
            else None,
        )
        for question in stored
    ]


def check_definitions(raw: object) -> list[Question]:
    """Make questions of what somebody wrote.

    A key that is missing is made of the label, and the value of a choice of its own;
    a text may be given for both languages at once, or for one of them only.

    :param raw: a list of questions as this module's documentation shows them
    :returns: the questions, each with a key of its own
    :raises DefinitionErrors: with everything that is wrong
    """
    if not isinstance(raw, list):
        raise DefinitionErrors([Problem((), "not_a_list")])
    problems: list[Problem] = []
    if len(raw) > MAX_QUESTIONS:
        problems.append(Problem((), "too_many", {"limit": MAX_QUESTIONS}))
    taken = given_keys(raw, problems)
    questions = [
        question
        for index, item in enumerate(raw)
        if (question := _definition(item, index, taken, problems)) is not None
    ]
    if not problems:
        # What a condition names is known only once all is read.
        questions = _with_conditions(questions, raw, problems)
    if problems:
        raise DefinitionErrors(sorted(problems, key=order))
    return questions


def answers_of(question: Question) -> tuple[str | bool, ...]:
    """What can be answered, for questions that a condition may name; else nothing."""
    if question.type == "yes_no":
        return (True, False)
    return tuple(choice.value for choice in question.choices)


def _with_conditions(
    questions: list[Question], raw: list[Any], problems: list[Problem]
) -> list[Question]:
    """The questions with of whom they are asked; what is wrong is added."""
    found: list[Question] = []
    before: dict[str, Question] = {}
    for index, (question, item) in enumerate(zip(questions, raw, strict=True)):
        when = None
        if item.get("when") not in (None, "", {}):
            when = _condition(item["when"], before, (index, "when"), problems)
        before[question.key] = question
        found.append(replace(question, when=when))
    return found


def _condition(
    raw: object,
    before: Mapping[str, Question],
    path: tuple[str | int, ...],
    problems: list[Problem],
) -> When | None:
    """Of whom a question is asked; what is wrong is added to the problems."""
    if not isinstance(raw, Mapping):
        problems.append(Problem(path, "not_an_object"))
        return None
    key, given = raw.get("question"), raw.get("is")
    asked = before.get(key) if isinstance(key, str) else None
    if asked is None or not answers_of(asked):
        problems.append(Problem(path, "when_question", {"found": str(key)[:40]}))
        return None
    values: list[str | bool] = []
    for one in given if isinstance(given, list) else [given]:
        try:
            value = _READERS["yes_no" if asked.type == "yes_no" else "choice"](
                asked, one
            )
        except AnswerError:
            problems.append(Problem(path, "when_value", {"found": str(one)[:40]}))
            return None
        assert isinstance(value, str | bool)
        if value not in values:
            values.append(value)
    if not values:
        problems.append(Problem(path, "when_value", {"found": ""}))
        return None
    return When(asked.key, tuple(values))


#: Types whose answers are few enough to choose applications by, and to be counted.
COUNTED = frozenset({"yes_no", *CHOOSING})


def asked_of(
    questions: Iterable[Question], answers: Mapping[str, Any]
) -> list[Question]:
    """The questions that are asked of somebody who gave these answers.

    What hangs on a question that is not asked is not asked either.
    """
    asked: list[Question] = []
    said: dict[str, Any] = {}
    for question in questions:
        if question.when is None or question.when.holds(said):
            asked.append(question)
            said[question.key] = answers.get(question.key)
    return asked


def conditions(questions: Iterable[Question]) -> dict[str, list[When]]:
    """For each question that is not asked of all what must hold, those on which it
    hangs by way of others too.
    """
    found: dict[str, list[When]] = {}
    for question in questions:
        if question.when is not None:
            found[question.key] = [
                *found.get(question.when.question, []),
                question.when,
            ]
    return found


def _definition(
    item: object, index: int, taken: set[str], problems: list[Problem]
) -> Question | None:
    """One question; what is wrong is added to the problems."""
    if not isinstance(item, Mapping):
        problems.append(Problem((index,), "not_an_object"))
        return None
    known = ("key", "label", "help", "type", "choices", "required", "when")
    check_names(item, known, (index,), problems)
    so_far = len(problems)
    label = read_words(item.get("label"), (index, "label"), LONGEST_LABEL, problems)
    if not (label.fr or label.en) and len(problems) == so_far:
        problems.append(Problem((index, "label", "fr"), "missing"))
    help_ = read_words(
        item.get("help"), (index, "help"), LONGEST_HELP, problems, multiline=True
    )
    type_ = item.get("type") or "text"
    if type_ not in TYPES:
        params = {"found": str(type_)[:40], "allowed": ", ".join(TYPES)}
        problems.append(Problem((index, "type"), "unknown", params))
    choices: tuple[Choice, ...] = ()
    if type_ in CHOOSING:
        choices = _choices(item.get("choices"), (index, "choices"), problems)
    required = item.get("required", False)
    if required not in (True, False):
        params = {"found": str(required)[:40], "allowed": "true, false"}
        problems.append(Problem((index, "required"), "unknown", params))
    key = item.get("key") or new_key(label.fr or label.en, taken, "question")
    taken.add(str(key))
    return Question(str(key), label, help_, str(type_), choices, bool(required))


def _choices(
    raw: object, path: tuple[str | int, ...], problems: list[Problem]
) -> tuple[Choice, ...]:
    """What can be chosen; what is wrong is added to the problems."""
    if raw is None:
        raw = []
    if not isinstance(raw, list):
        problems.append(Problem(path, "not_a_list"))
        return ()
    if len(raw) < 2:
        problems.append(Problem(path, "too_few"))
    if len(raw) > MAX_CHOICES:
        problems.append(Problem(path, "too_many", {"limit": MAX_CHOICES}))
    taken = _given_values(raw, path, problems)
    choices: list[Choice] = []
    worded: set[str] = set()
    for index, item in enumerate(raw):
        at = (*path, index)
        choice = {"label": item} if isinstance(item, str) else item
        if not isinstance(choice, Mapping):
            problems.append(Problem(at, "not_an_object"))
            continue
        label = read_words(choice.get("label"), at, LONGEST_LABEL, problems)
        words = label.fr or label.en
        if not words:
            problems.append(Problem(at, "missing"))
        elif words.casefold() in worded:
            problems.append(Problem(at, "twice", {"found": words}))
        worded.add(words.casefold())
        value = str(choice.get("value") or _new_value(words, taken))
        taken.add(value)
        choices.append(Choice(value, label))
    return tuple(choices)


def _given_values(
    raw: list[Any], path: tuple[str | int, ...], problems: list[Problem]
) -> set[str]:
    """The values that choices come with; those made for others are to differ."""
    taken: set[str] = set()
    for index, item in enumerate(raw):
        value = item.get("value") if isinstance(item, Mapping) else None
        if not value:
            continue
        if not isinstance(value, str) or not _VALUE.fullmatch(value):
            params = {"found": str(value)[:40]}
            problems.append(Problem((*path, index), "key", params))
        elif value in taken:
            problems.append(Problem((*path, index), "twice", {"found": value}))
        else:
            taken.add(value)
    return taken


def _new_value(label: str, taken: Collection[str]) -> str:
    return free(slug(label, "-", 50) or "choice", "-", taken)


def choices_of_lines(
    fr: str, en: str, before: Sequence[Choice] = ()
) -> list[dict[str, Any]]:
    """Make choices of two texts with one choice in each line.

    A choice keeps its value, and so its answers, when its wording in French (or in
    English, where there is none in French) is one that was there. A line in the place
    of one that has gone is that one reworded, as long as no line came or went.

    :param fr: the choices in French, one per line
    :param en: the same in English, in the same order; may be empty or shorter
    :param before: the choices as they were
    :returns: ``{value, label: {fr, en}}`` each, for :func:`check_definitions`
    """
    lines_fr, lines_en = _lines(fr), _lines(en)
    count = max(len(lines_fr), len(lines_en))
    pairs = [
        (
            lines_fr[index] if index < len(lines_fr) else "",
            lines_en[index] if index < len(lines_en) else "",
        )
        for index in range(count)
    ]
    known = {choice.label.fr or choice.label.en: choice.value for choice in before}
    values = [known.get(pair[0] or pair[1]) for pair in pairs]
    if count == len(before):
        kept = {value for value in values if value}
        values = [
            value or (old.value if old.value not in kept else None)
            for value, old in zip(values, before, strict=True)
        ]
    return [
        {
            **({"value": value} if value else {}),
            "label": {"fr": pair[0], "en": pair[1]},
        }
        for value, pair in zip(values, pairs, strict=True)
    ]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def check_type_changes(
    before: Iterable[Question],
    after: Sequence[Question],
    answered: Mapping[str, int],
) -> list[Problem]:
    """Say which changes would leave answers behind that fit no question.

    A question that has answers keeps its key and its type, and cannot be taken away.

    :param answered: how many applications answer the question with a key
    :returns: problems with the codes ``type_answered`` and ``removed_answered``
    """
    problems: list[Problem] = []
    places = {question.key: index for index, question in enumerate(after)}
    for old in before:
        count = answered.get(old.key, 0)
        if not count:
            continue
        place = places.get(old.key)
        if place is None:
            params = {"found": old.label.fr or old.label.en, "count": count}
            problems.append(Problem((), "removed_answered", params))
        elif after[place].type != old.type:
            problems.append(Problem((place, "type"), "type_answered", {"count": count}))
    return problems


# Answers.


def is_empty(raw: object) -> bool:
    """Say whether nothing was answered."""
    if isinstance(raw, str):
        return not raw.strip()
    if isinstance(raw, list | tuple):
        return all(is_empty(part) for part in raw)
    return raw is None


def check_answer(question: Question, raw: object, complete: bool) -> Answer | None:
    """Make an answer of what somebody gave, in the form in which it is stored.

    :param raw: a value of JSON, or the text of a form (of several, for ``choices``)
    :param complete: whether the application is handed in: only then a required
        answer may not be missing
    :returns: the answer, ``None`` where there is none
    :raises AnswerError: when that is no answer to this question
    """
    if is_empty(raw):
        if complete and question.required:
            raise AnswerError("missing")
        return None
    return _READERS[question.type](question, raw)


def check_answers(
    questions: Iterable[Question], raw: Mapping[str, object], complete: bool
) -> tuple[dict[str, Answer], dict[str, AnswerError]]:
    """Check all answers at once.

    :param raw: by the key of the question
    :param complete: as for :func:`check_answer`
    :returns: the answers there are, and what is wrong, both by key; an answer to a
        question that is not asked is wrong (``unknown``)

    What the season asks, but not of those who answer like this (see :func:`asked_of`),
    is neither missing nor kept.
    """
    answers: dict[str, Answer] = {}
    errors: dict[str, AnswerError] = {}
    asked: set[str] = set()
    for question in questions:
        asked.add(question.key)
        if question.when is not None and not question.when.holds(answers):
            continue
        try:
            answer = check_answer(question, raw.get(question.key), complete)
        except AnswerError as error:
            errors[question.key] = error
        else:
            if answer is not None:
                answers[question.key] = answer
    for key, value in raw.items():
        if key not in asked and not is_empty(value):
            errors[key] = AnswerError("unknown")
    return answers, errors


def _typed(raw: object) -> str:
    if not isinstance(raw, str):
        raise AnswerError("not_a_text")
    return tidy(raw)


def _plain(raw: object, limit: int, multiline: bool) -> str:
    text = _typed(raw)
    wrong = wrong_in(text, limit, multiline)
    if wrong:
        raise AnswerError(wrong[0], **wrong[1])
    return text


def _a_text(question: Question, raw: object) -> Answer:
    return _plain(raw, LONGEST_TEXT, multiline=False)


def _a_paragraph(question: Question, raw: object) -> Answer:
    return _plain(raw, LONGEST_PARAGRAPH, multiline=True)


def _a_number(question: Question, raw: object) -> Answer:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str | Decimal):
        raise AnswerError("not_a_number")
    text = re.sub(r"\s", "", str(raw)).replace(",", ".")
    # Decimal would also read "NaN", "1e9" and digits of other scripts.
    if not _NUMBER.fullmatch(text):
        raise AnswerError("not_a_number")
    number = Decimal(text)
    return int(number) if number == number.to_integral_value() else float(number)


def _yes_or_no(question: Question, raw: object) -> Answer:
    if isinstance(raw, bool | str):
        if raw in _YES:
            return True
        if raw in _NO:
            return False
    raise AnswerError("not_yes_or_no")


def _one(question: Question, raw: object) -> str:
    if raw not in [choice.value for choice in question.choices]:
        raise AnswerError("not_a_choice", found=str(raw)[:40])
    return str(raw)


def _a_choice(question: Question, raw: object) -> Answer:
    return _one(question, raw)


def _some_choices(question: Question, raw: object) -> Answer:
    given = raw if isinstance(raw, list | tuple) else [raw]
    return list(
        dict.fromkeys(_one(question, part) for part in given if not is_empty(part))
    )


def _a_date(question: Question, raw: object) -> Answer:
    if isinstance(raw, dt.date) and not isinstance(raw, dt.datetime):
        raw = raw.isoformat()
    text = raw.strip() if isinstance(raw, str) else ""
    # fromisoformat alone would also read 20220930 and 2022-W39-5.
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise AnswerError("not_a_date")
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        raise AnswerError("not_a_date") from None
    if day.year not in _YEARS:
        raise AnswerError("year", first=_YEARS[0], last=_YEARS[-1])
    return text


def _an_address(question: Question, raw: object) -> Answer:
    text = _plain(raw, LONGEST_ADDRESS, multiline=False)
    if not _ADDRESS.fullmatch(text):
        raise AnswerError("not_an_address")
    return text


def _a_file(question: Question, raw: object) -> Answer:
    # The name of a file that is stored: no applicant writes it.
    return _typed(raw)


_READERS = {
    "text": _a_text,
    "paragraph": _a_paragraph,
    "number": _a_number,
    "yes_no": _yes_or_no,
    "choice": _a_choice,
    "choices": _some_choices,
    "date": _a_date,
    "url": _an_address,
    "file": _a_file,
}
