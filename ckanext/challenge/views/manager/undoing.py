"""What undoing an acceptance will do, to be read before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.views.common import act

from .application import confirming, read


def undo_page(
    cohort_name: str,
    id_: str,
    params: Mapping[str, str],
    given: Mapping[str, str] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """What undoing an acceptance will do, or what hinders it; nothing is done.

    :param params: of the address, as for the page of the application
    :param given: what was typed, when it was refused
    :param errors: of that, by field
    :raises tk.NotAuthorized: not a manager of its season
    :raises tk.ObjectNotFound: no such application in this season
    """
    cohort, application = read(cohort_name, id_)
    found = act("challenge_application_acceptance_undo_preview", id=application["id"])
    hindrances = [one["text"] for one in found["hindrances"]]
    return {
        **confirming(cohort, application, params),
        "heading": tk._("Undo the acceptance: {name}").format(
            name=application["organization_title"]
        ),
        "hindrances": hindrances,
        "until": h.challenge_datetime(found["until"]),
        "deeds": _deeds(found),
        "roles": application_labels.role_changes(
            {**found, "results": found["roles"], "orphaned": False}
        )["lines"],
        "mail": None if hindrances else _mail(application),
        "accepted_at": found["accepted_at"],
        "given": given or {},
        # What hinders it is on the page already.
        "errors": {
            name: texts for name, texts in (errors or {}).items() if name != "state"
        },
        "labels": {"reason": tk._("Reason"), "accepted_at": tk._("Acceptance")},
    }


def _mail(application: Mapping[str, Any]) -> dict[str, Any]:
    """The mail to the contact, as it would go without a reason."""
    asked = {"application": application["id"], "mail": "acceptance_undone"}
    try:
        return act("challenge_mail_preview", **asked)
    except tk.ValidationError as error:
        # There may be nobody to write to any more.
        return {"problem": " ".join(map(str, error.error_summary.values()))}


def _deeds(found: Mapping[str, Any]) -> list[str]:
    """What happens, in the words of who does it."""
    title = found["organization_title"]
    deeds = [tk._("The application is read again: you decide on it anew.")]
    if found["participant_id"]:
        deeds.append(
            tk._(
                "The collectivité no longer takes part in the season, and its page in "
                "it is gone. Its place is free; nobody takes it by itself."
            )
        )
        deeds += _lost(found)
    if found["organization_removed"]:
        text = tk._("The organization “{title}” is deleted: the acceptance made it.")
        deeds.append(text.format(title=title))
    elif title:
        text = tk._("The organization “{title}” stays, with all its data.")
        deeds.append(text.format(title=title))
    if found["waiting"]:
        deeds.append(
            tk.ungettext(
                "{number} role that waits for the proof of an address waits no more.",
                "{number} roles that wait for the proof of an address wait no more.",
                found["waiting"],
            ).format(number=h.challenge_number(found["waiting"]))
        )
    deeds.append(tk._("Mails about the acceptance that have not gone do not go."))
    return deeds


def _lost(found: Mapping[str, Any]) -> list[str]:
    """What was given, said and done in the participation."""
    texts = {
        "badges": tk.ungettext(
            "{number} badge is deleted; who kept a copy of it reads that it is "
            "revoked.",
            "{number} badges are deleted; who kept a copy of them reads that they are "
            "revoked.",
            found["badges"],
        ),
        "steps": tk.ungettext(
            "What was said of {number} step is lost.",
            "What was said of {number} steps is lost.",
            found["steps"],
        ),
        "files": tk.ungettext(
            "{number} file that proves a step is deleted.",
            "{number} files that prove steps are deleted.",
            found["files"],
        ),
        "messages": tk.ungettext(
            "{number} message of the conversation is deleted.",
            "{number} messages of the conversation are deleted.",
            found["messages"],
        ),
        "visits": tk.ungettext(
            "{number} visit is deleted.",
            "{number} visits are deleted.",
            found["visits"],
        ),
    }
    return [
        text.format(number=h.challenge_number(found[name]))
        for name, text in texts.items()
        if found[name]
    ]
