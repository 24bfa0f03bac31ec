"""The words in braces of a message to many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import placeholders

VALUES = {key: f"<{key}>" for key in placeholders.OF_AUDIENCE["participants"]}


@pytest.mark.parametrize("language", ["fr", "en", "fr_FR"])
@pytest.mark.parametrize("audience", placeholders.AUDIENCES)
def test_what_is_offered_is_known_and_filled(audience: str, language: str) -> None:
    for key in placeholders.OF_AUDIENCE[audience]:
        written = placeholders.spelling(key, language)
        assert placeholders.unknown(written, audience) == []
        assert placeholders.fill(written, {key: "x"}) == "x"


@pytest.mark.parametrize(
    "written", ["{étapes restantes}", "{ Etapes-Restantes }", "{ÉTAPES_RESTANTES}"]
)
def test_people_write_accents_capitals_and_spaces(written: str) -> None:
    assert placeholders.fill(written, {"steps_left": "2"}) == "2"


def test_what_is_filled_in_is_not_looked_at_again() -> None:
    assert placeholders.fill("{nom}", {"name": "{lien}", "link": "x"}) == "{lien}"


def test_an_unknown_one_is_named_once_as_it_is_written() -> None:
    text = "{prénom} {nom} {prénom} {reference} { } {}"
    assert placeholders.unknown(text, "participants") == [
        "{prénom}",
        "{reference}",
        "{ }",
    ]
    assert placeholders.unknown("{lien}", "staff", ("name",)) == ["{lien}"]


@given(st.text())
def test_what_is_known_leaves_nothing_to_fill(text: str) -> None:
    if not placeholders.unknown(text, "participants"):
        filled = placeholders.fill(text, VALUES)
        assert placeholders.unknown(filled, "participants") == []
