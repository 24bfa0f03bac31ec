"""Collectivités that became another one: what is proposed, and what is done."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.applications import merging, schema
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    validate,
)
from ckanext.challenge.model.dictize import as_json


def challenge_collectivite_merge(context: Context, data_dict: dict[str, Any]) -> Any:
    """Let a collectivité go on as another one: a commune nouvelle, an EPCI that was
    changed, a SIREN that was given anew, an organization that is there twice.

    Sysadmins may call this. Managers may where the directory, or a sysadmin, says that
    the one was replaced by the other (:py:func:`challenge_successor_list`), and where
    they manage every season in which its organization takes part.

    If both have an organization, the datasets, participations, badges, applications,
    preparations and subscriptions of the first become those of the second, and the
    first is deleted; its addresses lead to the other. Where both take part in a season,
    what was done counts once, in the second's participation: the step that came
    further, visits and messages of both. What both hold as a badge stays the second's;
    the other one is history. People do not go along: the admins of the second let in
    whom they want. If the second has no organization, that of the first becomes it,
    with its people, and is named as the directory names it. All is done, or nothing.

    :param from: what was: its SIREN, or the name or id of its organization
    :type from: string
    :param into: what it became, in the same way
    :type into: string
    :param dry_run: only answer what would be done (false)
    :type dry_run: bool
    :returns: ``{from, into, renames, datasets, seasons, awards, doubled_awards, people,
        done}``: ``from`` and ``into`` are ``{siren, title, organization,
        organization_id}``; ``renames`` is whether the organization of the first becomes
        that of the second; ``seasons`` are ``{cohort, cohort_title, doubled}``, the
        last where both take part; ``people`` is how many are not members of the second
    :rtype: dict
    :raises ValidationError: on ``from`` or ``into`` where there is no such thing, where
        several organizations have the SIREN, or where they are one already
    """
    data = validate(context, data_dict, schema.merge())
    tk.check_access("challenge_collectivite_merge", context, data)
    merger = merging.find(data["from"], data["into"])
    answer = merging.told(merger)
    if data.get("dry_run"):
        return {**answer, "done": False}
    with all_or_nothing(context):
        merging.merge(merger, actor_of(context))
    return {**answer, "done": True}


@tk.side_effect_free
def challenge_merge_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the organizations that became another one, as far as the portal knows.

    Sysadmins may call this, and managers: these for what takes part in their seasons.

    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, by title, each ``{from, into, reason, since,
        datasets, seasons, may_merge}``: ``from`` and ``into`` are ``{siren, title,
        organization}``, the last null where there is none yet; ``reason`` is
        ``replaced`` (another collectivité took its place) or ``same_siren`` (an older
        organization has its SIREN); ``seasons`` is in how many it takes part
    :rtype: dict
    """
    data = validate(context, data_dict, schema.merge_list())
    tk.check_access("challenge_merge_list", context, data)
    found = merging.proposals()
    managed = None if roles.is_sysadmin(context) else roles.managed_cohorts(context)
    if managed is not None:
        found = [row for row in found if not managed.isdisjoint(row["cohorts"])]
    shown = found[data["offset"] : data["offset"] + data["limit"]]
    return {"count": len(found), "results": [_dictize(row, managed) for row in shown]}


def _dictize(row: dict[str, Any], managed: frozenset[str] | None) -> dict[str, Any]:
    """A proposal, for who manages these seasons; a sysadmin needs none."""
    return {
        "from": {
            "siren": row["siren"],
            "title": row["title"],
            "organization": row["name"],
        },
        "into": {
            "siren": row["successor"],
            "title": row["into_title"],
            "organization": row["into_name"],
        },
        "reason": row["reason"],
        "since": as_json(row["since"]),
        "datasets": row["datasets"],
        "seasons": len(row["cohorts"]),
        "may_merge": managed is None
        or (row["reason"] == "replaced" and managed.issuperset(row["cohorts"])),
    }
