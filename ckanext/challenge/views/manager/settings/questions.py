"""The editor of a season's own questions, which needs no script."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import ckan.plugins.toolkit as tk
from werkzeug.datastructures import MultiDict

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
    }


def _row_of(question: Mapping[str, Any]) -> dict[str, str]:
    """A question that is stored, as the form shows it."""
    return {
        "key": question["key"],
        "type": question["type"],
        "required": "true" if question["required"] else "",
        **{f"label_{lang}": question["label"][lang] for lang in definitions.LANGUAGES},
        **{f"help_{lang}": question["help"][lang] for lang in definitions.LANGUAGES},
        **{
            f"choices_{lang}": _lines_of(question["choices"], lang)
            for lang in definitions.LANGUAGES
        },
    }


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
        }

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
        shown: list[dict[str, Any]] = []
        readable = True
        for row in self._rows:
            if not self._is_written(row):
                continue
            try:
                (question,) = questions.check_definitions([self._definition(row)])
            except definitions.DefinitionErrors:
                readable = False
            else:
                # A key of its own: those that are not stored yet may be the same.
                shown.append({**question.as_dict(), "key": f"preview-{len(shown)}"})
        return asked({"questions": shown}), readable
