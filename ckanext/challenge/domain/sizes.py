"""Classes of size, by inhabitants: the first bound is that of the duty to publish."""

from __future__ import annotations

from typing import NamedTuple


class Size(NamedTuple):
    """A class of size.

    :ivar key: its name for programs
    :ivar least: inhabitants that a collectivité has at least
    :ivar most: inhabitants that it has at most, where there is a bound
    """

    key: str
    least: int
    most: int | None


SIZES: tuple[Size, ...] = (
    Size("under_3500", 0, 3_499),
    Size("3500_9999", 3_500, 9_999),
    Size("10000_49999", 10_000, 49_999),
    Size("50000_and_more", 50_000, None),
)
