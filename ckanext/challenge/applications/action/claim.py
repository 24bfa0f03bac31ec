"""Claims: what the admins of an organization are asked, and nobody decides for them.

May the accepted applicant of the same SIREN join it? Does it take part in a season?
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import claims, given_roles, onboarding, schema
from ckanext.challenge.applications.transitions import lock_cohort
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
from ckanext.challenge.common.labels import state_label
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Application, Claim, Cohort, Participant, locks
from ckanext.challenge.model.base import utcnow


@tk.side_effect_free
def challenge_claim_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show who asks to become admin of an organization, or which season asks for it.

    The admins of the organization, the managers of the season and sysadmins may call
    this.

    :param id: the id of the claim
    :type id: string
    :returns: ``{id, state, reason, asked_at, asked_by, answered_at, answered_by,
        organization_id, organization_name, organization_title, application_id,
        reference, cohort, cohort_title, contact_name, contact_role,
        contact_email, user_name, user_display_name, since, waiting}``; without an
        ``application_id`` it is asked whether the organization takes part in the
        season, ``asked_by`` says by whom, and what is of an applicant is ``null``;
        ``state`` is
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
    """List who asks to become admin of an organization, and which seasons ask for it.

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
        rows = rows.filter(Cohort.id == scope["cohort"])
    if "organization" in data:
        scope["organization"] = find_organization(data["organization"]).id
        rows = rows.filter(Claim.organization_id == scope["organization"])
    tk.check_access("challenge_claim_list", context, scope)
    if "state" in data:
        rows = rows.filter(Claim.state == data["state"])
    page, count = paginate(rows.order_by(Claim.asked_at.desc(), Claim.id), data)
    return {"count": count, "results": [claims.dictize(row) for row in page]}


def challenge_participant_ask(context: Context, data_dict: dict[str, Any]) -> Any:
    """Ask the admins of an organization whether it takes part, without an application.

    Managers of the season and sysadmins may call this, while the season is open or
    running. Nothing happens before one of these admins says yes
    (``challenge_claim_answer``); where the organization has none, sysadmins are asked.
    They are told by mail, once: an organization that was asked is not asked again in
    the same season.

    :param cohort: the id or name of the season
    :type cohort: string
    :param organization: the id or name of the organization
    :type organization: string
    :returns: the question, as :py:func:`challenge_claim_show` answers it
    :rtype: dict
    :raises ValidationError: on ``organization`` when it takes part already, or
        withdrew, was asked, or has nobody to answer but the caller; on ``cohort`` when
        the season is full, or admits nobody now
    """
    data = validate(context, data_dict, schema.participant_ask())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_participant_ask", context, {"cohort": cohort.id})
    group = find_organization(data["organization"])
    with all_or_nothing(context):
        # Of two who ask at once the second finds it asked.
        locks.refresh_for_update(cohort)
        with _admitting(cohort, "cohort"):
            onboarding.check_place(cohort)
        asked = _to_ask(context, cohort, group)
        claim = Claim(
            cohort_id=cohort.id,
            organization_id=group.id,
            asked_by=user_id_of(context),
            state=lifecycle.CLAIM.initial,
        )
        model.Session.add(claim)
        model.Session.flush()
        for admin in asked:
            notifications.enqueue(
                "participation_asked",
                cohort_id=cohort.id,
                user_id=admin.id,
                claim_id=claim.id,
                organization_id=group.id,
            )
        journal.record(
            actor_of(context),
            "ask",
            "claim",
            claim.id,
            {"cohort_id": cohort.id, "organization_id": group.id},
        )
    return _show(claim)


def _to_ask(context: Context, cohort: Cohort, group: model.Group) -> list[model.User]:
    """Who answers for an organization that can be asked.

    :raises ValidationError: on ``organization``
    """
    text = None
    asked = onboarding.to_ask(None, group, actor_of(context))
    participant = Participant.of(cohort.id, group.id)
    earlier = model.Session.query(Claim).filter_by(
        cohort_id=cohort.id, organization_id=group.id
    )
    if participant is not None and participant.state in PARTICIPANT_COUNTED:
        text = tk._("This organization takes part already")
    elif participant is not None:
        text = tk._("This organization has withdrawn: take it back in from its page")
    elif earlier.first() is not None:
        text = tk._("This organization has been asked already")
    elif not asked:
        text = tk._(
            "This organization has no administrator to ask: you can add it yourself"
        )
    if text is not None:
        raise tk.ValidationError({"organization": [text]})
    return asked


@contextmanager
def _admitting(cohort: Cohort, field: str) -> Iterator[None]:
    """Within this a season that takes nobody now, or no more, is told on a field."""
    if cohort.state not in lifecycle.COHORT_ADMITTING:
        text = tk._("The season is “{state}”: it admits nobody").format(
            state=state_label("cohort", cohort.state)
        )
        raise tk.ValidationError({field: [text]})
    try:
        with checked_transition(field):
            yield
    except onboarding.CohortFull as error:
        text = tk._("The season is full: it takes {capacity} participants")
        told = text.format(capacity=error.capacity)
        raise tk.ValidationError({field: [told]}) from error


def challenge_claim_answer(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say whether somebody becomes admin of one's organization, or whether it takes
    part in a season.

    The admins of the organization and sysadmins may call this; a manager of the
    season may not. The applicant is told of a yes, the managers of a no; where there is
    no applicant, the managers of both. The same answer again changes nothing, and a no
    can become a yes.

    :param id: the id of the claim
    :type id: string
    :param accepted: whether this person becomes an admin, or the organization takes
        part
    :type accepted: bool
    :param reason: why not; the managers of the season read it
    :type reason: string
    :returns: the claim, as :py:func:`challenge_claim_show` answers it
    :rtype: dict
    :raises ValidationError: on ``reason`` when it is missing, on ``accepted`` when
        it was answered otherwise or is asked no more, or when the season that asks is
        full or over
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
        # The season first, as for an acceptance: places are counted once.
        cohort = lock_cohort(claim.cohort_id) if claim.cohort_id else None
        locks.refresh_for_update(claim)
        before = claim.state
        if before == after:
            return _show(claim)
        with checked_transition("accepted"):
            lifecycle.CLAIM.check(before, after)
        if accepted and cohort is not None:
            _join(claim, cohort, actor_of(context))
        elif accepted:
            _let_in(claim, actor_of(context))
        claim.state = after
        claim.reason = None if accepted else data["reason"]
        claim.answered_at = utcnow()
        claim.answered_by = user_id_of(context)
        _tell(claim, accepted)
        model.Session.flush()
        journal.record(
            actor_of(context),
            "transition",
            "claim",
            claim.id,
            {"from": before, "to": after},
        )
    return _show(claim)


def _tell(claim: Claim, accepted: bool) -> None:
    """Tell who asked of the answer."""
    if claim.cohort_id:
        notifications.enqueue(
            "participation_agreed" if accepted else "participation_declined",
            cohort_id=claim.cohort_id,
            author_id=claim.answered_by,
            claim_id=claim.id,
            organization_id=claim.organization_id,
        )
        return
    notifications.enqueue(
        "claim_accepted" if accepted else "claim_declined",
        application=model.Session.get(Application, claim.application_id),
        claim_id=claim.id,
    )


def _join(claim: Claim, cohort: Cohort, actor: str) -> None:
    """Let the organization take part, now that it says so itself."""
    group = model.Group.get(claim.organization_id)
    assert group is not None
    with _admitting(cohort, "accepted"):
        onboarding.join(cohort, group, actor)


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
