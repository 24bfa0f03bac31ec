"""Does the portal's proxy say for whom it asks? Without that, nobody is limited by
address (:mod:`.rate_limit`), which a portal runs with for years unless it is told.

What one process sees is kept in Redis for all of them: one warning a day in the log,
and one on the sysadmin's desk.
"""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from flask import request
from redis.exceptions import RedisError

from ckanext.challenge import config
from ckanext.challenge.domain.hosts import is_local

from .rate_limit import client_address, redis_in_time

log = logging.getLogger(__name__)

#: Seconds for which a process does not look again.
_PAUSE = 3600.0
#: Seconds for which a warning stands, and for which an address that was seen rules out
#: another: the proxy's own requests, to see whether the portal lives, name nobody.
_WARNED = 86_400
_SEEN = 7 * 86_400


class Watch:
    """What this process has seen, and until when it does not look."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._next = {True: float("-inf"), False: float("-inf")}

    def is_told(self, is_blind: bool) -> bool:
        return time.monotonic() < self._next[is_blind]

    def tell(self, is_blind: bool) -> None:
        self._next[is_blind] = time.monotonic() + _PAUSE


watch = Watch()


def look() -> None:
    """Look whether this request says where it comes from; before each request."""
    if watch.is_told(is_blind=False):
        return
    blind = _names_nobody()
    if watch.is_told(blind):
        return
    watch.tell(blind)
    try:
        _keep(blind)
    except (RedisError, OSError):
        # It is for a later request, of this process or another.
        log.debug("Redis cannot be reached", exc_info=True)


def is_blind() -> bool:
    """Whether the proxy names nobody, as far as the requests of a day have shown."""
    try:
        redis = redis_in_time()
        return bool(redis.exists(_key("blind"))) and not redis.exists(_key("seen"))
    except (RedisError, OSError):
        return False


def _key(name: str) -> str:
    return config.redis_key("proxy", name)


def _names_nobody() -> bool:
    if request.headers.get("X-Forwarded-For", "").strip() or _is_local():
        return False
    return client_address(request.remote_addr, [], config.trusted_proxies()) is None


def _is_local() -> bool:
    """Whether the portal is for this machine alone, without a proxy."""
    return is_local(urlsplit(tk.config["ckan.site_url"]).hostname or "localhost")


def _keep(blind: bool) -> None:
    redis = redis_in_time()
    if not blind:
        redis.set(_key("seen"), 1, ex=_SEEN)
        redis.delete(_key("blind"))
    elif not redis.exists(_key("seen")) and redis.set(
        _key("blind"), 1, nx=True, ex=_WARNED
    ):
        log.warning(
            "Requests come from a proxy (%s) that sends no X-Forwarded-For: nobody is "
            "limited by address. See ckanext.challenge.trusted_proxies",
            request.remote_addr,
        )
