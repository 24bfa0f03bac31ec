"""How often somebody may do something, and from where a request comes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from ckan.lib.redis import connect_to_redis

from ckanext.challenge.common import rate_limit
from ckanext.challenge.common.rate_limit import TooMany, client_address

PROXIES = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "::1/128")))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (None, [], None),
        ("203.0.113.7", [], "203.0.113.7"),
        # Somebody who comes directly may write what they like.
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        # What was there before our own proxy added its line is not believed.
        ("127.0.0.1", ["192.0.2.9", "198.51.100.1"], "198.51.100.1"),
        ("127.0.0.1", ["198.51.100.1", "10.0.0.4"], "198.51.100.1"),
        ("10.0.0.1", ["10.1.2.3"], None),
        ("127.0.0.1", ["unknown"], None),
        ("127.0.0.1", [], None),
        ("::1", ["2001:db8::5"], "2001:db8::5"),
        ("::ffff:127.0.0.1", ["198.51.100.1"], "198.51.100.1"),
    ],
)
def test_the_last_address_that_is_no_proxy_of_ours(
    peer: str | None, forwarded: list[str], address: str | None
) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


@pytest.fixture
def limited(
    with_plugins: None, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    connect_to_redis().flushdb()
    for what, limit in (("email", 2), ("address", 3), ("network", 4)):
        monkeypatch.setitem(ckan_config, f"ckanext.challenge.rate_limit_{what}", limit)


@pytest.fixture
def spend(app: Any) -> Callable[..., bool]:
    """Whether something may be done from an address."""

    def once(address: str, email: str, action: Any = "apply") -> bool:
        environ = {"REMOTE_ADDR": address}
        with app.flask_app.test_request_context(environ_overrides=environ):
            try:
                rate_limit.check(action, email)
            except TooMany as error:
                assert list(error.error_dict) == ["limit"]
                return False
        return True

    return once


@pytest.mark.usefixtures("limited")
def test_an_email_address_a_computer_and_a_network_are_counted(
    spend: Callable[..., bool],
) -> None:
    assert [spend(f"203.0.{n}.1", "a@example.org") for n in range(3)] == [1, 1, 0]
    assert [spend("198.51.100.1", f"{n}@example.org") for n in range(4)] == [1, 1, 1, 0]
    assert not spend("198.51.100.2", "z@example.org")
    # Of IPv6 one computer has a whole /64.
    one = [f"2001:db8::{n}" for n in range(4)]
    assert [spend(address, f"{address}@example.org") for address in one][-1] is False
    # Another thing is counted apart.
    assert spend("198.51.100.1", "a@example.org", "link")


@pytest.mark.usefixtures("limited")
def test_redis_holds_no_address(spend: Callable[..., bool]) -> None:
    spend("203.0.113.7", "camille@example.org")
    kept: list[Any] = connect_to_redis().keys("*rate*")
    assert len(kept) == 3
    assert not [key for key in kept if b"camille" in key or b"203.0" in key]
    assert all(0 < connect_to_redis().ttl(key) <= 3600 for key in kept)


@pytest.mark.usefixtures("limited")
def test_without_redis_everybody_may_and_a_line_says_so(
    spend: Callable[..., bool],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.redis.url", "redis://127.0.0.1:9/0")
    # A new application reads the ini file's logging, which silences older loggers.
    monkeypatch.setattr(rate_limit.log, "disabled", False)
    with caplog.at_level(logging.WARNING):
        assert all(spend("203.0.113.7", "a@example.org") for _ in range(6))
    assert "Redis cannot be reached" in caplog.text
    assert "203.0" not in caplog.text
    assert "a@example.org" not in caplog.text
