"""Where a position on earth may lie for a French collectivité."""

from __future__ import annotations

from .boxes import Box

#: Degrees by which a place may lie beside the box of its commune: some two kilometres,
#: since outlines are simplified and older than the files.
MARGIN = 0.02

#: West, south, east and north of each part of France, in degrees, with its waters.
_PARTS = (
    (-5.6, 41.2, 9.8, 51.3),  # the mainland and Corsica
    (-63.3, 14.2, -60.7, 18.3),  # Saint-Martin to Martinique
    (-54.8, 2.0, -51.4, 6.0),  # Guyane
    (55.0, -21.6, 56.0, -20.7),  # La Réunion
    (44.8, -13.2, 45.5, -12.4),  # Mayotte
    (-56.7, 46.6, -55.9, 47.3),  # Saint-Pierre-et-Miquelon
    (157.8, -23.2, 172.3, -17.5),  # Nouvelle-Calédonie
    (-155.0, -28.2, -134.0, -7.5),  # Polynésie française
    (-178.4, -14.6, -175.9, -13.0),  # Wallis-et-Futuna
)


def is_in_france(longitude: float, latitude: float) -> bool:
    """Whether a position lies within the box of a part of France.

    :param longitude: degrees, east of Greenwich
    :param latitude: degrees, north of the equator
    """
    return any(
        west <= longitude <= east and south <= latitude <= north
        for west, south, east, north in _PARTS
    )


def is_swapped(longitude: float, latitude: float) -> bool:
    """Whether a position lies in France only if its two numbers change places.

    >>> is_swapped(47.86, 1.71)
    True
    >>> is_swapped(2.35, 48.85)
    False
    """
    return not is_in_france(longitude, latitude) and is_in_france(latitude, longitude)


def is_elsewhere(box: Box, longitude: float, latitude: float) -> bool:
    """Whether a position lies outside of a commune, beyond any doubt.

    What has its two numbers exchanged is no other place: that is told by itself.

    :param box: around the commune
    """
    return not box.holds(longitude, latitude, MARGIN) and not is_swapped(
        longitude, latitude
    )
