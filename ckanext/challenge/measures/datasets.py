"""Measures over the public datasets of an organization.

Each is one statement over any number of organizations. A dataset counts when the
public can see it: active, not private, of the type ``dataset``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from datetime import datetime, timezone

from ckanext.challenge import config
from ckanext.challenge.domain.measurement import Measurement, Subject

from . import quality
from .base import SUBJECTS, array, by_organization, measurement, named, rows
from .catalog import PUBLIC, dataset_extras

__all__ = [
    "conform_datasets",
    "datasets_public",
    "datasets_since_launch",
    "described_share",
    "downloads",
    "fresh_share",
    "kits_covered",
    "open_format_share",
    "open_licence_share",
    "quality_mean",
    "resources_public",
]

#: Licences that an administration may choose for free reuse (CRPA D323-2-1, décret
#: 2017-638): Licence Ouverte 2.0 and ODbL, under the names that catalogues use.
OPEN_LICENCES = (
    "etalab-2.0",
    "lov2",
    "fr-lo",
    "odc-odbl",
    "odbl",
    "odbl-1.0",
)

Found = dict[Subject, Measurement]


def _literals(values: Collection[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _datasets(columns: str, joins: str = "") -> str:
    """One row for each public dataset of the subjects."""
    return f"""
        SELECT subject.organization, p.id, {columns}
        FROM {SUBJECTS}
        JOIN package p ON p.owner_org = subject.organization AND {PUBLIC}
        {joins}
    """


def _with_resources(columns: str, joins: str = "", group: str = "") -> str:
    """The same, with aggregates over the active resources ``r`` of each."""
    return (
        _datasets(
            columns,
            f"{joins}\nLEFT JOIN resource r"
            " ON r.package_id = p.id AND r.state = 'active'",
        )
        + f"GROUP BY subject.organization, p.id{group}"
    )


def _share(datasets: str) -> str:
    """Of rows ``organization, id, passes``, the share that passes."""
    return f"""
        SELECT organization, CAST(passed AS float) / total, total,
               {named("failing")}, {named("passing")}
        FROM (
            SELECT organization,
                   count(*) FILTER (WHERE passes) AS passed,
                   count(*) AS total,
                   array_agg(id) FILTER (WHERE NOT passes) AS failing,
                   array_agg(id) FILTER (WHERE passes) AS passing
            FROM ({datasets}) AS dataset
            GROUP BY organization
        ) AS organizations
    """


def _count(datasets: str, value: str = "count(*) FILTER (WHERE passes)") -> str:
    """Of rows ``organization, id, passes``, a number of what passes."""
    return f"""
        SELECT organization, value, CAST(NULL AS int), CAST(NULL AS text[]),
               {named("passing")}
        FROM (
            SELECT organization, {value} AS value,
                   array_agg(id) FILTER (WHERE passes) AS passing
            FROM ({datasets}) AS dataset
            GROUP BY organization
        ) AS organizations
    """


def datasets_public(subjects: Sequence[Subject]) -> Found:
    return by_organization(_count(_datasets("true AS passes")), subjects)


def datasets_since_launch(subjects: Sequence[Subject]) -> Found:
    """Created on the day of the season's launch or later, in the portal's zone.

    One organization can be in several seasons: each launch is a row of its own.
    """
    launches = {
        (subject.organization_id, subject.since): subject.since
        for subject in subjects
        if subject.since is not None
    }
    if not launches:
        return {}
    keys = list(launches)
    statement = f"""
        SELECT number, value, CAST(NULL AS int), CAST(NULL AS text[]),
               {named("passing")}
        FROM (
            SELECT number, count(*) AS value, array_agg(p.id) AS passing
            FROM unnest(CAST(:organizations AS text[]), CAST(:since AS timestamp[]))
                 WITH ORDINALITY AS subject (organization, since, number)
            JOIN package p ON p.owner_org = subject.organization AND {PUBLIC}
                 AND p.metadata_created >= subject.since
            GROUP BY number
        ) AS launches
    """
    answered = rows(
        statement,
        organizations=array(organization for organization, _ in keys),
        since=array(_start_of(day).isoformat() for day in launches.values()),
    )
    found = {keys[row[0] - 1]: measurement(*row[1:]) for row in answered}
    return {
        subject: found[subject.organization_id, subject.since]
        for subject in subjects
        if (subject.organization_id, subject.since) in found
    }


def _start_of(day: dt.date) -> datetime:
    """The first moment of a day in the portal's zone, as CKAN stores moments: UTC,
    without its zone.
    """
    midnight = datetime.combine(day, dt.time(), config.display_timezone())
    return midnight.astimezone(timezone.utc).replace(tzinfo=None)


def kits_covered(subjects: Sequence[Subject]) -> Found:
    extras = dataset_extras(["challenge_kit"])
    kit = f"NULLIF({extras.columns['challenge_kit']}, '')"
    datasets = _datasets(f"{kit} AS kit, {kit} IS NOT NULL AS passes", extras.joins)
    return by_organization(_count(datasets, "count(DISTINCT kit)"), subjects)


def resources_public(subjects: Sequence[Subject]) -> Found:
    datasets = _with_resources("count(r.id) AS resources, count(r.id) > 0 AS passes")
    return by_organization(_count(datasets, "sum(resources)"), subjects)


def open_licence_share(subjects: Sequence[Subject]) -> Found:
    passes = f"lower(coalesce(p.license_id, '')) IN ({_literals(OPEN_LICENCES)})"
    return by_organization(_share(_datasets(f"{passes} AS passes")), subjects)


def open_format_share(subjects: Sequence[Subject]) -> Found:
    datasets = _with_resources(f"{quality.OPEN_FORMAT} AS passes")
    return by_organization(_share(datasets), subjects)


def fresh_share(subjects: Sequence[Subject]) -> Found:
    extras = dataset_extras(["frequency"])
    frequency = extras.columns["frequency"]
    datasets = _with_resources(
        f"{quality.fresh(f'min({frequency})')} AS passes", extras.joins
    )
    return by_organization(_share(datasets), subjects, now=quality.now())


def _qualities() -> str:
    """One row for each dataset, with the points of its quality."""
    extras = dataset_extras(quality.FIELDS)
    return _with_resources(f"{quality.points(extras)} AS points", extras.joins)


def described_share(subjects: Sequence[Subject]) -> Found:
    datasets = f"""
        SELECT organization, id, points >= {quality.DESCRIBED} AS passes
        FROM ({_qualities()}) AS quality
    """
    return by_organization(_share(datasets), subjects, now=quality.now())


def quality_mean(subjects: Sequence[Subject]) -> Found:
    statement = f"""
        SELECT organization, mean / {quality.MAXIMUM}, total,
               {named("failing")}, {named("passing")}
        FROM (
            SELECT organization, CAST(avg(points) AS float) AS mean,
                   count(*) AS total,
                   array_agg(id) FILTER (WHERE points < {quality.DESCRIBED}) AS failing,
                   array_agg(id) FILTER (WHERE points >= {quality.DESCRIBED}) AS passing
            FROM ({_qualities()}) AS quality
            GROUP BY organization
        ) AS organizations
    """
    return by_organization(statement, subjects, now=quality.now())


def conform_datasets(subjects: Sequence[Subject]) -> Found:
    """Datasets with a file that conforms; those named as failing have been checked
    and have none.
    """
    datasets = (
        _datasets(
            "bool_or(c.status = 'valid') AS passes",
            "JOIN resource r ON r.package_id = p.id AND r.state = 'active'"
            "\nJOIN challenge_conformity c ON c.resource_id = r.id"
            " AND c.status IN ('valid', 'invalid', 'error')",
        )
        + "GROUP BY subject.organization, p.id"
    )
    statement = f"""
        SELECT organization, value, CAST(NULL AS int),
               {named("failing")}, {named("passing")}
        FROM (
            SELECT organization, count(*) FILTER (WHERE passes) AS value,
                   array_agg(id) FILTER (WHERE NOT passes) AS failing,
                   array_agg(id) FILTER (WHERE passes) AS passing
            FROM ({datasets}) AS dataset
            GROUP BY organization
        ) AS organizations
    """
    return by_organization(statement, subjects)


def downloads(subjects: Sequence[Subject]) -> Found:
    """Downloads that CKAN's tracking has summed up (``ckan tracking update``).

    It keeps the address of a file: that of an upload holds the resource's id, that
    of a link is the link.
    """
    datasets = (
        _datasets(
            "sum(coalesce(t.count, 0)) AS downloads, sum(t.count) > 0 AS passes",
            """
            JOIN resource r ON r.package_id = p.id AND r.state = 'active'
            JOIN tracking_summary t ON t.tracking_type = 'resource'
             AND (t.url = r.url OR r.url_type = 'upload' AND r.id
                  = substring(t.url from '/resource/([^/]+)/download/'))
            """,
        )
        + "GROUP BY subject.organization, p.id"
    )
    return by_organization(_count(datasets, "sum(downloads)"), subjects)
