"""What counts of a value, under whatever name a portal keeps it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ckanext.challenge.domain import european, own_fields


@pytest.mark.parametrize(
    ("name", "value", "counts"),
    [
        ("siren", "214500241", "214500241"),
        ("siren", "21450024100015", "214500241"),
        ("siren", " 214 500 241 000 15 ", "214500241"),
        ("siren", "214\u202f500\u00a0241", "214500241"),
        ("siren", 214500241, "214500241"),
        ("siren", "2145002410", ""),
        ("siren", "214500241\n", ""),
        ("siren", "néant", ""),
        ("siren", "", ""),
        ("siren", None, ""),
        ("siren", True, ""),
        ("siren", ["214500241"], ""),
        ("kind", "Commune", "commune"),
        ("kind", "EPCI", ""),
        ("departement", "2a", "2A"),
        ("departement", "Loiret", ""),
        ("insee_code", "45024", "45024"),
        ("insee_code", "2a004", "2A004"),
        ("insee_code", "4502", ""),
        ("population", "5 855", "5855"),
        ("population", "environ 2000", ""),
        ("population", "9" * 10, ""),
        ("frequency", f"{european.FREQUENCIES}ANNUAL", "annual"),
        ("frequency", "annuelle", "annuelle"),
        ("website", "https://mairie.example", "https://mairie.example"),
        ("challenge_kit", "deliberations", "deliberations"),
    ],
)
def test_what_looks_like_nothing_counts_for_nothing(
    name: str, value: Any, counts: str
) -> None:
    assert own_fields.clean(name, value) == counts


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("annuelle", "annual"),
        ("Semestrielle", "annual_2"),
        ("threeTimesAYear", "annual_3"),
        ("http://publications.europa.eu/resource/authority/frequency/WEEKLY", "weekly"),
        ("ponctuelle", "never"),
        ("selon l'humeur", "selon l'humeur"),
    ],
)
def test_a_frequency_has_many_names(name: str, code: str) -> None:
    assert european.frequency_code(name) == code


def test_a_field_is_found_in_a_form_and_among_the_extras() -> None:
    assert own_fields.held({"siren": "1"}, "siren") == "1"
    extras = [{"key": "siren", "value": "2"}, "nonsense", {"key": "x"}]
    assert own_fields.held({"extras": extras}, "siren") == "2"
    assert own_fields.held({"siren": "", "extras": extras}, "siren") == "2"
    assert own_fields.held({"extras": "nonsense"}, "siren") is None


@pytest.mark.parametrize("stored", [list, json.dumps])
def test_a_part_of_a_repeated_field_is_its_first(stored: Any) -> None:
    rows = [{"name": 'Mairie "A"', "email": ""}, {"email": "a@example.org"}]
    assert own_fields.held({"contact": stored(rows)}, "contact.email") == ""
    rows = [{"name": "Mairie", "email": "a@example.org"}]
    assert own_fields.held({"contact": stored(rows)}, "contact.email") == (
        "a@example.org"
    )
    assert own_fields.held({"contact": stored(rows)}, "contact.phone") == ""
    assert own_fields.held({"contact": "no JSON at all"}, "contact.email") == ""


@pytest.mark.parametrize(
    ("id_", "url", "ours"),
    [
        ("lov2", None, "etalab-2.0"),
        ("odc-odbl", "", "odc-odbl"),
        (
            "LO",
            "https://www.etalab.gouv.fr/Licence-Ouverte-v2.0.pdf",
            "etalab-2.0",
        ),
        ("x", "https://opendatacommons.org/licenses/odbl/1-0/", "odc-odbl"),
        ("maison", "https://portail.example/licence", "maison"),
    ],
)
def test_a_licence_of_another_list_is_known_by_its_address(
    id_: str, url: str | None, ours: str
) -> None:
    assert european.same_licence(id_, url) == ours
