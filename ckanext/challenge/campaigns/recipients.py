"""Who gets a message to many, what each one reads, and who reads it by mail.

Asked anew each time, so that whoever left meanwhile gets nothing; a fixed number of
statements for any number of recipients.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import access_links, fields, language, proofs, roles
from ckanext.challenge.common.action_helpers import user_id_of, validate
from ckanext.challenge.domain import lifecycle, placeholders, reminders
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.model import (
    Application,
    Campaign,
    Cohort,
    Mail,
    Participant,
    ProvedAddress,
    Staff,
    StepStatus,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.extension import later_days
from ckanext.challenge.notifications import endings
from ckanext.challenge.notifications import recipients as readers
from ckanext.challenge.participants import filters as participant_filters
from ckanext.challenge.participants.due import days_of

#: The states in which the applicants of a season are written to: nobody reads drafts,
#: and who withdrew is left alone.
APPLICANT_STATES = lifecycle.APPLICATION_SENT
#: To whom the whole staff writes; to others, managers alone.
ANY_STAFF_WRITES_TO = "participants"
#: The filters of each audience.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "participants": participant_filters.NAMES,
    "applicants": ("state",),
    "staff": ("role",),
}
_ROLES = ("manager", "adviser")


@dataclass
class Recipient:
    """One who gets a message.

    :ivar id: of the participant, the application or the user
    :ivar name: as the message calls it
    :ivar values: what it reads in the place of the placeholders
    :ivar users: the accounts that are told by mail
    :ivar mails: how many mails go: to the accounts, or to the contact
    :ivar ended: how many people want no such mails
    :ivar unproved: to how many unproved addresses a notice goes without the text
    """

    id: str
    name: str
    values: dict[str, str] = field(default_factory=dict)
    users: list[str] = field(default_factory=list)
    mails: int = 0
    ended: int = 0
    unproved: int = 0


def check_filters(audience: str, filters: Mapping[str, Any]) -> None:
    """Refuse what is no filter of an audience.

    :raises ValidationError: on ``filters``
    """
    allowed = FILTERS[audience]
    for name in filters:
        if name not in allowed:
            text = tk._("There is no filter “{name}” here. There are: {allowed}")
            told = text.format(name=str(name)[:40], allowed=", ".join(allowed))
            raise tk.ValidationError({"filters": [told]})


def of(
    context: Context,
    cohort: Cohort,
    audience: str,
    filters: Mapping[str, Any],
    chosen: Collection[str] = (),
) -> list[Recipient]:
    """Who gets a message now, by name.

    :param context: of who writes: an adviser writes to the own participants alone
    :param filters: of this audience
    :param chosen: only these ids of those whom the filters let through
    :raises ValidationError: on ``filters``
    """
    check_filters(audience, filters)
    found = _OF_AUDIENCE[audience](context, cohort, filters)
    if chosen:
        wanted = set(chosen)
        found = [one for one in found if one.id in wanted]
    return sorted(found, key=lambda one: (sort_key(one.name), one.id))


def recently(
    campaign_interval: dt.timedelta,
    cohort_id: str,
    audience: str,
    ids: Collection[str],
) -> int:
    """How many of these got a message to many of this season within that time."""
    since = utcnow() - campaign_interval
    column = {
        "participants": Mail.data["participant_id"].astext,  # type: ignore[attr-defined]
        "applicants": Mail.__table__.c.application_id,
        "staff": Mail.__table__.c.user_id,
    }[audience]
    got = (
        sa.select(column)
        .join(Campaign, Campaign.id == Mail.campaign_id)
        .where(
            Mail.cohort_id == cohort_id,
            Mail.created_at > since,
            Campaign.audience == audience,
        )
        .distinct()
    )
    return len(set(model.Session.execute(got).scalars()) & set(ids))


def _participants(
    context: Context, cohort: Cohort, filters: Mapping[str, Any]
) -> list[Recipient]:
    try:
        which = participant_filters.chosen(context, cohort, filters)
    except tk.ValidationError as error:
        # The filters are one field here; each names what is wrong with it.
        told = [
            f"{name}: {text}"
            for name, texts in error.error_dict.items()
            for text in texts  # type: ignore[union-attr]
        ]
        raise tk.ValidationError({"filters": told}) from error
    conditions: list[sa.ColumnElement[bool]] = [
        Participant.id.in_(which),
        # The board finds those that left; nobody writes to them any more.
        Participant.state.in_(lifecycle.PARTICIPANT_COUNTED),
    ]
    if not (context.get("ignore_auth") or roles.is_manager(context, cohort.id)):
        conditions.append(Participant.adviser_id == user_id_of(context))
    rows = model.Session.execute(
        sa.select(
            Participant.id,
            Participant.organization_id,
            model.Group.name,
            model.Group.title,
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(*conditions)
    ).all()
    known: dict[str, dict[str, Any]] = {}
    for status in model.Session.execute(
        sa.select(StepStatus.participant_id, StepStatus.step, StepStatus.state).where(
            StepStatus.participant_id.in_(which)
        )
    ):
        known.setdefault(status.participant_id, {})[status.step] = status.state
    later = later_days([row.id for row in rows])
    people = _publishers(which)
    everybody = [user for users in people.values() for user in users]
    ended = endings.users_of(cohort.id, {user.id for user in everybody})
    untrusted = proofs.untrusted([user for user in everybody if user.id not in ended])
    with language.speaking(tk.config["ckan.locale_default"]):
        base = _url(
            "challenge_home.enter", cohort=cohort.name, organization="ORGANIZATION"
        )
        steps = _Steps(cohort)
        found = []
        for row in rows:
            members = people.get(row.organization_id, [])
            told = [user.id for user in members if user.id not in ended]
            name = row.title or row.name
            values = {
                "name": name,
                "season": cohort.title,
                "link": base.replace("ORGANIZATION", row.name),
                **steps.left(
                    known.get(row.id, {}),
                    rules.extended(steps.due, later.get(row.id, {})),
                ),
            }
            found.append(
                Recipient(
                    row.id,
                    name,
                    values,
                    told,
                    mails=len(told),
                    ended=len(members) - len(told),
                    unproved=len(untrusted.intersection(told)),
                )
            )
    return found


def _publishers(which: sa.Select[tuple[str]]) -> dict[str, list[Any]]:
    """The accounts that publish for the organizations of participants: ``id``,
    ``email``, ``state``.
    """
    organizations = sa.select(Participant.organization_id).where(
        Participant.id.in_(which)
    )
    statement = (
        readers.publishers()
        .add_columns(
            model.User.id, model.User.email, model.User.state, model.Member.group_id
        )
        .where(model.Member.group_id.in_(organizations))
    )
    found: dict[str, list[Any]] = {}
    for row in model.Session.execute(statement):
        found.setdefault(row.group_id, []).append(row)
    return found


class _Steps:
    """What is left to do in a season, in words for its members."""

    def __init__(self, cohort: Cohort) -> None:
        self.programme = programmes.of(cohort)
        self.due = days_of(cohort)
        self.today = config.today()
        self.language = language.current()
        # Written once, and not for each recipient.
        self.days: dict[dt.date, str] = {}

    def left(self, states: Mapping[str, str], due: rules.Days) -> dict[str, str]:
        """The values of the placeholders about steps.

        :param states: of one participant, by the key of the step
        :param due: the days on which its steps are due
        """
        left = reminders.left(self.programme, states, due)
        ahead = [day for _, day in left if day is not None and day >= self.today]
        number = len(left)
        return {
            "steps_left": tk.ungettext(
                "{number} step", "{number} steps", number
            ).format(number=number),
            "steps": "\n".join(self._line(key, day) for key, day in left)
            or tk._("Nothing is left to do."),
            "next_date": self._day(min(ahead))
            if ahead
            else tk._("the end of the season"),
        }

    def _day(self, day: dt.date) -> str:
        if day not in self.days:
            self.days[day] = tk.h.challenge_date(day)
        return self.days[day]

    def _line(self, key: str, day: dt.date | None) -> str:
        title = self.programme.steps_by_key[key].title.in_(self.language)
        if day is None:
            return f"- {title}"
        dated = tk._("{step}, by {date}")
        return f"- {dated.format(step=title, date=self._day(day))}"


def _applicants(
    context: Context, cohort: Cohort, filters: Mapping[str, Any]
) -> list[Recipient]:
    data = _validated(context, filters, "state", APPLICANT_STATES)
    states = [data["state"]] if "state" in data else APPLICANT_STATES
    rows = (
        model.Session.query(Application)
        .filter(
            Application.cohort_id == cohort.id,
            Application.state.in_(states),
            Application.submitted_at.isnot(None),
            Application.erased_at.is_(None),
        )
        .all()
    )
    ended = endings.applications_of(cohort.id)
    proved = set(
        model.Session.query(ProvedAddress.user_id, ProvedAddress.digest).filter(
            ProvedAddress.user_id.in_([row.user_id for row in rows if row.user_id])
        )
    )
    base = _url("challenge_applicant.read", id="APPLICATION")
    return [
        Recipient(
            row.id,
            row.organization_title,
            {
                "name": row.organization_title,
                "season": cohort.title,
                "reference": row.reference,
                # Without a key: what is written stands in the conversation, too.
                "link": base.replace("APPLICATION", row.id),
            },
            mails=int(bool(row.contact_email) and row.id not in ended),
            ended=int(row.id in ended),
            unproved=int(row.id not in ended and not _is_proved(row, proved)),
        )
        for row in rows
    ]


def _is_proved(application: Application, proved: Collection[Any]) -> bool:
    if application.email_confirmed_at is not None or not application.contact_email:
        return True
    digest = access_links.digest_of(application.contact_email)
    return (application.user_id, digest) in proved


def _staff(
    context: Context, cohort: Cohort, filters: Mapping[str, Any]
) -> list[Recipient]:
    data = _validated(context, filters, "role", _ROLES)
    query = (
        model.Session.query(model.User)
        .join(Staff, Staff.user_id == model.User.id)
        .filter(Staff.cohort_id == cohort.id, model.User.state == model.State.ACTIVE)
        .distinct()
    )
    if "role" in data:
        query = query.filter(Staff.role == data["role"])
    people = query.all()
    ended = endings.users_of(cohort.id, {user.id for user in people})
    reached = [user for user in people if user.email and user.id not in ended]
    told = {user.id for user in reached}
    untrusted = proofs.untrusted(reached)
    link = _url("challenge_manage.season", cohort=cohort.name)
    return [
        Recipient(
            user.id,
            user.display_name,
            {"name": user.display_name, "season": cohort.title, "link": link},
            [user.id] if user.id in told else [],
            mails=int(user.id in told),
            ended=int(user.id in ended),
            unproved=int(user.id in untrusted),
        )
        for user in people
    ]


def _validated(
    context: Context, filters: Mapping[str, Any], name: str, allowed: Sequence[str]
) -> dict[str, Any]:
    try:
        return validate(context, filters, {name: fields.choice(allowed)})
    except tk.ValidationError as error:
        raise tk.ValidationError({"filters": error.error_dict[name]}) from error


def _url(endpoint: str, **values: Any) -> str:
    with language.speaking(tk.config["ckan.locale_default"]):
        return str(tk.h.url_for(endpoint, **values, _external=True))


_OF_AUDIENCE = {
    "participants": _participants,
    "applicants": _applicants,
    "staff": _staff,
}
assert tuple(_OF_AUDIENCE) == placeholders.AUDIENCES
