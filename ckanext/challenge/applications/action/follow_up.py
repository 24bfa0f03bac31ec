"""The link by which an applicant without an account follows an application."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import schema, waiting_roles
from ckanext.challenge.common import (
    access_links,
    journal,
    proofs,
    rate_limit,
    roles,
)
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    commit,
    find_application,
    user_id_of,
    validate,
)
from ckanext.challenge.common.proofs import Proof
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.base import utcnow


def challenge_application_link_send(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Mail the follow-up link of an application to its contact, once more.

    Anybody may call this; it always answers the same, and tells nothing of whether
    there is such an application or whose it is.

    :param id: the id or reference of the application
    :type id: string
    :param cohort: in its place, the id or name of the season, with ``siren``
    :type cohort: string
    :param siren: of the collectivité that applied
    :type siren: string
    :param refused_file: that a file of a draft was not taken, so that the mail says why
        it is not submitted; from its applicant only
    :type refused_file: bool
    :param key: the follow-up key, by which a caller without an account is its applicant
    :type key: string
    :returns: ``{done: true}``
    :rtype: dict
    :raises ValidationError: on ``limit`` when this was asked too often
    """
    tk.check_access("challenge_application_link_send", context, data_dict)
    data = validate(context, data_dict, schema.link())
    rate_limit.check("link")
    application = _meant(data)
    if application is not None and application.contact_email:
        # To say that this address got too many would say that it has applied.
        with suppress(rate_limit.TooMany):
            rate_limit.check("link", application.contact_email)
            if application.state == "draft":
                refused = data.get("refused_file") and roles.owns(
                    context, application, data
                )
                notifications.enqueue(
                    "draft", application=application, refused_file=bool(refused)
                )
            else:
                notifications.enqueue("link", application=application)
            commit(context)
    return {"done": True}


def challenge_application_email_confirm(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Take the opening of a mailed link for the proof of the address.

    The applicant may call this with the follow-up key. Where it is the caller's own
    account that applied, or that has this address, the account has proved it, too, and
    has the roles that waited for this.

    :param id: the id or reference of the application
    :type id: string
    :param key: the follow-up key; it proves the address to which it was mailed, as
        long as that is the address of the application
    :type key: string
    :returns: ``{confirmed: bool}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.reference())
    application = find_application(data["id"])
    tk.check_access("challenge_application_email_confirm", context, data)
    if access_links.proves(data.get("key"), application.id, application.contact_email):
        with all_or_nothing(context):
            if application.email_confirmed_at is None:
                application.email_confirmed_at = utcnow()
                journal.record(
                    actor_of(context), "confirm_email", "application", application.id
                )
            _prove(context, application)
    return {"confirmed": application.email_confirmed_at is not None}


def _prove(context: Context, application: Application) -> None:
    """The account that opened the link has proved its address, if it is its own."""
    user = model.User.get(user_id_of(context) or "")
    address = application.contact_email or ""
    if user is None or proofs.is_proved(user.id, address):
        return
    if application.user_id == user.id or proofs.same(user.email, address):
        waiting_roles.prove(Proof(user.id, access_links.digest_of(address)))


def _meant(data: dict[str, Any]) -> Application | None:
    if data.get("id"):
        return Application.get(data["id"])
    cohort = Cohort.get(data.get("cohort"))
    if cohort is None or not data.get("siren"):
        return None
    return (
        model.Session.query(Application)
        .filter(
            Application.cohort_id == cohort.id,
            Application.siren == data["siren"],
            Application.state.in_(lifecycle.APPLICATION_LIVE),
        )
        .first()
    )
