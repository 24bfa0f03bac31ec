"""By what a season's applications are read, as it is saved with it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain import definitions, reading
from ckanext.challenge.model import Application, Cohort, Score

from .questions import told


def score_counts(cohort_id: str) -> dict[str, int]:
    """How many scores there are for each criterion, by its key."""
    keys = sa.func.jsonb_object_keys(Score.scores).label("key")
    given = (
        sa.select(keys)
        .join(Application, Application.id == Score.application_id)
        .where(Application.cohort_id == cohort_id)
        .subquery()
    )
    numbers = sa.select(given.c.key, sa.func.count()).group_by(given.c.key)
    return {row[0]: row[1] for row in model.Session.execute(numbers)}


def check(
    raw: Any, cohort: Cohort | None, drop_scored: bool = False
) -> tuple[list[dict[str, Any]], list[Any]]:
    """The criteria as they are stored, and what is wrong with them.

    :param raw: a list of criteria, see :mod:`ckanext.challenge.domain.reading`
    :param cohort: whose criteria they replace
    :param drop_scored: whether a criterion that has scores may be taken away
    :returns: the criteria, and the errors as :func:`.questions.told` gives them
    """
    try:
        found = reading.check_definitions([] if raw in (None, "") else raw)
    except definitions.DefinitionErrors as error:
        return [], told(error.problems, raw)
    if cohort is not None and cohort.criteria and not drop_scored:
        gone = reading.removed(reading.read(cohort.criteria), found)
        counts = score_counts(cohort.id) if gone else {}
        problems = [
            definitions.Problem(
                (),
                "removed_scored",
                {"found": one.label.fr or one.label.en, "count": counts[one.key]},
            )
            for one in gone
            if counts.get(one.key)
        ]
        if problems:
            return [], told(problems, found)
    return [criterion.as_dict() for criterion in found], []
