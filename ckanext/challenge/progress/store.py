"""Reading and writing progress in sets: a few statements, however many rows.

No row becomes an object of the ORM: whole portals pass through here. The SQL is that
of PostgreSQL (rows as one JSON document, ``ON CONFLICT``).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from operator import methodcaller
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.deadlines import MILESTONES
from ckanext.challenge.domain.lifecycle import (
    AWARD_HELD,
    COHORT_LIVE,
    PARTICIPANT_COUNTED,
)
from ckanext.challenge.domain.measurement import Season
from ckanext.challenge.model import (
    Award,
    Cohort,
    Judgement,
    Participant,
    Standing,
    StepStatus,
)
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.base import make_id
from ckanext.challenge.model.extension import later_days


def _table(mapped: Any) -> sa.Table:
    """The table of one of CKAN's classes."""
    return sa.inspect(mapped).local_table


_group: sa.Table = _table(model.Group)
_package: sa.Table = _table(model.Package)
_member: sa.Table = _table(model.Member)
_resource: sa.Table = _table(model.Resource)
_participant: sa.Table = Participant.__table__  # type: ignore[assignment]
_cohort: sa.Table = Cohort.__table__  # type: ignore[assignment]
_status: sa.Table = StepStatus.__table__  # type: ignore[assignment]
_award: sa.Table = Award.__table__  # type: ignore[assignment]
_standing: sa.Table = Standing.__table__  # type: ignore[assignment]
_judgement: sa.Table = Judgement.__table__  # type: ignore[assignment]

_PARTICIPATION = (
    _participant.c.id,
    _participant.c.organization_id,
    _participant.c.cohort_id,
)


class CohortRow(NamedTuple):
    """What an evaluation needs to know of a cohort."""

    id: str
    name: str
    programme: str
    programme_digest: str | None
    state: str
    milestones: Mapping[str, dt.date | None]


class Progress(NamedTuple):
    """The figures that a participant's row keeps.

    :ivar measures: the values of measures by their names
    """

    steps_done: int
    steps_total: int
    percent: int
    current_phase: str | None
    late_steps: int
    measures: dict[str, float]
    last_activity_at: dt.datetime | None


class Participation(NamedTuple):
    """An organization in a cohort in which its steps follow the catalogue.

    :ivar earlier: the cohorts launched before in which it takes part, or took part
    :ivar later: the later days that it was given, in the order of the steps' keys
    """

    id: str
    organization_id: str
    cohort_id: str
    earlier: tuple[Season, ...] = ()
    later: tuple[tuple[str, dt.date], ...] = ()


class StatusRow(NamedTuple):
    """A step's status as it is, or is to be, stored.

    :ivar why_not: ``Finding.as_dict`` of each thing that is missing
    """

    participant_id: str
    step: str
    state: str
    source: str
    value: float | None
    target: float | None
    why_not: list[dict[str, object]]


class StandingRow(NamedTuple):
    """Where an organization stands, whatever the season.

    :ivar measures: the values of measures by their names
    :ivar why_not: what each badge still needs, by its key: ``Finding.as_dict``
    """

    organization_id: str
    measures: dict[str, float]
    why_not: dict[str, list[dict[str, object]]]


@dataclass(frozen=True)
class NewAward:
    """An award to give, if nobody gave it in the meantime."""

    badge: str
    programme: str
    programme_version: int
    level: int | None
    organization_id: str
    cohort_id: str | None
    criteria: dict[str, Any]
    id: str = field(default_factory=make_id)


@dataclass(frozen=True)
class AwardChange:
    """A change of a maintained award.

    :ivar before: the state in which it was found; if it is in another one by now,
        nothing is changed
    """

    id: str
    before: str
    state: str
    lost_on: dt.date | None = None
    revoked_reason: str | None = None


def organizations(
    organization_ids: Collection[str] | None, cohort_ids: Collection[str] | None
) -> list[str]:
    """Return the ids of the organizations to evaluate, in their order.

    :param organization_ids: only these
    :param cohort_ids: only those that take part in these; of both, what is in either
    :returns: those that are not deleted
    """
    query = (
        sa.select(_group.c.id)
        .where(_group.c.is_organization, _group.c.state == "active")
        .order_by(_group.c.id)
    )
    chosen: list[Any] = []
    if organization_ids is not None:
        chosen.append(_among(_group.c.id, organization_ids))
    if cohort_ids is not None:
        chosen.append(
            _group.c.id.in_(
                _taking_part(sa.select(_participant.c.organization_id)).where(
                    _among(_participant.c.cohort_id, cohort_ids)
                )
            )
        )
    if chosen:
        query = query.where(sa.or_(*chosen))
    return list(model.Session.execute(query).scalars())


