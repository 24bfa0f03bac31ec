"""When a season takes applications."""

from __future__ import annotations

import datetime
from typing import Literal

from .deadlines import day_of, has_ended

#: ``open``; ``early``, before its applications begin; ``late``, once they have ended
#: but the season still admits somebody whom its team lets in; ``closed`` to all.
Window = Literal["early", "open", "late", "closed"]


def window(
    state: str,
    opens: datetime.date | None,
    deadline: datetime.date | None,
    now: datetime.datetime,
    zone: datetime.tzinfo,
) -> Window:
    """Say whether a season takes applications at an instant.

    :param state: of the season
    :param opens: the day on which its applications begin
    :param deadline: the day at whose end, in the portal's time zone, they end
    :param now: an aware datetime
    """
    if state == "running":
        return "late"
    if state != "open":
        return "closed"
    if opens is not None and day_of(now, zone) < opens:
        return "early"
    if deadline is not None and has_ended(deadline, now, zone):
        return "late"
    return "open"
