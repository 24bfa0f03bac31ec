"""Names in a French sentence: « d'Artenay », « qu'Artenay », « du Poinçonnet ».

A translation says « de {organization} »; what stands there is known only when the name
is. In a sentence of another language nothing is found to change.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

_BEFORE = re.compile(
    r"\b(?P<word>[Dd]e|[Qq]ue|[Jj]usque|[Ll]orsque|[Pp]uisque)[ \u00a0\u202f]"
    r"(?P<place>\{(?P<name>\w+)\})"
)
#: Before these a word loses its last vowel: an h of a name is mostly silent before
#: them, and a y is a vowel before a consonant.
_VOWEL = re.compile(r"[aeiou]|h[eiuy]|y[^aeiou]")
_ARTICLES = {"le ": "du ", "les ": "des "}


def begins_with_vowel(name: str) -> bool:
    """Return whether a word is shortened before a name.

    >>> begins_with_vowel("Écueillé"), begins_with_vowel("Baule")
    (True, False)
    """
    plain = unicodedata.normalize("NFKD", name.replace("Œ", "O").replace("œ", "o"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return bool(_VOWEL.match(letters.lower()))


def phrase(template: str, **values: Any) -> str:
    """Return a sentence with what stands in its places, as French joins them.

    :param template: as for ``str.format``; of ``Markup`` the values are escaped
    :param values: by the names of the places

    >>> phrase("Le badge de {name}", name="Artenay")
    "Le badge d'Artenay"
    >>> phrase("Le badge de {name}", name="Le Poinçonnet")
    'Le badge du Poinçonnet'
    """
    given = dict(values)

    def joined(found: re.Match[str]) -> str:
        word, name = found["word"], found["name"]
        value = str(given.get(name, ""))
        if begins_with_vowel(value):
            return f"{word[:-1]}'{found['place']}"
        for article, contracted in _ARTICLES.items():
            if word in ("de", "De") and value.lower().startswith(article):
                given[f"{name}_bare"] = value[len(article) :]
                first = contracted if word == "de" else contracted.capitalize()
                return f"{first}{{{name}_bare}}"
        return found[0]

    kind = type(template)
    return kind(_BEFORE.sub(joined, str(template))).format(**given)
