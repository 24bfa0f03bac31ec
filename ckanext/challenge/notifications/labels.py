"""What is said of mails, in the reader's words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

__all__ = ["kinds", "states"]


def kinds() -> dict[str, str]:
    """What each kind of mail tells."""
    return {
        "draft": tk._("Link to the draft"),
        "link": tk._("New link"),
        "receipt": tk._("Receipt"),
        "changes_requested": tk._("Request for changes"),
        "accepted": tk._("Welcome"),
        "claim_accepted": tk._("Welcome by the organization"),
        "waitlisted": tk._("Waiting list"),
        "refused": tk._("Refusal"),
        "reopened": tk._("Reopening"),
        "withdrawn": tk._("Withdrawal"),
        "message": tk._("Message to the applicant"),
        "message_staff": tk._("Message to the team"),
        "step_to_confirm": tk._("Step to be confirmed"),
        "step_confirmed": tk._("Step confirmed"),
        "step_returned": tk._("Step sent back"),
        "participant_message": tk._("Message to the collectivité"),
        "participant_message_staff": tk._("Message of the collectivité"),
        "reminder": tk._("Reminder"),
        "award_earned": tk._("Badge earned"),
        "award_at_risk": tk._("Badge at risk"),
        "award_kept": tk._("Badge kept"),
        "award_lost": tk._("Badge lost"),
        "subscription": tk._("Confirmation of a subscription"),
        "subscription_news": tk._("News to a subscriber"),
        "claim": tk._("Question to the organization's administrators"),
        "claim_declined": tk._("Refusal by the organization"),
        "invitation": tk._("Invitation"),
        "retention": tk._("Announcement of the erasure"),
    }


def states() -> dict[str, str]:
    """How far a mail is."""
    return {
        "waiting": tk._("Waits to be sent"),
        "retried": tk._("Failed, will be tried again"),
        "sent": tk._("Sent"),
        "failed": tk._("Failed"),
        "cancelled": tk._("Not sent: nobody to write to, or nothing to tell"),
    }
