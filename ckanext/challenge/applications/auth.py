"""Who may write, read, decide and tell of an application."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import AuthResult, Context

from ckanext.challenge.applications import (
    accounts,
    claims,
    invitations,
    merging,
    waiting_roles,
)
from ckanext.challenge.common import addresses, proofs, roles
from ckanext.challenge.common.action_helpers import (
    find_application,
    find_file,
    find_mail,
    find_organization,
    find_participant,
    user_id_of,
)
from ckanext.challenge.model import Application


@tk.auth_allow_anonymous_access
def challenge_application_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_submit(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_withdraw(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant; the managers of the cohort, once it was handed in."""
    return roles.for_reader(context, data_dict)


def challenge_application_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers, of their cohort; every user, of the own applications."""
    if not data_dict.get("cohort"):
        return {"success": True}
    return roles.for_manager(context, data_dict["cohort"])


def challenge_application_statistics(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def _manager_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return roles.answer(roles.may_decide(context, application))


def _writer_of_notes(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return roles.answer(roles.may_annotate(context, application))


def challenge_application_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_batch_review(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohorts of all these applications."""
    for id_ in data_dict.get("ids") or []:
        try:
            application = find_application(id_)
        except tk.ObjectNotFound:
            # It is told as the result of this one.
            continue
        if not roles.may_decide(context, application):
            return roles.refused()
    return {"success": True}


