"""What the portal's collectivités have opened, by territory, kind of data and quality.

Read from the tables and not from the search index: how a dataset stands changes with
the day, with the check of a file, with a badge, and the index is told of none of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain import harvesting
from ckanext.challenge.domain.lifecycle import AWARD_HELD
from ckanext.challenge.measures import quality, registry
from ckanext.challenge.measures.datasets import FACTS, reports
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import (
    PUBLIC,
    Extras,
    dataset_extras,
    organization_extras,
)

#: What a dataset can be worth to its readers, by the column that says so:
#: a file follows its national schema, its files are as recent as it promises,
#: the catalogue counted it when it gave a badge for the quality of data.
QUALITIES = ("conforming", "fresh", "verified")

#: The kinds that are no commune: their territory is that of their communes too.
_EPCI = "('cc', 'ca', 'cu', 'metropole')"

_READ = ("challenge_kit", "frequency", "published_for")

# Parts of a badge that the catalogue answers name their datasets; those of awards
# that are older than the three words have none of them. That a dataset is there is
# no verdict on it: only measures count that say how datasets are.
_COUNTED = """
    jsonb_path_query_array(
        a.criteria,
        '$.met[*] ? (@.assurance == "verified" || !exists(@.assurance))
                  ? (@.measure == $measures[*]).datasets[*]',
        CAST(:measures AS jsonb)
    )
"""

_VERIFIED = f"""
    EXISTS (
        SELECT FROM challenge_award a
        LEFT JOIN challenge_cohort s ON s.id = a.cohort_id
        WHERE a.organization_id = p.owner_org
          AND a.state = ANY (CAST(:held AS text[]))
          AND s.state IS DISTINCT FROM 'draft'
          AND {_COUNTED} @> to_jsonb(p.id)
    )
