"""An application as a whole: what its applicant wrote, and how it is answered."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import proofs, roles
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.domain import application_fields, eligibility, lifecycle
from ckanext.challenge.domain.application_fields import WRITTEN
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Claim,
    Collectivite,
    Participant,
    WaitingRole,
)
from ckanext.challenge.model.dictize import as_json, columns

from . import accounts, admission, answers, decisions, onboarding, waiting_list
from .transitions import cohort_of, is_editable

_SHOWN = application_fields.read_by("applicant")
_FOR_MANAGERS = application_fields.read_by("managers")


def attachments_of(application: Application) -> list[ApplicationFile]:
    """The files that were attached to the application itself, the oldest first."""
    return (
        model.Session.query(ApplicationFile)
        .filter_by(application_id=application.id, message_id=None)
        .order_by(ApplicationFile.created_at, ApplicationFile.id)
        .all()
    )


def dictize_file(file: ApplicationFile) -> dict[str, Any]:
    """A file as the API answers it."""
    names = ("id", "purpose", "question", "name", "media_type", "size", "created_at")
    return columns(file, names)


def duty(
    kind: str | None, population: int | None, agents: float | None
) -> dict[str, Any]:
    """Whether there is a duty to publish, by the portal's rule, and why."""
    return eligibility.duty_to_publish(
        kind,
        population,
        agents,
        rule=config.obligation_rule(),
        population_threshold=config.obligation_population(),
        agents_threshold=config.obligation_agents(),
    ).as_dict()


def _content(application: Application) -> dict[str, Any]:
    """All that a reviewer compares, by the name of the field."""
    return {
        **columns(application, WRITTEN),
        **{answers.field_of(key): v for key, v in application.answers.items()},
        "attachments": [file.name for file in attachments_of(application)],
    }


def keep_previous(application: Application) -> None:
    """Keep what was handed in, before a correction that was asked for changes it.

    Call it before each change; it keeps what the reviewer read, and not the steps
    between.
    """
    if application.state != "changes_requested":
        return
    round_ = as_json(application.submitted_at)
    if (application.previous or {}).get("submitted_at") != round_:
        application.previous = {
            "submitted_at": round_,
            "content": _content(application),
        }


def _changes(application: Application) -> list[dict[str, Any]]:
    """What the last correction changed: ``[{field, before, after}]``."""
    if not application.previous:
        return []
    before, after = application.previous["content"], _content(application)
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in dict.fromkeys([*after, *before])
        if before.get(name) != after.get(name)
    ]


def _warnings(application: Application) -> list[str]:
    """What a manager should know before deciding."""
    found = []
    if model.Session.get(Collectivite, application.siren) is None:
        found.append(tk._("This SIREN is not in the directory"))
    if application.organization_id is None:
        found += [
            _would_join(group) for group in organizations_with_siren(application.siren)
        ]
    return found


def _account(application: Application) -> dict[str, Any] | None:
    """Whose account an acceptance lets in, or let in; none where one is made."""
    claim = None
    if application.state == "accepted":
        claims = model.Session.query(Claim).filter_by(application_id=application.id)
        claim = claims.first()
    user = model.User.get(claim.user_id) if claim else accounts.of_contact(application)
    if user is None:
        return None
    waiting = (
        model.Session.query(WaitingRole)
        .filter_by(application_id=application.id)
        .first()
    )
    return {
        "name": user.name,
        "display_name": user.display_name,
        "since": as_json(user.created),
        # One that waits for its owner is opened by a mailed link and nothing else.
        "proved": user.state == model.State.PENDING
        or proofs.is_proved(user.id, application.contact_email),
        "waiting": waiting.id if waiting else None,
    }


def _would_join(group: model.Group) -> str:
    title = group.title or group.name
    if accounts.admins(group):
        return tk._(
            "The organization “{title}” has this SIREN already; its admins will be "
            "asked whether the applicant becomes one too"
        ).format(title=title)
    return tk._(
        "The organization “{title}” has this SIREN already; the applicant "
        "would become its admin"
    ).format(title=title)


def dictize(context: Context, application: Application) -> dict[str, Any]:
    """An application as its applicant, or a manager of its season, reads it."""
    shown = columns(application, _SHOWN)
    agents = application.agents
    shown["duty"] = duty(
        application.kind,
        application.population,
        float(agents) if agents is not None else None,
    )
    shown["cohort"] = cohort_of(application).name
    shown["waitlist_position"] = waiting_list.position(application)
    if shown["waitlist_position"] is not None:
        full = onboarding.places(cohort_of(application)).free == 0
        shown["waitlist_because"] = "places" if full else "rank"
    shown["own"] = roles.owns(context, application, {})
    shown["editable"] = is_editable(application)
    shown["answer_by"] = as_json(
        admission.answer_by(application, cohort_of(application))
    )
    shown["attachments"] = [dictize_file(file) for file in attachments_of(application)]
    if application.organization_id:
        group = model.Group.get(application.organization_id)
        shown["organization_name"] = group.name if group else None
    participant = (
        model.Session.query(Participant.id)
        .filter_by(application_id=application.id)
        .first()
    )
    shown["participant_id"] = participant[0] if participant else None
    claim = model.Session.query(Claim).filter_by(application_id=application.id).first()
    shown["claim"] = columns(claim, ("id", "state", "asked_at")) if claim else None
    if roles.is_manager(context, application.cohort_id):
        shown |= columns(application, _FOR_MANAGERS)
        (shown["pending_decision"],) = decisions.named([shown["pending_decision"]])
        if claim:
            shown["claim"] |= columns(claim, ("reason", "answered_at"))
        shown["account"] = _account(application)
        shown["warnings"] = _warnings(application)
        shown["changes"] = _changes(application)
    by = "staff" if roles.is_manager(context, application.cohort_id) else "applicant"
    over = cohort_of(application).state in lifecycle.COHORT_OVER
    shown["decisions"] = list(lifecycle.decisions_for(application.state, by, over))
    return shown
