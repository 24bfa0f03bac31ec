"""What readers gave for the applications of a season, counted in sets.

The rules are those of :mod:`ckanext.challenge.domain.reading`; here they are asked of
many applications at once. A test holds that both agree.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.challenge import config
from ckanext.challenge.common import roles
from ckanext.challenge.domain import reading
from ckanext.challenge.model import Application, Cohort, Score

_columns: Any = Application.__table__.c
_scores: Any = Score.__table__.c


def phase_of(cohort: Cohort) -> reading.Phase:
    """In which part of its reading a season is today."""
    return reading.phase(cohort.reading_opens, cohort.reading_closes, config.today())


def is_over(cohort: Cohort, application: Application) -> bool:
    """Whether nobody can give a score for an application any more."""
    return phase_of(cohort) == "over" or application.state not in reading.SCORED


def part_of(
    context: Context, application: Application, own: Score | None
) -> reading.Part:
    """What the caller is to an application that the team reads.

    :param own: what the caller gave, if anything
    """
    if roles.owns(context, application, {}) or (own is not None and own.conflict):
        return "conflict"
    return "scored" if own is not None else "none"


def has_conflict(application: Application, user_id: str | None) -> bool:
    """Whether somebody has declared an interest in an application."""
    own = Score.of(application.id, user_id)
    return own is not None and own.conflict


def worth(cohort: Cohort) -> sa.ColumnElement[Any]:
    """What an application is worth to the reader of a score, in SQL; see
    :func:`.reading.worth`.
    """
    total: Any = sa.literal(0)
    weights: Any = sa.literal(0)
    for criterion in reading.read(cohort.criteria):
        given = _scores.scores[criterion.key].astext
        there = sa.case((given.is_not(None), criterion.weight), else_=0)
        number = sa.func.coalesce(sa.cast(given, sa.Numeric), 0)
        total = total + number * criterion.weight
        weights = weights + there
    return total / sa.func.nullif(weights, 0)


def summary(cohort: Cohort) -> sa.ColumnElement[Any]:
    """What the readers of each application think, as an object of JSON: ``readers``,
    ``average`` and ``spread``, as :func:`.reading.summarise` says.
    """
    each = worth(cohort)
    return (
        sa.select(
            sa.func.jsonb_build_object(
                *("readers", sa.func.count(each)),
                *("average", sa.func.round(sa.func.avg(each), 2)),
                *("spread", sa.func.round(sa.func.max(each) - sa.func.min(each), 2)),
                type_=JSONB,
            )
        )
        .where(_scores.application_id == _columns.id, sa.not_(_scores.conflict))
        .scalar_subquery()
    )


def part(user_id: str | None) -> sa.ColumnElement[str]:
    """What a reader is to each application by what that reader gave, in SQL."""
    return sa.func.coalesce(
        sa.select(sa.case((_scores.conflict, "conflict"), else_="scored"))
        .where(
            _scores.application_id == _columns.id,
            _scores.reader_id == (user_id or ""),
        )
        .scalar_subquery(),
        "none",
    )


def is_part(wanted: reading.Part, user_id: str | None) -> sa.ColumnElement[bool]:
    """Applications to which a reader is this, as far as that reader said."""
    return part(user_id) == wanted


def visible(
    cohort: Cohort, user_id: str | None, owned: sa.ColumnElement[bool]
) -> sa.ColumnElement[bool]:
    """Whether a reader sees what the others gave for an application, in SQL.

    :param owned: whether the application is the reader's own
    """
    mine = sa.select(_scores.id).where(
        _scores.application_id == _columns.id, _scores.reader_id == (user_id or "")
    )
    if phase_of(cohort) == "over":
        over: Any = sa.true()
    else:
        over = _columns.state.not_in(sorted(reading.SCORED))
    return sa.and_(
        # Of one that was sent without an account it is not known: not true.
        owned.is_not(sa.true()),
        sa.or_(
            mine.where(sa.not_(_scores.conflict)).exists(),
            sa.and_(over, sa.not_(mine.exists())),
        ),
    )


def worth_to(cohort: Cohort, score: Score) -> float | None:
    """What the application is worth to the reader of one score, as it is answered."""
    found = reading.worth(reading.read(cohort.criteria), score.scores)
    return None if found is None else round(float(found), 2)


def given_by(application: Application) -> list[tuple[Score, model.User | None]]:
    """What all readers gave for an application, in the order of their first answer."""
    rows = (
        model.Session.query(Score, model.User)
        .outerjoin(model.User, model.User.id == Score.reader_id)
        .filter(Score.application_id == application.id)
        .order_by(Score.created_at, Score.id)
    )
    return [(score, reader) for score, reader in rows]
