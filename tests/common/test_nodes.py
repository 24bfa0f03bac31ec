"""Nodes say what they have in Redis, and nothing that is secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ckan.lib.redis import connect_to_redis

from ckanext.challenge import config
from ckanext.challenge.common import nodes
from ckanext.challenge.doctor import facts


@pytest.fixture(autouse=True)
def alone(
    with_plugins: None,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[dict[str, Any]]:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    connect_to_redis().delete(config.redis_key("nodes"))
    nodes.said.forget()
    yield ckan_config
    nodes.said.forget()
    nodes.said.next = float("inf")


def _of_another(
    monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], **settings: str
) -> None:
    """What another node says, which has other settings."""
    with monkeypatch.context() as there:
        there.setattr("socket.gethostname", lambda: "web-2")
        for name, value in settings.items():
            there.setitem(config, name.replace("__", "."), value)
        nodes.said.forget()
        nodes.announce("web")
    nodes.said.forget()


def test_nodes_that_have_the_same_agree(
    alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _of_another(monkeypatch, alone)
    found = facts.node_signs()
    assert found.verdict == "good"
    assert "web-2" in str(found.facts["nodes"])
    stored = connect_to_redis().hgetall(config.redis_key("nodes"))
    assert alone["SECRET_KEY"] not in str(stored)
    assert len(stored) == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "another secret of this node alone"),
        ("ckan.site_url", "https://other.example.org"),
        ("ckanext.challenge.badge_cache_seconds", "60"),
    ],
)
def test_a_setting_that_differs_is_named(
    alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    _of_another(monkeypatch, alone, **{name: value})
    found = facts.node_signs()
    assert (found.verdict, found.code) == ("wrong", "differ")
    assert found.facts["names"] == name
    assert value not in str(found)


def test_nodes_with_a_folder_each_are_told(
    alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _of_another(monkeypatch, alone, ckan__storage_path=str(tmp_path / "own"))
    assert facts.node_signs().code == "files"


def test_keys_may_be_on_one_of_them(
    alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _of_another(monkeypatch, alone, ckanext__challenge__keys_path="/elsewhere")
    assert facts.node_signs().verdict == "good"


def test_a_process_says_it_once_a_minute_and_waits_for_nobody(
    alone: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def away() -> Any:
        asked.append(1)
        raise OSError("Redis is away")

    monkeypatch.setattr(nodes, "redis_in_time", away)
    for _ in range(3):
        nodes.announce("web")
    assert len(asked) == 1


def test_what_another_version_says_is_left_out(alone: dict[str, Any]) -> None:
    key = config.redis_key("nodes")
    connect_to_redis().hset(key, "web:old", b'{"name": "old"}')
    connect_to_redis().hset(key, "web:broken", b"{")
    assert facts.node_signs().verdict == "good"
