"""The days and the money of a season: done, planned, left; promised, engaged, spent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import names, roles
from ckanext.challenge.common.action_helpers import user_id_of, validate
from ckanext.challenge.domain import budget as rules
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.model import Cohort, Participant, Visit
from ckanext.challenge.model.dictize import as_json, name_of
from ckanext.challenge.participants import accompaniment, schema

_ZERO = Decimal(0)


@tk.side_effect_free
def challenge_budget_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the days of a season and its money, in a few statements.

    The staff of the season and sysadmins may call this. Who advises and does not manage
    is answered the own days and those of the own participants; ``funders`` and
    ``forecast`` are then empty.

    Days are counted once: a group visit is shared equally among the collectivités that
    it is for, so that the days of advisers, of collectivités and of months have the
    same sum. Visits that are cancelled count for nothing; nor do those still planned
    with a collectivité that has left, whose days done stay.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``{date, currency, days, funders, advisers, collectivites, months,
        forecast}``; days are numbers, money is in ``currency`` (ISO 4217).

        ``days``: ``{granted, done, planned, left}``; ``granted`` and ``left`` are
        ``None`` where the season counts no days.
        ``funders``: ``{id, name, currency, rule, rules, promised, engaged, spent,
        forecast}``: *promised* by its agreement (else its amount for each place),
        *engaged* for all who take part, with what was spent for those that left,
        *spent* by its ``rule``: ``day`` (for each day done) or ``collectivite`` (all of
        it once its accompaniment has begun); *forecast* is what will be spent with what
        is planned. The lines of one funder are added up, each by its own rule:
        ``rules`` are all of them, ``rule`` is that of the first.
        ``advisers``: ``{id, name, days_done, days_planned, days_left}``;
        ``days_left`` are those of the participants that are entrusted to them; ``id``
        and ``name`` are ``None`` for an account that is gone, or nobody.
        ``collectivites``: ``{participant_id, organization_name, name, adviser_id,
        state, left, days_done, days_planned, days_left}``; ``left`` is whether it has
        left the season.
        ``months``: ``{month, days_done, days_planned}``, ``month`` as ``2026-03``, none
        left out between the first and the last.
        ``forecast``: ``{date, days_booked, days_expected, days_unused, spent}``, for
        the day of the finalisation: what is done or planned, what it comes to if it
        goes on as fast as since the launch, what will not be used, the money of all
        funders.
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, schema.budget_show())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_budget_show", context, {"cohort": cohort.id})
    all_ = bool(context.get("ignore_auth")) or roles.is_manager(context, cohort.id)
    only = None if all_ else user_id_of(context)
    people = _people(cohort, only)
    spans = _spans(cohort, only)
    ones = _accompanied(people)
    days = _sums(cohort, ones)
    left = [rules.days_left(cohort.days_per_participant, one) for one in ones]
    funders = _funders(cohort, ones) if all_ else []
    return {
        "date": config.today().isoformat(),
        "currency": cohort.currency,
        "days": _totals(days),
        "funders": funders,
        "advisers": _advisers(cohort, people, left, spans),
        "collectivites": [
            _collectivite(row, own) for row, own in zip(people, left, strict=True)
        ],
        "months": _months(spans),
        "forecast": _forecast(cohort, days, funders) if all_ else {},
    }


def _people(cohort: Cohort, only: str | None) -> Sequence[Any]:
    """All who take part or took part, with their days, in one statement."""
    return _read(_people_statement(only is None), cohort, only)


def _read(statement: Any, cohort: Cohort, only: str | None) -> Sequence[Any]:
    asked = (
        {"cohort": cohort.id} if only is None else {"cohort": cohort.id, "only": only}
    )
    return model.Session.execute(statement, asked).all()


# What follows is put together once for a process: each page of days asks.
_COHORT, _ONLY = sa.bindparam("cohort"), sa.bindparam("only")


@cache
def _people_statement(all_: bool) -> Any:
    done, planned = accompaniment.days_counted()
    days = (
        sa.select(Visit.participant_id, done.label("done"), planned.label("planned"))
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == _COHORT)
        .group_by(Visit.participant_id)
        .subquery()
    )
    left = accompaniment.has_left()
    return (
        sa.select(
            Participant.id,
            Participant.state,
            Participant.adviser_id,
            model.Group.name,
            model.Group.title,
            left.label("left"),
            sa.func.coalesce(days.c.done, _ZERO).label("done"),
            sa.func.coalesce(days.c.planned, _ZERO).label("planned"),
        )
        .join(model.Group, model.Group.id == Participant.organization_id)
        .outerjoin(days, days.c.participant_id == Participant.id)
        .where(
            Participant.cohort_id == _COHORT,
            *([] if all_ else [Participant.adviser_id == _ONLY]),
        )
        .order_by(left, *names.in_order(model.Group.title), Participant.id)
    )


def _spans(cohort: Cohort, only: str | None) -> Sequence[Any]:
    """The days of each adviser in each month, in one statement."""
    return _read(_spans_statement(only is None), cohort, only)


@cache
def _spans_statement(all_: bool) -> Any:
    done, planned = accompaniment.days_counted()
    month = sa.cast(sa.func.date_trunc("month", Visit.date), sa.Date).label("month")
    return (
        sa.select(
            Visit.adviser_id,
            month,
            done.label("done"),
            planned.label("planned"),
        )
        .join(Participant, Participant.id == Visit.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(
            Participant.cohort_id == _COHORT,
            Visit.state != "cancelled",
            *([] if all_ else [Visit.adviser_id == _ONLY]),
        )
        .group_by(Visit.adviser_id, month)
        .order_by(month)
    )


def _accompanied(people: Iterable[Any]) -> list[rules.Accompanied]:
    return [rules.Accompanied(row.done, row.planned, row.left) for row in people]


class _Days(NamedTuple):
    """The days of all together.

    :ivar granted: to all who take part, and to those that left the days that they had;
        ``None`` where the season counts no days
    """

    granted: Decimal | None
    done: Decimal
    planned: Decimal


def _sums(cohort: Cohort, ones: Sequence[rules.Accompanied]) -> _Days:
    each = cohort.days_per_participant
    return _Days(
        None
        if each is None
        else sum([one.done if one.left else each for one in ones], _ZERO),
        sum([one.done for one in ones], _ZERO),
        sum([one.planned for one in ones], _ZERO),
    )


def _totals(days: _Days) -> dict[str, Any]:
    granted, done, planned = days
    return {
        "granted": as_json(granted),
        "done": as_json(done),
        "planned": as_json(planned),
        "left": as_json(None if granted is None else granted - done - planned),
    }


def _collectivite(row: Any, days_left: Decimal | None) -> dict[str, Any]:
    return {
        "participant_id": row.id,
        "organization_name": row.name,
        "name": row.title or row.name,
        "adviser_id": row.adviser_id,
        "state": row.state,
        "left": row.left,
        "days_done": as_json(row.done),
        "days_planned": as_json(row.planned),
        "days_left": as_json(days_left),
    }


def _funders(cohort: Cohort, ones: Sequence[rules.Accompanied]) -> list[dict[str, Any]]:
    accounts = rules.accounts(
        cohort.funding, cohort.days_per_participant, cohort.capacity, ones
    )
    return [
        {
            "id": rules.funder_id(account.name),
            "name": account.name,
            "currency": cohort.currency,
            "rule": account.rules[0],
            "rules": [*account.rules],
            "promised": as_json(account.promised),
            "engaged": as_json(account.engaged),
            "spent": as_json(account.spent),
            "forecast": as_json(account.forecast),
        }
        for account in accounts
    ]


def _advisers(
    cohort: Cohort,
    people: Sequence[Any],
    left: Sequence[Decimal | None],
    spans: Sequence[Any],
) -> list[dict[str, Any]]:
    """Those who gave days or will, and those to whom somebody is entrusted.

    :param left: the days that each of the people has left
    """
    entrusted = {row.adviser_id for row in people if not row.left and row.adviser_id}
    ids = {row.adviser_id for row in spans} | entrusted
    known = {
        row.id: row.name
        for row in model.Session.execute(
            sa.select(model.User.id, name_of(model.User).label("name")).where(
                model.User.id.in_(sorted(filter(None, ids)))
            )
        )
    }
    found = []
    for id_ in ids:
        own = [row for row in spans if row.adviser_id == id_]
        theirs = [
            days
            for row, days in zip(people, left, strict=True)
            if days is not None and row.adviser_id == id_
        ]
        found.append(
            {
                "id": id_,
                "name": known.get(id_),
                "days_done": as_json(sum([row.done for row in own], _ZERO)),
                "days_planned": as_json(sum([row.planned for row in own], _ZERO)),
                "days_left": None
                if cohort.days_per_participant is None
                else as_json(sum(theirs, _ZERO)),
            }
        )
    found.sort(key=lambda row: (row["name"] is None, sort_key(row["name"] or "")))
    return found


def _through(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    """The first days of the months from one to the other."""
    month = first
    while month <= last:
        yield month
        month = (month + dt.timedelta(days=32)).replace(day=1)


def _months(spans: Sequence[Any]) -> list[dict[str, Any]]:
    if not spans:
        return []
    found = []
    for month in _through(spans[0].month, spans[-1].month):
        own = [row for row in spans if row.month == month]
        found.append(
            {
                "month": f"{month:%Y-%m}",
                "days_done": as_json(sum([row.done for row in own], _ZERO)),
                "days_planned": as_json(sum([row.planned for row in own], _ZERO)),
            }
        )
    return found


def _forecast(
    cohort: Cohort, days: _Days, funders: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    granted, done, planned = days
    expected = rules.expected(
        done,
        planned,
        granted,
        start=cohort.launch,
        end=cohort.finalisation,
        today=config.today(),
    )
    return {
        "date": as_json(cohort.finalisation),
        "days_booked": as_json(done + planned),
        "days_expected": as_json(expected),
        "days_unused": None
        if granted is None
        else as_json(max(_ZERO, granted - expected)),
        "spent": round(sum(row["forecast"] for row in funders), 2),
    }
