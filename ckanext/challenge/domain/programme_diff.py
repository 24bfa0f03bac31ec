"""What changes for a season when it moves to another version of its programme."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

from .programme import Programme
from .text import Text

#: The parts that are compared, in the order in which people read them.
PARTS = ("programme", "phases", "steps", "badges", "kits", "feedback")

Kind = Literal["added", "removed", "changed"]


class Change(NamedTuple):
    """One thing that a version has otherwise than another.

    :ivar part: one of :data:`PARTS`
    :ivar key: of the step, badge…
    :ivar kind: ``added``, ``removed`` or ``changed``
    :ivar title: as people know it: the new one, where there is one
    :ivar fields: what is otherwise, for what is changed: ``title``, ``check``…
    """

    part: str
    key: str
    kind: Kind
    title: Text
    fields: tuple[str, ...] = ()


def compare(before: Programme, after: Programme) -> tuple[Change, ...]:
    """Return all that differs, part by part, in the order of the files.

    What is removed stands after what there is now. The order of steps, badges and
    kits says nothing about them, and is not compared.
    """
    return tuple(_changes(before, after))


def _changes(before: Programme, after: Programme) -> Iterator[Change]:
    fields = tuple(
        name
        for name in ("title", "description")
        if getattr(before, name) != getattr(after, name)
    )
    if fields:
        yield Change("programme", after.name, "changed", after.title, fields)
    for part in PARTS[1:]:
        yield from _changes_of(part, _by_key(before, part), _by_key(after, part))


def _by_key(programme: Programme, part: str) -> dict[str, Any]:
    return {item.key: item for item in getattr(programme, part)}


def _changes_of(
    part: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Change]:
    for key, item in after.items():
        if key not in before:
            yield Change(part, key, "added", _title(item))
        elif fields := _fields(before[key], item):
            yield Change(part, key, "changed", _title(item), fields)
    for key, item in before.items():
        if key not in after:
            yield Change(part, key, "removed", _title(item))


def _fields(before: Any, after: Any) -> tuple[str, ...]:
    return tuple(
        field.name
        for field in dataclasses.fields(after)
        if getattr(before, field.name) != getattr(after, field.name)
    )


def _title(item: Any) -> Text:
    return item.label if hasattr(item, "label") else item.title
