"""A message to many that goes: into each one's conversation, and into the outbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.domain import placeholders
from ckanext.challenge.model import Campaign, Message, ParticipantMessage
from ckanext.challenge.model.base import make_id, utcnow

from .recipients import Recipient

#: Where the conversation of each audience is kept, and by which key.
_CONVERSATIONS: dict[str, tuple[Any, str]] = {
    "participants": (ParticipantMessage, "participant_id"),
    "applicants": (Message, "application_id"),
}


def deliver(
    campaign: Campaign, found: Sequence[Recipient], author_id: str | None
) -> int:
    """Store what each one reads, and the mails, in the caller's transaction.

    What each one reads is written now: it stays in the conversation as it was, whatever
    becomes of the steps. Two statements for any number of recipients.

    :param author_id: who sends it
    :returns: how many mails wait
    """
    messages: dict[str, str] = {}
    if campaign.audience in _CONVERSATIONS:
        table, key = _CONVERSATIONS[campaign.audience]
        messages = {one.id: make_id() for one in found}
        now = utcnow()
        model.Session.execute(
            sa.insert(table.__table__),
            [
                {
                    "id": messages[one.id],
                    key: one.id,
                    "side": "staff",
                    "author_id": author_id,
                    "text": placeholders.fill(campaign.text, one.values),
                    "created_at": now,
                    "to_many": True,
                }
                for one in found
            ],
        )
    return notifications.enqueue_many(
        [row for one in found for row in _mails(campaign, one, messages.get(one.id))]
    )


def _mails(
    campaign: Campaign, one: Recipient, message_id: str | None
) -> list[dict[str, Any]]:
    def mail(**about: Any) -> dict[str, Any]:
        return {
            "cohort_id": campaign.cohort_id,
            "campaign_id": campaign.id,
            "application_id": None,
            "user_id": None,
            **about,
        }

    if campaign.audience == "participants":
        data = {"participant_id": one.id, "message_id": message_id}
        return [mail(kind="campaign", user_id=id_, data=data) for id_ in one.users]
    if campaign.audience == "applicants":
        data = {"message_id": message_id}
        return [
            mail(kind="campaign_applicant", application_id=one.id, data=data)
        ] * one.mails
    return [mail(kind="campaign_staff", user_id=id_, data={}) for id_ in one.users]
