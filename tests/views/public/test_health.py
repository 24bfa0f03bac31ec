"""Whether a node lives and can answer, and figures for who may read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from helpers.browser import Browser
from sqlalchemy import event

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_queues")


def test_a_node_lives_without_its_database(browser: Callable[..., Browser]) -> None:
    reader = browser()
    statements: list[str] = []

    def note(*arguments: Any) -> None:
        statements.append(arguments[2])

    bind = model.Session.get_bind()
    event.listen(bind, "before_cursor_execute", note)
    try:
        shown = reader.client.get("/challenge/health")
    finally:
        event.remove(bind, "before_cursor_execute", note)
    assert shown.get_json() == {"status": "alive"}
    assert "no-store" in shown.headers["Cache-Control"]
    assert statements == []


def test_a_node_is_ready(browser: Callable[..., Browser]) -> None:
    shown = browser().get("/challenge/health/ready")
    assert shown.status_code == 200
    assert shown.get_json()["ready"] is True


def test_a_node_without_its_tables_is_not(browser: Callable[..., Browser]) -> None:
    change = "UPDATE challenge_alembic_version SET version_num = :to"
    now = model.Session.execute(
        sa.text("SELECT version_num FROM challenge_alembic_version")
    ).scalar_one()
    model.Session.execute(sa.text(change), {"to": "0001"})
    model.Session.commit()
    try:
        shown = browser().get("/challenge/health/ready")
    finally:
        model.Session.execute(sa.text(change), {"to": now})
        model.Session.commit()
    assert shown.status_code == 503
    assert shown.get_json()["tables"] is False


@pytest.fixture
def watched(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], None]:
    """Let programs of a network read the figures."""

    def watch(network: str) -> None:
        key = "ckanext.challenge.metrics_networks"
        monkeypatch.setitem(ckan_config, key, network.split())

    return watch


def test_what_is_no_network_is_left_out(
    browser: Callable[..., Browser],
    watched: Callable[[str], None],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxies = ["192.0.2.0/24,", "proxy.example.org", "10.0.0.300/8", "127.0.0.1"]
    monkeypatch.setitem(ckan_config, "ckanext.challenge.trusted_proxies", proxies)
    watched("203.0.113.0/24, 203.0.113.7")
    reader = browser()
    statuses = [
        reader.client.get(
            address,
            headers={"X-Forwarded-For": "203.0.113.7"},
            environ_overrides={"REMOTE_ADDR": peer},
        ).status_code
        for address in ("/challenge/metrics", "/about")
        for peer in ("127.0.0.1", "192.0.2.1")
    ]
    assert statuses == [200, 403, 200, 200]


@pytest.mark.parametrize(
    ("network", "forwarded", "status"),
    [
        ("", None, 403),
        ("10.0.0.0/8", None, 403),
        ("127.0.0.1/32", None, 200),
        # Somebody else, through the portal's own proxy.
        ("127.0.0.1/32", "203.0.113.7", 403),
        ("203.0.113.0/24", "203.0.113.7", 200),
        ("203.0.113.0/24", "203.0.113.7, 198.51.100.1", 403),
    ],
)
def test_figures_are_for_known_networks(
    browser: Callable[..., Browser],
    watched: Callable[[str], None],
    network: str,
    forwarded: str | None,
    status: int,
) -> None:
    watched(network)
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    shown = browser().client.get(
        "/challenge/metrics",
        headers=headers,
        environ_overrides={"REMOTE_ADDR": "127.0.0.1"},
    )
    assert shown.status_code == status
    if status == 200:
        text = shown.get_data(as_text=True)
        assert 'challenge_queue_jobs{queue="challenge-conformity"} ' in text
        assert "# TYPE challenge_unsigned_awards gauge" in text
