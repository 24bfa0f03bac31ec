"""The dates of a season, moved with a view to whom that touches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, notifications, programmes
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import commit, user_id_of, validate
from ckanext.challenge.domain import deadlines, moving
from ckanext.challenge.domain.lifecycle import COHORT_LIVE, PARTICIPANT_COUNTED
from ckanext.challenge.domain.progress import Days
from ckanext.challenge.model import Application, Cohort, Participant, StepStatus
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.model.extension import later_days
from ckanext.challenge.participants import schema
from ckanext.challenge.participants.due import days_of


def challenge_cohort_dates_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Move dates of a season, or show whom that would touch.

    Its managers and sysadmins may call this. Dates that are not given stay, and what
    is given empty is taken away. Steps move with the dates that they depend on; a later
    day that a participant was given (:py:func:`challenge_extension_create`) holds
    as long as it is the later one.

    :param id: the id or name of the season
    :type id: string
    :param application_opens: the first day for applications
    :type application_opens: string
    :param application_deadline: their last day
    :type application_deadline: string
    :param launch: the day of the launch
    :type launch: string
    :param first_publication: by when each has published a first dataset
    :type first_publication: string
    :param finalisation: the last day
    :type finalisation: string
    :param revision: as :py:func:`challenge_cohort_show` gave it: a change that
        somebody else made since is an error on it
    :type revision: string
    :param tell: whether the members of those whom it touches are told by mail (false)
    :type tell: bool
    :param reason: why, in that mail
    :type reason: string
    :param dry_run: answer what would come of it, and change nothing (false)
    :type dry_run: bool
    :returns: ``{dates, steps, participants, drafts, schedule, mails}``. ``dates``:
        ``{name, before, after}`` of each that moves; ``steps``: ``{step, title, before,
        after}``; ``participants``: ``{id, organization_name, organization_title, moved,
        late, in_time, kept}`` of each that it touches, with the keys of the open steps
        whose day moves, that become late, that are late no more, and whose own later
        day holds; ``drafts``: how many applications are being written; ``schedule``:
        ``{state, before, after}`` of what the season does by itself; ``mails``: to
        how many people one goes
    :rtype: dict
    :raises ValidationError: by date; on ``revision``
    """
    data = validate(context, data_dict, schema.dates_update())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_dates_update", context, {"id": cohort.id})
    before, days, schedule = _dates(cohort), days_of(cohort), _schedule(cohort)
    asked = {name: data.get(name) for name in deadlines.MILESTONES if name in data_dict}
    revision = {"revision": data["revision"]} if "revision" in data else {}
    own: Context = {"user": context.get("user", ""), "ignore_auth": True}
    tk.get_action("challenge_cohort_patch")(
        {**own, "defer_commit": True}, {"id": cohort.id, **asked, **revision}
    )
    rows = _participants(cohort, days)
    mails = 0
    if data["tell"]:
        mails = _tell(context, cohort, before, rows, data.get("reason"))
    after, moved = _dates(cohort), days_of(cohort)
    found = {
        "dates": _changed("name", before, after),
        "steps": _steps(cohort, days, moved),
        "participants": [
            {name: row[name] for name in _SHOWN} for row in rows if _is_touched(row)
        ],
        "drafts": _drafts(cohort)
        if before["application_deadline"] != after["application_deadline"]
        else 0,
        "schedule": _changed("state", schedule, _schedule(cohort)),
        "mails": mails,
    }
    if data["dry_run"]:
        model.Session.rollback()
    else:
        commit(context)
    return found


_SHOWN = (
    *("id", "organization_name", "organization_title"),
    *moving.Touched._fields,
)


def _dates(cohort: Cohort) -> dict[str, Any]:
    return {name: getattr(cohort, name) for name in deadlines.MILESTONES}


def _schedule(cohort: Cohort) -> dict[str, Any]:
    """When the season takes each state by itself, of those that were chosen."""
    shown = tk.get_action("challenge_cohort_show")(
        {"ignore_auth": True}, {"id": cohort.id, "include_figures": False}
    )
    return {row["state"]: row["at"] for row in shown["schedule"] if row["scheduled"]}


def _changed(
    name: str, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    return [
        {name: key, "before": as_json(before.get(key)), "after": as_json(after[key])}
        for key in after
        if before.get(key) != after[key]
    ]


def _steps(cohort: Cohort, before: Days, after: Days) -> list[dict[str, Any]]:
    spoken = language.current()
    steps = programmes.of(cohort).steps_by_key
    return [
        {"step": row.pop("step"), "title": steps[key].title.in_(spoken), **row}
        for row in _changed("step", before, after)
        for key in (row["step"],)
    ]


def _participants(cohort: Cohort, before: Days) -> list[dict[str, Any]]:
    """The participants of a season that goes on, with what its dates do to each.

    :param before: the days as they were
    """
    if cohort.state not in COHORT_LIVE:
        return []
    rows = (
        model.Session.query(Participant, model.Group)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(
            Participant.cohort_id == cohort.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
            model.Group.state == "active",
        )
        .order_by(model.Group.title, Participant.id)
        .all()
    )
    ids = [participant.id for participant, _ in rows]
    states: dict[str, dict[str, str]] = {id_: {} for id_ in ids}
    for id_, step, state in model.Session.execute(
        sa.select(StepStatus.participant_id, StepStatus.step, StepStatus.state)
        .join(Participant, Participant.id == StepStatus.participant_id)
        .where(Participant.cohort_id == cohort.id)
    ):
        states.setdefault(id_, {})[step] = state
    later, after, today = later_days(ids), days_of(cohort), config.today()
    return [
        {
            "id": participant.id,
            "organization_name": group.name,
            "organization_title": group.title or group.name,
            "participant": participant,
            **{
                name: list(keys)
                for name, keys in moving.touched(
                    states[participant.id],
                    later.get(participant.id, {}),
                    before,
                    after,
                    today,
                )
                ._asdict()
                .items()
            },
        }
        for participant, group in rows
    ]


def _is_touched(row: Mapping[str, Any]) -> bool:
    return bool(row["moved"] or row["kept"])


def _tell(
    context: Context,
    cohort: Cohort,
    before: Mapping[str, Any],
    rows: list[dict[str, Any]],
    reason: str | None,
) -> int:
    """Mail the new dates to the members of those whose steps move."""
    dates = [row["name"] for row in _changed("name", before, _dates(cohort))]
    return sum(
        notifications.enqueue(
            "season_dates",
            participant=row["participant"],
            author_id=user_id_of(context),
            dates=dates,
            steps=row["moved"],
            reason=reason,
        )
        for row in rows
        if row["moved"]
    )


def _drafts(cohort: Cohort) -> int:
    return (
        model.Session.query(Application)
        .filter_by(cohort_id=cohort.id, state="draft")
        .count()
    )
