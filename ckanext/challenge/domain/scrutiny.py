"""What speaks for and against admitting an application: a map for those who decide.

Nothing here decides. A rule that is ``failed`` would make an acceptance wrong or
impossible; one to ``look`` at may be in order, and a person should see it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["passed", "look", "failed", "unknown"]

#: The rules, in the order in which they are read.
RULES: tuple[str, ...] = (
    "directory",
    "identity",
    "kind",
    "alone",
    "homonym",
    "organization",
    "address",
    "own",
    "complete",
    "consent",
    "in_time",
    "place",
)


@dataclass(frozen=True)
class Facts:
    """What is known of an application when it is read.

    :ivar known: whether the directory has its SIREN
    :ivar differences: the fields in which it is not what the directory says
    :ivar kind: of the collectivité
    :ivar kinds: that may apply to the season; none named, all may
    :ivar others: how many more live applications to the season have this SIREN
    :ivar homonyms: how many others of the directory have this name
    :ivar organizations: how many organizations of the portal have this SIREN
    :ivar confirmed: whether somebody opened the link mailed to the contact
    :ivar own: whether its acceptance would let in the very person who reads it
    :ivar missing: fields that a submission needs and that are empty
    :ivar consent: whether the contact agreed to the use of these data
    :ivar submitted: the day, in the portal's time zone
    :ivar deadline: the last day of the season's applications
    :ivar late_code: whether it came in by a code for late entry
    :ivar free: places left; ``None`` for no limit
    :ivar admitted: whether it has a place already
    """

    known: bool
    differences: tuple[str, ...] = ()
    kind: str | None = None
    kinds: tuple[str, ...] = ()
    others: int = 0
    homonyms: int = 0
    organizations: int = 0
    confirmed: bool = False
    own: bool = False
    missing: tuple[str, ...] = ()
    consent: bool = False
    submitted: dt.date | None = None
    deadline: dt.date | None = None
    late_code: bool = False
    free: int | None = None
    admitted: bool = False


@dataclass(frozen=True)
class Verdict:
    """What one rule says.

    :ivar rule: one of :data:`RULES`
    :ivar outcome: ``passed``, ``look``, ``failed`` or ``unknown``
    :ivar data: what it is about: ``fields``, ``number`` or ``late_code``
    """

    rule: str
    outcome: Outcome
    data: Mapping[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The verdict as plain values, for an API answer."""
        return {"rule": self.rule, "outcome": self.outcome, **self.data}


def _identity(facts: Facts) -> Verdict:
    if not facts.known:
        return Verdict("identity", "unknown")
    if facts.differences:
        return Verdict("identity", "look", {"fields": list(facts.differences)})
    return Verdict("identity", "passed")


def _kind(facts: Facts) -> Verdict:
    if not facts.kinds or facts.kind in facts.kinds:
        return Verdict("kind", "passed")
    return Verdict("kind", "failed" if facts.kind else "unknown")


def _in_time(facts: Facts) -> Verdict:
    if facts.submitted is None:
        return Verdict("in_time", "unknown")
    if facts.deadline is None or facts.submitted <= facts.deadline:
        return Verdict("in_time", "passed")
    # What was asked of an applicant may come in after the deadline too.
    return Verdict("in_time", "look", {"late_code": facts.late_code})


def _place(facts: Facts) -> Verdict:
    if facts.admitted or facts.free is None:
        return Verdict("place", "passed")
    return Verdict(
        "place", "passed" if facts.free else "failed", {"number": facts.free}
    )


def _none_of(rule: str, number: int, otherwise: Outcome) -> Verdict:
    return Verdict(rule, otherwise if number else "passed", {"number": number})


def judge(facts: Facts) -> tuple[Verdict, ...]:
    """Hold an application against every rule.

    :returns: one verdict for each of :data:`RULES`, in their order
    """
    missing = {"fields": list(facts.missing)} if facts.missing else {}
    found = (
        Verdict("directory", "passed" if facts.known else "look"),
        _identity(facts),
        _kind(facts),
        _none_of("alone", facts.others, "failed"),
        _none_of("homonym", facts.homonyms, "look"),
        _none_of("organization", facts.organizations, "look"),
        Verdict("address", "passed" if facts.confirmed else "look"),
        Verdict("own", "failed" if facts.own else "passed"),
        Verdict("complete", "failed" if facts.missing else "passed", missing),
        Verdict("consent", "passed" if facts.consent else "failed"),
        _in_time(facts),
        _place(facts),
    )
    assert tuple(verdict.rule for verdict in found) == RULES
    return found
