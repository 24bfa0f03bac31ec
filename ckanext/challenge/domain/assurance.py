"""What stands behind a step, and behind an award: whose word it is.

What a collectivité says of itself is *declared*, what an adviser read and agreed to is
*confirmed*, what the catalogue measured is *verified*, unless all that it measured is
what somebody ticked. An award is worth no more than the weakest word of those it needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Literal

from .programme import PersonCheck, Programme

Assurance = Literal["declared", "confirmed", "verified"]

#: From the weakest to the strongest.
ORDER: tuple[Assurance, ...] = ("declared", "confirmed", "verified")


def weakest(words: Iterable[Assurance]) -> Assurance | None:
    """Return the weakest of some words; none where there are none."""
    return min(words, key=ORDER.index, default=None)


def of_step(
    programme: Programme | None,
    key: str,
    declared: Collection[str],
    by_team: Collection[str] = (),
) -> Assurance:
    """Return what stands behind a step that is done.

    :param programme: the one of the season; without it, or where it has no such step,
        nobody is known to have looked at it
    :param declared: the names of the measures that count what somebody says of
        themselves
    :param by_team: the keys of the steps that somebody of the team said are done
    """
    step = programme.steps_by_key.get(key) if programme else None
    if step is None:
        return "declared"
    if not isinstance(step.check, PersonCheck):
        return _of_measures(step.measures, declared)
    return "confirmed" if step.check.confirm or key in by_team else "declared"


def _of_measures(measures: Iterable[str], declared: Collection[str]) -> Assurance:
    return "declared" if any(name in declared for name in measures) else "verified"


def of_part(
    programme: Programme | None,
    part: Mapping[str, Any],
    declared: Collection[str],
    by_team: Collection[str] = (),
) -> Assurance | None:
    """Return what stands behind one thing that an award was given for.

    The word that was stored with it, else that of the programme as it is now.

    :param part: of the ``met`` of an award, as it is stored
    :param declared: as for :func:`of_step`
    :param by_team: likewise
    :returns: none for a step that was not asked of the collectivité
    """
    if part.get("waived"):
        return None
    if (stored := part.get("assurance")) in ORDER:
        return stored
    if "measure" in part:
        return _of_measures((part["measure"],), declared)
    return of_step(programme, part["step"], declared, by_team)


def of_award(
    programme: Programme | None,
    met: Iterable[Mapping[str, Any]],
    declared: Collection[str],
) -> Assurance | None:
    """Return what stands behind an award.

    :param met: what it was given for, as it is stored; nothing for one given by hand
    :param declared: as for :func:`of_step`
    :returns: ``confirmed`` for one given by hand, behind which stands the word of the
        team; none where nothing that it needs was asked of the collectivité
    """
    words: list[Assurance] = []
    by_hand = True
    for part in met:
        by_hand = False
        word = of_part(programme, part, declared)
        if word is not None:
            words.append(word)
    return "confirmed" if by_hand else weakest(words)


def says_something(text: str | None) -> bool:
    """Say whether an answer names anything: a dash or a full stop does not."""
    return sum(character.isalnum() for character in text or "") >= 2
