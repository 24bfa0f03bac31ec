from __future__ import annotations

import re

import pytest

from ckanext.challenge.directory.naming import organization_name
from ckanext.challenge.directory.text import fold


@pytest.mark.parametrize(
    ("title", "code", "taken", "expected"),
    [
        ("Baule", "45024", (), "baule"),
        ("Le Poinçonnet", "36159", (), "le-poinconnet"),
        ("Œuilly", "02565", (), "oeuilly"),
        ("L'Haÿ-les-Roses", "94038", (), "l-hay-les-roses"),
        ("Saint-Maur", "18225", (), "saint-maur"),
        ("Saint-Maur", "36202", {"saint-maur"}, "saint-maur-36202"),
        ("Lignières", "41115", {"lignieres"}, "lignieres-41115"),
        ("Bastia", "2B033", {"bastia"}, "bastia-2b033"),
        (
            "Saint-Maur",
            "36202",
            {"saint-maur", "saint-maur-36202"},
            "saint-maur-36202-2",
        ),
        ("CC du Perche", None, {"cc-du-perche", "cc-du-perche-2"}, "cc-du-perche-3"),
        ("Y", "80829", (), "y-80829"),
        ("New", "00001", (), "new-00001"),
        ("東京", "45024", (), "collectivite-45024"),
        ("!!", None, (), "collectivite-2"),
    ],
)
def test_an_address_is_the_name_and_the_code_where_it_is_taken(
    title, code, taken, expected
):
    assert organization_name(title, code, taken) == expected


@pytest.mark.parametrize("taken_before", [0, 1, 2, 12])
def test_a_long_name_stays_within_what_ckan_stores(taken_before):
    title = "Communauté de communes " + "des très longues vallées " * 12
    taken: set[str] = set()
    for _ in range(taken_before + 1):
        name = organization_name(title, "200040277", taken)
        assert name not in taken
        assert re.fullmatch(r"[a-z0-9-]{2,100}", name)
        assert not name.endswith("-")
        taken.add(name)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("St-Amand-Montrond", "saint amand montrond"),
        ("  SAINTE  Sévère ", "sainte severe"),
        ("Ste Sévère", "sainte severe"),
        ("l’Ouanne", "l ouanne"),
        ("CŒUR DE FRANCE", "coeur de france"),
        (
            "Communauté de communes des Terres du Val de Loire",
            "cc des terres du val de loire",
        ),
        ("Communauté d'agglomération Bourges Plus", "ca bourges plus"),
        ("100 % « Étampes »", "100 etampes"),
    ],
)
def test_names_are_compared_without_accents_case_or_punctuation(text, folded):
    assert fold(text) == folded
