"""The version of a page that everybody reads: it changes with what the page shows.

As long as it stays, so do the season, its participants, their progress, their badges
and the day. One statement reads it. Pages that are remembered ask for it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import config
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import extras_in_tables

from . import addresses

# PostgreSQL gives each row the number of the transaction that wrote it: the sum and
# the count of these change with whatever row is added, changed or removed.
_SEASON = sa.text(
    """
    SELECT c.id, c.state, concat_ws('/', c.xmin,
      (SELECT concat_ws('.', count(*), sum(p.xmin::text::bigint),
                        sum(g.xmin::text::bigint))
       FROM challenge_participant p
       JOIN "group" g ON g.id = p.organization_id
       WHERE p.cohort_id = c.id
         AND (CAST(:organization AS text) IS NULL
              OR g.id = :organization OR g.name = :organization)),
      (SELECT concat_ws('.', count(*), sum(a.xmin::text::bigint))
       FROM challenge_award a
       JOIN "group" g ON g.id = a.organization_id
       WHERE CASE WHEN CAST(:organization AS text) IS NULL THEN a.cohort_id = c.id
                  ELSE g.id = :organization OR g.name = :organization END),
      (SELECT concat_ws('.', count(*), sum(s.xmin::text::bigint))
       FROM challenge_step_status s
       JOIN challenge_participant p ON p.id = s.participant_id
       JOIN "group" g ON g.id = p.organization_id
       WHERE p.cohort_id = c.id
         AND (g.id = :organization OR g.name = :organization))
    ) AS version
    FROM challenge_cohort c
    WHERE c.id = :cohort OR c.name = :cohort
    """
)

_AWARD = sa.text(
    """
    SELECT a.cohort_id AS id, c.state, concat_ws('/', a.xmin, g.xmin, c.xmin, d.xmin,
                                                 d.key_id) AS version
    FROM challenge_award a
    JOIN "group" g ON g.id = a.organization_id AND g.state = 'active'
    LEFT JOIN challenge_cohort c ON c.id = a.cohort_id
    LEFT JOIN challenge_credential d ON d.award_id = a.id
    WHERE a.id = :award
    """
)


#: What changes with whatever is stored of collectivités, and of other portals.
_STORED = """
    (SELECT max(changed_at) FROM challenge_observatory),
    (SELECT max(imported_at) FROM challenge_elsewhere)
"""


def rows(table: str, condition: str = "true") -> str:
    """What changes with whatever row of a table is added, changed or removed."""
    return (
        "(SELECT concat_ws('.', count(*), sum(xmin::text::bigint))"
        f" FROM {table} WHERE {condition})"
    )


_ORGANIZATIONS_ROWS = rows('"group"', "is_organization")

_ORGANIZATIONS = sa.text(f"SELECT {_ORGANIZATIONS_ROWS}")

_OBSERVATORY = sa.text(f"SELECT concat_ws('/', {_STORED}, {_ORGANIZATIONS_ROWS})")

_HOME = sa.text(
    f"""
    SELECT concat_ws('/', {_STORED}, {_ORGANIZATIONS_ROWS},
      {rows("challenge_cohort")},
      {rows("challenge_participant")},
      {rows("challenge_award")})
    """
)

_SHIELD = sa.text(
    """
    SELECT concat_ws('/', g.xmin,
      (SELECT concat_ws('.', count(*), sum(p.xmin::text::bigint),
                        sum(c.xmin::text::bigint))
       FROM challenge_participant p
       JOIN challenge_cohort c ON c.id = p.cohort_id
       WHERE p.organization_id = g.id),
      (SELECT concat_ws('.', count(*), sum(a.xmin::text::bigint),
                        sum(c.xmin::text::bigint))
       FROM challenge_award a
       LEFT JOIN challenge_cohort c ON c.id = a.cohort_id
       WHERE a.organization_id = g.id))
    FROM "group" g
    WHERE g.id = :organization OR g.name = :organization
    """
)

_CARD = sa.text(
    f"""
    SELECT concat_ws('/', g.xmin,
      {rows("challenge_award", "organization_id = g.id")},
      {rows("package", "owner_org = g.id")})
    FROM "group" g
    WHERE g.id = :organization OR g.name = :organization
    """
)

_DATASET = sa.text(
    """
    SELECT concat_ws('/', p.xmin, g.xmin)
    FROM package p LEFT JOIN "group" g ON g.id = p.owner_org
    WHERE p.id = :dataset OR p.name = :dataset
    """
)

_SEASONS = sa.text(
    f"""
    SELECT concat_ws('/', {rows("challenge_cohort")},
      (SELECT concat_ws('.', count(*), sum(p.xmin::text::bigint),
                        sum(g.xmin::text::bigint))
       FROM challenge_participant p
       JOIN "group" g ON g.id = p.organization_id))
    """
)

_OF_COHORT = (
    "cohort_id IN (SELECT id FROM challenge_cohort WHERE :cohort IN (id, name))"
)
_REPORT = sa.text(
    f"""
    SELECT concat_ws('/', {rows("challenge_cohort")},
      {rows("challenge_season_account", _OF_COHORT)},
      {rows("challenge_report_file", _OF_COHORT)})
    """
)

_OPENED = sa.text(
    "SELECT "
    + rows(
        "package",
        "owner_org IN "
        f"(SELECT organization_id FROM challenge_participant WHERE {_OF_COHORT})",
    )
)

_STEPS = """
    (SELECT concat_ws('.', count(*), sum(s.xmin::text::bigint))
     FROM challenge_step_status s
     JOIN challenge_participant p ON p.id = s.participant_id
     WHERE p.organization_id = :organization)
