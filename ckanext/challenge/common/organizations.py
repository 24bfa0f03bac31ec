"""Which organization of the catalogue is which collectivité."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import catalog, locks


def organizations_with_siren(*sirens: str) -> list[model.Group]:
    """The active organizations that carry one of these SIRENs, the oldest first."""
    extras = catalog.organization_extras(["siren"])
    ids = model.Session.execute(
        sa.text(
            f"""
            SELECT g.id FROM "group" g {extras.joins}
            WHERE g.is_organization AND g.state = 'active'
              AND {extras.columns["siren"]} = ANY (:sirens)
            ORDER BY g.created
            """
        ),
        {"sirens": list(sirens)},
    ).scalars()
    return [group for id_ in ids if (group := model.Group.get(id_)) is not None]


def hold_organization_of(siren: str) -> None:
    """Keep others from making, or removing, an organization with this SIREN until the
    transaction ends: it may be accepted to two seasons at the same instant.

    Take it after the season and the application.
    """
    locks.hold(f"organization of {siren}")
