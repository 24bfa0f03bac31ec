"""TCP ports on this machine."""

from __future__ import annotations

import itertools
import random
import socket
import urllib.request
from urllib.parse import urlsplit

from portal.console import PortalError

HOST = "127.0.0.1"

#: Below the ports that Linux gives to outgoing connections (32768 and up), so that no
#: connection takes one between its choice and its use, and away from the default ports
#: of the services themselves.
_RANGE = range(20000, 32000)

#: The "bad ports" of the WHATWG Fetch standard from 1024 up, which browsers open no
#: page at.
REFUSED_BY_BROWSERS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666}
    | {6667, 6668, 6669, 6679, 6697, 10080}
)

_DEFAULT_PORTS = {"postgresql": 5432, "redis": 6379, "http": 80, "https": 443}


def is_free(port: int) -> bool:
    """Whether a server can listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def check_answers(variable: str, url: str) -> None:
    """Make sure that something listens where a person said that a service is.

    :param variable: the environment variable that held the address, for the message
    :raises PortalError: nothing does, or this is no address
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        host = port = None
    if not host or not port:
        raise PortalError(f"{variable} is no address with a host and a port")
    try:
        socket.create_connection((host, port), timeout=10).close()
    except OSError as error:
        reason = error.strerror or error
        raise PortalError(
            f"{variable}: nothing answers at {host}:{port} ({reason})"
        ) from error


def get(url: str, timeout: float) -> None:
    """Ask for a page of this machine, never through a proxy.

    :raises urllib.error.HTTPError: it answers something else than success
    :raises OSError: it does not answer
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    opener.open(url, timeout=timeout).close()


def choose(count: int) -> list[int]:
    """That many different free ports, chosen at random since several runs may choose at
    the same time.

    :raises PortalError: there are not enough of them
    """
    candidates = iter(random.sample(_RANGE, len(_RANGE)))
    chosen = list(itertools.islice(filter(is_free, candidates), count))
    if len(chosen) < count:
        raise PortalError(
            f"no free port between {_RANGE.start} and {_RANGE.stop} on {HOST}"
        )
    return chosen
