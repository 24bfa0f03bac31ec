"""The applications to a season in figures: when they came, from whom, what they say."""

from __future__ import annotations

from collections import Counter
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.challenge import config
from ckanext.challenge.applications import query, schema
from ckanext.challenge.common import language, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain import eligibility, lifecycle, questions
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.dictize import as_json

_columns: Any = Application.__table__.c


@tk.side_effect_free
def challenge_application_statistics(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Count the applications to a season.

    Managers of the season and sysadmins may call this. What was handed in is counted,
    whatever became of it; drafts are not. Answers in words are counted, and not shown.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``count``; ``days`` (``{day, count, total}``, the days on which some were
        handed in, in the portal's time zone, ``total`` being all until then);
        ``kinds``, ``departements``, ``states`` and ``obligation`` (``{value, count}``
        each, those that occur); and ``questions``: for each of the season's own
        ``{key, label, type, answers, values, minimum, maximum, mean}``, ``answers``
        being how many answered it, ``values`` ``{value, label, count}`` for those
        answered by yes or no, or out of a list, and the last three for numbers
    :rtype: dict
    """
    data = validate(context, data_dict, schema.statistics())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_application_statistics", context, {"cohort": cohort.id})
    of_season = [_columns.cohort_id == cohort.id, query.handed_in()]
    zone = str(config.display_timezone())
    day = sa.cast(sa.func.timezone(zone, _columns.submitted_at), sa.Date)
    parts = (
        day.label("day"),
        _columns.kind,
        _columns.departement,
        _columns.state,
        query.obligation().label("obligation"),
    )
    # As positions: PostgreSQL takes the same expression twice, with parameters of
    # its own each time, for two.
    grouped = model.Session.execute(
        sa.select(*parts, sa.func.count().label("number"))
        .where(*of_season)
        .group_by(*(sa.text(str(at)) for at in range(1, len(parts) + 1)))
    ).all()

    def counted(name: str) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for row in grouped:
            found[getattr(row, name)] += row.number
        return found

    departements = sorted(counted("departement").items(), key=lambda one: one[0] or "~")
    return {
        "count": sum(row.number for row in grouped),
        "days": _days(counted("day")),
        "kinds": _in_order(counted("kind"), eligibility.KINDS),
        "departements": [{"value": code, "count": n} for code, n in departements],
        "states": _in_order(counted("state"), lifecycle.APPLICATION.states),
        "obligation": _in_order(counted("obligation"), eligibility.STATUSES),
        "questions": _questions(cohort, of_season),
    }


def _days(numbers: Counter[Any]) -> list[dict[str, Any]]:
    total = 0
    found = []
    for day in sorted(day for day in numbers if day is not None):
        total += numbers[day]
        found.append({"day": as_json(day), "count": numbers[day], "total": total})
    return found


def _in_order(numbers: Counter[Any], order: Any) -> list[dict[str, Any]]:
    known = [value for value in order if value in numbers]
    rest = [value for value in numbers if value not in known]
    return [{"value": value, "count": numbers[value]} for value in (*known, *rest)]


def _questions(cohort: Cohort, of_season: list[Any]) -> list[dict[str, Any]]:
    """What was answered, in two statements whatever is asked."""
    asked = questions.read(cohort.questions)
    if not asked:
        return []
    each = sa.func.jsonb_each(_columns.answers).table_valued(
        sa.column("key", sa.Text), sa.column("value", JSONB), name="answer"
    )
    # Said without a statement, so that a text is never taken for a number.
    number = sa.case(
        (
            sa.func.jsonb_typeof(each.c.value) == "number",
            sa.cast(each.c.value, sa.Numeric),
        )
    )
    totals = {
        row.key: row
        for row in model.Session.execute(
            sa.select(
                each.c.key,
                sa.func.count().label("answers"),
                sa.func.min(number).label("minimum"),
                sa.func.max(number).label("maximum"),
                sa.func.round(sa.func.avg(number), 2).label("mean"),
            )
            .select_from(Application.__table__.join(each, sa.true()))
            .where(*of_season)
            .group_by(each.c.key)
        )
    }
    values = _values(each, asked, of_season)
    spoken = language.current()
    found = []
    for question in asked:
        row = totals.get(question.key)
        found.append(
            {
                "key": question.key,
                "label": question.label.in_(spoken),
                "type": question.type,
                "answers": row.answers if row else 0,
                "values": [
                    {
                        "value": value,
                        "label": _label(question, value, spoken),
                        "count": values[question.key, value],
                    }
                    for value in questions.answers_of(question)
                ],
                **{
                    name: as_json(getattr(row, name, None))
                    for name in ("minimum", "maximum", "mean")
                },
            }
        )
    return found


def _values(
    each: Any, asked: list[questions.Question], of_season: list[Any]
) -> Counter[tuple[str, Any]]:
    """How often each answer was given, of those that can be counted."""
    keys = [question.key for question in asked if question.type in questions.COUNTED]
    if not keys:
        return Counter()
    single = sa.func.jsonb_typeof(each.c.value) != "array"
    listed = sa.case(
        (single, sa.func.jsonb_build_array(each.c.value)), else_=each.c.value
    )
    one = (
        sa.func.jsonb_array_elements(listed)
        .table_valued(sa.column("value", JSONB), name="one")
        .render_derived()
    )
    rows = model.Session.execute(
        sa.select(each.c.key, one.c.value, sa.func.count())
        .select_from(Application.__table__.join(each, sa.true()).join(one, sa.true()))
        .where(*of_season, each.c.key.in_(keys))
        .group_by(sa.text("1"), sa.text("2"))
    )
    return Counter({(key, value): number for key, value, number in rows})


def _label(question: questions.Question, value: str | bool, spoken: str) -> str:
    if isinstance(value, bool):
        return tk._("Yes") if value else tk._("No")
    return question.label_of(value, spoken)
