"""What the actions on applications take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.applications.mails import PREVIEWED
from ckanext.challenge.applications.query import SORTS
from ckanext.challenge.cohorts.schema import ROLES as TEAM_ROLES
from ckanext.challenge.common import fields
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.domain import (
    application_fields,
    contacts,
    eligibility,
    lifecycle,
    questions,
)
from ckanext.challenge.domain.application_fields import Field, Kind
from ckanext.challenge.domain.reading import Part


def _agreed(value: Any) -> Any:
    if not value:
        raise tk.Invalid(
            tk._("We need your agreement to keep and use what you wrote here")
        )
    return value


def _telephone(value: str) -> str:
    if not contacts.is_telephone(value):
        raise tk.Invalid(
            tk._("This is no telephone number; for example: 02 38 00 00 00")
        )
    return value


def _word(field: Field, required: bool) -> list[fields.Validator]:
    return fields.word(field.limit, required)


#: What checks the values of a field of the form, by their kind.
_CHECKS: dict[Kind | None, Callable[[Field, bool], list[fields.Validator]]] = {
    "siren": lambda field, required: fields.siren(required, of_establishment=True),
    "kind": lambda field, required: fields.choice(eligibility.KINDS, required),
    "departement": _word,
    "word": _word,
    "phone": lambda field, required: [*_word(field, required), _telephone],
    "email": lambda field, required: fields.email(required),
    "paragraph": lambda field, required: fields.paragraph(field.limit, required),
    "whole": lambda field, required: fields.whole(0, field.limit, required),
    "number": lambda field, required: fields.number(0, field.limit, required=required),
}


def _is_needed(field: Field, complete: bool, anonymous: bool) -> bool:
    if field.kind == "siren":
        return True
    if anonymous and field.name == "contact_email":
        return True
    # What the directory knows it fills in after this check.
    return complete and field.needed and not field.directory


def application_save(complete: bool, anonymous: bool = False) -> Schema:
    """The fields that an applicant fills in.

    :param complete: whether all that a submission needs must be there
    :param anonymous: whether only a mailed link leads back to it
    """
    return {
        **{
            field.name: _CHECKS[field.kind](
                field, _is_needed(field, complete, anonymous)
            )
            for field in application_fields.FORM
        },
        # Left out, it is not given.
        "consent": [fields.default(False), *fields.truth(), _agreed]
        if complete
        else fields.truth(),
        "late_code": fields.word(100),
    }


def imported() -> Schema:
    """What a row of a list says of a collectivité; nothing of it is needed."""
    return {
        field.name: _CHECKS[field.kind](field, False)
        for field in application_fields.FORM
        # These two are the directory's to say.
        if field.name not in ("kind", "population")
    }


_FIELDS = frozenset(application_save(complete=False))


def fields_of_form(data_dict: Mapping[str, Any]) -> frozenset[str]:
    """The names of what was given that an applicant may fill in."""
    return _FIELDS & data_dict.keys()


def season() -> Schema:
    """A season to apply to."""
    return {"cohort": fields.raw()}


def beginning() -> Schema:
    """A season to apply to, and in which way."""
    return {
        **season(),
        **asked(),
        "draft": fields.truth(),
        "form": fields.raw(required=False),
    }


def asked() -> Schema:
    """An address that a form has asked about already."""
    return {"asked_address": fields.raw(required=False)}


def revision() -> Schema:
    """An application, and which state of it somebody has read."""
    return {**reference(), **asked(), "revision": fields.whole(0, 1_000_000_000)}


def submission() -> Schema:
    """An application to hand in."""
    return {**reference(), "late_code": fields.word(100)}


def form() -> Schema:
    """A season, and perhaps who would apply to it."""
    return {
        **season(),
        "siren": fields.siren(required=False),
        "agents": fields.number(0, 1_000_000),
    }


def link() -> Schema:
    """An application, or what it is known by."""
    return {
        "id": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "siren": fields.siren(required=False),
        "refused_file": fields.truth(),
        "key": fields.raw(required=False),
    }


def reference() -> Schema:
    """An application, and the key that opens it."""
    return {"id": fields.raw(), "key": fields.raw(required=False)}


#: What a reader can be to an application, by what that reader gave.
PARTS: tuple[Part, ...] = ("none", "scored", "conflict")


def _filters() -> Schema:
    return {
        "state": fields.choices(lifecycle.APPLICATION.states),
        "kind": fields.choice(eligibility.KINDS),
        "departement": fields.word(3),
        "obligation": fields.choice(eligibility.STATUSES),
        "reviewer": fields.raw(required=False),
        "pending": fields.truth(),
        "reading": fields.choice(PARTS),
        "q": fields.word(200),
        "ids": [tk.get_validator("ignore_missing"), fields.texts(fields.MAX_LIMIT)],
        "sort": fields.choice(SORTS),
        "order": fields.choice(("asc", "desc")),
    }


def application_list() -> Schema:
    """Which applications, in which order."""
    return {
        "cohort": fields.raw(required=False),
        "around": fields.raw(required=False),
        "columns": [
            tk.get_validator("ignore_missing"),
            fields.texts(questions.MAX_QUESTIONS),
        ],
        **_filters(),
        **fields.paging(),
    }


def statistics() -> Schema:
    """Whose statistics."""
    return {"cohort": fields.raw()}


def application_export() -> Schema:
    """Which applications of a season, as which kind of file."""
    return {
        "cohort": fields.raw(),
        "format": [fields.default("csv"), *fields.choice(FORMATS)],
        **_filters(),
    }


#: How many applications one call decides on.
MAX_BATCH = 200


def _decision() -> Schema:
    return {
        "decision": fields.choice(lifecycle.REVIEW_DECISIONS, required=True),
        "reason": fields.paragraph(5000),
        "pending": fields.truth(),
        "kind": fields.choice(lifecycle.CHANGES_KINDS),
        "fields": [fields.default([]), fields.texts(100)],
    }


def review() -> Schema:
    """A decision on one application."""
    return {"id": fields.raw(), **_decision(), "kept": fields.raw(required=False)}


def batch_review() -> Schema:
    """The same decision on many."""
    return {
        "ids": [tk.get_validator("not_missing"), fields.texts(MAX_BATCH)],
        **_decision(),
    }


def cohort() -> Schema:
    """A season."""
    return {"cohort": fields.raw()}


def publication() -> Schema:
    """A season whose kept decisions are published, and perhaps which of them."""
    return {
        **cohort(),
        "shown": [tk.get_validator("ignore_missing"), fields.texts(MAX_BATCH)],
    }


def dropping() -> Schema:
    """An application, and perhaps which kept decision on it is meant."""
    return {"id": fields.raw(), "at": fields.raw(required=False)}


def assign() -> Schema:
    """Who reads which application; nobody, when no reviewer is given."""
    return {"id": fields.raw(), "reviewer": fields.raw(required=False)}


def note_create() -> Schema:
    """A note on an application."""
    return {"id": fields.raw(), "text": fields.paragraph(5000, required=True)}


def note_list() -> Schema:
    """Whose notes."""
    return {"id": fields.raw(), **fields.paging()}


def score_create() -> Schema:
    """What a reader says of an application; the scores themselves are no fields."""
    return {
        "id": fields.raw(),
        "comment": fields.paragraph(5000),
        "conflict": fields.truth(),
    }


def score_list() -> Schema:
    """Whose scores."""
    return {"id": fields.raw(), **fields.paging()}


def waitlist_list() -> Schema:
    """Whose waiting list."""
    return {**cohort(), **fields.paging()}


def waitlist_move() -> Schema:
    """Where on the waiting list an application goes."""
    return {"id": fields.raw(), "rank": fields.whole(1, 100_000, required=True)}


#: What a file that is attached to an application is.
PURPOSES = ("deliberation", "letter", "logo", "other", "question")


def attachment() -> Schema:
    """A file for an application; the upload itself is no field."""
    return {
        **reference(),
        "purpose": fields.choice(PURPOSES, required=True),
        "question": fields.raw(required=False),
    }


def message() -> Schema:
    """A message; the upload itself is no field."""
    return {**reference(), "text": fields.paragraph(5000, required=True)}


def messages() -> Schema:
    """The conversation on an application."""
    return {**reference(), **fields.paging()}


#: What somebody can be in an organization, as CKAN has it.
ROLES = ("member", "editor", "admin")


def participant_ask() -> Schema:
    """Which organization is asked, for which season."""
    return {"cohort": fields.raw(), "organization": fields.raw()}


def claim_list() -> Schema:
    """Which claims."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
        "state": fields.choice(lifecycle.CLAIM.states),
        **fields.paging(),
    }


