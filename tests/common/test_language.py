"""The language in which to answer, and what is kept for each."""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk
import pytest

from ckanext.challenge.common import language


@pytest.fixture
def said() -> tuple[Callable[[], str], list[str]]:
    """Words of a page, and how often they were put together."""
    made: list[str] = []

    @language.per_language
    def words() -> str:
        made.append(language.current())
        return tk._("Save")

    return words, made


@pytest.mark.usefixtures("with_plugins", "app")
def test_words_are_put_together_once_for_each_language(
    said: tuple[Callable[[], str], list[str]],
) -> None:
    words, made = said
    found = []
    for spoken in ("fr", "en", "fr", "en"):
        with language.speaking(spoken):
            found.append(words())
    assert found == ["Enregistrer", "Save", "Enregistrer", "Save"]
    assert made == ["fr", "en"]


@pytest.mark.usefixtures("with_plugins")
def test_nothing_is_kept_where_no_language_is_spoken(
    said: tuple[Callable[[], str], list[str]],
) -> None:
    words, made = said
    words()
    words()
    with language.speaking("fr"):
        assert words() == "Enregistrer"
    assert len(made) == 3
