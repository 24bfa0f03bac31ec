"""From an accepted application to an organization with its checklist.

All of it happens in the caller's transaction: the organization, its admin, the
participant, its steps and the journal exist together or not at all. Nothing here
commits or mails: the caller does so.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib.search import SearchError, SolrConnectionError

from ckanext.challenge import programmes
from ckanext.challenge.common import journal, own_fields
from ckanext.challenge.common.organizations import (
    hold_organization_of,
    organizations_with_siren,
)
from ckanext.challenge.datasets import search
from ckanext.challenge.directory import naming
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import (
    Application,
    Claim,
    Cohort,
    Collectivite,
    Participant,
    StepStatus,
    locks,
)
from ckanext.challenge.model.base import utcnow

from . import accounts, first_answers, given_roles

log = logging.getLogger(__name__)


class CohortFull(Exception):
    """No place is left in the cohort.

    :ivar capacity: how many participants it takes
    """

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        super().__init__(f"the cohort takes {capacity} participants and has them")


@dataclass(frozen=True)
class Places:
    """The places of a cohort.

    :ivar capacity: how many there are; ``None`` for no limit
    :ivar taken: how many participants have one
    """

    capacity: int | None
    taken: int

    @property
    def free(self) -> int | None:
        """How many are left; ``None`` for no limit."""
        return None if self.capacity is None else max(0, self.capacity - self.taken)


@dataclass(frozen=True)
class Onboarded:
    """What an acceptance made.

    :ivar participant: the participant
    :ivar user: the applicant's account
    :ivar claim: what the admins of the organization are asked; without one the
        applicant is an admin already
    :ivar asked: these admins; sysadmins where it has none
    :ivar created: the organization, if it is new
    """

    participant: Participant
    user: model.User
    claim: Claim | None
    asked: list[model.User]
    created: model.Group | None


def accept(cohort: Cohort, application: Application, actor: str) -> Onboarded:
    """Give the applicant an organization, an account in it and a checklist.

    An account that did not prove the address of the contact has to do so first,
    whoever applied with it: its role waits.

    An organization with this SIREN takes part as it is, and lets the applicant in only
    when one of its own admins says yes. Where it has none, sysadmins are asked, unless
    one of them decides here.

    :param cohort: locked by the caller, so that places are counted once
    :param application: locked by the caller
    :param actor: the id of the user who decided
    :raises CohortFull: when the cohort has no place left
    :raises ForbiddenTransition: when the organization took part and withdrew
    :raises ValidationError: when CKAN refuses the organization or the account
    """
    hold_organization_of(application.siren)
    group = _known_organization(application)
    if group is None or Participant.of(cohort.id, group.id) is None:
        # Before anything is made that would have to be undone.
        check_place(cohort)
    user = _applicant(application)
    asked: list[model.User] = []
    created = None
    if group is None:
        group = created = _organization(application)
    else:
        asked = to_ask(user, group, actor)
    participant = join(cohort, group, actor, application)
    if created is not None:
        participant.organization_created = True
    claim = None
    if asked:
        claim = _claim(application, group, user, actor)
    else:
        given_roles.give(
            user,
            group,
            "admin",
            "acceptance",
            actor,
            address=application.contact_email,
            participant=participant,
            application_id=application.id,
        )
    application.organization_id = group.id
    return Onboarded(participant, user, claim, asked, created)


def to_ask(
    user: model.User | None, group: model.Group, actor: str | None
) -> list[model.User]:
    """Who is asked whether an applicant becomes an admin of an organization.

    :param actor: the id of the user who decides, or a word of the journal
    :returns: its own admins; where it has none, the sysadmins, unless one of them
        decides; nobody for somebody who is an admin of it
    """
    if user is not None and accounts.role_in(user, group) == "admin":
        return []
    asked = accounts.admins(group)
    if asked:
        return asked
    decider = model.User.get(actor) if actor else None
    return [] if decider and decider.sysadmin else accounts.sysadmins()


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
        if participant.state not in PARTICIPANT_COUNTED:
            # A manager takes it back in, if anybody: no file does.
            raise lifecycle.ForbiddenTransition(
                lifecycle.PARTICIPANT.entity, participant.state, "active"
            )
        return participant
    check_place(cohort)
    programme = programmes.of(cohort)
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
    statuses = [
        StepStatus(
            participant_id=participant.id,
            step=step.key,
            source=step.source,
            state="todo",
        )
        for step in programme.steps
    ]
    model.Session.add_all(statuses)
    model.Session.flush()
    journal.record(
        actor,
        "join",
        "participant",
        participant.id,
        {"cohort_id": cohort.id, "organization_id": group.id},
    )
    if application is not None:
        first_answers.take_over(participant, application, statuses, actor)
    search.reindex_after_commit(group.id)
    return participant


def leave(participant: Participant) -> None:
    """Take a participation away, as if its organization had never joined."""
    organization_id = participant.organization_id
    model.Session.delete(participant)
    model.Session.flush()
    search.reindex_after_commit(organization_id)


def places(cohort: Cohort) -> Places:
    """Count the places of a cohort."""
    taken = model.Session.execute(places_taken(cohort.id)).scalar_one()
    return Places(cohort.capacity, taken)


def places_taken(cohort_id: Any) -> sa.sql.Select[tuple[int]]:
    """The statement that counts who has a place in a cohort."""
    rows: Any = Participant.__table__.c
    return sa.select(sa.func.count()).where(
        rows.cohort_id == cohort_id, rows.state.in_(PARTICIPANT_COUNTED)
    )


def check_place(cohort: Cohort, promised: int = 0) -> None:
    """Stop where no place is left.

    :param promised: places that are free and yet not to be given away
    :raises CohortFull: no place is left
    """
    if cohort.capacity is not None and (places(cohort).free or 0) <= promised:
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
    population = own_fields.read(shown, "population")
    return {
        "siren": own_fields.read(shown, "siren") or None,
        "kind": own_fields.read(shown, "kind") or None,
        "departement": own_fields.read(shown, "departement") or None,
        "population": int(population) if population else None,
    }


def _known_organization(application: Application) -> model.Group | None:
    """The organization of this SIREN, the oldest one where there are several."""
    known = organizations_with_siren(application.siren)
    return known[0] if known else None


def _organization(application: Application) -> model.Group:
    """A new organization, with all that is known of the collectivité."""
    directory = model.Session.get(Collectivite, application.siren)
    # Two acceptances of homonyms would choose the same free name.
    locks.hold("organization_name")
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
    context = accounts.deferred()
    try:
        tk.get_action("organization_create")(
            context,
            own_fields.written(
                "organization",
                {k: str(v) for k, v in data.items() if v not in (None, "")},
            ),
        )
    except (SearchError, SolrConnectionError):
        # It is made; in the end CKAN shows it with its datasets counted in Solr.
        log.exception("Solr is down, and %s is made all the same", data["name"])
    group = model.Group.get(data["name"])
    assert group is not None
    # CKAN makes the creator an admin; here that is the portal itself, no member.
    site_user = model.User.get(context.get("user"))
    assert site_user is not None
    model.Session.flush()
    model.Session.query(model.Member).filter_by(
        group_id=group.id, table_name="user", table_id=site_user.id
    ).delete()
    return group


def _applicant(application: Application) -> model.User:
    """The applicant's account, made if need be."""
    return accounts.of_contact(application) or accounts.find_or_invite(
        application.contact_email,
        application.organization_title,
        application.insee_code,
    )


def _claim(
    application: Application, group: model.Group, user: model.User, actor: str
) -> Claim:
    """Ask the admins of the organization to let the applicant in.

    What was asked for an acceptance that was undone is asked again, under its address.
    """
    claim = model.Session.query(Claim).filter_by(application_id=application.id).first()
    if claim is None:
        claim = Claim(application_id=application.id)
        model.Session.add(claim)
    else:
        lifecycle.CLAIM.check(claim.state, lifecycle.CLAIM.initial)
    claim.organization_id, claim.user_id = group.id, user.id
    claim.state, claim.asked_at = lifecycle.CLAIM.initial, utcnow()
    claim.reason = claim.answered_at = claim.answered_by = None
    model.Session.flush()
    journal.record(
        actor,
        "ask",
        "claim",
        claim.id,
        {"application_id": application.id, "organization_id": group.id},
    )
    return claim
