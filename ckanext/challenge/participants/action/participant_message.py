"""The conversation between the members of a participant and its staff."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.model import ParticipantMessage
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.participants import accompaniment, schema


def challenge_participant_message_create(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Write to the other side about a participant.

    Members of its organization, its adviser, the managers of the season and sysadmins
    may call this. The other side is told by mail: the admins and editors of the
    organization, or the adviser (the managers, where there is none).

    :param participant: the id of the participant
    :type participant: string
    :param text: the message
    :type text: string
    :returns: the message, as :py:func:`challenge_participant_message_list` gives it
    :rtype: dict
    :raises ValidationError: on ``text``; on ``participant`` once the season is in the
        archive, or the participant has left it

    A caller in this process that writes the same to many sets ``to_many`` in the
    context: such a message answers nobody's question.
    """
    data = validate(context, data_dict, schema.message_create())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_participant_message_create",
        context,
        {"participant": participant.id},
    )
    accompaniment.open_for_words(participant)
    author_id = user_id_of(context)
    # Who accompanies a collectivité speaks for the team, a member of it or not.
    side = "staff" if roles.is_adviser(context, participant) else "member"
    message = ParticipantMessage(
        id=make_id(),
        participant_id=participant.id,
        side=side,
        author_id=author_id,
        text=data["text"],
        to_many=True if context.get("to_many") else None,
    )
    with all_or_nothing(context):
        model.Session.add(message)
        model.Session.flush()
        if side == "member":
            participant.last_activity_at = utcnow()
        # That there is a message, and not what it says: the journal is for ever.
        journal.record(
            actor_of(context),
            "message",
            "participant",
            participant.id,
            {"message_id": message.id, "side": side},
        )
        notifications.enqueue(
            "participant_message" if side == "staff" else "participant_message_staff",
            participant=participant,
            author_id=author_id,
            message_id=message.id,
        )
    return accompaniment.dictize_message(message, model.User.get(author_id or ""))


@tk.side_effect_free
def challenge_participant_message_list(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """List the messages on a participant, the latest first.

    Members of its organization, its adviser, the managers of the season and sysadmins
    may call this.

    :param participant: the id of the participant
    :type participant: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, side, author, text, created_at}``:
        ``side`` is ``member`` or ``staff``, ``author`` the name of who wrote it
    :rtype: dict
    """
    data = validate(context, data_dict, schema.of_participant())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_participant_message_list", context, {"participant": participant.id}
    )
    rows = model.Session.execute(
        sa.select(ParticipantMessage, model.User)
        .outerjoin(model.User, model.User.id == ParticipantMessage.author_id)
        .where(ParticipantMessage.participant_id == participant.id)
        .order_by(ParticipantMessage.created_at.desc(), ParticipantMessage.id)
        .limit(data["limit"])
        .offset(data["offset"])
    ).all()
    count = (
        model.Session.query(ParticipantMessage)
        .filter_by(participant_id=participant.id)
        .count()
    )
    return {
        "count": count,
        "results": [accompaniment.dictize_message(*row) for row in rows],
    }
