"""Reminding participants of the steps that are late, or due soon."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from ckan import model
from sqlalchemy.exc import InvalidRequestError

from ckanext.challenge import config, notifications, programmes
from ckanext.challenge.common import journal
from ckanext.challenge.common.action_helpers import cohort_of
from ckanext.challenge.domain import deadlines, reminders
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.lifecycle import AWARD_HELD, COHORT_LIVE
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.measures import registry
from ckanext.challenge.model import (
    Award,
    Cohort,
    Extension,
    Mail,
    Participant,
    ReminderPause,
    StepStatus,
    locks,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import kinds

from .due import days_for, days_of
from .steps import statuses_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A participant to be reminded.

    :ivar name: of its organization
    """

    participant_id: str
    cohort: str
    name: str
    reminder: reminders.Reminder


@dataclass
class Reminded:
    """What was done.

    :ivar participants: how many were reminded
    :ivar mails: to how many people
    :ivar nobody: names of those who have no member with an address
    :ivar errors: what went wrong with one of them, in words; the others were reminded
    """

    participants: int = 0
    mails: int = 0
    nobody: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def candidates(cohort: Cohort | None, ahead: int) -> list[Candidate]:
    """Whom to remind today, by season and name; six statements for any number.

    :param cohort: only of this season
    :param ahead: how many days ahead a step is named
    """
    found = []
    for one in _situations(cohort):
        due = one.due(ahead)
        if due is not None:
            found.append(Candidate(one.participant.id, one.cohort.name, one.name, due))
    return sorted(found, key=lambda one: (one.cohort, sort_key(one.name)))


@dataclass(frozen=True)
class Situation:
    """What is known of a participant that may be reminded.

    :ivar organization_name: that of its address
    :ivar name: its title
    :ivar known: the statuses of its steps, by their keys
    :ivar days: on which its steps are due
    :ivar told: when its members were told anything but a reminder last
    :ivar pause: of its reminders
    """

    cohort: Cohort
    participant: Participant
    organization_name: str
    name: str
    known: Mapping[str, Any]
    days: rules.Days
    told: dt.datetime | None
    pause: ReminderPause | None

    @property
    def pace(self) -> reminders.Pace:
        """How often it is reminded."""
        pause = self.pause
        paused = pause is not None and not (
            pause.until is not None and pause.until < config.today()
        )
        return reminders.Pace(
            config.reminder_interval_days(),
            config.reminder_quiet_days(),
            _day_of(self.participant.reminded_at),
            _day_of(self.told),
            paused,
            pause.until if pause is not None else None,
            self.cohort.finalisation,
        )

    def due(self, ahead: int) -> reminders.Reminder | None:
        """What to remind it of today, if it is time."""
        if self.cohort.state not in COHORT_LIVE or not reminders.is_time(
            self.pace, config.today()
        ):
            return None
        return reminders.due(
            programmes.of(self.cohort),
            _states(self.known),
            self.days,
            config.today(),
            ahead,
            planned=_planned(self.known),
        )

    def following(self) -> reminders.Coming | None:
        """The next reminder, if all stays as it is."""
        if self.cohort.state not in COHORT_LIVE or self.participant.state != "active":
            return None
        return reminders.following(
            programmes.of(self.cohort),
            _states(self.known),
            self.days,
            config.today(),
            config.reminder_days(),
            pace=self.pace,
            planned=_planned(self.known),
        )


def situation(participant: Participant) -> Situation:
    """What is known of one participant, in five statements."""
    cohort = cohort_of(participant)
    group = model.Session.get(model.Group, participant.organization_id)
    told = _told([cohort.id], participant)
    return Situation(
        cohort,
        participant,
        group.name if group else "",
        group.title or group.name if group else "",
        {status.step: status for status in statuses_of(participant)},
        days_for(cohort, participant),
        _last_told(told, participant),
        model.Session.get(ReminderPause, participant.id, populate_existing=True),
    )


def situations(cohort: Cohort) -> list[Situation]:
    """What is known of the participants of a season, by name."""
    return sorted(
        _situations(cohort), key=lambda one: (sort_key(one.name), one.participant.id)
    )


def _told(
    cohort_ids: Collection[str], participant: Participant | None = None
) -> dict[str, dt.datetime]:
    """When members were told anything but a reminder last, in one statement.

    :returns: by the id of the participant or, of badges, of the organization
    """
    since = utcnow() - dt.timedelta(days=config.reminder_quiet_days() + 1)
    told = [
        name
        for name in kinds.names()
        if kinds.get(name).reader == "members" and name != "reminder"
    ]
    data: Any = Mail.data
    ids = data["participant_id"].astext, data["organization_id"].astext
    about = sa.func.coalesce(*ids)
    conditions = [
        Mail.cohort_id.in_(cohort_ids),
        Mail.kind.in_(told),
        Mail.state.in_(("waiting", "sent")),
        Mail.created_at > since,
    ]
    if participant is not None:
        conditions.append(about.in_((participant.id, participant.organization_id)))
    latest = sa.func.max(Mail.created_at)
    rows = model.Session.execute(
        sa.select(about, latest).where(*conditions).group_by(about)
    )
    return {id_: at for id_, at in rows if id_}


