"""What the templates of a mail are told, beside whom it is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import mailer

from ckanext.challenge import config, language, programmes
from ckanext.challenge.domain import deadlines
from ckanext.challenge.logic import follow_up, waiting_list
from ckanext.challenge.model import Application, Claim, Cohort, Message
from ckanext.challenge.model.base import utcnow

__all__ = ["contents"]

# So many steps of the checklist does a welcome name.
_FIRST_STEPS = 3
#: Stands for a key in a preview: the manager who reads it is not the one it opens for.
_HIDDEN = "…"


def contents(  # noqa: PLR0917 (what a mail is about)
    kind: str,
    application: Application | None,
    cohort: Cohort | None,
    user: model.User | None,
    data: Mapping[str, Any],
    preview: bool,
) -> dict[str, Any]:
    """The variables of one kind of mail; ``link`` is always one of them."""
    if kind == "invitation":
        return _invitation(user, data, preview)
    assert application is not None
    assert cohort is not None
    if kind in ("accepted", "claim_accepted"):
        return _welcome(application, cohort, preview)
    if kind in ("claim", "claim_declined"):
        return _claim(kind, application, cohort, data)
    found: dict[str, Any] = {"link": _follow_up(application, preview)}
    match kind:
        case "draft":
            found["deadline"] = _deadline(cohort)
        case "changes_requested":
            found |= {
                "reason": data.get("reason", application.state_reason),
                "changes_kind": data.get("changes_kind", application.changes_kind),
                "fields": data.get("changes_fields", application.changes_fields),
            }
        case "refused":
            found["reason"] = data.get("reason", application.state_reason)
        case "waitlisted":
            found["rank"] = data.get("rank") or waiting_list.position(application)
        case "message" | "message_staff":
            found["message"] = _message(data)
            if kind == "message_staff":
                found["link"] = _desk(application, cohort)
        case "retention":
            found["date"] = tk.h.challenge_date(data.get("date"))
    return found


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True))


def _follow_up(application: Application, preview: bool) -> str:
    key = _HIDDEN
    if not preview:
        # Mailed there and nowhere else: whoever opens it has proved the address.
        key = follow_up.make_key(application.id, application.contact_email)
    return _url("challenge_applicant.read", id=application.id, key=key)


def _desk(application: Application, cohort: Cohort) -> str:
    return _url("challenge_manage.application", cohort=cohort.name, id=application.id)


def _deadline(cohort: Cohort) -> str:
    """The last day to submit, in words; nothing once it is over."""
    day = cohort.application_deadline
    if day is None or deadlines.has_ended(day, utcnow(), config.display_timezone()):
        return ""
    return tk.h.challenge_date(day)


def _message(data: Mapping[str, Any]) -> str:
    message = model.Session.get(Message, data.get("message_id") or "")
    return message.text if message else ""


def _password_link(user: model.User, preview: bool) -> str:
    """The page on which the owner of a new account chooses a password."""
    if not preview and not user.reset_key:
        # Not with create_reset_key, which commits.
        user.reset_key = mailer.make_key()
    key = _HIDDEN if preview else user.reset_key
    return _url("user.perform_reset", id=user.id, key=key)


def _welcome(application: Application, cohort: Cohort, preview: bool) -> dict[str, Any]:
    """The first steps, and how to come to them: by a password where there is none."""
    claim = (
        model.Session.query(Claim)
        .filter_by(application_id=application.id)
        .limit(1)
        .scalar()
    )
    if claim is not None and claim.state != "accepted":
        return {"asked": True, "link": _follow_up(application, preview)}
    programme = programmes.get(cohort.programme)
    found: dict[str, Any] = {
        "steps": [
            step.title.in_(language.current())
            for step in programme.steps[:_FIRST_STEPS]
        ],
    }
    group = model.Group.get(application.organization_id or "")
    found["checklist"] = found["link"] = (
        _url("challenge_participant.read", cohort=cohort.name, organization=group.name)
        if group is not None
        else _follow_up(application, preview)
    )
    user = _new_account(application, claim)
    if user is not None:
        found |= {"user_name": user.name, "link": _password_link(user, preview)}
    return found


def _new_account(application: Application, claim: Claim | None) -> model.User | None:
    """The account of the contact, where it waits for its first password."""
    if claim is not None:
        user = model.User.get(claim.user_id)
    else:
        user = (
            model.Session.query(model.User)
            .filter(model.User.state == model.State.PENDING)
            .filter(model.User.email == application.contact_email)
            .first()
        )
    return user if user is not None and user.state == model.State.PENDING else None


def _claim(
    kind: str, application: Application, cohort: Cohort, data: Mapping[str, Any]
) -> dict[str, Any]:
    claim = model.Session.get(Claim, data["claim_id"])
    group = model.Group.get(claim.organization_id) if claim else None
    return {
        "organization": group.title or group.name if group else "",
        "reason": claim.reason if claim else "",
        "link": _url("challenge_claims.read", id=data["claim_id"])
        if kind == "claim"
        else _desk(application, cohort),
    }


def _invitation(
    user: model.User | None, data: Mapping[str, Any], preview: bool
) -> dict[str, Any]:
    """To an organization; ``data`` has ``organization_id`` and ``role``."""
    assert user is not None
    group = model.Group.get(data["organization_id"])
    new = user.state == model.State.PENDING
    return {
        "organization": group.title or group.name if group else "",
        "role": data.get("role"),
        "user_name": user.name if new else None,
        "link": _password_link(user, preview)
        if new
        else _url("organization.read", id=group.name if group else ""),
    }
