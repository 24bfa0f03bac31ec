"""Handing work to CKAN's background jobs without depending on their being there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
from redis.exceptions import RedisError

__all__ = ["later"]

log = logging.getLogger(__name__)


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
