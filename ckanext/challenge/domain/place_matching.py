"""Which collectivité an organization without a SIREN may be: proposed, never decided.

What people call a town hall is compared with the names of the directory, and what else
is known (the kind that it says, its département, its INSEE code, its website) tells
homonyms apart. All names are folded: lower case, without accents, words joined by
single spaces, « communauté de communes » as ``cc``.

Everything is a look-up: thousands of organizations are compared with tens of thousands
of collectivités in about a second.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from rapidfuzz import fuzz

#: Why a collectivité is proposed, or no more than that.
Why = Literal[
    "code",
    "name",
    "near_name",
    "part_of_name",
    "kind",
    "departement",
    "other_departement",
    "website",
    "only",
    "homonyms",
    "other_kind",
    "taken",
]

#: From which confidence a proposal is the one to be expected.
LIKELY = 0.8
#: The least that is proposed, and how many for one organization.
_LEAST, _MOST = 0.2, 5
#: The most where another place has the same name and nothing tells them apart.
_HOMONYM = 0.5
#: The most where a name is one that another kind of collectivité has, too.
_TWO_KINDS = 0.6
#: The most where the département alone tells homonyms apart.
_TOLD_APART = 0.75
#: The most where another organization has that SIREN already.
_TAKEN = 0.2
_SURE = 0.98
_BASE = {"name": 0.6, "near_name": 0.45, "part_of_name": 0.3}
_MORE = {"kind": 0.15, "departement": 0.15, "website": 0.15, "only": 0.1}
#: What a known département that is another one takes away.
_ELSEWHERE = 0.4
_ALIKE = 88
_SHORTEST_ALIKE = 6
#: A word that more places have says nothing of which is meant.
_COMMON = 200
_LONGEST = 20

_ARTICLE = re.compile(r"(?:(?:de )?(?:la|l|les)|des|du|de|d|le|au|aux) (?=\S)")
_ARTICLE_END = re.compile(r" (?:la|le|les|l)$")
_COMMUNE = re.compile(
    r"(?:mairie|commune nouvelle|commune|ville|village|municipalite)(?: |$)"
)
_EPCI = re.compile(
    r"(?:cc|ca|cu|com com|comcom|agglo|agglomeration|communaute|intercommunalite|epci|"
    r"eurometropole|metropole|communaute d agglo|"
    r"communaute (?:de communes|d agglomeration|urbaine))(?: |$)"
)
_EPCI_END = re.compile(r" (?:metropole|agglo|agglomeration|communaute)$")
#: Who else is named after a place, and is not the collectivité itself.
_OTHERS = re.compile(
    r"\b(?:office|tourisme|ccas|cias|syndicat|sivom|sivu|lycee|college|ecole|"
    r"universite|departement|departemental|departementale|region|regional|regionale|"
    r"prefecture|chambre|caisse|sdis|agence|parc|association|hopital|chu|chru|musee|"
    r"bibliotheque|mediatheque|academie|rectorat|cour|tribunal|etat|direction)\b"
)
_CODE = re.compile(r"\b(\d{5}|2[ab]\d{3})\b")
_NUMBER = re.compile(r"\b(\d{2}|2[ab]|9[78]\d)$")
_HOST_PREFIX = re.compile(
    r"^(?:www|opendata|data|ville|mairie|commune|cc|ca|agglo|village)[.-]"
)
_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Place:
    """A collectivité of the directory.

    :ivar code: its key there
    :ivar name: folded
    :ivar is_commune: else it is an EPCI
    :ivar departement: its code; or none
    :ivar insee_code: of a commune
    :ivar postcodes: of a commune
    :ivar taken: whether another organization has its SIREN
    """

    code: str
    name: str
    is_commune: bool
    departement: str | None = None
    insee_code: str | None = None
    postcodes: tuple[str, ...] = ()
    taken: bool = False


@dataclass(frozen=True)
class Named:
    """An organization, as far as it says who it is.

    :ivar title: folded
    :ivar departement: the code that it says; or none
    :ivar insee_code: likewise
    :ivar website: its address; or none
    """

    title: str
    departement: str | None = None
    insee_code: str | None = None
    website: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A collectivité that an organization may be.

    :ivar code: its key in the directory
    :ivar confidence: from 0 to 1
    :ivar why: what speaks for it, and against
    """

    code: str
    confidence: float
    why: tuple[Why, ...]


