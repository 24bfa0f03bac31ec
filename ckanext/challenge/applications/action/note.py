"""Notes on an application, that its applicant never reads."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import schema
from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_application,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.model import Note
from ckanext.challenge.model.dictize import columns


def challenge_application_note_create(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Write a note on an application.

    Managers of the season, the adviser of the participant that came of it, and
    sysadmins may call this. The applicant never reads it.

    :param id: the id or reference of the application
    :type id: string
    :param text: the note
    :type text: string
    :returns: ``{id, author_id, author, text, created_at}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.note_create())
    application = find_application(data["id"])
    tk.check_access(
        "challenge_application_note_create", context, {"id": application.id}
    )
    note = Note(
        application_id=application.id,
        author_id=user_id_of(context),
        text=data["text"],
    )
    with all_or_nothing(context):
        model.Session.add(note)
        model.Session.flush()
        # That there is a note, and not what it says: the journal is for ever.
        journal.record(
            actor_of(context),
            "note",
            "application",
            application.id,
            {"note_id": note.id},
        )
    return _dictize(note, model.User.get(note.author_id))


@tk.side_effect_free
def challenge_application_note_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the notes on an application.

    Managers of the season, the adviser of the participant that came of it, and
    sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the latest first, as
        :py:func:`challenge_application_note_create` answers each
    :rtype: dict
    """
    data = validate(context, data_dict, schema.note_list())
    application = find_application(data["id"])
    tk.check_access("challenge_application_note_list", context, {"id": application.id})
    notes = (
        model.Session.query(Note, model.User)
        .outerjoin(model.User, model.User.id == Note.author_id)
        .filter(Note.application_id == application.id)
    )
    rows, count = paginate(notes.order_by(Note.created_at.desc(), Note.id), data)
    return {
        "count": count,
        "results": [_dictize(note, author) for note, author in rows],
    }


def _dictize(note: Note, author: model.User | None) -> dict[str, Any]:
    return {
        **columns(note, ("id", "author_id", "text", "created_at")),
        "author": author.display_name if author else None,
    }
