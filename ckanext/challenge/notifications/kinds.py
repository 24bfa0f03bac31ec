"""The kinds of mail, and for whom each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["KINDS", "Kind", "KindOfMail"]

Kind = Literal[
    "accepted",
    "changes_requested",
    "claim",
    "claim_declined",
    "draft",
    "invitation",
    "link",
    "message",
    "message_staff",
    "promoted",
    "receipt",
    "refused",
    "reopened",
    "retention",
    "waitlisted",
    "withdrawn",
]


@dataclass(frozen=True)
class KindOfMail:
    """What sets a kind of mail apart.

    Its templates are ``challenge/mail/<kind>_subject.txt``, ``<kind>.txt`` and
    ``<kind>.html``.

    :ivar for_staff: it goes to users who work for the season, not to the applicant
    """

    for_staff: bool = False


KINDS: dict[str, KindOfMail] = {
    # To the contact of an application.
    "draft": KindOfMail(),
    "receipt": KindOfMail(),
    "changes_requested": KindOfMail(),
    "accepted": KindOfMail(),
    "waitlisted": KindOfMail(),
    "promoted": KindOfMail(),
    "refused": KindOfMail(),
    "reopened": KindOfMail(),
    "withdrawn": KindOfMail(),
    "message": KindOfMail(),
    "link": KindOfMail(),
    "retention": KindOfMail(),
    # To the staff of the season.
    "message_staff": KindOfMail(for_staff=True),
    "claim_declined": KindOfMail(for_staff=True),
    # To a user whom the caller names.
    "claim": KindOfMail(),
    "invitation": KindOfMail(),
}
