"""The mails about applications: for whom each is, and what its templates are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import mailer

from ckanext.challenge import config, programmes
from ckanext.challenge.common import access_links, language, proofs
from ckanext.challenge.common.organizations import organizations_with_siren
from ckanext.challenge.domain import deadlines
from ckanext.challenge.domain.lifecycle import INVITED
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import (
    Application,
    Claim,
    Cohort,
    Collectivite,
    GivenRole,
    Message,
    Staff,
    WaitingRole,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from . import (
    accounts,
    admission,
    labels,
    onboarding,
    waiting_list,
    waiting_roles,
)

# So many steps of the checklist does a welcome name.
_FIRST_STEPS = 3
#: Stands for a key in a preview: the manager who reads it is not the one it opens for.
_HIDDEN = "…"


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True))


def _follow_up(application: Application, preview: bool) -> str:
    key = _HIDDEN
    if not preview:
        # Mailed there and nowhere else: whoever opens it has proved the address.
        key = access_links.make_key(application.id, application.contact_email)
    return _url("challenge_applicant.read", id=application.id, key=key)


def _manager_link(application: Application, cohort: Cohort) -> str:
    return _url("challenge_manage.application", cohort=cohort.name, id=application.id)


def _deadline(cohort: Cohort) -> str:
    """The last day to submit, in words; nothing once it is over."""
    day = cohort.application_deadline
    if day is None or deadlines.has_ended(day, utcnow(), config.display_timezone()):
        return ""
    return tk.h.challenge_date(day)


def _subject(occasion: Occasion) -> tuple[Application, Cohort]:
    """The application that a mail is about, and its season."""
    assert occasion.application is not None
    assert occasion.cohort is not None
    return occasion.application, occasion.cohort


def _linked(occasion: Occasion) -> dict[str, Any]:
    """Nothing but the link that leads the applicant to the application."""
    application, _ = _subject(occasion)
    return {"link": _follow_up(application, occasion.preview)}


def _draft(occasion: Occasion) -> dict[str, Any]:
    _, cohort = _subject(occasion)
    return {
        **_linked(occasion),
        "deadline": _deadline(cohort),
        "refused_file": bool(occasion.data.get("refused_file")),
    }


def _receipt(occasion: Occasion) -> dict[str, Any]:
    application, cohort = _subject(occasion)
    day = admission.answer_by(application, cohort)
    return {**_linked(occasion), "answer": tk.h.challenge_date(day) if day else ""}


def _changes_requested(occasion: Occasion) -> dict[str, Any]:
    application, cohort = _subject(occasion)
    data = occasion.data
    fields = data.get("changes_fields", application.changes_fields)
    return {
        **_refused(occasion),
        "changes_kind": data.get("changes_kind", application.changes_kind),
        "fields": ", ".join(_named(fields or [], cohort)),
    }


def _refused(occasion: Occasion) -> dict[str, Any]:
    application, _ = _subject(occasion)
    reason = occasion.data.get("reason", application.state_reason)
    return {**_linked(occasion), "reason": reason}


def _waitlisted(occasion: Occasion) -> dict[str, Any]:
    application, cohort = _subject(occasion)
    rank = occasion.data.get("rank") or waiting_list.position(application)
    full = onboarding.places(cohort).free == 0
    return {**_linked(occasion), "rank": rank, "full": full}


def _message(occasion: Occasion) -> dict[str, Any]:
    found = model.Session.get(Message, occasion.data.get("message_id") or "")
    return {**_linked(occasion), "message": found.text if found else ""}


def _message_to_staff(occasion: Occasion) -> dict[str, Any]:
    return {**_message(occasion), "link": _manager_link(*_subject(occasion))}


def _retention(occasion: Occasion) -> dict[str, Any]:
    date = tk.h.challenge_date(occasion.data.get("date"))
    return {**_linked(occasion), "date": date}


def _password_link(user: model.User | None, preview: bool) -> str:
    """The page on which the owner of a new account chooses a password."""
    if user is None or preview:
        return _url("user.perform_reset", id=_HIDDEN, key=_HIDDEN)
    if not user.reset_key:
        # Not with create_reset_key, which commits.
        user.reset_key = mailer.make_key()
    return _url("user.perform_reset", id=user.id, key=user.reset_key)


def _proof_link(user: model.User, address: str | None, preview: bool) -> str:
    """The page on which this account proves the address that it is mailed to."""
    token = _HIDDEN
    if address and not preview:
        token = proofs.make_token(user.id, access_links.digest_of(address))
    return _url("challenge_proof.read", token=token)


def _address_proof(occasion: Occasion) -> dict[str, Any] | None:
    """A role waits for the proof, if the data have ``waiting_role_id``.

    Else the account has another address than the one that it proved.
    """
    waiting_id, user = occasion.data.get("waiting_role_id"), occasion.user
    if waiting_id is None:
        if user is None or not proofs.has_moved(user.id, user.email):
            return None
        return {"link": _proof_link(user, user.email, occasion.preview), "own": True}
    waiting = model.Session.get(WaitingRole, waiting_id)
    if waiting is None or not waiting_roles.is_current(waiting):
        return None
    token = _HIDDEN
    if not occasion.preview:
        token = proofs.make_token(waiting.user_id, waiting.digest)
    return {"link": _url("challenge_proof.read", token=token)}


def _named(fields: Iterable[str], cohort: Cohort) -> Iterator[str]:
    """What is to be corrected, in words."""
    words = labels.correctable(cohort.questions)
    for name in fields:
        yield words.get(name, name)


@dataclass(frozen=True)
class _Arrival:
    """How an accepted applicant comes to the checklist.

    :ivar group: the organization, if it exists
    :ivar user: the applicant's account, if it exists
    :ivar asked: whether the organization's admins have yet to let the applicant in
    :ivar address: of the contact
    """

    group: model.Group | None
    user: model.User | None
    asked: bool
    address: str | None

    @property
    def needs_password(self) -> bool:
        return self.user is None or self.user.state == model.State.PENDING

    @property
    def waits(self) -> bool:
        """Whether the account has yet to prove the address of the contact."""
        if self.user is None or self.needs_password:
            return False
        if self.group and accounts.role_in(self.user, self.group) == "admin":
            return False
        return not proofs.is_proved(self.user.id, self.address)


def _arrival(application: Application, actor: str | None) -> _Arrival:
    address = application.contact_email
    claim = model.Session.query(Claim).filter_by(application_id=application.id).first()
    if claim is not None and application.state == "accepted":
        return _Arrival(
            model.Group.get(claim.organization_id),
            model.User.get(claim.user_id),
            claim.state != "accepted",
            address,
        )
    user = accounts.of_contact(application)
    if application.organization_id:
        return _Arrival(
            model.Group.get(application.organization_id), user, False, address
        )
    # A preview: what an acceptance would do now.
    known = organizations_with_siren(application.siren)[:1]
    asked = any(onboarding.to_ask(user, group, actor) for group in known)
    return _Arrival(known[0] if known else None, user, asked, address)


def _welcome(occasion: Occasion) -> dict[str, Any] | None:
    """The first steps, and how to come to them: by a password where there is none."""
    application, cohort = _subject(occasion)
    if application.state != "accepted" and not occasion.preview:
        # The acceptance was undone, and somebody has the mail tried again.
        return None
    arrival = _arrival(application, occasion.data.get("actor"))
    if arrival.asked:
        return {"asked": True, **_linked(occasion)}
    if arrival.waits and arrival.user is not None:
        link = _proof_link(arrival.user, application.contact_email, occasion.preview)
        return {"waits": True, "link": link}
    programme = programmes.of(cohort)
    name = arrival.group.name if arrival.group else _HIDDEN
    checklist = _url("challenge_home.enter", cohort=cohort.name, organization=name)
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
            "link": _password_link(arrival.user, occasion.preview),
        }
    return found


def _acceptance_undone(occasion: Occasion) -> dict[str, Any] | None:
    """To the contact, and to each account that had a role by the acceptance.

    The key that opens the application is the contact's alone.
    """
    application, cohort = _subject(occasion)
    if application.state == "accepted" and not occasion.preview:
        # It was accepted again before the mail went.
        return None
    told = {"reason": "" if occasion.preview else application.state_reason}
    if occasion.user is None:
        return {**_linked(occasion), **told}
    season = _url("challenge.read", cohort=cohort.name)
    return {"link": season, "of_member": True, **told}


def _claim(occasion: Occasion) -> dict[str, Any]:
    """The organization's admins are asked; the link is theirs."""
    claim = model.Session.get(Claim, occasion.data["claim_id"])
    group = model.Group.get(claim.organization_id) if claim else None
    return {
        "organization": group.title or group.name if group else "",
        "reason": claim.reason if claim else "",
        "link": _url("challenge_claims.read", id=occasion.data["claim_id"]),
    }