def _taking_part(query: Any) -> Any:
    """A query of participants, of those whose steps follow the catalogue."""
    return query.join(_cohort, _cohort.c.id == _participant.c.cohort_id).where(
        _cohort.c.state.in_(COHORT_LIVE), _participant.c.state.in_(PARTICIPANT_COUNTED)
    )


def organizations_of(
    users: Collection[str], datasets: Collection[str], resources: Collection[str]
) -> set[str]:
    """Return the ids of the organizations that users and data belong to.

    :param users: ids of users, for those of which they are members
    :param datasets: ids of datasets, for their owners
    :param resources: ids of resources, for the owners of their datasets
    """
    queries: list[Any] = []
    if users:
        queries.append(
            sa.select(_member.c.group_id).where(
                _member.c.table_name == "user", _among(_member.c.table_id, users)
            )
        )
    if datasets:
        queries.append(
            sa.select(_package.c.owner_org).where(_among(_package.c.id, datasets))
        )
    if resources:
        queries.append(
            sa.select(_package.c.owner_org)
            .join(_resource, _resource.c.package_id == _package.c.id)
            .where(_among(_resource.c.id, resources))
        )
    return {
        row[0]
        for query in queries
        for row in model.Session.execute(query).all()
        if row[0] is not None
    }


def cohorts() -> list[CohortRow]:
    """Return the cohorts in which steps follow the catalogue."""
    query = (
        sa.select(
            _cohort.c.id,
            _cohort.c.name,
            _cohort.c.programme,
            _cohort.c.programme_digest,
            _cohort.c.state,
            *(_cohort.c[name] for name in MILESTONES),
        )
        .where(_cohort.c.state.in_(COHORT_LIVE))
        .order_by(_cohort.c.id)
    )
    return [
        CohortRow(
            row.id,
            row.name,
            row.programme,
            row.programme_digest,
            row.state,
            {name: row._mapping[name] for name in MILESTONES},
        )
        for row in model.Session.execute(query)
    ]


def participations(organization_ids: Collection[str]) -> list[Participation]:
    """Return the participants that organizations are, in the order of their ids."""
    query = (
        _taking_part(sa.select(*_PARTICIPATION))
        .where(_among(_participant.c.organization_id, organization_ids))
        .order_by(_participant.c.id)
    )
    return _participations(model.Session.execute(query).all(), organization_ids)


def _participations(
    rows: Sequence[Any], organization_ids: Collection[str]
) -> list[Participation]:
    """What rows of the columns of :data:`_PARTICIPATION`, or more, are."""
    if not rows:
        return []
    earlier = _earlier(organization_ids)
    later = later_days([row.id for row in rows])
    return [
        Participation(
            row.id,
            row.organization_id,
            row.cohort_id,
            earlier.get(row.id, ()),
            tuple(sorted(later.get(row.id, {}).items())),
        )
        for row in rows
    ]


def _earlier(organization_ids: Collection[str]) -> dict[str, tuple[Season, ...]]:
    """The cohorts launched before that of each participant, of the same organization.

    Of two that were launched on the same day one comes first all the same: no dataset
    is counted twice.

    :returns: by the ids of participants; nothing for those whose cohort has no launch
    """
    query = (
        sa.select(
            _participant.c.id,
            _participant.c.organization_id,
            _cohort.c.launch,
            _cohort.c.finished_at,
        )
        .join(_cohort, _cohort.c.id == _participant.c.cohort_id)
        .where(
            _among(_participant.c.organization_id, organization_ids),
            _participant.c.state.in_(PARTICIPANT_COUNTED),
            _cohort.c.state != "draft",
            _cohort.c.launch.isnot(None),
        )
        .order_by(_cohort.c.launch, _cohort.c.season, _cohort.c.id)
    )
    found: dict[str, tuple[Season, ...]] = {}
    before: dict[str, tuple[Season, ...]] = {}
    for row in model.Session.execute(query):
        found[row.id] = before.get(row.organization_id, ())
        ended = row.finished_at.timestamp() if row.finished_at else None
        season = Season(row.launch, ended)
        before[row.organization_id] = (*found[row.id], season)
    return found


