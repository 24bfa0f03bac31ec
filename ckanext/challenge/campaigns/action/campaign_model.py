"""What a season keeps to write again, and what every season begins with."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.campaigns import schema, words
from ckanext.challenge.campaigns.finding import find_model
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    paginate,
    validate,
)
from ckanext.challenge.model import CampaignModel, locks
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.dictize import columns

_SHOWN = ("id", "title", "subject", "text", "created_at")


def challenge_campaign_model_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Keep a message to begin others with; one of the same title takes its place.

    Managers of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param to: ``participants``, ``applicants`` or ``staff``
    :type to: string
    :param title: by which it is found
    :type title: string
    :param subject: of the message
    :type subject: string
    :param text: of the message, with its placeholders
    :type text: string
    :returns: the model, as :py:func:`challenge_campaign_model_list` gives it
    :rtype: dict
    :raises ValidationError: on ``subject`` or ``text`` for a placeholder that there is
        not
    """
    data = validate(context, data_dict, schema.model_create())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_campaign_model_create", context, {"cohort": cohort.id})
    words.check(data["to"], data["subject"], data["text"])
    # Two of the same title at once: the later one takes the place of the other.
    locks.hold(f"campaign models of {cohort.id}")
    known = (
        model.Session.query(CampaignModel)
        .filter_by(cohort_id=cohort.id, title=data["title"])
        .first()
    )
    kept = known or CampaignModel(
        id=make_id(), cohort_id=cohort.id, title=data["title"]
    )
    kept.audience = data["to"]
    kept.subject, kept.text = data["subject"], data["text"]
    with all_or_nothing(context):
        model.Session.add(kept)
        model.Session.flush()
        _record(context, "keep_campaign_model", kept)
    return _dictize(kept)


def challenge_campaign_model_delete(context: Context, data_dict: dict[str, Any]) -> Any:
    """Keep a model no longer; what was written with it stays.

    Managers of the season and sysadmins may call this.

    :param id: the id of the model
    :type id: string
    :returns: ``{id}``
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    kept = find_model(data["id"])
    tk.check_access("challenge_campaign_model_delete", context, {"id": kept.id})
    with all_or_nothing(context):
        _record(context, "delete_campaign_model", kept)
        model.Session.delete(kept)
    return {"id": data["id"]}


@tk.side_effect_free
def challenge_campaign_model_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List what a season keeps to write again, by title.

    The staff of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, to, title, subject, text, created_at}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.model_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_campaign_model_list", context, {"cohort": cohort.id})
    query = model.Session.query(CampaignModel).filter_by(cohort_id=cohort.id)
    rows, count = paginate(query.order_by(CampaignModel.title, CampaignModel.id), data)
    return {"count": count, "results": [_dictize(row) for row in rows]}


def _dictize(kept: CampaignModel) -> dict[str, Any]:
    return {**columns(kept, _SHOWN), "to": kept.audience}


def _record(context: Context, action: str, kept: CampaignModel) -> None:
    journal.record(
        actor_of(context), action, "cohort", kept.cohort_id, {"model": kept.id}
    )
