"""Where a position may lie."""

from __future__ import annotations

import pytest

from ckanext.challenge.domain.boxes import Box
from ckanext.challenge.domain.places import is_elsewhere

BAULE = Box(1.62, 47.79, 1.71, 47.85)


@pytest.mark.parametrize(
    ("longitude", "latitude", "elsewhere"),
    [
        (1.67, 47.81, False),
        # Beside it by less than the outline may be wrong.
        (1.725, 47.81, False),
        (1.74, 47.81, True),
        (2.35, 48.85, True),
        (0.0, 0.0, True),
        # Its numbers are exchanged, which is told by itself.
        (47.81, 1.67, False),
    ],
)
def test_a_place_is_in_its_commune_or_in_another_one(
    longitude: float, latitude: float, elsewhere: bool
) -> None:
    assert is_elsewhere(BAULE, longitude, latitude) is elsewhere