"""

_ORGANIZATION = sa.text(
    f"""
    SELECT concat_ws('/',
      {rows("challenge_cohort")},
      {rows("challenge_participant", "organization_id = :organization")},
      {rows("challenge_award", "organization_id = :organization")},
      {rows("challenge_standing", "organization_id = :organization")},
      {rows('"group"', "id = :organization")},
      {_STEPS})
    """
)

_COLLECTIVITE = sa.text(
    f"""
    WITH RECURSIVE {addresses.LINE}, here (id) AS (
        SELECT organization_id FROM challenge_participant
        WHERE siren IN (SELECT siren FROM line)
        UNION
        SELECT o.organization_id FROM challenge_observatory o
        JOIN challenge_collectivite c ON c.code = o.code
        WHERE c.siren IN (SELECT siren FROM line) AND o.organization_id IS NOT NULL
    )
    SELECT concat_ws('/', {_STORED},
      {rows("challenge_cohort")},
      {rows("challenge_participant", "siren IN (SELECT siren FROM line)")},
      {rows("challenge_award", "organization_id IN (SELECT id FROM here)")},
      {rows('"group"', "id IN (SELECT id FROM here)")},
      {rows("package", "owner_org IN (SELECT id FROM here)")})
    """
)


# Where CKAN 2.11 keeps the SIREN of an organization.
_EXTRAS = (
    f"{rows('group_extra', 'group_id = :organization')}," if extras_in_tables() else ""
)

_PUBLISHER = f"""
      {_STORED}, {_EXTRAS}
      {rows("challenge_cohort")},
      {rows("challenge_participant", "organization_id = :organization")},
      {rows("challenge_award", "organization_id = :organization")},
      {rows('"group"', "id = :organization")}
"""

_DATASET_PAGE = sa.text(
    f"""
    SELECT concat_ws('/', {_PUBLISHER},
      {rows("package", "id = :dataset")},
      {rows("resource", "package_id = :dataset")},
      {rows("challenge_conformity", "resource_id = ANY (CAST(:files AS text[]))")})
    """
)

_ORGANIZATION_PAGE = sa.text(
    f"""
    SELECT concat_ws('/', {_PUBLISHER}, {_STEPS},
      {rows("challenge_standing", "organization_id = :organization")},
      (SELECT concat_ws('.', count(*), sum(p.xmin::text::bigint),
                        sum(r.xmin::text::bigint), sum(f.xmin::text::bigint))
       FROM package p
       LEFT JOIN resource r ON r.package_id = p.id
       LEFT JOIN challenge_conformity f ON f.resource_id = r.id
       WHERE p.owner_org = :organization))
    """
)


def of_dataset_page(
    dataset_id: str, organization_id: str | None, files: Sequence[str]
) -> str:
    """The version of what CKAN's page of a dataset says of ours to everybody: it
    changes with the dataset, the checks of its files, its organization, what that did
    in any season, the directory and the day.

    :param files: the ids of its resources
    """
    return _today(
        _DATASET_PAGE,
        dataset=dataset_id,
        organization=organization_id,
        files=array(files),
    )


def of_organization_page(organization_id: str) -> str:
    """The same of CKAN's page of an organization: it changes with all its datasets."""
    return _today(_ORGANIZATION_PAGE, organization=organization_id)