def claim_answer() -> Schema:
    """Yes, or no with a reason."""
    return {
        "id": fields.raw(),
        "accepted": fields.truth(required=True),
        "reason": fields.paragraph(5000),
    }


def invite() -> Schema:
    """Whom to let into which organization."""
    return {
        "organization": fields.raw(),
        "email": fields.email(required=True),
        "role": [fields.default("member"), *fields.choice(ROLES)],
    }


#: ``failing``: given up, or to be tried again after a failure.
STATES = ("failing", "waiting", "sent", "failed", "cancelled")


def retry() -> Schema:
    """A mail, or all that fail of a season."""

    def either(key: Any, data: Any, errors: Any, context: Any) -> None:
        if not data.get(("id",)) and not data.get(("cohort",)):
            errors[("id",)] = [tk._("Missing value")]

    return {
        "id": fields.raw(required=False),
        "cohort": fields.raw(required=False),
        "__after": [either],
    }


def mail_list() -> Schema:
    """The mails of a season or of an application."""
    return {
        "cohort": fields.raw(required=False),
        "application": fields.raw(required=False),
        "campaign": fields.raw(required=False),
        "state": fields.choice(STATES),
        **fields.paging(),
    }


def preview() -> Schema:
    """A mail that would go, and what a decision would say in it."""
    return {
        "application": fields.raw(),
        "mail": fields.choice(PREVIEWED),
        "decision": fields.choice(lifecycle.REVIEW_DECISIONS),
        "reason": fields.paragraph(5000),
        "kind": fields.choice(lifecycle.CHANGES_KINDS),
        "fields": [fields.default([]), fields.texts(100)],
    }


def proof() -> Schema:
    """What a mailed link carries."""
    return {"token": fields.raw()}


def proof_send() -> Schema:
    """One role that waits, or all of one's own."""
    return {"id": fields.raw(required=False)}


def given_role_list() -> Schema:
    """The roles that the challenge gave in a season, or in an organization."""
    return {**role_list(), **fields.paging()}


def role_changes() -> Schema:
    """Of a participation, or of the contact of an application."""
    return {
        "participant": fields.raw(required=False),
        "application": fields.raw(required=False),
        "key": fields.raw(required=False),
    }


def role_list() -> Schema:
    """The roles of a season, of an organization, or one's own."""
    return {
        "cohort": fields.raw(required=False),
        "organization": fields.raw(required=False),
    }


def merge() -> Schema:
    """What becomes what."""
    return {"from": fields.raw(), "into": fields.raw(), "dry_run": fields.truth()}


def merge_list() -> Schema:
    """Which part of the list."""
    return fields.paging()


def staff_invite() -> Schema:
    """Whom to invite to run which season."""
    return {
        "cohort": fields.raw(),
        "email": fields.email(required=True),
        "role": fields.choice(TEAM_ROLES, required=True),
    }
