"""CKAN's own pages in the way: in French, and no wider than a telephone."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from typing import Any

import ckan
import polib
import pytest

from ckanext.challenge.common.ckan_words import MESSAGES

CKAN = Path(ckan.__file__).parent
OURS = Path(__file__).parents[2] / "ckanext/challenge/i18n/fr/LC_MESSAGES"


@pytest.fixture(scope="module")
def french() -> dict[str, str]:
    catalogue = polib.mofile(str(CKAN / "i18n/fr/LC_MESSAGES/ckan.mo"))
    return {entry.msgid: entry.msgstr for entry in catalogue}


def test_each_is_on_a_page_of_ckan_and_has_french(french: dict[str, str]) -> None:
    ours = {
        entry.msgid: entry.msgstr
        for entry in polib.mofile(str(OURS / "ckanext-challenge.mo"))
    }
    sources = "\n".join(
        re.sub(r"\s+", " ", path.read_text("utf-8"))
        for folder in (CKAN / "templates", CKAN.parent / "ckanext/activity")
        for path in folder.rglob("*.html")
    )
    for message in MESSAGES:
        assert ours.get(message), message
        assert french.get(message) in (None, "", ours[message]), message
    # The other version of CKAN may have some of them.
    found = [message for message in MESSAGES if message in sources]
    assert len(found) > 0.5 * len(MESSAGES)


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_the_login_is_in_french(app: Any) -> None:
    page = unescape(app.get("/fr/user/login").get_data(as_text=True))
    assert "Nom d'utilisateur ou courriel" in page
    assert "Aller au contenu principal" in page
    for english in ("Username or Email", "Skip to main content", "Toggle navigation"):
        assert english not in page
    assert "frame.css" in page
