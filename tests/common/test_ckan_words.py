"""CKAN's own pages in the way: in French, and no wider than a telephone."""

from __future__ import annotations

import io
import re
from html import unescape
from pathlib import Path
from typing import Any

import ckan
import polib
import pytest
from ckan.tests import factories

from ckanext.challenge.common.ckan_words import (
    API_MESSAGES,
    MESSAGES,
    PLURALS,
    UNTRANSLATED,
)

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


def test_what_its_code_says_has_french() -> None:
    catalogue = polib.mofile(str(OURS / "ckanext-challenge.mo"))
    ours = {entry.msgid: entry.msgstr for entry in catalogue}
    forms = {entry.msgid: entry.msgstr_plural for entry in catalogue}
    sources = "\n".join(
        path.read_text("utf-8")
        for path in (CKAN / "views/api.py", CKAN / "lib/uploader.py")
    )
    for message in (*API_MESSAGES, *UNTRANSLATED):
        assert ours.get(message), message
    # CKAN 2.11 says the reason apart.
    for message in (*(one.removesuffix(": %s") for one in API_MESSAGES), *UNTRANSLATED):
        assert message in sources
    theirs = polib.mofile(str(CKAN / "i18n/fr/LC_MESSAGES/ckan.mo"))
    numbers = {entry.msgid: entry.msgstr_plural for entry in theirs}
    for one, more in PLURALS:
        assert set(forms[one].values()).isdisjoint({one, more})
        # Once CKAN says it in French, its words are to be taken.
        assert set(numbers.get(one, {}).values()) <= {one, more}


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_an_address_that_is_taken_leads_to_the_dataset(app: Any) -> None:
    editor, stranger = factories.UserWithToken(), factories.UserWithToken()
    own, other = (
        factories.Organization(users=[{"name": user["name"], "capacity": "editor"}])
        for user in (editor, stranger)
    )
    factories.Dataset(
        name="deliberations", title="Délibérations <b>", owner_org=own["id"]
    )
    form = {"name": "deliberations", "title": "Autre", "notes": "x", "save": "1"}

    def told(user: dict[str, Any], organization: dict[str, Any]) -> str:
        answer = app.post(
            "/fr/dataset/new",
            data={**form, "owner_org": organization["id"]},
            headers={"Authorization": user["token"]},
        )
        return answer.get_data(as_text=True)

    page = told(editor, own)
    assert "/fr/dataset/edit/deliberations" in page
    assert "Délibérations &lt;b&gt;" in page
    page = told(stranger, other)
    assert "/fr/dataset/edit/deliberations" not in page
    assert "Ajoutez-y le nom de votre collectivité" in unescape(page)


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
@pytest.mark.ckan_config("ckan.max_resource_size", 1)
def test_a_file_that_is_too_large_is_said(
    app: Any, ckan_config: dict[str, Any], tmp_path: Path
) -> None:
    ckan_config["ckan.storage_path"] = str(tmp_path)
    user = factories.UserWithToken()
    organization = factories.Organization(
        users=[{"name": user["name"], "capacity": "editor"}]
    )
    dataset = factories.Dataset(owner_org=organization["id"])
    answer = app.post(
        f"/fr/dataset/{dataset['name']}/resource/new",
        data={
            "id": "",
            "save": "go-dataset-complete",
            "url_type": "upload",
            "upload": (io.BytesIO(b"a" * 3_000_000), "large.csv"),
        },
        headers={"Authorization": user["token"]},
    )
    page = answer.get_data(as_text=True)
    assert "Ce fichier est trop volumineux" in page
    assert "File upload too large" not in page


@pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
def test_the_login_is_in_french(app: Any) -> None:
    page = unescape(app.get("/fr/user/login").get_data(as_text=True))
    assert "Nom d'utilisateur ou courriel" in page
    assert "Aller au contenu principal" in page
    for english in ("Username or Email", "Skip to main content", "Toggle navigation"):
        assert english not in page
    assert "frame.css" in page
