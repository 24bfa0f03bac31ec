"""From an accepted application to an organization with its checklist.

All of it happens in the caller's transaction: the organization, its admin, the
participant, its steps and the journal exist together or not at all. Nothing here
commits, mails or queues; the caller does so afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.logic import schema as ckan_schema
from ckan.types import Context

from . import journal, programmes
from .directory import naming
from .domain import lifecycle
from .measures import catalog
from .model import Application, Cohort, Collectivite, Participant, StepStatus

__all__ = [
    "CohortFull",
    "Onboarded",
    "accept",
    "join",
    "organizations_with_siren",
]


class CohortFull(Exception):
    """No place is left in the cohort.

    :ivar capacity: how many participants it takes
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        super().__init__(f"the cohort takes {capacity} participants and has them")


@dataclass(frozen=True)
class Onboarded:
    """What an acceptance made.

    :ivar participant: the participant
    :ivar admin: the user who became admin of the organization
    :ivar invited: whether that account is new and waits for its owner
    """

    participant: Participant
    admin: model.User
    invited: bool


def accept(cohort: Cohort, application: Application, actor: str) -> Onboarded:
    """Give the applicant an organization, an account in it and a checklist.

    :param cohort: locked by the caller, so that places are counted once
    :param application: locked by the caller
    :param actor: the id of the user who decided
    :raises CohortFull: when the cohort has no place left
    :raises ValidationError: when CKAN refuses the organization or the account
    """
    group = _organization(application)
    admin, invited = _admin(application, group)
    participant = join(cohort, group, actor, application)
    application.organization_id = group.id
    return Onboarded(participant, admin, invited)


def join(
    cohort: Cohort,
    group: model.Group,
    actor: str,
    application: Application | None = None,
) -> Participant:
    """Make an organization a participant of a cohort, with all steps to do.

    An organization that takes part already stays as it is.

    :param cohort: locked by the caller, so that places are counted once
    :raises CohortFull: when the cohort has no place left
    :raises ForbiddenTransition: when it took part and withdrew
    """
    participant = Participant.of(cohort.id, group.id)
    if participant is not None:
        if participant.state == "withdrawn":
            lifecycle.PARTICIPANT.check(participant.state, "active")
        return participant
    _take_place(cohort)
    programme = programmes.get(cohort.programme)
    participant = Participant(
        cohort_id=cohort.id,
        organization_id=group.id,
        application_id=application.id if application else None,
        state=lifecycle.PARTICIPANT.initial,
        steps_total=len(programme.steps),
        current_phase=programme.phases[0].key,
        **_facts(group, application),
    )
    model.Session.add(participant)
    model.Session.flush()
    model.Session.add_all(
        StepStatus(participant_id=participant.id, step=step.key, source=step.source)
        for step in programme.steps
    )
    model.Session.flush()
    journal.record(
        actor,
        "join",
        "participant",
        participant.id,
        {"cohort_id": cohort.id, "organization_id": group.id},
    )
    return participant


def organizations_with_siren(siren: str) -> list[model.Group]:
    """The active organizations that carry this SIREN, the oldest first."""
    extras = catalog.organization_extras(["siren"])
    ids = model.Session.execute(
        sa.text(
            f"""
            SELECT g.id FROM "group" g {extras.joins}
            WHERE g.is_organization AND g.state = 'active'
              AND {extras.columns["siren"]} = :siren
            ORDER BY g.created
            """
        ),
        {"siren": siren},
    ).scalars()
    return [group for id_ in ids if (group := model.Group.get(id_)) is not None]


def _take_place(cohort: Cohort) -> None:
    if cohort.capacity is None:
        return
    taken = (
        model.Session.query(Participant.id)
        .filter(Participant.cohort_id == cohort.id, Participant.state != "withdrawn")
        .count()
    )
    if taken >= cohort.capacity:
        raise CohortFull(cohort.capacity)


