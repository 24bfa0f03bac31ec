"""Each node says what it has, in Redis, so that one of them can compare all.

Web processes, workers and commands say it no more than once a minute. Of secrets and
other settings they say a short digest (:mod:`ckanext.challenge.domain.nodes`).
"""

from __future__ import annotations

import dataclasses
import json
import logging
import socket
import time
from importlib import metadata
from typing import Any

import ckan.plugins.toolkit as tk
from redis import Redis
from redis.exceptions import RedisError

from ckanext.challenge import config
from ckanext.challenge.domain import nodes
from ckanext.challenge.domain.nodes import Sign
from ckanext.challenge.model.base import make_id

from . import file_places
from .rate_limit import redis_in_time

log = logging.getLogger(__name__)

_STORAGES = "ckan.files.storage."
#: Seconds for which a process that said what it has says no more.
_PAUSE = 60.0
#: Seconds after which Redis forgets a portal whose nodes say nothing.
_KEPT = 7 * 86_400
#: A node reads the place for files no more often than this: that of a storage costs a
#: request to it.
_PLACE_KNOWN = 3600.0


class _Said:
    """What this process has said, and when."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.next = float("-inf")
        self.place, self.place_until = "", float("-inf")


said = _Said()


def node() -> str:
    """The name of this node: its machine and its file of settings."""
    return f"{socket.gethostname()}:{tk.config.get('__file__', '')}"


def announce(kind: str) -> None:
    """Say what this node has, unless it has just said so.

    What cannot be said now is said later: nobody waits for it.

    :param kind: ``web``, ``worker`` or ``command``
    """
    if time.monotonic() < said.next:
        return
    said.next = time.monotonic() + _PAUSE
    try:
        _say(redis_in_time(), kind)
    except (RedisError, OSError):
        log.debug("Redis cannot be reached", exc_info=True)


def told_now(kind: str) -> list[Sign]:
    """Say what this node has, and answer what all said lately.

    :raises RedisError: it cannot be reached
    """
    redis = redis_in_time()
    said.place_until = float("-inf")
    _say(redis, kind)
    found = [_read(value) for value in dict(redis.hgetall(_key())).values()]
    return nodes.heard([sign for sign in found if sign], _now(redis))


def _key() -> str:
    return config.redis_key("nodes")


def _now(redis: Redis) -> float:
    seconds, micro = redis.time()  # type: ignore[misc]
    return int(seconds) + int(micro) / 1e6


def _say(redis: Redis, kind: str) -> None:
    before = time.time()
    now = _now(redis)
    ahead = (before + time.time()) / 2 - now
    name = node()
    sign = Sign(
        node=name,
        kind=kind,
        at=now,
        ahead=round(ahead, 1),
        versions={
            package: metadata.version(package)
            for package in ("ckan", "ckanext-challenge")
        },
        place=_place(),
        settings=_settings(),
    )
    key = _key()
    # Two of one node say the same: the latest counts.
    redis.hset(key, f"{kind}:{name}", json.dumps(dataclasses.asdict(sign)))
    redis.expire(key, _KEPT)


def _read(value: Any) -> Sign | None:
    try:
        return Sign(**json.loads(value))
    except (ValueError, TypeError):
        # Of another version, which says more or less.
        return None


def _place() -> str:
    if time.monotonic() >= said.place_until:
        try:
            said.place = file_places.place().sign(make_id())
        except OSError:
            said.place = ""
        # What cannot be told now is asked again with the next sign.
        said.place_until = time.monotonic() + (_PLACE_KNOWN if said.place else 0)
    return said.place


def _settings() -> dict[str, str]:
    storage = f"{_STORAGES}{config.storage()}."
    named = {*nodes.SECRETS, *nodes.ALIKE}
    return {
        name: nodes.digest(_plain(value))
        for name, value in tk.config.items()
        if (name in named or name.startswith(("ckanext.challenge.", storage)))
        and name not in nodes.OWN
    }


def _plain(value: Any) -> str:
    """A value as one text, however it was read."""
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value))
    return "" if value is None else str(value)
