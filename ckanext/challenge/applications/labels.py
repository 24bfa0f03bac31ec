"""What is said of applications, in the reader's words: decisions, duties, fields."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import language
from ckanext.challenge.domain.application_fields import FIELDS
from ckanext.challenge.domain.application_fields import correctable as correctable_names
from ckanext.challenge.domain.text import Text

from . import answers


@language.per_language
def decisions() -> dict[str, str]:
    """What staff can decide, as a button says it, in the order of a desk."""
    return {
        "accept": tk._("Accept"),
        "waitlist": tk._("Put on the waiting list"),
        "request_changes": tk._("Ask for changes"),
        "refuse": tk._("Refuse"),
        "start": tk._("Start reading"),
        "reopen": tk._("Reopen"),
    }


@language.per_language
def decided() -> dict[str, str]:
    """The same decisions, as what will be or was done."""
    return {
        "accept": tk._("Acceptance"),
        "waitlist": tk._("Waiting list"),
        "request_changes": tk._("Request for changes"),
        "refuse": tk._("Refusal"),
        "start": tk._("Start of the reading"),
        "reopen": tk._("Reopening"),
    }


def counted(numbers: Mapping[str, int]) -> dict[str, str]:
    """How many are in each state, in words that agree: « Acceptées {number} ».

    :param numbers: by state; none where it is missing
    :returns: by state, with a place for the number, which pages set apart
    """
    of = Counter(numbers)
    return {
        "draft": tk.ungettext("Draft {number}", "Draft {number}", of["draft"]),
        "submitted": tk.ungettext(
            "Received {number}", "Received {number}", of["submitted"]
        ),
        "in_review": tk.ungettext(
            "Being read {number}", "Being read {number}", of["in_review"]
        ),
        "changes_requested": tk.ungettext(
            "To be completed {number}",
            "To be completed {number}",
            of["changes_requested"],
        ),
        "accepted": tk.ungettext(
            "Accepted {number}", "Accepted {number}", of["accepted"]
        ),
        "waitlisted": tk.ungettext(
            "On the waiting list {number}",
            "On the waiting list {number}",
            of["waitlisted"],
        ),
        "refused": tk.ungettext(
            "Not selected {number}", "Not selected {number}", of["refused"]
        ),
        "withdrawn": tk.ungettext(
            "Withdrawn {number}", "Withdrawn {number}", of["withdrawn"]
        ),
    }


@language.per_language
def obligations() -> dict[str, str]:
    """Whether there is a duty to publish, in few words."""
    return {
        "concerned": tk._("Concerned"),
        "not_concerned": tk._("Not concerned"),
        "unknown": tk._("Not known"),
    }


def fields() -> dict[str, str]:
    """The names of an application's fields, for those who read it."""
    return {field.name: tk._(field.label) for field in FIELDS if field.label}


def scores() -> dict[str, str]:
    """What is told of the scores of an application, in few words."""
    return {
        "average": tk._("Average score"),
        "spread": tk._("Spread of the scores"),
        "readers": tk._("Number of readers"),
    }


def parts() -> dict[str, str]:
    """What a reader is to an application, in few words."""
    return {
        "none": tk._("To score"),
        "scored": tk._("Scored"),
        "conflict": tk._("Conflict of interest"),
    }


def correctable(questions: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """What an applicant can be asked to correct, by the name that a decision takes.

    :param questions: the season's own
    """
    own = {answers.field_of(asked["key"]): in_words(asked) for asked in questions}
    words = {**fields(), **own, "attachments": tk._("Attachments")}
    return {name: words[name] for name in correctable_names(own)}


def in_words(definition: Mapping[str, Any]) -> str:
    """The label of a season's own question, or of a choice of it."""
    return Text(**{"fr": "", "en": "", **definition["label"]}).in_(language.current())


def role_text(row: Mapping[str, Any]) -> str:
    """A role and what it is in, in words.

    :param row: with ``role``, ``organization_title`` and ``cohort_title``
    """
    texts = {
        "admin": tk._("Administrator of “{title}”"),
        "editor": tk._("Editor of “{title}”"),
        "member": tk._("Member of “{title}”"),
        "manager": tk._("Manager of “{title}”"),
        "adviser": tk._("Adviser of “{title}”"),
    }
    title = row["organization_title"] or row["cohort_title"]
    return texts[row["role"]].format(title=title)


def ways() -> dict[str, str]:
    """How somebody comes to a role, in words."""
    return {
        "acceptance": tk._("Acceptance of the application"),
        "claim": tk._("Request to join"),
        "invitation": tk._("Invitation"),
        "own_invitation": tk._("Invitation by the organization itself"),
        "staff": tk._("Team of the season"),
    }


def role_changes(told: Mapping[str, Any]) -> dict[str, Any]:
    """What ``challenge_role_changes`` answers, in words.

    :returns: ``lines``, one for each account, and ``warning`` where an organization is
        left without an admin
    """
    lost = {
        "admin": tk._("{person} is no longer an administrator of the organization"),
        "editor": tk._("{person} is no longer an editor of the organization"),
        "member": tk._("{person} is no longer a member of the organization"),
    }
    got = {
        "admin": tk._("{person} is then an administrator of the organization"),
        "editor": tk._("{person} is then an editor of the organization"),
        "member": tk._("{person} is then a member of the organization"),
    }
    lines = [
        (got[row["after"]] if row["after"] else lost[row["role"]]).format(
            person=row["user_display_name"]
        )
        for row in told["results"]
    ]
    lines += [
        tk._("The account {account}, which nobody has opened, is deleted").format(
            account=name
        )
        for name in told["accounts"]
    ]
    warning = tk._(
        "The organization then has no administrator: only a sysadmin can let "
        "somebody in."
    )
    return {"lines": lines, "warning": warning if told["orphaned"] else ""}
