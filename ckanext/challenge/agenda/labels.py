"""What waits for a team, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import labels, language
from ckanext.challenge.domain import agenda


def kinds() -> dict[str, str]:
    """What each kind of thing that waits is called, as the heading of a list."""
    return {
        "message": tk._("Messages to answer"),
        "proof": tk._("Proofs to confirm"),
        "correction": tk._("Corrections that came back"),
        "application": tk._("Applications to read"),
        "kept_decision": tk._("Decisions kept, to publish"),
        "visit": tk._("Visits that were planned: were they held?"),
        "claim": tk._("Requests to an organization"),
        "mail_failed": tk._("Mails that failed"),
        "match": tk._("Organizations without a SIREN"),
    }


@language.per_language
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
        "proof": tk._("Confirm the step"),
        "correction": tk._("Read again"),
        "application": tk._("Read"),
        "kept_decision": tk._("Publish"),
        "visit": tk._("Say whether it was"),
        "claim": tk._("Answer"),
        "mail_failed": tk._("See why"),
        "match": tk._("Say which they are"),
    }


def planned(row: Mapping[str, Any]) -> str:
    """What is planned for a day, in one line.

    :param row: of ``planned``, as ``challenge_agenda_show`` answers it
    """
    if row["kind"] == "visit":
        return tk._("Visit: {name}").format(name=row["organization_title"])
    if row["kind"] == "deadline":
        return milestones()[row["milestone"]]
    return tk._("Step due: {title}").format(title=row["title"])


@language.per_language
def _moves() -> dict[str, str]:
    return {
        "published": tk._("{name} has published “{title}”"),
        "badge": tk._("{name} has earned “{title}”"),
        "withdrawn": tk._("{name} has left the season"),
    }


def moved(row: Mapping[str, Any]) -> str:
    """What happened, in one line.

    :param row: of ``moved``, as ``challenge_agenda_show`` answers it
    """
    return _moves()[row["kind"]].format(
        name=row["organization_title"], title=row["title"]
    )


def silent() -> dict[str, str]:
    """What is said of what should work every day, and has not since ``{date}``."""
    return {
        "evaluate": tk._(
            "The nightly evaluation has not run since {date}: steps, badges and delays "
            "are as they were then."
        ),
        "mail": tk._(
            "“ckan challenge mail send” has not run since {date}: mails that failed "
            "are not sent again."
        ),
        "remind": tk._(
            "“ckan challenge remind” has not run since {date}: nobody is reminded of "
            "late steps."
        ),
        "worker": tk._(
            "The job worker has not answered since {date}: mails and checks of files "
            "wait."
        ),
    }


def weekdays() -> list[tuple[str, str]]:
    """The days of the week, with what says that no mail is wanted."""
    names = labels.locale().days["stand-alone"]["wide"]
    days = [(key, names[at]) for at, key in enumerate(agenda.WEEKDAYS)]
    return [*days, ("none", tk._("No weekly mail"))]