def _facts(group: model.Group, application: Application | None) -> dict[str, Any]:
    """What the participant keeps of the directory."""
    if application is not None:
        return {
            "siren": application.siren,
            "kind": application.kind,
            "departement": application.departement,
            "population": application.population,
        }
    shown = tk.get_action("organization_show")(
        {"ignore_auth": True, "user": ""},
        {
            "id": group.id,
            "include_users": False,
            "include_groups": False,
            "include_tags": False,
            "include_followers": False,
            "include_dataset_count": False,
        },
    )
    population = shown.get("population")
    return {
        "siren": shown.get("siren") or None,
        "kind": shown.get("kind") or None,
        "departement": shown.get("departement") or None,
        "population": int(population) if population else None,
    }


def _deferred() -> Context:
    """A context in which CKAN's actions commit nothing.

    A fresh one for every call: an action leaves in it what it worked on.
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": user["name"], "ignore_auth": True, "defer_commit": True}


def _organization(application: Application) -> model.Group:
    """The organization of this SIREN: the one that exists, or a new one."""
    known = organizations_with_siren(application.siren)
    if known:
        return known[0]
    directory = model.Session.get(Collectivite, application.siren)
    # Two acceptances of homonyms would choose the same free name.
    model.Session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(
                sa.func.hashtext("ckanext.challenge.organization_name")
            )
        )
    )
    slug = naming.slug(application.organization_title)
    taken = {
        name
        for (name,) in model.Session.query(model.Group.name).filter(
            model.Group.name.like(f"{slug}%")
        )
    }
    code = application.insee_code or application.siren
    data = {
        "name": naming.organization_name(application.organization_title, code, taken),
        "title": application.organization_title,
        "siren": application.siren,
        "kind": application.kind,
        "insee_code": application.insee_code
        or (directory.insee_code if directory else None),
        "departement": application.departement,
        "population": application.population,
        "agents": application.agents,
    }
    context = _deferred()
    created = tk.get_action("organization_create")(
        context,
        {key: str(value) for key, value in data.items() if value not in (None, "")},
    )
    group = model.Group.get(created["id"])
    assert group is not None
    # CKAN makes the creator an admin; here that is the portal itself, no member.
    site_user = model.User.get(context.get("user"))
    assert site_user is not None
    model.Session.flush()
    model.Session.query(model.Member).filter_by(
        group_id=group.id, table_name="user", table_id=site_user.id
    ).delete()
    return group


def _admin(application: Application, group: model.Group) -> tuple[model.User, bool]:
    """The applicant's account as admin of the organization, made if need be."""
    user = model.User.get(application.user_id) if application.user_id else None
    if user is None or user.state != "active":
        user = _account_of(application.contact_email)
    invited = user is None
    if user is None:
        user = _pending_account(application)
    tk.get_action("member_create")(
        _deferred(),
        {
            "id": group.id,
            "object": user.id,
            "object_type": "user",
            "capacity": "admin",
        },
    )
    return user, invited or user.state == "pending"


def _account_of(email: str | None) -> model.User | None:
    if not email:
        return None
    found = (
        model.Session.query(model.User)
        .filter(
            sa.func.lower(model.User.email) == email.lower(),
            model.User.state.in_(("active", "pending")),
        )
        .order_by(model.User.state)
    )
    return found.first()


def _pending_account(application: Application) -> model.User:
    """An account that waits for its owner, as CKAN's own invitation makes it.

    ``user_invite`` itself mails before anything is committed, and deletes the
    account when the mail fails. The account is named after the organization: user
    names are public, and a contact's name is not.
    """
    stem = naming.slug(application.organization_title)
    taken = {
        name
        for (name,) in model.Session.query(model.User.name).filter(
            model.User.name.like(f"{stem}%")
        )
    }
    context = _deferred()
    context["schema"] = ckan_schema.create_user_for_user_invite_schema()
    created = tk.get_action("user_create")(
        context,
        {
            "name": naming.organization_name(stem, application.insee_code, taken),
            "email": application.contact_email,
            "state": model.State.PENDING,
        },
    )
    user = model.User.get(created["id"])
    assert user is not None
    return user
