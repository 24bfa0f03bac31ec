"""Who somebody is to a season, a participant or an application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import authz, model
from ckan.types import AuthResult, Context

from ckanext.challenge.domain.lifecycle import COHORT_LIVE, PARTICIPANT_COUNTED
from ckanext.challenge.model import Application, Cohort, Participant, seats

from . import access_links, proofs, shield
from .action_helpers import find_application, find_cohort, user_id_of
from .once import once


def is_sysadmin(context: Context) -> bool:
    """Whether the caller is a sysadmin."""
    return authz.is_sysadmin(context.get("user") or "")


def _roles_of(user_id: str, cohort_id: str) -> frozenset[str]:
    """What somebody is to the team of a cohort."""
    return frozenset(row.role for row in _teams(user_id) if row.id == cohort_id)


def _capacities_of(user_id: str, organization_id: str) -> frozenset[str]:
    """In which capacities somebody is a member of an organization."""

    def ask() -> frozenset[str]:
        rows = model.Session.query(model.Member.capacity).filter(
            model.Member.group_id == organization_id,
            model.Member.table_name == "user",
            model.Member.table_id == user_id,
            model.Member.state == "active",
        )
        return frozenset(capacity for (capacity,) in rows)

    return once(("member", user_id, organization_id), ask)


def _has_role(context: Context, cohort_id: str, *roles: str) -> bool:
    user_id = user_id_of(context)
    return bool(user_id) and not _roles_of(user_id, cohort_id).isdisjoint(roles)


def is_manager(context: Context, cohort_id: str) -> bool:
    """Whether the caller manages the cohort (a sysadmin manages all of them)."""
    return is_sysadmin(context) or _has_role(context, cohort_id, "manager")


def _seats_of(user_id: str | None) -> Sequence[Any]:
    """The rows of :func:`.model.seats.of_user`; the head of each page asks for them."""
    if not user_id:
        return ()
    return once(("seats", user_id), lambda: seats.of_user(user_id))


def _teams(user_id: str | None) -> Iterator[Any]:
    """The teams that somebody is on: the ``role``, the season's ``id``, ``state``."""
    return (row for row in _seats_of(user_id) if row.role)


def manages_any(context: Context) -> bool:
    """Whether the caller manages some season, whichever."""
    return is_sysadmin(context) or bool(managed_cohorts(context))


def helps_any(context: Context) -> bool:
    """Whether the caller is on the team of some season, whichever."""
    return is_sysadmin(context) or on_a_team(user_id_of(context))


def on_a_team(user_id: str | None) -> bool:
    """Whether an account is on the team of some season."""
    return any(True for _ in _teams(user_id))


def on_a_live_team(context: Context) -> bool:
    """Whether the caller is on the team of a season that goes on, whichever."""
    return any(row.state in COHORT_LIVE for row in _teams(user_id_of(context)))


def managed_cohorts(context: Context) -> frozenset[str]:
    """The ids of the cohorts that the caller is named a manager of."""
    return frozenset(
        row.id for row in _teams(user_id_of(context)) if row.role == "manager"
    )


def is_staff(context: Context, cohort_id: str) -> bool:
    """Whether the caller is a manager or an adviser of the cohort."""
    return is_sysadmin(context) or _has_role(context, cohort_id, "manager", "adviser")


def is_adviser(context: Context, participant: Participant) -> bool:
    """Whether the caller advises this very participant, or manages its cohort."""
    user_id = user_id_of(context)
    if user_id and participant.adviser_id == user_id:
        return _has_role(context, participant.cohort_id, "adviser", "manager")
    return is_manager(context, participant.cohort_id)


def is_member(context: Context, organization_id: str) -> bool:
    """Whether the caller is a member of the organization, in any capacity."""
    user_id = user_id_of(context)
    return bool(user_id) and bool(_capacities_of(user_id, organization_id))


def of_participant(context: Context, participant: Participant) -> set[str]:
    """What the caller is to a participant, in two statements.

    :returns: of ``member`` and ``admin`` (of its organization), ``adviser`` and
        ``manager``, as :func:`is_member`, :func:`is_adviser` and :func:`is_manager`
        say; nothing for the public
    """
    user_id = user_id_of(context)
    if not user_id:
        return set()
    found = _capacities_of(user_id, participant.organization_id)
    roles = ({"member"} if found else set()) | ({"admin"} & found)
    if is_sysadmin(context):
        return roles | {"adviser", "manager"}
    held = _roles_of(user_id, participant.cohort_id)
    if "manager" in held:
        return roles | {"adviser", "manager"}
    return roles | (
        {"adviser"} if held and participant.adviser_id == user_id else set()
    )


def may_follow(context: Context, participant: Participant) -> bool:
    """Whether the caller may see a participant's checklist in detail."""
    return is_member(context, participant.organization_id) or is_adviser(
        context, participant
    )


def may_publish(context: Context, organization_id: str) -> bool:
    """Whether CKAN lets the caller publish datasets for the organization."""
    user = context.get("user") or ""

    def ask() -> bool:
        # A context of its own: CKAN's functions leave what they looked up in it.
        own: Context = {"user": user}
        try:
            tk.check_access("package_create", own, {"owner_org": organization_id})
        except tk.NotAuthorized:
            return False
        return True

    return once(("publish", user, organization_id), ask)


def may_add_members(context: Context, organization_id: str) -> bool:
    """Whether CKAN lets the caller add members to the organization: its admins."""
    user = context.get("user") or ""
    return once(
        ("membership", user, organization_id),
        lambda: authz.has_user_permission_for_group_or_org(
            organization_id, user, "membership"
        ),
    )


