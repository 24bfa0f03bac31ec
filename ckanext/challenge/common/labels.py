"""States, dates and moments in the reader's words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
from babel import Locale, UnknownLocaleError, numbers
from babel import dates as babel_dates

from ckanext.challenge import config
from ckanext.challenge.domain.questions import Question
from ckanext.challenge.domain.text import N_

from . import language


class Wording(str):
    """A sentence for people, that ends with its codes where a program reads it.

    What is stored in it, and so an answer of the API, is « “Draft” cannot become
    “Finished” [draft → finished] »; ``str`` of it, and so a page, is its ``words``.
    """

    __slots__ = ("words",)

    words: str

    def __new__(cls, words: str, codes: str) -> Wording:
        made = super().__new__(cls, f"{words} [{codes}]")
        made.words = words
        return made

    def __str__(self) -> str:
        return self.words


@lru_cache(maxsize=64)
def locale_of(code: str) -> Locale:
    """The locale of a language; English for one that Babel does not know."""
    try:
        return Locale.parse(code)
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def locale() -> Locale:
    """The locale of the reader's language."""
    return locale_of(language.current())


def parse(value: Any) -> dt.datetime | dt.date | None:
    """A date or a moment from its ISO text; what is neither is ``None``."""
    if not value or isinstance(value, dt.date):
        return value or None
    text = str(value)
    try:
        if len(text) <= 10:
            return dt.date.fromisoformat(text)
        return dt.datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def _local(value: dt.datetime) -> dt.datetime:
    """The moment in the portal's time zone; a naive one is UTC, as in CKAN."""
    if value.tzinfo is None:
        value = value.replace(tzinfo=dt.timezone.utc)
    return value.astimezone(config.display_timezone())


def ago(moment: dt.datetime) -> str:
    """How long ago a moment was, in the reader's language: « il y a 2 minutes »."""
    passed = moment - dt.datetime.now(dt.timezone.utc)
    return babel_dates.format_timedelta(passed, add_direction=True, locale=locale())


def as_day(value: Any, style: str = "long") -> str:
    """A date in words, « 15 décembre 2022 », in the reader's language.

    :param value: a date, a datetime or their ISO text; a moment is shown as the
        day it is in the portal's time zone
    :param style: a format of Babel: ``short``, ``medium``, ``long``, ``full``, or
        a pattern such as ``d MMM``
    :returns: the text, empty when there is no date
    """
    date = parse(value)
    if date is None:
        return ""
    if isinstance(date, dt.datetime):
        date = _local(date).date()
    return _day(date, style, language.current())


@lru_cache(maxsize=2048)
def _day(date: dt.date, style: str, spoken: str) -> str:
    # The same days stand in list after list.
    locale = locale_of(spoken)
    text = babel_dates.format_date(date, format=style, locale=locale)
    if date.day == 1 and text.startswith("1 ") and locale.language == "fr":
        text = "1er" + text[1:]
    return text


def as_moment(value: Any) -> str:
    """A moment in words, « 15 décembre 2022 à 14:05 »."""
    moment = parse(value)
    if not isinstance(moment, dt.datetime):
        return as_day(value)
    return tk._("{date} at {time}").format(
        date=as_day(moment),
        time=babel_dates.format_time(
            _local(moment).time(), format="short", locale=locale()
        ),
    )


def as_effort(minutes: int | None) -> str:
    """How long something takes, « Environ 30 minutes »; empty when it is not known."""
    if not minutes:
        return ""
    if minutes < 60:
        return tk._("About {number} minutes").format(number=minutes)
    hours = minutes / 60
    return tk.ungettext(
        "About {number} hour", "About {number} hours", 1 if hours < 2 else 2
    ).format(number=numbers.format_decimal(round(hours, 1), locale=locale()))


@language.per_language
def _milestones() -> dict[str, str]:
    return {
        "application_opens": tk._("Applications open"),
        "application_deadline": tk._("Applications close"),
        "launch": tk._("Launch"),
        "first_publication": tk._("First publication"),
        "finalisation": tk._("Finalisation"),
    }


def milestone(name: str) -> str:
    """The name of one of the dates of a season."""
    return _milestones().get(name, name)


def withdrawal(reason: str | None) -> str:
    """Why a badge was withdrawn, as a sentence; empty where nobody said.

    :param reason: what a person wrote, or the catalogue's own code
    """
    if reason == "criteria_no_longer_hold":
        return tk._("What it says no longer held, and was not put right in time.")
    return tk._("Reason: {reason}").format(reason=reason) if reason else ""


