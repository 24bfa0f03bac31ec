"""The fields of an application: one row says all that there is to know of a field.

The form, the manager's page, corrections, the export, the API with its documentation,
one's own data and erasure read this list. A new field of the form is a column of
``model/application.py``, its migration, and a row here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

from .text import N_

#: What a value is: this decides how it is checked, typed and shown. ``kind`` is a kind
#: of collectivité, ``departement`` a code, ``whole`` a number without decimals.
Kind = Literal[
    "siren",
    "kind",
    "departement",
    "word",
    "paragraph",
    "email",
    "phone",
    "whole",
    "number",
]
#: Where the form asks: for a collectivité that the directory does not have, under the
#: person to write to, or under the project.
Part = Literal["collectivite", "contact", "project"]
#: All of them, in the order of the form.
PARTS: tuple[Part, ...] = get_args(Part)
#: Who reads it in the API: the applicant with the managers of the season, these
#: managers alone, or nobody. The public reads nothing of an application.
Readers = Literal["applicant", "managers", "nobody"]


@dataclass(frozen=True)
class Field:
    """One field of an application.

    :ivar name: in the API, and of the column in the table
    :ivar label: its name for people, to be translated; empty where no page shows it
    :ivar kind: what the applicant gives; ``None`` for what the portal itself keeps
    :ivar part: where the form asks for it; ``None`` where only the API takes it
    :ivar doc: what it means, for the documentation of the API
    :ivar help: what the form says beside it, to be translated
    :ivar limit: the most characters of a text, or the largest number
    :ivar needed: whether nobody can submit without it
    :ivar correctable: whether managers can ask to have it corrected
    :ivar directory: what the directory calls it, where the directory knows it
    :ivar autocomplete: what browsers call it, to fill it in (HTML's ``autocomplete``)
    :ivar personal: whether erasing an application empties it
    :ivar readers: who reads it in the API
    :ivar width: of its column in the export, in characters; 0 where it has none
    :ivar stored: whether it is a column of the table; otherwise it is worked out
    """

    name: str
    label: str = ""
    kind: Kind | None = None
    part: Part | None = None
    doc: str = ""
    help: str = ""
    limit: int = 0
    needed: bool = False
    correctable: bool = True
    directory: str = ""
    autocomplete: str = ""
    personal: bool = False
    readers: Readers = "applicant"
    width: int = 0
    stored: bool = True


#: In the order of the export; the form has its fields in the same order, by part.
FIELDS: tuple[Field, ...] = (
    Field("id"),
    Field("reference", N_("Reference"), width=16),
    Field("cohort_id"),
    Field(
        "siren",
        N_("SIREN"),
        kind="siren",
        part="collectivite",
        doc="the SIREN of the collectivité; one of the directory fills in the name, "
        "kind, département and population",
        help=N_("Nine digits."),
        needed=True,
        width=16,
    ),
    Field(
        "organization_title",
        N_("Name of the collectivité"),
        kind="word",
        part="collectivite",
        doc="its name, needed for a SIREN outside the directory",
        limit=200,
        needed=True,
        directory="name",
        width=32,
    ),
    Field(
        "kind",
        N_("Kind"),
        kind="kind",
        part="collectivite",
        doc="``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``",
        directory="kind",
        width=16,
    ),
    Field(
        "insee_code",
        N_("INSEE code"),
        kind="word",
        doc="the INSEE code of a commune",
        limit=5,
        # The place comes from the directory, with the SIREN.
        correctable=False,
        directory="insee_code",
        width=10,
    ),
    Field(
        "departement",
        N_("Département"),
        kind="departement",
        doc="the code of its département",
        limit=3,
        correctable=False,
        directory="departement",
        width=16,
    ),
    Field(
        "population",
        N_("Inhabitants"),
        kind="whole",
        part="collectivite",
        doc="inhabitants",
        limit=100_000_000,
        directory="population",
        width=11,
    ),
    Field(
        "agents",
        N_("Number of employees (full-time equivalents)"),
        kind="number",
        part="project",
        doc="full-time equivalents",
        help=N_("An estimate is enough."),
        limit=1_000_000,
        needed=True,
        width=16,
    ),
    Field("obligation", N_("Duty to publish"), stored=False, width=16),
    Field("state", N_("State"), width=16),
    Field("state_reason", N_("Reason"), personal=True, width=32),
    Field("changes_kind", personal=True),
    Field("changes_fields", personal=True),
    Field(
        "pending_decision",
        N_("Decision to be published"),
        personal=True,
        readers="managers",
        width=16,
    ),
    Field("waitlist_rank", N_("Rank on the waiting list"), width=16),
    Field("reviewer_id", personal=True, readers="managers"),
    Field("reviewer", N_("Read by"), readers="managers", stored=False, width=16),
    Field(
        "contact_name",
        N_("First and last name"),
        kind="word",
        part="contact",
        doc="whom to write to",
        limit=200,
        needed=True,
        autocomplete="name",
        personal=True,
        width=24,
    ),
    Field(
        "contact_role",
        N_("Role in the collectivité"),
        kind="word",
        part="contact",
        doc="what that person does there",
        limit=200,
        autocomplete="organization-title",
        personal=True,
        width=24,
    ),
    Field(
        "contact_email",
        N_("E-mail address"),
        kind="email",
        part="contact",
        doc="where to write to; without an account a draft needs it too",
        needed=True,
        autocomplete="email",
        personal=True,
        width=28,
    ),
    Field("email_confirmed_at", N_("Address confirmed on"), personal=True, width=16),
    Field(
        "contact_phone",
        N_("Telephone"),
        kind="phone",
        part="contact",
        doc="where to call",
        limit=40,
        autocomplete="tel",
        personal=True,
        width=16,
    ),
    Field(
        "elected_sponsor",
        N_("Elected sponsor: name and office"),
        kind="word",
        part="project",
        doc="name and office of the elected sponsor",
        help=N_(
            "The person who will speak for it in the council, if you know already."
        ),
        limit=300,
        personal=True,
        width=28,
    ),
    Field(
        "motivation",
        N_("Why do you want to take part?"),
        kind="paragraph",
        part="project",
        doc="why the collectivité wants to take part",
        help=N_("A few sentences: what you would like to open, and for whom."),
        limit=10_000,
        needed=True,
        personal=True,
        width=48,
    ),
    # To the season's own questions; what was handed in before a correction.
    Field("answers", personal=True),
    Field("previous", personal=True, readers="nobody"),
    Field("language", N_("Language"), width=9),
    Field("consent_at", N_("Agreement"), width=16),
    Field("revision"),
    Field("late_code_id", personal=True, readers="nobody"),
    Field("created_at", N_("Begun on"), width=16),
    Field("updated_at"),
    Field("submitted_at", N_("Submitted on"), width=16),
    Field("decided_at", N_("Decided on"), width=16),
    Field("decided_by", readers="managers"),
    Field("erasure_announced_at"),
    Field("erased_at"),
    Field("user_id", personal=True),
    Field("organization_id"),
)

#: What the applicant fills in, besides the answers, the files and the consent.
FORM: tuple[Field, ...] = tuple(field for field in FIELDS if field.kind)
#: Their names.
WRITTEN: tuple[str, ...] = tuple(field.name for field in FORM)
#: What an application cannot be submitted without.
NEEDED: tuple[str, ...] = tuple(field.name for field in FORM if field.needed)
#: What the directory knows of a collectivité, by the application's name for it.
OF_DIRECTORY: dict[str, str] = {
    field.name: field.directory for field in FORM if field.directory
}
#: What erasing empties.
PERSONAL: tuple[str, ...] = tuple(field.name for field in FIELDS if field.personal)
#: The columns of the export.
EXPORTED: tuple[Field, ...] = tuple(field for field in FIELDS if field.width)


#: What answers a step of the checklist, with the fields that say it.
SAID: dict[str, tuple[str, ...]] = {
    "elected_sponsor": ("elected_sponsor",),
    "contact": ("contact_name", "contact_role"),
}


def said(application: Any, what: str) -> str:
    """What an application says in the place of a step of the checklist.

    :param application: with the fields as attributes
    :param what: one of :data:`SAID`
    :returns: empty where it says nothing
    """
    words = (str(getattr(application, name) or "").strip() for name in SAID[what])
    return ", ".join(filter(None, words))


def asked_in(*parts: Part) -> tuple[Field, ...]:
    """The fields for which some parts of the form ask, part by part."""
    return tuple(field for part in parts for field in FORM if field.part == part)


def correctable(answers: Iterable[str] = ()) -> tuple[str, ...]:
    """What managers can ask to have corrected, in the order of the form.

    :param answers: the names of the answers to the season's own questions
    """
    names = (field.name for field in FORM if field.correctable)
    return (*names, *answers, "attachments")


def read_by(readers: Readers) -> tuple[str, ...]:
    """The names of the columns that the API answers to these readers.

    :param readers: ``managers`` read those of ``applicant`` too
    """
    return tuple(
        field.name for field in FIELDS if field.stored and field.readers == readers
    )
