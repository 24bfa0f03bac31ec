"""Two organizations become one: what a collectivité was goes on in what it became.

All of it happens in the caller's transaction. People do not go along: who is let into
an organization is for its own admins to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model, plugins
from sqlalchemy.orm import aliased

from ckanext.challenge import notifications
from ckanext.challenge.common import addresses, journal, session_events
from ckanext.challenge.common.action_helpers import find_organization
from ckanext.challenge.common.organizations import (
    hold_organization_of,
    organizations_with_siren,
)
from ckanext.challenge.common.validators import challenge_siren
from ckanext.challenge.datasets import search
from ckanext.challenge.directory import attaching
from ckanext.challenge.domain.merging import goes_further, state_of_both
from ckanext.challenge.model import (
    Application,
    Award,
    Cohort,
    Collectivite,
    Match,
    Participant,
    Preparation,
    PreparationMemory,
    StepStatus,
    Subscription,
    catalog,
    locks,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.signals import AwardEvent, awards_stored

from . import accounts

#: What belongs to an organization and goes along: badges and participations do in
#: their own way; roles, and what its admins are asked, stay with its people.
_BELONGINGS: tuple[Any, ...] = (
    Application.__table__.c.organization_id,
    Preparation.__table__.c.organization_id,
    PreparationMemory.__table__.c.organization_id,
)
#: What a participant keeps of the directory.
_KEPT_FACTS = ("siren", "kind", "departement", "population")


@dataclass(frozen=True)
class Side:
    """A collectivité in the portal.

    :ivar siren: none where its organization says none
    :ivar group: its organization, if there is one
    :ivar place: what the directory knows of it
    """

    siren: str | None
    group: model.Group | None
    place: Collectivite | None

    @property
    def title(self) -> str:
        """What it is called."""
        if self.group is not None:
            return self.group.title or self.group.name
        return self.place.name if self.place is not None else self.siren or ""


@dataclass(frozen=True)
class Merger:
    """What becomes what.

    :ivar source: what was; it has an organization
    :ivar target: what it becomes; where that has no organization, the one of the source
        becomes it
    """

    source: Side
    target: Side

    @property
    def group(self) -> model.Group:
        """The organization that was."""
        assert self.source.group is not None
        return self.source.group


def find(was: str, becomes: str) -> Merger:
    """What two references mean.

    :param was: a SIREN, or the name or id of an organization
    :param becomes: the same
    :raises ValidationError: on ``from`` or ``into`` where they cannot become one
    """
    source, target = _side("from", was), _side("into", becomes)
    if source.group is None:
        text = tk._("No organization of the portal has the SIREN {siren}")
        raise tk.ValidationError({"from": [text.format(siren=source.siren)]})
    if target.group is None and target.place is None:
        text = tk._("Neither the directory nor an organization has the SIREN {siren}")
        raise tk.ValidationError({"into": [text.format(siren=target.siren)]})
    if target.group is not None and target.group.id == source.group.id:
        raise tk.ValidationError({"into": [tk._("This is the same organization")]})
    if source.siren and target.siren:
        if target.group is None and source.siren == target.siren:
            raise tk.ValidationError({"into": [tk._("This is the same organization")]})
        if source.siren in addresses.successors_of(target.siren):
            text = tk._("{successor} was itself replaced by {siren}").format(
                successor=target.siren, siren=source.siren
            )
            raise tk.ValidationError({"into": [text]})
    return Merger(source, target)


def _side(field: str, reference: str) -> Side:
    try:
        siren: str | None = challenge_siren(reference)
    except tk.Invalid:
        try:
            group = find_organization(reference)
        except tk.ObjectNotFound as error:
            raise tk.ValidationError({field: [str(error.message)]}) from None
        siren = _siren_of(group)
    else:
        found = organizations_with_siren(siren or "")
        if len(found) > 1:
            names = ", ".join(one.name for one in found)
            text = tk._("Several organizations have this SIREN: write one of {names}")
            raise tk.ValidationError({field: [text.format(names=names)]})
        group = found[0] if found else None
    place = (
        model.Session.query(Collectivite).filter_by(siren=siren).first()
        if siren
        else None
    )
    return Side(siren, group, place)


def _siren_of(group: model.Group) -> str | None:
    query = model.Session.query(catalog.organization_siren())
    return query.filter(model.Group.id == group.id).scalar() or None


def seasons_of(group: model.Group) -> list[tuple[Participant, Cohort]]:
    """The participations of an organization, with their seasons, the oldest first."""
    rows = (
        model.Session.query(Participant, Cohort)
        .join(Cohort, Cohort.id == Participant.cohort_id)
        .filter(Participant.organization_id == group.id)
        .order_by(Cohort.season, Cohort.id)
    )
    return [(participant, cohort) for participant, cohort in rows]


def told(merger: Merger) -> dict[str, Any]:
    """What merging does, as the API answers it."""
    group, target = merger.group, merger.target.group
    theirs = {cohort.id for _, cohort in seasons_of(target)} if target else set()
    doubled = _doubled_awards(merger)
    awards = model.Session.query(Award).filter_by(organization_id=group.id).count()
    people = _people(group) - (_people(target) if target else set())
    return {
        "from": _dictize(merger.source),
        "into": _dictize(merger.target),
        "renames": target is None,
        "datasets": _packages(group).filter(model.Package.state == "active").count(),
        "seasons": [
            {
                "cohort": cohort.name,
                "cohort_title": cohort.title,
                "doubled": cohort.id in theirs,
            }
            for _, cohort in seasons_of(group)
        ],
        "awards": awards,
        "doubled_awards": len(doubled),
        "people": len(people) if target else 0,
    }


def _dictize(side: Side) -> dict[str, Any]:
    group = side.group
    return {
        "siren": side.siren,
        "title": side.title,
        "organization": group.name if group else None,
        "organization_id": group.id if group else None,
    }


def _packages(group: model.Group) -> Any:
    return model.Session.query(model.Package).filter_by(owner_org=group.id)


def _people(group: model.Group) -> set[str]:
    rows = model.Session.query(model.Member.table_id).filter_by(
        group_id=group.id, table_name="user", state="active"
    )
    return {id_ for (id_,) in rows}


def merge(merger: Merger, actor: str) -> None:
    """Do it, in the caller's transaction.

    :param actor: the id of the user who does it
    """
    source, target = merger.source, merger.target
    for siren in sorted({side.siren for side in (source, target) if side.siren}):
        hold_organization_of(siren)
    groups = [side.group for side in (source, target) if side.group is not None]
    for group in sorted(groups, key=lambda group: group.id):
        locks.refresh_for_update(group)
    was, readers = source.title, _readers(merger) - {actor}
    if target.group is None:
        _rename(merger)
    else:
        _hand_everything_over(merger, target.group, actor)
    if source.siren and target.siren and source.siren != target.siren:
        addresses.replace_collectivite(source.siren, target.siren)
    kept = target.group or merger.group
    journal.record(
        actor,
        "merge",
        "organization",
        kept.id,
        {
            "from": source.siren,
            "into": target.siren,
            "from_organization": merger.group.id,
            "from_name": merger.group.name,
        },
    )
    search.reindex_after_commit(kept.id)
    for user_id in sorted(readers):
        notifications.enqueue(
            "collectivite_merged",
            user_id=user_id,
            was=was,
            organization_id=kept.id,
            renames=target.group is None,
        )


def _readers(merger: Merger) -> set[str]:
    """The ids of those who are told: who was there, and who lets people in now."""
    target = merger.target.group
    theirs = {user.id for user in accounts.admins(target)} if target else set()
    return _people(merger.group) | theirs


def _rename(merger: Merger) -> None:
    """The organization becomes that of the other collectivité."""
    group, place, before = merger.group, merger.target.place, merger.source.place
    assert place is not None
    besides = {}
    if before is not None and before.name != place.name:
        # « Commune de Meung » becomes « Commune de Meung-sur-Loire ».
        title = re.sub(
            rf"(?<!\w){re.escape(before.name)}(?!\w)",
            lambda _: place.name,
            group.title or "",
            flags=re.IGNORECASE,
        )
        if title != group.title:
            besides["title"] = title
    facts = attaching.describe(group, place, **besides)
    for participant, _ in seasons_of(group):
        for name in _KEPT_FACTS:
            setattr(participant, name, facts[name])


def _hand_everything_over(merger: Merger, target: model.Group, actor: str) -> None:
    group = merger.group
    for package in _packages(group):
        package.owner_org = target.id
    listed = model.Session.query(model.Member).filter_by(
        group_id=group.id, table_name="package"
    )
    for member in listed:
        member.group_id = target.id
    entries = [*_seasons(merger, target, actor)]
    _awards(merger, target)
    for column in _BELONGINGS:
        _hand_over(column, group.id, target.id)
    _subscriptions(group, target)
    # What was said of it while it had no SIREN is said of nothing now.
    model.Session.query(Match).filter_by(organization_id=group.id).delete()
    journal.record_many(entries)
    _delete(group)
    model.Session.flush()


def _seasons(
    merger: Merger, target: model.Group, actor: str
) -> Iterator[journal.Entry]:
    mine = {cohort.id: participant for participant, cohort in seasons_of(target)}
    place = merger.target.place
    for participant, cohort in seasons_of(merger.group):
        locks.refresh_for_update(participant)
        kept = mine.get(cohort.id)
        if kept is None:
            participant.organization_id = target.id
            # No acceptance made the organization in which it goes on.
            participant.organization_created = False
            if place is not None:
                for name in _KEPT_FACTS:
                    setattr(participant, name, getattr(place, name))
        else:
            locks.refresh_for_update(kept)
            _join(participant, kept, merger.target.title)
        about = {"from_organization": merger.group.id, "joined": kept is not None}
        yield journal.Entry(
            actor, "merge", "participant", (kept or participant).id, about
        )
    model.Session.flush()


def _join(gone: Participant, kept: Participant, title: str) -> None:
    """What was done in one participation counts in the other one."""
    kept.state = state_of_both(gone.state, kept.state)
    if kept.state != "withdrawn":
        kept.withdrawn_at = kept.withdrawn_reason = None
    kept.adviser_id = kept.adviser_id or gone.adviser_id
    kept.application_id = kept.application_id or gone.application_id
    kept.kits = [*dict.fromkeys([*kept.kits, *gone.kits])]
    kept.joined_at = min(gone.joined_at, kept.joined_at)
    moments = [at for at in (gone.last_activity_at, kept.last_activity_at) if at]
    kept.last_activity_at = max(moments, default=None)
    if gone.state != "withdrawn":
        gone.state = "withdrawn"
        gone.withdrawn_at = utcnow()
        gone.withdrawn_reason = title
    gone.application_id = None
    states = {
        row.step: row
        for row in model.Session.query(StepStatus).filter_by(participant_id=kept.id)
    }
    for row in model.Session.query(StepStatus).filter_by(participant_id=gone.id):
        mine = states.get(row.step)
        # What the catalogue says is measured anew.
        if row.source == "person" and mine and goes_further(row.state, mine.state):
            model.Session.delete(mine)
    model.Session.flush()
    for table in model.meta.metadata.sorted_tables:
        column = table.columns.get("participant_id")
        if column is not None and table.name.startswith("challenge_"):
            _hand_over(column, gone.id, kept.id)
    model.Session.expire_all()


def _hand_over(column: Any, gone: str, kept: str) -> None:
    """Let rows refer to another one, unless that has its own already."""
    table = column.table
    other = table.alias()
    free = [
        ~sa.exists().where(
            other.c[column.name] == kept,
            *(
                other.c[name].is_not_distinct_from(table.c[name])
                for name in key - {column.name}
            ),
        )
        for key in _keys(table)
        if column.name in key
    ]
    model.Session.execute(
        sa.update(table).where(column == gone, *free).values({column.name: kept})
    )


def _keys(table: Any) -> Iterator[set[str]]:
    """The names of the columns that are unique together."""
    yield {column.name for column in table.primary_key}
    for constraint in table.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            yield {column.name for column in constraint.columns}


def _doubled_awards(merger: Merger) -> list[Award]:
    """The badges that both hold: of the other one's they are only history."""
    target = merger.target.group
    if target is None:
        return []
    other = aliased(Award)
    season = [sa.func.coalesce(one.cohort_id, "") for one in (Award, other)]
    return (
        model.Session.query(Award)
        .filter(
            Award.organization_id == merger.group.id,
            Award.state != "revoked",
            sa.exists().where(
                other.organization_id == target.id,
                other.state != "revoked",
                other.badge == Award.badge,
                season[0] == season[1],
            ),
        )
        .all()
    )


