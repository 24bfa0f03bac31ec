"""How often one e-mail address, one computer and one network may do something.

The counts are in Redis, by the hour; where Redis cannot be reached everybody may go on,
and a line is logged. They hold no address but its digest.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal

import ckan.plugins.toolkit as tk
from flask import has_request_context, request
from redis import Redis
from redis.exceptions import RedisError

from ckanext.challenge import config

log = logging.getLogger(__name__)

Action = Literal[
    "apply",
    "invite",
    "link",
    "look",
    "message",
    "subscribe",
    "subscription",
    "upload",
]

_HOUR = 3600
#: Seconds that an answer of Redis is waited for: an applicant does not wait for it.
_REDIS_TIMEOUT = 0.5
#: What is done more often than applying, and how many times as often it may be.
_OFTEN: dict[Action, int] = {"look": 10, "message": 2, "upload": 5}

#: One computer, and the network of one site: the bits of an address that are theirs.
_ONE = {4: 32, 6: 64}
_SITE = {4: 24, 6: 48}


class TooMany(tk.ValidationError):
    """Somebody did something too often; ``limit`` says so, and when to come back."""

    def __init__(self) -> None:
        text = tk._(
            "There were too many requests from your network or for this e-mail "
            "address. What you wrote is still here: send it again in an hour."
        )
        super().__init__({"limit": [text]})


def client_address(
    peer: str | None, forwarded: Sequence[str], proxies: config.Networks
) -> str | None:
    """Where a request comes from: the last address that is no proxy of ours.

    :param peer: the address that connected
    :param forwarded: the values of ``X-Forwarded-For``, the nearest last; anybody can
        write there, so that it is read from its end and as far as we know the proxies
    :param proxies: networks of our own proxies
    :returns: ``None`` where there is no address, as in a test, or only those of our
        own: a proxy that does not say for whom it asks would make one visitor of all
    """
    hops = [*forwarded, peer] if peer else [*forwarded]
    for text in reversed(hops):
        try:
            address = ipaddress.ip_address(text.strip())
        except ValueError:
            break
        seen = str(getattr(address, "ipv4_mapped", None) or address)
        if not any(ipaddress.ip_address(seen) in network for network in proxies):
            return seen
    return None


def _network(address: str, bits: dict[int, int]) -> str:
    version = ipaddress.ip_address(address).version
    return str(ipaddress.ip_network(f"{address}/{bits[version]}", strict=False))


def _limits(email: str | None) -> dict[str, int]:
    """Who is counted, and how often each may apply within an hour."""
    header = request.headers.get("X-Forwarded-For", "")
    forwarded = [part for part in header.split(",") if part.strip()]
    address = client_address(request.remote_addr, forwarded, config.trusted_proxies())
    paginate: dict[str, int] = {}
    if email:
        paginate[f"email:{email.strip().lower()}"] = config.rate_limit_email()
    if address:
        paginate[f"one:{_network(address, _ONE)}"] = config.rate_limit_address()
        paginate[f"site:{_network(address, _SITE)}"] = config.rate_limit_network()
    return {who: limit for who, limit in paginate.items() if limit > 0}


def redis_in_time() -> Redis:
    """CKAN's Redis, which no request waits for when it does not answer."""
    return Redis.from_url(
        tk.config["ckan.redis.url"],
        socket_timeout=_REDIS_TIMEOUT,
        socket_connect_timeout=_REDIS_TIMEOUT,
    )


def check(action: Action, email: str | None = None) -> None:
    """Count something that the visitor does; outside of a request nothing is counted.

    :param action: what is done
    :param email: for whom, where that is known
    :raises TooMany: when it was done too often within this hour
    """
    if not has_request_context():
        return
    limits = _limits(email)
    if not limits:
        return
    secret = str(tk.config["SECRET_KEY"]).encode()[:64]
    prefix = config.redis_key("rate", action)
    try:
        with redis_in_time() as connection, connection.pipeline() as pipe:
            for who in limits:
                name = blake2b(who.encode(), key=secret, digest_size=16).hexdigest()
                pipe.set(f"{prefix}:{name}", 0, ex=_HOUR, nx=True)
                pipe.incr(f"{prefix}:{name}")
            counts = pipe.execute()[1::2]
    except RedisError as error:
        log.warning(
            "Nobody is limited to %s, since Redis cannot be reached: %s",
            action,
            type(error).__name__,
        )
        return
    factor = _OFTEN.get(action, 1)
    if any(
        count > limit * factor
        for count, limit in zip(counts, limits.values(), strict=True)
    ):
        raise TooMany
