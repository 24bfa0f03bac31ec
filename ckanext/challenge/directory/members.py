"""The communes of EPCI that are no more."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.challenge.common import addresses
from ckanext.challenge.domain.eligibility import EPCI_KINDS
from ckanext.challenge.model.arrays import array

_FOLLOW = sa.text(
    f"""
    WITH RECURSIVE {addresses.HEIRS}
    UPDATE challenge_collectivite c SET epci_siren = heir.siren
    FROM heir JOIN challenge_collectivite epci ON epci.siren = heir.siren
    WHERE c.epci_siren = heir.origin AND epci.kind = ANY (CAST(:kinds AS text[]))
    """
)

_LEFT = sa.text(
    """
    SELECT epci.siren, epci.name FROM challenge_collectivite epci
    WHERE epci.kind = ANY (CAST(:kinds AS text[]))
      AND epci.vintage < (
          SELECT max(c.vintage) FROM challenge_collectivite c
          WHERE c.departement = epci.departement)
      AND NOT EXISTS (
          SELECT 1 FROM challenge_collectivite c WHERE c.epci_siren = epci.siren)
      AND NOT EXISTS (
          SELECT 1 FROM challenge_former_address f
          WHERE f.kind = 'collectivite' AND f.name = epci.siren)
    ORDER BY epci.siren
    """
)


def follow(connection: Any) -> None:
    """Have the communes of an EPCI that was replaced belong to the one that did.

    Lists are older than mergers. The next list says of which EPCI they are, so that
    what was said by mistake is undone by loading it.

    :param connection: of the transaction
    """
    connection.execute(_FOLLOW, {"kinds": array(sorted(EPCI_KINDS))})


def left(connection: Any) -> list[tuple[str, str]]:
    """The EPCI that no commune belongs to, since a newer list has them in others.

    :param connection: of the transaction
    :returns: their SIREN and name
    """
    rows = connection.execute(_LEFT, {"kinds": array(sorted(EPCI_KINDS))})
    return [(row.siren, row.name) for row in rows]
