"""Which column of a spreadsheet is which field of a schema.

A header is compared with the field's name, its official title and what town halls call
it. Words weigh as much as they tell fields apart: *nom* says little in a schema of
which six fields are names. Near ties are decided by what stands in the cells, or asked:
a wrong match is worse than a question.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from rapidfuzz import fuzz

from . import wording
from .letters import plain

#: From which score a header names a field, where no other field is near.
SURE = 0.74
#: From which score a field is proposed.
POSSIBLE = 0.45
#: Less is enough where no other field comes near it, and the header has some words.
LONE = 0.55
_LONE_BY = 0.15
#: Characters of a header; more are a text.
LONGEST = 400
_REMEMBERED = 2_000
#: Two fields whose scores differ by less are told apart by what the cells hold.
NEAR = 0.08
#: How much an exact name or title is, and an exact synonym.
_EXACT, _SYNONYM = 0.99, 0.97
#: Of the cells, how many more must fit one field than another.
_CLEARER = 0.3
#: A field of which fewer cells than this could ever be right is another one.
_FITS = 0.5
#: Two words that differ by a letter or two.
_ALIKE = 84
_SHORTEST_ALIKE = 5
_LONGEST_CUT = 3
#: Words that may stand before any other, and what they weigh where no field has them.
_FAINT = frozenset(("numero", "code", "libelle", "intitule"))
_FAINT_WEIGHT = 0.3
#: From which score two phrases share something.
_SHARED = 0.3
State = Literal["decided", "asked", "unknown"]


@dataclass(frozen=True)
class Field:
    """A field of a schema, with the words for it.

    :ivar name: in the schema
    :ivar title: the official one, or the name
    :ivar type: of Table Schema
    :ivar format: of Table Schema
    :ivar constraints: of Table Schema
    :ivar item: constraints of each value, where the field holds a list
    :ivar true_values: how "yes" is written; the first one is written by us
    :ivar false_values: likewise
    :ivar missing_values: what stands for an empty cell
    :ivar synonyms: other headers for it
    :ivar kind: what it is beyond its type: ``siret``, ``siren``, ``insee``,
        ``postcode``, ``phone``, ``latitude``, ``longitude``, ``rna``, ``person``
        (wants a natural person), ``body`` (wants a legal one), ``code``; or none
    :ivar values: other spellings of its values, each with the value that it is
    :ivar computed: what of the portal's knowledge fills it: ``name``, ``siret``,
        ``siren``, ``insee``, ``year``, ``serial``; or none
    :ivar derived: ``{from: field, values: {its value: value of this one}}``
    :ivar personal: whether the schema wants data of a person here
    :ivar named_by: the field that names whom this one tells of; what stood here is then
        known the next time that name comes
    """

    name: str
    title: str = ""
    type: str = "string"
    format: str = "default"
    constraints: Mapping[str, Any] = field(default_factory=dict, hash=False)
    item: Mapping[str, Any] = field(default_factory=dict, hash=False)
    true_values: tuple[str, ...] = ("true", "True", "TRUE", "1")
    false_values: tuple[str, ...] = ("false", "False", "FALSE", "0")
    missing_values: tuple[str, ...] = ("",)
    synonyms: tuple[str, ...] = ()
    kind: str | None = None
    values: Mapping[str, str] = field(default_factory=dict, hash=False)
    computed: str | None = None
    derived: Mapping[str, Any] | None = field(default=None, hash=False)
    personal: bool = False
    named_by: str | None = None

    @property
    def required(self) -> bool:
        """Whether each row needs it."""
        return bool(self.constraints.get("required"))

    def phrases(self) -> Iterable[str]:
        """All that it may be called."""
        yield self.name
        if self.title:
            yield self.title
        yield from self.synonyms


@dataclass(frozen=True)
class Match:
    """What a column is thought to be.

    :ivar column: its label, unique in the table
    :ivar field: name of the field; ``None`` where none is known or proposed
    :ivar confidence: from 0 to 1
    :ivar state: ``decided``, ``asked`` (the field is a proposal) or ``unknown``
    :ivar others: names of the fields that come near, best first
    """

    column: str
    field: str | None
    confidence: float
    state: State
    others: tuple[str, ...] = ()


class Vocabulary:
    """The fields of a schema with all their words, to compare headers with."""

    def __init__(self, fields: Iterable[Field]) -> None:
        self.fields = tuple(fields)
        self.by_name = {one.name: one for one in self.fields}
        self._phrases = [
            (one.name, number, phrase, wording.words(phrase))
            for one in self.fields
            for number, phrase in enumerate(one.phrases())
        ]
        self._scores: dict[str, dict[str, float]] = {}
        self._near: dict[str, set[int]] = {}

    @cached_property
    def _exact(self) -> Mapping[str, str | None]:
        """By the key of a phrase, the one field that it names.

        Names count before titles, titles before synonyms: what is a field's own name is
        not another's synonym.
        """
        ranked: defaultdict[str, dict[str, int]] = defaultdict(dict)
        for name, number, phrase, _ in self._phrases:
            rank = min(number, 2)
            own = ranked[wording.key(phrase)]
            own[name] = min(rank, own.get(name, rank))
        found: dict[str, str | None] = {}
        for key, names in ranked.items():
            least = min(names.values())
            best = [name for name, rank in names.items() if rank == least]
            found[key] = best[0] if len(best) == 1 else None
        return found

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        fields_of: defaultdict[str, set[str]] = defaultdict(set)
        for name, _, _, words in self._phrases:
            for word in words:
                fields_of[word].add(name)
        count = len(self.fields)
        return {
            word: math.log(1 + count / len(names)) for word, names in fields_of.items()
        }

    @cached_property
    def _joined(self) -> Mapping[str, str]:
        """The fields by their names and titles without any separator."""
        found: dict[str, str] = {}
        for name, number, phrase, _ in self._phrases:
            if number <= 1:
                found.setdefault(_letters(phrase), name)
        return found

    def named(self, label: str) -> str | None:
        """The field that a header names for sure."""
        first_sentence = label.partition(". ")[0]
        for text in (label, wording.without_units(label), first_sentence):
            if text.strip() and (found := self._exact.get(wording.key(text))):
                return found
        return self._joined.get(_letters(label))

    def is_own(self, label: str, name: str) -> bool:
        """Whether a header is the field's own name or title, and no synonym."""
        field = self.by_name[name]
        own = {_letters(field.name), _letters(field.title)}
        keys = {wording.key(field.name), wording.key(field.title)}
        return _letters(label) in own or wording.key(label) in keys

    def scores(self, label: str) -> Mapping[str, float]:
        """How much each field is what a header names, from 0 to 1."""
        if len(label) > LONGEST:
            return {}
        if label not in self._scores:
            # Cells of sheets pass through here too, and a vocabulary lives on.
            if len(self._scores) >= _REMEMBERED:
                self._scores.clear()
                self._near.clear()
            self._scores[label] = self._score(label)
        return self._scores[label]

    def best(self, label: str) -> tuple[str, float] | None:
        """The field that a header names best, and how much."""
        found = self.scores(label)
        if not found:
            return None
        name = max(found, key=lambda one: found[one])
        return name, found[name]

    def _score(self, label: str) -> dict[str, float]:
        if label in self.by_name:
            return {label: 1.0}
        found: dict[str, float] = {}
        if (exact := self.named(label)) is not None:
            found[exact] = _EXACT if self.is_own(label, exact) else _SYNONYM
        texts = {wording.words(label), wording.words(wording.without_units(label))}
        for text in texts:
            for index in self._sharing(text):
                name, number, _, words = self._phrases[index]
                # A name is abbreviations more often than words.
                most = 0.95 if number else 0.93
                score = most * self._alike(text, words)
                if score > found.get(name, 0.2):
                    found[name] = score
        return found

    def _sharing(self, words: Iterable[str]) -> set[int]:
        """The phrases that have one of these words, or one like it."""
        found: set[int] = set()
        for word in words:
            if word not in self._near:
                own = {word} & self._holding.keys()
                alike = {other for other in self._holding if _is_twin(word, other)}
                self._near[word] = {
                    index for one in own | alike for index in self._holding[one]
                }
            found |= self._near[word]
        return found

    @cached_property
    def _holding(self) -> Mapping[str, Sequence[int]]:
        """The phrases that have a word."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for index, (_, _, _, words) in enumerate(self._phrases):
            for word in words:
                found[word].append(index)
        return dict(found)

    def _alike(self, one: Sequence[str], other: Sequence[str]) -> float:
        """The weight of the words that two texts share, of all their words."""
        if not one or not other:
            return 0.0
        left = list(dict.fromkeys(other))
        shared = only = 0.0
        for word in dict.fromkeys(one):
            twin = word if word in left else _twin(word, left)
            if twin is None:
                only += self._weight(word)
            else:
                left.remove(twin)
                shared += self._weight(twin)
        only += sum(map(self._weight, left))
        return shared / (shared + only) if shared else 0.0

    def _weight(self, word: str) -> float:
        # A word that no field has is as telling as one that one field has.
        known = self._weights.get(word)
        if known is None and word in _FAINT:
            return _FAINT_WEIGHT
        return known if known is not None else math.log(1 + len(self.fields))


def _twin(word: str, words: Iterable[str]) -> str | None:
    return next((other for other in words if _is_twin(word, other)), None)


def _is_twin(word: str, other: str) -> bool:
    """Whether two words are one, cut or typed wrongly."""
    if min(len(word), len(other)) < _SHORTEST_ALIKE:
        return False
    is_cut = word.startswith(other) or other.startswith(word)
    if is_cut and abs(len(word) - len(other)) <= _LONGEST_CUT:
        return True
    return fuzz.ratio(word, other) >= _ALIKE


def _letters(text: str) -> str:
    return "".join(one for one in plain(text) if one.isalnum())


#: What share of a column's cells could be right in a field, and whether that says
#: something: of a free text all cells could.
Fit = Callable[[str, Field], tuple[float, bool]]


def match(
    labels: Sequence[str],
    vocabulary: Vocabulary,
    fit: Fit,
    memory: Mapping[str, str | None] | None = None,
) -> list[Match]:
    """What each column is thought to be; no field is given twice.

    :param labels: unique
    :param fit: what the cells of a column say of a field
    :param memory: what was chosen the last time, by the key of the label
        (:func:`.wording.key`): a field, or ``None`` for a column to be left out
    """
    known = dict(memory or {})
    matches: dict[str, Match] = {}
    free = dict(vocabulary.by_name)
    for label in labels:
        key = wording.key(label)
        if key in known:
            name = known[key]
            if name is None:
                matches[label] = Match(label, None, 1.0, "decided")
            elif name in free:
                del free[name]
                matches[label] = Match(label, name, 1.0, "decided")
    judge = _Judge(vocabulary, fit)
    for decide in (judge.sure, judge.likely, judge.lone):
        while True:
            rest = [label for label in labels if label not in matches]
            found = decide(rest, free)
            if found is None:
                break
            del free[str(found.field)]
            matches[found.column] = found
    for label in labels:
        if label not in matches:
            matches[label] = judge.propose(label, free)
    return [matches[label] for label in labels]


def _weighed(score: float, share: float, telling: bool) -> float:
    """A header's score with what the cells say of it."""
    if share < _FITS:
        return score * (0.5 + share / 2)
    return min(score + 0.04, 0.9) if telling and score < 0.9 else score


