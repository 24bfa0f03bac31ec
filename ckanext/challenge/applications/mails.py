"""What the templates of a mail are told, beside whom it is about."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import mailer

from ckanext.challenge import config, programmes
from ckanext.challenge.common import access_links, language
from ckanext.challenge.domain import deadlines, questions
from ckanext.challenge.model import Application, Claim, Cohort, Message
from ckanext.challenge.model.base import utcnow

from . import accounts, labels, onboarding, waiting_list

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
            fields = data.get("changes_fields", application.changes_fields)
            found |= {
                "reason": data.get("reason", application.state_reason),
                "changes_kind": data.get("changes_kind", application.changes_kind),
                "fields": ", ".join(_named(fields or [], cohort)),
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
        key = access_links.make_key(application.id, application.contact_email)
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


def _password_link(user: model.User | None, preview: bool) -> str:
    """The page on which the owner of a new account chooses a password."""
    if user is None or preview:
        return _url("user.perform_reset", id=_HIDDEN, key=_HIDDEN)
    if not user.reset_key:
        # Not with create_reset_key, which commits.
        user.reset_key = mailer.make_key()
    return _url("user.perform_reset", id=user.id, key=user.reset_key)


def _named(fields: Iterable[str], cohort: Cohort) -> Iterator[str]:
    """Fields of an application in words, the season's own questions as it asks them."""
    words = labels.fields()
    for question in questions.read(cohort.questions):
        label = question.label.in_(language.current())
        words[f"answers-{question.key}"] = label
    for name in fields:
        yield words.get(name, name)


@dataclass(frozen=True)
class _Arrival:
    """How an accepted applicant comes to the checklist.

    :ivar group: the organization, if it exists
    :ivar user: the applicant's account, if it exists
    :ivar asked: whether the organization's admins have yet to let the applicant in
    """

    group: model.Group | None
    user: model.User | None
    asked: bool

    @property
    def needs_password(self) -> bool:
        return self.user is None or self.user.state == model.State.PENDING


def _arrival(application: Application) -> _Arrival:
    claim = model.Session.query(Claim).filter_by(application_id=application.id).first()
    if claim is not None:
        return _Arrival(
            model.Group.get(claim.organization_id),
            model.User.get(claim.user_id),
            asked=claim.state != "accepted",
        )
    user = model.User.get(application.user_id or "")
    if user is None or user.state != model.State.ACTIVE:
        user = accounts.find(application.contact_email)
    if application.organization_id:
        return _Arrival(model.Group.get(application.organization_id), user, asked=False)
    # A preview: what an acceptance would do now.
    known = onboarding.organizations_with_siren(application.siren)[:1]
    asked = any(
        accounts.admins(group)
        for group in known
        if user is None or accounts.role_in(user, group) != "admin"
    )
    return _Arrival(known[0] if known else None, user, asked)


def _welcome(application: Application, cohort: Cohort, preview: bool) -> dict[str, Any]:
    """The first steps, and how to come to them: by a password where there is none."""
    arrival = _arrival(application)
    if arrival.asked:
        return {"asked": True, "link": _follow_up(application, preview)}
    programme = programmes.of(cohort)
    name = arrival.group.name if arrival.group else _HIDDEN
    checklist = _url(
        "challenge_participant.read", cohort=cohort.name, organization=name
    )
    found: dict[str, Any] = {
        "steps": [
            step.title.in_(language.current())
            for step in programme.steps[:_FIRST_STEPS]
        ],
        "checklist": checklist,
        "link": checklist,
    }
    if arrival.needs_password:
        found |= {
            "user_name": arrival.user.name if arrival.user else _HIDDEN,
            "link": _password_link(arrival.user, preview),
        }
    return found


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
