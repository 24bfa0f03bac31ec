"""The conversation between an applicant and the team of a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import schema
from ckanext.challenge.applications.dictize import dictize_file
from ckanext.challenge.applications.transitions import lock
from ckanext.challenge.common import journal, rate_limit, roles, uploads
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_application,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.model import ApplicationFile, Message
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.dictize import columns

_SHOWN = ("id", "side", "text", "created_at")


def challenge_application_message_create(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Write to the other side about an application that was handed in.

    The applicant (by account or with the follow-up key), the managers of the season
    and sysadmins may call this. The other side is told by mail.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :param text: the message
    :type text: string
    :param upload: a PDF, an ODT, a JPEG or a PNG that goes with it
    :type upload: file, sent as ``multipart/form-data``
    :returns: the message, as :py:func:`challenge_application_message_list` gives it
    :rtype: dict
    :raises ValidationError: on ``text``, ``upload``, or ``state`` for a draft
    """
    data = validate(
        context,
        {name: value for name, value in data_dict.items() if name != "upload"},
        schema.message(),
    )
    application = find_application(data["id"])
    tk.check_access("challenge_application_message_create", context, data)
    upload = uploads.given(data_dict)
    if application.submitted_at is None:
        text = tk._("Nobody reads this application before it is submitted")
        raise tk.ValidationError({"state": [text]})
    side = _side(context, application, data)
    if side == "applicant":
        rate_limit.check("message")
    lock(application)
    if application.erased_at is not None:
        # Erased while this was on its way: nothing may come after that.
        model.Session.rollback()
        text = tk._("The personal data of this application are erased")
        raise tk.ValidationError({"state": [text]})
    message = Message(
        id=make_id(),
        application_id=application.id,
        side=side,
        author_id=user_id_of(context),
        text=data["text"],
    )
    model.Session.add(message)
    model.Session.flush()
    journal.record(
        actor_of(context),
        "message",
        "application",
        application.id,
        {"message_id": message.id, "side": side},
    )
    notifications.enqueue(
        "message" if side == "staff" else "message_staff",
        application=application,
        message_id=message.id,
    )
    sent: list[ApplicationFile] = []
    if upload:
        with uploads.taken(application, upload, "message", message.id) as file:
            commit(context)
            sent.append(file)
    else:
        commit(context)
    return _dictize(message, _names([message]), sent)


@tk.side_effect_free
def challenge_application_message_list(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """List the messages on an application, the oldest first.

    The applicant (by account or with the follow-up key), the managers of the season
    and sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, side, author, text, created_at,
        files}``: ``side`` is ``applicant`` or ``staff``, ``author`` the name of
        somebody with an account
    :rtype: dict
    """
    data = validate(context, data_dict, schema.messages())
    application = find_application(data["id"])
    tk.check_access("challenge_application_message_list", context, data)
    query = model.Session.query(Message).filter_by(application_id=application.id)
    rows, count = paginate(query.order_by(Message.created_at, Message.id), data)
    sent = (
        model.Session.query(ApplicationFile)
        .filter(ApplicationFile.message_id.in_([row.id for row in rows]))
        .all()
    )
    names = _names(rows)
    return {
        "count": count,
        "results": [
            _dictize(row, names, [f for f in sent if f.message_id == row.id])
            for row in rows
        ],
    }


def _side(context: Context, application: Any, data: dict[str, Any]) -> str:
    """Who speaks: a manager who holds the link of an applicant is still a manager."""
    own = application.user_id and application.user_id == user_id_of(context)
    if own or not roles.is_manager(context, application.cohort_id):
        return "applicant"
    return "staff"


def _names(rows: list[Message]) -> dict[str, str]:
    users = model.Session.query(model.User).filter(
        model.User.id.in_({row.author_id for row in rows if row.author_id})
    )
    return {user.id: user.display_name for user in users}


def _dictize(
    message: Message, names: dict[str, str], sent: list[ApplicationFile]
) -> dict[str, Any]:
    return {
        **columns(message, _SHOWN),
        "author": names.get(message.author_id or ""),
        "files": [dictize_file(file) for file in sent],
    }
