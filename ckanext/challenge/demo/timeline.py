"""What no action can do: to have been done in the past.

What was made within a minute is dated as if it had been made over months, or years
ago. The journal alone says when it really was.
"""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import sqlalchemy as sa
from ckan import model

from . import content as demo
from .content import Content, Dataset


def spread_over_time(
    content: Content, today: dt.date, packages: dict[str, Dataset]
) -> None:
    """Date what was just made as if it had been made over the last months."""
    rng = random.Random("challenge/dates")
    _date_datasets(today, packages, rng)
    for cohort in (demo.PAST, demo.CURRENT):
        _date_participants(content, cohort, today, rng)
    for number, application in enumerate(content.applications):
        submitted = _moment(today - dt.timedelta(18 - number), 0, rng)
        decided = min(submitted + dt.timedelta(5), _moment(today, 1, rng))
        _date_application(demo.NEXT, application.siren, submitted, decided)
    # A visit is noted in the evening; what is to come was planned some days ago.
    _execute(
        "UPDATE challenge_visit v SET created_at = n.at, updated_at = n.at"
        " FROM (SELECT i.id, least(i.date + interval '17 hours',"
        "   now() - interval '5 days') AS at FROM challenge_visit i"
        "  JOIN challenge_participant p ON p.id = i.participant_id"
        "  JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name IN :seasons) n"
        " WHERE n.id = v.id",
        seasons=(demo.PAST, demo.CURRENT),
    )
    # A message every other day, the latest the day before yesterday.
    _execute(
        "UPDATE challenge_participant_message m SET created_at ="
        " CAST(:today AS timestamptz) - n.back * interval '2 days'"
        " + interval '1 hour' * (9 + n.back)"
        " FROM (SELECT i.id, row_number() OVER (PARTITION BY i.participant_id"
        "   ORDER BY i.created_at DESC) AS back"
        "  FROM challenge_participant_message i"
        "  JOIN challenge_participant p ON p.id = i.participant_id"
        "  JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name IN :seasons) n"
        " WHERE n.id = m.id",
        today=today,
        seasons=(demo.PAST, demo.CURRENT),
    )
    _execute(
        "UPDATE challenge_participant p SET last_activity_at = greatest("
        " (SELECT max(s.updated_at) FROM challenge_step_status s"
        "  WHERE s.participant_id = p.id AND s.source = 'person'"
        "  AND s.state <> 'todo'), p.joined_at)"
        " FROM challenge_cohort c WHERE c.id = p.cohort_id AND c.name IN :seasons",
        seasons=tuple(cohort["name"] for cohort in content.seasons),
    )
    # Whoever did something lately has signed in for it.
    _execute(
        'UPDATE "user" u SET last_active = s.seen FROM ('
        " SELECT m.table_id, max(p.last_activity_at AT TIME ZONE 'UTC') AS seen"
        " FROM member m JOIN challenge_participant p"
        "  ON p.organization_id = m.group_id"
        " WHERE m.table_name = 'user' AND m.state = 'active'"
        "  AND p.last_activity_at > CAST(:today AS timestamptz) - interval '45 days'"
        " GROUP BY m.table_id) s WHERE s.table_id = u.id",
        today=today,
    )
    model.Session.commit()
    model.Session.expire_all()


def _date_participants(
    content: Content, cohort: str, today: dt.date, rng: random.Random
) -> None:
    """Date applications, participations and the steps of people."""
    dates = demo.dates_of(
        next(each for each in content.seasons if each["name"] == cohort), today
    )
    launch = dt.date.fromisoformat(dates["launch"])
    for number, participant in enumerate(content.of_cohort(cohort)):
        steps = participant.steps()
        # Who has done nothing yet has only just been taken in.
        decided = _moment(
            launch - dt.timedelta(12 - number % 5) if steps else today, 2, rng
        )
        _date_application(cohort, participant.siren, decided - dt.timedelta(9), decided)
        for index, (key, _state) in enumerate(steps):
            day = launch + dt.timedelta(4 + number % 4 + index * 13)
            _execute(
                "UPDATE challenge_step_status s SET updated_at = :at"
                " FROM challenge_participant p JOIN challenge_cohort c"
                " ON c.id = p.cohort_id WHERE p.id = s.participant_id"
                " AND c.name = :cohort AND p.siren = :siren AND s.step = :step",
                at=_moment(min(day, today), 1, rng),
                cohort=cohort,
                siren=participant.siren,
                step=key,
            )


def _date_datasets(
    today: dt.date, packages: dict[str, Dataset], rng: random.Random
) -> None:
    activities = sa.inspect(model.Session.connection()).has_table("activity")
    for id_, dataset in sorted(
        packages.items(), key=lambda item: (item[1].table, item[1].age, item[0])
    ):
        created = updated = _moment(dataset.created_on(today), 0, rng)
        if dataset.updated_on(today) > dataset.created_on(today):
            updated = _moment(dataset.updated_on(today), 0, rng)
        # CKAN keeps UTC without saying so.
        dates = {
            "id": id_,
            "created": created.replace(tzinfo=None),
            "updated": updated.replace(tzinfo=None),
        }
        _execute(
            "UPDATE package SET metadata_created = :created,"
            " metadata_modified = :updated WHERE id = :id",
            **dates,
        )
        _execute(
            "UPDATE resource SET created = :created, last_modified = :updated,"
            " metadata_modified = :updated WHERE package_id = :id",
            **dates,
        )
        if activities:
            _execute(
                "UPDATE activity SET timestamp = :created WHERE object_id = :id",
                id=id_,
                created=dates["created"],
            )


