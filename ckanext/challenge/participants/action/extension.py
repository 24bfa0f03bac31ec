"""Extensions: a later day for a step, for some participants of a season."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, notifications
from ckanext.challenge.common import fields, journal, labels, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    cohort_of,
    find_extension,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import extensions, lifecycle
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Cohort, Extension, Participant, StepStatus, locks
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import schema, steps
from ckanext.challenge.participants.due import days_of


def challenge_extension_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give a later day for a step to one or several participants, and say why.

    Managers of their seasons and sysadmins may call this. All of them get it, or
    none; those who have done the step, or of whom it is asked no more, are left as they
    are. The members of the others are told by mail. A later day that was given before
    is replaced; the same again changes nothing.

    :param participants: ids of participants, 1000 at most
    :type participants: list of strings
    :param step: the key of the step
    :type step: string
    :param due: the day, later than that of the season, and no later than its last day
    :type due: string
    :param reason: why; the members read it
    :type reason: string
    :returns: ``{results, settled}``: ``results`` are ``{id, participant_id, step, due,
        season_due, reason, created_at, created_by}`` each, ``settled`` the ids of the
        participants of whom nothing is asked any more
    :rtype: dict
    :raises ValidationError: on ``participants`` when a season is over for one of them;
        on ``step`` for one that a season has not, that has no day there, or that all
        have done; on ``due`` for a day that is past, not later than that of the season,
        or after its end; on ``reason`` when there is none
    """
    named = {"participants": data_dict.get("participants")}
    ids = validate(context, named, schema.extended())["participants"]
    # Before the rest is looked at: who may not is not asked for it.
    tk.check_access("challenge_extension_create", context, {"participants": ids})
    data = validate(context, data_dict, schema.extension_create())
    key: str = data["step"]
    with all_or_nothing(context):
        participants = _locked(ids)
        for cohort in {cohort_of(one) for one in participants}:
            _check(cohort, key, data["due"])
        open_, settled = _by_need(participants, key)
        if not open_:
            text = tk._("This step is done, or asked no more: nothing is to be put off")
            raise tk.ValidationError({"step": [text]})
        given = _give(context, open_, key, data["due"], data["reason"])
    return {
        "results": [
            _dictize(row, days_of(cohort_of(one)).get(key))
            for one, row in zip(open_, given, strict=True)
        ],
        "settled": [one.id for one in settled],
    }


