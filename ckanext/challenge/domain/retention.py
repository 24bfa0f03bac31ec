"""How long the personal data of an application are kept, by its state.

Nothing here erases: it says when, and what is to be done now. Times are aware.
"""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass
from typing import Literal

from .lifecycle import COHORT_OVER

#: The contact is told this long before.
NOTICE = datetime.timedelta(days=14)

Due = Literal["keep", "announce", "erase"]


@dataclass(frozen=True)
class Periods:
    """How long data are kept, in months.

    :ivar decided: after the decision, the withdrawal or the end of the season
    :ivar draft: after the last change of what was never submitted
    """

    decided: int = 12
    draft: int = 3


@dataclass(frozen=True)
class Facts:
    """What the rules ask of an application.

    :ivar state: of the application
    :ivar changed: when it was changed for the last time
    :ivar decided: when it was decided, if it was
    :ivar season: the state of its season
    :ivar finished: when the season finished, if it did
    :ivar archived: when the season was archived for the last time, if it was
    :ivar announced: when the erasure was announced, if it was
    :ivar reachable: whether there is somebody to announce it to
    """

    state: str
    changed: datetime.datetime
    decided: datetime.datetime | None = None
    season: str = "open"
    finished: datetime.datetime | None = None
    archived: datetime.datetime | None = None
    announced: datetime.datetime | None = None
    reachable: bool = True


def add_months(moment: datetime.datetime, months: int) -> datetime.datetime:
    """The same day of a later month, or its last day where the month is shorter."""
    year, month = divmod(moment.month - 1 + months, 12)
    year, month = moment.year + year, month + 1
    day = min(moment.day, calendar.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def counts_from(facts: Facts) -> datetime.datetime | None:
    """The moment from which the period counts; ``None`` while it does not begin.

    - a draft: its last change;
    - a refusal: the decision; a withdrawal: the withdrawal, which is its last change;
    - an acceptance: the archiving of the season, since the portal has to know until
      then whom it accompanies;
    - what was never decided: the end of the season.
    """
    if facts.state in ("draft", "withdrawn"):
        return facts.changed
    if facts.state == "refused":
        return facts.decided or facts.changed
    if facts.state == "accepted":
        over = facts.archived or facts.finished
        return over if facts.season == "archived" else None
    if facts.season in COHORT_OVER:
        return facts.finished or facts.archived or facts.changed
    return None


def erased_on(facts: Facts, periods: Periods) -> datetime.datetime | None:
    """When the period is over; ``None`` while it has not begun."""
    start = counts_from(facts)
    if start is None:
        return None
    months = periods.draft if facts.state == "draft" else periods.decided
    return add_months(start, months)


def due(facts: Facts, periods: Periods, now: datetime.datetime) -> Due:
    """What is to be done now.

    Whoever can be told has the full notice, also where the command did not run for a
    while. A notice from before the period began anew (a draft was changed) counts for
    nothing.
    """
    end, start = erased_on(facts, periods), counts_from(facts)
    if end is None or start is None or now < end - NOTICE:
        return "keep"
    if not facts.reachable:
        return "erase" if now >= end else "keep"
    if facts.announced is None or facts.announced < start:
        return "announce"
    return "erase" if now >= max(end, facts.announced + NOTICE) else "keep"


def promised(
    facts: Facts, periods: Periods, now: datetime.datetime
) -> datetime.datetime:
    """The moment that an announcement made now names.

    :raises ValueError: when the period has not begun
    """
    end = erased_on(facts, periods)
    if end is None:
        raise ValueError("nothing is to be erased")
    return max(end, now + NOTICE)
