"""A stamp of what the pages of seasons, participants and awards show."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.badges import schema
from ckanext.challenge.common.action_helpers import validated

__all__ = ["challenge_stamp_show"]

# PostgreSQL gives each row the number of the transaction that wrote it: the sum and
# the count of these change with whatever row is added, changed or removed.
_STAMP = sa.text(
    """
    SELECT c.id, c.state, concat_ws('/', c.xmin,
      (SELECT concat_ws('.', count(*), sum(p.xmin::text::bigint),
                        sum(g.xmin::text::bigint))
       FROM challenge_participant p
       JOIN "group" g ON g.id = p.organization_id
       WHERE p.cohort_id = c.id
         AND (CAST(:organization AS text) IS NULL
              OR g.id = :organization OR g.name = :organization)),
      (SELECT concat_ws('.', count(*), sum(a.xmin::text::bigint))
       FROM challenge_award a
       JOIN "group" g ON g.id = a.organization_id
       WHERE CASE WHEN CAST(:organization AS text) IS NULL THEN a.cohort_id = c.id
                  ELSE g.id = :organization OR g.name = :organization END),
      (SELECT concat_ws('.', count(*), sum(s.xmin::text::bigint))
       FROM challenge_step_status s
       JOIN challenge_participant p ON p.id = s.participant_id
       JOIN "group" g ON g.id = p.organization_id
       WHERE p.cohort_id = c.id
         AND (g.id = :organization OR g.name = :organization))
    ) AS stamp
    FROM challenge_cohort c
    WHERE c.id = :cohort OR c.name = :cohort
    """
)

_AWARD = sa.text(
    """
    SELECT a.cohort_id AS id, c.state, concat_ws('/', a.xmin, g.xmin, c.xmin, d.xmin,
                                                 d.key_id) AS stamp
    FROM challenge_award a
    JOIN "group" g ON g.id = a.organization_id AND g.state = 'active'
    LEFT JOIN challenge_cohort c ON c.id = a.cohort_id
    LEFT JOIN challenge_credential d ON d.award_id = a.id
    WHERE a.id = :award
    """
)


@tk.side_effect_free
def challenge_stamp_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a stamp that changes with what is stored of a season, in one statement.

    For caches: as long as the stamp is the same, so are the season, its participants,
    their progress and their badges, and the day. Who may read the season may call
    this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param organization: the id or name of an organization, for a stamp of its
        progress alone
    :type organization: string
    :param award: in place of both the id of an award, for a stamp of its state, its
        organization, its season and its credential
    :type award: string
    :returns: ``{stamp}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such season, or no such award
    """
    data = validated(context, data_dict, schema.stamp_show())
    if "award" in data:
        row = model.Session.execute(_AWARD, {"award": data["award"]}).first()
        if row is None:
            raise tk.ObjectNotFound(tk._("There is no such award"))
        # One without a season is everybody's.
        seen = {"cohort": row.id, "state": row.state} if row.id else {"state": ""}
        tk.check_access("challenge_stamp_show", context, seen)
        return {"stamp": f"{row.stamp}/{config.today().isoformat()}"}
    if "cohort" not in data:
        raise tk.ValidationError({"cohort": [tk._("This is needed")]})
    row = model.Session.execute(
        _STAMP,
        {"cohort": data["cohort"], "organization": data.get("organization")},
    ).first()
    if row is None:
        raise tk.ObjectNotFound(tk._("There is no such season"))
    tk.check_access(
        "challenge_stamp_show", context, {"cohort": row.id, "state": row.state}
    )
    today = config.today()
    return {"stamp": f"{row.stamp}/{today.isoformat()}"}
