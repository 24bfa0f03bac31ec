"""What a season declares in words of its own, such as its questions: keys, texts in
two languages, and what is wrong with them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .letters import plain
from .plaintext import find_problem
from .text import Text

LANGUAGES: tuple[str, ...] = ("fr", "en")

LONGEST_LABEL = 200
LONGEST_HELP = 1000

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class Problem:
    """What is wrong in a list of definitions, and where.

    :ivar path: from the list down: ``(0, "label", "fr")``, ``(2, "choices", 1)``
    :ivar code: a word that the caller turns into a sentence: ``missing``,
        ``too_long`` (``length``, ``limit``), ``too_many`` (``limit``), ``unknown``
        (``found``, ``allowed``), ``key`` (``found``), ``twice`` (``found``),
        ``not_between`` (``first``, ``last``), ``when_question`` and ``when_value``
        (``found``),
        ``too_few``, ``not_a_list``, ``not_an_object``, ``not_a_text``, or a kind of
        :class:`.plaintext.Problem` (``position``, ``found``); of a change:
        ``type_answered`` (``count``), ``removed_answered`` and ``removed_scored``
        (``found``, ``count``)
    :ivar params: what the sentence needs
    """

    path: tuple[str | int, ...]
    code: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


class DefinitionErrors(ValueError):
    """Definitions that cannot be used like this.

    :ivar problems: everything that is wrong, in the order of the list
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "; ".join(
                f"{'.'.join(map(str, problem.path)) or 'all'}: {problem.code}"
                for problem in self.problems
            )
        )


def order(problem: Problem) -> int:
    """Where a problem stands: of the whole list first."""
    return problem.path[0] if problem.path and isinstance(problem.path[0], int) else -1


def stored_text(written: Mapping[str, Any]) -> Text:
    """A text as it was stored."""
    # Not Text.of: what is empty stays empty, for the next time it is edited.
    return Text(fr=written.get("fr") or "", en=written.get("en") or "")


def read_words(
    raw: object,
    path: tuple[str | int, ...],
    limit: int,
    problems: list[Problem],
    *,
    multiline: bool = False,
) -> Text:
    """A text in two languages; what is wrong is added to the problems."""
    written: object = {"fr": raw} if isinstance(raw, str) else (raw or {})
    if not isinstance(written, Mapping):
        problems.append(Problem(path, "not_a_text"))
        return Text("", "")
    found: dict[str, str] = {}
    for language, text in written.items():
        if language not in LANGUAGES:
            params = {"found": str(language)[:40], "allowed": ", ".join(LANGUAGES)}
            problems.append(Problem(path, "unknown", params))
        elif text is None or isinstance(text, str):
            found[language] = tidy(text or "")
            wrong = wrong_in(found[language], limit, multiline)
            if wrong:
                problems.append(Problem((*path, language), *wrong))
        else:
            problems.append(Problem((*path, language), "not_a_text"))
    return stored_text(found)


def tidy(text: str) -> str:
    """A text without space around it, its lines ended in one way."""
    return text.strip().replace("\r\n", "\n")


def wrong_in(
    text: str, limit: int, multiline: bool
) -> tuple[str, dict[str, Any]] | None:
    """The code and the parameters of what is wrong in a text, if anything is."""
    if len(text) > limit:
        return "too_long", {"length": len(text), "limit": limit}
    problem = find_problem(text, multiline=multiline)
    if problem is None:
        return None
    return problem.kind, {"position": problem.position, "found": problem.found}


def slug(text: str, joint: str, length: int) -> str:
    """The small letters and digits of a text, as a part of an address."""
    found = re.sub(r"[^a-z0-9]+", joint, plain(text))
    return found.strip(joint)[:length].strip(joint)


def free(stem: str, joint: str, taken: Collection[str]) -> str:
    """A stem, with a number after it where it is taken."""
    if stem not in taken:
        return stem
    number = 2
    while f"{stem}{joint}{number}" in taken:
        number += 1
    return f"{stem}{joint}{number}"


def new_key(label: str, taken: Collection[str], kind: str) -> str:
    """Make a key of the label of what it is for.

    :param taken: the keys that others have
    :param kind: what it begins with, where the label begins with no letter
    """
    stem = slug(label, "_", 30)
    if not stem or not stem[0].isalpha():
        stem = f"{kind}_{stem}".strip("_")
    return free(stem, "_", taken)


def given_keys(raw: list[Any], problems: list[Problem]) -> set[str]:
    """The keys that the objects of a list come with; those made for others differ."""
    taken: set[str] = set()
    for index, item in enumerate(raw):
        given = item.get("key") if isinstance(item, Mapping) else None
        if not given:
            continue
        if not isinstance(given, str) or not _KEY.fullmatch(given):
            found = str(given)[:40]
            problems.append(Problem((index, "key"), "key", {"found": found}))
        elif given in taken:
            problems.append(Problem((index, "key"), "twice", {"found": given}))
        else:
            taken.add(given)
    return taken


def check_names(
    item: Mapping[Any, Any],
    known: Collection[str],
    path: tuple[str | int, ...],
    problems: list[Problem],
) -> None:
    """Add what an object has that it may not have to the problems."""
    for name in item:
        if name not in known:
            params = {"found": str(name)[:40], "allowed": ", ".join(known)}
            problems.append(Problem(path, "unknown", params))
