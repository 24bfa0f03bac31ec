"""Participants: the organizations of a season."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications, programmes
from ckanext.challenge.applications import (
    claims,
    decisions,
    given_roles,
    onboarding,
    waiting_list,
)
from ckanext.challenge.applications.transitions import lock_cohort
from ckanext.challenge.common import fields, journal, language, names, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    checked_transition,
    cohort_of,
    commit,
    find_organization,
    find_participant,
    is_deferred,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Application, Award, Cohort, Participant, locks
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json, columns
from ckanext.challenge.participants import accompaniment, schema
from ckanext.challenge.progress import evaluate

_SHOWN = (
    "id",
    "cohort_id",
    "organization_id",
    "siren",
    "kind",
    "population",
    "departement",
    "state",
    "joined_at",
    "kits",
    "steps_done",
    "steps_total",
    "percent",
    "current_phase",
    "late_steps",
    "last_activity_at",
    "evaluated_at",
    "measures",
    "withdrawn_at",
)


@tk.side_effect_free
def challenge_participant_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the participants of a season, or the seasons of an organization.

    Anybody may call this. Participants of drafts are listed for staff only.

    :param cohort: the id or name of the season
    :type cohort: string
    :param organization: the id or name of the organization
    :type organization: string
    :param mine: only of organizations that the caller is a member of (false)
    :type mine: bool
    :param state: ``active``, ``completed`` or ``withdrawn``; else the first two
    :type state: string
    :param phase: only those whose current phase this is
    :type phase: string
    :param departement: only those of this département
    :type departement: string
    :param kind: only those of this kind
    :type kind: string
    :param q: part of the organization's title
    :type q: string
    :param sort: ``progress`` (the most first), ``name`` or ``activity`` (the latest
        first)
    :type sort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``; each result has the stored progress,
        ``organization_name``, ``organization_title``, ``image_url``, ``cohort`` (the
        season's name), ``last_badge`` (``{id, badge, title, level, awarded_at}``) and
        ``badges_count``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.participant_list())
    if not (data["mine"] or "cohort" in data or "organization" in data):
        raise tk.ValidationError({"cohort": [tk._("Name a season or an organization")]})
    conditions: list[Any] = []
    staff = False
    if "cohort" in data:
        cohort = roles.seen_cohort(context, data["cohort"])
        tk.check_access("challenge_participant_list", context, {"cohort": cohort.id})
        staff = roles.is_staff(context, cohort.id)
        conditions.append(Participant.cohort_id == cohort.id)
    else:
        tk.check_access("challenge_participant_list", context, {})
        if not roles.is_sysadmin(context):
            conditions.append(Cohort.state != "draft")
    if "organization" in data:
        group = find_organization(data["organization"])
        conditions.append(Participant.organization_id == group.id)
    if data["mine"]:
        conditions.append(_of_member(user_id_of(context)))
    conditions += _filters(data)
    rows = _rows(conditions, data["sort"], data["limit"], data["offset"])
    if rows:
        count = rows[0].total
    else:
        # A page past the end, or a limit of none.
        total = _select(sa.func.count()).where(*conditions)
        count = model.Session.execute(total).scalar()
    return {"count": count, "results": _dictize(rows, staff)}


def _filters(data: dict[str, Any]) -> list[Any]:
    """What a list of participants is narrowed to, as conditions."""
    found: list[Any] = [
        Participant.state == data["state"]
        if "state" in data
        else Participant.state.in_(PARTICIPANT_COUNTED)
    ]
    for name, column in (
        ("phase", Participant.current_phase),
        ("departement", Participant.departement),
        ("kind", Participant.kind),
    ):
        if name in data:
            found.append(column == data[name])
    if "q" in data:
        found.append(names.containing(model.Group.title, data["q"]))
    return found


def _of_member(user_id: str | None) -> Any:
    """Participants of whose organization somebody is a member, as a condition."""
    return Participant.organization_id.in_(
        sa.select(model.Member.group_id).where(
            model.Member.table_name == "user",
            model.Member.table_id == (user_id or ""),
            model.Member.state == "active",
        )
    )


@tk.side_effect_free
def challenge_participant_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a participant.

    Anybody may call this, unless the season is a draft.

    :param id: the id of the participant
    :type id: string
    :returns: a row as those of :py:func:`challenge_participant_list`
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    participant = find_participant(data["id"])
    tk.check_access("challenge_participant_show", context, {"id": participant.id})
    rows = _rows([Participant.id == participant.id], "name", 1, 0)
    if not rows:
        raise tk.ObjectNotFound(tk._("There is no such participant"))
    return _dictize(rows, roles.may_follow(context, participant))[0]


def challenge_participant_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Let an organization take part without an application.

    Sysadmins may call this, and managers of the season who are admins of that very
    organization: others would decide in its place. An organization that takes part
    already stays as it is.

    :param cohort: the id or name of the season
    :type cohort: string
    :param organization: the id or name of the organization
    :type organization: string
    :returns: the participant
    :rtype: dict
    :raises NotAuthorized: to a manager, with who can
    :raises ValidationError: on ``cohort`` when it is full
    """
    data = validate(context, data_dict, schema.participant_create())
    cohort = roles.seen_cohort(context, data["cohort"])
    # Whoever may not at all is not told which organizations there are.
    tk.check_access("challenge_participant_create", context, {"cohort": cohort.id})
    group = find_organization(data["organization"])
    tk.check_access(
        "challenge_participant_create",
        context,
        {"cohort": cohort.id, "organization": group.id},
    )
    locks.refresh_for_update(cohort)
    try:
        with checked_transition():
            participant = onboarding.join(cohort, group, actor_of(context))
    except onboarding.CohortFull as error:
        model.Session.rollback()
        raise _full(error) from error
    commit(context)
    return _show(context, participant.id)


