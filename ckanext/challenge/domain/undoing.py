"""How long an acceptance can be undone, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .lifecycle import COHORT_OVER, PARTICIPANT_COUNTED

#: For so long a mistake is a mistake; after it, one withdraws a participant.
TIME = timedelta(days=1)

#: Why an acceptance cannot be undone, the most general reason first.
Hindrance = Literal[
    "not_accepted",
    "over",
    "erased",
    "late",
    "withdrawn",
    "datasets",
    "resources",
    "description",
    "seasons",
]


@dataclass(frozen=True)
class Facts:
    """What there is of an acceptance.

    :ivar application: the state of the application
    :ivar decided_at: when it was accepted
    :ivar erased: whether its personal data were erased
    :ivar cohort: the state of its season
    :ivar participant: the state of the participation that it made, if it is there
    :ivar datasets: how many the organization has that were made since
    :ivar resources: how many it has that were added since to datasets of before
    :ivar described: whether somebody described the organization that it made
    :ivar seasons: in how many others the organization that it made takes, or took, part
    """

    application: str
    decided_at: datetime | None
    erased: bool
    cohort: str
    participant: str | None
    datasets: int = 0
    resources: int = 0
    described: bool = False
    seasons: int = 0


def until(decided_at: datetime) -> datetime:
    """The moment from which an acceptance stays."""
    return decided_at + TIME


def hindrances(facts: Facts, now: datetime) -> tuple[Hindrance, ...]:
    """Why an acceptance cannot be undone; empty where it can.

    :param now: aware of its zone
    """
    if facts.application != "accepted":
        return ("not_accepted",)
    late = facts.decided_at is None or now >= until(facts.decided_at)
    found: dict[Hindrance, bool] = {
        "over": facts.cohort in COHORT_OVER,
        "erased": facts.erased,
        "late": late,
        "withdrawn": facts.participant is not None
        and facts.participant not in PARTICIPANT_COUNTED,
        "datasets": facts.datasets > 0,
        "resources": facts.resources > 0,
        "description": facts.described,
        "seasons": facts.seasons > 0,
    }
    return tuple(name for name, stands in found.items() if stands)
