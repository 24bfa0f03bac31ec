"""The mails about participants: for whom each is, and what its templates are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import MappingProxyType
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.common import labels, language
from ckanext.challenge.domain.deadlines import MILESTONES
from ckanext.challenge.domain.progress import Days
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import (
    Cohort,
    Extension,
    Participant,
    ParticipantMessage,
    StepStatus,
)
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from .due import days_for, days_of


def _participant(occasion: Occasion, anchor: str = "", **found: Any) -> dict[str, Any]:
    """The variables of a mail about a participant.

    :param anchor: the part of the participant's page to which the link leads
    :param found: further variables
    :returns: ``organization`` (its title) and ``link`` with them
    """
    participant, cohort = _subject(occasion)
    group = model.Group.get(participant.organization_id)
    url = tk.h.url_for(
        "challenge_home.enter",
        cohort=cohort.name,
        organization=group.name if group else "",
        _external=True,
    )
    return {
        "organization": group.title or group.name if group else "",
        "link": f"{url}#{anchor}" if anchor else str(url),
        **found,
    }


def _subject(occasion: Occasion) -> tuple[Participant, Cohort]:
    """The participant that a mail is about, and its season."""
    assert occasion.participant is not None
    assert occasion.cohort is not None
    return occasion.participant, occasion.cohort


def _step_title(occasion: Occasion) -> str:
    _, cohort = _subject(occasion)
    return _Steps(cohort).title(occasion.data["step"])


def _step_confirmed(occasion: Occasion) -> dict[str, Any]:
    participant, _ = _subject(occasion)
    # No anchor: what comes next stands on top of the page.
    return _participant(
        occasion,
        step=_step_title(occasion),
        done=participant.steps_done,
        total=participant.steps_total,
    )


def _step_said(name: str) -> Callable[[Occasion], dict[str, Any]]:
    """Of a step, what stands in one column of its status.

    :param name: ``reason`` (what the team answers) or ``note`` (what members write)
    """

    def variables(occasion: Occasion) -> dict[str, Any]:
        participant, _ = _subject(occasion)
        step = occasion.data["step"]
        status = _status(participant, step)
        said = {} if status is None else {"said": getattr(status, name)}
        return _participant(
            occasion, f"step-{step}", step=_step_title(occasion), **said
        )

    return variables


def _step_date(occasion: Occasion) -> dict[str, Any] | None:
    """The day that holds for a step when the mail goes, and why it is a later one."""
    participant, cohort = _subject(occasion)
    key = occasion.data["step"]
    day, season_day = days_for(cohort, participant).get(key), days_of(cohort).get(key)
    if day is None:
        return None
    given = (
        model.Session.query(Extension)
        .filter_by(participant_id=participant.id, step=key)
        .first()
    )
    later = given is not None and day != season_day
    return _participant(
        occasion,
        f"step-{key}",
        step=_step_title(occasion),
        date=tk.h.challenge_date(day),
        later=later,
        said=given.reason if given and later else None,
    )


def _season_dates(occasion: Occasion) -> dict[str, Any]:
    """The data have ``dates`` (names of the season's), ``steps`` and ``reason``."""
    participant, cohort = _subject(occasion)
    data = occasion.data
    steps = _Steps(cohort, days_for(cohort, participant))
    return _participant(
        occasion,
        dates=[
            (labels.milestone(name), tk.h.challenge_date(getattr(cohort, name)))
            for name in data.get("dates", ())
            if name in MILESTONES and getattr(cohort, name)
        ],
        steps=steps.dated(data.get("steps", ())),
        said=data.get("reason"),
    )


def _withdrawn(occasion: Occasion) -> dict[str, Any] | None:
    participant, _ = _subject(occasion)
    if participant.withdrawn_at is None:
        # It was taken back in before the mail went.
        return None
    return _participant(
        occasion,
        date=tk.h.challenge_date(participant.withdrawn_at),
        said=participant.withdrawn_reason,
    )


def _message(occasion: Occasion) -> dict[str, Any]:
    id_ = occasion.data.get("message_id") or ""
    message = model.Session.get(ParticipantMessage, id_)
    return _participant(
        occasion, "conversation", message=message.text if message else ""
    )


def _reminder(occasion: Occasion) -> dict[str, Any]:
    """The data have ``late`` and ``soon``, keys of steps, and ``next``, one key."""
    participant, cohort = _subject(occasion)
    steps, data = _Steps(cohort, days_for(cohort, participant)), occasion.data
    following = data.get("next")
    return _participant(
        occasion,
        f"step-{following}" if following else "",
        done=participant.steps_done,
        total=participant.steps_total,
        late=steps.dated(data.get("late", ())),
        soon=steps.dated(data.get("soon", ())),
        next=steps.title(following) if following else "",
    )


def _status(participant: Participant, step: str) -> StepStatus | None:
    return (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step=step)
        .populate_existing()
        .first()
    )


class _Steps:
    """The steps of a season in the reader's words."""

    def __init__(self, cohort: Cohort, due: Days = MappingProxyType({})) -> None:
        self.programme = programmes.of(cohort)
        self.due = due

    def title(self, key: str) -> str:
        """The title of a step; the key of one that the programme has no more."""
        step = self.programme.steps_by_key.get(key)
        return step.title.in_(language.current()) if step else key

    def dated(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Titles of steps with the day on which they are due, in words."""
        return [
            (self.title(key), tk.h.challenge_date(day))
            for key in keys
            if (day := self.due.get(key))
        ]


KINDS = (
    MailKind(
        "step_to_confirm", N_("Step to be confirmed"), _step_said("note"), "staff"
    ),
    MailKind("step_confirmed", N_("Step confirmed"), _step_confirmed, "members"),
    MailKind("step_returned", N_("Step sent back"), _step_said("reason"), "members"),
    MailKind("season_dates", N_("New dates of the season"), _season_dates, "members"),
    MailKind("step_date", N_("New date for a step"), _step_date, "members"),
    MailKind(
        "participant_message", N_("Message to the collectivité"), _message, "members"
    ),
    MailKind(
        "participant_message_staff",
        N_("Message of the collectivité"),
        _message,
        "staff",
    ),
    MailKind(
        "participant_withdrawn", N_("Collectivité withdrawn"), _withdrawn, "members"
    ),
    MailKind(
        "participant_reinstated",
        N_("Collectivité taken back in"),
        _participant,
        "members",
    ),
    MailKind("reminder", N_("Reminder"), _reminder, "members", ends=True),
)
