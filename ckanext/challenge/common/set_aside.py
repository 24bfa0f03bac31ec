"""What failed again and again and was set aside, for sysadmins to see: in Redis."""

from __future__ import annotations

import logging
from datetime import datetime, timezone
from typing import cast

from ckan.lib.redis import connect_to_redis
from redis.exceptions import RedisError

from ckanext.challenge import config

log = logging.getLogger(__name__)

#: Seconds for which it is shown after the last one.
_KEPT = 30 * 86400


def _key() -> str:
    return config.redis_key("set-aside")


def note(reference: str, error: BaseException | None) -> None:
    """Log that something was set aside, and keep it for :func:`listed`.

    :param reference: of what is not tried again
    :param error: which ended the last try; ``None`` where the worker did not survive it
    """
    told = ascii(reference)
    log.error("Set aside after it failed again and again: %s", told, exc_info=error)
    moment = datetime.now(timezone.utc).isoformat(timespec="seconds")
    redis = connect_to_redis()
    reason = type(error).__name__ if error else "the worker was killed"
    redis.hset(_key(), told, f"{moment} {reason}")
    redis.expire(_key(), _KEPT)


def listed() -> list[str]:
    """What was set aside in the last month: reference, moment (UTC) and kind of error.

    :returns: nothing where Redis cannot be reached
    """
    try:
        found = cast("dict[bytes, bytes]", connect_to_redis().hgetall(_key()))
    except (RedisError, OSError):
        return []
    return sorted(f"{name.decode()} ({what.decode()})" for name, what in found.items())
