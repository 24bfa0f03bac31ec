"""The week of those who run seasons: what waits for them, and what moved."""

from __future__ import annotations

import datetime as dt

#: What waits for the team, in the order in which it is shown: where somebody outside
#: waits for an answer, then what is the team's own.
KINDS = (
    "message",
    "proof",
    "correction",
    "application",
    "kept_decision",
    "visit",
    "claim",
    "mail_failed",
    "match",
)

#: What happened in the seasons.
MOVED = ("published", "badge", "withdrawn")

#: How many days back "what moved" goes, and ahead what is planned, unless asked for.
DAYS = 7

#: The days on which one may get the weekly mail, from the first of the week.
WEEKDAYS = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)

_HOURS = 26
#: What works every day, commands of the crontab and the job worker: after how long
#: without its work each is said to be silent. That is a day, and the time by which one
#: run may be later than that of the day before; reminders rest on Saturday and Sunday.
WATCHED = {
    "evaluate": dt.timedelta(hours=_HOURS),
    "mail": dt.timedelta(hours=_HOURS),
    "remind": dt.timedelta(days=2, hours=_HOURS),
    "worker": dt.timedelta(hours=_HOURS),
}


def silent(
    ran: dict[str, dt.datetime], since: dt.datetime | None, now: dt.datetime
) -> list[str]:
    """Return what should work every day and has not, of :data:`WATCHED`.

    :param ran: when each did its work last; what is not there never did
    :param since: from when on there is work: the first season that goes on; ``None``
        without one, where nothing is missed
    :param now: an aware datetime, as the others
    """
    if since is None:
        return []
    return [name for name, most in WATCHED.items() if now - ran.get(name, since) > most]


def digest_day(
    weekday: int | None, settled_until: dt.date | None, today: dt.date
) -> dt.date | None:
    """Return for which day somebody is to get the weekly mail today, if at all.

    A day that was missed, since the command did not run, is made up for.

    :param weekday: 0 (Monday) to 6; ``None`` for somebody who ended it
    :param settled_until: up to which day all was sent, or is not to be sent; ``None``
        for somebody who was never written to: then not before the day itself

    >>> monday = dt.date(2026, 11, 30)
    >>> digest_day(0, None, monday)
    datetime.date(2026, 11, 30)
    >>> digest_day(0, dt.date(2026, 11, 23), dt.date(2026, 12, 1))
    datetime.date(2026, 11, 30)
    """
    if weekday is None:
        return None
    day = today - dt.timedelta(days=(today.weekday() - weekday) % 7)
    if settled_until is None:
        return day if day == today else None
    return day if day > settled_until else None
