"""An acceptance by mistake is undone, as long as nothing stands in the way."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import waiting_list
from ckanext.challenge.applications.dictize import dictize
from ckanext.challenge.common import fields, file_store, labels, session_events
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_application,
    is_deferred,
    validate,
)
from ckanext.challenge.domain import undoing as rules
from ckanext.challenge.domain.undoing import Hindrance
from ckanext.challenge.model import Application, JournalEntry
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json, columns
from ckanext.challenge.participants import schema, undoing
from ckanext.challenge.participants.undoing import Acceptance
from ckanext.challenge.progress import evaluate


@tk.side_effect_free
def challenge_application_acceptance_undo_preview(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Tell what undoing an acceptance would do, or what hinders it; nothing is done.

    Managers of the season and sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :returns: ``{hindrances, accepted_at, until, participant_id, organization_title,
        organization_removed, roles, accounts, waiting, badges, steps, files, messages,
        visits}``:
        ``hindrances`` are ``{name, text}``, none where it can be undone; ``until``
        when that ends (both moments ``null`` where it is not accepted);
        ``organization_removed`` whether the acceptance made the organization, which
        goes with it; ``roles`` are ``{user_name,
        user_display_name, role, after}``, as ``challenge_role_changes`` tells them;
        ``accounts`` are the names of accounts that nobody opened and that are deleted;
        ``waiting`` is the number of roles that wait for a proof, the others are the
        numbers of what was given and said in the participation
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    application = find_application(data["id"])
    tk.check_access(
        "challenge_application_acceptance_undo_preview", context, {"id": application.id}
    )
    found = undoing.find(application)
    accepted_at = application.decided_at if application.state == "accepted" else None
    group = found.group
    return {
        "hindrances": [
            {"name": name, "text": text}
            for name, text in _texts(found, undoing.hindrances(found)).items()
        ],
        "accepted_at": as_json(accepted_at),
        "until": as_json(rules.until(accepted_at)) if accepted_at else None,
        "participant_id": found.participant.id if found.participant else None,
        "organization_title": (group.title or group.name) if group else None,
        "organization_removed": found.made is not None,
        "roles": [
            {
                "user_name": change.user.name,
                "user_display_name": change.user.display_name,
                "role": change.role,
                "after": change.after,
            }
            for change in undoing.changes(found)
        ],
        "accounts": [user.name for user in undoing.unopened(found)],
        "waiting": undoing.waiting(found).count(),
        "badges": undoing.awards(found).count(),
        **undoing.work(found),
    }


def challenge_application_acceptance_undo(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Undo an acceptance: the application is read again, as if nobody had accepted it.

    Managers of the season and sysadmins may call this within a day of the acceptance,
    while the season goes on and the organization has no content of its own: no dataset,
    and no description where the acceptance made it; no dataset or resource that is
    newer than the acceptance where it was there before. The participation goes, with
    its steps, proofs, messages, visits and badges; so does the organization, if the
    acceptance made it; the roles that it gave, or that wait, end, and the accounts that
    it made go, if nobody opened them; what was to be mailed of it is not mailed. The
    contact and those who had a role are told. The place is free again, and nobody takes
    it by itself.

    :param id: the id or reference of the application
    :type id: string
    :param accepted_at: of the acceptance that is meant, as the preview tells it;
        whichever there is, when left out
    :type accepted_at: string
    :param reason: why; the contact and those who had a role read it
    :type reason: string
    :returns: the application, with ``organization_removed`` and ``next_in_line`` (the
        head of the waiting list, ``{id, reference, organization_title}`` or ``null``)
    :rtype: dict
    :raises ValidationError: on ``state``, with all that hinders it; on ``accepted_at``
        when it was accepted anew since
    """
    data = validate(context, data_dict, schema.acceptance_undo())
    application = find_application(data["id"])
    tk.check_access(
        "challenge_application_acceptance_undo", context, {"id": application.id}
    )
    with all_or_nothing(context):
        found = undoing.hold(application)
        hindrances = undoing.hindrances(found)
        if hindrances:
            texts = list(_texts(found, hindrances).values())
            raise tk.ValidationError({"state": texts})
        at = as_json(application.decided_at)
        if data.get("accepted_at", at) != at:
            text = tk._("It was accepted anew since you read this page. Read it again.")
            raise tk.ValidationError({"accepted_at": [text]})
        group_id, removed = application.organization_id, found.made is not None
        file_ids = undoing.undo(found, data.get("reason"), actor_of(context))
        session_events.after_commit(file_store.remove, *file_ids)
    if group_id and not is_deferred(context):
        # Its figures as an organization, and the lists of what is revoked.
        evaluate.refresh([group_id])
    following = waiting_list.head(application.cohort_id)
    return {
        **dictize(context, application),
        "organization_removed": removed,
        "next_in_line": columns(following, ("id", "reference", "organization_title"))
        if following
        else None,
    }


def _texts(found: Acceptance, names: Collection[Hindrance]) -> dict[str, str]:
    """What hinders it, in words."""
    texts = {
        "not_accepted": _not_accepted(found.application)
        if "not_accepted" in names
        else "",
        "over": tk._("The season is “{state}”: nothing changes in it any more.").format(
            state=labels.state_label("cohort", found.cohort.state)
        ),
        "erased": tk._(
            "The personal data of this application were erased: nobody can decide on "
            "it again."
        ),
        "late": tk._(
            "It was accepted more than a day ago. A collectivité that takes part no "
            "more is withdrawn from the season."
        ),
        "withdrawn": tk._("The collectivité has withdrawn from the season since."),
        "datasets": tk._("The organization has published or prepared datasets."),
        "resources": tk._("The organization has added resources to its datasets."),
        "description": tk._("The organization has described itself on its page."),
        "seasons": tk._("The organization takes part in another season."),
    }
    return {name: texts[name] for name in names}


def _not_accepted(application: Application) -> str:
    """That there is no acceptance, and who undid it just now."""
    undone = (
        model.Session.query(JournalEntry)
        .filter(
            JournalEntry.object_type == "application",
            JournalEntry.object_id == application.id,
            JournalEntry.action == "undo_acceptance",
            JournalEntry.at > utcnow() - rules.TIME,
        )
        .order_by(JournalEntry.id.desc())
        .first()
    )
    if undone is not None:
        user = model.User.get(undone.actor)
        name = user.display_name if user else tk._("Somebody")
        text = tk._("{name} undid the acceptance {ago}.")
        return text.format(name=name, ago=labels.ago(undone.at))
    return tk._(
        "This application is “{state}”: there is no acceptance to undo."
    ).format(state=labels.state_label("application", application.state))
