"""Where CKAN keeps datasets and organizations, as statements read them.

The one place that knows the difference between CKAN 2.12, which keeps extras as JSONB
on ``package`` and ``"group"``, and CKAN 2.11, which keeps them in the tables
``package_extra`` and ``group_extra``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

#: What the public can see of the table ``package p``.
PUBLIC = "p.state = 'active' AND p.private IS NOT TRUE AND p.type = 'dataset'"


@dataclass(frozen=True)
class Extras:
    """How a statement reaches some extras.

    :ivar columns: for each key, an SQL expression that is its text or null
    :ivar joins: what the ``FROM`` clause needs for them; adds no row
    """

    columns: Mapping[str, str]
    joins: str = ""


def extras_in_tables() -> bool:
    """Whether this CKAN keeps extras in tables of their own (2.11)."""
    return hasattr(model, "PackageExtra")


def dataset_extras(keys: Collection[str], alias: str = "p") -> Extras:
    """Extras of the datasets in the table ``package``.

    :param keys: names of fields, which end up in the statement: never a user's input
    :param alias: how the statement calls that table
    """
    return _extras("package", keys, alias)


def organization_extras(keys: Collection[str], alias: str = "g") -> Extras:
    """Extras of the organizations in the table ``"group"``."""
    return _extras("group", keys, alias)


def organization_siren() -> Any:
    """The SIREN that an organization of ``model.Group`` says it has, to select."""
    if not extras_in_tables():
        return model.group_table.c.extras["siren"].astext
    extra = model.meta.metadata.tables["group_extra"]
    return (
        sa.select(extra.c.value)
        .where(
            extra.c.group_id == model.Group.id,
            extra.c.key == "siren",
            extra.c.state == "active",
        )
        .scalar_subquery()
    )


def _extras(entity: str, keys: Collection[str], alias: str) -> Extras:
    for key in keys:
        if not key.isidentifier():
            raise ValueError(f"{key} cannot be the name of a field")
    if not extras_in_tables():
        return Extras({key: f"({alias}.extras ->> '{key}')" for key in keys})
    # One join for each key, and not one for all with a pivot: PostgreSQL pushes the
    # condition on the owner into a join, but not into a grouped subquery.
    return Extras(
        {key: f"extra_{key}.value" for key in keys},
        "\n".join(
            f"LEFT JOIN {entity}_extra extra_{key}"
            f" ON extra_{key}.{entity}_id = {alias}.id"
            f" AND extra_{key}.key = '{key}' AND extra_{key}.state = 'active'"
            for key in keys
        ),
    )
