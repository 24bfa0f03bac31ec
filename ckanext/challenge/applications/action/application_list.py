"""The applications to a season, or one's own, as a list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import class_mapper

from ckanext.challenge import programmes
from ckanext.challenge.applications import (
    answers,
    decisions,
    onboarding,
    query,
    reading,
    schema,
    waiting_list,
)
from ckanext.challenge.common import roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain.application_fields import WRITTEN
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.model import Application, Cohort, Staff
from ckanext.challenge.model.dictize import as_json, columns, name_of

# Columns, not objects of the session: a list is only read.
_columns: Any = Application.__table__.c
_staff: Any = Staff.__table__
_people: Any = class_mapper(model.User).local_table

_SHOWN = (
    "id",
    "reference",
    "cohort_id",
    *WRITTEN,
    "consent_at",
    "state",
    "state_reason",
    "waitlist_rank",
    "created_at",
    "updated_at",
    "submitted_at",
    "decided_at",
    "user_id",
    "organization_id",
)
#: What only the team of the season reads.
_FOR_MANAGERS = ("obligation", "reviewer_id", "pending_decision")


@tk.side_effect_free
def challenge_application_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the applications to a season, or one's own.

    Managers of the season and sysadmins may call this with ``cohort``; any user
    without it, for the applications made with that account, or for its address once
    that is proved. Managers see no drafts:
    these are their applicants' own until they are handed in.

    :param cohort: the id or name of the season
    :type cohort: string
    :param state: only applications in one of these states
    :type state: list of strings, or a string with commas
    :param q: part of a name, reference or SIREN, or of the contact's name or address
    :type q: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :param sort: ``submitted`` (unasked), ``name``, ``population`` (the largest
        first), ``state`` (in the order of a life), ``reference`` or, with ``cohort``,
        ``score`` (the highest average first; those whose scores one does not see last)
    :type sort: string
    :param order: ``asc`` or ``desc``
    :type order: string
    :returns: ``{count, results}``, the first submitted first
    :rtype: dict

    With ``cohort`` there are more filters, and more is answered:

    :param kind: ``commune``, ``cc``, ``ca``, ``cu``, ``metropole`` or ``autre``
    :type kind: string
    :param departement: its code
    :type departement: string
    :param obligation: ``concerned``, ``not_concerned`` or ``unknown``: the duty to
        publish
    :type obligation: string
    :param reviewer: the id of a user, ``me``, or ``none`` for those nobody reads
    :type reviewer: string
    :param reading: only those to which the caller, as a reader, is this: ``none``
        (has given no score), ``scored`` or ``conflict``
    :type reading: string
    :param answers: only those that answer the season's own questions like this, by
        their keys (those answered by yes or no, or out of a list; of several choices
        one); or one by one, as ``answers-<key>``
    :type answers: dict
    :param columns: keys of the season's own questions whose answers are answered too
    :type columns: list of strings, or a string with commas
    :param pending: only those with a decision that waits to be published (false)
    :type pending: bool
    :param ids: only these
    :type ids: list of strings
    :param around: the id of an application: what comes before and after it in this
        list
    :type around: string
    :returns: also ``facets`` (``state``: how many of those that meet all filters but
        ``state`` and ``pending`` are in each state; ``pending``: how many of them have
        a decision to be published; ``departement``: the codes that occur), and in each
        result ``obligation``, ``reviewer_id`` and ``pending_decision`` (with
        ``by_name``: who keeps it), and where the season has criteria ``score``
        (``{readers, average, spread}``, ``None`` as long as one does not see it; see
        :py:func:`challenge_score_list`) and ``part`` (as ``reading`` takes it), and
        with ``columns`` ``answers``, by key;
        ``next_in_line`` (``{id, organization_title}`` of the first on the waiting
        list who is not about to be refused, where one of the chosen waits);
        ``season`` (``{id, name, title, state, capacity, questions, reading, taken,
        promised, asks_feedback}``, ``reading`` being the phase of its reading, where it
        has criteria, ``promised`` the places that acceptances which are kept will take,
        those of ``ids`` left out) and ``reviewers``
        (``{id, name}``: its managers, who may be given one to read); with ``around``
        also ``neighbours`` (``{previous, next, position}``, ids and a number from 1,
        ``None`` where there is none)
    """
    data = answers.with_filters(
        data_dict, lambda plain: validate(context, plain, schema.application_list())
    )
    if "cohort" not in data:
        tk.check_access("challenge_application_list", context, {})
        return _own(context, data)
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_application_list", context, {"cohort": cohort.id})
    chosen = query.conditions(context, cohort, data)
    facets = query.facets(chosen, data.get("departement"))
    chosen += query.narrowing(data)
    score = query.seen_score(context, cohort) if cohort.criteria else None
    more = []
    if score is not None:
        own = reading.part(roles.user_id_of(context))
        more = [score.label("score"), own.label("part")]
    shown = _asked_columns(cohort, data.get("columns", ()))
    if shown is not None:
        more.append(shown)
    beside = _beside(cohort.id, data.get("ids", ()))
    answer: dict[str, Any] = {
        "count": _count(data, facets, chosen),
        "results": _rows(chosen, data, (*_SHOWN, *_FOR_MANAGERS), more, score),
        "facets": {
            "state": facets.states,
            "pending": facets.pending,
            "departement": facets.departements,
        },
        "next_in_line": beside.head if "waitlisted" in facets.states else None,
        "season": {
            **columns(
                cohort, ("id", "name", "title", "state", "capacity", "questions")
            ),
            "reading": reading.phase_of(cohort) if cohort.criteria else None,
            "taken": beside.taken,
            "promised": beside.promised,
            "asks_feedback": bool(programmes.of(cohort).feedback),
        },
        "reviewers": sorted(
            beside.reviewers or [], key=lambda one: sort_key(one["name"])
        ),
    }
    if "around" in data:
        answer["neighbours"] = query.neighbours(chosen, data, data["around"], score)
    return answer