def _date_application(
    cohort: str, siren: str, submitted: dt.datetime, decided: dt.datetime
) -> None:
    """Date an application, and the participation that it became."""
    known = {"cohort": cohort, "siren": siren}
    _execute(
        "UPDATE challenge_application a SET created_at = :created,"
        " updated_at = :submitted, consent_at = :created,"
        " submitted_at = CASE WHEN a.submitted_at IS NULL THEN NULL"
        "  ELSE CAST(:submitted AS timestamptz) END,"
        " decided_at = CASE WHEN a.decided_at IS NULL THEN NULL"
        "  ELSE CAST(:decided AS timestamptz) END"
        " FROM challenge_cohort c WHERE c.id = a.cohort_id AND c.name = :cohort"
        " AND a.siren = :siren",
        created=submitted - dt.timedelta(minutes=25),
        submitted=submitted,
        decided=decided,
        **known,
    )
    _execute(
        "UPDATE challenge_participant p SET joined_at = :decided"
        " FROM challenge_cohort c WHERE c.id = p.cohort_id AND c.name = :cohort"
        " AND p.siren = :siren",
        decided=decided,
        **known,
    )


#: When the season of the past finished.
FINISHED = dt.date(2019, 12, 10)


def date_results(packages: dict[str, Dataset]) -> None:
    """Date badges, and the steps that the catalogue ticked, by what earned them."""
    for cohort in (demo.PAST, demo.CURRENT):
        _date_results_of(cohort, packages)
    _execute(
        "UPDATE challenge_cohort SET finished_at = :at, snapshot = jsonb_set("
        "snapshot, '{date}', to_jsonb(CAST(:day AS text))) WHERE name = :cohort",
        at=dt.datetime.combine(FINISHED, dt.time(17), tzinfo=dt.timezone.utc),
        day=FINISHED.isoformat(),
        cohort=demo.PAST,
    )
    model.Session.commit()
    model.Session.expire_all()


def _date_results_of(cohort: str, packages: dict[str, Dataset]) -> None:
    _execute(
        "UPDATE challenge_award a SET awarded_at = greatest(p.joined_at, coalesce("
        " CASE WHEN a.badge = 'engagee' THEN (SELECT max(s.updated_at)"
        "  FROM challenge_step_status s WHERE s.participant_id = p.id"
        "  AND s.step IN ('elu-referent', 'contact-technique'))"
        " WHEN a.badge = 'premiere-publication' THEN d.first ELSE d.last END,"
        " p.last_activity_at))"
        " FROM challenge_participant p LEFT JOIN (SELECT owner_org,"
        "  min(metadata_created) AT TIME ZONE 'UTC' AS first,"
        "  max(metadata_created) AT TIME ZONE 'UTC' AS last"
        "  FROM package WHERE id IN :packages GROUP BY owner_org) d"
        "  ON d.owner_org = p.organization_id"
        " JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name = :cohort"
        " WHERE p.organization_id = a.organization_id",
        packages=tuple(packages),
        cohort=cohort,
    )
    _execute(
        "UPDATE challenge_step_status s SET updated_at = greatest(p.joined_at,"
        " CASE WHEN s.step = 'premier-jeu' THEN d.first"
        " WHEN s.step IN ('deux-membres', 'page-organisation', 'choix-kits')"
        " THEN p.joined_at + interval '25 days' ELSE d.last END)"
        " FROM challenge_participant p LEFT JOIN (SELECT owner_org,"
        "  min(metadata_created) AT TIME ZONE 'UTC' AS first,"
        "  max(metadata_created) AT TIME ZONE 'UTC' AS last"
        "  FROM package WHERE id IN :packages GROUP BY owner_org) d"
        "  ON d.owner_org = p.organization_id"
        " JOIN challenge_cohort c ON c.id = p.cohort_id AND c.name = :cohort"
        " WHERE p.id = s.participant_id AND s.source = 'catalog'"
        " AND s.state = 'done'",
        packages=tuple(packages),
        cohort=cohort,
    )


def _moment(day: dt.date, days_before: int, rng: random.Random) -> dt.datetime:
    """A time of an office day, so many days before; never later than now."""
    at = dt.time(rng.randint(8, 16), rng.randint(0, 59), rng.randint(0, 59))
    moment = dt.datetime.combine(
        day - dt.timedelta(days_before), at, tzinfo=dt.timezone.utc
    )
    return min(moment, dt.datetime.now(dt.timezone.utc) - dt.timedelta(minutes=5))


def _execute(statement: str, **values: Any) -> None:
    clause = sa.text(statement)
    for name, value in values.items():
        if isinstance(value, tuple):
            clause = clause.bindparams(sa.bindparam(name, expanding=True))
    model.Session.execute(clause, values)
