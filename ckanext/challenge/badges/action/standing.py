"""Where an organization stands towards every badge, in a season or without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.badges import schema
from ckanext.challenge.badges.shortfalls import (
    Shortfalls,
    badge_row,
    stored_measurement,
)
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import find_organization, validate
from ckanext.challenge.domain import criteria
from ckanext.challenge.domain.criteria import Verdict
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.domain.programme import Badge, Programme
from ckanext.challenge.model import Award, Cohort, Participant, Standing, StepStatus
from ckanext.challenge.model.dictize import as_json


@tk.side_effect_free
def challenge_standing_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how near an organization is to each badge, as last evaluated.

    Any organization of the portal has badges to earn without a season; one that takes
    part in a season has those of the season too: the one under way, or the latest.
    Anybody may call this. What is missing is for members of the organization and the
    team of the season: for others this key is left out, and ``roles``.

    :param organization: the id or name of the organization
    :type organization: string
    :returns: ``{organization, organization_id, cohort, cohort_title, evaluated_at,
        badges, roles}``: ``cohort`` is the name of the season, if there is one,
        ``roles`` as in :py:func:`challenge_progress_show`.
        ``badges``, in the order of their programmes: ``{badge, title, description,
        level, icon, colour, shape, policy, scope, cohort, earned, state, award_id,
        awarded_at, lost_on, percent, missing}`` each, as in
        :py:func:`challenge_progress_show`; ``cohort`` is the name of the season for
        those that are earned in it, ``state`` is ``revoked`` where the team took the
        badge back, so that the catalogue does not give it again.
    :rtype: dict
    :raises ObjectNotFound: when there is no such organization
    """
    data = validate(context, data_dict, schema.standing_show())
    tk.check_access("challenge_standing_show", context, data)
    group = find_organization(data["organization"])
    entry = _entry(group.id)
    mine = _roles(context, group, entry)
    standing = model.Session.get(Standing, group.id)
    judged = _judged(group, entry, standing)
    awards = _awards(group.id, entry)
    shortfalls = _shortfalls(group, entry, judged) if mine else None
    evaluated = [
        moment
        for moment in (
            standing.evaluated_at if standing else None,
            entry.participant.evaluated_at if entry else None,
        )
        if moment is not None
    ]
    shown: dict[str, Any] = {
        "organization": group.name,
        "organization_id": group.id,
        "cohort": entry.cohort.name if entry else None,
        "cohort_title": entry.cohort.title if entry else None,
        "evaluated_at": as_json(max(evaluated, default=None)),
        "badges": [_row(one, entry, awards, shortfalls) for one in judged],
    }
    return {**shown, "roles": sorted(mine)} if mine else shown


class _Entry(NamedTuple):
    """The season in which an organization takes part."""

    cohort: Cohort
    participant: Participant
    programme: Programme


class _Judged(NamedTuple):
    """A badge by what is stored: how far it is."""

    programme: Programme
    badge: Badge
    verdict: Verdict

    @property
    def of_cohort(self) -> bool:
        return self.badge.scope == "cohort"


def _entry(organization_id: str) -> _Entry | None:
    """The season under way, else the latest; drafts are nobody's."""
    found = (
        model.Session.query(Cohort, Participant)
        .join(Participant, Participant.cohort_id == Cohort.id)
        .filter(
            Participant.organization_id == organization_id,
            Participant.state.in_(PARTICIPANT_COUNTED),
            Cohort.state != "draft",
        )
        .order_by((Cohort.state == "running").desc(), Cohort.season.desc(), Cohort.id)
        .first()
    )
    if found is None:
        return None
    try:
        return _Entry(found[0], found[1], programmes.of(found[0]))
    except programmes.ProgrammeMissing:
        # Its own page says so; what needs no season is still to be seen.
        return None


def _roles(context: Context, group: model.Group, entry: _Entry | None) -> set[str]:
    if entry is not None:
        return roles.of_participant(context, entry.participant)
    if roles.is_member(context, group.id):
        return {"member"}
    return {"manager"} if roles.is_sysadmin(context) else set()


