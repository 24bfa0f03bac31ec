"""The duty to publish, where a list asks for it: the rule of ``domain.eligibility``,
in SQL.

A test holds the two together, row by row.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ckanext.challenge.domain.eligibility import EPCI_KINDS, Rule


def duty_status(
    columns: Any, *, rule: Rule, population_threshold: int, agents_threshold: float
) -> sa.ColumnElement[str]:
    """``concerned``, ``not_concerned`` or ``unknown``, for each row.

    :param columns: has ``kind``, ``population`` and ``agents``
    """
    population, agents = columns.population, columns.agents
    if rule == "either":
        return sa.case(
            (
                sa.or_(population > population_threshold, agents > agents_threshold),
                "concerned",
            ),
            (sa.or_(population.is_(None), agents.is_(None)), "unknown"),
            else_="not_concerned",
        )
    # For an EPCI only the agents count; of a row without a kind both do.
    counts = sa.func.coalesce(columns.kind, "").not_in(sorted(EPCI_KINDS))
    return sa.case(
        (
            sa.or_(
                sa.and_(counts, population < population_threshold),
                agents < agents_threshold,
            ),
            "not_concerned",
        ),
        (
            sa.or_(sa.and_(counts, population.is_(None)), agents.is_(None)),
            "unknown",
        ),
        else_="concerned",
    )
