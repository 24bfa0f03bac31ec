"""What the embeddable badge says: one small statement, asked very often."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.badges import schema
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.common.language import current
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.svg.schemes import PHASES

_FAR = sa.text(
    """
    SELECT g.name AS organization_name, g.title AS organization_title,
           far.*,
           (SELECT json_agg(json_build_object(
                       'id', a.id, 'badge', a.badge, 'state', a.state,
                       'level', a.level, 'programme', a.programme,
                       'awarded_at', a.awarded_at, 'lost_on', a.lost_on,
                       'revoked_at', a.revoked_at)
                   ORDER BY a.level DESC NULLS LAST, a.awarded_at DESC, a.id)
            FROM challenge_award a
            LEFT JOIN challenge_cohort ac ON ac.id = a.cohort_id
            WHERE a.organization_id = g.id
              AND (a.cohort_id IS NULL
                   OR ac.state <> 'draft'
                  AND (CAST(:cohort AS text) IS NULL
                       OR ac.name = :cohort OR ac.id = :cohort))
           ) AS awards
    FROM "group" g
    LEFT JOIN LATERAL (
        SELECT c.name AS cohort, c.title AS cohort_title,
               c.programme, c.programme_digest,
               p.steps_done, p.steps_total, p.current_phase
        FROM challenge_participant p
        JOIN challenge_cohort c ON c.id = p.cohort_id
        WHERE p.organization_id = g.id
          AND (CAST(:cohort AS text) IS NULL OR c.name = :cohort OR c.id = :cohort)
          AND c.state <> 'draft' AND p.state = ANY(:counted)
        ORDER BY c.state = 'running' DESC, c.season DESC
        LIMIT 1
    ) AS far ON true
    WHERE (g.name = :organization OR g.id = :organization)
      AND g.state = 'active' AND g.is_organization
    """
)


@tk.side_effect_free
def challenge_shield_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show how far an organization is, in few words, for a picture of it.

    Anybody may call this. Seasons that are drafts are never shown, to nobody.

    :param organization: the id or name of the organization
    :type organization: string
    :param cohort: the id or name of the season; else the one under way, or the
        latest
    :type cohort: string
    :param badge: the key of a badge; else its first: of those with levels the
        highest, then the latest
    :type badge: string
    :returns: ``organization_name``, ``organization_title``, ``cohort`` (its name),
        ``cohort_title``, ``steps_done``, ``steps_total``, ``current_phase`` and its
        ``colour`` (``#rrggbb``), all five empty for an organization that holds badges
        outside of any season; ``badges``, how many it holds; ``level``, the highest
        of those that it holds; and ``badge``: ``{badge, title, description, level,
        icon, colour, shape, earned, award_id, state, awarded_at, lost_on,
        revoked_at}``, the last five empty where it was never earned
    :rtype: dict
    :raises ObjectNotFound: when the organization has not taken part and holds no
        badge, or there is no such badge
    """
    tk.check_access("challenge_shield_show", context, data_dict)
    data = validate(context, data_dict, schema.progress_badge_show())
    # A text and not an expression: to build and compile one takes longer than
    # PostgreSQL needs to answer, and sites ask for this picture at each page view.
    row = model.Session.execute(
        _FAR,
        {
            "organization": data["organization"],
            "cohort": data.get("cohort"),
            "counted": sorted(PARTICIPANT_COUNTED),
        },
    ).first()
    awards: list[dict[str, Any]] = (row.awards or []) if row else []
    held = [award for award in awards if award["state"] in AWARD_HELD]
    # What was lost is shown where it is asked for, and nowhere else.
    to_show = awards if "badge" in data else held
    if row is None or (row.cohort is None and ("cohort" in data or not to_show)):
        raise tk.ObjectNotFound(tk._("This collectivité has not taken part"))
    shown = dict(row._mapping)
    del shown["programme"], shown["programme_digest"], shown["awards"]
    programme = _programme(row)
    return {
        **shown,
        "organization_title": row.organization_title or row.organization_name,
        "colour": _colour(row, programme),
        "badges": len({award["badge"] for award in held}),
        "level": max((award["level"] or 0 for award in held), default=0) or None,
        "badge": _badge(data.get("badge"), awards, held, programme),
    }


def _programme(row: Any) -> Programme | None:
    """The programme of the season, where there is one and the portal has it."""
    try:
        return programmes.of(row) if row.cohort else None
    except KeyError:
        return None


def _colour(row: Any, programme: Programme | None) -> str | None:
    if row.cohort is None:
        return None
    for index, phase in enumerate(programme.phases if programme else ()):
        if phase.key == row.current_phase:
            return phase.colour or PHASES[index % len(PHASES)]
    return PHASES[0]


def _badge(
    asked: str | None,
    awards: list[dict[str, Any]],
    held: list[dict[str, Any]],
    programme: Programme | None,
) -> dict[str, Any] | None:
    """The badge that is asked for, or that the organization shows first."""
    mine = [award for award in awards if award["badge"] == asked]
    # Held before lost, however long ago it was earned.
    mine.sort(key=lambda award: award["state"] not in AWARD_HELD)
    award: Mapping[str, Any] = next(iter(mine if asked else held), {})
    key = asked or award.get("badge")
    if key is None:
        return None
    language = current()
    found = programmes.find_badge(key, programme, award.get("programme"))
    badge = found[1] if found else None
    if badge is None and not award:
        raise tk.ObjectNotFound(tk._("There is no such badge"))
    return {
        "badge": key,
        # The portal may have lost the programme: the award is kept all the same.
        "title": badge.title.in_(language) if badge else key,
        "description": badge.description.in_(language) if badge else "",
        "level": badge.level if badge else award.get("level"),
        "icon": badge.icon if badge else "award",
        "colour": badge.colour if badge else None,
        "shape": badge.shape if badge else "circle",
        "earned": award.get("state") in AWARD_HELD,
        "award_id": award.get("id"),
        "state": award.get("state"),
        "awarded_at": award.get("awarded_at"),
        "lost_on": award.get("lost_on"),
        "revoked_at": award.get("revoked_at"),
    }
