"""Which participants of a season are meant.

The board, its exports, what is done to many and messages to many ask here, so that
whoever is listed is who is written to.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context, Schema

from ckanext.challenge import config, programmes
from ckanext.challenge.common import fields, names, roles
from ckanext.challenge.common.action_helpers import user_id_of, validate
from ckanext.challenge.domain import eligibility, lifecycle
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import Award, Cohort, Feedback, Participant, Visit
from ckanext.challenge.model import stalled as lost_sight
from ckanext.challenge.model.base import utcnow

from . import accompaniment, lateness

#: In place of an adviser: those whom nobody accompanies.
NOBODY = "none"
#: Whether a participant said what it thinks of the season.
OPINIONS = ("given", "none")
#: In place of a step: those who are late with any.
ANY = "any"
#: The most days without a visit that may be asked for.
_LONGEST = 3650


def schema() -> Schema:
    """The filters, for the schema of an action that takes them beside other fields."""
    return {
        "phase": fields.word(100),
        "late": fields.word(100),
        "adviser": fields.raw(required=False),
        "departement": fields.word(3),
        "kind": fields.choice(eligibility.KINDS),
        "stalled": fields.yes_or_no(),
        "badge": fields.word(100),
        "opinion": fields.choice(OPINIONS),
        "no_visit": fields.whole(1, _LONGEST),
        "state": fields.choice(lifecycle.PARTICIPANT.states),
        "q": fields.word(200),
    }


#: The names of all filters.
NAMES = tuple(schema())


def field() -> list[fields.Validator]:
    """Filters as a field of an action: an object, or the JSON of one; see
    :func:`chosen` for what it may hold.
    """

    def is_object(value: Any) -> Any:
        found = value
        if isinstance(value, str):
            try:
                found = json.loads(value)
            except ValueError:
                found = None
        if not isinstance(found, dict):
            raise tk.Invalid(
                tk._("An object is needed here, as in {example}").format(
                    example='{"late": "any"}'
                )
            )
        return found

    return [fields.default({}), is_object]


def chosen(
    context: Context, cohort: Cohort, filters: Mapping[str, Any]
) -> sa.Select[tuple[str]]:
    """A select of the ids of the participants that meet all the filters.

    :param context: whose: an adviser knows of the visits of the own participants
        alone, so ``no_visit`` finds no others
    :param filters: any of ``phase`` (the key of the current one), ``late`` (the key of
        a step, or ``any``), ``adviser`` (the id or name of a user, or ``none``),
        ``departement`` (its code), ``kind``, ``stalled`` (true or false), ``badge``
        (the key of one that it holds), ``opinion`` (``given`` or ``none``: whether it
        answered the form at the end), ``no_visit`` (for so many days), ``state``
        (those who take part, unless it is given) and ``q`` (part of the name, or the
        SIREN); those that are empty choose nothing
    :raises ValidationError: on the filter that is wrong, or that there is not: one
        that is passed over would choose everybody
    """
    unknown = [name for name in filters if name not in NAMES]
    if unknown:
        text = tk._("There is no such filter. There are: {allowed}")
        raise tk.ValidationError(
            {
                str(name)[:40]: [text.format(allowed=", ".join(NAMES))]
                for name in unknown
            }
        )
    known = {name: rule for name, rule in schema().items() if name in filters}
    data = validate(context, filters, known)
    found: list[Any] = [
        Participant.cohort_id == cohort.id,
        model.Group.state == "active",
        Participant.state == data["state"]
        if "state" in data
        else Participant.state.in_(PARTICIPANT_COUNTED),
    ]
    for name, column in (
        ("departement", Participant.departement),
        ("kind", Participant.kind),
    ):
        if name in data:
            found.append(column == data[name])
    if {"phase", "late", "badge"} & data.keys():
        found += _of_programme(cohort, programmes.of(cohort), data)
    if "adviser" in data:
        found.append(_adviser(cohort, data["adviser"]))
    if "stalled" in data:
        condition = stalled()
        found.append(condition if data["stalled"] else sa.not_(condition))
    if "opinion" in data:
        said = sa.exists().where(Feedback.participant_id == Participant.id)
        found.append(said if data["opinion"] == "given" else sa.not_(said))
    if "no_visit" in data:
        found.append(_no_visit(data["no_visit"]))
        if not (context.get("ignore_auth") or roles.is_manager(context, cohort.id)):
            found.append(Participant.adviser_id == user_id_of(context))
    if "q" in data:
        found.append(
            sa.or_(
                names.containing(model.Group.title, data["q"]),
                Participant.siren == data["q"].replace(" ", ""),
            )
        )
    return (
        sa.select(Participant.id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(*found)
    )


def _of_programme(
    cohort: Cohort, programme: Programme, data: Mapping[str, Any]
) -> list[Any]:
    """The conditions on what the season's programme names."""
    found: list[Any] = []
    if "phase" in data:
        _known("phase", data["phase"], [phase.key for phase in programme.phases])
        found.append(Participant.current_phase == data["phase"])
    if "late" in data:
        _known("late", data["late"], [ANY, *programme.steps_by_key])
        found.append(
            lateness.with_any(cohort)
            if data["late"] == ANY
            else lateness.with_step(cohort, data["late"])
        )
    if "badge" in data:
        _known("badge", data["badge"], list(programme.badges_by_key))
        found.append(_holds(cohort, data["badge"]))
    return found


def _known(name: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        text = tk._("“{value}” is not one of: {allowed}")
        raise tk.ValidationError(
            {name: [text.format(value=value[:40], allowed=", ".join(allowed))]}
        )


def _holds(cohort: Cohort, badge: str) -> Any:
    return sa.exists().where(
        Award.cohort_id == cohort.id,
        Award.organization_id == Participant.organization_id,
        Award.badge == badge,
        Award.state.in_(lifecycle.AWARD_HELD),
    )


def _adviser(cohort: Cohort, reference: str) -> Any:
    if reference == NOBODY:
        return Participant.adviser_id.is_(None)
    return Participant.adviser_id == accompaniment.on_team(cohort.id, reference).id


@cache
def stalled_reasons() -> Mapping[str, Any]:
    """Why a participant is one to ask after, as :func:`.stalled.conditions`: by the
    rules of the portal, and at the moment, as they are when a statement is sent.
    """
    return lost_sight.conditions(
        sa.bindparam("stalled_days", callable_=config.stalled_days, type_=sa.Integer),
        sa.bindparam(
            "stalled_late_steps", callable_=config.stalled_late_steps, type_=sa.Integer
        ),
        sa.bindparam("stalled_now", callable_=utcnow, type_=sa.DateTime(timezone=True)),
    )


@cache
def stalled() -> Any:
    """Whether a participant is one to ask after (``domain.stalled``)."""
    return sa.exists().where(
        Cohort.id == Participant.cohort_id, sa.or_(*stalled_reasons().values())
    )


def held() -> Any:
    """Visits that were, as a condition."""
    return Visit.state == "done"


def to_come() -> Any:
    """Visits that are planned, as a condition; the day is that on which it is sent."""
    today = sa.bindparam("visits_today", callable_=config.today, type_=sa.Date)
    return sa.and_(Visit.state == "planned", Visit.date >= today)


def _no_visit(days: int) -> Any:
    """Nobody was there for so many days; a visit to come does not count."""
    return sa.not_(
        sa.exists().where(
            Visit.participant_id == Participant.id,
            held(),
            Visit.date > config.today() - dt.timedelta(days=days),
        )
    )
