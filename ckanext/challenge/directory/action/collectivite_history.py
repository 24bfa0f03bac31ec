"""A collectivité across the seasons: what it has done, as everybody may know it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.orm import class_mapper

from ckanext.challenge.common import addresses
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.directory import schema
from ckanext.challenge.domain.letters import compact
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Cohort, Participant
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.model.figures import DATASETS

_packages: Any = class_mapper(model.Package).local_table

#: How many of the datasets are named; their number is told.
_LATEST = 10
_MOST = 1000


@tk.side_effect_free
def challenge_collectivite_history(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what a collectivité has done in the seasons of the challenge.

    Anybody may call this. Drafts are left out, and seasons that it withdrew from.
    Of a collectivité that another one replaced, it is the history of that one, of
    which its own is a part.

    :param siren: its SIREN, spaces allowed
    :type siren: string
    :returns: ``siren`` (of what it is now), ``name``, ``collectivite`` (as in
        :py:func:`challenge_collectivite_show`; nothing where the directory does not
        have it), ``organizations`` (``{id, name, title}``: usually one),
        ``participations`` (the latest first: ``{cohort, cohort_title, season,
        cohort_state, launch, finalisation, organization_name, steps_done, steps_total,
        percent, completed, datasets, badges}``), ``awards`` (badges outside any season)
        and ``datasets`` (``{count, latest: [{name, title, created_at}]}``, public
        ones). Badges are as in :py:func:`challenge_award_list`.
    :rtype: dict
    :raises ValidationError: on ``siren`` when it is none
    :raises ObjectNotFound: when neither the directory nor a season knows it
    """
    siren = compact(validate(context, data_dict, schema.show())["siren"])
    tk.check_access("challenge_collectivite_history", context, {"siren": siren})
    siren = addresses.present_siren(siren)
    line = addresses.line_of(siren)
    rows = _participations(line)
    known = _known(context, siren, needed=not rows)
    groups: dict[str, Any] = {row.organization_id: row for row in rows}
    for group in organizations_with_siren(*line):
        groups.setdefault(group.id, group)
    awards = [award for id_ in groups for award in _awards(context, id_)]
    latest = next(iter(rows), None)
    return {
        "siren": siren,
        "name": known["name"] if known else latest and latest.title,
        "collectivite": known,
        "organizations": [
            {"id": id_, "name": row.name, "title": row.title or row.name}
            for id_, row in groups.items()
        ],
        "participations": [
            {
                "cohort": row.cohort,
                "cohort_title": row.cohort_title,
                "season": row.season,
                "cohort_state": row.cohort_state,
                "launch": as_json(row.launch),
                "finalisation": as_json(row.finalisation),
                "organization_name": row.name,
                "steps_done": row.steps_done,
                "steps_total": row.steps_total,
                "percent": row.percent,
                "completed": row.state == "completed",
                "datasets": int(row.datasets or 0),
                "badges": [
                    award
                    for award in awards
                    if award["cohort"] == row.cohort
                    and award["organization_id"] == row.organization_id
                ],
            }
            for row in rows
        ],
        "awards": [award for award in awards if award["cohort"] is None],
        "datasets": _datasets(list(groups)),
    }


def _known(context: Context, siren: str, needed: bool) -> dict[str, Any] | None:
    """What the directory says; an error where nothing else is known of it."""
    try:
        return tk.get_action("challenge_collectivite_show")(
            {"user": context.get("user", "")}, {"siren": siren}
        )
    except (tk.ObjectNotFound, tk.ValidationError):
        if needed:
            raise
        return None


def _participations(sirens: list[str]) -> Sequence[Any]:
    return model.Session.execute(
        sa.select(
            Participant.organization_id,
            Participant.state,
            Participant.steps_done,
            Participant.steps_total,
            Participant.percent,
            DATASETS.label("datasets"),
            Cohort.name.label("cohort"),
            Cohort.title.label("cohort_title"),
            Cohort.state.label("cohort_state"),
            Cohort.season,
            Cohort.launch,
            Cohort.finalisation,
            model.Group.name,
            model.Group.title,
        )
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Participant.siren.in_(sirens),
            Participant.state.in_(PARTICIPANT_COUNTED),
            Cohort.state != "draft",
            model.Group.state == "active",
        )
        .order_by(Cohort.season.desc(), Cohort.created_at.desc())
    ).all()


def _awards(context: Context, organization_id: str) -> list[dict[str, Any]]:
    found = tk.get_action("challenge_award_list")(
        {"user": context.get("user", "")},
        {"organization": organization_id, "limit": _MOST},
    )
    return found["results"]


def _datasets(organization_ids: list[str]) -> dict[str, Any]:
    public = sa.and_(
        _packages.c.owner_org.in_(organization_ids),
        _packages.c.type == "dataset",
        _packages.c.state == "active",
        _packages.c.private.isnot(True),
    )
    rows = model.Session.execute(
        sa.select(
            _packages.c.name,
            _packages.c.title,
            _packages.c.metadata_created,
            sa.func.count().over().label("total"),
        )
        .where(public)
        .order_by(_packages.c.metadata_created.desc(), _packages.c.id)
        .limit(_LATEST)
    ).all()
    return {
        "count": rows[0].total if rows else 0,
        "latest": [
            {
                "name": row.name,
                "title": row.title or row.name,
                "created_at": row.metadata_created.isoformat(),
            }
            for row in rows
        ],
    }