@dataclass(frozen=True)
class _Said:
    """What a title says: the name without what stands around it."""

    core: str
    is_commune: bool | None
    departement: str | None
    code: str | None


class Directory:
    """The places, to be found by their names.

    :param places: all of them
    :param departements: by folded name, the code of each département
    """

    def __init__(
        self, places: Iterable[Place], departements: Mapping[str, str]
    ) -> None:
        self._departements = departements
        self._by_core: defaultdict[str, list[Place]] = defaultdict(list)
        self._by_code: dict[str, Place] = {}
        self._holding: defaultdict[str, list[str]] = defaultdict(list)
        for place in places:
            # « Ville-d'Avray » is all name.
            core = (
                _bare(place.name)
                if place.is_commune
                else _core(place.name, is_epci=True)
            )
            self._by_core[core].append(place)
            if place.insee_code:
                self._by_code[place.insee_code] = place
        for core in self._by_core:
            for word in set(core.split()):
                self._holding[word].append(core)

    def candidates(self, named: Named) -> list[Candidate]:
        """What an organization may be, the likeliest first; often nothing."""
        said = self._said(named)
        known = self._by_code.get(named.insee_code or "")
        found: dict[str, Candidate] = {}
        for how, core in self._cores(said):
            for place in self._by_core[core]:
                judged = self._judged(place, how, core, named, said)
                if judged is not None and place.code not in found:
                    found[place.code] = judged
        if known is not None and known.code not in found:
            why: tuple[Why, ...] = ("code", "taken") if known.taken else ("code",)
            least = _TAKEN if known.taken else LIKELY
            found[known.code] = Candidate(known.code, least, why)
        kept = [one for one in found.values() if one.confidence >= _LEAST]
        kept.sort(key=lambda one: (-one.confidence, one.code))
        return kept[:_MOST]

    def _said(self, named: Named) -> _Said:
        title = " ".join(named.title.split()[:_LONGEST])
        code = match.group(1).upper() if (match := _CODE.search(title)) else None
        title = " ".join(_CODE.sub(" ", title).split())
        # « Ville-aux-Dames (La) »
        title = _ARTICLE_END.sub("", title)
        departement = named.departement
        if match := _NUMBER.search(title):
            departement = departement or match.group(1).upper()
            title = title[: match.start()].rstrip()
        for words in (3, 2, 1):
            name = " ".join(title.split()[-words:])
            name_of = self._departements.get(name)
            rest = title[: -len(name)].rstrip()
            # « Ville de Paris » is no commune of the département of that name.
            if name_of and _core(rest) and _core(title) not in self._by_core:
                departement, title = departement or name_of, rest
                break
        is_commune = (
            True
            if _COMMUNE.match(title)
            else False
            if _EPCI.match(title) or _EPCI_END.search(title)
            else None
        )
        core = _core(title, is_epci=is_commune is False)
        if core not in self._by_core and title in self._by_core:
            # « La Ville-aux-Dames », « Villedieu »: the word belongs to the name.
            core, is_commune = title, None
        return _Said(core, is_commune, departement, code)

    def _cores(self, said: _Said) -> list[tuple[Why, str]]:
        """The names of the directory that a title may mean."""
        if not said.core:
            return []
        if said.core in self._by_core:
            return [("name", said.core)]
        if _OTHERS.search(said.core):
            return []
        if near := self._near(said.core):
            return [("near_name", core) for core in near]
        return [("part_of_name", core) for core in self._within(said.core)]

    def _near(self, core: str) -> list[str]:
        """Names that are written a little differently."""
        if len(core) < _SHORTEST_ALIKE:
            return []
        words = [word for word in core.split() if word in self._holding]
        rare = [word for word in words if len(self._holding[word]) <= _COMMON]
        near = {name for word in rare for name in self._holding[word]}
        return sorted(name for name in near if fuzz.ratio(core, name) >= _ALIKE)

    def _within(self, core: str) -> list[str]:
        """The longest name that stands somewhere in a title."""
        words = core.split()
        for length in range(len(words) - 1, 0, -1):
            found = []
            for start in range(len(words) - length + 1):
                part = " ".join(words[start : start + length])
                if len(part) > 3 and part in self._by_core and part not in found:
                    found.append(part)
            if found:
                return found
        return []

    def _judged(
        self, place: Place, how: Why, core: str, named: Named, said: _Said
    ) -> Candidate | None:
        if said.is_commune is not None and said.is_commune != place.is_commune:
            return None
        why: list[Why] = [how]
        confidence = _BASE[how]
        if said.is_commune is not None:
            why.append("kind")
        if said.departement and place.departement:
            same = said.departement == place.departement
            why.append("departement" if same else "other_departement")
            confidence -= 0 if same else _ELSEWHERE
        if named.website and _is_of(named.website, core):
            why.append("website")
        rivals = [
            other
            for other in self._by_core[core]
            if said.is_commune is None or other.is_commune == said.is_commune
        ]
        if len(rivals) == 1 and how == "name":
            why.append("only")
        confidence += sum(_MORE.get(reason, 0) for reason in why)
        confidence, more = _capped(confidence, place, rivals, said)
        why += more
        if self._has_code(place, named, said):
            why.insert(0, "code")
            confidence = _SURE
        if place.taken:
            why.append("taken")
            confidence = min(confidence, _TAKEN)
        return Candidate(place.code, round(max(min(confidence, _SURE), 0), 2), (*why,))

    @staticmethod
    def _has_code(place: Place, named: Named, said: _Said) -> bool:
        if place.insee_code and place.insee_code in (named.insee_code, said.code):
            return True
        return said.code is not None and place.postcodes == (said.code,)


