"""What each collectivité has opened, written in sets: two statements for all of them.

It is what an evaluation found, added up by SIREN. Pages only read it.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import addresses
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.measures import datasets, quality
from ckanext.challenge.measures.base import MANY, prepare_for_many
from ckanext.challenge.model import catalog
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.base import utcnow


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did.

    :ivar organizations: how many organizations the figures come from
    :ivar changed: how many collectivités' figures are others than before
    """

    organizations: int
    changed: int


_COLUMNS = (
    "organization_id",
    "agents",
    "datasets",
    "conforming",
    "fresh",
    "first_published_at",
    "last_published_at",
    "badges",
    "seasons",
)


def refresh(
    organization_ids: Collection[str] | None = None, until: dt.datetime | None = None
) -> Refreshed:
    """Write what collectivités have opened, in the current transaction.

    :param organization_ids: only those whose organizations these are, or were; without
        it, all of the directory
    :param until: leave out what was created, joined or earned later, as far as dates
        tell: for a history of before there was an observatory
    """
    everything = organization_ids is None
    if everything or len(organization_ids or ()) > MANY:
        prepare_for_many()
    codes = [] if organization_ids is None else _codes(organization_ids)
    if not everything and not codes:
        return Refreshed(0, 0)
    organizations = _organizations(None if everything else codes)
    changed: Any = model.Session.execute(
        sa.text(_statement(everything)),
        {
            "rows": json.dumps([row._asdict() for row in organizations], default=str),
            "organizations": array(row.id for row in organizations),
            "codes": array(codes),
            "at": utcnow(),
            "now": quality.now(),
            "until": None if until is None else int(until.timestamp()),
            "until_at": until,
            "held": array(sorted(AWARD_HELD)),
            "counted": array(sorted(PARTICIPANT_COUNTED)),
        },
    )
    return Refreshed(len(organizations), changed.rowcount)


def _known(chosen: str = "TRUE") -> str:
    """The organizations that carry a SIREN, each with the collectivité that it is.

    :param chosen: only those of the table ``"group" g`` that meet this condition
    """
    extras = catalog.organization_extras(["siren", "agents"])
    siren, agents = extras.columns["siren"], extras.columns["agents"]
    # A country has 36,000: what reads a SIREN is computed once for each, which
    # OFFSET holds, and not again where it is joined and compared.
    return f"""
        WITH RECURSIVE {addresses.HEIRS}, known AS (
            SELECT own.id, coalesce(heir.siren, own.siren) AS code,
                   CASE WHEN own.agents ~ '^[0-9]{{1,6}}([.,][0-9]+)?$'
                        THEN replace(own.agents, ',', '.') END AS agents,
                   own.created
            FROM (
                SELECT g.id, {siren} AS siren, {agents} AS agents, g.created
                FROM "group" g {extras.joins}
                WHERE g.is_organization AND g.state = 'active' AND {chosen}
                OFFSET 0
            ) AS own
            LEFT JOIN heir ON heir.origin = own.siren
            WHERE own.siren <> ''
        )
    """


def _codes(organization_ids: Collection[str]) -> list[str]:
    """The collectivités whose organizations these are, or were the last time."""
    statement = f"""
        {_known("g.id = ANY (CAST(:ids AS text[]))")}
        SELECT code FROM known
        UNION
        SELECT code FROM challenge_observatory
        WHERE organization_id = ANY (CAST(:ids AS text[]))
    """
    found = model.Session.execute(
        sa.text(statement), {"ids": array(sorted(organization_ids))}
    )
    return sorted(found.scalars())


def _organizations(codes: Sequence[str] | None) -> list[Any]:
    """The organizations of collectivités, or of all: ``id, code, agents, created``."""
    chosen = "" if codes is None else "WHERE code = ANY (CAST(:codes AS text[]))"
    return list(
        model.Session.execute(
            sa.text(f"{_known()} SELECT id, code, agents, created FROM known {chosen}"),
            {} if codes is None else {"codes": array(codes)},
        )
    )


def _statement(everything: bool) -> str:
    chosen = "TRUE" if everything else "c.code = ANY (CAST(:codes AS text[]))"
    columns = ", ".join(_COLUMNS)
    values = ", ".join(f"new.{name}" for name in _COLUMNS)
    stored = ", ".join(f"stored.{name}" for name in _COLUMNS)
    updates = ", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)
    return f"""
        WITH organization AS (
            SELECT * FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS o (
                id text, code text, agents numeric, created timestamp
            )
        ), opened AS (
            {datasets.opened()}
        ), sums AS (
            SELECT organization.code,
                   (array_agg(organization.id ORDER BY coalesce(o.datasets, 0) DESC,
                              organization.created, organization.id))[1]
                       AS organization_id,
                   -- What is rounded up no more fits where six digits do.
                   trunc((array_agg(organization.agents ORDER BY organization.created)
                        FILTER (WHERE organization.agents IS NOT NULL))[1], 2)
                       AS agents,
                   CAST(coalesce(sum(o.datasets), 0) AS int) AS datasets,
                   CAST(coalesce(sum(o.conforming), 0) AS int) AS conforming,
                   CAST(coalesce(sum(o.fresh), 0) AS int) AS fresh,
                   to_timestamp(min(o.first)) AS first_published_at,
                   to_timestamp(max(o.last)) AS last_published_at
            FROM organization LEFT JOIN opened o ON o.organization = organization.id
            GROUP BY organization.code
        ), honours AS (
            SELECT organization.code,
                   array_agg(DISTINCT a.badge ORDER BY a.badge) AS badges
            FROM organization JOIN challenge_award a
              ON a.organization_id = organization.id
             AND a.state = ANY (CAST(:held AS text[]))
             AND (CAST(:until_at AS timestamptz) IS NULL
                  OR a.awarded_at <= CAST(:until_at AS timestamptz))
            GROUP BY organization.code
        ), taking_part AS (
            SELECT organization.code,
                   array_agg(DISTINCT s.name ORDER BY s.name) AS seasons
            FROM organization
            JOIN challenge_participant p ON p.organization_id = organization.id
             AND p.state = ANY (CAST(:counted AS text[]))
             AND (CAST(:until_at AS timestamptz) IS NULL
                  OR p.joined_at <= CAST(:until_at AS timestamptz))
            JOIN challenge_cohort s ON s.id = p.cohort_id AND s.state <> 'draft'
            GROUP BY organization.code
        ), new AS (
            SELECT c.code, sums.organization_id, sums.agents,
                   coalesce(sums.datasets, 0) AS datasets,
                   coalesce(sums.conforming, 0) AS conforming,
                   coalesce(sums.fresh, 0) AS fresh,
                   sums.first_published_at, sums.last_published_at,
                   coalesce(honours.badges, '{{}}') AS badges,
                   coalesce(taking_part.seasons, '{{}}') AS seasons
            FROM challenge_collectivite c
            LEFT JOIN sums ON sums.code = c.code
            LEFT JOIN honours ON honours.code = c.code
            LEFT JOIN taking_part ON taking_part.code = c.code
            WHERE {chosen}
        )
        INSERT INTO challenge_observatory (code, {columns}, changed_at)
        SELECT new.code, {values}, :at
        FROM new LEFT JOIN challenge_observatory stored ON stored.code = new.code
        WHERE stored.code IS NULL
           OR ({stored}) IS DISTINCT FROM ({values})
        -- The same order everywhere, so that two at a time cannot block each other.
        ORDER BY new.code
        ON CONFLICT (code) DO UPDATE SET {updates}, changed_at = excluded.changed_at
    """
