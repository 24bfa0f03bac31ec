"""French names, as a dictionary has them."""

from __future__ import annotations

import random

import pytest

from ckanext.challenge.domain.names import folded, sort_key

IN_ORDER = [
    "Ébéon",
    "Écueillé",
    "écueillé",
    "Eguzon-Chantôme",
    "L'Hôpital",
    "Le Poinçonnet",
    "Œuilly",
    "Orléans",
    "Saint Aignan",
    "Saint-Maur",
    "Sainte-Sévère",
    "Zilia",
]


def test_names_sort_by_their_letters() -> None:
    shuffled = random.Random(7).sample(IN_ORDER, len(IN_ORDER))
    assert sorted(shuffled, key=sort_key) == IN_ORDER


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("L'Œuvre d'Écueillé", "l oeuvre d ecueille"),
        ("Saint‑Maur", "saint maur"),
        ("L’Haÿ-les-Roses", "l hay les roses"),
        ("CC 4 Vallées (45)", "cc 4 vallees (45)"),
    ],
)
def test_names_are_compared_without_what_stands_on_letters(
    name: str, plain: str
) -> None:
    assert folded(name) == plain
