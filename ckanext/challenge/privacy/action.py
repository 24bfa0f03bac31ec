"""The right to be forgotten."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import schema
from ckanext.challenge.applications.transitions import lock_with_cohort
from ckanext.challenge.common import file_store, roles, session_events
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_application,
    validate,
)
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model.dictize import columns

from . import erasure


def challenge_application_erase(context: Context, data_dict: dict[str, Any]) -> Any:
    """Erase the personal data of an application, for good.

    The applicant may call this for a draft and for what was withdrawn or refused; the
    managers of the season and sysadmins for any application, when somebody asked for
    it. Contact, elected sponsor, motivation, answers, reasons, messages, notes and
    files go; SIREN, name, kind and population of the collectivité, states and dates
    stay, and so do the organization and the participation of an accepted one; the
    contact's role in it ends (``challenge_role_changes`` tells). What could still be
    decided is withdrawn. The follow-up link opens nothing any more.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key
    :type key: string
    :returns: ``{id, reference, state, erased_at}``
    :rtype: dict
    :raises ValidationError: on ``state`` when the applicant has to withdraw it first
    """
    data = validate(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_erase", context, data)
    lock_with_cohort(application)
    free = application.state in lifecycle.APPLICATION_ERASABLE
    if not free and not roles.is_manager(context, application.cohort_id):
        accepted = application.state == "accepted"
        model.Session.rollback()
        text = (
            tk._("You take part in this season: ask its team to erase your data")
            if accepted
            else tk._("Withdraw the application first; then its data can be erased")
        )
        raise tk.ValidationError({"state": [text]})
    file_ids = erasure.erase(application, actor_of(context))
    session_events.after_commit(file_store.remove, *file_ids)
    commit(context)
    return columns(application, ("id", "reference", "state", "erased_at"))
