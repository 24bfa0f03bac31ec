"""In which encoding a French text is written, by its letters."""

from __future__ import annotations

from collections import Counter

import pytest

from ckanext.challenge.domain.encodings import likeliest_encoding


def _found(text: str, encoding: str) -> str:
    letters = Counter(byte for byte in text.encode(encoding) if byte > 0x7F)
    return likeliest_encoding(letters)


@pytest.mark.parametrize(
    "text",
    [
        "COMITÉ DES FÊTES;FÊTE",
        "FÊTE",
        "CRÈCHE",
        "FRANÇAIS",
        "FRANÇOIS;CRÈCHE;FORÊT",
        "BIBLIOTHÈQUE ; ÉCOLE",
        "À PAYER",
        "AOÛT",
        "CÔTE",
        "HAÏTI;NOËL",
        "hôtel",
        "maïs",
        "Noël",
        "crèche",
        "fête ; âge",
        "dîner à Nîmes",
        "où",
        "1 500 €",
        "1\u00a0500",
        "« Fête »",
        "L’été…",
    ],
)
def test_windows_texts_are_read_in_capitals_and_small_letters(text: str) -> None:
    assert _found(text, "windows-1252") == "windows-1252"


@pytest.mark.parametrize(
    "text",
    [
        "Numéraire",
        "fête",
        "L’été",
        "Comité des fêtes : « Été » ; 1\u00a0500\u00a0€ ; 2\u00a0300\u00a0€",
        "COMITÉ DES FÊTES ; ÉCOLE",
        "Crèche à Orléans",
        "hôtel",
        "où",
        "français",
    ],
)
def test_texts_of_an_old_mac_are_read(text: str) -> None:
    assert _found(text, "mac-roman") == "macintosh"


@pytest.mark.parametrize("text", ["Numéraire", "Crèche à Orléans", "ÉCOLE numéro 3"])
def test_texts_of_dos_are_read(text: str) -> None:
    assert _found(text, "cp850") == "cp850"
