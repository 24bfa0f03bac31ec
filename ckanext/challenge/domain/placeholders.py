"""The words in braces of a message to many, which each recipient reads filled in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

#: Those of each audience, by how French and English write them. The first of the French
#: spellings is the one that pages show.
_SPELLINGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "name": ("nom", "name"),
        "season": ("saison", "season"),
        "steps_left": ("etapes_restantes", "steps_left"),
        "steps": ("etapes", "steps"),
        "next_date": ("prochaine_date", "next_date"),
        "reference": ("reference",),
        "link": ("lien", "link"),
    }
)
OF_AUDIENCE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "participants": (
            "name",
            "season",
            "steps_left",
            "steps",
            "next_date",
            "link",
        ),
        "applicants": ("name", "season", "reference", "link"),
        "staff": ("name", "season", "link"),
    }
)
AUDIENCES = tuple(OF_AUDIENCE)
#: Those that fit into a subject: it stays the same until the mail goes, on one line.
OF_SUBJECT = ("name", "season", "reference")

_FOUND = re.compile(r"\{([^{}\n]{1,60})\}")
_KNOWN = {
    spelling: key for key, spellings in _SPELLINGS.items() for spelling in spellings
}


def _folded(word: str) -> str:
    """Without accents, capitals and spaces: people write ``{Étapes restantes}``."""
    bare = unicodedata.normalize("NFKD", word.strip().lower())
    bare = "".join(each for each in bare if not unicodedata.combining(each))
    return re.sub(r"[\s-]+", "_", bare)


def spelling(key: str, language: str) -> str:
    """How a reader of this language writes a placeholder, with its braces.

    >>> spelling("steps_left", "fr"), spelling("steps_left", "en")
    ('{etapes_restantes}', '{steps_left}')
    """
    spellings = _SPELLINGS[key]
    return f"{{{spellings[0 if language.startswith('fr') else -1]}}}"


def unknown(
    text: str, audience: str, allowed: tuple[str, ...] | None = None
) -> list[str]:
    """What stands in braces and is no placeholder for this audience, as it is written.

    :param allowed: only these, of those that the audience has

    >>> unknown("Bonjour {nom}, {prénom} : {lien}", "participants")
    ['{prénom}']
    """
    known = OF_AUDIENCE[audience]
    if allowed is not None:
        known = tuple(key for key in known if key in allowed)
    found = dict.fromkeys(
        match[0]
        for match in _FOUND.finditer(text)
        if _KNOWN.get(_folded(match[1])) not in known
    )
    return list(found)


def fill(text: str, values: Mapping[str, str]) -> str:
    """Put what is true of one recipient in the place of the placeholders.

    What is filled in is not looked at again: a name may have braces.

    :param values: by the key of the placeholder; what has none stays as it is written

    >>> fill("{Nom} : il reste {étapes restantes}.", {"name": "Baule", \
"steps_left": "2 étapes"})
    'Baule : il reste 2 étapes.'
    """

    def value(match: re.Match[str]) -> str:
        return values.get(_KNOWN.get(_folded(match[1]), ""), match[0])

    return _FOUND.sub(value, text)


def respelled(text: str, language: str) -> str:
    """The placeholders of a text as a reader of this language writes them.

    >>> respelled("{name}, {link}", "fr")
    '{nom}, {lien}'
    """
    return fill(text, {key: spelling(key, language) for key in _SPELLINGS})
