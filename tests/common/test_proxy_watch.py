"""A proxy that does not say for whom it asks is found out, once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ckan.tests import factories

from ckanext.challenge.common import proxy_watch

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

WARNING = "sends no X-Forwarded-For"
CLIENT = {"X-Forwarded-For": "203.0.113.7"}


@pytest.fixture(autouse=True)
def _fresh(
    reset_redis: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    # CKAN's commands turn off the loggers that were there before them.
    monkeypatch.setattr(proxy_watch.log, "disabled", False)
    reset_redis()
    proxy_watch.watch.forget()
    yield
    proxy_watch.watch.forget()


def _ask(app: Any, peer: str, **headers: str) -> None:
    app.get("/about", environ_overrides={"REMOTE_ADDR": peer}, headers=headers)


def _warnings(caplog: pytest.LogCaptureFixture) -> int:
    return sum(WARNING in row.getMessage() for row in caplog.records)


def _desk(app: Any) -> str:
    token = factories.SysadminWithToken()["token"]
    return app.get(
        "/en/challenge/manage",
        headers={"Authorization": token},
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    ).get_data(as_text=True)


def test_a_silent_proxy_is_told_of_once(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        _ask(app, "10.0.0.1")
        # Another process looks too.
        proxy_watch.watch.forget()
    assert _warnings(caplog) == 1
    assert "its proxy sends no" in _desk(app)


@pytest.mark.parametrize(
    ("peer", "headers"), [("10.0.0.1", CLIENT), ("203.0.113.7", {})]
)
def test_who_is_named_or_seen_ends_it(
    app: Any,
    caplog: pytest.LogCaptureFixture,
    peer: str,
    headers: dict[str, str],
) -> None:
    _ask(app, "10.0.0.1")
    assert proxy_watch.is_blind()
    _ask(app, peer, **headers)
    assert not proxy_watch.is_blind()
    # The proxy itself looks whether the portal lives.
    proxy_watch.watch.forget()
    _ask(app, "10.0.0.1")
    assert not proxy_watch.is_blind()
    assert _warnings(caplog) == 1
    assert "its proxy sends no" not in _desk(app)


@pytest.mark.ckan_config("ckan.site_url", "http://127.0.0.1:5000")
def test_a_portal_of_this_machine_has_no_proxy(
    app: Any, caplog: pytest.LogCaptureFixture
) -> None:
    _ask(app, "127.0.0.1")
    assert not proxy_watch.is_blind()
    assert _warnings(caplog) == 0