def challenge_extension_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Take back a later day: that of the season holds again. Its members are told.

    Managers of the season and sysadmins may call this.

    :param id: the id of the extension
    :type id: string
    :raises ValidationError: on ``participants`` when the season is over
    """
    data = validate(context, data_dict, fields.reference())
    extension = find_extension(data["id"])
    tk.check_access("challenge_extension_delete", context, {"id": extension.id})
    with all_or_nothing(context):
        (participant,) = _locked([extension.participant_id])
        key = extension.step
        model.Session.delete(extension)
        steps.count(participant)
        if _by_need([participant], key)[0]:
            _tell(context, participant, key)
        journal.record(
            actor_of(context), "unextend", "participant", participant.id, {"step": key}
        )


@tk.side_effect_free
def challenge_extension_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the later days that were given in a season, or to a participant.

    Those of a season: its staff and sysadmins may call this. Those of a participant:
    the members of its organization too.

    :param cohort: the id or name of the season
    :type cohort: string
    :param participant: in its place, the id of the participant
    :type participant: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the first day first; each result is as
        :py:func:`challenge_extension_create` answers it, with ``organization_name``,
        ``organization_title`` and ``holds``: false once the season's own day is later
    :rtype: dict
    :raises ValidationError: on ``participant`` when there is neither it nor
        ``cohort``, or both
    """
    data = validate(context, data_dict, schema.extension_list())
    if ("participant" in data) == ("cohort" in data):
        raise tk.ValidationError(
            {"participant": [tk._("Name a participant or a season")]}
        )
    if "participant" in data:
        participant = find_participant(data["participant"])
        subject, cohort = {"participant": participant.id}, cohort_of(participant)
        whose = Participant.id == participant.id
    else:
        cohort = roles.seen_cohort(context, data["cohort"])
        subject = {"cohort": cohort.id}
        whose = Participant.cohort_id == cohort.id
    tk.check_access("challenge_extension_list", context, subject)
    query = (
        sa.select(
            Extension,
            model.Group.name,
            model.Group.title,
            sa.func.count().over().label("total"),
        )
        .join(Participant, Participant.id == Extension.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(whose)
        .order_by(Extension.due, model.Group.title, Extension.id)
    )
    rows = model.Session.execute(
        query.limit(data["limit"]).offset(data["offset"])
    ).all()
    count = rows[0].total if rows else _count(whose)
    days = days_of(cohort)
    return {
        "count": count,
        "results": [
            {
                **_dictize(row, season_day),
                "holds": season_day is not None and row.due > season_day,
                "organization_name": name,
                "organization_title": title or name,
            }
            for row, name, title, _ in rows
            for season_day in (days.get(row.step),)
        ],
    }


def _count(whose: Any) -> int:
    """How many there are where a page has none."""
    query = sa.select(sa.func.count()).select_from(Extension).join(Participant)
    return model.Session.execute(query.where(whose)).scalar() or 0


def _locked(ids: Sequence[str]) -> list[Participant]:
    """The participants with these ids, for whom the season goes on, locked."""
    query = model.Session.query(Participant).filter(Participant.id.in_(ids))
    seasons = sorted({row.cohort_id for row in query})
    # A season that finishes at this moment waits, or this for it.
    for cohort_id in seasons:
        cohort = Cohort.get(cohort_id)
        assert cohort is not None
        locks.refresh_for_share(cohort)
    found = (
        query.order_by(Participant.id)
        .populate_existing()
        .with_for_update(key_share=True)
        .all()
    )
    if any(
        cohort_of(one).state in lifecycle.COHORT_OVER
        or one.state not in PARTICIPANT_COUNTED
        for one in found
    ):
        text = tk._("This season is over for this participant")
        raise tk.ValidationError({"participants": [text]})
    return found


def _check(cohort: Cohort, key: str, day: dt.date) -> None:
    """Refuse a step or a day that the season does not know."""
    steps.known(cohort, key)
    season_day = days_of(cohort)[key]
    wrong = extensions.problem(day, season_day, config.today(), cohort.finalisation)
    if wrong is None:
        return
    if wrong == "undated":
        text = tk._("This step has no date in the season: there is nothing to put off")
        raise tk.ValidationError({"step": [text]})
    texts = {
        "past": tk._("{date} is past; choose today or a later day"),
        "not_later": tk._("Choose a day after {season}, the date of the season"),
        "after_end": tk._(
            "The season ends on {end}: choose a day until then, or move its end first"
        ),
        "far": tk._("This day is more than a year ahead"),
    }
    text = texts[wrong].format(
        date=labels.as_day(day),
        season=labels.as_day(season_day),
        end=labels.as_day(cohort.finalisation),
    )
    raise tk.ValidationError({"due": [text]})


def _by_need(
    participants: Sequence[Participant], key: str
) -> tuple[list[Participant], list[Participant]]:
    """Those of whom a step is still asked, and the others."""
    rows = model.Session.query(StepStatus.participant_id, StepStatus.state).filter(
        StepStatus.participant_id.in_([one.id for one in participants]),
        StepStatus.step == key,
    )
    states = dict(map(tuple, rows))
    open_, settled = [], []
    for one in participants:
        state = states.get(one.id, "todo")
        (settled if state in lifecycle.STEP_SETTLED else open_).append(one)
    return open_, settled


def _give(
    context: Context,
    participants: Sequence[Participant],
    key: str,
    day: dt.date,
    reason: str,
) -> list[Extension]:
    """Write the later days, in the order of the participants, and tell of them."""
    rows = model.Session.query(Extension).filter(
        Extension.participant_id.in_([one.id for one in participants]),
        Extension.step == key,
    )
    stored = {row.participant_id: row for row in rows.populate_existing()}
    changed: list[Participant] = []
    for one in participants:
        row = stored.get(one.id)
        if row is None:
            row = Extension(id=make_id(), participant_id=one.id, step=key)
            model.Session.add(row)
            stored[one.id] = row
        elif (row.due, row.reason) == (day, reason):
            continue
        row.due, row.reason = day, reason
        row.created_by, row.created_at = user_id_of(context), utcnow()
        # What lists read beside the later days is there for each of them.
        steps.lock_status(one, steps.known(cohort_of(one), key))
        changed.append(one)
    if changed:
        steps.count(*changed)
        for one in changed:
            _tell(context, one, key)
        said = {"step": key, "due": day.isoformat()}
        journal.record_many(
            [
                journal.Entry(actor_of(context), "extend", "participant", one.id, said)
                for one in changed
            ]
        )
    return [stored[one.id] for one in participants]


def _tell(context: Context, participant: Participant, key: str) -> None:
    notifications.enqueue(
        "step_date", participant=participant, author_id=user_id_of(context), step=key
    )


def _dictize(row: Extension, season_day: dt.date | None) -> dict[str, Any]:
    return {
        "id": row.id,
        "participant_id": row.participant_id,
        "step": row.step,
        "due": as_json(row.due),
        "season_due": as_json(season_day),
        "reason": row.reason,
        "created_at": as_json(row.created_at),
        "created_by": row.created_by,
    }
