"""Writing to the journal and proving that nobody touched it.

Entries are written in the caller's transaction, so that what is in the journal is
what happened. Writers take their turn (an advisory lock held until the end of the
transaction): the chain has no fork and its numbers have no gap.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model

from .domain.chain import GENESIS, digest
from .model import JournalEntry
from .model.base import utcnow

__all__ = ["SYSTEM", "Entry", "Fault", "record", "record_many", "verify"]

#: The actor of what nobody asked for by hand, such as an evaluation.
SYSTEM = "system"

# Any constant that no other program uses for an advisory lock.
_LOCK = 0x6368616C_6A726E6C
_BATCH = 5000


@dataclass(frozen=True)
class Entry:
    """What is told to the journal.

    :ivar data: JSON values; never contact data, messages or notes
    """

    actor: str
    action: str
    object_type: str
    object_id: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """A place where the journal is not what was written.

    :ivar number: of the row
    :ivar kind: ``missing`` (rows before it were removed), ``order`` (it is older
        than the row before) or ``digest`` (it, or its place, was changed)
    """

    number: int
    kind: str


def record(
    actor: str,
    action: str,
    object_type: str,
    object_id: str,
    data: dict[str, Any] | None = None,
) -> None:
    """Add one entry, in the current transaction of CKAN's session."""
    record_many([Entry(actor, action, object_type, object_id, data or {})])


def record_many(entries: Sequence[Entry]) -> None:
    """Add entries in their order, in the current transaction of CKAN's session."""
    if not entries:
        return
    session = model.Session
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    last = session.execute(
        sa.select(JournalEntry.id, JournalEntry.digest)
        .order_by(JournalEntry.id.desc())
        .limit(1)
    ).first()
    number, previous = (last[0], last[1]) if last else (0, GENESIS)
    now = utcnow()
    rows: list[dict[str, Any]] = []
    for entry in entries:
        number += 1
        previous = digest(
            previous,
            number,
            now,
            entry.actor,
            entry.action,
            entry.object_type,
            entry.object_id,
            entry.data,
        )
        rows.append(
            {
                "id": number,
                "at": now,
                "actor": entry.actor,
                "action": entry.action,
                "object_type": entry.object_type,
                "object_id": entry.object_id,
                "data": entry.data,
                "digest": previous,
            }
        )
    table: sa.Table = JournalEntry.__table__  # type: ignore[assignment]
    for start in range(0, len(rows), _BATCH):
        session.execute(table.insert(), rows[start : start + _BATCH])


def _rows() -> Iterator[Any]:
    query = sa.select(JournalEntry.__table__).order_by(JournalEntry.id)
    return iter(model.Session.execute(query.execution_options(yield_per=_BATCH)))


def verify(rows: Iterable[Any] | None = None) -> list[Fault]:
    """Read the whole journal and list the rows at which its chain breaks.

    :param rows: rows to read in place of the table's, in order
    :returns: nothing when the journal is as it was written
    """
    faults: list[Fault] = []
    number, previous = 0, GENESIS
    last_at: dt.datetime | None = None
    for row in rows if rows is not None else _rows():
        if row.id != number + 1:
            faults.append(Fault(row.id, "missing"))
        elif row.digest != digest(
            previous,
            row.id,
            row.at,
            row.actor,
            row.action,
            row.object_type,
            row.object_id,
            row.data,
        ):
            faults.append(Fault(row.id, "digest"))
        elif last_at is not None and row.at < last_at:
            faults.append(Fault(row.id, "order"))
        number, previous, last_at = row.id, row.digest, row.at
    return faults
