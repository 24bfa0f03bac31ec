"""A file between two pages: shown what it would do, then done, and sent once.

It is kept in Redis, for an hour and for the account that sent it; then it is gone by
itself, with all that it says of persons.
"""

from __future__ import annotations

import logging
import secrets

from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

from ckanext.challenge import config

log = logging.getLogger(__name__)

_HOUR = 3600


def _key(user_id: str, token: str) -> str:
    return config.redis_key("file", user_id, token)


def keep(content: bytes, name: str, user_id: str) -> str | None:
    """Keep a file for an hour.

    :param user_id: who gets it back, and nobody else
    :returns: by which it is found again; none where Redis cannot be reached
    """
    token = secrets.token_urlsafe(18)
    value = name.encode("utf-8", "replace") + b"\x00" + content
    try:
        connect_to_redis().set(_key(user_id, token), value, ex=_HOUR)
    except RedisError as error:
        log.warning("A file is not kept, since Redis cannot be reached: %s", error)
        return None
    return token


def find(token: str, user_id: str) -> tuple[bytes, str] | None:
    """The content and the name of a file that is kept; none once the hour is over."""
    try:
        value = connect_to_redis().get(_key(user_id, token))
    except RedisError as error:
        log.warning("A file is not found, since Redis cannot be reached: %s", error)
        return None
    if not isinstance(value, bytes):
        return None
    name, _, content = value.partition(b"\x00")
    return content, name.decode("utf-8")


def drop(token: str, user_id: str) -> None:
    """Forget a file that is not needed any more."""
    try:
        connect_to_redis().delete(_key(user_id, token))
    except RedisError:
        log.warning("A file is dropped by itself within the hour")
