"""The messages to a team: of applicants, and of the members of participants."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.model import Message, ParticipantMessage


def find(id_: Any) -> Message | ParticipantMessage:
    """The message with that id, of either kind.

    :raises ObjectNotFound: when there is none
    """
    for table in (Message, ParticipantMessage):
        found = model.Session.get(table, id_) if isinstance(id_, str) else None
        if found is not None:
            return found
    raise tk.ObjectNotFound(tk._("There is no such message"))


def about(message: Message | ParticipantMessage) -> tuple[str, str]:
    """What a message is about: the kind of thing, and its id."""
    if isinstance(message, Message):
        return "application", message.application_id
    return "participant", message.participant_id