def _claim_declined(occasion: Occasion) -> dict[str, Any]:
    return {**_claim(occasion), "link": _manager_link(*_subject(occasion))}


def _participation(occasion: Occasion) -> dict[str, Any]:
    """The organization's admins are asked for a season; the link is theirs."""
    assert occasion.cohort is not None
    return {**_claim(occasion), "title": occasion.cohort.title}


def _participation_answered(occasion: Occasion) -> dict[str, Any]:
    """To the managers; the link is that of the desk."""
    cohort = occasion.cohort
    assert cohort is not None
    link = _url("challenge_manage.season", cohort=cohort.name, tab="participants")
    return {**_participation(occasion), "link": link}


def _inviter(
    user: model.User, group: model.Group | None, waiting: WaitingRole | None
) -> str:
    """The name of who invited somebody; empty where nobody is known to have."""
    given = waiting
    if given is None and group is not None:
        given = (
            model.Session.query(GivenRole)
            .filter_by(user_id=user.id, organization_id=group.id)
            .filter(GivenRole.way.in_(INVITED))
            .order_by(GivenRole.given_at.desc())
            .first()
        )
    giver = model.User.get(given.given_by) if given and given.given_by else None
    return giver.display_name if giver else ""


def _invitation(occasion: Occasion) -> dict[str, Any] | None:
    """To an organization; the data have ``organization_id`` and ``role``.

    Who was found by an address alone, and did not prove it, learns nothing of a role
    that waits no more.
    """
    user, data = occasion.user, occasion.data
    assert user is not None
    group = model.Group.get(data["organization_id"])
    new = user.state == model.State.PENDING
    waiting_id = data.get("waiting_role_id")
    waiting = model.Session.get(WaitingRole, waiting_id) if waiting_id else None
    if waiting_id and waiting is None and not proofs.is_proved(user.id, user.email):
        return None
    if new:
        link = _password_link(user, occasion.preview)
    elif waiting is not None:
        link = _proof_link(user, user.email, occasion.preview)
    else:
        link = _url("challenge_home.own")
    return {
        "organization": group.title or group.name if group else "",
        "role": data.get("role"),
        "person": _inviter(user, group, waiting) or tk.config["ckan.site_title"],
        "user_name": user.name if new else None,
        "waits": waiting is not None,
        "link": link,
    }


