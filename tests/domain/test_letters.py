"""Letters without accents and capitals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain import names
from ckanext.challenge.domain.letters import LIGATURES, plain


@pytest.mark.parametrize(
    ("text", "letters", "as_written"),
    [
        ("Écueillé", "ecueille", "ecueille"),
        ("L'Haÿ-les-Roses", "l'hay-les-roses", "l'hay-les-roses"),
        ("Œuvre, ex æquo", "oeuvre, ex aequo", "œuvre, ex æquo"),
        ("Straße", "strasse", "straße"),
        ("12 m²\u00a0: ﬁn", "12 m2 : fin", "12 m²\u00a0: ﬁn"),
        ("e\u0301te\u0301", "ete", "ete"),
        ("", "", ""),
    ],
)
def test_a_text_is_its_letters(text: str, letters: str, as_written: str) -> None:
    assert plain(text) == letters
    assert plain(text, as_written=True) == as_written


def test_each_letter_of_french_is_one_letter_or_two() -> None:
    for letter in "àâäçéèêëîïôöùûüÿñÀÂÄÇÉÈÊËÎÏÔÖÙÛÜŸÑ":
        assert len(plain(letter)) == 1
        assert plain(letter).isascii()
    assert {letter: plain(letter) for letter in LIGATURES} == LIGATURES


@given(st.text(alphabet=st.characters(max_codepoint=0xFF, categories=["L"])))
def test_names_are_compared_by_the_same_letters(text: str) -> None:
    """Where the database has a table of letters, that says the same."""
    base = "".join(one for one in text if plain(one).isascii() and one not in "ªº")
    assert names.folded(base) == plain(base)
    assert fold(base) == fold(plain(base))