def _awards(merger: Merger, target: model.Group) -> None:
    """The history of badges goes along; what both hold is held once."""
    events = []
    for award in _doubled_awards(merger):
        before = award.state
        award.state, award.lost_on = "revoked", None
        award.revoked_at, award.revoked_source = utcnow(), "catalog"
        award.revoked_reason = tk._("{title} holds this badge too").format(
            title=merger.target.title
        )
        events.append(
            AwardEvent(
                award.id, award.badge, target.id, award.cohort_id, before, "revoked"
            )
        )
    model.Session.flush()
    _hand_over(Award.__table__.c.organization_id, merger.group.id, target.id)
    model.Session.expire_all()
    if events:
        session_events.after_commit(_tell_stored, tuple(events))


def _tell_stored(events: tuple[AwardEvent, ...]) -> None:
    awards_stored.send("award", events=list(events))


def _subscriptions(group: model.Group, target: model.Group) -> None:
    """Who wanted to be told of one is told of the other, once."""
    table = Subscription.__table__
    other = table.alias()
    twice = sa.exists().where(
        other.c.organization_id == target.id,
        sa.func.lower(other.c.email) == sa.func.lower(table.c.email),
    )
    mine = table.c.organization_id == group.id
    model.Session.execute(sa.delete(table).where(mine, twice))
    model.Session.execute(
        sa.update(table).where(mine).values(organization_id=target.id)
    )


