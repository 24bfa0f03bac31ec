"""Names after « de » and « que »."""

from __future__ import annotations

import pytest
from markupsafe import Markup

from ckanext.challenge.domain.elision import phrase


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Artenay", "d'Artenay"),
        ("Écueillé", "d'Écueillé"),
        ("Œuilly", "d'Œuilly"),
        ("Yvoy-le-Marron", "d'Yvoy-le-Marron"),
        ("Huisseau-sur-Mauves", "d'Huisseau-sur-Mauves"),
        ("Baule", "de Baule"),
        ("Houdan", "de Houdan"),
        ("Le Poinçonnet", "du Poinçonnet"),
        ("Les Aix-d'Angillon", "des Aix-d'Angillon"),
        ("La Châtre", "de La Châtre"),
        ("L'Île-Bouchard", "de L'Île-Bouchard"),
        ("", "de "),
    ],
)
def test_a_name_follows_as_one_says_it(name: str, said: str) -> None:
    assert phrase("Le badge de {name}", name=name) == f"Le badge {said}"


def test_que_is_shortened_and_articles_stay() -> None:
    text = "ce que {name} a envoyé"
    assert phrase(text, name="Artenay") == "ce qu'Artenay a envoyé"
    assert phrase(text, name="Le Poinçonnet") == "ce que Le Poinçonnet a envoyé"


def test_other_places_and_other_languages_stay() -> None:
    assert phrase("{number} de {name}, {date}", number=3, name="Artenay", date="x") == (
        "3 d'Artenay, x"
    )
    assert phrase("The badge of {name}", name="Artenay") == "The badge of Artenay"


def test_what_is_typed_is_escaped_in_a_page() -> None:
    shown = phrase(Markup("<p>de {name}</p>"), name="Artenay <b>")
    assert shown == "<p>d'Artenay &lt;b&gt;</p>"
