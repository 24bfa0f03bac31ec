"""A season's programme: what a newer version would change, and the move to it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.cohorts import programme as cohort_programme
from ckanext.challenge.cohorts import schema
from ckanext.challenge.common import fields, journal, language, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    rollback_and_error,
    validate,
)
from ckanext.challenge.domain import programme_diff
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import (
    Award,
    Cohort,
    Participant,
    StepStatus,
    figures,
    locks,
)
from ckanext.challenge.progress import evaluate


@tk.side_effect_free
def challenge_cohort_programme_diff(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what a season would change by moving to the portal's version of its
    programme.

    Its managers and sysadmins may call this. A season that runs keeps the programme it
    started with; the file on the portal may have become another.

    :param id: the id or name of the season
    :type id: string
    :returns: ``programme`` (its name), ``kept`` and ``offered`` (each ``{version,
        digest, title}``, or nothing where it cannot be found), ``may_move``,
        ``obstacle`` (``follows``: it does not run yet and follows the file by itself;
        ``over``: it has finished; ``gone``: the portal has no such file; ``same``;
        ``older``; ``not_raised``: the file is another one with the same version),
        ``reason`` (the same in words),
        ``participants`` (how many there are) and ``changes``: ``{part, key, title,
        change, fields, touched, to_confirm}``, ``part`` being ``programme``,
        ``phases``, ``steps``, ``badges``, ``kits`` or ``feedback``, ``change`` being
        ``added``, ``removed`` or
        ``changed``, ``fields`` what is otherwise, ``touched`` how many participants
        have begun the step, hold the badge or chose the kit, and ``to_confirm`` how
        many have done the step, which waits for an adviser after the move
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, fields.reference())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_programme_diff", context, {"id": cohort.id})
    kept, offered, obstacle = cohort_programme.offer(cohort)
    changes = programme_diff.compare(kept, offered) if kept and offered else ()
    touched = _touched(cohort) if changes else {}
    waiting = _to_confirm(cohort, kept, offered) if kept and offered else {}
    spoken = language.current()
    return {
        "programme": cohort.programme,
        "kept": _brief(kept),
        "offered": _brief(offered),
        "may_move": obstacle is None,
        "obstacle": obstacle,
        "reason": _obstacle_text(obstacle) if obstacle else None,
        "participants": figures.by_cohort([cohort.id])[cohort.id]["participants"],
        "changes": [
            {
                "part": change.part,
                "key": change.key,
                "title": change.title.in_(spoken),
                "change": change.kind,
                "fields": list(change.fields),
                "touched": touched.get((change.part, change.key), 0),
                "to_confirm": waiting.get(change.key, 0)
                if change.part == "steps"
                else 0,
            }
            for change in changes
        ],
    }


def challenge_cohort_programme_update(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Move a season to the portal's newer version of its programme.

    Its managers and sysadmins may call this. States of steps that are no longer there
    are kept and count no more; steps that are done and are to be confirmed from now on
    wait for an adviser; badges that were earned stay; everybody is evaluated at
    once. See :py:func:`challenge_cohort_programme_diff` first.

    :param id: the id or name of the season
    :type id: string
    :param version: the version to move to
    :type version: int
    :param digest: or its digest: that it is still what was looked at
    :type digest: string
    :returns: the season
    :rtype: dict
    :raises ValidationError: on ``version`` or ``digest`` when the portal's file is
        another one, on ``id`` when the season cannot move
    """
    data = validate(context, data_dict, schema.programme_update())
    cohort = roles.seen_cohort(context, data["id"])
    tk.check_access("challenge_cohort_programme_update", context, {"id": cohort.id})
    if "version" not in data and "digest" not in data:
        raise tk.ValidationError({"version": [tk._("Missing value")]})
    locks.refresh_for_update(cohort)
    kept, offered, obstacle = cohort_programme.offer(cohort)
    if obstacle is not None or offered is None or kept is None:
        raise rollback_and_error("id", _obstacle_text(obstacle or "gone"))
    for name in ("version", "digest"):
        if name in data and data[name] != getattr(offered, name):
            raise rollback_and_error(
                name,
                tk._(
                    "The portal has version {version} now: look at what it changes, "
                    "then move."
                ).format(version=offered.version),
            )
    cohort_programme.move(cohort, offered)
    journal.record(
        actor_of(context),
        "programme",
        "cohort",
        cohort.id,
        {"from": kept.version, "to": offered.version, "digest": offered.digest},
    )
    id_ = cohort.id
    # In the same transaction: nobody finds the steps of one version, and the figures
    # of the other.
    model.Session.flush()
    evaluate.evaluate(cohort_ids=[id_], commit=False)
    commit(context)
    return tk.get_action("challenge_cohort_show")(
        {"user": context.get("user", ""), "ignore_auth": True}, {"id": id_}
    )


def _obstacle_text(obstacle: cohort_programme.Obstacle) -> str:
    """Say why a season cannot move."""
    return {
        "follows": tk._(
            "This season does not run yet: it follows the portal's file by itself."
        ),
        "over": tk._("This season is over: its programme stays as it was."),
        "gone": tk._("The portal does not have this programme any more."),
        "same": tk._("The portal has no other version of this programme."),
        "older": tk._("The portal has an older version of this programme."),
        "not_raised": tk._(
            "The file has changed, but not its version. Raise the version in the file, "
            "so that badges tell which one they were earned with."
        ),
    }[obstacle]


def _brief(programme: Programme | None) -> dict[str, Any] | None:
    if programme is None:
        return None
    return {
        "version": programme.version,
        "digest": programme.digest,
        "title": programme.title.in_(language.current()),
    }


def _to_confirm(cohort: Cohort, kept: Programme, offered: Programme) -> dict[str, int]:
    """How many participants have done each step that is confirmed from now on."""
    rows = model.Session.execute(
        sa.select(StepStatus.step, sa.func.count())
        .join(Participant, Participant.id == StepStatus.participant_id)
        .where(
            Participant.cohort_id == cohort.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
            StepStatus.step.in_(cohort_programme.confirmed_now(kept, offered)),
            *cohort_programme.DONE_BY_PERSON,
        )
        .group_by(StepStatus.step)
    )
    return {row[0]: row[1] for row in rows}


def _touched(cohort: Cohort) -> dict[tuple[str, str], int]:
    """How many participants have to do with each step, badge and kit."""
    mine = (
        Participant.cohort_id == cohort.id,
        Participant.state.in_(PARTICIPANT_COUNTED),
    )
    steps = (
        sa.select(sa.literal("steps"), StepStatus.step, sa.func.count())
        .join(Participant, Participant.id == StepStatus.participant_id)
        .where(*mine, StepStatus.state != "todo")
        .group_by(StepStatus.step)
    )
    badges = (
        sa.select(
            sa.literal("badges"),
            Award.badge,
            sa.func.count(sa.distinct(Award.organization_id)),
        )
        .where(Award.cohort_id == cohort.id, Award.state.in_(sorted(AWARD_HELD)))
        .group_by(Award.badge)
    )
    chosen = (
        sa.select(sa.func.jsonb_array_elements_text(Participant.kits).label("kit"))
        .where(*mine)
        .subquery()
    )
    kits = sa.select(sa.literal("kits"), chosen.c.kit, sa.func.count()).group_by(
        chosen.c.kit
    )
    rows = model.Session.execute(sa.union_all(steps, badges, kits))
    return {(row[0], row[1]): row[2] for row in rows}
