"""What a table said the last time of whom it names: filled in again, never guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from . import wording

#: Names that are kept for a field, the last ones.
MOST_NAMES = 5000


def fill(
    texts: Sequence[str],
    names: Sequence[str],
    known: Mapping[str, str],
    is_right: Callable[[str], bool],
) -> dict[int, str]:
    """What is known of the cells that say nothing, or nothing right.

    :param texts: the cells of a column
    :param names: of whom each row speaks
    :param known: by the key of a name (:func:`~.wording.key`), what stood there
    :param is_right: whether a text that is not empty may stand in the column
    :returns: by row, counted from 0, what stood there the last time
    """
    return {
        row: known[key]
        for row, (text, name) in enumerate(zip(texts, names, strict=True))
        if (key := wording.key(name)) in known and not (text.strip() and is_right(text))
    }


def keep(
    before: Mapping[str, str], texts: Sequence[str], names: Sequence[str]
) -> dict[str, str]:
    """What to know the next time.

    A name of which two rows say different things says nothing: it is left out.

    :param before: what was known
    :param texts: the cells of a column, each right or empty
    :param names: of whom each row speaks
    """
    said: dict[str, set[str]] = {}
    for text, name in zip(texts, names, strict=True):
        if text.strip() and (key := wording.key(name)):
            said.setdefault(key, set()).add(text)
    old = {key: text for key, text in before.items() if key not in said}
    new = {key: min(texts) for key, texts in said.items() if len(texts) == 1}
    return dict([*old.items(), *new.items()][-MOST_NAMES:])
