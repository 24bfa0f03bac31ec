"""Old addresses: they answer 301 to the present one, for ever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

import ckan.plugins.toolkit as tk
from flask import request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ckanext.challenge.common import addresses, shield

Asked = tuple[tuple[str, str], ...]

_KINDS: dict[str, addresses.Kind] = {"cohort": "cohort", "organization": "organization"}
#: Pages of CKAN's own, which credentials and other sites name.
_CORE = ("organization.", "challenge_organization.", "feeds.organization")

_ABOUT = "challenge_organization.read"
#: What is answered, in place of what is about a participant, where the organization
#: that took its place takes no part in the season; else its page.
_IN_PLACE = {
    "challenge_calendar.participant": "challenge_calendar.season",
    "challenge.participant_card": "challenge.season_card",
}
#: The addresses of an organization which lead to the one that took its place although
#: it is still there. Others are CKAN's and its data's, as long as it is.
_FOR_READERS = frozenset(
    {
        "challenge.shield",
        "challenge.embed",
        "challenge.participant_card",
        "challenge_calendar.participant",
        "challenge_participant.read",
        _ABOUT,
    }
)
#: Those that the page of a collectivité answers where nothing else is left.
_PAGES = frozenset(
    {
        "challenge.embed",
        "challenge_participant.read",
        "organization.read",
        _ABOUT,
    }
)


@dataclass(frozen=True)
class Place:
    """An address of the portal, taken apart.

    :ivar values: what stands in its path
    :ivar asked: what stands behind its question mark
    """

    endpoint: str
    values: Mapping[str, Any]
    asked: Asked = ()

    def url(self) -> str:
        """The address, with the prefix and the language of the request."""
        url = str(tk.h.url_for(self.endpoint, **self.values))
        return f"{url}?{urlencode(self.asked)}" if self.asked else url

    def names(self) -> Iterator[tuple[str, addresses.Kind, str]]:
        """The parts which may be names: what they are called, of what, and each."""
        if self.endpoint.startswith(_CORE):
            if "id" in self.values:
                yield "id", "organization", self.values["id"]
        elif self.endpoint.startswith("challenge"):
            for key, kind in _KINDS.items():
                if key in self.values:
                    yield key, kind, self.values[key]
            for key, value in self.asked:
                if key in _KINDS:
                    yield key, _KINDS[key], value

    def renamed(self, key: str, old: str, new: str) -> Place:
        """The same with another name."""
        values, asked = dict(self.values), self.asked
        if values.get(key) == old:
            values[key] = new
        if key in _KINDS:
            asked = tuple((k, new if (k, v) == (key, old) else v) for k, v in asked)
        return replace(self, values=values, asked=asked)


def follow(response: Response) -> Response:
    """Lead who asks under an old name to the new one; a form keeps its method."""
    reads = request.method in ("GET", "HEAD")
    found: Place | None = None
    try:
        if _is_nothing(response):
            found = present(_asked_for())
        elif reads and response.status_code in (200, 304):
            found = taken_over(_asked_for())
    except shield.DatabaseError as error:
        # What is answered already stays, as while a portal is being upgraded.
        if not shield.gave_way(error, request.path):
            raise
    if found is None or not (reads or found.endpoint == request.endpoint):
        return response
    answer = redirect(found.url(), 301 if reads else 308)
    answer.headers["Access-Control-Allow-Origin"] = "*"
    return answer


def _is_nothing(response: Response) -> bool:
    """Whether nothing has the address: of what is deleted CKAN says one may not."""
    return response.status_code == 404 or (
        response.status_code == 403 and (request.endpoint or "").startswith(_CORE)
    )


def _asked_for() -> Place:
    return Place(
        request.endpoint or "",
        dict(request.view_args or {}),
        tuple(request.args.items(multi=True)),
    )


def present(place: Place) -> Place | None:
    """Where what had an address that answers nothing now has it, if anywhere."""
    found = place
    for key, kind, name in place.names():
        if now := addresses.present_name(kind, name):
            found = found.renamed(key, name, now)
        elif (
            kind == "organization"
            and place.endpoint in _PAGES
            and (siren := addresses.collectivite_of(name))
        ):
            return Place("challenge_collectivite.read", {"siren": siren})
    return _where_it_takes_part(found) if found != place else None


def _where_it_takes_part(place: Place) -> Place:
    """The same place or, where its organization takes no part in its season, the
    nearest one that answers.
    """
    asked = dict(place.asked)
    names = {**{key: asked[key] for key in _KINDS if key in asked}, **place.values}
    if not _KINDS.keys() <= names.keys() or addresses.takes_part(
        names["cohort"], names["organization"]
    ):
        return place
    if "organization" not in place.values:
        # A filter: nothing of that organization is in the season.
        return place
    if "cohort" not in place.values:
        rest = tuple(pair for pair in place.asked if pair[0] != "cohort")
        return replace(place, asked=rest)
    if place.endpoint in _IN_PLACE:
        return Place(
            _IN_PLACE[place.endpoint], {"cohort": names["cohort"]}, place.asked
        )
    return Place(_ABOUT, {"id": names["organization"]})


def taken_over(place: Place) -> Place | None:
    """Where readers find what an organization was that is still there, although its
    collectivité was replaced by another; nowhere, as a rule.
    """
    if place.endpoint not in _FOR_READERS:
        return None
    names = {kind: (key, name) for key, kind, name in place.names()}
    if "organization" not in names:
        return None
    key, name = names["organization"]
    heir = addresses.heir_of(name)
    if heir is None or ("cohort" in names and names["cohort"][1] not in heir.cohorts):
        # What it did in a season in which the other takes no part stays its own.
        return None
    return place.renamed(key, name, heir.organization)
