"""Reading applications together: by which criteria, when, and what readers see.

The criteria of a season are a list that is stored with it, as JSON: ``{key, label:
{fr, en}, help: {fr, en}, weight}``. A reader gives each a whole number of
:data:`SCALE`; what an application is worth to a reader is the mean of these, by
weight. Nobody sees what others gave before their own scores are in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from .definitions import (
    LONGEST_HELP,
    LONGEST_LABEL,
    DefinitionErrors,
    Problem,
    check_names,
    given_keys,
    new_key,
    order,
    read_words,
    stored_text,
)
from .text import Text

#: What a reader may give for a criterion.
SCALE = range(6)

MAX_CRITERIA = 12
WEIGHTS = range(1, 11)

#: In which part of the reading a day is.
Phase = Literal["early", "open", "over"]

#: What somebody is to an application: has scored it, must not, or has yet to.
Part = Literal["scored", "conflict", "none"]

#: States of an application in which there is something to score.
SCORED = frozenset({"submitted", "in_review", "changes_requested", "waitlisted"})

_NAMES = ("key", "label", "help", "weight")


@dataclass(frozen=True)
class Criterion:
    """What readers give a number for.

    :ivar key: the name under which its scores are stored; it stays
    :ivar weight: how much it counts beside the others, one of :data:`WEIGHTS`
    """

    key: str
    label: Text
    help: Text
    weight: int = 1

    def as_dict(self) -> dict[str, Any]:
        """The criterion as it is stored."""
        return {
            "key": self.key,
            "label": self.label.as_dict(),
            "help": self.help.as_dict(),
            "weight": self.weight,
        }


@dataclass(frozen=True)
class Summary:
    """What several readers think of one application.

    :ivar readers: how many have scored it
    :ivar average: the mean of what it is worth to each
    :ivar spread: how far apart the farthest two are
    """

    readers: int
    average: float | None
    spread: float | None


def read(stored: Iterable[Mapping[str, Any]]) -> list[Criterion]:
    """The criteria of a season from what was stored of them, which is right."""
    return [
        Criterion(
            key=one["key"],
            label=stored_text(one["label"]),
            help=stored_text(one.get("help") or {}),
            weight=one.get("weight") or 1,
        )
        for one in stored
    ]


def check_definitions(raw: object) -> list[Criterion]:
    """Make criteria of what somebody wrote.

    A key that is missing is made of the label; a weight that is missing is 1.

    :param raw: a list of criteria as this module's documentation shows them
    :raises DefinitionErrors: with everything that is wrong
    """
    if not isinstance(raw, list):
        raise DefinitionErrors([Problem((), "not_a_list")])
    problems: list[Problem] = []
    if len(raw) > MAX_CRITERIA:
        problems.append(Problem((), "too_many", {"limit": MAX_CRITERIA}))
    taken = given_keys(raw, problems)
    criteria = [
        criterion
        for index, item in enumerate(raw)
        if (criterion := _definition(item, index, taken, problems)) is not None
    ]
    if problems:
        raise DefinitionErrors(sorted(problems, key=order))
    return criteria


def _definition(
    item: object, index: int, taken: set[str], problems: list[Problem]
) -> Criterion | None:
    """One criterion; what is wrong is added to the problems."""
    if not isinstance(item, Mapping):
        problems.append(Problem((index,), "not_an_object"))
        return None
    check_names(item, _NAMES, (index,), problems)
    so_far = len(problems)
    label = read_words(item.get("label"), (index, "label"), LONGEST_LABEL, problems)
    if not (label.fr or label.en) and len(problems) == so_far:
        problems.append(Problem((index, "label", "fr"), "missing"))
    help_ = read_words(
        item.get("help"), (index, "help"), LONGEST_HELP, problems, multiline=True
    )
    weight = _whole(item.get("weight", ""))
    if weight is None and item.get("weight") in (None, ""):
        weight = 1
    if weight not in WEIGHTS:
        params = {"first": WEIGHTS[0], "last": WEIGHTS[-1]}
        problems.append(Problem((index, "weight"), "not_between", params))
    key = item.get("key") or new_key(label.fr or label.en, taken, "criterion")
    taken.add(str(key))
    return Criterion(str(key), label, help_, weight or 1)


def _whole(raw: object) -> int | None:
    """A whole number as a program or a form sends it."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return raw
    text = raw.strip() if isinstance(raw, str) else ""
    # isdigit alone would let in digits of other scripts.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def removed(before: Iterable[Criterion], after: Iterable[Criterion]) -> list[Criterion]:
    """The criteria that would be there no more."""
    kept = {criterion.key for criterion in after}
    return [criterion for criterion in before if criterion.key not in kept]


def phase(opens: dt.date | None, closes: dt.date | None, today: dt.date) -> Phase:
    """In which part of the reading a day is; both days belong to it.

    Without a first day it has begun, without a last one it does not end.
    """
    if opens is not None and today < opens:
        return "early"
    return "over" if closes is not None and today > closes else "open"


def check_scores(
    criteria: Iterable[Criterion], raw: Mapping[str, object]
) -> tuple[dict[str, int], dict[str, str]]:
    """Check what a reader gave; each criterion needs its number.

    :param raw: by the key of the criterion
    :returns: the scores, and what is wrong, both by key: ``missing``, ``not_a_score``
        or ``unknown``
    """
    scores: dict[str, int] = {}
    errors: dict[str, str] = {}
    left = dict(raw)
    for criterion in criteria:
        given = left.pop(criterion.key, None)
        number = _whole(given)
        if number is not None and number in SCALE:
            scores[criterion.key] = number
        else:
            errors[criterion.key] = "missing" if given in (None, "") else "not_a_score"
    errors |= {key: "unknown" for key, value in left.items() if value not in (None, "")}
    return scores, errors


def worth(criteria: Iterable[Criterion], scores: Mapping[str, int]) -> Fraction | None:
    """What an application is worth to a reader: the mean by weight.

    A criterion that came later counts for those alone who gave a number for it.

    :returns: nothing where no criterion of now has a score
    """
    counted = [one for one in criteria if one.key in scores]
    if not counted:
        return None
    total = sum(one.weight * scores[one.key] for one in counted)
    return Fraction(total, sum(one.weight for one in counted))


def summarise(worths: Sequence[Fraction]) -> Summary:
    """What several readers think, of what it is worth to each."""
    if not worths:
        return Summary(0, None, None)
    return Summary(
        len(worths),
        round(float(sum(worths) / len(worths)), 2),
        round(float(max(worths) - min(worths)), 2),
    )


def sees_others(part: Part, over: bool) -> bool:
    """Whether somebody sees what others gave.

    :param part: what that person is to the application
    :param over: whether nobody can give a score for it any more
    """
    return part == "scored" or (part == "none" and over)
