"""What the actions on subscriptions take."""

from __future__ import annotations

from ckan.lib import i18n
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.directory.schema import departement

#: What somebody can subscribe to.
OBJECTS = ("badge", "cohort", "organization", "departement", "epci", "collectivite")
#: Of these, those that are a territory.
PLACES = OBJECTS[3:]


def create() -> Schema:
    """Who wants to be told of what."""
    return {
        **{name: fields.raw(required=False) for name in OBJECTS},
        "departement": departement(),
        "epci": fields.siren(required=False),
        "collectivite": fields.siren(required=False),
        "email": fields.email(required=True),
        "lang": fields.choice(i18n.get_locales()),
    }


def own() -> Schema:
    """A subscription, by a key that was mailed for it."""
    return {"key": fields.raw()}


def mine() -> Schema:
    """All subscriptions of an address: by a key of it, or by itself."""
    return {"key": fields.raw(required=False), "email": fields.email()}


def ended() -> Schema:
    """Which subscriptions end: the one of the key, or all of its address."""
    return {**mine(), "all": fields.truth()}
