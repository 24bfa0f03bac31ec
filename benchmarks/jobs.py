"""Begin with no job that waits."""

from __future__ import annotations

from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis

from ckanext.challenge import config


def forget() -> None:
    """Empty the queues, and all that the challenge remembers of what waits in it."""
    for name in ("default", "challenge-conformity"):
        jobs.get_queue(name).empty()
    redis = connect_to_redis()
    for kind in ("waits", "evaluate"):
        for key in redis.scan_iter(config.redis_key(kind, "*")):
            redis.delete(key)
