"""Whom to look at again: a set in Redis, and one job for all of it.

Whoever changes something puts a *reference* here: ``organization:<id>``,
``cohort:<id>``, ``user:<id>`` (all organizations of a member), ``dataset:<id>`` or
``resource:<id>`` (the organization that owns it). The set keeps each once. A marker
says that a job is on its way, so a thousand changes make one job, not a thousand; it is
set and the reference added in one Redis transaction, and it is taken away by a script
that first looks whether the set is empty, so that no change falls between.

The job's id is not fixed: RQ keeps a finished job's data under its id for some
minutes, and a job of the same id that is queued while the former one ends loses them.
The marker does what a fixed id is meant to do.

If Redis is down, nothing is remembered, what was being saved is saved, and the nightly
evaluation finds the change. The same holds when a worker dies: what it had taken
stays in a set of its own, which the next job takes too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

from ckanext.challenge import config

log = logging.getLogger(__name__)

#: After so many seconds a marker no longer counts: its job was lost.
_MARKER_SECONDS = 300

#: Under changes without a pause, a job waits this many times the quiet time at most:
#: a thousand datasets that a script sends are some evaluations, not hundreds.
_PATIENCE = 60

#: And no longer than this many seconds, well before its marker stops to count.
_LONGEST_WAIT = _MARKER_SECONDS / 2

#: Deletes the marker unless there is more to do; answers how much there is.
_RELEASE = """
local waiting = redis.call('SCARD', KEYS[1])
if waiting == 0 then
    redis.call('DEL', KEYS[2])
else
    redis.call('EXPIRE', KEYS[2], ARGV[1])
end
return waiting
"""


@dataclass
class References:
    """What was waiting, by kind: sets of ids."""

    organizations: set[str] = field(default_factory=set)
    cohorts: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    datasets: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, references: Iterable[str]) -> References:
        """Sort ``kind:id`` by kind; what has another kind is left out."""
        found = cls()
        kinds = {
            "organization": found.organizations,
            "cohort": found.cohorts,
            "user": found.users,
            "dataset": found.datasets,
            "resource": found.resources,
        }
        for reference in references:
            kind, _, id_ = reference.partition(":")
            if kind in kinds and id_:
                kinds[kind].add(id_)
        return found


def _key(name: str) -> str:
    return config.redis_key("evaluate", name)


def add(references: Collection[str]) -> bool:
    """Have what these references name evaluated soon.

    :param references: each ``kind:id``, see the module
    :returns: whether it was noted; ``False`` when Redis could not be reached
    """
    if not references:
        return True
    try:
        pipeline = connect_to_redis().pipeline(transaction=True)
        pipeline.sadd(_key("waiting"), *references)
        pipeline.set(_key("changed"), repr(time.time()), ex=_MARKER_SECONDS)
        pipeline.set(_key("pending"), "1", nx=True, ex=_MARKER_SECONDS)
        *_, first = pipeline.execute()
        if first:
            _enqueue()
    except (RedisError, OSError) as error:
        log.warning(
            "Redis cannot be reached (%s): %s wait for the nightly evaluation",
            error,
            ", ".join(sorted(references)),
        )
        return False
    return True


def _enqueue() -> None:
    # At the call: the job's module imports this one.
    from . import jobs  # noqa: PLC0415

    try:
        tk.enqueue_job(
            jobs.evaluate_queued,
            title="challenge: evaluate what changed",
            rq_kwargs={"result_ttl": 0},
        )
    except BaseException:
        # Without its job the marker would keep others from making one.
        connect_to_redis().delete(_key("pending"))
        raise


def settle() -> None:
    """Wait until nothing has changed for the configured quiet time.

    Under changes without a pause this ends after a while all the same.
    """
    quiet = config.evaluation_delay()
    end = time.time() + min(quiet * _PATIENCE, _LONGEST_WAIT)
    redis = connect_to_redis()
    while True:
        stamp = redis.get(_key("changed"))
        now = time.time()
        # Where a clock was put back, the stamp lies ahead.
        since = min(now, float(stamp)) if stamp else now - quiet
        rest = min(since + quiet, end) - now
        if rest <= 0:
            return
        time.sleep(rest)


def take() -> References:
    """Take all that waits, along with what a job before took and did not finish."""
    pipeline = connect_to_redis().pipeline(transaction=True)
    pipeline.sunionstore(_key("taken"), [_key("taken"), _key("waiting")])
    pipeline.delete(_key("waiting"))
    pipeline.smembers(_key("taken"))
    *_, members = pipeline.execute()
    return References.of(
        member.decode() if isinstance(member, bytes) else member for member in members
    )


def taken_done() -> None:
    """Forget what was taken: it has been evaluated."""
    connect_to_redis().delete(_key("taken"))


def release() -> None:
    """End a job: let the next change make a new one, or make it where more waits."""
    redis = connect_to_redis()
    waiting = redis.eval(
        _RELEASE, 2, _key("waiting"), _key("pending"), str(_MARKER_SECONDS)
    )
    if waiting:
        _enqueue()


def is_pending() -> bool:
    """Say whether a job is on its way."""
    return bool(connect_to_redis().exists(_key("pending")))


def clear() -> None:
    """Forget everything that waits."""
    connect_to_redis().delete(
        *(_key(name) for name in ("waiting", "taken", "pending", "changed"))
    )
