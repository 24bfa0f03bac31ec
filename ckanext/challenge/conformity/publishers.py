"""Whose numbers a file may hold where it names its publisher."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import own_fields
from ckanext.challenge.domain.boxes import Box
from ckanext.challenge.model import Collectivite, Participant
from ckanext.challenge.model.catalog import dataset_extras
from ckanext.challenge.model.contour import boxes

#: The extra of a dataset that says for whom it is published, if not for its own.
FOR_OTHERS = "published_for"
#: The extras of an organization that say who it is.
NUMBERS = ("siren", "insee_code")

#: The commune of our examples, which does not exist.
EXAMPLE_SIREN = "210000121"
EXAMPLE_INSEE = "00012"


@dataclass(frozen=True)
class Publisher:
    """Whose numbers a file may hold.

    :ivar sirens: nothing where the portal knows none: then none is judged
    :ivar insee_codes: likewise, of communes
    :ivar boxes: by INSEE code, what lies around its communes (of an EPCI, around its
        members), where outlines are loaded
    """

    sirens: frozenset[str] = frozenset()
    insee_codes: frozenset[str] = frozenset()
    boxes: Mapping[str, Box] = field(default_factory=dict, compare=False)

    def fault(self, kind: str, number: str) -> str | None:
        """What is wrong with a number in a column that names the publisher.

        :param kind: ``siret``, ``siren`` or ``insee``
        :returns: ``example`` (it was left from our own example), ``other`` (it is
            somebody else's) or none
        """
        found = number[:9] if kind == "siret" else number
        if found == (EXAMPLE_INSEE if kind == "insee" else EXAMPLE_SIREN):
            return "example"
        own = self.insee_codes if kind == "insee" else self.sirens
        return "other" if own and found not in own else None

    def numbers(self, kind: str) -> list[str]:
        """The numbers that a column of that kind may hold, to be shown."""
        return sorted(self.insee_codes if kind == "insee" else self.sirens)


def of(resource: model.Resource) -> Publisher:
    """Who publishes a resource: its organization, and those that its dataset names."""
    package = model.Session.get(model.Package, resource.package_id)
    if package is None or not package.owner_org:
        return Publisher()
    others = codes_in(own_fields.read(_extras(package), FOR_OTHERS))
    return of_organization(package.owner_org, others)


def of_organization(organization_id: str, others: Collection[str] = ()) -> Publisher:
    """Whose numbers the files of an organization may hold.

    :param others: SIREN or INSEE codes of those for whom it publishes
    """
    group = model.Session.get(model.Group, organization_id)
    own = _extras(group)
    codes: set[str] = {own_fields.read(own, name) for name in NUMBERS}
    sirens = model.Session.execute(
        sa.select(Participant.siren).where(
            Participant.organization_id == organization_id
        )
    )
    codes |= {siren for siren in sirens.scalars() if siren}
    codes |= {*others}
    codes.discard("")
    rows = model.Session.execute(
        sa.select(Collectivite.siren, Collectivite.insee_code).where(
            sa.or_(
                Collectivite.siren.in_(sorted(codes)),
                Collectivite.insee_code.in_(sorted(codes)),
            )
        )
    )
    codes |= {code for row in rows for code in row if code}
    sirens = frozenset(code for code in codes if len(code) == 9)
    insee_codes = frozenset(code for code in codes if len(code) == 5)
    members = model.Session.execute(
        sa.select(Collectivite.insee_code).where(
            Collectivite.epci_siren.in_(sorted(sirens)),
            Collectivite.insee_code.is_not(None),
        )
    ).scalars()
    return Publisher(sirens, insee_codes, boxes({*insee_codes, *filter(None, members)}))


def published_for(organization_id: str) -> set[str]:
    """For whom an organization publishes already: SIREN and INSEE codes."""
    extras = dataset_extras([FOR_OTHERS])
    texts = model.Session.execute(
        sa.text(
            f"SELECT {extras.columns[FOR_OTHERS]} FROM package p {extras.joins}"
            " WHERE p.owner_org = :organization AND p.state = 'active'"
        ),
        {"organization": organization_id},
    ).scalars()
    return {code for text in texts for code in codes_in(text or "")}


def codes_in(text: str) -> set[str]:
    """The SIREN and INSEE codes that somebody wrote one after the other."""
    return {*text.replace(",", " ").split()}


def _extras(entity: Any) -> Mapping[str, Any]:
    return (entity.extras or {}) if entity is not None else {}