@dataclass(frozen=True)
class Places:
    """Where a reader has a place of the own, for the head of a page.

    :ivar team: on the team of some season
    :ivar live_team: on that of a season which goes on
    :ivar drafts: sees seasons that are not public yet
    :ivar organizations: how many of the reader's take part in a season; two are several
    """

    team: bool = False
    live_team: bool = False
    drafts: bool = False
    organizations: int = 0


def places() -> Places:
    """Where the request's user has a place: asked once for a page, CKAN's own too.

    Nowhere while our tables fail.
    """
    user: Any = tk.current_user
    if user.is_anonymous:
        return Places()
    return once(("places", user.id), lambda: _places(user.id, user.sysadmin))


@shield.shielded(Places)
def _places(user_id: str, sysadmin: bool) -> Places:
    teams = [*_teams(user_id)]
    own = [row for row in _seats_of(user_id) if not row.role]
    return Places(
        team=sysadmin or bool(teams),
        live_team=any(row.state in COHORT_LIVE for row in teams),
        drafts=sysadmin or any(row.state == "draft" for row in teams),
        organizations=sum(row.takes_part if sysadmin else row.public for row in own),
    )


def may_concern(context: Context, cohort: str, organization: str) -> bool:
    """Whether a participant's page may show the caller more than everybody: as one of
    the season's team, or of the organization.

    :param cohort: the id or name of the season
    :param organization: the id or name of the organization
    """
    if is_sysadmin(context):
        return True
    rows = _seats_of(user_id_of(context))
    own = [row for row in rows if not row.role]
    return len(own) == seats.MOST or any(
        (cohort if row.role else organization) in (row.id, row.name) for row in rows
    )


def managed_maker(context: Context, organization_id: str) -> Participant | None:
    """The participation by which an acceptance made the organization, for a manager.

    :returns: that of a season which the caller manages, which goes on, and in which
        the organization takes part still
    """
    made = (
        model.Session.query(Participant.id.label("made"), Participant.cohort_id)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .filter(
            Participant.organization_id == organization_id,
            Participant.organization_created,
            Participant.state.in_(PARTICIPANT_COUNTED),
            Cohort.state.in_(COHORT_LIVE),
        )
    )
    # Pages know the row already: by its id it is not asked for again.
    managed = (one.made for one in made if is_manager(context, one.cohort_id))
    id_ = next(managed, None)
    return model.Session.get(Participant, id_) if id_ else None


def may_see_cohort(context: Context, cohort: Cohort) -> bool:
    """Whether the caller may see the cohort: drafts are for staff only."""
    return cohort.state != "draft" or is_staff(context, cohort.id)


def seen_cohort(context: Context, reference: Any) -> Cohort:
    """The cohort with that id or name, for somebody who may see it.

    :raises ObjectNotFound: when there is none; a draft answers as a missing one
    """
    cohort = find_cohort(reference)
    if not context.get("ignore_auth") and not may_see_cohort(context, cohort):
        raise tk.ObjectNotFound(tk._("There is no such season"))
    return cohort


def owns(context: Context, application: Application, data_dict: dict[str, Any]) -> bool:
    """Whether the application is the caller's, by account or by follow-up key.

    One that was sent without an account belongs to the account that has proved the
    address of its contact. One whose personal data are erased is nobody's.
    """
    if application.erased_at is not None:
        return False
    user_id = user_id_of(context)
    if user_id and application.user_id == user_id:
        return True
    if application.user_id is None and proofs.is_proved(
        user_id, application.contact_email
    ):
        return True
    key = data_dict.get("key")
    return bool(key) and access_links.opens(
        key, application.id, application.contact_email
    )


def may_read(
    context: Context, application: Application, data_dict: dict[str, Any]
) -> bool:
    """Whether the caller may read an application and what belongs to it.

    A draft is its applicant's: managers read it once it was handed in.
    """
    return owns(context, application, data_dict) or may_decide(context, application)


def may_decide(context: Context, application: Application) -> bool:
    """Whether the caller may read and judge an application that was handed in.

    One that was not is its applicant's alone; sysadmins see all.
    """
    if is_sysadmin(context):
        return True
    return application.submitted_at is not None and is_manager(
        context, application.cohort_id
    )


def may_annotate(context: Context, application: Application) -> bool:
    """Whether the caller may read and write notes that the applicant never sees."""
    if may_decide(context, application):
        return True
    participant = (
        model.Session.query(Participant)
        .filter_by(application_id=application.id)
        .first()
    )
    return participant is not None and is_adviser(context, participant)


def refused() -> AuthResult:
    """What an auth function answers to somebody who may not."""
    return {"success": False, "msg": tk._("You are not allowed to do this")}


def answer(allowed: bool) -> AuthResult:
    """What an auth function answers."""
    return {"success": True} if allowed else refused()


def for_owner(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The answer where only the applicant may, by account or by follow-up key."""
    application = find_application(data_dict.get("id"))
    return answer(owns(context, application, data_dict))


def for_reader(context: Context, data_dict: dict[str, Any]) -> AuthResult:
    """The answer where whoever may read the application may."""
    application = find_application(data_dict.get("id"))
    return answer(may_read(context, application, data_dict))


def for_staff(context: Context, cohort: Any) -> AuthResult:
    """The answer where the staff of a cohort may, by its id or name."""
    return answer(is_staff(context, seen_cohort(context, cohort).id))


def for_manager(context: Context, cohort: Any) -> AuthResult:
    """The answer where only the managers of a cohort may, by its id or name."""
    return answer(is_manager(context, seen_cohort(context, cohort).id))


def for_seen(context: Context, cohort: Any) -> AuthResult:
    """The answer where whoever may see a cohort may, by its id or name."""
    seen_cohort(context, cohort)
    return {"success": True}
