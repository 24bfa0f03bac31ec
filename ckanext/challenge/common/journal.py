"""Writing to the journal and proving that nobody touched it.

Entries are written in the caller's transaction, so that what is in the journal is
what happened. Writers take their turn (an advisory lock held until the end of the
transaction): the chain has no fork and its numbers have no gap.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timezone
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.chain import GENESIS, digest
from ckanext.challenge.model import JournalEntry
from ckanext.challenge.model.base import utcnow

#: The actor of what nobody asked for by hand, such as an evaluation.
SYSTEM = "system"
#: The actor of what somebody without an account did.
ANONYMOUS = "anonymous"

# Any constant that no other program uses for an advisory lock.
_LOCK = 0x6368616C_6A726E6C
_BATCH = 1000
# So many rows are looked for in each other's places.
_TRIED = 50


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
    :ivar kind: ``missing`` (rows from ``other`` up to the one before it were
        removed), ``moved`` (it was written as row ``other``), ``changed`` (its
        digest is not that of what it says after the row before it) or ``rewritten``
        (it had another digest once, or is gone)
    :ivar other: see ``kind``
    :ivar about: when it was written, and what it says was done to what
    """

    number: int
    kind: Literal["missing", "moved", "changed", "rewritten"]
    other: int | None = None
    about: str = ""


def take_turn() -> None:
    """Wait until no other transaction writes, and be the one that does until its end.

    Adding entries does it; call it for what has to happen in the same order as they.
    """
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


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
    take_turn()
    session = model.Session
    number, previous = last() or (0, GENESIS)
    now = utcnow()
    table: sa.Table = JournalEntry.__table__  # type: ignore[assignment]
    for start in range(0, len(entries), _BATCH):
        rows: list[dict[str, Any]] = []
        for entry in entries[start : start + _BATCH]:
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
        session.execute(table.insert(), rows)


def _rows() -> Iterator[Any]:
    query = sa.select(JournalEntry.__table__).order_by(JournalEntry.id)
    return iter(model.Session.execute(query.execution_options(yield_per=_BATCH)))


def verify(expected: Mapping[int, str] | None = None) -> list[Fault]:
    """Read the whole journal and list the rows at which its chain breaks.

    :param expected: digests that rows had once, by number: they also find a journal
        that was cut at its end, or written anew as a whole
    :returns: nothing when the journal is as it was written
    """
    wanted = dict(expected or {})
    faults: list[Fault] = []
    suspects: list[_Suspect] = []
    number, previous = 0, GENESIS
    for row in _rows():
        if row.id != number + 1:
            faults.append(Fault(row.id, "missing", number + 1, _about(row)))
        elif row.digest != _digest(previous, row.id, row):
            suspects.append(_Suspect(row, previous))
        if wanted.pop(row.id, row.digest) != row.digest:
            faults.append(Fault(row.id, "rewritten", about=_about(row)))
        number, previous = row.id, row.digest
    faults += [Fault(gone, "rewritten") for gone in wanted]
    faults += _explained(suspects)
    return sorted(faults, key=lambda fault: fault.number)


def last() -> tuple[int, str] | None:
    """The number and the digest of the last row: what to keep elsewhere."""
    row = model.Session.execute(
        sa.select(JournalEntry.id, JournalEntry.digest)
        .order_by(JournalEntry.id.desc())
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


@dataclass(frozen=True)
class _Suspect:
    """A row whose digest is not the one that its place asks for."""

    row: Any
    previous: str


def _digest(previous: str, number: int, row: Any) -> str:
    return digest(
        previous,
        number,
        row.at,
        row.actor,
        row.action,
        row.object_type,
        row.object_id,
        row.data,
    )


def _about(row: Any) -> str:
    at = row.at.astimezone(timezone.utc)
    return f"{at:%Y-%m-%d %H:%M} {row.action} {row.object_type} {row.object_id}"


def _explained(suspects: list[_Suspect]) -> Iterator[Fault]:
    """Say of each whether it was moved from the place of another one, or changed."""
    # Each is tried in the place of each: of more, only that something is wrong.
    tried = suspects[:_TRIED]
    numbers = {one.row.id for one in tried}
    digests = {one.row.digest for one in tried} | {one.previous for one in tried}
    for one in suspects:
        row, found = one.row, None
        if row.id in numbers:
            found = next(
                (
                    number
                    for number in sorted(numbers)
                    for before in digests
                    if _digest(before, number, row) == row.digest
                ),
                None,
            )
        if found is None:
            yield Fault(row.id, "changed", about=_about(row))
        elif found != row.id:
            yield Fault(row.id, "moved", found, _about(row))
        # Else it is what was written, and only the row before it is another one.