def _delete(group: model.Group) -> None:
    """Delete an organization that has nothing left, as CKAN does; it commits not."""
    members = model.Session.query(model.Member).filter(
        sa.or_(model.Member.table_id == group.id, model.Member.group_id == group.id),
        model.Member.state == "active",
    )
    for member in members:
        member.delete()
    group.delete()
    for plugin in plugins.PluginImplementations(plugins.IOrganizationController):
        plugin.delete(group)


def proposals() -> list[dict[str, Any]]:
    """The organizations that the directory, or their SIREN, says are another one.

    In one statement. ``reason`` is ``replaced`` (the list says what took the place of
    the collectivité) or ``same_siren`` (an older organization has the same).
    """
    extras = catalog.organization_extras(["siren"])
    rows = model.Session.execute(
        sa.text(
            f"""
            WITH RECURSIVE known AS (
                SELECT g.id, g.name, coalesce(nullif(g.title, ''), g.name) AS title,
                    g.created, {extras.columns["siren"]} AS siren
                FROM "group" g {extras.joins}
                WHERE g.is_organization AND g.state = 'active'
                  AND coalesce({extras.columns["siren"]}, '') <> ''
            ), line (origin, siren, since) AS (
                SELECT name, object_id, left_at FROM challenge_former_address
                WHERE kind = 'collectivite'
                UNION
                SELECT line.origin, f.object_id, f.left_at FROM line
                JOIN challenge_former_address f
                  ON f.kind = 'collectivite' AND f.name = line.siren
            ), found AS (
                SELECT was.id, was.name, was.title, was.siren, line.siren AS successor,
                    now.id AS into_id, now.name AS into_name,
                    coalesce(now.title, c.name) AS into_title, line.since,
                    'replaced' AS reason
                FROM line
                JOIN known was ON was.siren = line.origin
                LEFT JOIN known now ON now.siren = line.siren
                LEFT JOIN challenge_collectivite c ON c.siren = line.siren
                WHERE coalesce(now.title, c.name) IS NOT NULL AND NOT EXISTS (
                    SELECT 1 FROM challenge_former_address f
                    WHERE f.kind = 'collectivite' AND f.name = line.siren)
                UNION ALL
                SELECT later.id, later.name, later.title, later.siren, first.siren,
                    first.id, first.name, first.title, later.created, 'same_siren'
                FROM known later JOIN known first ON first.siren = later.siren
                 AND (first.created, first.id) < (later.created, later.id)
            )
            SELECT found.*, array(
                    SELECT p.cohort_id FROM challenge_participant p
                    WHERE p.organization_id = found.id) AS cohorts,
                (SELECT count(*) FROM package p
                 WHERE p.owner_org = found.id AND p.state = 'active') AS datasets
            FROM found ORDER BY title, id, into_title
            """
        )
    )
    return [dict(row._mapping) for row in rows]
