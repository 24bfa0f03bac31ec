"""The catalogues hold what the code says, and the French is written as agreed."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan
import polib
import pytest
import yaml
from babel.messages.catalog import Catalog
from babel.support import Translations
from ckan.lib.jinja_extensions import _get_extensions
from jinja2 import Environment, nodes

from ckanext.challenge.common.ckan_words import PLURALS
from portal import catalogues
from portal.paths import ROOT

FRENCH = catalogues.catalogue("fr")
CKAN_I18N = Path(ckan.__file__).parent / "i18n"
MARKERS = {"_", "N_", "gettext", "lazy_gettext", "ngettext", "ungettext"}
PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]")
# What the agreed words replace: accompagnateur is « conseiller », and so on.
UNWANTED = ("accompagnateur", "dataset", "e-mail", "veuillez", "cliquez")
RENEW = "run: make translations"


@pytest.fixture(scope="module")
def french() -> polib.POFile:
    return polib.pofile(str(FRENCH))


@pytest.fixture(scope="module")
def extracted() -> Catalog:
    """The messages of the code and the templates."""
    return catalogues.extract()


@pytest.fixture(scope="module")
def said(extracted: Catalog) -> set[Any]:
    found: set[Any] = set()
    for message in catalogues.messages(extracted):
        found.add(message.id)
    return found


def _id(entry: polib.POEntry | polib.MOEntry) -> Any:
    plural = entry.msgid_plural
    return (entry.msgid, plural) if plural else entry.msgid


def _texts(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    """The translations of a message: one, or one for each plural form."""
    return list(entry.msgstr_plural.values()) or [entry.msgstr]


def test_every_message_is_translated(french: polib.POFile) -> None:
    lacking = [
        entry.msgid
        for entry in french
        if entry.obsolete or entry.fuzzy or not all(map(str.strip, _texts(entry)))
    ]
    assert not lacking


def test_the_catalogues_hold_the_messages_of_the_code(
    french: polib.POFile, said: set[Any]
) -> None:
    assert len(said) > 400
    assert {_id(entry) for entry in french} == said, RENEW
    template = polib.pofile(str(catalogues.TEMPLATE))
    assert {_id(entry) for entry in template} == said, RENEW


def test_what_is_compiled_is_what_is_translated(french: polib.POFile) -> None:
    compiled = polib.mofile(str(FRENCH.with_suffix(".mo")))
    assert {_id(entry): _texts(entry) for entry in compiled} == {
        _id(entry): _texts(entry) for entry in french
    }, RENEW


def test_the_files_name_no_machine_and_no_date() -> None:
    for path in (catalogues.TEMPLATE, FRENCH):
        text = path.read_text("utf-8")
        assert str(ROOT) not in text
        assert "-Date:" not in text


def test_a_renewal_without_a_change_changes_no_file(extracted: Catalog) -> None:
    for path, language in ((catalogues.TEMPLATE, ""), (FRENCH, "fr")):
        file = catalogues.render(extracted, language)
        entries = {_id(entry): _texts(entry) for entry in file}
        assert entries == {_id(e): _texts(e) for e in polib.pofile(str(path))}
        assert file.metadata == polib.pofile(str(path)).metadata


def test_placeholders_are_kept(french: polib.POFile) -> None:
    for entry in french:
        asked = [entry.msgid] + [entry.msgid_plural or entry.msgid] * 2
        for original, text in zip(asked, _texts(entry), strict=False):
            wanted = sorted(PLACEHOLDER.findall(original))
            assert sorted(PLACEHOLDER.findall(text)) == wanted, entry.msgid


def test_no_percent_sign_that_a_template_would_read_as_a_placeholder(
    french: polib.POFile,
) -> None:
    for entry in french:
        for text in (entry.msgid, entry.msgid_plural, *_texts(entry)):
            assert "%" not in PLACEHOLDER.sub("", text), entry.msgid


def _python() -> Iterator[tuple[Path, int, ast.expr]]:
    for path in sorted(catalogues.PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            called = node.func
            name = getattr(called, "attr", None) or getattr(called, "id", None)
            if name in MARKERS:
                number = 2 if name in ("ngettext", "ungettext") else 1
                for argument in node.args[:number]:
                    yield path, node.lineno, argument


def test_messages_are_plain_texts_in_python() -> None:
    found = list(_python())
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, line, argument in found
        # An attribute is what CKAN's own catalogue translates: a licence's title. A
        # name is one of the texts that N_ has marked in the same module.
        if not isinstance(argument, (ast.Constant, ast.Attribute))
        and not (isinstance(argument, ast.Name) and "N_(" in path.read_text("utf-8"))
    ]
    assert found
    assert not wrong


def test_messages_are_plain_texts_in_templates() -> None:
    environment = Environment(extensions=_get_extensions())
    found, wrong = 0, []
    for path in sorted(catalogues.PACKAGE.glob("templates/**/*.*")):
        tree = environment.parse(path.read_text("utf-8"))
        for call in tree.find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in MARKERS:
                found += 1
                if not isinstance(call.args[0], nodes.Const):
                    wrong.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert found
    assert not wrong


# What is wrong in French, and what is right instead.
SLIPS = {
    r"[’‘“”\"]": "an apostrophe is straight, and quotes are « »",
    # A percent sign may also begin a placeholder.
    r"[ \u00a0]([;:!?»]|%(?![(s]))": "a narrow no-break space stands before",
    r"[^\s\u202f·(]([;!?»]|:(?!//))": "a narrow no-break space stands before",
    r"«[^\u202f]": "a narrow no-break space stands inside",
    r"\.\.\.": "an ellipsis is one character",
    r"  |^\s|\s$": "one space, and none at the ends",
}


def _slips(text: str) -> list[str]:
    # The legend of the managers' table explains its marks, one of them « ? ».
    text = re.sub(r"· [?!] ", "", text)
    # What is to be written in a cell is as a program reads it.
    text = re.sub(r"T?(?:\d\d|hh):(?:\d\d|mm)(?::(?:\d\d|ss)Z)?|\[\".*?\"\]", "", text)
    return [f"{why}: {text}" for slip, why in SLIPS.items() if re.search(slip, text)]


def test_the_typography_is_french(french: polib.POFile) -> None:
    assert not [
        slip for entry in french for text in _texts(entry) for slip in _slips(text)
    ]


def _french_of(content: Any) -> Iterator[str]:
    """The French texts anywhere in what a YAML file holds."""
    parts = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in parts:
        if key == "fr" and isinstance(value, str):
            yield value.strip()
        elif isinstance(value, (dict, list)):
            yield from _french_of(value)


@pytest.mark.parametrize("folder", ["programmes", "schemas"])
def test_the_typography_is_french_in_the_files_with_both_languages(
    folder: str,
) -> None:
    texts = [
        text
        for path in sorted((catalogues.PACKAGE / folder).glob("*.yaml"))
        for text in _french_of(yaml.safe_load(path.read_text("utf-8")))
    ]
    assert texts
    assert not [slip for text in texts for slip in _slips(text)]


def test_the_words_are_the_agreed_ones(french: polib.POFile) -> None:
    wrong = [
        (word, text)
        for entry in french
        for text in _texts(entry)
        for word in UNWANTED
        if re.search(rf"\b{word}", PLACEHOLDER.sub("", text), re.IGNORECASE)
    ]
    assert not wrong


def test_what_ckan_says_too_is_said_as_ckan_says_it(french: polib.POFile) -> None:
    # Our catalogue is loaded after CKAN's and wins on every page of the portal.
    core = polib.pofile(str(CKAN_I18N / "fr" / "LC_MESSAGES" / "ckan.po"))
    theirs = {_id(entry): _texts(entry) for entry in core if entry.translated()}
    shared = [entry for entry in french if _id(entry) in theirs]
    assert shared
    for entry in shared:
        if _id(entry) not in PLURALS:
            assert _texts(entry) == theirs[_id(entry)], entry.msgid


def _merged(*folders: tuple[Path, str]) -> Translations:
    """Catalogues merged as Flask-Babel merges them: the last plural rule stays."""
    merged = Translations()
    for folder, domain in folders:
        loaded = Translations.load(folder, ["fr"], domain)
        assert isinstance(loaded, Translations)
        merged.merge(loaded)
        merged.plural = loaded.plural  # type: ignore[attr-defined]
    return merged


@pytest.mark.parametrize("ours_last", [True, False])
def test_plurals_stay_french_whichever_catalogue_is_loaded_last(
    french: polib.POFile, ours_last: bool
) -> None:
    both = [(CKAN_I18N, "ckan"), (catalogues.I18N, catalogues.DOMAIN)]
    merged = _merged(*(both if ours_last else reversed(both)))
    core = polib.pofile(str(CKAN_I18N / "fr" / "LC_MESSAGES" / "ckan.po"))
    for entry in [*french, *core]:
        if not entry.msgid_plural or not entry.translated():
            continue
        # What CKAN's French has in English stays so where its catalogue is the last.
        if _id(entry) in PLURALS:
            continue
        forms = entry.msgstr_plural
        for number, form in ((0, 0), (1, 0), (2, 2), (20, 2), (1_000_000, 2)):
            text = merged.ungettext(entry.msgid, entry.msgid_plural, number)
            assert text == forms[form], entry.msgid