def _staff_invitation(occasion: Occasion) -> dict[str, Any] | None:
    """To whom an account was made; who has opened it by now is led to the season."""
    user, cohort = occasion.user, occasion.cohort
    if user is None or cohort is None or not _is_on_team(user, cohort):
        return None
    if user.state == model.State.PENDING:
        link = _password_link(user, occasion.preview)
        return {"link": link, "user_name": user.name}
    link = _url("challenge_manage.season", cohort=cohort.name)
    return {"link": link, "user_name": None}


def _is_on_team(user: model.User, cohort: Cohort) -> bool:
    """Whether somebody has a role in the season still."""
    found = model.Session.query(Staff.id).filter_by(
        user_id=user.id, cohort_id=cohort.id
    )
    return found.first() is not None


def _role_given(occasion: Occasion) -> dict[str, Any] | None:
    """To the organization's admins; the data have ``given_role_id``."""
    given = model.Session.get(GivenRole, occasion.data["given_role_id"])
    if given is None or given.taken_back_at is not None:
        return None
    group = model.Group.get(given.organization_id)
    user = model.User.get(given.user_id)
    giver = model.User.get(given.given_by) if given.given_by else None
    assert group is not None and user is not None
    return {
        "organization": group.title or group.name,
        "role": given.role,
        "account": user.name,
        "giver": giver.display_name if giver else "",
        "link": _url("organization.members", id=group.name),
    }