def _judged(
    group: model.Group, entry: _Entry | None, standing: Standing | None
) -> list[_Judged]:
    """The badges of the season, and those of all programmes that need none."""
    found: dict[tuple[str, str], _Judged] = {}
    measured: dict[str, Measurement] = {}
    if entry is not None:
        measured, states = _of_cohort(entry.participant)
        for badge in entry.programme.badges:
            if badge.scope == "cohort":
                verdict = criteria.judge(
                    badge.criteria, measured, states, entry.programme.required
                )
                found[badge.scope, badge.key] = _Judged(entry.programme, badge, verdict)
    for programme, badge in programmes.badges_without_cohort():
        # Until it is measured for itself, what its season measured is near.
        known = _of_standing(standing, badge.key) if standing else measured
        verdict = criteria.judge(badge.criteria, known, {})
        found[badge.scope, badge.key] = _Judged(programme, badge, verdict)
    return list(found.values())


def _of_cohort(
    participant: Participant,
) -> tuple[dict[str, Measurement], dict[str, str]]:
    """What was measured of a participant, and the states of its steps."""
    statuses = StepStatus.of(participant)
    why_not = {
        missing["measure"]: missing for row in statuses for missing in row.why_not
    }
    measured = _measurements(participant.measures, why_not)
    return measured, {row.step: row.state for row in statuses}


def _of_standing(standing: Standing, badge: str) -> dict[str, Measurement]:
    """What was measured without a season, with what keeps a badge from being earned."""
    missing: list[Mapping[str, Any]] = list(standing.why_not.get(badge, ()))
    return _measurements(
        standing.measures,
        {str(one["measure"]): one for one in missing if "measure" in one},
    )


def _measurements(
    values: Mapping[str, float], why_not: Mapping[str, Mapping[str, Any]]
) -> dict[str, Measurement]:
    return {
        name: stored_measurement(value, why_not.get(name, {}))
        for name, value in values.items()
    }


def _awards(
    organization_id: str, entry: _Entry | None
) -> dict[tuple[str, bool], Award]:
    """What it holds, or a person took back, by badge and whether it is of a season."""
    cohort_id = entry.cohort.id if entry else None
    rows = model.Session.query(Award).filter(
        Award.organization_id == organization_id,
        sa.or_(Award.cohort_id.is_(None), Award.cohort_id == cohort_id),
        sa.or_(
            Award.state.in_(sorted(AWARD_HELD)),
            Award.revoked_source == "person",
        ),
    )
    # What is held comes last, and so before what was taken back.
    found = sorted(rows, key=lambda award: award.state in AWARD_HELD)
    return {(award.badge, award.cohort_id is not None): award for award in found}


def _shortfalls(
    group: model.Group, entry: _Entry | None, judged: Iterable[_Judged]
) -> dict[bool, Shortfalls]:
    """What is missing for the badges of the season, and for those without one."""
    found = [
        (one.of_cohort, finding.as_dict())
        for one in judged
        for finding in one.verdict.missing
    ]
    datasets = [finding for _, finding in found]
    general = Shortfalls(group, None, datasets)
    return {
        False: general,
        True: general.within(entry.cohort.name) if entry else general,
    }


def _row(
    one: _Judged,
    entry: _Entry | None,
    awards: Mapping[tuple[str, bool], Award],
    shortfalls: Mapping[bool, Shortfalls] | None,
) -> dict[str, Any]:
    award = awards.get((one.badge.key, one.of_cohort))
    held = award if award is not None and award.state in AWARD_HELD else None
    row = {
        **badge_row(one.badge, one.verdict, held),
        "scope": one.badge.scope,
        "cohort": entry.cohort.name if entry and one.of_cohort else None,
    }
    if award is not None:
        row["state"] = award.state
    if shortfalls is not None:
        kept = award is not None and award.state != "at_risk"
        row["missing"] = [
            shortfalls[one.of_cohort].of_badge(one.programme, finding)
            for finding in (() if kept else one.verdict.missing)
        ]
    return row
