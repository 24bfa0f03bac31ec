"""What waits to be evaluated: a set in Redis, and one job for all of it.

Whoever changes something puts a *reference* here: ``organization:<id>``,
``cohort:<id>``, ``user:<id>`` (all organizations of a member), ``dataset:<id>`` or
``resource:<id>`` (the organization that owns it). The set keeps each once, and a
thousand changes make one job (:func:`ckanext.challenge.common.jobs.enqueue_once`). A
reference is added before its job is asked for, and the job says that it has begun
before it takes what waits: no change falls between.

If Redis is down, nothing is remembered, what was being saved is saved, and the nightly
evaluation finds the change. When a worker dies, what it had taken stays in a set of its
own, which the next job takes too.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

from ckanext.challenge import config
from ckanext.challenge.common.jobs import LOST_AFTER

log = logging.getLogger(__name__)

#: Where changes never pause, a job waits this many times the quiet time at most: a
#: thousand datasets that a script sends are some evaluations, not hundreds.
_MOST_QUIET_TIMES = 60

#: Seconds that a job waits at most, well before it is taken for lost.
_LONGEST_WAIT = LOST_AFTER / 2

#: After as many failures a reference is evaluated alone.
_FAILURES = 3

#: How bytes that are no UTF-8 are read, and written again.
_ANY = "surrogateescape"

#: Seconds for which the moment of the last change is kept.
_KEPT = LOST_AFTER


@dataclass
class References:
    """What was waiting, by kind: sets of ids.

    :ivar texts: all of them as they were added
    """

    organizations: set[str] = field(default_factory=set)
    cohorts: set[str] = field(default_factory=set)
    users: set[str] = field(default_factory=set)
    datasets: set[str] = field(default_factory=set)
    resources: set[str] = field(default_factory=set)
    texts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, references: Iterable[str]) -> References:
        """Sort ``kind:id`` by kind; what has another kind is left out."""
        found = cls(texts=frozenset(references))
        kinds = {
            "organization": found.organizations,
            "cohort": found.cohorts,
            "user": found.users,
            "dataset": found.datasets,
            "resource": found.resources,
        }
        for reference in found.texts:
            kind, _, id_ = reference.partition(":")
            if kind in kinds and id_:
                kinds[kind].add(id_)
        return found


def _key(name: str) -> str:
    return config.redis_key("evaluate", name)


def add(references: Collection[str]) -> bool:
    """Note what waits; :func:`.jobs.evaluate_soon` queues the job too.

    :param references: each ``kind:id``, see the module
    :returns: whether it was noted; ``False`` when Redis cannot be reached
    """
    try:
        pipeline = connect_to_redis().pipeline(transaction=True)
        pipeline.sadd(_key("waiting"), *references)
        pipeline.set(_key("changed"), repr(time.time()), ex=_KEPT)
        pipeline.execute()
    except (RedisError, OSError) as error:
        log.warning(
            "Redis cannot be reached (%s): %s wait for the nightly evaluation",
            error,
            ", ".join(sorted(references)),
        )
        return False
    return True


def settle() -> None:
    """Wait until nothing has changed for the configured quiet time.

    Where changes never pause this ends after a while all the same.
    """
    quiet = config.evaluation_delay()
    end = time.time() + min(quiet * _MOST_QUIET_TIMES, _LONGEST_WAIT)
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
    """Take all that waits, along with what another job took and has not finished."""
    pipeline = connect_to_redis().pipeline(transaction=True)
    pipeline.sunionstore(_key("taken"), [_key("taken"), _key("waiting")])
    pipeline.delete(_key("waiting"))
    pipeline.smembers(_key("taken"))
    *_, members = pipeline.execute()
    # Whatever is in there must not keep the others from being read.
    return References.of(member.decode(errors=_ANY) for member in members)


def suspects(found: References) -> list[str]:
    """Count one more try of all that was taken, and say what has failed too often.

    It is counted before, so that what kills the worker counts too.
    """
    if not found.texts:
        return []
    texts = sorted(found.texts)
    pipeline = connect_to_redis().pipeline(transaction=True)
    for text in texts:
        pipeline.hincrby(_key("tries"), text.encode(errors=_ANY), 1)
    tries = pipeline.execute()
    return [text for text, count in zip(texts, tries, strict=True) if count > _FAILURES]


def has_ended_workers(reference: str) -> bool:
    """Count one more try of a reference alone, and say whether there were too many.

    One that can be evaluated, or raises an error, is forgotten after the first: what
    is counted here is what the worker did not survive.
    """
    member = reference.encode(errors=_ANY)
    return connect_to_redis().hincrby(_key("alone"), member, 1) > _FAILURES


def finish(found: References) -> None:
    """Forget what was taken: it has been evaluated."""
    if found.texts:
        members = [text.encode(errors=_ANY) for text in found.texts]
        pipeline = connect_to_redis().pipeline(transaction=True)
        pipeline.srem(_key("taken"), *members)
        pipeline.hdel(_key("tries"), *members)
        pipeline.hdel(_key("alone"), *members)
        pipeline.execute()