def lock(organization_ids: Collection[str]) -> dict[Participation, Progress]:
    """Lock what is stored of organizations until the end of the transaction.

    Whoever evaluates an organization measures after this, so that of two evaluations
    at the same time the second one sees what the first one saw, or more. Others may
    still give or take back an award: none of them changes what a person gave or took.

    :returns: the participants that they are, in the order of their ids, and the
        figures that these have
    """
    participants = (
        _taking_part(
            sa.select(
                *_PARTICIPATION, *(_participant.c[name] for name in Progress._fields)
            )
        )
        .where(_among(_participant.c.organization_id, organization_ids))
        .order_by(_participant.c.id)
        # Not the key: statuses that refer to the row may still be written.
        .with_for_update(key_share=True, of=_participant)
    )
    standings_ = (
        sa.select(_standing.c.organization_id)
        .where(_among(_standing.c.organization_id, organization_ids))
        .order_by(_standing.c.organization_id)
        .with_for_update()
    )
    number = len(_PARTICIPATION)
    rows = model.Session.execute(participants).all()
    found = {
        participation: Progress(*row[number:])
        for participation, row in zip(
            _participations(rows, organization_ids), rows, strict=True
        )
    }
    model.Session.execute(standings_).close()
    return found


def standings(organization_ids: Collection[str]) -> dict[str, StandingRow]:
    """Return where organizations stand, by their ids."""
    query = sa.select(
        *(_standing.c[name] for name in StandingRow._fields),
    ).where(_among(_standing.c.organization_id, organization_ids))
    return {row[0]: StandingRow(*row) for row in model.Session.execute(query)}


def statuses(participant_ids: Collection[str]) -> dict[str, dict[str, StatusRow]]:
    """Return the stored statuses of participants, by participant and step."""
    query = sa.select(*(_status.c[name] for name in StatusRow._fields)).where(
        _among(_status.c.participant_id, participant_ids)
    )
    found: dict[str, dict[str, StatusRow]] = {id_: {} for id_ in participant_ids}
    for row in model.Session.execute(query):
        found[row[0]][row[1]] = StatusRow(*row)
    return found


def awards(organization_ids: Collection[str]) -> list[Any]:
    """Lock and return the awards that decide whether another one may be given.

    Those that are held, and those that a person took back: the catalogue does not
    give these again.

    :returns: rows of ``id, badge, organization_id, cohort_id, state, source, lost_on``
    """
    query = (
        sa.select(
            _award.c.id,
            _award.c.badge,
            _award.c.organization_id,
            _award.c.cohort_id,
            _award.c.state,
            _award.c.source,
            _award.c.lost_on,
        )
        .where(
            _among(_award.c.organization_id, organization_ids),
            sa.or_(
                _award.c.state.in_(sorted(AWARD_HELD)),
                _award.c.revoked_source == "person",
            ),
        )
        .order_by(_award.c.id)
        .with_for_update(key_share=True)
    )
    return list(model.Session.execute(query).all())


def save_statuses(rows: Sequence[StatusRow], now: dt.datetime) -> None:
    """Write statuses of steps.

    Those of the catalogue are written anew, those of people only where they are not
    there. A step that somebody waived in the meantime stays waived.
    """
    if not rows:
        return
    _execute(
        """
        INSERT INTO challenge_step_status AS stored (
            participant_id, step, state, source, value, target, why_not, updated_at
        )
        SELECT new.participant_id, new.step, new.state, new.source, new.value,
               new.target, new.why_not, :now
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
            participant_id text, step text, state text, source text, value float,
            target float, why_not jsonb
        )
        ON CONFLICT (participant_id, step) DO UPDATE SET
            state = excluded.state,
            source = excluded.source,
            value = excluded.value,
            target = excluded.target,
            why_not = excluded.why_not,
            updated_at = CASE WHEN stored.state = excluded.state
                              THEN stored.updated_at ELSE excluded.updated_at END,
            updated_by = CASE WHEN stored.state = excluded.state
                              THEN stored.updated_by END
        WHERE excluded.source = 'catalog' AND stored.state <> 'waived'
        """,
        [row._asdict() for row in rows],
        now,
    )


