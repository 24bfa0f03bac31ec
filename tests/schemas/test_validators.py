"""Each validator of the forms: what it stores, and what it refuses."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest

from ckanext.challenge.common import validators
from ckanext.challenge.conformity.validators import challenge_schema_name

SIREN = "214500241"
DELIBERATIONS = "scdl/deliberations"
VOCABULARY = "http://publications.europa.eu/resource/authority/frequency"


@pytest.mark.parametrize(
    ("validator", "given", "stored"),
    [
        (validators.challenge_siren, "214 500 241", SIREN),
        (validators.challenge_siren, 214500241, SIREN),
        (validators.challenge_siren, " ", ""),
        (validators.challenge_insee, "2a004", "2A004"),
        (validators.challenge_insee, "97411", "97411"),
        (validators.challenge_departement, "2a", "2A"),
        (validators.challenge_departement, "974", "974"),
        (validators.challenge_insee_or_siren_list, "", ""),
        (
            validators.challenge_insee_or_siren_list,
            " 45024 ; 2a004|45024, 214500241",
            "45024,2A004,214500241",
        ),
        (validators.challenge_whole_number, 1985, "1985"),
        (validators.challenge_whole_number, "5 855", "5855"),
        (validators.challenge_whole_number, "5\u202f855", "5855"),
        (validators.challenge_whole_number, "1.234.567", "1234567"),
        (validators.challenge_whole_number, "", ""),
        (validators.challenge_quantity, 12.5, "12.5"),
        (validators.challenge_quantity, "12,50", "12.5"),
        (validators.challenge_quantity, 100, "100"),
        (validators.challenge_quantity, 0, "0"),
        (validators.challenge_license, "ODbL-1.0", "odc-odbl"),
        (validators.challenge_license, "cc-by", "cc-by"),
        (validators.challenge_frequency, f"{VOCABULARY}/MONTHLY_2", "monthly_2"),
        (validators.challenge_frequency, "ANNUAL", "annual"),
        (validators.challenge_encoding, "UTF8", "utf-8"),
        (validators.challenge_encoding, "utf-8-sig", "utf-8"),
        (validators.challenge_encoding, "", ""),
        (validators.challenge_short_text(5), " été ", "été"),
        (validators.challenge_short_text(5), "👩‍🌾", "👩‍🌾"),
        (challenge_schema_name, DELIBERATIONS, DELIBERATIONS),
        (
            challenge_schema_name,
            "https://schema.data.gouv.fr/schemas/scdl/deliberations/latest/schema.json",
            DELIBERATIONS,
        ),
        (
            challenge_schema_name,
            "https://schema.data.gouv.fr/schemas/scdl/deliberations/2.1.3/schema.json",
            DELIBERATIONS,
        ),
        (
            challenge_schema_name,
            "http://SCHEMA.data.gouv.fr/scdl/deliberations/latest.html",
            DELIBERATIONS,
        ),
        (
            challenge_schema_name,
            "https://gitlab.com/opendatafrance/scdl/deliberations/raw/v2/schema.json",
            DELIBERATIONS,
        ),
        (
            challenge_schema_name,
            "https://schema.data.gouv.fr/schemas/etalab/schema-irve-statique/latest/",
            "etalab/schema-irve-statique",
        ),
    ],
)
def test_it_stores_one_form(validator: Any, given: Any, stored: str) -> None:
    assert validator(given) == stored


@pytest.mark.parametrize(
    ("validator", "value"),
    [
        (validators.challenge_siren, "214500242"),
        (validators.challenge_siren, "21450024"),
        (validators.challenge_siren, "abc"),
        (validators.challenge_siren, ["214500241"]),
        (validators.challenge_insee, "45"),
        (validators.challenge_insee, "45024\n45025"),
        (validators.challenge_departement, "00"),
        (validators.challenge_departement, "20"),
        (validators.challenge_departement, "96"),
        (validators.challenge_insee_or_siren_list, "45"),
        (validators.challenge_insee_or_siren_list, "214500242"),
        (validators.challenge_insee_or_siren_list, "Baule"),
        (
            validators.challenge_insee_or_siren_list,
            ",".join(str(code) for code in range(45000, 45400)),
        ),
        (validators.challenge_whole_number, "-1"),
        (validators.challenge_whole_number, "1.5"),
        (validators.challenge_whole_number, "1e9"),
        (validators.challenge_whole_number, "9" * 40),
        (validators.challenge_whole_number, "9" * 11),
        (validators.challenge_whole_number, "١٢"),
        (validators.challenge_whole_number, True),
        (validators.challenge_quantity, "-2,5"),
        (validators.challenge_quantity, "NaN"),
        (validators.challenge_quantity, float("inf")),
        (validators.challenge_quantity, "beaucoup"),
        (validators.challenge_quantity, {}),
        (validators.challenge_encoding, "morse"),
        (validators.challenge_encoding, "utf-8\x00"),
        (validators.challenge_encoding, "../../etc"),
        (validators.challenge_short_text(5), "x" * 6),
        (validators.challenge_short_text(50), "Mairie\nBcc: x@example.org"),
        (validators.challenge_short_text(50), "Mai\x00rie"),
        (validators.challenge_short_text(50), "Mai\u202erie"),
        (validators.challenge_short_text(50), {"nom": "Mairie"}),
        (challenge_schema_name, "scdl/inconnu"),
        (challenge_schema_name, "http://169.254.169.254/scdl/deliberations"),
        (
            challenge_schema_name,
            "https://schema.data.gouv.fr.example.org/scdl/deliberations/",
        ),
        (
            challenge_schema_name,
            "https://schema.data.gouv.fr@example.org/scdl/deliberations/",
        ),
        (
            challenge_schema_name,
            "https://gitlab.com/opendatafrance/scdl/deliberations-x/schema.json",
        ),
        (challenge_schema_name, "file:///etc/passwd"),
        (challenge_schema_name, "http://[::1"),
        (challenge_schema_name, {"fields": []}),
    ],
)
def test_it_refuses(validator: Any, value: Any) -> None:
    with pytest.raises(tk.Invalid):
        validator(value)


@pytest.mark.usefixtures("with_plugins", "with_request_context")
def test_a_number_with_two_readings_is_refused_with_both() -> None:
    with pytest.raises(tk.Invalid) as caught:
        validators.challenge_quantity("3.000")
    assert "3\u202f000" in caught.value.error
