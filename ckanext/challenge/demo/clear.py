"""Taking the demonstration away: all that loading made, and nothing else.

Where somebody has put something of their own into one of its organizations or
seasons, that organization or season stays, with what was put there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import search, uploader

from ckanext.challenge.common import file_store
from ckanext.challenge.directory import reader
from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Award,
    Cohort,
    Evidence,
    JournalEntry,
    Participant,
    Preparation,
    Staff,
)

from . import content as demo
from . import manifest, observatory
from .content import Content
from .load import Part, Show, demo_packages, descriptions


@dataclass
class Cleared:
    """What was left, for the reader.

    :ivar kept: organizations and seasons that hold something of others
    :ivar journal: whether the journal keeps its rows, since others follow them
    """

    kept: list[str] = field(default_factory=list)
    journal: bool = False


@dataclass(frozen=True)
class _Made:
    """Ids of what loading made."""

    cohorts: tuple[str, ...]
    applications: tuple[str, ...]
    organizations: tuple[str, ...]
    packages: tuple[str, ...]
    users: tuple[str, ...]
    others: tuple[str, ...]
    """Participants, awards and roles, which go with their season."""


def badges() -> int | None:
    """Count the badges that :func:`clear` removes.

    :returns: None where there is no demonstration
    """
    known = manifest.stored()
    if known is None:
        return None
    made = _made(demo.content(), known)
    return (
        model.Session.query(Award.id)
        .filter(Award.organization_id.in_(made.organizations))
        .count()
    )


def clear(show: Show) -> Cleared | None:
    """Remove the demonstration, or what is left of it.

    :returns: None where there is none
    """
    known = manifest.stored()
    if known is None:
        return None
    content = demo.content()
    made = _made(content, known)
    cleared = Cleared()
    # In an order in which what is left can always be told to be ours, should this be
    # interrupted and run again.
    parts = [
        Part("Journal", 1, lambda: _journal(made, cleared)),
        Part("Datasets", len(made.packages), lambda: _datasets(made)),
        Part(
            "Organizations",
            len(made.organizations),
            lambda: _organizations(made, cleared),
        ),
        Part("Seasons", len(made.cohorts), lambda: _cohorts(made, cleared)),
        Part("Accounts", 1, lambda: _people(made, known)),
    ]
    for part in parts:
        with show(part) as advance:
            for _ in part.run():
                advance()
    observatory.forget(known.today, [season["name"] for season in content.seasons])
    manifest.forget()
    return cleared


def _made(content: Content, known: manifest.Manifest) -> _Made:
    session = model.Session
    names = [season["name"] for season in content.seasons]
    cohorts = session.query(Cohort).filter(Cohort.name.in_(names)).all()
    planned = {
        demo.PAST: {each.siren for each in content.alumni},
        demo.CURRENT: {each.siren for each in content.participants},
        demo.NEXT: {each.siren for each in content.applications},
    }
    applications = [
        application
        for cohort in cohorts
        for application in session.query(Application).filter_by(cohort_id=cohort.id)
        if application.siren in planned[cohort.name]
    ]
    # Acceptance makes accounts for those who applied without one.
    emails = [content.email(siren) for siren in content.sirens()]
    user_names = content.all_user_names()
    accounts = session.query(model.User.id).filter(
        sa.or_(model.User.name.in_(user_names), model.User.email.in_(emails))
    )
    ids = [cohort.id for cohort in cohorts]
    organizations = sorted(
        {each.organization_id for each in applications if each.organization_id}
    )
    others = [
        id_
        for kind in (Participant, Staff)
        for (id_,) in session.query(kind.id).filter(kind.cohort_id.in_(ids))
    ]
    # Some badges are of an organization, and of no season.
    others += [
        id_
        for (id_,) in session.query(Award.id).filter(
            Award.organization_id.in_(organizations)
        )
    ]
    return _Made(
        cohorts=tuple(ids),
        applications=tuple(each.id for each in applications),
        organizations=tuple(organizations),
        packages=tuple(demo_packages(content, known.today)),
        users=tuple(id_ for (id_,) in accounts),
        others=tuple(others),
    )


def _site_context() -> Any:
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return {"user": site_user["name"], "ignore_auth": True}


def _datasets(made: _Made) -> Iterator[None]:
    for id_ in made.packages:
        package = model.Package.get(id_)
        if package is not None:
            for resource in package.resources_all:
                _remove_file(resource)
            tk.get_action("dataset_purge")(_site_context(), {"id": id_})
            search.clear(id_)
        yield


def _remove_file(resource: model.Resource) -> None:
    if resource.url_type == "upload":
        upload = uploader.get_resource_uploader(
            {"id": resource.id, "url": resource.url, "clear_upload": True}
        )
        upload.upload(resource.id)


def _organizations(made: _Made, cleared: Cleared) -> Iterator[None]:
    for id_ in made.organizations:
        group = model.Group.get(id_)
        if group is not None:
            _preparations(id_, made.users)
            others = (
                model.Session.query(model.Package.id).filter_by(owner_org=id_).first()
                or model.Session.query(Participant.id)
                .filter(
                    Participant.organization_id == id_,
                    Participant.cohort_id.not_in(made.cohorts),
                )
                .first()
            )
            if others:
                cleared.kept.append(f"organization {group.name}")
            else:
                proofs = _proofs(Participant.organization_id == id_)
                tk.get_action("organization_purge")(_site_context(), {"id": id_})
                file_store.remove(*proofs)
        yield


def _preparations(organization_id: str, users: Collection[str]) -> None:
    """The files that these people began to prepare."""
    for row in model.Session.query(Preparation).filter(
        Preparation.organization_id == organization_id, Preparation.user_id.in_(users)
    ):
        file_store.remove(row.id)
        model.Session.delete(row)
    model.Session.commit()


def _proofs(*of_participants: Any) -> list[str]:
    """The files that prove the steps of these participants."""
    found = (
        model.Session.query(Evidence.id)
        .join(Participant, Participant.id == Evidence.participant_id)
        .filter(*of_participants)
    )
    return [id_ for (id_,) in found]


def _cohorts(made: _Made, cleared: Cleared) -> Iterator[None]:
    kept: set[str | None] = set()
    for id_ in made.cohorts:
        applications = model.Session.query(Application).filter_by(cohort_id=id_)
        participants = model.Session.query(Participant).filter_by(cohort_id=id_)
        ours = (
            Participant.cohort_id == id_,
            Participant.organization_id.in_(made.organizations),
        )
        file_store.remove(*_proofs(*ours))
        for participant in participants.filter(*ours):
            model.Session.delete(participant)
        model.Session.flush()
        sent = model.Session.query(ApplicationFile).filter(
            ApplicationFile.application_id.in_(made.applications)
        )
        file_store.remove(*(file.id for file in sent))
        for application in applications:
            if application.id in made.applications:
                model.Session.delete(application)
        model.Session.flush()
        _execute(
            "DELETE FROM challenge_award WHERE organization_id IN :organizations"
            " AND (cohort_id = :cohort OR cohort_id IS NULL)",
            cohort=id_,
            organizations=made.organizations,
        )
        cohort = Cohort.get(id_)
        if cohort is not None:
            if applications.first() or participants.first():
                cleared.kept.append(f"season {cohort.name}")
            else:
                kept.add(cohort.programme_digest)
                model.Session.delete(cohort)
        model.Session.commit()
        yield
    # The copies of programmes that no other season keeps.
    _execute(
        "DELETE FROM challenge_programme p WHERE p.digest IN :kept AND NOT EXISTS"
        " (SELECT 1 FROM challenge_cohort c WHERE c.programme_digest = p.digest)",
        kept=kept - {None},
    )
    model.Session.commit()


def _people(made: _Made, known: manifest.Manifest) -> Iterator[None]:
    """Accounts, and what speaks of all that is gone."""
    session = model.Session
    gone = (*made.packages, *made.organizations, *made.users)
    if sa.inspect(session.connection()).has_table("activity"):
        mine = "SELECT id FROM activity WHERE user_id IN :users OR object_id IN :gone"
        for statement in (
            f"DELETE FROM activity_detail WHERE activity_id IN ({mine})",
            f"DELETE FROM activity WHERE id IN ({mine})",
        ):
            _execute(statement, users=made.users, gone=gone)
    _execute(
        "DELETE FROM member WHERE table_name = 'user' AND table_id IN :users",
        users=made.users,
    )
    _execute('DELETE FROM "user" WHERE id IN :users', users=made.users)
    tags = {tag for each in descriptions().values() for tag in each["tags"]}
    _execute(
        "DELETE FROM tag t WHERE t.name IN :tags AND t.vocabulary_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM package_tag p WHERE p.tag_id = t.id)",
        tags=tags,
    )
    # An organization that is purged leaves its SIREN, which leads nowhere here.
    _execute(
        "DELETE FROM challenge_former_address WHERE object_id IN :objects",
        objects=[*made.cohorts, *made.organizations, *demo.content().sirens()],
    )
    if known.directory:
        shipped = reader.read([reader.shipped_file()])
        _execute(
            "DELETE FROM challenge_collectivite WHERE code IN :codes",
            codes=[row.siren or row.insee_code for row in shipped.rows],
        )
        _execute(
            "DELETE FROM challenge_former_code WHERE insee_code IN :codes",
            codes=[*shipped.former_codes],
        )
    session.commit()
    session.expire_all()
    yield


def _journal(made: _Made, cleared: Cleared) -> Iterator[None]:
    """Remove the journal's rows on the demonstration, where nothing follows them.

    A row taken from between others would break the chain that proves the rest.
    """
    objects = {
        *made.cohorts,
        *made.applications,
        *made.organizations,
        *made.packages,
        *made.others,
    }
    entries = model.Session.query(JournalEntry)
    ours = JournalEntry.object_id.in_(objects)
    first = entries.filter(ours).order_by(JournalEntry.id).first()
    if first is not None:
        tail = entries.filter(JournalEntry.id >= first.id)
        if tail.filter(sa.not_(ours)).first():
            cleared.journal = True
        else:
            tail.delete(synchronize_session=False)
            model.Session.commit()
    yield


def _execute(statement: str, **values: Any) -> None:
    """Run a statement; a collection that is empty matches nothing."""
    clause = sa.text(statement)
    for name, value in values.items():
        if isinstance(value, Collection) and not isinstance(value, str):
            clause = clause.bindparams(sa.bindparam(name, expanding=True))
            values[name] = list(value)
    model.Session.execute(clause, values)
