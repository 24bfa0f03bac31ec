"""The files that answer a season's own questions.

The answer is the file's name, for all that reads answers; what is given for it in any
other way than with a file counts for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import file_store, session_events
from ckanext.challenge.common.action_helpers import rollback_and_error
from ckanext.challenge.domain import questions
from ckanext.challenge.model import Application, ApplicationFile, Cohort

#: What such a file is for, beside the purposes that an applicant chooses among.
PURPOSE = "question"


def _files_of(application: Application) -> list[ApplicationFile]:
    return (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id, purpose=PURPOSE)
        .all()
    )


def names(application: Application) -> dict[str, str]:
    """The names of the files of an application, by the key of their question."""
    return {file.question: file.name for file in _files_of(application)}  # type: ignore[misc]


def answered(
    asked: Iterable[questions.Question],
    raw: Mapping[str, Any],
    files: Mapping[str, str],
    needed: bool,
) -> tuple[list[questions.Question], dict[str, Any]]:
    """The questions and the answers to be checked, with the files that are there.

    :param files: as :func:`names` answers them
    :param needed: whether a file that is required must be there already: a form sends
        its files once the application has an address
    """
    found = list(asked)
    keys = {question.key for question in found if question.type == "file"}
    answers = {
        **{key: value for key, value in raw.items() if key not in keys},
        **{key: name for key, name in files.items() if key in keys},
    }
    if needed:
        return found, answers
    return [
        replace(question, required=question.required and question.key not in keys)
        for question in found
    ], answers


def asked(
    cohort: Cohort, application: Application, key: str | None
) -> questions.Question:
    """The question of a season that this application answers with a file.

    :raises ValidationError: on ``question``; what was begun is rolled back
    """
    for question in questions.asked_of(
        questions.read(cohort.questions), application.answers
    ):
        if question.key == key and question.type == "file":
            return question
    text = tk._("This season does not ask for a file here")
    raise rollback_and_error("question", text)


def drop(application: Application, but: Iterable[str] = ()) -> None:
    """Remove the files that answer what is not asked (any more).

    :param but: the keys of the questions whose files stay
    """
    kept = set(but)
    for file in _files_of(application):
        if file.question not in kept:
            model.Session.delete(file)
            session_events.after_commit(file_store.remove, file.id)


def put(application: Application, file: ApplicationFile) -> None:
    """Let a file be the answer to its question, in the place of the one before.

    :param application: locked by the caller
    """
    for other in _files_of(application):
        if other.question == file.question and other.id != file.id:
            model.Session.delete(other)
            session_events.after_commit(file_store.remove, other.id)
    application.answers = {**application.answers, str(file.question): file.name}


def take_away(application: Application, cohort: Cohort, file: ApplicationFile) -> None:
    """Let nothing be the answer to the question of a file that goes.

    :param application: locked by the caller
    :raises ValidationError: on ``id`` where an application that was handed in would
        lack what it needs; what was begun is rolled back
    """
    for question in questions.asked_of(
        questions.read(cohort.questions), application.answers
    ):
        if (
            question.key == file.question
            and question.required
            and application.state != "draft"
        ):
            text = tk._("This file is needed: choose another one in its place")
            raise rollback_and_error("id", text)
    application.answers = {
        key: value for key, value in application.answers.items() if key != file.question
    }