def by_hand(award: Mapping[str, Any]) -> str:
    """Who gave a badge by hand and why, in sentences; empty for all others.

    :param award: of ``challenge_award_show``
    """
    if award["source"] != "person":
        return ""
    if award["given_by"]:
        text = tk._(
            "Given by hand by {name}, of the team of the challenge; its criteria were "
            "not checked."
        ).format(name=award["given_by"])
    else:
        text = tk._(
            "Given by hand by the team of the challenge; its criteria were not checked."
        )
    reason = award["reason"]
    if not reason:
        return text
    return " ".join((text, tk._("Reason: {reason}").format(reason=reason)))


_ASSURANCES = {
    "declared": N_("declared by the collectivité"),
    "confirmed": N_("confirmed by the support team"),
    "verified": N_("verified by the catalogue"),
}


def assurance(word: str | None) -> str:
    """What stands behind a step or an award, in words.

    :param word: of :data:`ckanext.challenge.domain.assurance.ORDER`; none of a step
        that was not asked of the collectivité
    """
    if word is None:
        return tk._("not asked of this collectivité")
    text = _ASSURANCES.get(word)
    return tk._(text) if text else ""


def award_assurance(word: str | None) -> str:
    """What stands behind an award, in words.

    :param word: none where all that it needs was not asked of the collectivité
    """
    if word is None:
        return tk._("nothing: its steps were not asked of this collectivité")
    return assurance(word)


def behind(part: Mapping[str, Any]) -> str:
    """What stands behind a step, or a part of an award, in words: who and when too.

    :param part: has ``assurance`` and, where the reader may know them,
        ``confirmed_by`` and ``confirmed_at``
    """
    day = part.get("confirmed_at")
    if part["assurance"] != "confirmed" or not day:
        return assurance(part["assurance"])
    if name := part.get("confirmed_by"):
        text = tk._("confirmed by the support team ({name}, {date})")
        return text.format(name=name, date=as_day(day))
    text = tk._("confirmed by the support team ({date})")
    return text.format(date=as_day(day))


# entity → state → its name, translated where it is read
_STATES: dict[str, dict[str, str]] = {
    "cohort": {
        "draft": N_("In preparation"),
        "open": N_("Open to applications"),
        "running": N_("Under way"),
        "finished": N_("Finished"),
        "archived": N_("Archived"),
    },
    "application": {
        "draft": N_("Draft"),
        "submitted": N_("Received"),
        "in_review": N_("Being read"),
        "changes_requested": N_("To be completed"),
        "accepted": N_("Accepted"),
        "waitlisted": N_("On the waiting list"),
        "refused": N_("Not selected"),
        "withdrawn": N_("Withdrawn"),
    },
    "participant": {
        "active": N_("Taking part"),
        "completed": N_("Challenge met"),
        "withdrawn": N_("Withdrawn"),
    },
    "step": {
        "todo": N_("To do"),
        "planned": N_("Planned"),
        "in_progress": N_("In progress"),
        "to_confirm": N_("Waiting for confirmation"),
        "done": N_("Done"),
        "waived": N_("Not required"),
    },
    "claim": {
        "asked": N_("Waiting for an answer"),
        "accepted": N_("Accepted"),
        "declined": N_("Declined"),
        "withdrawn": N_("No longer asked"),
    },
    "conformity": {
        "valid": N_("Follows its national schema"),
        "invalid": N_("Does not follow its national schema yet"),
        "error": N_("Could not be checked"),
        "pending": N_("Check under way"),
        "unknown_schema": N_("Not checked here"),
    },
    "award": {
        "active": N_("Earned"),
        "at_risk": N_("At risk"),
        "revoked": N_("Revoked"),
    },
    "visit": {
        "planned": N_("Planned"),
        "done": N_("Held"),
        "cancelled": N_("Cancelled"),
    },
}

_VISIT_KINDS = {
    "on_site": N_("On site"),
    "remote": N_("At a distance"),
    "group": N_("In a group"),
}


def state_label(entity: str, state: str) -> str:
    """The name of a state, in the reader's language.

    :param entity: ``cohort``, ``application``, ``participant``, ``step``, ``claim``,
        ``conformity``, ``award``, ``visit``
    """
    label = _STATES.get(entity, {}).get(state)
    return tk._(label) if label else state


def visit_kind(name: str) -> str:
    """A kind of visit, in the reader's language."""
    label = _VISIT_KINDS.get(name)
    return tk._(label) if label else name


def citation(title: str, date: Any, url: str) -> str:
    """A line to cite the results of a season by.

    :param title: of the season
    :param date: the day that they are of
    :param url: where they can be read
    """
    return tk._("{site}, “{title}”: results as of {date}. {url}").format(
        site=tk.config["ckan.site_title"], title=title, date=as_day(date), url=url
    )


def answer(question: Question, value: str, spoken: str) -> str:
    """A choice of a question in words; ``true`` and ``false`` for yes and no."""
    if question.type == "yes_no":
        return tk._("Yes") if value == "true" else tk._("No")
    return question.label_of(value, spoken)
