"""The version of a page that is its reader's own: it changes with what it shows them.

Of each table that the page reads it is said which rows that may be, rather too many
than too few; the rights of the reader follow from some of them. One statement tells
whether any of these rows was added, changed or removed. A test compares the tables with
those that the pages read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import catalog

from . import page_version

_IN_ORGANIZATION = "organization_id IN (SELECT organization_id FROM here)"
_OF_PARTICIPANT = "participant_id IN (SELECT id FROM here)"
_JOURNAL = "object_type = 'participant' AND object_id IN (SELECT id FROM here)"
#: Whose names stand on a participant's page: who, in which rows of which table.
_NAMED = (
    ("updated_by", "challenge_step_status", _OF_PARTICIPANT),
    ("author_id", "challenge_participant_message", _OF_PARTICIPANT),
    ("adviser_id", "challenge_visit", _OF_PARTICIPANT),
    ("paused_by", "challenge_reminder_pause", _OF_PARTICIPANT),
    ("user_id", "challenge_given_role", _IN_ORGANIZATION),
    ("user_id", "challenge_waiting_role", _IN_ORGANIZATION),
    (
        "unnest(ARRAY[user_id, asked_by, answered_by])",
        "challenge_claim",
        _IN_ORGANIZATION,
    ),
    ("actor", "challenge_journal", _JOURNAL),
)
_THEIR_IDS = " ".join(
    f"UNION SELECT {who} FROM {table} WHERE {rows}" for who, table, rows in _NAMED
)

#: The season and its participant, whose page it is; none where it is not one.
_PARTICIPANT = f"""
    here AS (
        SELECT p.id, p.cohort_id, p.organization_id, p.siren, p.adviser_id,
               p.application_id
        FROM challenge_participant p
        JOIN challenge_cohort c ON c.id = p.cohort_id
        JOIN "group" g ON g.id = p.organization_id
        WHERE (c.id = :cohort OR c.name = :cohort)
          AND (g.id = :organization OR g.name = :organization)
    ),
    above (id) AS (
        SELECT organization_id FROM here
        UNION
        SELECT m.table_id FROM above
        JOIN member m ON m.group_id = above.id AND m.table_name = 'group'
    ),
    files (id) AS (
        SELECT r.id FROM resource r JOIN package p ON p.id = r.package_id
        WHERE p.owner_org IN (SELECT organization_id FROM here)
    ),
    people (id) AS (
        SELECT CAST(:user AS text)
        UNION SELECT adviser_id FROM here
        UNION SELECT table_id FROM member
              WHERE table_name = 'user' AND group_id IN (SELECT id FROM above)
        {_THEIR_IDS}
    )
"""

_DATASETS = (
    "package_id IN (SELECT id FROM package"
    " WHERE owner_org IN (SELECT organization_id FROM here))"
)
_ASKING = (
    "(SELECT application_id FROM challenge_claim"
    " WHERE organization_id IN (SELECT organization_id FROM here))"
)
_MAILED = (
    "cohort_id IN (SELECT cohort_id FROM here)"
    " AND coalesce(data ->> 'participant_id', data ->> 'organization_id')"
    " IN (SELECT unnest(ARRAY[id, organization_id]) FROM here)"
)


def checklist_tables(siren: str) -> dict[str, str]:
    """The tables that the checklist of a participant reads, each with its rows.

    :param siren: that of an organization, as SQL
    """
    tables = {
        "challenge_application": f"id IN {_ASKING}"
        " OR id IN (SELECT application_id FROM here)",
        "challenge_award": _IN_ORGANIZATION,
        "challenge_claim": _IN_ORGANIZATION,
        "challenge_cohort": "true",
        "challenge_collectivite": "siren IN (SELECT siren FROM here) OR siren IN"
        f' (SELECT {siren} FROM "group" WHERE id IN (SELECT id FROM above))',
        "challenge_conformity": "resource_id IN (SELECT id FROM files)",
        "challenge_evidence": _OF_PARTICIPANT,
        "challenge_extension": _OF_PARTICIPANT,
        "challenge_given_role": _IN_ORGANIZATION,
        "challenge_journal": _JOURNAL,
        "challenge_mail": _MAILED,
        "challenge_participant": _IN_ORGANIZATION,
        "challenge_participant_message": _OF_PARTICIPANT,
        "challenge_preparation": _IN_ORGANIZATION,
        "challenge_reminder_pause": _OF_PARTICIPANT,
        "challenge_schema": "true",
        "challenge_staff": "user_id = :user"
        " OR cohort_id IN (SELECT cohort_id FROM here)",
        "challenge_step_status": _OF_PARTICIPANT,
        "challenge_visit": _OF_PARTICIPANT,
        "challenge_waiting_role": f"{_IN_ORGANIZATION} OR application_id IN {_ASKING}",
        "group": "id IN (SELECT id FROM above)",
        "member": "table_id = :user OR group_id IN (SELECT id FROM above)",
        "package": "owner_org IN (SELECT organization_id FROM here)",
        "resource": "id IN (SELECT id FROM files)",
        "user": "id IN (SELECT id FROM people)",
    }
    if catalog.extras_in_tables():
        tables["group_extra"] = "group_id IN (SELECT id FROM above)"
        tables["package_extra"] = _DATASETS
    return tables


#: The season whose report it is, with those that stand beside it.
_REPORT = """
    here AS (
        SELECT c.id, c.season FROM challenge_cohort c
        WHERE c.id = :cohort OR c.name = :cohort
    ),
    seasons (id) AS (
        SELECT id FROM here
        UNION
        SELECT c.id FROM challenge_cohort c JOIN here ON c.season < here.season
    ),
    taking_part AS (
        SELECT p.id, p.organization_id, p.adviser_id FROM challenge_participant p
        WHERE p.cohort_id IN (SELECT id FROM seasons)
    ),
    people (id) AS (
        SELECT CAST(:user AS text)
        UNION SELECT adviser_id FROM taking_part
        UNION SELECT adviser_id FROM challenge_visit
              WHERE participant_id IN (SELECT id FROM taking_part)
    )
