from __future__ import annotations

import time

import pytest

from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain.place_matching import (
    LIKELY,
    Candidate,
    Directory,
    Named,
    Place,
)

PLACES = [
    Place("1", "artenay", True, "45", "45008", ("45410",)),
    Place("2", "bourges", True, "18", "18033", ("18000",)),
    Place("3", "la chatre", True, "36", "36046", ("36400",)),
    Place("4", "lignieres", True, "18", "18127", ("18160",)),
    Place("5", "lignieres", True, "41", "41116", ("41160",)),
    Place("6", "le poinconnet", True, "36", "36159", ("36330",)),
    Place("7", "la ville aux dames", True, "37", "37273", ("37700",)),
    Place("8", "cc des terres du val de loire", False, "45"),
    Place("9", "orleans", True, "45", "45234", ("45000", "45100")),
    Place("10", "orleans metropole", False, "45"),
    Place("11", "cc de la chatre et sainte severe", False, "36"),
    Place("12", "saint amand montrond", True, "18", "18197", ("18200",)),
    Place("13", "vierzon", True, "18", "18279", ("18100",), taken=True),
    Place("14", "l ile bouchard", True, "37", "37119", ("37220",)),
    Place("15", "chinon", True, "37", "37072", ("37500",)),
    Place("16", "cc chinon", False, "37"),
]
DEPARTEMENTS = {"cher": "18", "loir et cher": "41", "loiret": "45"}


def _candidates(title: str, **more: str) -> list[Candidate]:
    return Directory(PLACES, DEPARTEMENTS).candidates(Named(fold(title), **more))


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Mairie d'Artenay", "1"),
        ("Artenay", "1"),
        ("Ville de Bourges", "2"),
        ("VILLE DE BOURGES", "2"),
        ("Mairie de La Châtre", "3"),
        ("Commune du Poinçonnet", "6"),
        ("Ville-aux-Dames (La)", "7"),
        ("La Ville-aux-Dames", "7"),
        ("CC des Terres du Val de Loire", "8"),
        ("Communauté de communes Terres du Val de Loire", "8"),
        ("Orléans Métropole", "10"),
        ("Ville d'Orléans", "9"),
        ("St-Amand-Montrond", "12"),
        ("Mairie de l'Île-Bouchard", "14"),
    ],
)
def test_what_people_call_a_place_is_found(title: str, code: str) -> None:
    found = _candidates(title)
    assert found, title
    assert found[0].code == code


@pytest.mark.parametrize(
    "title", ["Mairie d'Artenay", "Ville de Bourges", "CC des Terres du Val de Loire"]
)
def test_a_name_and_a_kind_that_only_one_has_are_likely(title: str) -> None:
    (only,) = _candidates(title)
    assert only.confidence >= LIKELY
    assert only.why == ("name", "kind", "only")


def test_homonyms_are_never_likely_unless_a_code_says_which() -> None:
    found = _candidates("Mairie de Lignières")
    assert [one.code for one in found] == ["4", "5"]
    assert all(one.confidence <= 0.5 and "homonyms" in one.why for one in found)
    for named in (
        {"departement": "41"},
        {"title": "Lignières (Loir-et-Cher)"},
        {"title": "Lignières (41)"},
    ):
        found = _candidates(**{"title": "Mairie de Lignières", **named})
        assert found[0].code == "5", named
        assert 0.5 < found[0].confidence < LIKELY
    for named in ({"insee_code": "18127"}, {"title": "Lignières 18160"}):
        found = _candidates(**{"title": "Mairie de Lignières", **named})
        assert (found[0].code, found[0].confidence) == ("4", 0.98)


def test_a_commune_and_an_epci_of_one_name_are_both_proposed() -> None:
    found = _candidates("Orléans")
    assert {one.code for one in found} == {"9", "10"}
    assert all(one.confidence <= 0.6 and "other_kind" in one.why for one in found)
    assert [one.code for one in _candidates("Mairie de Chinon")] == ["15"]
    assert [one.code for one in _candidates("CC de Chinon")] == ["16"]


def test_the_website_and_the_departement_speak_for_a_place() -> None:
    plain = _candidates("Artenay")[0].confidence
    for named in ({"website": "https://www.ville-artenay.fr/"}, {"departement": "45"}):
        assert _candidates("Artenay", **named)[0].confidence > plain
    elsewhere = _candidates("Artenay", departement="59")[0]
    assert "other_departement" in elsewhere.why
    assert elsewhere.confidence < 0.5
    assert "website" not in _candidates("Artenay", website="https://a.org")[0].why


def test_a_name_written_a_little_differently_is_proposed_with_less() -> None:
    (found,) = _candidates("Saint Amand Montron")
    assert found.code == "12"
    assert found.why[0] == "near_name"
    assert found.confidence < LIKELY
    (part,) = _candidates("Service open data Bourges")
    assert part.why[0] == "part_of_name"
    assert part.confidence < 0.5


@pytest.mark.parametrize(
    "title",
    [
        "Office de tourisme de Bourges",
        "CCAS de Bourges",
        "Université d'Orléans",
        "Département du Cher",
        "Chambre d'agriculture du Loiret",
        "Association des amis d'Artenay",
        "Inconnu",
        "",
        "!",
        "de la",
        "CC",
    ],
)
def test_others_are_proposed_nothing(title: str) -> None:
    assert _candidates(title) == []


def test_a_siren_that_another_organization_has_is_told() -> None:
    (found,) = _candidates("Ville de Vierzon")
    assert "taken" in found.why
    assert found.confidence <= 0.2
    (coded,) = _candidates("Autre nom", insee_code="18279")
    assert coded.why == ("code", "taken")


def test_thousands_are_compared_with_a_country_within_seconds() -> None:
    places = [
        Place(str(n), f"saint {n % 9000} sur commune {n % 7}", True, "45")
        for n in range(36_000)
    ]
    begun = time.perf_counter()
    directory = Directory(places, DEPARTEMENTS)
    for n in range(5_000):
        directory.candidates(Named(f"mairie de saint {n} sur comune {n % 7}"))
    assert time.perf_counter() - begun < 15
