"""What nodes of one portal must have alike."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ckanext.challenge.domain import doctor, nodes
from ckanext.challenge.domain.nodes import Sign

pytestmark = pytest.mark.pure

ONE = Sign(
    "web-1:/etc/ckan.ini",
    "web",
    1000.0,
    versions={"ckan": "2.12.0", "ckanext-challenge": "0.1.0"},
    place="a",
    settings={name: nodes.digest(name) for name in (*nodes.SECRETS, *nodes.ALIKE)},
)


def _other(**changed: Any) -> Sign:
    return dataclasses.replace(ONE, **{"node": "web-2:/etc/ckan.ini", **changed})


def _settings(**changed: str) -> dict[str, str]:
    return {**ONE.settings, **changed}


@pytest.mark.parametrize(
    ("other", "verdict", "code", "told"),
    [
        (_other(), "good", "good", "web-2:/etc/ckan.ini (web)"),
        (
            _other(settings=_settings(SECRET_KEY="x", **{"ckan.plugins": "y"})),
            "wrong",
            "differ",
            "SECRET_KEY, ckan.plugins",
        ),
        (_other(place="b"), "wrong", "files", "web-1:/etc/ckan.ini (web), web-2"),
        (_other(place=""), "wrong", "files", "web-2:/etc/ckan.ini (web)"),
        (_other(ahead=-60.0), "wrong", "clock", "60"),
        (_other(ahead=4.0), "good", "good", "web-1"),
        (
            _other(versions={"ckan": "2.12.0", "ckanext-challenge": "0.2.0"}),
            "todo",
            "versions",
            "ckanext-challenge 0.1.0 / 0.2.0",
        ),
    ],
)
def test_what_differs_is_told(other: Sign, verdict: str, code: str, told: str) -> None:
    found = doctor.nodes([ONE, other])
    assert (found.verdict, found.code) == (verdict, code)
    assert told in " ".join(map(str, found.facts.values()))


def test_one_node_agrees_with_itself() -> None:
    assert doctor.nodes([ONE]).verdict == "good"


def test_the_one_that_is_apart_is_named_and_not_the_others() -> None:
    three = [ONE, _other(), _other(node="web-3", place="b")]
    assert [sign.node for sign in nodes.apart(three)] == ["web-3"]


def test_a_node_that_says_nothing_any_more_is_forgotten() -> None:
    old = _other(at=ONE.at - nodes.HEARD - 1)
    assert nodes.heard([old, ONE], ONE.at) == [ONE]


def test_a_secret_cannot_be_read_from_what_is_said() -> None:
    assert len(nodes.digest("a secret")) == 8
    assert nodes.digest("a secret") == nodes.digest(" a secret ")
    assert nodes.digest("a secret") != nodes.digest("another")
