"""Who may see and change what belongs to a participant."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import AuthResult, Context

from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import (
    cohort_of,
    find_application,
    find_extension,
    find_organization,
    find_participant,
    find_visit,
    user_id_of,
)
from ckanext.challenge.domain import deeds
from ckanext.challenge.model import Participant, SavedView


def _manager_of(context: Context, participant_id: Any) -> AuthResult:
    participant = find_participant(participant_id)
    return roles.answer(roles.is_manager(context, participant.cohort_id))


def _follower_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.may_follow(context, participant))


@tk.auth_allow_anonymous_access
def challenge_participant_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody; participants of drafts are for staff."""
    if not data_dict.get("cohort"):
        return {"success": True}
    return roles.for_seen(context, data_dict["cohort"])


@tk.auth_allow_anonymous_access
def challenge_participant_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Everybody; participants of drafts are for staff."""
    participant = find_participant(data_dict.get("id"))
    cohort = cohort_of(participant)
    if not roles.may_see_cohort(context, cohort):
        raise tk.ObjectNotFound(tk._("There is no such participant"))
    return {"success": True}


def challenge_participant_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort, of an organization whose admins they are; sysadmins."""
    cohort = roles.seen_cohort(context, data_dict.get("cohort"))
    if not roles.is_manager(context, cohort.id):
        return roles.refused()
    reference = data_dict.get("organization")
    if not reference:
        return {"success": True}
    organization = find_organization(reference)
    if roles.may_add_members(context, organization.id):
        return {"success": True}
    text = tk._(
        "An organization decides itself whether it takes part: it applies, or its "
        "admins are asked (challenge_participant_ask). Only a sysadmin, or a manager "
        "of the season who is an admin of that organization, adds it unasked."
    )
    return {"success": False, "msg": text}


