"""Which columns look as if they told of persons, and why.

The law lets personal data be published only with the persons' consent, where a law says
so, or for what a decree lists (CRPA, L312-1-2 and D312-1-3). So what counts is whether
they stand outside the columns in which the schema wants them. Shapes that have a key
(social security numbers, bank accounts) tell for sure; a header tells what its cells
do not contradict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.fr import nir

from .letters import plain

#: Cells that are looked at, the different ones.
_SAMPLE = 5_000
#: Rows that are named.
_SHOWN = 10
#: Shapes that are nothing else.
_CLEAR = ("email", "phone")
#: What share of the cells of a column makes it one of persons.
_MANY = 0.2
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_MOBILE = re.compile(
    r"(?<!\d)(?:0|\+33\s?(?:\(0\)\s?)?|0033\s?)[67](?:[\s.\-]?\d{2}){4}(?!\d)"
)
_NIR = re.compile(
    r"(?<!\d)[12][\s.]?\d{2}[\s.]?[01]\d[\s.]?(?:\d{2}|2[AB])[\s.]?\d{3}[\s.]?\d{3}"
    r"[\s.]?\d{2}(?!\d)",
    re.IGNORECASE,
)
_IBAN = re.compile(r"\bFR\d{2}(?:\s?[0-9A-Z]{4}){5}\s?[0-9A-Z]{3}\b", re.IGNORECASE)
_CIVILITY = re.compile(
    r"\b(?:M\.|MM\.|Mr\.?|Mme\.?|Mmes|Mlle\.?|Monsieur|Madame|Mademoiselle)\s+"
    r"(?!(?:le|la|les|l'|l’)\b)[A-ZÀ-Ý]"
)
_STREET = re.compile(
    r"^\d{1,4}\s?(?:bis|ter|quater|[a-d])?,?\s+(?:rue|avenue|av\.?|boulevard|bd\.?|"
    r"impasse|allee|chemin|route|place|square|quai|cours|lotissement|residence|hameau|"
    r"lieu-dit)\b"
)
#: Mailboxes of offices, which belong to nobody.
_OFFICE = re.compile(
    r"^(?:mairie|contact|accueil|secretariat|info|infos|communication|etat-?civil|"
    r"urbanisme|commune|ville|bibliotheque|mediatheque|ecole|direction|service|association|club|"
    r"bureau|support|exploitation|administration|presidence|comptabilite|dgs|sg)\b"
)
_FIRST_NAMES = frozenset(
    plain(
        "Adam Adrien Agnès Alain Albert Alexandra Alexandre Alexis Alice Alicia "
        "Amandine Amélie Anaïs André Andrée Angélique Anne Annick Annie Anthony "
        "Antoine Arnaud Arthur Audrey Aurélie Aurélien Aurore Axel Baptiste "
        "Béatrice Benjamin Benoît Bernadette Bernard Bertrand Brigitte Bruno "
        "Camille Carole Caroline Catherine Cécile Cédric Céline Chantal Charles "
        "Charlotte Chloé Christelle Christian Christiane Christine Christophe "
        "Claire Claude Claudine Clément Colette Corinne Cyril Damien Daniel "
        "Danielle David Delphine Denis Denise Didier Dominique Edith Édouard "
        "Éliane Élisabeth Élise Élodie Emma Emmanuel Emmanuelle Enzo Éric "
        "Estelle Étienne Eugénie Eva Évelyne Fabien Fabienne Fabrice Florence "
        "Florian Francis Franck François Françoise Frédéric Gabriel Geneviève "
        "Geoffrey Georges Gérald Gérard Germaine Ghislaine Gilbert Gilles "
        "Ginette Grégory Guillaume Guy Hélène Henri Hervé Hugo Inès Isabelle "
        "Jacqueline Jacques Jean Jeanne Jeannine Jennifer Jérémy Jérôme Jessica "
        "Joëlle Joseph Josette Josiane Jules Julie Julien Juliette Justine "
        "Karine Kévin Laetitia Laura Laure Laurence Laurent Léa Léo Liliane "
        "Lionel Lisa Loïc Louis Louise Luc Lucas Lucie Lucien Ludovic Lydie "
        "Maëlle Manon Marc Marcel Marcelle Margaux Marguerite Maria Marie "
        "Marine Marion Martin Martine Mathieu Mathilde Mathis Matthieu Maurice "
        "Maxime Mélanie Michel Michèle Micheline Mickaël Mireille Mohamed "
        "Monique Morgane Muriel Myriam Nadège Nadine Nathalie Nicolas Nicole "
        "Noémie Océane Odette Odile Olivier Pascal Pascale Patrice Patricia "
        "Patrick Paul Paule Paulette Pauline Philippe Pierre Quentin Rachel "
        "Raphaël Raymond Rémi Renée René Richard Robert Roger Roland Romain "
        "Sabrina Samuel Sandra Sandrine Sarah Sébastien Serge Séverine Simon "
        "Simone Solange Sonia Sophie Stéphane Stéphanie Suzanne Sylvain Sylvie "
        "Théo Thérèse Thibault Thierry Thomas Valentin Valérie Véronique Victor "
        "Vincent Virginie Viviane Xavier Yann Yannick Yves Yvette Yvonne Zoé "
    ).split()
)
#: Words of names of bodies, which no person is called.
_BODY = frozenset(
    plain(
        "association amicale amis asso club comité commune communauté compagnie "
        "confrérie coopérative école collège lycée entente entreprise "
        "fédération fondation foyer groupe groupement harmonie maison mairie "
        "office sarl sas scop société sport sportif sportive syndicat théâtre "
        "union usep ehpad centre conseil chorale musique paroisse parents "
        "élèves ligue institut cercle ensemble team gaec earl sci eurl restos "
        "secours croix sapeurs pompiers anciens jeunes saint sainte st ste "
        "exemple rue avenue place salle gymnase stade espace parc chemin "
        "impasse "
    ).split()
)

#: Words of a header that announce data of persons.
_HEADERS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(rf"\b(?:{words})")
    for kind, words in (
        ("nir", r"securite sociale\b|nir\b|nss\b|n[°o]? ?secu\b"),
        ("iban", r"iban\b|rib\b|coordonnees bancaires\b"),
        (
            "birth",
            r"ne\(?e?\)? (?:le|a)\b|(?:date|lieu) (?:de )?naissance\b|age\b",
        ),
        (
            "email",
            r"courriel|e-?mails?\b|mails?\b|mel\b"
            r"|adresse (?:electronique|de messagerie)\b",
        ),
        ("phone", r"tel\b|telephone|portable\b|mobile\b|gsm\b"),
        ("address", r"adresse|domicile\b|demeurant\b|residence principale\b"),
        (
            "name",
            r"prenom|nom de famille\b|nom d'usage\b|president|tresorier|secretaire\b"
            r"|responsable\b|representant|interlocuteur|correspondant|contact\b"
            r"|signataire\b|demandeur|elu\b|rapporteur|agent\b|proprietaire\b"
            r"|locataire\b|parents?\b",
        ),
    )
}


@dataclass(frozen=True)
class Personal:
    """A column that looks as if it told of persons.

    :ivar column: its label
    :ivar kind: ``nir``, ``iban``, ``birth``, ``email``, ``phone``, ``address`` or
        ``name``
    :ivar rows: the first rows in which something was found, counted from 0; empty where
        the header alone says it
    :ivar count: in how many rows it was found
    :ivar leave_out: whether the column is left out unless a person chooses it; else
        the schema wants the column, and its rows are to be looked at
    """

    column: str
    kind: str
    rows: tuple[int, ...]
    count: int
    leave_out: bool


def look(
    label: str,
    cells: Sequence[str],
    *,
    matched: bool,
    wanted: bool = False,
    field_kind: str | None = None,
) -> Personal | None:
    """What of persons a column tells outside of what its field wants.

    :param label: its header
    :param cells: all of them
    :param matched: whether it was matched with a field
    :param wanted: whether that field wants data of persons
    :param field_kind: of that field (``body`` wants no natural person)
    """
    found = _found(cells)
    for kind in ("nir", "iban"):
        if rows := found.get(kind):
            return _told(label, kind, rows, leave_out=True)
    if wanted:
        return None
    filled = sum(1 for cell in cells if cell.strip()) or 1
    many = [kind for kind, rows in found.items() if len(rows) >= _MANY * filled]
    # A name or an address is what many fields ask for: of a body, of a place.
    clear = _CLEAR if matched else (*_CLEAR, "address", "name")
    for kind in clear:
        if kind in many:
            return _told(label, kind, found[kind], leave_out=True)
    if not matched:
        said = _said(label)
        rows = found.get(said or "", [])
        return _told(label, said, rows, leave_out=True) if said else None
    # What stands in some cells of a column that is wanted is to be looked at.
    for kind in (*_CLEAR, "name" if field_kind == "body" else "title"):
        if rows := found.get(kind):
            name = "name" if kind == "title" else kind
            return _told(label, name, rows, leave_out=False)
    return None


def _told(label: str, kind: str, rows: Sequence[int], leave_out: bool) -> Personal:
    return Personal(label, kind, tuple(rows[:_SHOWN]), len(rows), leave_out)


def _found(cells: Sequence[str]) -> dict[str, list[int]]:
    """The rows of each kind."""
    found: dict[str, list[int]] = {}
    known: dict[str, tuple[str, ...]] = {}
    for row, cell in enumerate(cells):
        if not cell:
            continue
        kinds = known.get(cell)
        if kinds is None:
            kinds = known[cell] = tuple(_kinds(cell)) if len(known) < _SAMPLE else ()
        for kind in kinds:
            found.setdefault(kind, []).append(row)
    return found


def _kinds(text: str) -> Iterable[str]:
    if any(_is(nir.validate, one) for one in _NIR.findall(text)):
        yield "nir"
    if any(_is(iban.validate, one) for one in _IBAN.findall(text)):
        yield "iban"
    if any(not _OFFICE.match(one.lower()) for one in _EMAIL.findall(text)):
        yield "email"
    if _MOBILE.search(text):
        yield "phone"
    if _STREET.match(plain(text.strip())):
        yield "address"
    if _CIVILITY.search(text):
        yield "title"
        yield "name"
    elif is_person(text):
        yield "name"


def _is(validate: Callable[[str], str], number: str) -> bool:
    try:
        validate(re.sub(r"[\s.]", "", number))
    except ValidationError:
        return False
    return True


def is_person(text: str) -> bool:
    """Whether a text is a person's name: *DUPONT Marie*, *Jean-Marc Le Goff*."""
    words = [plain(word) for word in re.split(r"[\s\-]+", text.strip()) if word]
    if not 2 <= len(words) <= 4 or any(not word.isalpha() for word in words):
        return False
    return not _BODY.intersection(words) and (
        words[0] in _FIRST_NAMES or words[-1] in _FIRST_NAMES
    )


def _said(label: str) -> str | None:
    """What a header announces."""
    text = plain(label).replace("_", " ")
    for kind, words in _HEADERS.items():
        if words.search(text):
            return kind
    return None
