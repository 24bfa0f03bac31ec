"""What the collectivités of the directory have opened, for maps."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.map_classes import Opened, Share, share_class

from .arrays import array
from .observatory import Observed


def opened() -> dict[str, Opened]:
    """Which collectivités have public datasets here, and whether one conforms, as the
    observatory has stored it.

    :returns: by the key of the directory; who has none is not in it
    """
    rows = model.Session.query(Observed.code, Observed.conforming).filter(
        Observed.datasets > 0
    )
    return {row.code: "conforming" if row.conforming else "open" for row in rows}


def shares(classes: Mapping[str, str]) -> dict[str, Share]:
    """For how many of the inhabitants of each département data are open: by their
    commune, or by its EPCI.

    :param classes: by the key of the directory, of those that have opened data
    """
    rows = model.Session.execute(
        sa.text(
            """
            WITH opened (code) AS (SELECT unnest(CAST(:codes AS text[])))
            SELECT departement, sum(population) AS total, sum(population) FILTER (
                WHERE c.code IN (SELECT code FROM opened)
                   OR c.epci_siren IN (SELECT code FROM opened)) AS covered
            FROM challenge_collectivite c
            WHERE kind = 'commune' AND departement IS NOT NULL
            GROUP BY departement
            """
        ),
        {"codes": array(sorted(classes))},
    )
    return {
        row.departement: share_class(row.covered or 0, row.total or 0) for row in rows
    }
