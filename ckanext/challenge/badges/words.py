"""What stands behind awards, as they are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ckanext.challenge import programmes
from ckanext.challenge.domain import assurance
from ckanext.challenge.domain.assurance import Assurance
from ckanext.challenge.measures import registry


def reader() -> Callable[[Any, Iterable[Mapping[str, Any]]], Assurance | None]:
    """Return what answers the word of one award after the other.

    :returns: takes a row with what :func:`ckanext.challenge.programmes.badge_of` asks
        of it, and what the award was given for, as it is stored; the datasets may have
        been left out
    """
    declared = registry.declared()

    def word_of(row: Any, met: Iterable[Mapping[str, Any]]) -> Assurance | None:
        known = programmes.badge_of(row)
        return assurance.of_award(known[0] if known else None, met, declared)

    return word_of