def _collectivite_merged(occasion: Occasion) -> dict[str, Any] | None:
    """To who was in an organization that goes on as another, and to that one's admins.

    The data have ``was`` (its title), ``organization_id`` (what it goes on as) and
    ``renames`` (whether that is the same organization, under another name).
    """
    user, data = occasion.user, occasion.data
    group = model.Group.get(data["organization_id"])
    if user is None or group is None or group.state != model.State.ACTIVE:
        return None
    role = accounts.role_in(user, group)
    page = "members" if role == "admin" and not data["renames"] else "read"
    return {
        "was": data["was"],
        "organization": group.title or group.name,
        "renames": data["renames"],
        "role": role,
        "link": _url(f"organization.{page}", id=group.name),
    }


def _organization_matched(occasion: Occasion) -> dict[str, Any] | None:
    """The data have ``organization_id`` and ``siren``."""
    group = model.Group.get(occasion.data["organization_id"])
    siren = occasion.data["siren"]
    place = model.Session.query(Collectivite).filter_by(siren=siren).first()
    if group is None or group.state != model.State.ACTIVE or place is None:
        return None
    # It was put right before the mail went.
    if group.id not in (one.id for one in organizations_with_siren(siren)):
        return None
    return {
        "organization": group.title or group.name,
        "collectivite": place.name,
        "siren": siren,
        "link": _url("challenge_collectivite.read", siren=siren),
    }


KINDS = (
    MailKind("draft", N_("Link to the draft"), _draft),
    MailKind("link", N_("New link"), _linked),
    MailKind("receipt", N_("Receipt"), _receipt),
    MailKind("changes_requested", N_("Request for changes"), _changes_requested),
    MailKind("accepted", N_("Welcome"), _welcome),
    MailKind("claim_accepted", N_("Welcome by the organization"), _welcome),
    MailKind("waitlisted", N_("Waiting list"), _waitlisted),
    MailKind("refused", N_("Refusal"), _refused),
    MailKind("reopened", N_("Reopening"), _linked),
    MailKind("acceptance_undone", N_("Acceptance undone"), _acceptance_undone),
    MailKind("withdrawn", N_("Withdrawal"), _linked),
    MailKind("message", N_("Message to the applicant"), _message),
    MailKind("message_staff", N_("Message to the team"), _message_to_staff, "staff"),
    MailKind(
        "claim", N_("Question to the organization's administrators"), _claim, "user"
    ),
    MailKind(
        "claim_declined", N_("Refusal by the organization"), _claim_declined, "staff"
    ),
    MailKind(
        "participation_asked",
        N_("Question whether the organization takes part"),
        _participation,
        "user",
    ),
    MailKind(
        "participation_agreed",
        N_("The organization takes part"),
        _participation_answered,
        "staff",
    ),
    MailKind(
        "participation_declined",
        N_("The organization does not take part"),
        _participation_answered,
        "staff",
    ),
    MailKind("invitation", N_("Invitation"), _invitation, "user"),
    MailKind(
        "staff_invitation",
        N_("Invitation to the team"),
        _staff_invitation,
        "user",
        plain=True,
    ),
    MailKind("role_given", N_("Role in the organization"), _role_given, "user"),
    MailKind(
        "address_proof", N_("Proof of the address"), _address_proof, "user", plain=True
    ),
    MailKind(
        "collectivite_merged",
        N_("The organization goes on as another"),
        _collectivite_merged,
        "user",
    ),
    MailKind(
        "organization_matched",
        N_("The organization is found in the directory"),
        _organization_matched,
        "user",
    ),
    MailKind("retention", N_("Announcement of the erasure"), _retention),
)

#: The mail that tells the applicant of a decision; of some nobody is told.
OF_DECISION = {
    "request_changes": "changes_requested",
    "accept": "accepted",
    "waitlist": "waitlisted",
    "refuse": "refused",
    "reopen": "reopened",
}

#: What follows from an acceptance, and ends with it where it was not sent.
OF_ACCEPTANCE = (
    *("accepted", "claim", "claim_accepted", "claim_declined", "address_proof"),
)

#: What can be shown before it goes: it says nothing that has yet to be written.
PREVIEWED = tuple(
    kind.name
    for kind in KINDS
    if kind.reader == "applicant" and kind.name not in ("message", "retention")
)
