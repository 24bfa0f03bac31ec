"""Claims: an accepted applicant asks to join the organization of the same SIREN."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import claims, given_roles, schema
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    checked_transition,
    find_organization,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import Application, Claim, Participant, locks
from ckanext.challenge.model.base import utcnow


@tk.side_effect_free
def challenge_claim_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show who asks to become admin of an organization.

    The admins of the organization, the managers of the season and sysadmins may call
    this.

    :param id: the id of the claim
    :type id: string
    :returns: ``{id, state, reason, asked_at, answered_at, answered_by,
        organization_id, organization_name, organization_title, application_id,
        reference, cohort, cohort_title, contact_name, contact_role,
        contact_email, user_name, user_display_name, since, waiting}`` with ``state``
        one of ``asked``, ``accepted``, ``declined`` and ``withdrawn`` (the
        collectivité takes part no more); the user is the account that becomes an
        admin, which need not be that of the contact, ``since`` when it was made, and
        ``waiting`` says that it was let in and has yet to prove the contact's address
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    claim = claims.find(data["id"])
    tk.check_access("challenge_claim_show", context, {"id": claim.id})
    return _show(claim)


@tk.side_effect_free
def challenge_claim_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List who asks to become admin of an organization.

    Managers of the season and sysadmins may call this with ``cohort``; the admins of
    the organization with ``organization``.

    :param cohort: the id or name of a season
    :type cohort: string
    :param organization: the id or name of an organization
    :type organization: string
    :param state: ``asked``, ``accepted``, ``declined`` or ``withdrawn``
    :type state: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the latest first, as
        :py:func:`challenge_claim_show` answers each
    :rtype: dict
    """
    data = validate(context, data_dict, schema.claim_list())
    if "cohort" not in data and "organization" not in data:
        raise tk.ValidationError({"cohort": [tk._("Name a season or an organization")]})
    rows = claims.selected()
    scope = {}
    if "cohort" in data:
        scope["cohort"] = roles.seen_cohort(context, data["cohort"]).id
        rows = rows.filter(Application.cohort_id == scope["cohort"])
    if "organization" in data:
        scope["organization"] = find_organization(data["organization"]).id
        rows = rows.filter(Claim.organization_id == scope["organization"])
    tk.check_access("challenge_claim_list", context, scope)
    if "state" in data:
        rows = rows.filter(Claim.state == data["state"])
    page, count = paginate(rows.order_by(Claim.asked_at.desc(), Claim.id), data)
    return {"count": count, "results": [claims.dictize(row) for row in page]}


def challenge_claim_answer(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say whether somebody becomes admin of one's organization.

    The admins of the organization and sysadmins may call this; a manager of the
    season may not. The applicant is told of a yes, the managers of a no. The same
    answer again changes nothing, and a no can become a yes.

    :param id: the id of the claim
    :type id: string
    :param accepted: whether this person becomes an admin
    :type accepted: bool
    :param reason: why not; the managers of the season read it
    :type reason: string
    :returns: the claim, as :py:func:`challenge_claim_show` answers it
    :rtype: dict
    :raises ValidationError: on ``reason`` when it is missing, on ``accepted`` when
        it was answered otherwise or is asked no more
    """
    data = validate(context, data_dict, schema.claim_answer())
    claim = claims.find(data["id"])
    tk.check_access("challenge_claim_answer", context, {"id": claim.id})
    accepted = data["accepted"]
    if not accepted and "reason" not in data:
        raise tk.ValidationError(
            {"reason": [tk._("Say why; the team of the season will read it")]}
        )
    after = "accepted" if accepted else "declined"
    with all_or_nothing(context):
        locks.refresh_for_update(claim)
        before = claim.state
        if before == after:
            return _show(claim)
        with checked_transition("accepted"):
            lifecycle.CLAIM.check(before, after)
        if accepted:
            _let_in(claim, actor_of(context))
        claim.state = after
        claim.reason = None if accepted else data["reason"]
        claim.answered_at = utcnow()
        claim.answered_by = user_id_of(context)
        notifications.enqueue(
            "claim_accepted" if accepted else "claim_declined",
            application=model.Session.get(Application, claim.application_id),
            claim_id=claim.id,
        )
        model.Session.flush()
        journal.record(
            actor_of(context),
            "transition",
            "claim",
            claim.id,
            {"from": before, "to": after},
        )
    return _show(claim)


def _let_in(claim: Claim, actor: str) -> None:
    application = model.Session.get(Application, claim.application_id)
    if application is None or application.erased_at is not None:
        # An erasure ends the claim; before it did so, claims outlived their person.
        raise tk.ValidationError(
            {"accepted": [tk._("The data of this person were erased")]}
        )
    user = model.User.get(claim.user_id)
    group = model.Group.get(claim.organization_id)
    if user is None or group is None or user.state == model.State.DELETED:
        raise tk.ValidationError(
            {"accepted": [tk._("The account of this person is closed")]}
        )
    participant = (
        model.Session.query(Participant)
        .filter_by(application_id=claim.application_id)
        .first()
    )
    given_roles.give(
        user,
        group,
        "admin",
        "claim",
        actor,
        address=application.contact_email or user.email,
        participant=participant,
        application_id=claim.application_id,
    )


def _show(claim: Claim) -> dict[str, Any]:
    return claims.dictize(claims.selected().filter(Claim.id == claim.id).one())
