"""The catalogues of messages: extracts what the code says, renews what is translated,
compiles.

It runs in an environment that holds CKAN, whose templates need CKAN's own extractor:
``make translations``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import polib
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from ckan.lib.extract import extract_ckan

from portal.paths import ROOT

DOMAIN = "ckanext-challenge"
PACKAGE = ROOT / "ckanext" / "challenge"
I18N = PACKAGE / "i18n"
TEMPLATE = I18N / f"{DOMAIN}.pot"
#: English is the language of the messages themselves.
LANGUAGES = ("fr",)

_EXTRACTORS = [
    ("**.py", "python"),
    ("**.js", "javascript"),
    ("**/templates/**.html", extract_ckan),
    ("**/templates/**.txt", extract_ckan),
]
# No date, no version and no path of a machine: a renewal without a change of the
# messages changes no file.
_HEADER = {
    "Project-Id-Version": DOMAIN,
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
}
# Whichever catalogue is loaded last, ours or that of another plugin, its rule chooses
# the plural form in all of them. CKAN's French has three forms, those of most plugins
# two: ours fills three and its rule asks for the first two, which all of them have.
_PLURALS = {"fr": "nplurals=3; plural=(n > 1);"}
_ABOUT = "Messages of {domain}. Renew with: make translations"


def extract() -> Catalog:
    """The messages of the code and the templates as they are now."""
    catalog = Catalog()
    found = extract_from_dir(
        PACKAGE,
        _EXTRACTORS,  # type: ignore[arg-type]  # callables are taken too
        keywords={**DEFAULT_KEYWORDS, "NP_": (1, 2)},
        comment_tags=("TRANSLATORS:",),
        strip_comment_tags=True,
    )
    for filename, _line, message, comments, context in found:
        place = (PACKAGE / filename).relative_to(ROOT).as_posix()
        catalog.add(
            message,
            locations=[(place, 1)],
            auto_comments=comments,
            context=context,
        )
    return catalog


def messages(catalog: Catalog) -> Iterator[Message]:
    """The messages of a catalogue without its header."""
    return (message for message in catalog if message.id)


def catalogue(language: str) -> Path:
    """Where the messages of a language are."""
    return I18N / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def render(catalog: Catalog, language: str = "") -> polib.POFile:
    """The file of a template or, with what is translated already, of a language."""
    file = polib.POFile(wrapwidth=0)
    file.header = _ABOUT.format(domain=DOMAIN)
    file.metadata = dict(_HEADER)
    known: dict[tuple[str, str], polib.POEntry] = {}
    if language:
        file.metadata |= {"Language": language, "Plural-Forms": _PLURALS[language]}
        path = catalogue(language)
        if path.exists():
            old = polib.pofile(str(path))
            known = {(entry.msgid, entry.msgid_plural): entry for entry in old}
    for message in messages(catalog):
        words = (message.id,) if isinstance(message.id, str) else (*message.id,)
        singular, plural = (*words, "")[:2]
        before = known.get((singular, plural))
        entry = polib.POEntry(
            msgid=singular,
            msgid_plural=plural,
            msgstr=before.msgstr if before else "",
            occurrences=[(place, "") for place in _places(message)],
            comment="\n".join(message.auto_comments),
            flags=sorted(message.flags),
        )
        if plural:
            forms = before.msgstr_plural if before else {}
            number = 3 if language else 2
            entry.msgstr_plural = {form: forms.get(form, "") for form in range(number)}
        file.append(entry)
    return file


def _places(message: Message) -> list[str]:
    return sorted({place for place, _line in message.locations})


def renew() -> int:
    """Write the template and, for each language, the catalogue and what is compiled.

    :returns: the number of messages that lack a translation
    """
    catalog = extract()
    render(catalog).save(str(TEMPLATE), newline="\n")
    lacking = 0
    for language in LANGUAGES:
        file = render(catalog, language)
        path = catalogue(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        file.save(str(path), newline="\n")
        file.save_as_mofile(str(path.with_suffix(".mo")))
        for entry in file.untranslated_entries():
            print(f"{path.relative_to(ROOT)}: {entry.msgid}")
            lacking += 1
        print(f"{language}: {len(file)} messages, {lacking} to translate")
    return lacking


if __name__ == "__main__":
    sys.exit(1 if renew() else 0)
