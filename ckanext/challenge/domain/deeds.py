"""What is done to many participants at once: what each deed needs, and who may."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

#: How many participants one batch takes.
MOST = 500


@dataclass(frozen=True)
class Deed:
    """Something done to many.

    :ivar takes: the names of what is said with it
    :ivar optional: those of them that may be left out
    :ivar by_adviser: whether advisers may do it to those whom they accompany; else
        managers alone
    :ivar tells: whether the members of the collectivités get a mail of it
    :ivar final: whether it cannot be undone
    :ivar afterwards: whether it can be done once the season is over
    """

    takes: tuple[str, ...] = ()
    optional: frozenset[str] = frozenset()
    by_adviser: bool = False
    tells: bool = False
    final: bool = False
    afterwards: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """The names of what must be said with it."""
        return tuple(name for name in self.takes if name not in self.optional)


#: By their names, in the order in which they are offered.
DEEDS: Mapping[str, Deed] = {
    # Without an adviser, nobody accompanies them any more.
    "assign": Deed(("adviser",), frozenset({"adviser"}), afterwards=True),
    "message": Deed(
        ("text",), by_adviser=True, tells=True, final=True, afterwards=True
    ),
    "waive": Deed(("step", "reason")),
    "extend": Deed(("step", "due", "reason"), tells=True),
    "badge": Deed(("badge", "reason"), tells=True, afterwards=True),
    "invite": Deed(tells=True, final=True),
}


def offered(manages: bool, over: bool) -> tuple[str, ...]:
    """Return what somebody of the team may do to many.

    :param manages: whether they manage the season, not only advise in it
    :param over: whether the season is over

    >>> offered(manages=False, over=False)
    ('message',)
    """
    return tuple(
        name
        for name, deed in DEEDS.items()
        if (manages or deed.by_adviser) and (deed.afterwards or not over)
    )


def missing(deed: str, said: Collection[str]) -> tuple[str, ...]:
    """Return the names of what a deed needs and nobody said.

    >>> missing("waive", {"step"})
    ('reason',)
    """
    return tuple(name for name in DEEDS[deed].needs if name not in said)


def counted(results: Collection[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many were changed, left as they were, and refused.

    :param results: with ``ok`` and ``changed`` each

    >>> counted([{"ok": True, "changed": True}, {"ok": False, "changed": False}])
    {'done': 1, 'unchanged': 0, 'failed': 1}
    """
    done = sum(bool(row["changed"]) for row in results)
    failed = sum(not row["ok"] for row in results)
    return {
        "done": done,
        "unchanged": len(results) - done - failed,
        "failed": failed,
    }