"""

_IN_SEASON = "cohort_id IN (SELECT id FROM here)"
_IN_SEASONS = "cohort_id IN (SELECT id FROM seasons)"
_TAKING_PART = "participant_id IN (SELECT id FROM taking_part)"

#: The tables that the report of a season reads for its team, each with its rows.
REPORT_TABLES = {
    "challenge_agreement": _IN_SEASON,
    "challenge_award": _IN_SEASONS,
    "challenge_cohort": "true",
    "challenge_feedback": _TAKING_PART,
    "challenge_participant": _IN_SEASONS,
    "challenge_report_file": _IN_SEASON,
    "challenge_season_account": _IN_SEASON,
    "challenge_staff": "user_id = :user",
    "challenge_step_status": _TAKING_PART,
    "challenge_visit": _TAKING_PART,
    "group": "id IN (SELECT organization_id FROM taking_part)",
    "user": "id IN (SELECT id FROM people)",
}


def _statement(places: str, tables: Mapping[str, str]) -> sa.TextClause:
    """Whether there is such a place, and the version of all these rows of tables."""
    versions = ",\n".join(
        page_version.rows(f'"{table}"', condition)
        for table, condition in tables.items()
    )
    return sa.text(
        f"WITH RECURSIVE {places}"
        f" SELECT concat_ws('/', {versions}) WHERE EXISTS (SELECT FROM here)"
    )


@lru_cache(maxsize=2)
def _checklist(siren: str) -> sa.TextClause:
    return _statement(_PARTICIPANT, checklist_tables(siren))


def of_checklist(user_id: str, cohort: str, organization: str) -> str | None:
    """The version of a participant's page for somebody whom it concerns.

    It changes with the participant, its organization and datasets, all that was done
    and said of it, the names of those who did, the reader's roles, and the day.

    :param user_id: of the reader
    :param cohort: the id or name of the season
    :param organization: the id or name of the organization
    :returns: ``None`` where there is no such participant
    """
    return _today(
        _checklist(catalog.organization_siren_sql()),
        user=user_id,
        cohort=cohort,
        organization=organization,
    )


_REPORT_STATEMENT = _statement(_REPORT, REPORT_TABLES)


def of_report(user_id: str, cohort: str) -> str | None:
    """The version of a season's report for somebody who is on a team.

    It changes with the season and those before it, who takes part, what is declared,
    spent and said of it, the names of its advisers, the reader's roles, and the day.

    :param user_id: of the reader
    :param cohort: the id or name of the season
    :returns: ``None`` where there is no such season
    """
    return _today(_REPORT_STATEMENT, user=user_id, cohort=cohort)


def _today(statement: sa.TextClause, **values: str) -> str | None:
    stored = model.Session.execute(statement, values).scalar()
    return None if stored is None else page_version.dated(stored)
