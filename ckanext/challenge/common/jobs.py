"""Handing work to CKAN's background jobs without depending on their being there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

from ckanext.challenge import config

log = logging.getLogger(__name__)

#: After so many seconds a job that has not begun is taken for lost.
_LOST = 300


def later(
    work: Callable[..., None], *arguments: Any, title: str, **rq_options: Any
) -> bool:
    """Queue a job; call it after the commit.

    :param work: a function of a module
    :param arguments: ids and other plain values
    :param title: what CKAN's list of jobs shows
    :param rq_options: for RQ, such as ``retry``
    :returns: whether it was queued; where Redis cannot be reached a line is logged,
        and what the caller did stays done
    """
    try:
        tk.enqueue_job(work, list(arguments), title=title, rq_kwargs=rq_options)
    except RedisError:
        log.exception("Not queued, since Redis cannot be reached: %s", title)
        return False
    return True


def once(work: Callable[[], None], *, title: str) -> bool:
    """Queue a job that finds by itself what there is to do, unless it waits already.

    A worker takes longer to begin a job than such a job often takes: a rush of
    applications would keep all other jobs waiting.

    :param work: a function of a module, which calls :func:`begun` before all else
    :param title: what CKAN's list of jobs shows
    :returns: whether it waits in the queue now; see :func:`later`
    """
    try:
        first = connect_to_redis().set(_marker(work), "1", nx=True, ex=_LOST)
    except RedisError:
        log.exception("Not queued, since Redis cannot be reached: %s", title)
        return False
    if not first or later(work, title=title):
        return True
    begun(work)
    return False


def begun(work: Callable[[], None]) -> None:
    """Say that a job queued by :func:`once` looks at what there is to do from now on.

    What comes after this needs another one.
    """
    try:
        connect_to_redis().delete(_marker(work))
    except RedisError:
        log.warning("Redis cannot be reached: %s may wait", work.__name__)


def _marker(work: Callable[[], None]) -> str:
    return config.redis_key("waits", work.__name__)
