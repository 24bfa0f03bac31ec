"""Fetch the file behind a link that somebody typed, and nothing else.

Only jobs and commands call this, never a page. The name in each address is resolved
once, here, and the connection goes to the very address that was judged: what the name
resolves to a moment later (DNS rebinding) has no say. Each redirection is judged
anew. Neither proxies, cookies, passwords nor anything else of the environment is used,
since urllib3's own connections know of none.

What ready-made guards lack, such as requests-hardened: networks that an intranet
admits, a limit for the whole (a server may send a byte a second for ever without
tripping any timeout), and not to read the body of a redirection.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException
from typing import IO
from urllib.parse import urljoin

import certifi
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Url, parse_url
from werkzeug.http import parse_options_header

from .report import Unreadable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Seconds for which a server is waited for at each step; all together have their own.
_STEP_TIMEOUT = 15
_REDIRECTS = 5
#: Of a name that has many addresses, so many are tried.
_TRIED = 2
_BLOCK = 64 * 1024
#: Errors of this machine, for which no server is to blame: its disk and its files.
_OURS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE}
)
_MOVED = frozenset({301, 302, 303, 307, 308})
#: The part of IPv6 that is given out for the public network.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")


@dataclass(frozen=True)
class Limits:
    """What a fetch may cost, and where it may go.

    :ivar bytes: of the file
    :ivar seconds: for all, redirections included
    :ivar networks: networks that are no public ones, and may be asked nevertheless
    :ivar agent: the name under which servers are asked
    """

    bytes: int
    seconds: float
    networks: Sequence[Network] = field(default=())
    agent: str = "ckanext-challenge"


#: An address of the web, also one that was typed from the name of its server on: as
#: Python and PostgreSQL read it.
LINK_PATTERN = "^(https?://[^/]|([a-z0-9-]+[.])+[a-z][a-z]+/)"


def is_link(url: str | None) -> bool:
    """Whether an address is one of the web; nothing else is ever fetched."""
    return bool(re.match(LINK_PATTERN, url or "", re.IGNORECASE))


def _completed(url: str) -> str:
    """An address with its scheme. Servers that want the other one lead there."""
    is_whole = re.match("https?://", url, re.IGNORECASE)
    return url if is_whole else f"http://{url}"


def is_public(address: Address) -> bool:
    """Whether an address is one of the public network.

    Not so are those of this machine, of its neighbours and of private networks, nor
    those that carry another address inside, since a relay could turn them into it.
    """
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address not in _PUBLIC_V6 or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast


def fetch(url: str, into: IO[bytes], limits: Limits) -> str | None:
    """Write what a link leads to into a file.

    :param url: as the publisher typed it
    :returns: the encoding that the server declares
    :raises Unreadable: ``link-address`` (no address of a file on the web),
        ``link-private`` (it leads into a network that is not public),
        ``link-unknown`` (nobody knows that host), ``link-unreachable``,
        ``link-certificate``, ``link-status`` (the server refuses; ``value`` is its
        code), ``link-redirects`` (there is no end of them), ``link-slow`` or
        ``too-large``
    :raises OSError: this machine has no room, or no files left, for what comes
    """
    with _Clock(limits.seconds) as clock:
        try:
            for _ in range(_REDIRECTS + 1):
                with _answer(url, limits, clock) as answer:
                    location = answer.headers.get("Location")
                    if answer.status not in _MOVED or not location:
                        return _read(answer, into, limits, clock)
                url = urljoin(url, location)
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno in _OURS:
                raise
            reason = "link-slow" if clock.is_over else _reason(error)
            raise Unreadable(reason) from error
    raise Unreadable("link-redirects")


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "link-unknown"
    if isinstance(error, ssl.SSLError):
        return "link-certificate"
    if isinstance(error, (TimeoutError, ReadTimeoutError)):
        return "link-slow"
    return "link-unreachable"


class _Clock:
    """Ends a fetch in time, whatever it is waiting for: timeouts begin anew with each
    byte, so that the socket is shut from another thread.
    """

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True

    def __enter__(self) -> _Clock:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def left(self) -> float:
        """Seconds for the next step.

        :raises Unreadable: there are none
        """
        left = self._end - time.monotonic()
        if left <= 0 or self.is_over:
            raise Unreadable("link-slow")
        return min(left, _STEP_TIMEOUT)

    def watch(self, connected: socket.socket) -> None:
        """Shut this socket when the time is over."""
        with self._lock:
            self._socket = connected
        self.left()

    def _ring(self) -> None:
        with self._lock:
            self.is_over = True
            connected = self._socket
        if connected is not None:
            with suppress(OSError):
                # Of the plain socket: to say goodbye in TLS would wait again.
                socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _parsed(url: str) -> Url:
    if not is_link(url):
        raise Unreadable("link-address")
    try:
        parsed = parse_url(_completed(url))
    except LocationParseError as error:
        raise Unreadable("link-address") from error
    # A password would be sent to whoever is asked.
    if parsed.auth or not parsed.host:
        raise Unreadable("link-address")
    return parsed


def _addresses(host: str, port: int, networks: Sequence[Network]) -> list[Address]:
    """What a name resolves to and may be asked.

    :raises Unreadable: ``link-private``
    :raises socket.gaierror: it resolves to nothing
    """
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise Unreadable("link-address") from error
    found = dict.fromkeys(
        # A zone (fe80::1%eth0) says which neighbour; neighbours are not public.
        ipaddress.ip_address(str(answer[4][0]).partition("%")[0])
        for answer in answers
    )
    allowed = [
        address
        for address in found
        if is_public(address) or _is_admitted(address, networks)
    ]
    if not allowed:
        raise Unreadable("link-private")
    return allowed[:_TRIED]


def _is_admitted(address: Address, networks: Sequence[Network]) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in networks)


@contextmanager
def _answer(url: str, limits: Limits, clock: _Clock) -> Iterator[BaseHTTPResponse]:
    """The answer of a server, its body unread."""
    parsed = _parsed(url)
    with closing(_connected(parsed, limits, clock)) as connection:
        connection.request(
            "GET",
            parsed.request_uri,
            headers={
                "Host": parsed.netloc or "",
                "User-Agent": limits.agent,
                "Accept": "text/csv, */*;q=0.5",
                "Accept-Encoding": "identity",
                "Connection": "close",
            },
            preload_content=False,
        )
        with closing(connection.getresponse()) as answer:
            yield answer


def _connected(
    parsed: Url, limits: Limits, clock: _Clock
) -> HTTPConnection | HTTPSConnection:
    host = (parsed.host or "").strip("[]")
    is_secure = parsed.scheme == "https"
    port = parsed.port or (443 if is_secure else 80)
    failure: Exception | None = None
    for address in _addresses(host, port, limits.networks):
        connection = (
            HTTPSConnection(
                str(address),
                port,
                timeout=clock.left(),
                server_hostname=host,
                ssl_context=_trust(),
            )
            if is_secure
            else HTTPConnection(str(address), port, timeout=clock.left())
        )
        try:
            connection.connect()
        except (HTTPError, OSError) as error:
            connection.close()
            failure = error
            continue
        clock.watch(connection.sock)
        return connection
    raise failure or Unreadable("link-unreachable")


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Trusts whom this machine trusts, and whom Mozilla does."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _read(
    answer: BaseHTTPResponse, into: IO[bytes], limits: Limits, clock: _Clock
) -> str | None:
    if answer.status != 200:
        raise Unreadable("link-status", value=str(answer.status))
    size = 0
    for block in answer.stream(_BLOCK, decode_content=True):
        size += len(block)
        if size > limits.bytes:
            raise Unreadable("too-large")
        into.write(block)
    # A body without a stated length ends where its connection does.
    clock.left()
    into.flush()
    return parse_options_header(answer.headers.get("Content-Type"))[1].get("charset")