def _last_told(
    told: Mapping[str, dt.datetime], participant: Participant
) -> dt.datetime | None:
    ids = (participant.id, participant.organization_id)
    return max((told[id_] for id_ in ids if id_ in told), default=None)


def _situations(cohort: Cohort | None) -> list[Situation]:
    seasons = model.Session.query(Cohort).filter(Cohort.state.in_(COHORT_LIVE))
    if cohort is not None:
        seasons = seasons.filter(Cohort.id == cohort.id)
    cohorts = {season.id: season for season in seasons}
    rows = (
        model.Session.query(Participant, model.Group)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(
            Participant.cohort_id.in_(cohorts),
            Participant.state == "active",
            model.Group.state == "active",
        )
        .all()
    )
    known: dict[str, dict[str, Any]] = {}
    for status in model.Session.execute(
        sa.select(
            StepStatus.participant_id,
            StepStatus.step,
            StepStatus.state,
            StepStatus.planned_for,
            Extension.due.label("extended"),
        )
        .join(Participant, Participant.id == StepStatus.participant_id)
        .outerjoin(
            Extension,
            sa.and_(
                Extension.participant_id == StepStatus.participant_id,
                Extension.step == StepStatus.step,
            ),
        )
        .where(Participant.cohort_id.in_(cohorts), Participant.state == "active")
    ):
        known.setdefault(status.participant_id, {})[status.step] = status
    told = _told(list(cohorts))
    pauses = {
        pause.participant_id: pause
        for pause in model.Session.query(ReminderPause)
        .join(Participant, Participant.id == ReminderPause.participant_id)
        .filter(Participant.cohort_id.in_(cohorts))
    }
    due = {id_: days_of(season) for id_, season in cohorts.items()}
    found = []
    for participant, group in rows:
        steps = known.get(participant.id, {})
        later = {key: row.extended for key, row in steps.items() if row.extended}
        found.append(
            Situation(
                cohorts[participant.cohort_id],
                participant,
                group.name,
                group.title or group.name,
                steps,
                rules.extended(due[participant.cohort_id], later),
                _last_told(told, participant),
                pauses.get(participant.id),
            )
        )
    return found


def remind(
    found: Collection[Candidate],
    ahead: int,
    on_progress: Callable[[int], None] | None = None,
) -> Reminded:
    """Write to those of the candidates who are still to be reminded.

    Each is reminded in a transaction of its own and under its lock: however many run
    this at once, and wherever it is interrupted, nobody is reminded twice.

    :param on_progress: called with 1 for each candidate
    """
    done = Reminded()
    try:
        for candidate in found:
            try:
                mails = _remind(candidate.participant_id, ahead)
            except Exception as error:
                # Whatever is wrong with one, the others are to be reminded.
                log.exception("Participant %s not reminded", candidate.participant_id)
                done.errors.append(f"{candidate.name}: {type(error).__name__}")
            else:
                if mails is not None:
                    done.participants += mails > 0
                    done.mails += mails
                if mails == 0:
                    done.nobody.append(candidate.name)
            finally:
                model.Session.rollback()
            if on_progress is not None:
                on_progress(1)
    finally:
        if done.mails:
            notifications.schedule_sending()
    return done


def _remind(participant_id: str, ahead: int) -> int | None:
    """How many people were written to; nothing where it is no longer its time."""
    participant = Participant.get(participant_id)
    if participant is None:
        return None
    try:
        locks.refresh_for_update(participant)
    except InvalidRequestError:  # it was purged meanwhile
        return None
    now = situation(participant)
    cohort, known = now.cohort, now.known
    due = now.due(ahead)
    if due is None or participant.state != "active":
        return None
    following = rules.next_step(
        programmes.of(cohort),
        _states(known),
        now.days,
        config.today(),
        planned=_planned(known),
        held=_held(participant),
        waiting=rules.waiting_for_data(
            programmes.of(cohort), participant.measures, registry.about_datasets()
        ),
    )
    mails = notifications.enqueue(
        "reminder",
        participant=participant,
        late=list(due.late),
        soon=list(due.soon),
        next=following.step.key if following else None,
    )
    if not mails:
        return 0
    participant.reminded_at = utcnow()
    journal.record(
        journal.SYSTEM,
        "remind",
        "participant",
        participant.id,
        {"late": list(due.late), "soon": list(due.soon)},
    )
    model.Session.commit()
    return mails


def _states(known: Mapping[str, Any]) -> dict[str, str]:
    return {key: status.state for key, status in known.items()}


def _planned(known: Mapping[str, Any]) -> dict[str, dt.date | None]:
    return {key: status.planned_for for key, status in known.items()}


def _day_of(instant: dt.datetime | None) -> dt.date | None:
    return deadlines.day_of(instant, config.display_timezone()) if instant else None


def _held(participant: Participant) -> set[str]:
    rows = model.Session.query(Award.badge).filter(
        Award.organization_id == participant.organization_id,
        sa.or_(Award.cohort_id == participant.cohort_id, Award.cohort_id.is_(None)),
        Award.state.in_(sorted(AWARD_HELD)),
    )
    return {badge for (badge,) in rows}
