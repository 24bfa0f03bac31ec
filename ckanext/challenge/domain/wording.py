"""Headers and values as people write them, brought to one form to be compared.

``Séance du``, ``SEANCE DU`` and ``séance  du`` are the same words; so are ``N° SIRET``
and ``numero_siret``, ``nomAttribuant`` and ``Nom de l'attribuant``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from .letters import plain

_CAMEL = re.compile(r"(?<=[a-zà-öø-ÿ0-9])(?=[A-ZÀ-Ý])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
_NUMERO = re.compile(r"\bn\s*[°º]|№", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+|[0-9]+")
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]|[€%*]|:\s*$")
#: Words that say nothing of what a column holds.
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "a au aux c ce cette d dans de des du en est et l la le les leur ou par "
        "qui s sa ses son sur un une the of",
    )
)
#: What is written short, and what it stands for.
_SHORT = {
    "abs": "abstention",
    "abst": "abstention",
    "adr": "adresse",
    "annees": "annee",
    "art": "article",
    "assoc": "association",
    "asso": "association",
    "attrib": "attribuant",
    "benef": "beneficiaire",
    "bgt": "budget",
    "bp": "budget primitif",
    "cat": "categorie",
    "coll": "collectivite",
    "com": "commune",
    "compl": "complement",
    "complt": "complement",
    "conv": "convention",
    "coord": "coordonnees",
    "cp": "code postal",
    "delib": "deliberation",
    "dpt": "departement",
    "dt": "date",
    "email": "courriel",
    "equip": "equipement",
    "expt": "exploitant",
    "fab": "fabricant",
    "freq": "frequence",
    "id": "identifiant",
    "ident": "identifiant",
    "identification": "identifiant",
    "insta": "installation",
    "instal": "installation",
    "lat": "latitude",
    "lib": "libelle",
    "lng": "longitude",
    "lon": "longitude",
    "long": "longitude",
    "mail": "courriel",
    "maj": "mise jour",
    "mel": "courriel",
    "mnt": "montant",
    "mt": "montant",
    "mtt": "montant",
    "nb": "nombre",
    "nbr": "nombre",
    "nbre": "nombre",
    "no": "numero",
    "num": "numero",
    "obj": "objet",
    "op": "operation",
    "pref": "prefecture",
    "publ": "publication",
    "ref": "reference",
    "spat": "spatial",
    "subv": "subvention",
    "sub": "subvention",
    "tel": "telephone",
    "temp": "temporel",
    "uid": "identifiant",
    "url": "lien",
    "versmt": "versement",
}


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """The words of a header that say something, each in one form.

    >>> words("N° SIRET de l'attribuant")
    ('numero', 'siret', 'attribuant')
    >>> words("Nb. de naissances")
    ('nombre', 'naissance')
    """
    if " " not in text.strip():
        text = _CAMEL.sub(" ", text)
    # What is cut at the end of a line of a header goes on in the next one.
    text = re.sub(r"(\w)-\s*\n\s*(\w)", r"\1\2", text)
    text = _NUMERO.sub(" numero ", text)
    found: list[str] = []
    for word in _WORD.findall(plain(text)):
        if word not in _EMPTY:
            found += (_SHORT.get(word) or _singular(word)).split()
    return tuple(found)


def without_units(text: str) -> str:
    """The header without what stands in brackets and without units.

    >>> without_units("Montant voté (€)")
    'Montant voté'
    """
    return _BRACKETS.sub("", text).strip()


def key(text: str) -> str:
    """What is equal for two texts of the same words, whatever their order of writing.

    A text of empty words only is itself.

    >>> key("nom_Attribuant") == key("Nom de l'attribuant")
    True
    """
    return " ".join(words(text)) or plain(text).strip()


def _singular(word: str) -> str:
    if len(word) > 3 and word[-1] in "sx" and not word.endswith("ss"):
        return word[:-1]
    return word
