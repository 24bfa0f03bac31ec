"""What leaves for a document has none of the characters that readers disagree on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from ckanext.challenge.domain.characters import (
    cleaned,
    cleaned_document,
    first_forbidden,
)
from ckanext.challenge.svg.lettering import plain

#: All that a Python text can hold, and often what may not leave.
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("\x00\x0b\x1f\x7f\x85\u202e\u2066\ud800\ufffe\uffff\r\n\t"),
    )
)


@given(texts)
def test_what_is_cleaned_is_text_that_xml_takes(text: str) -> None:
    clean = cleaned(text)
    etree.Element("title").text = clean
    clean.encode()
    assert first_forbidden(clean) is None
    assert cleaned(clean) == clean
    # Pictures are drawn with the same characters.
    assert plain(clean) == clean
    assert (first_forbidden(text) is None) == (clean == text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Délibérations\u202f: « Été » 🙂\tet\nplus", None),
        ("a\x0bb\x7fc\x9fd", "abcd"),
        ("une\r\ndeux\rtrois", "une\ndeux\ntrois"),
        ("facture\u202efdp.exe\u2069", "facturefdp.exe"),
        ("\ud83d \ufffe\uffff", " "),
    ],
)
def test_only_these_are_taken_out(text: str, clean: str | None) -> None:
    assert cleaned(text) == (text if clean is None else clean)


def test_a_document_is_cleaned_to_its_last_leaf() -> None:
    document = {"a\x0b": ["\u202eb", {"c": "d\x00", "e": 1, "f": None}], "g": True}
    assert cleaned_document(document) == {
        "a": ["b", {"c": "d", "e": 1, "f": None}],
        "g": True,
    }


def test_it_says_which_character_may_not_be_there() -> None:
    assert first_forbidden("ab\u202ec") == 3
