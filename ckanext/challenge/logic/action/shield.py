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

__all__ = ["challenge_shield_show"]

_FAR = sa.text(
    """
    SELECT g.name AS organization_name, g.title AS organization_title,
           c.name AS cohort, c.title AS cohort_title,
           c.programme, c.programme_digest,
           p.steps_done, p.steps_total, p.current_phase
    FROM challenge_participant p
    JOIN "group" g ON g.id = p.organization_id
    JOIN challenge_cohort c ON c.id = p.cohort_id
    WHERE (g.name = :organization OR g.id = :organization) AND g.state = 'active'
      AND (CAST(:cohort AS text) IS NULL OR c.name = :cohort OR c.id = :cohort)
      AND c.state <> 'draft' AND p.state <> 'withdrawn'
    ORDER BY c.state = 'running' DESC, c.season DESC
    LIMIT 1
    """
)
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
    # A text and not an expression: to build and compile one takes longer than
    # PostgreSQL needs to answer, and sites ask for this picture at each page view.
    row = model.Session.execute(
        _FAR, {"organization": data["organization"], "cohort": data.get("cohort")}
    ).first()
    if row is None:
        raise tk.ObjectNotFound(tk._("This collectivité has not taken part"))
    shown = dict(row._mapping)
    del shown["programme"], shown["programme_digest"]
    shown["organization_title"] = row.organization_title or row.organization_name
    shown["colour"] = _colour(row)
    return shown


def _colour(row: Any) -> str:
    try:
        phases = programmes.of(row).phases
    except KeyError:
        return _COLOURS[0]
    for index, phase in enumerate(phases):
        if phase.key == row.current_phase:
            return phase.colour or _COLOURS[index % len(_COLOURS)]
    return _COLOURS[0]
