"""The same for many participants, with what came of each."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.common.action_helpers import is_deferred, validate
from ckanext.challenge.domain import deeds
from ckanext.challenge.participants import batch, schema
from ckanext.challenge.progress import evaluate


def challenge_participant_batch(context: Context, data_dict: dict[str, Any]) -> Any:
    """Do the same to many participants, one after the other.

    Managers of their seasons and sysadmins may call this; to write to those whom they
    accompany, advisers too. Each one is done for itself, in the order given: one to
    which it cannot be done leaves the others as they are. What is so already is left,
    so that the same batch done twice does nothing the second time: the same message is
    not written twice within a day, and nobody is invited twice within an hour.

    :param participants: ids of participants, at most 500
    :type participants: list of strings
    :param do: ``assign`` (``adviser``; nobody when left out), ``message`` (``text``),
        ``waive`` (``step``, ``reason``), ``extend`` (``step``, ``due``, ``reason``),
        ``badge`` (``badge``, ``reason``) or ``invite`` (again, those who were invited
        into their organizations and have not come)
    :type do: string
    :param adviser: the id or name of a user who is staff of the season
    :type adviser: string
    :param step: the key of a step
    :type step: string
    :param due: the day until which the step is put off
    :type due: string
    :param badge: the key of a badge of the season
    :type badge: string
    :param reason: why; the members read it, and of a badge everybody
    :type reason: string
    :param text: the message
    :type text: string
    :param dry_run: only tell what would come of each; nothing is done (false)
    :type dry_run: bool
    :returns: ``{count, done, unchanged, failed, results}``: how many there are, how
        many were changed, were left since it is so already, and were refused; for each
        ``{id, organization_name, organization_title, ok, changed, text, errors}``, in
        the order given: ``text`` says why nothing was changed, ``errors``, by field,
        why it was refused
    :rtype: dict
    :raises ValidationError: on what the deed needs and was not given
    """
    data = validate(context, data_dict, schema.batch())
    tk.check_access(
        "challenge_participant_batch",
        context,
        {"participants": data["participants"], "do": data["do"]},
    )
    lacking = deeds.missing(data["do"], data)
    if lacking:
        raise tk.ValidationError({name: [tk._("Missing value")] for name in lacking})
    deferred = is_deferred(context)
    if deferred and data["dry_run"]:
        # What is tried is undone, and all that its caller did with it.
        text = tk._("A dry run cannot be part of another transaction")
        raise tk.ValidationError({"dry_run": [text]})
    results: list[dict[str, Any]] = []
    changed: set[str] = set()
    for id_ in data["participants"]:
        result, organization_id = batch.carry_out(context, id_, data)
        results.append(result)
        changed |= {organization_id} - {""}
    if changed and not deferred and not data["dry_run"]:
        # Once for all: what a waived step brings nearer is there when the page is.
        evaluate.refresh(changed)
    return {"count": len(results), **deeds.counted(results), "results": results}
