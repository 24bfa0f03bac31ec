"""What the observatory's actions take."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import Schema

from ckanext.challenge.common import fields
from ckanext.challenge.directory.schema import departement, query
from ckanext.challenge.domain.eligibility import KINDS, STATUSES
from ckanext.challenge.domain.sizes import SIZES
from ckanext.challenge.model.contour import LEVELS

#: How many rows a page has unasked, and at most: a country is read in a few of them.
DEFAULT_LIMIT = 50
MAX_LIMIT = 5000

SORTS = ("population", "name", "datasets", "conforming", "recent")
OCCASIONS = ("month", "quarter", "season")


def show() -> Schema:
    """Which collectivités, and in which order."""
    return {
        **territory(),
        "duty": fields.choice(STATUSES),
        "obligation": fields.choice(STATUSES),
        "publishes": fields.yes_or_no(),
        "takes_part": fields.yes_or_no(),
        "badge": fields.word(100),
        "q": query(),
        "sort": [fields.default("population"), *fields.choice(SORTS)],
        "breakdowns": fields.yes_or_no(),
        "figures": fields.yes_or_no(),
        "tiles": fields.yes_or_no(),
        "geometry": fields.yes_or_no(),
        **fields.paging(MAX_LIMIT, DEFAULT_LIMIT),
    }


def territory() -> Schema:
    """The filters of which there is a history, one at a time."""
    return {
        "departement": departement(),
        "epci": fields.siren(required=False),
        "kind": fields.choice(KINDS),
        "size": fields.choice([size.key for size in SIZES]),
    }


def map_list() -> Schema:
    """All of them: a country has some two hundred."""
    return fields.paging(unasked=1000)


def map_show() -> Schema:
    """Which map."""
    return {
        "level": [fields.default("commune"), *fields.choice(LEVELS)],
        "departement": departement(),
        "outlines": [fields.default(True), *fields.truth()],
    }


def situation() -> Schema:
    """Which collectivité."""
    return {"siren": fields.siren()}


def history() -> Schema:
    """Of what, and how often."""
    return {
        **territory(),
        "occasion": [fields.default("month"), *fields.choice(OCCASIONS)],
        **fields.paging(),
    }


def only_one(data: dict[str, object]) -> tuple[str, str]:
    """The one filter that is given, as a level and its value.

    :raises ckan.plugins.toolkit.ValidationError: on the second of several
    """
    given = [(name, str(data[name])) for name in territory() if data.get(name)]
    if len(given) > 1:
        text = tk._("There is a history of one filter at a time: leave out the others")
        raise tk.ValidationError({given[1][0]: [text]})
    return given[0] if given else ("all", "")
