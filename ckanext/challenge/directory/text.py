"""How names of places are compared: without accents, case or punctuation.

PostgreSQL's ``unaccent`` and ``pg_trgm`` would do part of this, but creating an
extension asks for rights that a CKAN database user need not have. So the folded
name is stored in a column, and what a reader types is folded in the same way.
"""

from __future__ import annotations

import re

from ckanext.challenge.domain.letters import plain

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_ABBREVIATIONS = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
# The official list writes « CC de la Forêt »; people write it in full.
_KINDS_IN_FULL = (
    ("communaute de communes", "cc"),
    ("communaute d agglomeration", "ca"),
    ("communaute urbaine", "cu"),
)


#: How people name the town hall or the commune itself, folded.
_TITLE = re.compile(
    r"(?:mairie|commune|ville|village)(?: (?:de la|de l|de|des|du|d))? (?=[a-z])"
)


def without_title(folded: str) -> str:
    """A folded name without “town hall of” before it: the directory has the name alone.

    >>> without_title("mairie d artenay")
    'artenay'
    """
    found = _TITLE.match(folded)
    return folded[found.end() :] if found else folded


def fold(text: str) -> str:
    """Words of a name, folded for comparison and joined by single spaces.

    >>> fold("St-Amand-Montrond")
    'saint amand montrond'
    >>> fold("Communauté de communes de la Cléry, du Betz et de l'Ouanne")
    'cc de la clery du betz et de l ouanne'
    """
    words = _NOT_A_WORD.sub(" ", plain(text)).split()
    folded = " ".join(_ABBREVIATIONS.get(word, word) for word in words)
    for in_full, short in _KINDS_IN_FULL:
        if folded == in_full or folded.startswith(in_full + " "):
            folded = short + folded[len(in_full) :]
            break
    return folded