def save_participants(
    evaluated: Sequence[str], changed: Mapping[str, Progress], now: dt.datetime
) -> None:
    """Write the figures that changed, and for all that they were evaluated.

    :param evaluated: ids of all participants that were evaluated
    :param changed: those with new figures
    """
    if changed:
        _execute(
            """
            UPDATE challenge_participant AS stored SET
                steps_done = new.steps_done,
                steps_total = new.steps_total,
                percent = new.percent,
                current_phase = new.current_phase,
                late_steps = new.late_steps,
                measures = new.measures,
                last_activity_at = new.last_activity_at,
                evaluated_at = :now
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
                id text, steps_done int, steps_total int, percent int,
                current_phase text, late_steps int, measures jsonb,
                last_activity_at timestamptz
            )
            WHERE stored.id = new.id
            """,
            [{"id": id_, **after._asdict()} for id_, after in changed.items()],
            now,
        )
    _touch(_participant.c.id, [id_ for id_ in evaluated if id_ not in changed], now)


def save_standings(
    evaluated: Sequence[str], changed: Sequence[StandingRow], now: dt.datetime
) -> None:
    """Write where organizations stand, and for all that they were evaluated.

    :param evaluated: ids of all organizations that were evaluated
    :param changed: what is new of them, in the order of their ids
    """
    if changed:
        _execute(
            """
            INSERT INTO challenge_standing (
                organization_id, measures, why_not, evaluated_at
            )
            SELECT new.organization_id, new.measures, new.why_not, :now
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
                organization_id text, measures jsonb, why_not jsonb
            )
            ON CONFLICT (organization_id) DO UPDATE SET
                measures = excluded.measures,
                why_not = excluded.why_not,
                evaluated_at = excluded.evaluated_at
            """,
            [row._asdict() for row in changed],
            now,
        )
    new = {row.organization_id for row in changed}
    _touch(
        _standing.c.organization_id, [id_ for id_ in evaluated if id_ not in new], now
    )


def touch(organization_ids: Collection[str], now: dt.datetime) -> None:
    """Write that organizations were evaluated, of which nothing changed.

    Rows that somebody else has locked are his to write: nobody waits.
    """
    for key, query in (
        (_participant.c.id, _taking_part(sa.select(_participant.c.id))),
        (_standing.c.organization_id, sa.select(_standing.c.organization_id)),
    ):
        table = key.table
        free = (
            query.where(_among(table.c.organization_id, organization_ids))
            .with_for_update(key_share=True, skip_locked=True, of=table)
            .cte("free")
        )
        model.Session.execute(
            table.update().where(key == free.c[key.name]).values(evaluated_at=now)
        )


def _touch(key: Any, ids: Collection[str], now: dt.datetime) -> None:
    """Write of rows in which nothing changed that they were evaluated."""
    if ids:
        model.Session.execute(
            key.table.update().where(_among(key, ids)).values(evaluated_at=now)
        )


