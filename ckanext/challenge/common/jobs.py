"""CKAN's background jobs, without depending on Redis or a worker being there.

A job is a function of a module with plain arguments, safe to run again. Where Redis
cannot be reached a line is logged, what the caller saved stays saved, and the nightly
commands do the work.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
import rq
from ckan.lib import jobs as ckan_jobs
from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError
from rq import defaults as rq_defaults

from ckanext.challenge import config

from . import nodes

log = logging.getLogger(__name__)

#: CKAN's own queue.
DEFAULT = "default"

#: Seconds after which a job that has not begun is taken for lost: the next call of
#: :func:`enqueue_once` queues another one.
LOST_AFTER = 300

#: Seconds after which a worker that says nothing is gone: RQ's own limit.
_HEARTBEAT = dt.timedelta(seconds=rq_defaults.DEFAULT_WORKER_TTL + 60)


def enqueue(
    work: Callable[..., None],
    *arguments: Any,
    title: str,
    queue: str = DEFAULT,
    **rq_options: Any,
) -> bool:
    """Queue a job; call it after the commit.

    :param work: a function of a module
    :param arguments: ids and other plain values
    :param title: what CKAN's list of jobs shows
    :param queue: the one that a worker must listen to
    :param rq_options: for RQ, such as ``timeout``
    :returns: whether it was queued; ``False`` where Redis cannot be reached
    """
    try:
        tk.enqueue_job(
            work, list(arguments), title=title, queue=queue, rq_kwargs=rq_options
        )
    except (RedisError, OSError):
        log.exception("Not queued, since Redis cannot be reached: %s", title)
        return False
    return True


def enqueue_once(
    work: Callable[..., None],
    *arguments: str,
    title: str,
    queue: str = DEFAULT,
    **rq_options: Any,
) -> bool:
    """Queue a job, unless the same one waits already; see :func:`enqueue`.

    For jobs that find by themselves what there is to do: a rush of changes makes one of
    them, and not hundreds that keep all others waiting.

    The job's id is not fixed: RQ keeps a finished job's data under its id for some
    minutes, and a job of the same id that is queued while the former one ends loses
    them. A marker in Redis says that the job waits.

    :param work: a function of a module, which calls :func:`begun` with the same
        arguments before it looks at what there is to do
    :returns: whether it waits in the queue now
    """
    try:
        first = connect_to_redis().set(
            _marker(work, arguments), "1", nx=True, ex=LOST_AFTER
        )
    except (RedisError, OSError):
        log.exception("Not queued, since Redis cannot be reached: %s", title)
        return False
    if not first or enqueue(work, *arguments, title=title, queue=queue, **rq_options):
        return True
    # Without its job the marker would keep others from making one.
    begun(work, *arguments)
    return False


def begun(work: Callable[..., None], *arguments: str) -> None:
    """Say that a job looks at what there is to do from now on.

    What comes after this needs another job. One that was queued without a marker may
    call it too.
    """
    if rq.get_current_job() is not None:
        nodes.announce("worker")
    try:
        connect_to_redis().delete(_marker(work, arguments))
    except (RedisError, OSError):
        log.warning("Redis cannot be reached: the next %s may wait", work.__name__)


def listening() -> set[str]:
    """The queues at which a worker is that was heard of lately.

    :raises RedisError: Redis cannot be reached
    """
    now = dt.datetime.now(dt.timezone.utc)
    found: set[str] = set()
    for worker in rq.Worker.all(connection=connect_to_redis()):
        heard = worker.last_heartbeat
        if heard is None:
            continue
        if heard.tzinfo is None:
            heard = heard.replace(tzinfo=dt.timezone.utc)
        if now - heard < _HEARTBEAT:
            for name in worker.queue_names():
                # Of another portal that uses the same Redis.
                with suppress(ValueError):
                    found.add(ckan_jobs.remove_queue_name_prefix(name))
    return found


def current_queue() -> str | None:
    """The queue from which this process has the job that it does, if it does one."""
    job = rq.get_current_job()
    return ckan_jobs.remove_queue_name_prefix(job.origin) if job else None


def _marker(work: Callable[..., None], arguments: tuple[str, ...]) -> str:
    return config.redis_key("waits", work.__module__, work.__name__, *arguments)
