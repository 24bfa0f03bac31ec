"""Days and hours as calendar programs read them: iCalendar (RFC 5545).

A day takes no time of anybody (``TRANSPARENT``) and needs no time zone; a moment is in
UTC, which each program shows in its own, whatever the clock does. An event keeps its
``UID`` for ever: a program that reads the file again moves what has moved, and doubles
nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from ckanext.challenge.domain.characters import cleaned

MEDIA_TYPE = "text/calendar; charset=utf-8"

_PRODUCT = "-//ckanext-challenge//{language}"
#: How often a program that follows the file should read it again.
_AGAIN = dt.timedelta(days=1)


@dataclass(frozen=True)
class Day:
    """One day on which something is.

    :ivar key: of its own in the whole portal, and always the same
    :ivar title: one line
    :ivar text: what there is to do
    :ivar url: of the page that says more
    """

    key: str
    day: dt.date
    title: str
    url: str
    text: str = ""


@dataclass(frozen=True)
class Moment:
    """A span of time that somebody spends on something.

    :ivar key: of its own in the whole portal, and always the same
    :ivar starts: an aware datetime, as ``ends``
    :ivar title: one line
    :ivar text: what there is to know
    :ivar url: of the page that says more
    :ivar place: where, if it is known
    """

    key: str
    starts: dt.datetime
    ends: dt.datetime
    title: str
    url: str
    text: str = ""
    place: str = ""

    @property
    def day(self) -> dt.date:
        """The day on which it begins, in UTC."""
        return self.starts.astimezone(dt.timezone.utc).date()


def write(
    title: str,
    days: Iterable[Day | Moment],
    *,
    host: str,
    language: str,
    changed: dt.datetime,
) -> bytes:
    """The days as a file.

    :param title: of the calendar
    :param host: of the portal, which the keys are completed with
    :param language: of the texts, a code such as ``fr``
    :param changed: an aware datetime, at which this changed for the last time: the
        same days are the same bytes
    :returns: UTF-8, with the line ends and folds that the standard asks for
    """
    # Loaded where a calendar is written: most processes seldom do.
    from icalendar import Calendar, Event, vDuration  # noqa: PLC0415

    calendar = Calendar()
    calendar.add("prodid", _PRODUCT.format(language=language.upper()))
    calendar.add("version", "2.0")
    # RFC 7986, and what programs read that are older than it.
    for name in ("name", "x-wr-calname"):
        calendar.add(name, cleaned(title))
    calendar.add("refresh-interval", _AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(_AGAIN))
    for day in sorted(days, key=lambda day: (day.day, day.key)):
        event = Event()
        event.add("uid", f"{day.key}@{host}")
        event.add("dtstamp", changed.astimezone(dt.timezone.utc))
        if isinstance(day, Moment):
            event.add("dtstart", day.starts.astimezone(dt.timezone.utc))
            event.add("dtend", day.ends.astimezone(dt.timezone.utc))
            if day.place:
                event.add("location", cleaned(day.place))
        else:
            event.add("dtstart", day.day)
            # The day after it, which no longer belongs to it.
            event.add("dtend", day.day + dt.timedelta(days=1))
        event.add("summary", cleaned(day.title), parameters={"LANGUAGE": language})
        if day.text:
            text = cleaned(day.text)
            event.add("description", text, parameters={"LANGUAGE": language})
        event.add("url", day.url)
        event.add("transp", "OPAQUE" if isinstance(day, Moment) else "TRANSPARENT")
        calendar.add_component(event)
    return calendar.to_ical()