def of_organization(organization_id: str) -> str:
    """The version of what everybody reads of an organization's seasons and badges."""
    return _today(_ORGANIZATION, organization=organization_id)


def of_collectivite(siren: str) -> str:
    """The version of the page of a collectivité: it changes with what it did, and those
    that it took the place of, with the observatory, the seasons and the day.
    """
    return _today(_COLLECTIVITE, siren=siren)


def of_observatory() -> str:
    """The version of the observatory's pages: it changes with what is stored of
    collectivités and organizations, what they publish elsewhere, and the day.
    """
    return _today(_OBSERVATORY)


def of_organizations() -> str:
    """The version of what names organizations: it changes with any of them."""
    return _today(_ORGANIZATIONS)


def of_home() -> str:
    """The version of the portal's home: it changes with any season, award and
    organization, with the observatory and the day; not with each dataset.
    """
    return _today(_HOME)


def of_progress_badge(organization: str) -> str:
    """The version of the pictures of an organization: it changes with its name, its
    progress, its badges, its seasons and the day.

    :param organization: its id or name
    """
    return _today(_SHIELD, organization=organization)


def of_organization_card(organization: str) -> str:
    """The version of the card of an organization: it changes with its name, its
    datasets, its badges and the day.

    :param organization: its id or name
    """
    return _today(_CARD, organization=organization)


def of_dataset_card(dataset: str) -> str:
    """The version of the card of a dataset: it changes with it, with its organization
    and the day.

    :param dataset: its id or name
    """
    return _today(_DATASET, dataset=dataset)


def _today(statement: sa.TextClause, **values: str | None) -> str:
    return dated(model.Session.execute(statement, values).scalar())


def dated(stored: object) -> str:
    """The version of a page that changes with the day, too.

    :param stored: the version of what else it shows
    """
    return f"{stored}/{config.today().isoformat()}"


def of_seasons() -> str:
    """The version of the list of the seasons that everybody sees."""
    return _today(_SEASONS)


def of_cohort(cohort: str, organization: str | None = None) -> str | None:
    """The version of the page of a season, or of a participant.

    :param cohort: the id or name of the season
    :param organization: the id or name of an organization, for its progress alone
    :returns: ``None`` where not everybody may read the page, or there is none
    """
    row = model.Session.execute(
        _SEASON, {"cohort": cohort, "organization": organization}
    ).first()
    return None if row is None else _version(row.state, row.version)


def of_report(cohort: str) -> str | None:
    """The version of what everybody reads of a season's report, as :func:`of_cohort`.

    It tells of the seasons before too.

    :param cohort: the id or name of the season
    """
    season = of_cohort(cohort)
    if season is None:
        return None
    stored = model.Session.execute(_REPORT, {"cohort": cohort}).scalar()
    return f"{season}/{stored}"


def of_datasets(cohort: str) -> str:
    """The version of what everybody reads of the datasets of a season's participants.

    :param cohort: the id or name of the season
    """
    return str(model.Session.execute(_OPENED, {"cohort": cohort}).scalar())


def of_award(award: str) -> str | None:
    """The version of the page of an award, as :func:`of_cohort`.

    :param award: its id
    """
    row = model.Session.execute(_AWARD, {"award": award}).first()
    return None if row is None else _version(row.state, row.version)


def _version(state: str | None, version: str) -> str | None:
    # What belongs to no season is everybody's.
    return None if state == "draft" else dated(version)
