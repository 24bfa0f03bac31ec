"""What a map tells of a place: what it has opened, or how much of it is open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Literal

#: Of a collectivité: data that conform to a national schema, open data, none yet.
Opened = Literal["conforming", "open", "none"]
OPENED: tuple[Opened, ...] = ("conforming", "open", "none")
#: Of a département: for how many of its inhabitants data are open.
Share = Literal["share-3", "share-2", "share-1", "share-0"]
SHARES: tuple[Share, ...] = ("share-3", "share-2", "share-1", "share-0")


def share_class(covered: int, total: int) -> Share:
    """The class of a share: none, under a quarter, under a half, half or more.

    >>> share_class(0, 100), share_class(24, 100), share_class(50, 100)
    ('share-0', 'share-1', 'share-3')
    """
    if not covered or not total:
        return "share-0"
    if covered * 4 < total:
        return "share-1"
    return "share-2" if covered * 2 < total else "share-3"


def counted(classes: Iterable[str], among: Collection[str]) -> dict[str, int]:
    """How many places have each class, in the order of the classes."""
    found = dict.fromkeys(among, 0)
    for one in classes:
        found[one] += 1
    return found
