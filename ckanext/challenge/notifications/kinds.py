"""The kinds of mail, and for whom each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "OF_DECISION", "PREVIEWED", "Kind", "KindOfMail"]

Kind = Literal[
    "accepted",
    "award_at_risk",
    "award_earned",
    "award_kept",
    "award_lost",
    "changes_requested",
    "claim",
    "claim_accepted",
    "claim_declined",
    "draft",
    "invitation",
    "link",
    "message",
    "message_staff",
    "participant_message",
    "participant_message_staff",
    "receipt",
    "refused",
    "reminder",
    "reopened",
    "retention",
    "step_confirmed",
    "step_returned",
    "step_to_confirm",
    "subscription",
    "subscription_news",
    "waitlisted",
    "withdrawn",
]


@dataclass(frozen=True)
class KindOfMail:
    """What sets a kind of mail apart.

    Its templates are ``challenge/mail/<kind>_subject.txt``, ``<kind>.txt`` and
    ``<kind>.html``.

    :ivar reader: ``applicant`` (the contact of an application), ``staff`` (who works
        for the season), ``members`` (who publishes for a participant or another
        organization: each is told), ``subscriber`` (who asked to be told) or ``user``
        (whom the caller names)
    """

    reader: Literal["applicant", "staff", "members", "subscriber", "user"] = "applicant"


KINDS: dict[str, KindOfMail] = {
    "draft": KindOfMail(),
    "link": KindOfMail(),
    "receipt": KindOfMail(),
    "changes_requested": KindOfMail(),
    "accepted": KindOfMail(),
    "claim_accepted": KindOfMail(),
    "waitlisted": KindOfMail(),
    "refused": KindOfMail(),
    "reopened": KindOfMail(),
    "withdrawn": KindOfMail(),
    "message": KindOfMail(),
    "retention": KindOfMail(),
    "message_staff": KindOfMail("staff"),
    "claim_declined": KindOfMail("staff"),
    "step_to_confirm": KindOfMail("staff"),
    "participant_message_staff": KindOfMail("staff"),
    "step_confirmed": KindOfMail("members"),
    "step_returned": KindOfMail("members"),
    "participant_message": KindOfMail("members"),
    "reminder": KindOfMail("members"),
    "award_earned": KindOfMail("members"),
    "award_at_risk": KindOfMail("members"),
    "award_kept": KindOfMail("members"),
    "award_lost": KindOfMail("members"),
    "subscription": KindOfMail("subscriber"),
    "subscription_news": KindOfMail("subscriber"),
    "claim": KindOfMail("user"),
    "invitation": KindOfMail("user"),
}

#: The mail that tells the applicant of a decision; of some nobody is told.
OF_DECISION: dict[str, Kind] = {
    "request_changes": "changes_requested",
    "accept": "accepted",
    "waitlist": "waitlisted",
    "refuse": "refused",
    "reopen": "reopened",
}

#: What can be shown before it goes: it says nothing that has yet to be written.
PREVIEWED: tuple[str, ...] = tuple(
    name
    for name, kind in KINDS.items()
    if kind.reader == "applicant" and name not in ("message", "retention")
)
