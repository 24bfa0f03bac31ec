"""Measures of the organization itself: its people, its page, its choices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.model.arrays import array

from .base import SUBJECTS, by_organization, rows
from .catalog import organization_extras

__all__ = ["PROFILE", "for_kits", "kits_chosen", "members", "organization_profile"]

Found = dict[Subject, Measurement]

#: What a complete page says. A commune's has its INSEE code too.
_PROFILE_COLUMNS = ("description", "image_url")
_PROFILE_EXTRAS = (
    "siren",
    "kind",
    "departement",
    "population",
    "agents",
    "website",
)
PROFILE = (*_PROFILE_COLUMNS, *_PROFILE_EXTRAS, "insee_code")


def members(subjects: Sequence[Subject]) -> Found:
    """People who can act for it; someone invited counts from the first login on."""
    statement = f"""
        SELECT subject.organization, count(DISTINCT u.id) AS value
        FROM {SUBJECTS}
        JOIN member m ON m.group_id = subject.organization
             AND m.table_name = 'user' AND m.state = 'active'
        JOIN "user" u ON u.id = m.table_id AND u.state = 'active'
        GROUP BY subject.organization
    """
    return by_organization(statement, subjects)


def organization_profile(subjects: Sequence[Subject]) -> Found:
    """Share of the fields that are filled in; names those that are not."""
    extras = organization_extras((*_PROFILE_EXTRAS, "insee_code"))
    columns = {key: f"g.{key}" for key in _PROFILE_COLUMNS} | dict(extras.columns)
    filled = " + ".join(
        f"(CAST(coalesce({columns[key]}, '') <> '' AS int) << {bit})"
        for bit, key in enumerate(PROFILE)
    )
    statement = f"""
        SELECT subject.organization, {filled} AS filled,
               coalesce({columns["kind"]}, '') = 'commune' AS is_commune
        FROM {SUBJECTS}
        JOIN "group" g ON g.id = subject.organization
        {extras.joins}
    """
    organizations = dict.fromkeys(subject.organization_id for subject in subjects)
    found = {
        row.organization: _profile(row.filled, row.is_commune)
        for row in rows(statement, organizations=array(organizations))
    }
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }


@lru_cache(maxsize=1024)
def _profile(filled: int, is_commune: bool) -> Measurement:
    """The measurement of a page.

    :param filled: a bit for each field of :data:`PROFILE`
    """
    asked = [key for key in PROFILE if is_commune or key != "insee_code"]
    missing = [key for key in asked if not filled >> PROFILE.index(key) & 1]
    return Measurement(1 - len(missing) / len(asked), lacking=tuple(missing))


def kits_chosen(subjects: Sequence[Subject]) -> Found:
    keys = list(
        dict.fromkeys(
            (subject.organization_id, subject.cohort_id)
            for subject in subjects
            if subject.cohort_id is not None
        )
    )
    if not keys:
        return {}
    statement = """
        SELECT p.organization_id, p.cohort_id, jsonb_array_length(p.kits) AS number
        FROM unnest(CAST(:organizations AS text[]), CAST(:cohorts AS text[]))
             AS subject (organization, cohort)
        JOIN challenge_participant p ON p.organization_id = subject.organization
             AND p.cohort_id = subject.cohort
    """
    answered = rows(
        statement,
        organizations=array(organization for organization, _ in keys),
        cohorts=array(str(cohort) for _, cohort in keys),
    )
    found = {
        (row.organization_id, row.cohort_id): Measurement(float(row.number))
        for row in answered
    }
    return {
        subject: found[subject.organization_id, subject.cohort_id]
        for subject in subjects
        if (subject.organization_id, subject.cohort_id) in found
    }


def for_kits(organization_id: str) -> dict[str, Any]:
    """What decides which kits fit an organization; the directory says what it does not.

    :returns: ``{kind, population, territory}``, each ``None`` where nobody knows;
        ``territory`` is its INSEE code, or its SIREN
    """
    extras = organization_extras(("siren", "kind", "population", "insee_code"))
    own = {key: f"nullif({column}, '')" for key, column in extras.columns.items()}
    statement = f"""
        SELECT coalesce({own["kind"]}, c.kind) AS kind,
               CASE WHEN {own["population"]} ~ '^[0-9]{{1,9}}$'
                    THEN CAST({own["population"]} AS int)
                    ELSE c.population END AS population,
               coalesce({own["insee_code"]}, c.insee_code, {own["siren"]}) AS territory
        FROM "group" g
        {extras.joins}
        LEFT JOIN challenge_collectivite c ON c.siren = {own["siren"]}
        WHERE g.id = :id
    """
    (found,) = rows(statement, id=organization_id)
    return dict(found._mapping)
