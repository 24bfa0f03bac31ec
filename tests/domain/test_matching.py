"""Which column is which field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from ckanext.challenge.domain import mending, wording
from ckanext.challenge.domain.matching import Field, Match, Vocabulary, match

FIELDS = [
    Field("nomAttribuant", "Nom de l'attribuant", synonyms=("Collectivité",)),
    Field("nomBeneficiaire", "Nom du bénéficiaire", synonyms=("Association",)),
    Field("idBeneficiaire", "SIRET du bénéficiaire", synonyms=("SIRET",), kind="siret"),
    Field("objet", "Objet de l'aide", synonyms=("Motif",)),
    Field("montant", "Montant total", type="number", synonyms=("Somme attribuée",)),
    Field("dateConvention", "Date de la convention", type="date", synonyms=("Date",)),
    Field("DELIB_DATE", "Date d'adoption", type="date", synonyms=("Séance du",)),
]
WORDS = Vocabulary(FIELDS)


def _match(
    columns: Mapping[str, Sequence[str]],
    memory: Mapping[str, str | None] | None = None,
) -> dict[str, Match]:
    found = match(
        list(columns),
        WORDS,
        lambda label, one: mending.fit(columns[label], one),
        memory,
    )
    return {one.column: one for one in found}


@pytest.mark.parametrize(
    ("label", "field"),
    [
        ("nomAttribuant", "nomAttribuant"),
        ("nom_Attribuant", "nomAttribuant"),
        ("NOM ATTRIBUANT", "nomAttribuant"),
        ("NOMATTRIBUANT", "nomAttribuant"),
        ("Nom de l’attribuant", "nomAttribuant"),
        ("Noms des attribuants :", "nomAttribuant"),
        ("delib date", "DELIB_DATE"),
        ("SEANCE DU", "DELIB_DATE"),
        ("Somme attribuée (€)", "montant"),
        ("Montant total en €", "montant"),
        ("N° SIRET", "idBeneficiaire"),
        ("Siret bénéf.", "idBeneficiaire"),
        ("Nom du béneficiare", "nomBeneficiaire"),
    ],
)
def test_a_header_is_known_however_it_is_written(label: str, field: str) -> None:
    found = _match({label: []})[label]
    assert (found.field, found.state) == (field, "decided")


@pytest.mark.parametrize(
    "label", ["Observations", "Adresse de l'association", "Montant demandé", "N°", "X"]
)
def test_what_no_field_is_called_is_left(label: str) -> None:
    found = _match({label: ["a"]})[label]
    assert found.state != "decided"


def test_no_field_is_given_twice() -> None:
    found = _match({"Date": ["2025-01-02"], "date": ["2025-01-02"]})
    assert {one.state for one in found.values()} == {"asked"}
    found = _match({"Date de la convention": [], "Date": []})
    assert found["Date de la convention"].field == "dateConvention"
    assert found["Date"].field != "dateConvention"


def test_cells_say_which_of_two_near_fields_is_proposed() -> None:
    numbers = ["21450024100010", "214 500 241 00010"]
    assert _match({"bénéficiaire": numbers})["bénéficiaire"].field == "idBeneficiaire"
    names = ["Chorale", "Club"]
    assert _match({"bénéficiaire": names})["bénéficiaire"].field == "nomBeneficiaire"


def test_cells_that_could_never_be_right_make_a_question() -> None:
    found = _match({"Date": ["Chorale", "Club", "Amicale"]})["Date"]
    assert found.state != "decided"


def test_what_was_chosen_the_last_time_is_chosen_again() -> None:
    memory = {wording.key("Tiers"): "nomBeneficiaire", wording.key("Objet"): None}
    found = _match({"TIERS": ["a"], "Objet": ["b"]}, memory)
    assert found["TIERS"] == Match("TIERS", "nomBeneficiaire", 1.0, "decided")
    assert found["Objet"] == Match("Objet", None, 1.0, "decided")


def test_words_are_brought_to_one_form() -> None:
    assert wording.words("N° de délib.") == ("numero", "deliberation")
    assert wording.words("libelléDuCompte") == ("libelle", "compte")
    assert wording.key("Œuvres à l'année") == wording.key("OEUVRE ANNEE")
