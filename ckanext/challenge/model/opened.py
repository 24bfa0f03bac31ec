"""What the collectivités of the directory have opened, for maps."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.map_classes import Opened, Share, share_class

from . import catalog
from .arrays import array


def opened() -> dict[str, Opened]:
    """Which collectivités have public datasets here, and whether one conforms.

    :returns: by the key of the directory; who has none is not in it
    """
    extras = catalog.organization_extras(["siren"])
    rows = model.Session.execute(
        sa.text(
            f"""
            SELECT c.code, bool_or(EXISTS (
                SELECT 1 FROM resource r
                JOIN challenge_conformity f
                  ON f.resource_id = r.id AND f.status = 'valid'
                WHERE r.package_id = p.id AND r.state = 'active'
            )) AS conforming
            FROM "group" g {extras.joins}
            JOIN challenge_collectivite c ON c.siren = {extras.columns["siren"]}
            JOIN package p ON p.owner_org = g.id AND {catalog.PUBLIC}
            WHERE g.is_organization AND g.state = 'active'
            GROUP BY c.code
            """
        )
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