def _capped(
    confidence: float, place: Place, rivals: Sequence[Place], said: _Said
) -> tuple[float, list[Why]]:
    """What a place's homonyms leave of the confidence in it."""
    alike = [other for other in rivals if other.is_commune == place.is_commune]
    more: list[Why] = []
    if len(alike) > 1:
        more.append("homonyms")
        here = [one for one in alike if one.departement == said.departement]
        told_apart = said.departement is not None and here == [place]
        confidence = min(confidence, _TOLD_APART if told_apart else _HOMONYM)
    if len(alike) < len(rivals):
        more.append("other_kind")
        confidence = min(confidence, _TWO_KINDS)
    return confidence, more


def _core(name: str, *, is_epci: bool = False) -> str:
    """A folded name without the kind, and without what joins the two.

    >>> _core("mairie de la chatre"), _core("la chatre"), _core("cc de la foret")
    ('chatre', 'chatre', 'foret')
    """
    for kind in (_EPCI, _COMMUNE):
        if match := kind.match(name):
            rest = name[match.end() :]
            if rest:
                name = rest
            break
    if is_epci and (match := _EPCI_END.search(name)):
        name = name[: match.start()]
    return _bare(name)


def _bare(name: str) -> str:
    """A name without the articles before it."""
    while match := _ARTICLE.match(name):
        name = name[match.end() :]
    return name


def _is_of(website: str, core: str) -> bool:
    """Whether the address of a site is the name of a place."""
    host = urlsplit(website if "//" in website else f"//{website}").hostname or ""
    while match := _HOST_PREFIX.match(host):
        host = host[match.end() :]
    name = _LETTERS.sub("", host.rpartition(".")[0])
    return bool(name) and name == _LETTERS.sub("", core)
