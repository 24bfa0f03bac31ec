"""The participants' board: list and matrix of a season in one answer."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.model.dictize import as_json, columns
from ckanext.challenge.participants import schema
from ckanext.challenge.participants.board import SORTS, Board, offered
from ckanext.challenge.participants.due import days_of


@tk.side_effect_free
def challenge_participant_board(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the participants of a season as their team works with them.

    The staff of the season and sysadmins may call this. Visits and days are private:
    they are answered to the adviser of a participant and to managers alone; for other
    advisers ``followed`` is false, and the keys that are marked with a star are left
    out. It takes the same number of statements for any number of participants and of
    steps.

    :param cohort: the id or name of the season
    :type cohort: string
    :param filters: which of them, an object or its JSON: any of ``phase`` (the key of
        the current one), ``late`` (the key of a step, or ``any``), ``adviser`` (the id
        or name of a user, or ``none``), ``departement``, ``kind``, ``stalled`` (true or
        false), ``badge`` (the key of one that it holds), ``no_visit`` (for so many
        days), ``state`` (those who take part, unless it is given) and ``q`` (part of
        the name, or the SIREN)
    :type filters: dict
    :param sort: ``name`` (unasked), ``progress``, ``late`` or ``activity`` (those of
        whom nothing was heard for the longest time first)
    :type sort: string
    :param order: ``asc`` or ``desc``; that which is usual for ``sort``, when left out
    :type order: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results, steps, totals, offered, season}``.

        ``results``: ``{id, organization_id, organization_name, organization_title,
        siren, kind, departement, population, state, adviser_id, adviser, joined_at,
        current_phase, steps_done, steps_total, percent, late_steps, last_activity_at,
        stalled, badges, followed, days_spent*, days_planned*, days_left*, last_visit*,
        next_visit*, steps}``; ``badges`` is how many of the season it holds, ``steps``
        are ``{step, state, late}`` in the order of the programme.
        ``steps``: ``{step, title, phase, due}`` in that order.
        ``totals``, of all that ``count`` counts: ``{participants, late, stalled,
        unassigned, to_confirm, percent, steps}``; ``steps`` is, by the key of a step,
        ``{done, waived, to_confirm, late}``.
        ``offered``, whatever is chosen: ``{phase, badge, departement, kind,
        advisers}``; the first two are ``{key, title}``, ``advisers`` ``{id, name}``.
        ``season``: ``{id, name, title, state, asks_feedback}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    :raises ValidationError: on the filter that is wrong
    """
    data = validate(context, data_dict, schema.board())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_participant_board", context, {"cohort": cohort.id})
    programme = programmes.of(cohort)
    board = Board(context, cohort, programme, data["filters"])
    down = data.get("order", SORTS[data["sort"]]) == "desc"
    rows = board.rows(data["sort"], down, data["limit"], data["offset"])
    cells, counted = board.steps([row.id for row in rows])
    totals = board.totals(rows, counted)
    due = days_of(cohort)
    spoken = language.current()
    return {
        "count": totals["participants"],
        "results": [{**board.dictize(row), "steps": cells[row.id]} for row in rows],
        "steps": [
            {
                "step": step.key,
                "title": step.title.in_(spoken),
                "phase": step.phase,
                "due": as_json(due[step.key]),
            }
            for step in programme.steps
        ],
        "totals": totals,
        "offered": {
            "phase": [
                {"key": phase.key, "title": phase.title.in_(spoken)}
                for phase in programme.phases
            ],
            "badge": [
                {"key": badge.key, "title": badge.title.in_(spoken)}
                for badge in programme.badges
                if badge.scope == "cohort"
            ],
            **offered(cohort),
        },
        "season": {
            **columns(cohort, ("id", "name", "title", "state")),
            "asks_feedback": bool(programme.feedback),
        },
    }
