"""Whichever is installed first, CKAN keeps the versions that it pins."""

from __future__ import annotations

from importlib import metadata

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from portal import pythons

OURS = "ckanext-challenge"


def _requirements(name: str, extras: frozenset[str]) -> list[Requirement]:
    # What is installed of the extension may be what a former build has left.
    texts = pythons.all_dependencies() if name == OURS else metadata.requires(name)
    found = [Requirement(text) for text in texts or ()]
    return [
        one
        for one in found
        if one.marker is None
        or any(one.marker.evaluate({"extra": extra}) for extra in (*extras, ""))
    ]


def _pins() -> dict[str, str]:
    """The versions that CKAN asks for with ``ckan[requirements]``."""
    return {
        canonicalize_name(one.name): spec.version
        for one in _requirements("ckan", frozenset({"requirements"}))
        for spec in one.specifier
        if spec.operator == "=="
    }


def _asked() -> list[tuple[str, Requirement]]:
    """What the extension asks for, and what that asks for in turn, without CKAN."""
    asked: list[tuple[str, Requirement]] = []
    waiting, seen = [(OURS, frozenset[str]())], set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen or name == "ckan":
            continue
        seen.add((name, extras))
        try:
            wanted = _requirements(name, extras)
        except metadata.PackageNotFoundError:
            continue
        for one in wanted:
            asked.append((name, one))
            waiting.append((canonicalize_name(one.name), frozenset(one.extras)))
    return asked


def test_ckan_pins_what_signs() -> None:
    assert "pyjwt" in _pins()


def test_no_bound_of_ours_excludes_a_pin_of_ckan() -> None:
    pins = _pins()
    refused = [
        f"{who} asks for {one}, CKAN pins {pins[canonicalize_name(one.name)]}"
        for who, one in _asked()
        if canonicalize_name(one.name) in pins
        and not one.specifier.contains(pins[canonicalize_name(one.name)])
    ]
    assert refused == []


@pytest.mark.parametrize(
    ("package", "version", "allowed"),
    [
        # The pins of CKAN 2.11.6 and of 2.12.0.
        ("pyjwt", "2.13.0", True),
        # These ask for PyJWT 2.15.1: pip would take PyJWT off its pin.
        ("openbadgeslib", "4.6.0", True),
        ("openbadgeslib", "4.6.1", False),
        ("openbadgeslib", "4.6.2", False),
    ],
)
def test_what_moves_a_pin_is_not_taken(
    package: str, version: str, allowed: bool
) -> None:
    """Of the file that is installed next, as it stands here."""
    wanted = [
        one
        for one in _requirements(OURS, frozenset())
        if canonicalize_name(one.name) == package
    ]
    assert [one.specifier.contains(version) for one in wanted] == [allowed]
