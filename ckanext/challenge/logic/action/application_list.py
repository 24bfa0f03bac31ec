"""The applications to a season, or one's own, as a list."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge.logic import roles
from ckanext.challenge.logic.boundary import find_cohort, validated
from ckanext.challenge.logic.schema import application as schema
from ckanext.challenge.model import Application
from ckanext.challenge.model.dictize import columns

__all__ = ["challenge_application_list"]

_SHOWN = (
    "id",
    "reference",
    "cohort_id",
    "siren",
    "organization_title",
    "kind",
    "insee_code",
    "departement",
    "population",
    "agents",
    "contact_name",
    "contact_role",
    "contact_email",
    "contact_phone",
    "elected_sponsor",
    "motivation",
    "consent_at",
    "state",
    "state_reason",
    "waitlist_rank",
    "created_at",
    "updated_at",
    "submitted_at",
    "decided_at",
    "user_id",
    "organization_id",
)


@tk.side_effect_free
def challenge_application_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the applications to a season, or one's own.

    Managers of the season and sysadmins may call this with ``cohort``; any user
    without it, for the applications made with that account.

    :param cohort: the id or name of the season
    :type cohort: string
    :param state: only applications in this state
    :type state: string
    :param q: part of a name, reference or SIREN
    :type q: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the oldest first
    :rtype: dict
    """
    data = validated(context, data_dict, schema.application_list())
    query = model.Session.query(Application)
    if "cohort" in data:
        cohort = find_cohort(data["cohort"])
        tk.check_access("challenge_application_list", context, {"cohort": cohort.id})
        query = query.filter(Application.cohort_id == cohort.id)
    else:
        tk.check_access("challenge_application_list", context, {})
        query = query.filter(Application.user_id == roles.user_id_of(context))
    if "state" in data:
        query = query.filter(Application.state == data["state"])
    if "q" in data:
        part = f"%{data['q']}%"
        query = query.filter(
            sa.or_(
                Application.organization_title.ilike(part),
                Application.reference.ilike(part),
                Application.siren.like(part),
            )
        )
    rows = (
        query.order_by(Application.submitted_at, Application.created_at)
        .offset(data["offset"])
        .limit(data["limit"])
    )
    return {
        "count": query.count(),
        "results": [columns(row, _SHOWN) for row in rows],
    }
