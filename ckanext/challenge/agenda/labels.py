"""What waits for a team, in words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk


def kinds() -> dict[str, str]:
    """What each kind of thing that waits is called, as the heading of a list."""
    return {
        "message": tk._("Messages to answer"),
        "proof": tk._("Proofs to confirm"),
        "correction": tk._("Corrections that came back"),
        "application": tk._("Applications to read"),
        "kept_decision": tk._("Decisions kept, to publish"),
        "claim": tk._("Requests to an organization"),
        "mail_failed": tk._("Mails that failed"),
        "match": tk._("Organizations without a SIREN"),
    }


def milestones() -> dict[str, str]:
    """What happens to a season on a day."""
    return {
        "application_opens": tk._("Applications open"),
        "application_deadline": tk._("Applications close"),
        "answers": tk._("Last day to answer the applicants"),
        "launch": tk._("Launch"),
        "first_publication": tk._("First publication"),
        "finalisation": tk._("End of the season"),
    }


def actions() -> dict[str, str]:
    """What one does about each kind of thing that waits."""
    return {
        "message": tk._("Answer"),
        "proof": tk._("Confirm"),
        "correction": tk._("Read again"),
        "application": tk._("Read"),
        "kept_decision": tk._("Publish"),
        "claim": tk._("Answer"),
        "mail_failed": tk._("See why"),
        "match": tk._("Say which they are"),
    }