def challenge_participant_withdraw(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take a participant out of a season; its organization and datasets stay.

    The roles in the organization that were given for this participation end, but for
    those that its own admins gave.

    Managers of the season and sysadmins may call this. Its members are told why by
    mail. Where the season says so (``automatic_promotion``), the head of the waiting
    list takes the place. :py:func:`challenge_participant_reinstate` undoes it.

    :param id: the id of the participant
    :type id: string
    :param reason: why; its members and the team read it, nobody else
    :type reason: string
    :returns: the participant, with ``promoted`` (who was accepted from the waiting
        list) and ``next_in_line`` (who is its head now), each ``{id, reference,
        organization_title}`` or ``null``
    :rtype: dict
    :raises ValidationError: on ``reason`` when it is missing; on ``state`` when it
        takes no part any more, or has completed the season
    """
    named = validate(context, {"id": data_dict.get("id")}, fields.reference())
    participant = find_participant(named["id"])
    # Before the reason is looked at: who may not is not asked for one.
    tk.check_access("challenge_participant_withdraw", context, {"id": participant.id})
    data = validate(context, data_dict, schema.withdraw())
    cohort_id = participant.cohort_id
    with all_or_nothing(context):
        # The season first, as for an acceptance: a place is given away once.
        lock_cohort(cohort_id)
        locks.refresh_for_update(participant)
        before = participant.state
        with checked_transition():
            lifecycle.PARTICIPANT.check(before, "withdrawn")
        participant.state = "withdrawn"
        participant.withdrawn_at = utcnow()
        participant.withdrawn_reason = data["reason"]
        if participant.application_id:
            claims.end(participant.application_id, actor_of(context))
        journal.record(
            actor_of(context),
            "transition",
            "participant",
            participant.id,
            {"from": before, "to": "withdrawn"},
        )
        notifications.enqueue(
            "participant_withdrawn",
            participant=participant,
            author_id=user_id_of(context),
        )
        # Those who lose a role are told as well.
        given_roles.take_back(
            actor_of(context), given_roles.of_participant(participant.id)
        )
        given_roles.drop_waiting(given_roles.waiting_for(participant.id))
    promoted = decisions.promote_next(context, cohort_id)
    return {
        **_show(context, participant.id),
        "promoted": _waiting(promoted),
        "next_in_line": _waiting(waiting_list.head(cohort_id)),
    }


def challenge_participant_reinstate(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take a participant that withdrew back into its season, as it was.

    Managers of the season and sysadmins may call this, while the season is open or
    running and a place is free. Its members are told by mail, those included who get
    the roles back that its departure took. A question to the admins of its organization
    that ended with its departure is not asked again.

    :param id: the id of the participant
    :type id: string
    :returns: the participant
    :rtype: dict
    :raises ValidationError: on ``state`` when it did not withdraw, or when the season
        is over; on ``cohort`` when it is full
    """
    data = validate(context, data_dict, fields.reference())
    participant = find_participant(data["id"])
    tk.check_access("challenge_participant_reinstate", context, {"id": participant.id})
    with all_or_nothing(context):
        cohort = lock_cohort(participant.cohort_id)
        locks.refresh_for_update(participant)
        before = participant.state
        with checked_transition():
            lifecycle.PARTICIPANT.check(before, "active")
        if cohort.state not in lifecycle.COHORT_ADMITTING:
            raise tk.ValidationError(
                {"state": [tk._("This season is over for this participant")]}
            )
        try:
            onboarding.check_place(cohort)
        except onboarding.CohortFull as error:
            raise _full(error) from error
        participant.state = "active"
        given_roles.give_back(actor_of(context), participant)
        participant.withdrawn_at = participant.withdrawn_reason = None
        journal.record(
            actor_of(context),
            "transition",
            "participant",
            participant.id,
            {"from": before, "to": "active"},
        )
        notifications.enqueue(
            "participant_reinstated",
            participant=participant,
            author_id=user_id_of(context),
        )
    if not is_deferred(context):
        # What it published meanwhile counts again.
        evaluate.refresh([participant.organization_id])
    return _show(context, participant.id)


def _full(error: onboarding.CohortFull) -> tk.ValidationError:
    text = tk._("The season is full: it takes {capacity} participants")
    return tk.ValidationError({"cohort": [text.format(capacity=error.capacity)]})


def _waiting(application: Application | None) -> dict[str, Any] | None:
    if application is None:
        return None
    return columns(application, ("id", "reference", "organization_title"))


def challenge_participant_assign(context: Context, data_dict: dict[str, Any]) -> Any:
    """Name the adviser of a participant.

    Managers of the season and sysadmins may call this.

    :param id: the id of the participant
    :type id: string
    :param adviser: the id or name of a user who is staff of the season; nobody when
        left out
    :type adviser: string
    :returns: the participant
    :rtype: dict
    """
    data = validate(context, data_dict, schema.assign())
    participant = find_participant(data["id"])
    tk.check_access("challenge_participant_assign", context, {"id": participant.id})
    adviser = None
    if "adviser" in data:
        adviser = accompaniment.on_team(participant.cohort_id, data["adviser"])
    participant.adviser_id = adviser.id if adviser else None
    journal.record(
        actor_of(context),
        "assign",
        "participant",
        participant.id,
        {"adviser_id": participant.adviser_id},
    )
    commit(context)
    return _show(context, participant.id)


def challenge_participant_kits_update(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Say which kits a participant means to open.

    Members of its organization, its adviser and managers may call this.

    :param participant: the id of the participant
    :type participant: string
    :param kits: names of kits of the season's programme
    :type kits: list of strings
    :returns: the participant
    :rtype: dict
    """
    data = validate(context, data_dict, schema.kits_update())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_participant_kits_update", context, {"participant": participant.id}
    )
    cohort = cohort_of(participant)
    if (
        cohort.state in lifecycle.COHORT_OVER
        or participant.state not in PARTICIPANT_COUNTED
    ):
        raise tk.ValidationError(
            {"participant": [tk._("This season is over for this participant")]}
        )
    known = [kit.key for kit in programmes.of(cohort).kits]
    for kit in data["kits"]:
        if kit not in known:
            raise tk.ValidationError(
                {
                    "kits": [
                        tk._("“{value}” is not one of: {allowed}").format(
                            value=kit[:40], allowed=", ".join(known)
                        )
                    ]
                }
            )
    participant.kits = data["kits"]
    participant.last_activity_at = utcnow()
    journal.record(
        actor_of(context),
        "choose_kits",
        "participant",
        participant.id,
        {"kits": data["kits"]},
    )
    if commit(context):
        evaluate.refresh([participant.organization_id])
    return _show(context, participant.id)


def _show(context: Context, id_: str) -> Any:
    return tk.get_action("challenge_participant_show")(
        {"user": context.get("user", ""), "ignore_auth": True}, {"id": id_}
    )


def _select(*selected: Any) -> Any:
    return (
        sa.select(*selected)
        .select_from(Participant)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .where(model.Group.state == "active")
    )


@cache
def _listed(sort: str) -> Any:
    """All that is shown of participants in an order, to be narrowed.

    It is put together once for a process: that takes as long as to read a page of it.
    """
    by_name = names.in_order(model.Group.title)
    orders: dict[str, tuple[Any, ...]] = {
        "progress": (Participant.percent.desc(), *by_name),
        "name": (*by_name,),
        "activity": (Participant.last_activity_at.desc().nullslast(),),
    }
    return _select(
        *(getattr(Participant, name) for name in _SHOWN),
        Participant.adviser_id,
        Participant.withdrawn_reason,
        sa.func.count().over().label("total"),
        Cohort.name.label("cohort"),
        Cohort.title.label("cohort_title"),
        Cohort.state.label("cohort_state"),
        Cohort.programme,
        Cohort.programme_digest,
        model.Group.name.label("organization_name"),
        model.Group.title.label("organization_title"),
        model.Group.image_url,
    ).order_by(*orders[sort], Participant.id)


def _rows(
    conditions: Sequence[Any], sort: str, limit: int, offset: int
) -> Sequence[Any]:
    query = _listed(sort).where(*conditions).limit(limit).offset(offset)
    return model.Session.execute(query).all()


def _dictize(rows: Sequence[Any], staff: bool) -> list[dict[str, Any]]:
    badges = _badges(rows)
    titles = _Titles()
    shown = []
    for row in rows:
        mine = badges.get((row.cohort_id, row.organization_id), [])
        item = {
            **columns(row, _SHOWN),
            "cohort": row.cohort,
            "cohort_title": row.cohort_title,
            "cohort_state": row.cohort_state,
            "organization_name": row.organization_name,
            "organization_title": row.organization_title or row.organization_name,
            "image_url": row.image_url or None,
            "badges_count": len(mine),
            "last_badge": _dictize_badge(mine[0], titles.of(row)) if mine else None,
        }
        if staff:
            item["adviser_id"] = row.adviser_id
            item["withdrawn_reason"] = row.withdrawn_reason
        shown.append(item)
    return shown


@cache
def _held() -> Any:
    return (
        sa.select(
            Award.id,
            Award.cohort_id,
            Award.organization_id,
            Award.badge,
            Award.level,
            Award.awarded_at,
        )
        .where(
            Award.cohort_id.in_(sa.bindparam("cohorts", expanding=True)),
            Award.organization_id.in_(sa.bindparam("organizations", expanding=True)),
            Award.state.in_(lifecycle.AWARD_HELD),
        )
        .order_by(Award.awarded_at.desc(), Award.level.desc().nullslast())
    )


def _badges(rows: Sequence[Any]) -> dict[tuple[str, str], list[Any]]:
    """The badges held by each participant in its cohort, the latest first."""
    if not rows:
        return {}
    found: dict[tuple[str, str], list[Any]] = {}
    asked = {
        "cohorts": list({row.cohort_id for row in rows}),
        "organizations": [row.organization_id for row in rows],
    }
    for award in model.Session.execute(_held(), asked):
        found.setdefault((award.cohort_id, award.organization_id), []).append(award)
    return found


class _Titles:
    """The titles of badges in the reader's language, looked for once a season."""

    def __init__(self) -> None:
        self._spoken = language.current()
        self._by_season: dict[str, dict[str, str]] = {}

    def of(self, row: Any) -> dict[str, str]:
        """Those of a participant's season, by the keys of the badges."""
        if row.cohort_id not in self._by_season:
            try:
                badges = programmes.of(row).badges
            except programmes.ProgrammeMissing:
                # CKAN's own pages of organizations show this: they go on without.
                badges = ()
            titles = {badge.key: badge.title.in_(self._spoken) for badge in badges}
            self._by_season[row.cohort_id] = titles
        return self._by_season[row.cohort_id]


def _dictize_badge(award: Any, titles: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": award.id,
        "badge": award.badge,
        "title": titles.get(award.badge, award.badge),
        "level": award.level,
        "awarded_at": as_json(award.awarded_at),
    }
