"""The files of an application: a deliberation, a letter, a logo."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import question_files, schema
from ckanext.challenge.applications import schema as reference_schema
from ckanext.challenge.applications.dictize import dictize_file, keep_previous
from ckanext.challenge.applications.transitions import (
    check_editable,
    cohort_of,
    lock,
)
from ckanext.challenge.common import (
    file_store,
    journal,
    rate_limit,
    session_events,
    uploads,
)
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_application,
    find_file,
    validate,
)


def challenge_application_attachment_create(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Attach a file to an application that can still be changed.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :param purpose: ``deliberation``, ``letter``, ``logo``, ``other`` or, with
        ``question``, ``question``
    :type purpose: string
    :param question: the key of the season's question that the file answers; it takes
        the place of the one before
    :type question: string
    :param upload: a PDF, an ODT, a JPEG or a PNG (a logo: an image)
    :type upload: file, sent as ``multipart/form-data``
    :returns: ``{id, purpose, question, name, media_type, size, created_at}``, the name
        made harmless, the type as the content says
    :rtype: dict
    :raises ValidationError: on ``upload`` when it is not taken, on ``state`` when the
        application can no longer be changed, on ``question`` where no file is asked
        for, or not of those who answer like this
    """
    data = validate(
        context,
        {name: value for name, value in data_dict.items() if name != "upload"},
        schema.attachment(),
    )
    application = find_application(data["id"])
    tk.check_access("challenge_application_attachment_create", context, data)
    upload = uploads.given(data_dict)
    if upload is None:
        raise tk.ValidationError({"upload": [tk._("Choose a file")]})
    rate_limit.check("upload")
    lock(application)
    check_editable(application)
    question = None
    if data["purpose"] == question_files.PURPOSE:
        asked = question_files.asked(
            cohort_of(application), application, data.get("question")
        )
        question = asked.key
    keep_previous(application)
    with uploads.taken(application, upload, data["purpose"], question=question) as file:
        if question:
            question_files.put(application, file)
        journal.record(
            actor_of(context),
            "attach",
            "application",
            application.id,
            {"file_id": file.id, "purpose": file.purpose, "digest": file.digest},
        )
        commit(context)
    return dictize_file(file)


def challenge_application_attachment_delete(
    context: Context, data_dict: dict[str, Any]
) -> None:
    """Remove a file from an application that can still be changed.

    The applicant may call this, by account or with the follow-up key.

    :param id: the id of the file
    :type id: string
    :param key: the follow-up key
    :type key: string
    """
    data = validate(context, data_dict, reference_schema.reference())
    file = find_file(data["id"])
    tk.check_access("challenge_application_attachment_delete", context, data)
    application = find_application(file.application_id)
    lock(application)
    check_editable(application)
    if file.message_id:
        raise tk.ValidationError(
            {"id": [tk._("A file that was sent with a message stays with it")]}
        )
    keep_previous(application)
    if file.question:
        question_files.take_away(application, cohort_of(application), file)
    model.Session.delete(file)
    journal.record(
        actor_of(context),
        "detach",
        "application",
        application.id,
        {"file_id": file.id},
    )
    session_events.after_commit(file_store.remove, data["id"])
    commit(context)


@tk.side_effect_free
def challenge_application_attachment_show(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Show what a file of an application, or of a message on it, is.

    Those who may read the application may call this. The content is served at
    ``/challenge/application/<id of the application>/file/<id>``.

    :param id: the id of the file
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: ``{id, application_id, purpose, name, media_type, size, created_at}``
    :rtype: dict
    """
    data = validate(context, data_dict, reference_schema.reference())
    file = find_file(data["id"])
    tk.check_access("challenge_application_attachment_show", context, data)
    return {**dictize_file(file), "application_id": file.application_id}
