"""What the portal has a public page of, for those who look for its pages."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.datasets import schema
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import PUBLIC
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.schemas.choices import kits

_IN_SEASON = """
    FROM challenge_participant p
    JOIN challenge_cohort c ON c.id = p.cohort_id AND c.state <> 'draft'
    JOIN "group" g ON g.id = p.organization_id AND g.state = 'active'
    WHERE p.state = ANY (CAST(:counted AS text[]))
"""

#: By kind, what there is: ``name``, where it stands under another one ``parent``, and
#: when it changed for the last time, as far as that is known.
_SELECTED = {
    "cohort": """
        SELECT c.name, NULL AS parent, c.updated_at AS changed
        FROM challenge_cohort c WHERE c.state <> 'draft'
    """,
    "participant": f"""
        SELECT g.name, c.name AS parent, p.evaluated_at AS changed {_IN_SEASON}
    """,
    # One that was replaced leads on to what took its place.
    "collectivite": """
        SELECT c.siren AS name, NULL AS parent, CAST(NULL AS timestamptz) AS changed
        FROM challenge_collectivite c
        WHERE c.siren IS NOT NULL AND NOT EXISTS (
            SELECT FROM challenge_former_address f
            WHERE f.kind = 'collectivite' AND f.name = c.siren
        )
    """,
    "organization": f"""
        SELECT g.name, NULL AS parent, (
            SELECT max(p.metadata_modified) AT TIME ZONE 'UTC' FROM package p
            WHERE p.owner_org = g.id AND {PUBLIC}
        ) AS changed
        FROM "group" g
        WHERE g.state = 'active' AND g.is_organization AND g.type = 'organization'
    """,
    "dataset": f"""
        SELECT p.name, NULL AS parent,
               p.metadata_modified AT TIME ZONE 'UTC' AS changed
        FROM package p WHERE {PUBLIC}
    """,
}


@tk.side_effect_free
def challenge_address_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List what the portal has a public page of, for maps of the site.

    Anybody may call this. In an order that stays, so that pages of it do not overlap.

    :param kind: ``cohort``, ``participant``, ``badge``, ``kit``, ``collectivite``,
        ``organization`` or ``dataset``
    :type kind: string
    :param limit: how many; 1,000 if not given, 10,000 at most
    :type limit: int
    :param offset: from which on
    :type offset: int
    :returns: ``{count, changed_at, results}``: how many there are, when one of them
        changed for the last time, and ``{name, parent, changed_at}``, ``parent`` being
        the season of a participant; both times are none where nobody knows
    :rtype: dict
    :raises ValidationError: on ``kind`` when it is another one
    """
    tk.check_access("challenge_address_list", context, data_dict)
    data = validate(context, data_dict, schema.address_list())
    if data["kind"] in ("badge", "kit"):
        names = (
            list(programmes.badges(None))
            if data["kind"] == "badge"
            else [kit.key for kit in kits()]
        )
        shown = names[data["offset"] :][: data["limit"]]
        return {
            "count": len(names),
            "changed_at": None,
            "results": [
                {"name": name, "parent": None, "changed_at": None} for name in shown
            ],
        }
    return _stored(data)


def _stored(data: dict[str, Any]) -> dict[str, Any]:
    selected = _SELECTED[data["kind"]]
    asked = {"limit": data["limit"], "offset": data["offset"]}
    if ":counted" in selected:
        asked["counted"] = array(sorted(PARTICIPANT_COUNTED))
    rows = model.Session.execute(
        sa.text(
            f"""
            WITH every AS ({selected}), shown AS (
                SELECT * FROM every ORDER BY name, parent
                LIMIT :limit OFFSET :offset
            )
            SELECT total.count, total.latest, shown.*
            FROM (SELECT count(*) AS count, max(changed) AS latest FROM every) AS total
            LEFT JOIN shown ON true
            ORDER BY shown.name, shown.parent
            """
        ),
        asked,
    ).all()
    return {
        "count": rows[0].count,
        "changed_at": as_json(rows[0].latest),
        "results": [
            {
                "name": row.name,
                "parent": row.parent,
                "changed_at": as_json(row.changed),
            }
            for row in rows
            if row.name is not None
        ],
    }