def award_inserts(rows: Sequence[NewAward], now: dt.datetime) -> set[str]:
    """Give awards, each badge once to an organization in a cohort.

    :returns: the ids of those that were given; the others were there already, even
        if somebody else gave them at this very moment
    """
    if not rows:
        return set()
    given = _execute(
        """
        INSERT INTO challenge_award (
            id, badge, programme, programme_version, level, organization_id, cohort_id,
            awarded_at, source, criteria, state
        )
        SELECT new.id, new.badge, new.programme, new.programme_version, new.level,
               new.organization_id, new.cohort_id, :now, 'catalog', new.criteria,
               'active'
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
            id text, badge text, programme text, programme_version int, level int,
            organization_id text, cohort_id text, criteria jsonb
        )
        -- The same order everywhere, so that two at a time cannot block each other.
        ORDER BY new.organization_id, new.badge, new.cohort_id
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        [vars(row) for row in rows],
        now,
    )
    return {row[0] for row in given}


def award_changes(rows: Sequence[AwardChange], now: dt.datetime) -> set[str]:
    """Change maintained awards.

    :returns: the ids of those that were changed
    """
    if not rows:
        return set()
    changed = _execute(
        """
        UPDATE challenge_award AS stored SET
            state = new.state,
            lost_on = new.lost_on,
            revoked_at = CASE WHEN new.state = 'revoked' THEN :now END,
            revoked_reason = new.revoked_reason,
            revoked_source = CASE WHEN new.state = 'revoked' THEN 'catalog' END
        FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
            id text, before text, state text, lost_on date, revoked_reason text
        )
        WHERE stored.id = new.id AND stored.state = new.before
        RETURNING stored.id
        """,
        [vars(row) for row in rows],
        now,
    )
    return {row[0] for row in changed}


def digests(organization_ids: Collection[str], today: dt.date) -> dict[str, str]:
    """Return the digest of all rows that are stored of organizations.

    :param today: a badge that is lost on this day is stored as before, and yet judged
        in another way
    :returns: by their ids; of one of which nothing is stored there is none
    """
    parts = [
        _hashed(_standing.c.organization_id, _content(_standing)),
        _taking_part(_hashed(_participant.c.organization_id, _content(_participant))),
        _taking_part(
            _hashed(
                _participant.c.organization_id, _status.c.step, _version(_status)
            ).join(_status, _participant.c.id == _status.c.participant_id)
        ),
        _hashed(
            _award.c.organization_id,
            sa.func.concat(_award.c.id, _award.c.lost_on <= today),
            _version(_award),
        ),
    ]
    rows = sa.union_all(
        *(
            part.where(_among(part.selected_columns.organization_id, organization_ids))
            for part in parts
        )
    ).subquery()
    query = sa.select(
        rows.c.organization_id, sa.cast(sa.func.sum(rows.c.hash), sa.Text)
    ).group_by(rows.c.organization_id)
    return dict(map(tuple, model.Session.execute(query).all()))


def _hashed(organization_id: Any, text: Any, seed: Any = 0) -> Any:
    """A hash for each row, with the organization whose it is."""
    return sa.select(
        organization_id.label("organization_id"),
        sa.func.hashtextextended(text, seed).label("hash"),
    )


def _content(table: sa.Table) -> Any:
    """What a row says, but for when it was evaluated: that is written every time."""
    columns = [column for column in table.c if column.name != "evaluated_at"]
    return sa.cast(sa.func.row(*columns), sa.Text)


def _version(table: sa.Table) -> Any:
    """The transaction that wrote a row: another one whenever the row is written.

    It takes a fraction of the time that its content takes.
    """
    written_by = sa.literal_column(f"{table.name}.xmin")
    return sa.cast(sa.cast(written_by, sa.Text), sa.BigInteger)


def judgements(organization_ids: Collection[str]) -> dict[str, str]:
    """Return the digests that organizations were last judged by, by their ids."""
    query = sa.select(_judgement.c.organization_id, _judgement.c.digest).where(
        _among(_judgement.c.organization_id, organization_ids)
    )
    return dict(map(tuple, model.Session.execute(query).all()))


def save_judgements(found: Mapping[str, str]) -> None:
    """Write by which digests organizations were judged, by their ids."""
    model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_judgement (organization_id, digest)
            SELECT * FROM jsonb_each_text(CAST(:rows AS jsonb)) ORDER BY 1
            ON CONFLICT (organization_id) DO UPDATE SET digest = excluded.digest
            """
        ),
        {"rows": json.dumps(found)},
    )


def forget_loaded() -> None:
    """Let objects that the session holds be read again: their rows were written."""
    session = model.Session()
    for instance in list(session.identity_map.values()):
        if isinstance(instance, Participant | StepStatus | Award | Standing):
            session.expire(instance)


def _among(column: Any, values: Collection[str]) -> Any:
    """``column = ANY(array)``: one parameter however many values."""
    literal = sa.literal(array(values), sa.UnicodeText)
    return column == sa.any_(sa.cast(literal, sa.ARRAY(sa.UnicodeText)))


def _execute(
    statement: str, rows: Sequence[Mapping[str, Any]], now: dt.datetime
) -> Any:
    """Run a statement with rows as one JSON document (``:rows``) and ``:now``."""
    document = json.dumps(rows, default=methodcaller("isoformat"))
    return model.Session.execute(sa.text(statement), {"rows": document, "now": now})
