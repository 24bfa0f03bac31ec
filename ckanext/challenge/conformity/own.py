"""The Table Schemas that this portal added, as the database has them.

All nodes and workers see the same: they are read once in each transaction. Where the
table fails there are none: forms of CKAN ask for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.model import meta

from ckanext.challenge.common import shield
from ckanext.challenge.model import PortalSchema

Documents = Mapping[str, Mapping[str, Any]]
_KEY = "challenge_schemas"


def documents() -> Documents | None:
    """The documents by their ids, in their order; ``None`` where none can be read."""
    if meta.engine is None:
        return None
    session = model.Session()
    transaction = session.get_transaction()
    read = session.info.get(_KEY)
    if read is not None and transaction is not None and read[0] is transaction:
        return read[1]
    found = shield.read("schemas of the portal", _read, None)
    session.info[_KEY] = (session.get_transaction(), found)
    return found


def _read() -> Documents | None:
    table = PortalSchema.__table__
    rows = model.Session.execute(
        sa.select(table.c.id, table.c.document).order_by(table.c.id)
    )
    return {row[0]: row[1] for row in rows}


def forget() -> None:
    """Read them again: they have changed in this transaction."""
    model.Session().info.pop(_KEY, None)