"""


@dataclass(frozen=True)
class Wanted:
    """Which datasets.

    :ivar departement: code of the département of whoever published it
    :ivar epci: SIREN of an EPCI: its own, and those of its communes
    :ivar sirens: of a collectivité, and of those that it replaced: what it published,
        and what was published for it
    :ivar insee_code: of the same, if it is a commune
    :ivar organization: id of an organization
    :ivar kit: key of a kit
    :ivar theme: id of a group of CKAN
    :ivar quality: one of :data:`QUALITIES`
    """

    departement: str | None = None
    epci: str | None = None
    sirens: Sequence[str] = ()
    insee_code: str | None = None
    organization: str | None = None
    kit: str | None = None
    theme: str | None = None
    quality: str | None = None


def _files(names: Mapping[str, str]) -> str:
    columns = ", ".join(f"{sql} AS {name}" for name, sql in names.items())
    return f"""
        LEFT JOIN LATERAL (
            SELECT {columns}
            FROM resource r {reports()}
            WHERE r.package_id = p.id AND r.state = 'active'
        ) AS files ON true
    """


_AGGREGATES = {**FACTS["report"].files, **FACTS["updated_in_time"].files}


def _qualities(extras: Extras) -> dict[str, str]:
    return {
        "conforming": f"{FACTS['report'].sql(extras)} = 2",
        "fresh": FACTS["updated_in_time"].sql(extras),
        "verified": _VERIFIED,
    }


def _owners() -> tuple[str, str]:
    """The SIREN of the organization ``g``, and what joins ``c`` of the directory."""
    own = organization_extras(["siren"])
    siren = own.columns["siren"]
    return siren, (
        f"{own.joins}\nLEFT JOIN challenge_collectivite c ON c.siren = {siren}"
    )


def owners() -> str:
    """What joins to ``package p`` its organization ``g`` and the directory's ``c``, of
    those that there are.
    """
    extras = dataset_extras(_READ)
    return f"""
        JOIN "group" g ON g.id = p.owner_org AND g.state = 'active'
        {extras.joins}
        {_owners()[1]}
    """


def places(value: str) -> dict[str, str]:
    """Whether a dataset of :func:`owners` lies in a place, in SQL.

    :param value: an expression for its code or SIREN
    :returns: by ``departement``, ``epci`` and ``collectivite``
    """
    extras = dataset_extras(_READ)
    return {
        "departement": f"c.departement = {value}",
        "epci": f"{value} IN (c.siren, c.epci_siren)",
        "collectivite": f"""(
            {_owners()[0]} = {value} OR {_published_for(extras)} && ARRAY[
                {value},
                (SELECT t.insee_code FROM challenge_collectivite t
                 WHERE t.siren = {value})
            ]
        )""",
    }


def _published_for(extras: Extras) -> str:
    codes = f"coalesce({extras.columns['published_for']}, '')"
    return f"string_to_array(replace({codes}, ',', ' '), ' ')"


def _conditions(wanted: Wanted, extras: Extras) -> list[str]:
    siren = _owners()[0]
    found = []
    if wanted.departement:
        found.append(places(":departement")["departement"])
    if wanted.epci:
        found.append(places(":epci")["epci"])
    if wanted.sirens:
        found.append(
            f"({siren} = ANY (CAST(:sirens AS text[]))"
            f" OR {_published_for(extras)} && CAST(:codes AS text[]))"
        )
    if wanted.organization:
        found.append("p.owner_org = :organization")
    if wanted.kit:
        found.append(f"{extras.columns['challenge_kit']} = :kit")
    if wanted.theme:
        found.append(
            "EXISTS (SELECT FROM member m WHERE m.group_id = :theme"
            " AND m.table_id = p.id AND m.table_name = 'package'"
            " AND m.state = 'active')"
        )
    if wanted.quality:
        found.append(_qualities(extras)[wanted.quality])
    return found


def _verdicts() -> dict[str, str]:
    """The badges that count, and their measures."""
    measures = sorted(registry.about_datasets())
    return {
        "held": array(sorted(AWARD_HELD)),
        "measures": json.dumps({"measures": measures}),
    }


def _execute(statement: str, **parameters: Any) -> Sequence[Any]:
    asked = {key: value for key, value in parameters.items() if f":{key}" in statement}
    return model.Session.execute(sa.text(statement), asked).all()


def _parameters(wanted: Wanted) -> dict[str, Any]:
    return {
        "departement": wanted.departement,
        "epci": wanted.epci,
        "sirens": array(wanted.sirens),
        "codes": array([*wanted.sirens, *filter(None, [wanted.insee_code])]),
        "organization": wanted.organization,
        "kit": wanted.kit,
        "theme": wanted.theme,
        "now": quality.now(),
        **_verdicts(),
    }


def find(wanted: Wanted, limit: int, offset: int) -> tuple[int, list[str]]:
    """How many datasets there are, and the ids of some, the newest first.

    One statement.
    """
    extras = dataset_extras(_READ)
    files = _files(_AGGREGATES) if wanted.quality in ("conforming", "fresh") else ""
    conditions = " AND ".join([PUBLIC, *_conditions(wanted, extras)])
    (row,) = _execute(
        f"""
        WITH matching AS (
            SELECT p.id, p.metadata_created
            FROM package p
            {owners()}
            {files}
            WHERE {conditions}
        )
        SELECT (SELECT count(*) FROM matching) AS count,
               ARRAY(
                   SELECT id FROM matching
                   ORDER BY metadata_created DESC, id
                   LIMIT :limit OFFSET :offset
               ) AS ids
        """,
        limit=limit,
        offset=offset,
        **_parameters(wanted),
    )
    return row.count, row.ids


def tally(wanted: Wanted) -> dict[str, int]:
    """How many of these datasets have each of :data:`QUALITIES`.

    One statement.
    """
    extras = dataset_extras(_READ)
    counts = ", ".join(
        f"count(*) FILTER (WHERE {sql}) AS {name}"
        for name, sql in _qualities(extras).items()
    )
    conditions = " AND ".join([PUBLIC, *_conditions(wanted, extras)])
    (row,) = _execute(
        f"""
        SELECT {counts} FROM package p {owners()} {_files(_AGGREGATES)}
        WHERE {conditions}
        """,
        **_parameters(wanted),
    )
    return {name: getattr(row, name) for name in QUALITIES}


def worth(dataset_id: str) -> dict[str, bool]:
    """Which of :data:`QUALITIES` a dataset has, whoever can see it.

    One statement.
    """
    extras = dataset_extras(_READ)
    told = ", ".join(f"{sql} AS {name}" for name, sql in _qualities(extras).items())
    rows = _execute(
        f"""
        SELECT {told} FROM package p {extras.joins} {_files(_AGGREGATES)}
        WHERE p.id = :id
        """,
        id=dataset_id,
        now=quality.now(),
        **_verdicts(),
    )
    return {name: any(getattr(row, name) for row in rows) for name in QUALITIES}


def read(ids: Sequence[str]) -> list[Any]:
    """What lists, feeds and mails tell of those of some datasets that are public.

    One statement.

    :returns: rows with ``id``, ``name``, ``title``, ``notes``, ``created``,
        ``modified``, ``kit``, ``formats``, ``tags``, ``organization_id``,
        ``organization_name``, ``organization_title``, ``siren``, ``departement``,
        ``copied`` (whether it was harvested), ``source`` (the title of where it comes
        from, if it has one) and :data:`QUALITIES`
    """
    if not ids:
        return []
    extras = dataset_extras(_READ)
    siren = _owners()[0]
    told = ", ".join(f"{sql} AS {name}" for name, sql in _qualities(extras).items())
    harvest = dataset_extras((*harvesting.MARKS, harvesting.TITLE))
    marks = ", ".join(harvest.columns[mark] for mark in harvesting.MARKS)
    formats = "array_agg(DISTINCT upper(r.format)) FILTER (WHERE r.format <> '')"
    rows = _execute(
        f"""
        SELECT p.id, p.name, p.title, p.notes, p.metadata_created AS created,
               p.metadata_modified AS modified,
               {extras.columns["challenge_kit"]} AS kit,
               coalesce(files.formats, ARRAY[]::text[]) AS formats,
               ARRAY(
                   SELECT t.name FROM package_tag pt JOIN tag t ON t.id = pt.tag_id
                   WHERE pt.package_id = p.id AND pt.state = 'active' ORDER BY t.name
               ) AS tags,
               g.id AS organization_id, g.name AS organization_name,
               coalesce(nullif(g.title, ''), g.name) AS organization_title,
               {siren} AS siren, c.departement,
               coalesce({marks}) IS NOT NULL AS copied,
               {harvest.columns[harvesting.TITLE]} AS source, {told}
        FROM package p
        {owners()}
        {harvest.joins}
        {_files({**_AGGREGATES, "formats": formats})}
        WHERE p.id = ANY (CAST(:ids AS text[])) AND {PUBLIC}
        """,
        ids=array(ids),
        now=quality.now(),
        **_verdicts(),
    )
    place = {id_: index for index, id_ in enumerate(ids)}
    return sorted(rows, key=lambda row: place[row.id])


def territories() -> list[Any]:
    """Where something was opened: a row for each organization with public datasets.

    One statement.

    :returns: rows with ``siren``, ``title``, ``departement``, ``epci`` (a SIREN) and
        ``epci_name``, each of which may be none
    """
    siren, directory = _owners()
    own = f"CASE WHEN c.kind IN {_EPCI} THEN c.siren ELSE c.epci_siren END"
    return [
        *_execute(
            f"""
            SELECT {siren} AS siren, coalesce(nullif(g.title, ''), g.name) AS title,
                   c.departement, e.siren AS epci, e.name AS epci_name
            FROM "group" g
            {directory}
            LEFT JOIN challenge_collectivite e ON e.siren = {own}
            WHERE g.state = 'active' AND g.is_organization AND EXISTS (
                SELECT FROM package p WHERE p.owner_org = g.id AND {PUBLIC}
            )
            """
        )
    ]


def themes() -> list[Any]:
    """The groups of CKAN in which there is a public dataset: ``name`` and ``title``.

    One statement.
    """
    return [
        *_execute(
            f"""
            SELECT g.name, coalesce(nullif(g.title, ''), g.name) AS title
            FROM "group" g
            WHERE g.state = 'active' AND g.is_organization IS NOT TRUE AND EXISTS (
                SELECT FROM member m
                JOIN package p ON p.id = m.table_id AND {PUBLIC}
                WHERE m.group_id = g.id AND m.table_name = 'package'
                  AND m.state = 'active'
            )
            ORDER BY 2, 1
            """
        )
    ]
