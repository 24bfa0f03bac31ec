"""What the directory's actions take."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.common.validators import challenge_siren
from ckanext.challenge.domain.eligibility import KINDS

from .departements import departements

DEFAULT_LIMIT = 20
MAX_LIMIT = 100
MAX_QUERY = 200


def search() -> Schema:
    """Which collectivités."""
    return {
        "q": query(),
        "kind": fields.choice(KINDS),
        "departement": departement(),
        **fields.paging(MAX_LIMIT, DEFAULT_LIMIT),
    }


def query() -> list[fields.Validator]:
    """Words of a name or a code."""
    return [*fields.raw(required=False), _short_query]


def departement() -> list[fields.Validator]:
    """The code of a département."""
    return [*fields.raw(required=False), _known_departement]


def show() -> Schema:
    """Which one."""
    return {"siren": fields.raw()}


def show_siren() -> Schema:
    """Which one, by a SIREN as it is stored."""
    return {"siren": fields.siren()}


def successor_create() -> Schema:
    """What was replaced, and by what."""
    return {"siren": fields.siren(), "successor": fields.siren()}


def successor_list() -> Schema:
    """About which one."""
    return {"siren": fields.siren(required=False), **fields.paging()}


def match_list() -> Schema:
    """Which organizations without a SIREN."""
    return {
        "q": [*fields.raw(required=False), _short_query],
        "proposed": fields.truth(),
        **fields.paging(),
    }


def match_decide() -> Schema:
    """Which organization is which collectivité."""
    return {"organization": fields.raw(), "siren": [*fields.raw(), _siren_or_none]}


def _siren_or_none(value: str) -> str:
    return value if value == "none" else challenge_siren(value)


def _short_query(value: str) -> str:
    if len(value) > MAX_QUERY:
        raise tk.Invalid(
            tk._("Search for {count} characters at most").format(count=MAX_QUERY)
        )
    return value


def _known_departement(value: str) -> str:
    code = value.strip().upper()
    if code not in departements():
        raise tk.Invalid(
            tk._("“{value}” is not a département: write its code, such as 45").format(
                value=value[:40]
            )
        )
    return code
