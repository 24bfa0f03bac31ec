"""What the embeddable progress badge says: one small statement, asked very often."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.logic.boundary import validated
from ckanext.challenge.logic.schema import shield as schema
from ckanext.challenge.model import Cohort, Participant

__all__ = ["challenge_shield_show"]

_COLOURS = ("#1d5fa6", "#9c4a06", "#1c6b3d")


@tk.side_effect_free
def challenge_shield_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how far an organization is, in few words, for a picture of it.

    Anybody may call this. Seasons that are drafts are never shown, to nobody.

    :param organization: the id or name of the organization
    :type organization: string
    :param cohort: the id or name of the season; else the one under way, or the
        latest
    :type cohort: string
    :returns: ``organization_name``, ``organization_title``, ``cohort`` (its name),
        ``cohort_title``, ``steps_done``, ``steps_total``, ``current_phase`` and its
        ``colour`` (``#rrggbb``)
    :rtype: dict
    :raises ObjectNotFound: when the organization has not taken part
    """
    tk.check_access("challenge_shield_show", context, data_dict)
    data = validated(context, data_dict, schema.shield_show())
    reference = data["organization"]
    query = (
        sa.select(
            model.Group.name.label("organization_name"),
            model.Group.title.label("organization_title"),
            Cohort.name.label("cohort"),
            Cohort.title.label("cohort_title"),
            Cohort.programme,
            Participant.steps_done,
            Participant.steps_total,
            Participant.current_phase,
        )
        .select_from(Participant)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .where(
            sa.or_(model.Group.name == reference, model.Group.id == reference),
            model.Group.state == "active",
            Cohort.state != "draft",
            Participant.state != "withdrawn",
        )
        .order_by((Cohort.state == "running").desc(), Cohort.season.desc())
        .limit(1)
    )
    if "cohort" in data:
        wanted = data["cohort"]
        query = query.where(sa.or_(Cohort.name == wanted, Cohort.id == wanted))
    row = model.Session.execute(query).first()
    if row is None:
        raise tk.ObjectNotFound(tk._("This collectivité has not taken part"))
    shown = dict(row._mapping)
    shown["organization_title"] = row.organization_title or row.organization_name
    shown["colour"] = _colour(shown.pop("programme"), row.current_phase)
    return shown


def _colour(programme: str, phase: str | None) -> str:
    if programme not in programmes.names():
        return _COLOURS[0]
    for index, known in enumerate(programmes.get(programme).phases):
        if known.key == phase:
            return known.colour or _COLOURS[index % len(_COLOURS)]
    return _COLOURS[0]
