"""Reading and writing progress in sets: a few statements, however many rows.

No row becomes an object of the ORM: whole portals pass through here. The SQL is that
of PostgreSQL (``unnest`` of arrays, ``ON CONFLICT``).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.criteria import Finding
from ckanext.challenge.domain.lifecycle import AWARD_HELD
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.model import Award, Cohort, Participant, Standing, StepStatus
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.base import make_id

#: States of a cohort in which its steps follow the catalogue. Some participants are
#: accepted while others still apply, so an open cohort has them too.
FOLLOWING = ("open", "running")

#: States of a participant in which its steps follow the catalogue.
TAKING_PART = ("active", "completed")


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


@dataclass(frozen=True)
class CohortRow:
    """What an evaluation needs to know of a cohort."""

    id: str
    name: str
    programme: str
    programme_digest: str | None
    milestones: Mapping[str, dt.date | None]


class Progress(NamedTuple):
    """The figures that a participant's row keeps.

    :ivar measures: JSON, as :func:`values_as_stored` writes it
    """

    steps_done: int
    steps_total: int
    percent: int
    current_phase: str | None
    late_steps: int
    measures: str
    last_activity_at: dt.datetime | None


class ParticipantRow(NamedTuple):
    """A participant as it is stored."""

    id: str
    organization_id: str
    cohort_id: str
    progress: Progress


class StatusRow(NamedTuple):
    """A step's status as it is, or is to be, stored.

    :ivar why_not: JSON, as :func:`as_stored` writes it: a portal has hundreds of
        thousands, and most are the same text as yesterday
    """

    participant_id: str
    step: str
    state: str
    source: str
    value: float | None
    target: float | None
    why_not: str


class StandingRow(NamedTuple):
    """Where an organization stands, whatever the season.

    :ivar measures: JSON, as :func:`values_as_stored` writes it
    :ivar why_not: JSON, as :func:`findings_by_badge` writes it
    """

    organization_id: str
    measures: str
    why_not: str

    @property
    def fingerprint(self) -> str:
        """What :func:`standings` says of a row that is stored like this."""
        text = self.measures + self.why_not
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


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


def as_stored(findings: Iterable[Finding]) -> str:
    """Return what is missing as JSON: the list of each ``as_dict``.

    It is the very text that PostgreSQL prints of it (keys by their length, then by
    their letters), so that what has not changed need not be parsed.
    """
    return f"[{', '.join(map(_finding, findings))}]"


def findings_by_badge(findings: Mapping[str, Iterable[Finding]]) -> str:
    """Return what each badge still needs as JSON, in the way of :func:`as_stored`."""
    keys = in_stored_order(findings)
    parts = [f"{encode_basestring(key)}: {as_stored(findings[key])}" for key in keys]
    return f"{{{', '.join(parts)}}}"


def values_as_stored(measurements: Mapping[str, Measurement]) -> str:
    """Return the values of measures as JSON, in the way of :func:`as_stored`.

    They are rounded to what can be told apart: a share's fifth digit is no change.

    :param measurements: in the order of :func:`in_stored_order`
    """
    parts = [
        f"{encode_basestring(name)}: {round(float(found.value), 4)!r}"
        for name, found in measurements.items()
    ]
    return f"{{{', '.join(parts)}}}"


def in_stored_order(keys: Iterable[str]) -> tuple[str, ...]:
    """Return keys in the order in which PostgreSQL keeps those of an object."""
    return tuple(sorted(keys, key=lambda key: (len(key.encode()), key.encode())))


def _finding(finding: Finding) -> str:
    ids = list(map(encode_basestring, finding.datasets))
    about = (
        f'"measure": {encode_basestring(finding.measure)}'
        if finding.measure
        else f'"step": {encode_basestring(finding.step or "")}'
    )
    value, target = f'"value": {finding.value!r}', f'"target": {finding.target!r}'
    parts = [value, target, about] if finding.measure else [about, value, target]
    if finding.missing or finding.lacking:
        missing = [
            f"{id_}: {_list(names)}"
            for id_, names in zip(ids, finding.missing, strict=False)
        ]
        if finding.lacking:
            missing.insert(0, f'"": {_list(finding.lacking)}')
        parts.append(f'"missing": {{{", ".join(missing)}}}')
    parts.append(f'"datasets": [{", ".join(ids)}]')
    return f"{{{', '.join(parts)}}}"


@lru_cache(maxsize=4096)
def _list(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(encode_basestring, names))}]"


def same(before: StatusRow, after: StatusRow) -> bool:
    """Say whether a status is stored as it is to be."""
    return before == after or (
        before[:-1] == after[:-1]
        # A number, or an id of another length, may be written in another way.
        and json.loads(before.why_not) == json.loads(after.why_not)
    )


def same_progress(before: Progress, after: Progress) -> bool:
    """Say whether the figures of a participant are stored as they are to be."""
    return before == after or (
        before == after._replace(measures=before.measures)
        and json.loads(before.measures) == json.loads(after.measures)
    )


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
        _cohort.c.state.in_(FOLLOWING), _participant.c.state.in_(TAKING_PART)
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


def cohorts(participant_ids: Sequence[str]) -> dict[str, CohortRow]:
    """Return the cohorts of some participants, by their ids."""
    query = sa.select(
        _cohort.c.id,
        _cohort.c.name,
        _cohort.c.programme,
        _cohort.c.programme_digest,
        _cohort.c.application_opens,
        _cohort.c.application_deadline,
        _cohort.c.launch,
        _cohort.c.first_publication,
        _cohort.c.finalisation,
    ).where(
        _cohort.c.id.in_(
            sa.select(_participant.c.cohort_id).where(
                _among(_participant.c.id, participant_ids)
            )
        )
    )
    return {
        row.id: CohortRow(
            row.id,
            row.name,
            row.programme,
            row.programme_digest,
            {
                "application_opens": row.application_opens,
                "application_deadline": row.application_deadline,
                "launch": row.launch,
                "first_publication": row.first_publication,
                "finalisation": row.finalisation,
            },
        )
        for row in model.Session.execute(query)
    }


def lock(organization_ids: Sequence[str]) -> list[ParticipantRow]:
    """Read the participants that organizations are, and lock their rows.

    Whoever evaluates a participant measures after this, so that of two evaluations at
    the same time the second one sees what the first one saw, or more.
    """
    query = (
        _taking_part(
            sa.select(
                _participant.c.id,
                _participant.c.organization_id,
                _participant.c.cohort_id,
                _participant.c.steps_done,
                _participant.c.steps_total,
                _participant.c.percent,
                _participant.c.current_phase,
                _participant.c.late_steps,
                sa.cast(_participant.c.measures, sa.Text),
                _participant.c.last_activity_at,
            )
        )
        .where(_among(_participant.c.organization_id, organization_ids))
        .order_by(_participant.c.id)
        # Not the key: statuses that refer to the row may still be written.
        .with_for_update(key_share=True, of=_participant)
    )
    return [
        ParticipantRow(row[0], row[1], row[2], Progress(*row[3:]))
        for row in model.Session.execute(query).all()
    ]


def standings(organization_ids: Sequence[str]) -> dict[str, str]:
    """Read where organizations stand, and lock the rows; see :func:`lock`.

    :returns: the fingerprint of each row that is there: its text takes kilobytes
    """
    text = sa.cast(_standing.c.measures, sa.Text).concat(
        sa.cast(_standing.c.why_not, sa.Text)
    )
    query = (
        sa.select(_standing.c.organization_id, sa.func.md5(text))
        .where(_among(_standing.c.organization_id, organization_ids))
        .order_by(_standing.c.organization_id)
        .with_for_update()
    )
    return dict(map(tuple, model.Session.execute(query).all()))


def statuses(participant_ids: Sequence[str]) -> dict[str, dict[str, StatusRow]]:
    """Return the stored statuses of participants, by participant and step."""
    query = sa.select(
        _status.c.participant_id,
        _status.c.step,
        _status.c.state,
        _status.c.source,
        _status.c.value,
        _status.c.target,
        sa.cast(_status.c.why_not, sa.Text),
    ).where(_among(_status.c.participant_id, participant_ids))
    found: dict[str, dict[str, StatusRow]] = {id_: {} for id_ in participant_ids}
    for row in model.Session.execute(query).all():
        found[row[0]][row[1]] = StatusRow(*row)
    return found


def awards(organization_ids: Collection[str]) -> list[Any]:
    """Return the awards that decide whether another one may be given.

    Those that are held, and those that a person took back: the catalogue does not
    give these again.

    :returns: rows of ``id, badge, organization_id, cohort_id, state, source, lost_on``
    """
    query = sa.select(
        _award.c.id,
        _award.c.badge,
        _award.c.organization_id,
        _award.c.cohort_id,
        _award.c.state,
        _award.c.source,
        _award.c.lost_on,
    ).where(
        _among(_award.c.organization_id, organization_ids),
        sa.or_(
            _award.c.state.in_(sorted(AWARD_HELD)),
            _award.c.revoked_source == "person",
        ),
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
               new.target, CAST(new.why_not AS jsonb), :now
        FROM unnest(
            CAST(:participant_id AS text[]), CAST(:step AS text[]),
            CAST(:state AS text[]), CAST(:source AS text[]), CAST(:value AS float[]),
            CAST(:target AS float[]), CAST(:why_not AS text[])
        ) AS new (participant_id, step, state, source, value, target, why_not)
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
        rows,
        StatusRow._fields,
        now=now,
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
                measures = CAST(new.measures AS jsonb),
                last_activity_at = new.last_activity_at,
                evaluated_at = :now
            FROM unnest(
                CAST(:id AS text[]), CAST(:steps_done AS int[]),
                CAST(:steps_total AS int[]), CAST(:percent AS int[]),
                CAST(:current_phase AS text[]), CAST(:late_steps AS int[]),
                CAST(:measures AS text[]), CAST(:last_activity_at AS timestamptz[])
            ) AS new (id, steps_done, steps_total, percent, current_phase, late_steps,
                      measures, last_activity_at)
            WHERE stored.id = new.id
            """,
            list(changed.values()),
            (
                "steps_done",
                "steps_total",
                "percent",
                "current_phase",
                "late_steps",
                "measures",
                "last_activity_at",
            ),
            id=list(changed),
            now=now,
        )
    _touch(Participant, [id_ for id_ in evaluated if id_ not in changed], now)


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
            SELECT new.organization_id, CAST(new.measures AS jsonb),
                   CAST(new.why_not AS jsonb), :now
            FROM unnest(
                CAST(:organization_id AS text[]), CAST(:measures AS text[]),
                CAST(:why_not AS text[])
            ) AS new (organization_id, measures, why_not)
            ON CONFLICT (organization_id) DO UPDATE SET
                measures = excluded.measures,
                why_not = excluded.why_not,
                evaluated_at = excluded.evaluated_at
            """,
            changed,
            StandingRow._fields,
            now=now,
        )
    new = {row.organization_id for row in changed}
    _touch(Standing, [id_ for id_ in evaluated if id_ not in new], now)


def _touch(mapped: type, ids: Sequence[str], now: dt.datetime) -> None:
    """Write of rows in which nothing changed that they were evaluated."""
    if not ids:
        return
    table: sa.Table = mapped.__table__  # type: ignore[attr-defined]
    (key,) = table.primary_key
    model.Session.execute(
        table.update().where(_among(key, ids)).values(evaluated_at=now)
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
               new.organization_id, new.cohort_id, :now, 'catalog',
               CAST(new.criteria AS jsonb), 'active'
        FROM unnest(
            CAST(:id AS text[]), CAST(:badge AS text[]), CAST(:programme AS text[]),
            CAST(:programme_version AS int[]), CAST(:level AS int[]),
            CAST(:organization_id AS text[]), CAST(:cohort_id AS text[]),
            CAST(:criteria AS text[])
        ) AS new (id, badge, programme, programme_version, level, organization_id,
                  cohort_id, criteria)
        -- The same order everywhere, so that two at a time cannot block each other.
        ORDER BY new.organization_id, new.badge, new.cohort_id
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        rows,
        (
            "id",
            "badge",
            "programme",
            "programme_version",
            "level",
            "organization_id",
            "cohort_id",
        ),
        now=now,
        criteria=[json.dumps(row.criteria) for row in rows],
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
        FROM unnest(
            CAST(:id AS text[]), CAST(:before AS text[]), CAST(:state AS text[]),
            CAST(:lost_on AS date[]), CAST(:revoked_reason AS text[])
        ) AS new (id, before, state, lost_on, revoked_reason)
        WHERE stored.id = new.id AND stored.state = new.before
        RETURNING stored.id
        """,
        rows,
        ("id", "before", "state", "lost_on", "revoked_reason"),
        now=now,
    )
    return {row[0] for row in changed}


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
    statement: str, rows: Sequence[Any], names: Iterable[str], **more: Any
) -> Any:
    """Run a statement with a column of the rows as an array for each name."""
    columns = {name: [getattr(row, name) for row in rows] for name in names}
    arrays = {
        name: array(value) if isinstance(value, list) else value
        for name, value in {**columns, **more}.items()
    }
    return model.Session.execute(sa.text(statement), arrays)
