"""What tells of persons, and what does not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from ckanext.challenge.domain.personal import Personal, is_person, look

NAMES = ["DUPONT Marie", "Jean-Marc Le Goff", "Mme Martin", "Club de judo"]


@pytest.mark.parametrize(
    ("label", "cells", "kind"),
    [
        ("Contact", ["marie.dupont@example.org", ""], "email"),
        ("x", ["06 12 34 56 78", "+33 7 12 34 56 78"], "phone"),
        ("Tél.", ["02 38 00 00 00"], "phone"),
        ("Portable du président", [""], "phone"),
        ("Date de naissance", ["12/03/1980"], "birth"),
        ("Née le", [], "birth"),
        ("N° sécu", [], "nir"),
        ("x", ["abc", "2 95 10 99 126 111 93"], "nir"),
        ("Remarque", ["FR76 3000 6000 0112 3456 7890 189"], "iban"),
        ("x", ["12 rue des Lilas", "3 bis, avenue Foch"], "address"),
        ("Adresse du domicile", ["Le Bourg"], "address"),
        ("Responsable", ["X"], "name"),
        ("x", NAMES, "name"),
    ],
)
def test_a_column_that_no_field_wants_is_left_out(
    label: str, cells: Sequence[str], kind: str
) -> None:
    found = look(label, cells, matched=False)
    assert found and (found.kind, found.leave_out) == (kind, True)


@pytest.mark.parametrize(
    ("label", "cells"),
    [
        ("Observations", ["Néant", "Dossier complet"]),
        ("Montant", ["1500", "21450024100010"]),
        ("Site", ["mairie@example.org", "contact@example.org"]),
        ("Lieu", ["Salle Jean Moulin", "École Jules Ferry", "Rue Victor Hugo"]),
        ("Association", ["Club Saint Martin", "Amicale Pierre Curie"]),
        ("Numéro", ["12345678901234567890123"]),
    ],
)
def test_a_column_without_persons_is_none(label: str, cells: Sequence[str]) -> None:
    assert look(label, cells, matched=False) is None


def test_what_the_schema_wants_is_no_reason() -> None:
    cells = ["marie.dupont@example.org", "0612345678"]
    assert look("Courriel", cells, matched=True, wanted=True) is None
    # A number of the social security is wanted nowhere.
    assert look("x", ["295109912611193"], matched=True, wanted=True)


def test_natural_persons_among_legal_ones_are_shown() -> None:
    found = look("Bénéficiaire", NAMES, matched=True, field_kind="body")
    assert found == Personal("Bénéficiaire", "name", (0, 1, 2), 3, False)
    assert look("Bénéficiaire", NAMES[3:], matched=True, field_kind="body") is None


def test_persons_in_a_free_text_are_shown() -> None:
    cells = ["Fête", "Aide à Mme Durand", "Accueil de M. le maire"]
    found = look("Objet", cells, matched=True)
    assert found == Personal("Objet", "name", (1,), 1, False)


def test_mailboxes_of_persons_in_a_column_of_something_else_are_left_out() -> None:
    found = look("Référence", ["a.b@example.org"] * 3, matched=True)
    assert found and found.leave_out


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Marie Dupont", True),
        ("DUPONT Jean-Pierre", True),
        ("Union Saint Jean", False),
        ("Comité Marie Curie", False),
        ("Marie", False),
        ("Garage Renault", False),
        ("Rue 12 Paul", False),
    ],
)
def test_a_name_of_a_person(text: str, is_one: bool) -> None:
    assert is_person(text) is is_one
