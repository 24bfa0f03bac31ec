"""The mails that carry a message to many: for whom each is, and what it is told."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import access_links
from ckanext.challenge.domain import lifecycle, placeholders
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import Campaign, Message, ParticipantMessage, Staff
from ckanext.challenge.notifications import recipients
from ckanext.challenge.notifications.kinds import MailKind, Occasion

#: Stands for a key in a preview.
_HIDDEN = "…"


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True))


def _campaign(occasion: Occasion) -> Campaign | None:
    return model.Session.get(Campaign, occasion.campaign_id or "")


def _told(
    campaign: Campaign, occasion: Occasion, message: str, **values: str
) -> dict[str, Any]:
    assert occasion.cohort is not None
    subject = placeholders.fill(
        campaign.subject, {"season": occasion.cohort.title, **values}
    )
    return {"told": subject, "message": message}


def _participant(occasion: Occasion) -> dict[str, Any] | None:
    """Nothing for who left meanwhile: the season, or the organization."""
    participant, cohort, user = occasion.participant, occasion.cohort, occasion.user
    assert participant is not None
    assert cohort is not None
    campaign = _campaign(occasion)
    message = model.Session.get(
        ParticipantMessage, occasion.data.get("message_id") or ""
    )
    group = model.Group.get(participant.organization_id)
    if (
        campaign is None
        or message is None
        or group is None
        or participant.state not in lifecycle.PARTICIPANT_COUNTED
        or (user is not None and user.id not in recipients.members(participant))
    ):
        return None
    name = group.title or group.name
    link = _url("challenge_home.enter", cohort=cohort.name, organization=group.name)
    return {
        **_told(campaign, occasion, message.text, name=name),
        "link": f"{link}#conversation",
    }


def _applicant(occasion: Occasion) -> dict[str, Any] | None:
    application = occasion.application
    assert application is not None
    campaign = _campaign(occasion)
    message = model.Session.get(Message, occasion.data.get("message_id") or "")
    if campaign is None or message is None or application.state == "withdrawn":
        return None
    key = _HIDDEN
    if not occasion.preview:
        key = access_links.make_key(application.id, application.contact_email)
    told = _told(
        campaign,
        occasion,
        message.text,
        name=application.organization_title,
        reference=application.reference,
    )
    link = _url("challenge_applicant.read", id=application.id, key=key)
    return {**told, "link": link}


def _staff(occasion: Occasion) -> dict[str, Any] | None:
    user, cohort, campaign = occasion.user, occasion.cohort, _campaign(occasion)
    assert user is not None
    assert cohort is not None
    team = model.Session.query(Staff.id).filter_by(cohort_id=cohort.id, user_id=user.id)
    if campaign is None or team.first() is None:
        return None
    link = _url("challenge_manage.season", cohort=cohort.name)
    values = {"name": user.display_name, "season": cohort.title, "link": link}
    text = placeholders.fill(campaign.text, values)
    return {
        **_told(campaign, occasion, text, name=user.display_name),
        "link": link,
    }


KINDS = (
    MailKind(
        "campaign",
        N_("Message to several collectivités"),
        _participant,
        "members",
        ends=True,
    ),
    MailKind(
        "campaign_applicant",
        N_("Message to several applicants"),
        _applicant,
        ends=True,
    ),
    MailKind("campaign_staff", N_("Message to the team"), _staff, "user", ends=True),
)
