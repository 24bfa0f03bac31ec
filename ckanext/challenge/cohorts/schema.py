"""What the actions on cohorts and their staff take."""

from __future__ import annotations

from decimal import Decimal

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge import programmes
from ckanext.challenge.common import fields
from ckanext.challenge.domain import budget, eligibility, lifecycle, schedule

#: The days between which applications are read together, both included.
READING_DATES = ("reading_opens", "reading_closes")

#: The fields that managers settle, in the order of a season's form.
FIELDS = (
    "name",
    "title",
    "season",
    "description",
    "programme",
    "application_opens",
    "application_deadline",
    "launch",
    "first_publication",
    "finalisation",
    "capacity",
    "kinds",
    "days_per_participant",
    "funding",
    "currency",
    "contact_email",
    "hashtag",
    "partners",
    "testimonials",
    "questions",
    "criteria",
    *READING_DATES,
    "automatic_promotion",
    "scheduled_transitions",
    "stalled_days",
    "stalled_late_steps",
)

#: What somebody can be to a cohort.
ROLES = ("manager", "adviser")

#: The fields of a cohort that are lists of objects.
LISTS = ("funding", "partners", "testimonials")

#: Words that are addresses of their own under ``/challenge/``.
RESERVED_NAMES = frozenset(
    {
        "api",
        "application",
        "applications",
        "award",
        "awards",
        "badge",
        "badges",
        "calendar",
        "claim",
        "collectivite",
        "conformity",
        "credentials",
        "data",
        "dataset",
        "health",
        "digest",
        "kit",
        "kits",
        "manage",
        "matches",
        "merges",
        "metrics",
        "mine",
        "observatory",
        "oembed",
        "organization",
        "preparation",
        "proof",
        "report",
        "status",
        "subscription",
        "subscriptions",
        "verify",
        "visit",
    }
)


def _not_reserved(value: str) -> str:
    if value in RESERVED_NAMES:
        raise tk.Invalid(
            tk._("“{value}” is an address of the portal itself").format(value=value)
        )
    return value


def _known_programme(value: str) -> str:
    if value not in programmes.names():
        raise tk.Invalid(
            tk._("“{value}” is not one of: {allowed}").format(
                value=value[:40], allowed=", ".join(programmes.names())
            )
        )
    return value


def _currency(value: str) -> str:
    if not (len(value) == 3 and value.isascii() and value.isupper()):
        raise tk.Invalid(tk._("Write the currency as three capital letters: EUR"))
    return value


def _hashtag(value: str) -> str:
    tag = value.removeprefix("#")
    if not tag.isidentifier():
        raise tk.Invalid(tk._("A hashtag has letters and digits only, no space"))
    return tag


def _identity() -> Schema:
    return {
        "name": [
            *fields.word(100, required=True),
            tk.get_validator("name_validator"),
            _not_reserved,
        ],
        "title": fields.word(200, required=True),
        "season": fields.whole(1, 999, required=True),
    }


def cohort_update() -> Schema:
    """Which season is changed, as somebody saw it."""
    return {
        "id": fields.raw(),
        "revision": fields.raw(required=False),
        "drop_answered": fields.truth(),
    }


def cohort_copy() -> Schema:
    """What a copy of a cohort has of its own."""
    return {
        **_identity(),
        "launch": fields.day(required=True),
        "dry_run": fields.truth(),
        "__extras": [tk.get_validator("ignore")],
    }


def cohort_save() -> Schema:
    """All fields but questions and criteria; what is not given is emptied."""
    return {
        **_identity(),
        "description": fields.paragraph(20_000),
        "programme": [
            fields.default("saison"),
            *fields.word(100, required=True),
            _known_programme,
        ],
        "application_opens": fields.day(),
        "application_deadline": fields.day(),
        "launch": fields.day(),
        "first_publication": fields.day(),
        "finalisation": fields.day(),
        "capacity": fields.whole(1, 10_000),
        "kinds": fields.choices(eligibility.KINDS),
        "reading_opens": fields.day(),
        "reading_closes": fields.day(),
        "days_per_participant": fields.number(0, 365, decimals=1, step=Decimal("0.5")),
        "funding": {
            "source": fields.word(200, required=True),
            "amount": fields.number(0, 100_000_000, required=True),
            "rule": fields.choice(budget.RULES),
            "promised": fields.number(0, 1_000_000_000),
        },
        "currency": [
            fields.default("EUR"),
            *fields.word(3, required=True),
            _currency,
        ],
        "contact_email": fields.email(),
        "hashtag": [*fields.word(60), _hashtag],
        "partners": {
            "name": fields.word(200, required=True),
            "url": fields.web_address(),
            "logo_url": fields.web_address(),
        },
        "testimonials": {
            "quote": fields.paragraph(1000, required=True),
            "author": fields.word(200, required=True),
            "role": fields.word(200),
        },
        "automatic_promotion": fields.truth(),
        "scheduled_transitions": fields.choices(schedule.STATES),
        "stalled_days": fields.whole(1, 365),
        "stalled_late_steps": fields.whole(0, 100),
    }


def cohort_show() -> Schema:
    """Which season, and whether with what is counted over its participants."""
    return {
        "id": fields.raw(),
        "include_figures": [fields.default(True), *fields.truth()],
    }


def transition() -> Schema:
    """The state to which a cohort shall go."""
    return {
        "id": fields.raw(),
        "to": fields.choice(lifecycle.COHORT.states, required=True),
    }


def leaving() -> Schema:
    """The state to which a cohort shall go, and perhaps the one it shall leave."""
    return {**transition(), "from": fields.choice(lifecycle.COHORT.states)}


def cohort_list() -> Schema:
    """Which cohorts, and whether with what is counted over their participants."""
    return {
        "state": fields.choice(lifecycle.COHORT.states),
        "include_figures": [fields.default(True), *fields.truth()],
        **fields.paging(),
    }


def staff_list() -> Schema:
    """Whose staff."""
    return {"cohort": fields.raw(), **fields.paging()}


def staff_create() -> Schema:
    """Who becomes what in which cohort."""
    return {
        "cohort": fields.raw(),
        "user": fields.raw(),
        "role": fields.choice(ROLES, required=True),
    }


def programme_update() -> Schema:
    """Which season, and the version or the digest that was looked at."""
    return {
        "id": fields.raw(),
        "version": fields.whole(1, 1_000_000),
        "digest": fields.word(64),
    }


def late_code_list() -> Schema:
    """Whose codes."""
    return {"cohort": fields.raw(), **fields.paging()}


def late_code_create() -> Schema:
    """For whom, until when, how often."""
    return {
        "cohort": fields.raw(),
        "note": fields.word(200),
        "valid_until": fields.day(),
        "max_uses": [fields.default(1), *fields.whole(1, 1000)],
    }
