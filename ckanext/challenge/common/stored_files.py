"""Files and the rows that name them: which lack each other, and how files move.

Rows are the truth: a file that no row names is left by a process that was killed, and
only what a row names is moved.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO

import sqlalchemy as sa
from ckan import model
from redis.exceptions import RedisError

from ckanext.challenge import config
from ckanext.challenge.domain.lifecycle import PREPARATION_OPEN
from ckanext.challenge.model import ApplicationFile, Evidence, Preparation
from ckanext.challenge.model.base import make_id

from .file_places import Missing, Place
from .rate_limit import redis_in_time

log = logging.getLogger(__name__)

_CHUNK = 256 * 1024
#: So many files are moved before it is asked whether they are still wanted.
PORTION = 100
#: How long a file that no row names is left: it may be of an upload under way.
YOUNG = 24 * 3600
#: Seconds for which it is kept in mind that a file was seen without a row.
_SEEN = 40 * 24 * 3600


@dataclass(frozen=True)
class Row:
    """A row that names a file.

    :ivar kind: ``application``, ``step`` or ``preparation``
    :ivar owner: the id of what the file belongs to
    :ivar digest: SHA-256 of its content, where the row keeps it
    """

    id: str
    kind: str
    owner: str
    digest: str | None


@dataclass
class Moved:
    """What a move did.

    :ivar copied: files that are at both places now
    :ivar there: files that were there already
    :ivar removed: files that are at the new place alone
    :ivar missing: rows whose file is nowhere
    :ivar damaged: rows whose file is another one than was kept; it stays where it is
    """

    copied: int = 0
    there: int = 0
    removed: int = 0
    missing: list[Row] = field(default_factory=list)
    damaged: list[Row] = field(default_factory=list)


def rows(ids: list[str] | None = None) -> list[Row]:
    """All rows that name a file, or those of these ids."""
    parts = [
        sa.select(
            ApplicationFile.id,
            sa.literal("application").label("kind"),
            ApplicationFile.application_id.label("owner"),
            ApplicationFile.digest,
        ),
        sa.select(
            Evidence.id, sa.literal("step"), Evidence.participant_id, Evidence.digest
        ),
        # A workbook goes with its publication.
        sa.select(
            Preparation.id,
            sa.literal("preparation"),
            Preparation.organization_id,
            Preparation.digest,
        ).where(Preparation.state.in_(PREPARATION_OPEN)),
    ]
    if ids is not None:
        parts = [part.where(part.selected_columns[0].in_(ids)) for part in parts]
    found = model.Session.execute(sa.union_all(*parts))
    listed = sorted((Row(*row) for row in found), key=lambda row: row.id)
    model.Session.rollback()
    return listed


def without_file(
    place: Place, named: Iterable[Row], on_progress: Callable[[int], None]
) -> Iterator[Row]:
    """The rows whose file is not there."""
    for row in named:
        if not place.exists(row.id):
            yield row
        on_progress(1)


def without_row(place: Place) -> dict[str, float | None]:
    """The files that no row names, with when each was written, where that is known."""
    # In this order: a row comes after its file.
    found = dict(place.names())
    for row in rows() if found else ():
        found.pop(row.id, None)
    return found


def abandoned(place: Place, now: float) -> list[str]:
    """The files that no row has named for a day: nobody comes for them.

    A storage does not tell when a file came: of those, it is kept in mind when one was
    first seen without a row.

    :param now: in seconds since 1970
    """
    found = without_row(place)
    undated = [id_ for id_, written in found.items() if written is None]
    seen = _first_seen(undated, place.name, now)
    return [
        id_
        for id_, written in found.items()
        if (seen[id_] if written is None else written) < now - YOUNG
    ]


def _first_seen(ids: list[str], place: str, now: float) -> dict[str, float]:
    seen = dict.fromkeys(ids, now)
    key = config.redis_key("strays", place)
    try:
        redis = redis_in_time()
        kept = dict(redis.hgetall(key))
        for id_ in ids:
            if id_.encode() in kept:
                seen[id_] = float(kept[id_.encode()])
        redis.delete(key)
        if seen:
            redis.hset(key, mapping={id_: str(at) for id_, at in seen.items()})
            redis.expire(key, _SEEN)
    except (RedisError, OSError):
        log.warning("Redis cannot be reached: files without a row stay for now")
    return seen


def digest_of(source: IO[bytes]) -> str:
    """SHA-256 of a content, in hexadecimal digits."""
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _digest_at(place: Place, id_: str) -> str | None:
    try:
        with place.open(id_) as source:
            return digest_of(source)
    except Missing:
        return None


def are_one(place: Place, other: Place) -> bool:
    """Whether what is written at one place is at the other: to take it away from there
    would be to lose it.

    :raises OSError: one of them cannot be used
    """
    id_ = make_id()
    with place.writing(id_) as file:
        file.write(b"?")
    try:
        return other.exists(id_)
    finally:
        place.remove(id_)


def move(
    named: list[Row],
    source: Place,
    target: Place,
    *,
    moving_in: bool,
    remove: bool,
    on_progress: Callable[[int], None],
) -> Moved:
    """Copy files to another place, and compare what lies there with what lay here.

    It may be interrupted and repeated: what is there already is compared and left.

    :param moving_in: whether the portal keeps its files at the second place already
    :param remove: whether a file leaves the first place once it is at the second
    :raises OSError: a place cannot be used any more
    """
    moved = Moved()
    for start in range(0, len(named), PORTION):
        portion = named[start : start + PORTION]
        for row in portion:
            whole = _move_one(row, source, target, moving_in, moved)
            if whole and remove and source.remove(row.id):
                moved.removed += 1
            on_progress(1)
        # What was erased meanwhile must not come back by its copy.
        still = {row.id for row in rows([row.id for row in portion])}
        for row in portion:
            if row.id not in still:
                target.remove(row.id)
    return moved


def _move_one(
    row: Row, source: Place, target: Place, moving_in: bool, moved: Moved
) -> bool:
    """Have a file at the second place.

    :returns: whether it is there, and is the right one
    """
    here, there = _digest_at(source, row.id), _digest_at(target, row.id)
    if here is None and there is None:
        moved.missing.append(row)
        return False
    # Of an older workbook no digest is kept: it may be replaced, where the portal
    # keeps it.
    right = row.digest or (there or here if moving_in else here or there)
    if there == right:
        moved.there += 1
    elif here == right:
        with target.writing(row.id) as copy, source.open(row.id) as original:
            while chunk := original.read(_CHUNK):
                copy.write(chunk)
        if _digest_at(target, row.id) != right:
            target.remove(row.id)
            moved.damaged.append(row)
            return False
        moved.copied += 1
    else:
        moved.damaged.append(row)
        return False
    return True