class _Judge:
    def __init__(self, vocabulary: Vocabulary, fit: Fit) -> None:
        self._vocabulary = vocabulary
        self._fit = fit
        self._ranked: dict[str, list[tuple[float, str]]] = {}

    def _ranking(
        self, label: str, free: Mapping[str, Field]
    ) -> list[tuple[float, str]]:
        """The free fields that a column may be, best first."""
        if label not in self._ranked:
            ranked = []
            for name, score in self._vocabulary.scores(label).items():
                share, telling = self._fit(label, self._vocabulary.by_name[name])
                ranked.append((_weighed(score, share, telling), name))
            self._ranked[label] = sorted(ranked, reverse=True)
        return [pair for pair in self._ranked[label] if pair[1] in free]

    def sure(self, labels: Sequence[str], free: Mapping[str, Field]) -> Match | None:
        """The best match of a header that says exactly one field."""
        return self._best(labels, free, _SYNONYM)

    def likely(self, labels: Sequence[str], free: Mapping[str, Field]) -> Match | None:
        """The best match of a header that comes near enough to one field only."""
        return self._best(labels, free, SURE)

    def lone(self, labels: Sequence[str], free: Mapping[str, Field]) -> Match | None:
        """The best match of a header that comes near to one field, and no other."""
        lone = [
            label
            for label in labels
            if len(wording.words(label)) > 1
            and (ranking := self._ranking(label, free))
            and (len(ranking) == 1 or ranking[0][0] - ranking[1][0] >= _LONE_BY)
        ]
        return self._best(labels, free, LONE, lone)

    def _best(
        self,
        labels: Sequence[str],
        free: Mapping[str, Field],
        least: float,
        among: Sequence[str] | None = None,
    ) -> Match | None:
        candidates: list[tuple[float, str, str]] = []
        wanted: defaultdict[str, list[float]] = defaultdict(list)
        for label in labels:
            ranking = self._ranking(label, free)
            for score, name in ranking:
                wanted[name].append(score)
            if not ranking or ranking[0][0] < least:
                continue
            if among is not None and label not in among:
                continue
            near = [pair for pair in ranking if ranking[0][0] - pair[0] < NEAR]
            name = near[0][1] if len(near) == 1 else self._by_cells(label, near)
            if name is not None and not self._cells_object(label, name, free):
                score = next(one for one, other in near if other == name)
                candidates.append((score, label, name))
        for score, label, name in sorted(candidates, key=lambda one: -one[0]):
            # Two columns that may be the same field are asked; what is exact has no
            # rival but another that is.
            within = score - _SYNONYM if score >= _SYNONYM else NEAR / 2
            rivals = [one for one in wanted[name] if one >= score - within]
            if len(rivals) == 1 or (score >= _EXACT and rivals.count(score) == 1):
                return Match(label, name, round(score, 2), "decided")
        return None

    def _cells_object(self, label: str, name: str, free: Mapping[str, Field]) -> bool:
        """Whether a header names one field by a synonym and its cells are of another:
        *Budget* above years.
        """
        field = self._vocabulary.by_name[name]
        if self._vocabulary.is_own(label, name) or self._fit(label, field)[1]:
            return False
        return any(
            other != name
            and other in free
            and score >= _SHARED
            and self._fit(label, self._vocabulary.by_name[other]) == (1.0, True)
            for other, score in self._vocabulary.scores(label).items()
        )

    def _by_cells(self, label: str, near: Sequence[tuple[float, str]]) -> str | None:
        """The one of several fields that the cells speak for."""
        fits = []
        for _, name in near:
            share, telling = self._fit(label, self._vocabulary.by_name[name])
            fits.append((share if telling else share / 2, name))
        fits.sort(reverse=True)
        if fits[0][0] - fits[1][0] >= _CLEARER and fits[0][0] > _FITS:
            return fits[0][1]
        return None

    def propose(self, label: str, free: Mapping[str, Field]) -> Match:
        """A question, or nothing, for what could not be decided."""
        ranking = self._ranking(label, free)
        if not ranking or ranking[0][0] < POSSIBLE:
            return Match(label, None, 0.0, "unknown")
        near = [pair for pair in ranking if ranking[0][0] - pair[0] < NEAR]
        clear = self._by_cells(label, near) if len(near) > 1 else None
        names = tuple(name for score, name in ranking[:4] if score >= POSSIBLE)
        if clear is not None:
            names = (clear, *(name for name in names if name != clear))
        score = round(min(ranking[0][0], SURE), 2)
        return Match(label, names[0], score, "asked", names)