def _asked_columns(cohort: Cohort, keys: Iterable[str]) -> sa.Label[Any] | None:
    """The answers to some questions of a season, as an object of JSON.

    :raises ValidationError: on ``columns`` for what the season does not ask
    """
    asked = {question["key"] for question in cohort.questions}
    parts: list[Any] = []
    for key in keys:
        if key not in asked:
            text = tk._("“{value}” is not one of: {allowed}").format(
                value=key[:40], allowed=", ".join(sorted(asked))
            )
            raise tk.ValidationError({"columns": [text]})
        parts += [sa.literal(key), _columns.answers[key]]
    if not parts:
        return None
    return sa.func.jsonb_build_object(*parts, type_=JSONB).label("answers")


def _count(data: dict[str, Any], facets: query.Facets, chosen: list[Any]) -> int:
    """How many there are, from what was counted already where that tells."""
    if data.get("pending"):
        return sum(query.facets(chosen).states.values())
    return sum(
        number
        for state, number in facets.states.items()
        if "state" not in data or state in data["state"]
    )


def _own(context: Context, data: dict[str, Any]) -> dict[str, Any]:
    chosen: list[Any] = [
        query.of_account(roles.user_id_of(context)),
        *query.narrowing({"state": data["state"]} if "state" in data else {}),
    ]
    if "q" in data:
        chosen.append(query.matching(data["q"]))
    return {
        "count": sum(query.facets(chosen).states.values()),
        "results": _rows(chosen, data, _SHOWN),
    }


@lru_cache(maxsize=16)
def _selected(
    names: tuple[str, ...], obligation: sa.ColumnElement[str]
) -> sa.sql.Select[Any]:
    # Thirty columns, the same in list after list.
    return sa.select(
        *(obligation if name == "obligation" else _columns[name] for name in names)
    )


def _rows(
    chosen: list[Any],
    data: dict[str, Any],
    names: tuple[str, ...],
    more: Sequence[sa.Label[Any]] = (),
    score: sa.ColumnElement[Any] | None = None,
) -> list[dict[str, Any]]:
    """The rows of the page that is asked for.

    :param names: of the columns that are answered
    :param more: what is answered besides
    :param score: what the caller sees of the scores, to sort by
    """
    if not data["limit"]:
        return []
    rows = model.Session.execute(
        _selected(names, query.obligation())
        .add_columns(*more)
        .where(*chosen)
        .order_by(*query.order(data, score))
        .offset(data["offset"])
        .limit(data["limit"])
    )
    keys = (*names, *(column.name for column in more))
    shown = [dict(zip(keys, map(as_json, row), strict=True)) for row in rows]
    if "pending_decision" in names:
        kept = decisions.named([row["pending_decision"] for row in shown])
        for row, one in zip(shown, kept, strict=True):
            row["pending_decision"] = one
    return shown


def _beside(cohort_id: str, but: Iterable[str]) -> Any:
    """What the list of a season is told with, in one statement.

    :param but: ids of applications whose kept acceptances promise no place
    :returns: ``taken`` and ``promised`` (places), ``head`` (who is next on the waiting
        list) and ``reviewers`` (its managers, who may be given one to read)
    """
    statement = _statement_beside(tuple(but))
    return model.Session.execute(statement, {"cohort": cohort_id}).one()


@lru_cache(maxsize=1)
def _statement_beside(but: tuple[str, ...]) -> sa.sql.Select[Any]:
    # The desk asks for no ids: it is put together once.
    cohort: Any = sa.bindparam("cohort")
    head = (
        sa.select(_as_object(_columns.id, _columns.organization_title))
        .where(*waiting_list.may_be_next(cohort))
        .order_by(_columns.waitlist_rank)
        .limit(1)
    )
    reader = _as_object(_people.c.id, name_of(_people.c).label("name"))
    managers = (
        sa.select(sa.func.jsonb_agg(reader))
        .select_from(_people.join(_staff, _staff.c.user_id == _people.c.id))
        .where(_staff.c.cohort_id == cohort, _staff.c.role == "manager")
    )
    statements = {
        "taken": onboarding.places_taken(cohort),
        "promised": decisions.promises(cohort, but),
        "head": head,
        "reviewers": managers,
    }
    return sa.select(
        *(
            statement.scalar_subquery().label(name)
            for name, statement in statements.items()
        )
    )


def _as_object(*values: Any) -> sa.ColumnElement[Any]:
    """An object of JSON with these columns, under their names."""
    parts = (part for value in values for part in (value.name, value))
    return sa.func.jsonb_build_object(*parts)