def _decider_of(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    application = find_application(data_dict.get("id"))
    return roles.answer(roles.may_decide(context, application))


def challenge_application_acceptance_undo(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _decider_of(context, data_dict)


def challenge_application_acceptance_undo_preview(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _decider_of(context, data_dict)


def challenge_participant_withdraw(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("id"))


def challenge_participant_reinstate(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("id"))


def challenge_participant_assign(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("id"))


def challenge_participant_board(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_participant_export(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season; an adviser, of the visits, the own ones."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_saved_view_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_saved_view_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_saved_view_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Its owner; of a shared one, managers of the season too."""
    view = SavedView.get(data_dict.get("id"))
    if view is None:
        raise tk.ObjectNotFound(tk._("There is no such view"))
    return roles.answer(
        view.user_id == user_id_of(context)
        or (view.shared and roles.is_manager(context, view.cohort_id))
    )


def challenge_participant_batch(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the seasons of all of them; what advisers may, those of all."""
    deed = deeds.DEEDS.get(data_dict.get("do") or "")
    for id_ in data_dict.get("participants") or []:
        try:
            participant = find_participant(id_)
        except tk.ObjectNotFound:
            # It is told as the result of this one.
            continue
        if not (
            roles.is_adviser(context, participant)
            if deed is not None and deed.by_adviser
            else roles.is_manager(context, participant.cohort_id)
        ):
            return roles.refused()
    return roles.answer(bool(user_id_of(context)))


def challenge_participant_kits_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_step_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_step_evidence_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_step_confirm(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.is_adviser(context, participant))


def challenge_step_waive(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("participant"))


def challenge_step_unwaive(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, data_dict.get("participant"))


def challenge_participant_import(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_cohort_dates_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return roles.for_manager(context, data_dict.get("id"))


def challenge_extension_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the seasons of all these participants."""
    ids = data_dict.get("participants") or []
    found = model.Session.query(Participant.id, Participant.cohort_id).filter(
        Participant.id.in_(ids)
    )
    seasons = dict(map(tuple, found))
    if set(ids) != set(seasons):
        raise tk.ObjectNotFound(tk._("There is no such participant"))
    return roles.answer(
        bool(ids) and all(roles.is_manager(context, id_) for id_ in {*seasons.values()})
    )


def challenge_extension_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the cohort."""
    return _manager_of(context, find_extension(data_dict.get("id")).participant_id)


def challenge_extension_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a participant its members, its adviser, managers; of a cohort its staff."""
    if data_dict.get("participant"):
        return _follower_of(context, data_dict)
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_step_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_evaluate(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """An organization: members, advisers. A cohort: managers. All: sysadmins."""
    if data_dict.get("cohort"):
        cohort = roles.seen_cohort(context, data_dict["cohort"])
        allowed = roles.is_manager(context, cohort.id)
    elif data_dict.get("organization"):
        group = find_organization(data_dict["organization"])
        allowed = roles.is_member(context, group.id) or any(
            roles.is_adviser(context, participant)
            for participant in model.Session.query(Participant).filter_by(
                organization_id=group.id
            )
        )
    else:
        allowed = False
    return {"success": True} if allowed else roles.refused()


@tk.auth_allow_anonymous_access
def challenge_progress_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Everybody; of a draft, its staff. The action leaves out what is not public."""
    return roles.for_seen(context, data_dict.get("cohort"))


def _adviser_of(context: Context, participant_id: Any) -> AuthResult:
    return roles.answer(roles.is_adviser(context, find_participant(participant_id)))


def _adviser_of_visit(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    return _adviser_of(context, find_visit(data_dict.get("id")).participant_id)


def challenge_visit_create(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of(context, data_dict.get("participant"))


def challenge_visit_update(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers; whether it was held, and nothing else,
    whoever of the team it was given to.
    """
    visit = find_visit(data_dict.get("id"))
    participant = find_participant(visit.participant_id)
    return roles.answer(
        roles.is_adviser(context, participant)
        or (
            data_dict.keys() == {"id", "state"}
            and visit.adviser_id is not None
            and visit.adviser_id == user_id_of(context)
            and roles.is_staff(context, participant.cohort_id)
        )
    )


def challenge_visit_delete(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of_visit(context, data_dict)


def challenge_visit_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Of a participant its members, its adviser, managers; of a cohort its staff."""
    if data_dict.get("participant"):
        return _follower_of(context, data_dict)
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_budget_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_visit_form_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Whoever is on the team of a season that goes on."""
    return roles.answer(roles.on_a_live_team(context))


def challenge_calendar_address_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season, each for the own one."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_calendar_address_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season, each for the own one."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_calendar_address_delete(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the season, each for the own one."""
    return roles.for_staff(context, data_dict.get("cohort"))


@tk.auth_allow_anonymous_access
def challenge_calendar_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Whoever has the address: the action judges it."""
    return {"success": True}


def challenge_time_certificate_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Of a participant who follows it; of an adviser that person, and managers."""
    if data_dict.get("participant"):
        return _follower_of(context, data_dict)
    cohort = roles.seen_cohort(context, data_dict.get("cohort"))
    if roles.is_manager(context, cohort.id):
        return {"success": True}
    user_id = user_id_of(context)
    own = bool(user_id) and data_dict.get("adviser") in (user_id, context.get("user"))
    return roles.answer(own and roles.is_staff(context, cohort.id))


def challenge_participant_message_create(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_participant_message_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_reminder_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_reminder_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The staff of the season."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_reminder_pause(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of(context, data_dict.get("participant"))


def challenge_reminder_resume(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The adviser of this participant, managers."""
    return _adviser_of(context, data_dict.get("participant"))


def challenge_accompaniment_show(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    return _follower_of(context, data_dict)


def challenge_accompaniment_list(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """The staff of the cohort."""
    return roles.for_staff(context, data_dict.get("cohort"))


def challenge_feedback_update(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Members of the organization: nobody else has its opinion."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(
        roles.is_sysadmin(context)
        or roles.is_member(context, participant.organization_id)
    )


def challenge_feedback_show(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Members of the organization, its adviser, managers."""
    participant = find_participant(data_dict.get("participant"))
    return roles.answer(roles.may_follow(context, participant))


def challenge_feedback_list(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """Managers of the season: who advises reads the forms of those it accompanies."""
    return roles.for_manager(context, data_dict.get("cohort"))


def challenge_feedback_export(
    context: Context, data_dict: dict[str, Any]
) -> AuthResult:
    """Managers of the season: who advises reads the forms of those it accompanies."""
    return roles.for_manager(context, data_dict.get("cohort"))
