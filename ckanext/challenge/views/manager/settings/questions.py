"""The editor of a season's own questions, which needs no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

from ckanext.challenge.common import language
from ckanext.challenge.domain import definitions, questions
from ckanext.challenge.views.applicant.form import asked
from ckanext.challenge.views.common import act

from .layout import settings_page
from .rows import RowsForm

_TEXTS = ("label_fr", "label_en", "help_fr", "help_en", "choices_fr", "choices_en")


def _types() -> dict[str, str]:
    return {
        "text": tk._("A few words"),
        "paragraph": tk._("A few sentences"),
        "number": tk._("A number"),
        "yes_no": tk._("Yes or no"),
        "choice": tk._("One choice of a list"),
        "choices": tk._("Several choices of a list"),
        "date": tk._("A date"),
        "url": tk._("An address on the web"),
        "file": tk._("A file"),
    }


def _row_of(question: Mapping[str, Any]) -> dict[str, str]:
    """A question that is stored, as the form shows it."""
    return {
        "key": question["key"],
        "type": question["type"],
        "required": "true" if question["required"] else "",
        **_boxes_of(question.get("when")),
        **{f"label_{lang}": question["label"][lang] for lang in definitions.LANGUAGES},
        **{f"help_{lang}": question["help"][lang] for lang in definitions.LANGUAGES},
        **{
            f"choices_{lang}": _lines_of(question["choices"], lang)
            for lang in definitions.LANGUAGES
        },
    }


def _box(key: str, value: str | bool) -> str:
    """What a box of a condition sends: a question, and an answer to it."""
    return f"{key}={str(value).lower() if isinstance(value, bool) else value}"


def _boxes_of(when: Mapping[str, Any] | None) -> dict[str, str]:
    """The boxes that a stored condition ticks."""
    if not when:
        return {}
    return {
        f"when_{number}": _box(when["question"], value)
        for number, value in enumerate(when["is"])
    }


def _ticked(row: Mapping[str, str]) -> list[str]:
    """The boxes of a row that are ticked."""
    return [value for name, value in row.items() if name.startswith("when_")]


def _condition(row: Mapping[str, str]) -> dict[str, Any] | None:
    """Of whom a question is asked, of the boxes that are ticked.

    Boxes of two questions make a condition on none of them, which is refused.
    """
    pairs = [box.partition("=")[::2] for box in _ticked(row)]
    if not pairs:
        return None
    keys = {key for key, _ in pairs}
    return {"question": " + ".join(sorted(keys)), "is": [value for _, value in pairs]}


def _lines_of(choices: list[dict[str, Any]], lang: str) -> str:
    """The choices in a language, one per line; none where none is written in it."""
    labels = [choice["label"] for choice in choices]
    if not any(label[lang] for label in labels):
        return ""
    # Line by line the same as in the other language: no line is left out.
    return "\n".join(label[lang] or label["fr"] or label["en"] for label in labels)


class QuestionsForm(RowsForm):
    """What stands in the editor of the questions.

    :param name: of the season
    :param form: what was sent, ``None`` for what is stored
    """

    NEW: ClassVar[dict[str, str]] = {"type": "text"}

    def __init__(self, name: str, form: MultiDict[str, str] | None = None) -> None:
        self._page = settings_page(name, "questions", "challenge_question_list")
        stored = act("challenge_question_list", cohort=name)["results"]
        self._stored = {question["key"]: question for question in stored}
        super().__init__("questions", [_row_of(question) for question in stored], form)

    def data(self) -> dict[str, Any]:
        """What is sent to the action that stores the questions."""
        # A question that somebody added and did not write is not one.
        self._rows = [row for row in self._rows if self._is_written(row)]
        return {
            "questions": [self._definition(row) for row in self._rows],
            "revision": self._revision,
            "drop_answered": self._drops,
        }

    def mismatches(self) -> dict[str, list[str]]:
        """Choices that are not the same number in both languages, by field.

        A line that is added in one of them alone would shift all that follow.
        """
        found: dict[str, list[str]] = {}
        for index, row in enumerate(self._rows):
            counts = [
                len([line for line in row.get(name, "").splitlines() if line.strip()])
                for name in ("choices_fr", "choices_en")
            ]
            if row.get("type") not in questions.CHOOSING or not all(counts):
                continue
            if counts[0] != counts[1]:
                text = tk._(
                    "There are {fr} choices in French and {en} in English: write "
                    "each in both, in the same order, or leave the English empty."
                ).format(fr=counts[0], en=counts[1])
                found[f"questions-{index}-choices_en"] = [text]
        return found

    def _is_written(self, row: Mapping[str, str]) -> bool:
        return bool(row.get("key")) or any(row.get(name) for name in _TEXTS)

    def _definition(self, row: Mapping[str, str]) -> dict[str, Any]:
        known = self._stored.get(row.get("key", ""))
        before = questions.read([known])[0].choices if known else ()
        type_ = row.get("type") or "text"
        choices = questions.choices_of_lines(
            row.get("choices_fr", ""), row.get("choices_en", ""), before
        )
        return {
            "key": row.get("key", ""),
            "type": type_,
            "required": row.get("required") == "true",
            "label": {lang: row.get(f"label_{lang}", "") for lang in ("fr", "en")},
            "help": {lang: row.get(f"help_{lang}", "") for lang in ("fr", "en")},
            "choices": choices if type_ in questions.CHOOSING else [],
            **({"when": when} if (when := _condition(row)) else {}),
        }

    def change(self) -> None:
        """Do in the form what the button says that was pressed."""
        super().change()
        # A question that is not saved yet gets its key: another one may hang on it.
        taken = {row["key"] for row in self._rows if row.get("key")}
        for row in self._rows:
            words = row.get("label_fr") or row.get("label_en")
            if words and not row.get("key"):
                row["key"] = definitions.new_key(words, taken, "question")
                taken.add(row["key"])

    def _readable(self, row: Mapping[str, str]) -> questions.Question | None:
        """A row as a question by itself, if it is one already."""
        alone = {**self._definition(row), "when": None}
        try:
            (question,) = questions.check_definitions([alone])
        except definitions.DefinitionErrors:
            return None
        return question

    def _boxes(self, index: int) -> list[tuple[str, list[tuple[str, str, bool]]]]:
        """What the question of a row may hang on: for each question before it that has
        a key its label, and for each answer the box, its label, whether it is ticked.
        """
        spoken = language.current()
        yes_no = {True: tk._("Yes"), False: tk._("No")}
        ticked = _ticked(self._rows[index])
        found = []
        for row in self._rows[:index]:
            question = self._readable(row) if row.get("key") else None
            if question is None or not questions.answers_of(question):
                continue
            boxes = [
                (
                    _box(question.key, value),
                    yes_no[value]
                    if isinstance(value, bool)
                    else question.label_of(value, spoken),
                    _box(question.key, value) in ticked,
                )
                for value in questions.answers_of(question)
            ]
            found.append((question.label.in_(spoken), boxes))
        return found

    def page(self, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
        """What the editor shows.

        :param errors: of what was sent, by field
        """
        # Where there is no field of that name, the one beside it says so.
        told = {
            re.sub(
                r"-choices$", "-choices_fr", re.sub(r"-key$", "-label_fr", name)
            ): said
            for name, said in (errors or {}).items()
        }
        if "revision" in told:
            self._revision = ""
        preview, readable = self._preview()
        labels = self._labels()
        return {
            **self._page,
            "heading": tk._("Questions to applicants"),
            "rows": [
                {
                    **row,
                    "number": index + 1,
                    "start": f"questions-{index}-",
                    "answers": self._answers(row),
                    "boxes": self._boxes(index),
                    "ticked": bool(_ticked(row)),
                    "chooses": row.get("type") in questions.CHOOSING,
                }
                for index, row in enumerate(self._rows)
            ],
            "types": [(name, _types()[name]) for name in questions.TYPES],
            "revision": self._revision or self._page["cohort"]["revision"],
            "unsaved": self._unsaved or bool(told),
            "at": self._at,
            "drops": self._drops,
            "asks_to_drop": "questions" in told,
            "preview": preview,
            "readable": readable,
            "errors": told,
            "labels": labels,
        }

    def _answers(self, row: Mapping[str, str]) -> str:
        """How often a question was answered, in words."""
        count = self._stored.get(row.get("key", ""), {}).get("answers", 0)
        if not count:
            return ""
        return tk.ungettext(
            "{count} application answers it.",
            "{count} applications answer it.",
            count,
        ).format(count=count)

    def _labels(self) -> dict[str, str]:
        parts = {
            "label_fr": tk._("Question in French"),
            "label_en": tk._("Question in English"),
            "help_fr": tk._("Help in French"),
            "help_en": tk._("Help in English"),
            "type": tk._("Kind of answer"),
            "choices_fr": tk._("Choices in French, one per line"),
            "choices_en": tk._("Choices in English, in the same order"),
            "required": tk._("An answer is needed"),
            "when": tk._("Asked only of some"),
        }
        named = {"questions": tk._("Questions")}
        for index in range(len(self._rows)):
            for part, text in parts.items():
                named[f"questions-{index}-{part}"] = tk._(
                    "Question {number}: {part}"
                ).format(number=index + 1, part=text[:1].lower() + text[1:])
        return {**parts, **named}

    def _preview(self) -> tuple[list[dict[str, Any]], bool]:
        """The questions as applicants see them, and whether that is all of them."""
        written = [row for row in self._rows if self._is_written(row)]
        whole = [self._definition(row) for row in written]
        try:
            read = questions.check_definitions(whole)
        except definitions.DefinitionErrors:
            alone = (self._readable(row) for row in written)
            read = [question for question in alone if question is not None]
        # Names of their own: the page has fields of these names.
        shown = [
            {**question, "name": f"preview-{question['name']}"}
            for question in asked({"questions": [one.as_dict() for one in read]})
        ]
        return shown, len(read) == len(written)
