"""The export of one's own application."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import dictize, schema
from ckanext.challenge.applications.transitions import cohort_of
from ckanext.challenge.common.action_helpers import find_application, validate
from ckanext.challenge.domain import application_fields, questions
from ckanext.challenge.model import ApplicationFile, JournalEntry, Message
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json, columns

#: All that the applicant reads; the answers stand beside it, with their questions.
_COLUMNS = tuple(
    name for name in application_fields.read_by("applicant") if name != "answers"
)
#: What the team does among itself: a decision that waits is nobody else's yet.
_AMONG_STAFF = frozenset({"assign", "drop", "keep", "note", "retry_mail", "settle"})


@tk.side_effect_free
def challenge_application_data(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Export all that is kept about an application, for its applicant.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: ``{exported_at, season, application, answers, previous, messages, files,
        history}``: the fields, the answers with their questions, what was handed in
        before a correction, the conversation, what the files are (not their
        content) and the states through which it went
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_data", context, data)
    cohort = cohort_of(application)
    asked = {question.key: question for question in questions.read(cohort.questions)}
    messages = (
        model.Session.query(Message)
        .filter_by(application_id=application.id)
        .order_by(Message.created_at)
    )
    files = (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id)
        .order_by(ApplicationFile.created_at)
    )
    history = (
        model.Session.query(JournalEntry)
        .filter_by(object_type="application", object_id=application.id)
        .order_by(JournalEntry.id)
    )
    return {
        "exported_at": as_json(utcnow()),
        "season": {"name": cohort.name, "title": cohort.title},
        "application": columns(application, _COLUMNS),
        "answers": [
            {
                "key": key,
                "question": asked[key].label.as_dict() if key in asked else None,
                "answer": answer,
            }
            for key, answer in application.answers.items()
        ],
        "previous": application.previous,
        "messages": [
            columns(message, ("side", "text", "created_at")) for message in messages
        ],
        "files": [
            {**dictize.dictize_file(file), **columns(file, ("message_id", "digest"))}
            for file in files
        ],
        "history": [
            {"at": as_json(entry.at), "action": entry.action, **_states(entry.data)}
            for entry in history
            if entry.action not in _AMONG_STAFF
        ],
    }


def _states(data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in ("from", "to") if name in data}
