"""Which participants their team has lost sight of, and why."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

#: Why a participant is shown as one to ask after, in the order in which that is said.
REASONS = ("never", "silent", "late")

#: Days after which a participant whose people never signed in is one to ask after:
#: sooner, the mail that invites them may not have been read.
UNOPENED_DAYS = 7

#: Days after which what the team wrote should have been read, or answered.
UNANSWERED_DAYS = 15


@dataclass(frozen=True)
class Rules:
    """From when on a participant of a season is stalled.

    :ivar days: without a sign of life
    :ivar late_steps: so many steps are late; 0: however many, that is no reason
    """

    days: int
    late_steps: int


def reasons(
    *,
    joined: dt.datetime,
    active: dt.datetime | None,
    late_steps: int,
    signed_in: bool,
    now: dt.datetime,
    rules: Rules,
) -> tuple[str, ...]:
    """Return why a participant is stalled: some of :data:`REASONS`, or nothing.

    It is one that takes part still, in a season that goes on.

    :param joined: when it came into the season
    :param active: when it did something last
    :param signed_in: whether one of those who publish for it ever signed in
    :param now: an aware datetime, as the others
    """
    found = {
        "never": not signed_in and now - joined > dt.timedelta(days=UNOPENED_DAYS),
        "silent": now - (active or joined) > dt.timedelta(days=rules.days),
        "late": 0 < rules.late_steps <= late_steps,
    }
    return tuple(reason for reason in REASONS if found[reason])
