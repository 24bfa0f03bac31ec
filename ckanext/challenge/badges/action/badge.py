"""Badges, and the awards by which organizations hold them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import programmes
from ckanext.challenge.badges import schema, words
from ckanext.challenge.badges.shortfalls import described, pictured
from ckanext.challenge.common import fields, journal, roles, session_events
from ckanext.challenge.common.action_helpers import (
    actor_of,
    checked_transition,
    commit,
    find_organization,
    user_id_of,
    validate,
)
from ckanext.challenge.common.language import current
from ckanext.challenge.domain import assurance, lifecycle
from ckanext.challenge.domain.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    StepDone,
    StepsDone,
)
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.measures import registry
from ckanext.challenge.model import (
    Award,
    Cohort,
    Participant,
    Staff,
    catalog,
    confirmations,
    figures,
    locks,
)
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import as_json, columns, name_of
from ckanext.challenge.signals import AwardEvent, awards_changed, awards_stored

_AWARD_COLUMNS = (
    "id",
    "badge",
    "level",
    "programme",
    "programme_version",
    "organization_id",
    "cohort_id",
    "awarded_at",
    "source",
    "reason",
    "state",
    "lost_on",
    "revoked_at",
    "revoked_reason",
    "revoked_source",
)


@tk.side_effect_free
def challenge_badge_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the badges that can be earned on this portal.

    Anybody may call this. A badge that several programmes have is listed once, as the
    first of them has it.

    :param programme: only those of this programme
    :type programme: string
    :param cohort: the id or name of a season: only its badges, as its programme has
        them, and of the holders only those who take part in it
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{badge, title, description, level, icon,
        colour, shape, policy, grace_days, scope, programme, programme_version,
        holders}``, ``holders`` being the number of organizations that hold it
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, schema.badge_list())
    cohort = roles.seen_cohort(context, data["cohort"]) if "cohort" in data else None
    tk.check_access(
        "challenge_badge_list", context, {"cohort": cohort.id} if cohort else {}
    )
    if cohort is None:
        found = list(programmes.badges(data.get("programme")).values())
    else:
        own = programmes.of(cohort)
        found = [(own, badge) for badge in own.badges]
    shown = found[data["offset"] : data["offset"] + data["limit"]]
    holders = _holders([badge.key for _, badge in shown], cohort)
    return {
        "count": len(found),
        "results": [
            _dictize_badge(programme, badge, holders) for programme, badge in shown
        ],
    }


@tk.side_effect_free
def challenge_badge_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a badge and how it is earned.

    Anybody may call this.

    :param badge: its key
    :type badge: string
    :param programme: as this programme has it; else the first that has it
    :type programme: string
    :returns: as :py:func:`challenge_badge_list`, and ``criteria``: ``{measure,
        definition, unit, at_least}``, ``{step, title}``, ``{steps: [{step, title}]}``,
        ``{all: […]}`` or ``{any: […]}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such badge
    """
    data = validate(context, data_dict, schema.badge_show())
    tk.check_access("challenge_badge_show", context, data)
    found = programmes.badges(data.get("programme")).get(data["badge"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such badge"))
    programme, badge = found
    return {
        **_dictize_badge(programme, badge, _holders([badge.key])),
        "criteria": _dictize_criterion(programme, badge.criteria),
    }


@tk.side_effect_free
def challenge_award_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the badges that organizations hold, the latest first.

    Anybody may call this. Those of draft seasons are listed for sysadmins only, those
    of organizations that are deleted for nobody.

    :param organization: the id or name of an organization
    :type organization: string
    :param cohort: the id or name of a season
    :type cohort: string
    :param badge: the key of a badge
    :type badge: string
    :param state: ``active``, ``at_risk`` or ``revoked``; else the first two
    :type state: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each as :py:func:`challenge_award_show` without
        ``criteria``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.award_list())
    conditions: list[Any] = [
        Award.state == data["state"]
        if "state" in data
        else Award.state.in_(sorted(AWARD_HELD))
    ]
    cohort = roles.seen_cohort(context, data["cohort"]) if "cohort" in data else None
    tk.check_access(
        "challenge_award_list", context, {"cohort": cohort.id} if cohort else {}
    )
    if cohort is not None:
        conditions.append(Award.cohort_id == cohort.id)
    elif not roles.is_sysadmin(context):
        conditions.append(sa.or_(Cohort.id.is_(None), Cohort.state != "draft"))
    if "organization" in data:
        group = find_organization(data["organization"])
        conditions.append(Award.organization_id == group.id)
    if "badge" in data:
        conditions.append(Award.badge == data["badge"])
    count = model.Session.execute(_awards(sa.func.count()).where(*conditions)).scalar()
    rows = model.Session.execute(
        _awards(*_selected(), Award.criteria)
        .where(*conditions)
        .order_by(Award.awarded_at.desc(), Award.id)
        .limit(data["limit"])
        .offset(data["offset"])
    )
    word_of = words.reader()
    return {
        "count": count,
        "results": [
            _dictize_award(row, word_of(row, row.criteria.get("met", [])))
            for row in rows
        ],
    }


@tk.side_effect_free
def challenge_award_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a badge that an organization holds or held, with what it was given for.

    Anybody may call this, unless the season is a draft.

    :param id: the id of the award
    :type id: string
    :returns: ``{id, badge, title, description, level, icon, colour, shape, policy,
        organization_id, organization_name, organization_title, image_url, siren,
        cohort_id, cohort, cohort_title, awarded_at, source, given_by, reason,
        programme, programme_version, state, lost_on, revoked_at, revoked_reason,
        revoked_source, assurance}`` and ``criteria``: ``{met: [{measure or step,
        definition or title, value, target, assurance, confirmed_by, confirmed_at,
        datasets: [{id, name, title}]}]}``, the datasets being those that the public can
        still see.
        One given by hand (``source`` is ``person``) has no criteria; ``given_by`` is
        the name of who gave it.
        ``assurance`` says what stands behind it: ``declared`` (the collectivité says
        so), ``confirmed`` (an adviser does), ``verified`` (the catalogue does), and of
        a step that was not asked ``None``; of the award it is the weakest of those that
        it needed, ``None`` if none of these was asked. All as it was on the day on
        which it was given
    :rtype: dict
    :raises ObjectNotFound: when there is no such award
    """
    data = validate(context, data_dict, fields.reference())
    row: Any = model.Session.execute(
        _awards(*_selected(), Award.criteria).where(Award.id == data["id"])
    ).first()
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no such award"))
    tk.check_access("challenge_award_show", context, {"id": row.id})
    known = programmes.badge_of(row)
    programme = known[0] if known else None
    return {
        **_dictize_award(row, words.reader()(row, row.criteria.get("met", []))),
        "criteria": _dictize_met(row, programme),
    }


def challenge_award_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give a badge by hand.

    Managers may give the badges of their season to its participants; sysadmins also
    those that need no season, to any organization.
    The reason is public, like the award.

    :param badge: the key of the badge
    :type badge: string
    :param organization: the id or name of the organization
    :type organization: string
    :param reason: why
    :type reason: string
    :param cohort: the id or name of the season; without it, the latest in which the
        organization takes part and of which the caller is a manager
    :type cohort: string
    :returns: as :py:func:`challenge_award_show`
    :rtype: dict
    :raises ValidationError: on ``badge`` when it is unknown or held already, on
        ``cohort`` when the organization takes no part in it
    """
    data = validate(context, data_dict, schema.award_create())
    group = find_organization(data["organization"])
    cohort = _cohort_to_award(context, group, data.get("cohort"))
    tk.check_access(
        "challenge_award_create", context, {"cohort": cohort.id if cohort else None}
    )
    programme, badge = _badge_to_give(data["badge"], cohort, "cohort" in data)
    if badge.scope == "organization":
        # It outlives the season: a manager's word does not go that far.
        tk.check_access("challenge_award_create", context, {"cohort": None})
    cohort_id = cohort.id if cohort and badge.scope == "cohort" else None
    award_id = make_id()
    given = model.Session.execute(
        insert(Award.__table__)
        .values(
            id=award_id,
            badge=badge.key,
            programme=programme.name,
            programme_version=programme.version,
            level=badge.level,
            organization_id=group.id,
            cohort_id=cohort_id,
            awarded_at=utcnow(),
            awarded_by=user_id_of(context),
            source="person",
            reason=data["reason"],
            criteria={"met": []},
            state=lifecycle.AWARD.initial,
        )
        .on_conflict_do_nothing()
        .returning(Award.__table__.c.id)
    ).first()
    if given is None:
        model.Session.rollback()
        raise tk.ValidationError(
            {"badge": [tk._("This organization holds this badge already")]}
        )
    journal.record(
        actor_of(context),
        "create",
        "award",
        award_id,
        {
            "badge": badge.key,
            "organization_id": group.id,
            "cohort_id": cohort_id,
            "reason": data["reason"],
        },
    )
    event = AwardEvent(award_id, badge.key, group.id, cohort_id, None, "active")
    return _commit_and_show(context, event)


def challenge_award_revoke(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take a badge back.

    Managers of its season may call this, sysadmins for any. The catalogue does not
    give the badge again in that season; a manager may. The reason is public.

    :param id: the id of the award
    :type id: string
    :param reason: why
    :type reason: string
    :returns: as :py:func:`challenge_award_show`
    :rtype: dict
    :raises ValidationError: on ``id`` when it is revoked already
    """
    data = validate(context, data_dict, schema.award_revoke())
    award = Award.get(data["id"])
    if award is None:
        raise tk.ObjectNotFound(tk._("There is no such award"))
    tk.check_access("challenge_award_revoke", context, {"id": award.id})
    locks.refresh_for_update(award)
    before = award.state
    with checked_transition("id"):
        lifecycle.AWARD.check(before, "revoked")
    award.state = "revoked"
    award.lost_on = None
    award.revoked_at = utcnow()
    award.revoked_reason = data["reason"]
    award.revoked_source = "person"
    model.Session.flush()
    journal.record(
        actor_of(context),
        "transition",
        "award",
        award.id,
        {"from": before, "to": "revoked", "reason": data["reason"]},
    )
    about = (award.id, award.badge, award.organization_id, award.cohort_id)
    return _commit_and_show(context, AwardEvent(*about, before, "revoked"))


@cache
def _held_by(within: bool) -> Any:
    # Put together once for a process: each page of a season asks.
    cohort_id = sa.bindparam("cohort")
    found = (
        sa.select(Award.badge, sa.func.count(sa.distinct(Award.organization_id)))
        .join(model.Group, model.Group.id == Award.organization_id)
        .outerjoin(Cohort, Cohort.id == Award.cohort_id)
        .where(
            Award.badge.in_(sa.bindparam("badges", expanding=True)),
            Award.state.in_(sorted(AWARD_HELD)),
            model.Group.state == "active",
            sa.or_(Cohort.id.is_(None), Cohort.state != "draft"),
        )
        .group_by(Award.badge)
    )
    if not within:
        return found
    return found.where(
        sa.or_(Award.cohort_id == cohort_id, Award.cohort_id.is_(None)),
        Award.organization_id.in_(figures.counted(cohort_id)),
    )


def _holders(badges: Sequence[str], cohort: Cohort | None = None) -> dict[str, int]:
    """How many organizations hold each badge, in one statement.

    :param cohort: of those who take part in it alone
    """
    asked: dict[str, Any] = {"badges": list(badges)}
    if cohort is not None:
        asked["cohort"] = cohort.id
    rows = model.Session.execute(_held_by(within=cohort is not None), asked)
    return {row[0]: row[1] for row in rows}


def _dictize_badge(
    programme: Programme, badge: Badge, holders: Mapping[str, int]
) -> dict[str, Any]:
    return {
        **pictured(badge),
        "grace_days": badge.grace_days,
        "scope": badge.scope,
        "programme": programme.name,
        "programme_version": programme.version,
        "holders": holders.get(badge.key, 0),
    }


def _dictize_criterion(programme: Programme, criterion: Criterion) -> dict[str, Any]:
    if isinstance(criterion, AllOf | AnyOf):
        name = "all" if isinstance(criterion, AllOf) else "any"
        return {
            name: [_dictize_criterion(programme, part) for part in criterion.criteria]
        }
    if isinstance(criterion, StepsDone):
        return {"steps": [_step(programme, key) for key in programme.required]}
    if isinstance(criterion, StepDone):
        return _step(programme, criterion.step)
    return {**described(criterion.measure), "at_least": criterion.at_least}


def _step(programme: Programme, key: str) -> dict[str, Any]:
    step = programme.steps_by_key.get(key)
    title = step.fact.in_(current()) if step else key
    return {"step": key, "title": title}


def _selected() -> tuple[Any, ...]:
    return (
        *(getattr(Award, name) for name in _AWARD_COLUMNS),
        Cohort.name.label("cohort"),
        Cohort.title.label("cohort_title"),
        Cohort.programme_digest,
        name_of(model.User).label("given_by"),
        sa.func.coalesce(Participant.siren, catalog.organization_siren()).label(
            "siren"
        ),
        model.Group.name.label("organization_name"),
        model.Group.title.label("organization_title"),
        model.Group.image_url,
    )


def _awards(*selected: Any) -> Any:
    return (
        sa.select(*selected)
        .select_from(Award)
        .join(model.Group, model.Group.id == Award.organization_id)
        .outerjoin(Cohort, Cohort.id == Award.cohort_id)
        .outerjoin(model.User, model.User.id == Award.awarded_by)
        .outerjoin(
            Participant,
            sa.and_(
                Participant.cohort_id == Award.cohort_id,
                Participant.organization_id == Award.organization_id,
            ),
        )
        .where(model.Group.state == "active")
    )


def _dictize_award(row: Any, word: str | None) -> dict[str, Any]:
    known = programmes.badge_of(row)
    shown = (
        pictured(known[1])
        if known
        # The portal no longer has the programme: the award is kept all the same.
        else {"title": row.badge, "description": "", "policy": "permanent"}
        | {"icon": "award", "colour": None, "shape": "circle"}
    )
    return {
        # The level, and all else that was written, are as on the day it was given.
        **shown,
        **columns(row, _AWARD_COLUMNS),
        "cohort": row.cohort,
        "cohort_title": row.cohort_title,
        "given_by": row.given_by,
        "assurance": word,
        "siren": row.siren,
        "organization_name": row.organization_name,
        "organization_title": row.organization_title or row.organization_name,
        "image_url": row.image_url or None,
    }


#: Of what no adviser confirmed.
_NOBODY: Mapping[str, None] = {"confirmed_by": None, "confirmed_at": None}


def _dictize_met(row: Any, programme: Programme | None) -> dict[str, Any]:
    met: list[dict[str, Any]] = row.criteria.get("met", [])
    datasets = _public_datasets(id_ for part in met for id_ in part["datasets"])
    declared = registry.declared()
    words_of = [assurance.of_part(programme, part, declared) for part in met]
    confirmed = _confirmations(row, met, words_of)
    shown: list[dict[str, Any]] = []
    for part, word in zip(met, words_of, strict=True):
        named: dict[str, Any] = {}
        if "measure" in part:
            named = described(part["measure"])
        elif programme is not None:
            named = _step(programme, part["step"])
        shown.append(
            {
                **part,
                **named,
                "assurance": word,
                **(confirmed.get(part.get("step", "")) or _NOBODY),
                "datasets": [
                    datasets[id_] for id_ in part["datasets"] if id_ in datasets
                ],
            }
        )
    return {"met": shown}


def _confirmations(
    row: Any, met: Sequence[Mapping[str, Any]], words_of: Sequence[str | None]
) -> dict[str, dict[str, Any]]:
    """Who confirmed what an award was given for, by step: as it was on that day.

    Of one that was given before this was stored, as it is now: a step that was opened
    again since is confirmed by nobody.
    """
    steps = [
        part
        for part, word in zip(met, words_of, strict=True)
        if word == "confirmed" and "step" in part
    ]
    ids = {part["confirmed_by"] for part in steps if part.get("confirmed_by")}
    names = confirmations.names(ids)
    told = {
        part["step"]: {
            "confirmed_by": names.get(part.get("confirmed_by") or ""),
            "confirmed_at": part.get("confirmed_at"),
        }
        for part in steps
        if "assurance" in part
    }
    before = [part["step"] for part in steps if "assurance" not in part]
    if before and row.cohort_id:
        place = (row.cohort_id, row.organization_id)
        now = confirmations.of_steps([place])[place]
        told |= {
            key: {"confirmed_by": now[key].by, "confirmed_at": as_json(now[key].at)}
            for key in before
            if key in now
        }
    return told


def _public_datasets(ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    rows = model.Session.execute(
        sa.select(model.Package.id, model.Package.name, model.Package.title).where(
            model.Package.id.in_(sorted(set(ids))),
            model.Package.state == "active",
            model.Package.private.isnot(True),
        )
    )
    return {
        row.id: {"id": row.id, "name": row.name, "title": row.title or row.name}
        for row in rows
    }


def _cohort_to_award(
    context: Context, group: model.Group, reference: str | None
) -> Cohort | None:
    """The season in which a badge is given by hand."""
    query = (
        model.Session.query(Cohort)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .filter(
            Participant.organization_id == group.id,
            Participant.state.in_(PARTICIPANT_COUNTED),
        )
    )
    if reference is not None:
        named = roles.seen_cohort(context, reference)
        tk.check_access("challenge_award_create", context, {"cohort": named.id})
        return query.filter(Cohort.id == named.id).first()
    if not roles.is_sysadmin(context):
        query = query.filter(
            Cohort.id.in_(
                sa.select(Staff.cohort_id).where(
                    Staff.user_id == (user_id_of(context) or ""),
                    Staff.role == "manager",
                )
            )
        )
    return query.order_by(Cohort.season.desc(), Cohort.created_at.desc()).first()


def _badge_to_give(
    key: str, cohort: Cohort | None, named: bool
) -> tuple[Programme, Badge]:
    """A badge to give by hand.

    :param cohort: the season; none for an organization that takes part in none
    :param named: whether the caller asked for a season
    """
    if cohort is not None:
        programme = programmes.of(cohort)
        allowed = {badge.key: (programme, badge) for badge in programme.badges}
    else:
        allowed = {
            badge.key: (programme, badge)
            for programme, badge in programmes.badges_without_cohort()
        }
        if named or (key not in allowed and key in programmes.badges()):
            raise tk.ValidationError(
                {"cohort": [tk._("This organization does not take part in a season")]}
            )
    if key not in allowed:
        raise tk.ValidationError(
            {
                "badge": [
                    tk._("“{value}” is not one of: {allowed}").format(
                        value=key[:40], allowed=", ".join(allowed)
                    )
                ]
            }
        )
    return allowed[key]


def _commit_and_show(context: Context, event: AwardEvent) -> Any:
    awards_changed.send("award", events=[event])
    session_events.after_commit(_tell_stored, event)
    commit(context)
    return tk.get_action("challenge_award_show")(
        {"user": context.get("user", ""), "ignore_auth": True}, {"id": event.award_id}
    )


def _tell_stored(event: AwardEvent) -> None:
    awards_stored.send("award", events=[event])