def challenge_decisions_publish(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_decision_drop(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_assign(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_application_note_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort, and the adviser of the participant."""
    return _writer_of_notes(context, data_dict)


def challenge_application_note_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort, and the adviser of the participant."""
    return _writer_of_notes(context, data_dict)


def challenge_score_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_score_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


def challenge_waitlist_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_waitlist_move(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_message_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, and the managers of the cohort."""
    return roles.for_reader(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_message_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, and the managers of the cohort."""
    return roles.for_reader(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_data(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_attachment_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


@tk.auth_allow_anonymous_access
def challenge_application_attachment_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    application = find_application(find_file(data_dict.get("id")).application_id)
    return roles.answer(roles.owns(context, application, data_dict))


@tk.auth_allow_anonymous_access
def challenge_application_attachment_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Those who may read the application."""
    application = find_application(find_file(data_dict.get("id")).application_id)
    return roles.answer(roles.may_read(context, application, data_dict))


@tk.auth_allow_anonymous_access
def challenge_application_form(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_link_send(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody: the link goes to the contact and to nobody else."""
    return {"success": True}


@tk.auth_allow_anonymous_access
def challenge_application_email_confirm(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The applicant, by account or by key."""
    return roles.for_owner(context, data_dict)


def challenge_claim_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization, and the managers of the cohort."""
    claim = claims.find(data_dict.get("id"))
    if roles.may_add_members(context, claim.organization_id):
        return {"success": True}
    return roles.answer(roles.is_manager(context, claims.cohort_id_of(claim)))


def challenge_claim_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a cohort its managers, of an organization its admins."""
    return roles.answer(
        _may_list(context, data_dict.get("cohort"), data_dict.get("organization"))
    )


def challenge_participant_ask(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_claim_answer(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization."""
    claim = claims.find(data_dict.get("id"))
    return roles.answer(roles.may_add_members(context, claim.organization_id))


def challenge_member_invite(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The admins of the organization; until it had one, the managers who made it."""
    organization = find_organization(data_dict.get("organization"))
    if roles.may_add_members(context, organization.id):
        return {"success": True}
    if roles.managed_maker(context, organization.id) is None:
        return roles.refused()
    if not accounts.had_admin(organization):
        return {"success": True}
    text = tk._(
        "This organization has admins of its own: they alone let somebody in, or a "
        "sysadmin"
    )
    if not accounts.admins(organization):
        text = tk._(
            "The admins that this organization had are gone: a sysadmin lets "
            "somebody in"
        )
    return {"success": False, "msg": text}


def challenge_invitation_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Those who may invite into the organization."""
    return challenge_member_invite(context, data_dict)


def challenge_invitation_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Those who may invite into the organization."""
    organization_id = invitations.find(data_dict.get("id")).row.organization_id
    return challenge_member_invite(context, {"organization": organization_id})


@tk.auth_sysadmins_check
def challenge_address_prove(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The account that the link is for; a link that says nothing is told to all."""
    proof = proofs.read_token(data_dict.get("token"))
    own = user_id_of(context)
    return roles.answer(bool(own) and (proof is None or proof.user_id == own))


def challenge_address_proof_send(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever has a role that waits; of one role those who may list it."""
    if not data_dict.get("id"):
        return {"success": True}
    waiting = waiting_roles.find(data_dict["id"])
    if waiting.user_id == user_id_of(context):
        return {"success": True}
    return roles.answer(
        _may_list(context, waiting_roles.cohort_id_of(waiting), waiting.organization_id)
    )


def challenge_waiting_role_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Of a cohort its managers, of an organization its admins; all, of their own."""
    cohort, organization = data_dict.get("cohort"), data_dict.get("organization")
    if not cohort and not organization:
        return {"success": True}
    return roles.answer(_may_list(context, cohort, organization))


def challenge_given_role_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Of a cohort its managers, of an organization its admins."""
    return roles.answer(
        _may_list(context, data_dict.get("cohort"), data_dict.get("organization"))
    )


@tk.auth_allow_anonymous_access
def challenge_role_changes(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a participation the managers of its cohort, of an application its readers."""
    if data_dict.get("participant"):
        participant = find_participant(data_dict["participant"])
        return roles.answer(roles.is_manager(context, participant.cohort_id))
    application = find_application(data_dict.get("application"))
    return roles.answer(roles.may_read(context, application, data_dict))


def _may_list(context: Context, cohort: Any, organization: Any) -> bool:
    if cohort and roles.is_manager(context, roles.seen_cohort(context, cohort).id):
        return True
    return bool(organization) and roles.may_add_members(
        context, find_organization(organization).id
    )


def _managers_only(context: Context, cohort_id: str | None) -> AuthResult:
    if cohort_id:
        return roles.answer(roles.is_manager(context, cohort_id))
    return roles.answer(roles.is_sysadmin(context))


def _of(context: Context, application: Application) -> AuthResult:
    # A draft is its applicant's until it is handed in.
    submitted = application.submitted_at is not None
    return _managers_only(context, application.cohort_id if submitted else None)


def challenge_mail_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers, of their cohort; sysadmins, of all of them."""
    if data_dict.get("application"):
        return _of(context, find_application(data_dict["application"]))
    if data_dict.get("cohort"):
        return _managers_only(
            context, roles.seen_cohort(context, data_dict["cohort"]).id
        )
    return _managers_only(context, None)


def challenge_mail_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort; sysadmins, of all of them."""
    return _of_mail(context, data_dict)


def challenge_mail_retry(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    if not data_dict.get("id") and data_dict.get("cohort"):
        return _managers_only(
            context, roles.seen_cohort(context, data_dict["cohort"]).id
        )
    return _of_mail(context, data_dict)


def _of_mail(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    mail = find_mail(data_dict.get("id"))
    if mail.application_id:
        return _of(context, find_application(mail.application_id))
    return _managers_only(context, mail.cohort_id)


def challenge_mail_preview(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _of(context, find_application(data_dict.get("application")))


def challenge_collectivite_merge(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Sysadmins; managers of all its seasons, of what is known to be replaced."""
    if not roles.manages_any(context):
        return roles.refused()
    try:
        merger = merging.find(str(data_dict.get("from")), str(data_dict.get("into")))
    except tk.ValidationError:
        return roles.refused()
    was, becomes = merger.source.siren, merger.target.siren
    seasons = merging.seasons_of(merger.group)
    return roles.answer(
        bool(was and seasons)
        and becomes in addresses.successors_of(was or "")
        and all(roles.is_manager(context, cohort.id) for _, cohort in seasons)
    )


def challenge_merge_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Those who manage a season."""
    return roles.answer(roles.manages_any(context))


def challenge_staff_invite(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers, for advisers; sysadmins, for managers too."""
    if data_dict.get("role") == "adviser":
        return roles.for_manager(context, data_dict.get("cohort"))
    return roles.refused()
