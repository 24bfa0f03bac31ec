"""The applications to a season, or one's own, as a list."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import programmes
from ckanext.challenge.applications import (
    decisions,
    onboarding,
    query,
    schema,
    waiting_list,
)
from ckanext.challenge.common import proofs, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain.application_fields import WRITTEN
from ckanext.challenge.domain.names import sort_key
from ckanext.challenge.model import Application, Staff
from ckanext.challenge.model.dictize import as_json, columns

# Columns, not objects of the session: a list is only read.
_columns: Any = Application.__table__.c

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
        first), ``state`` (in the order of a life) or ``reference``
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
        ``by_name``: who keeps it);
        ``next_in_line`` (``{id, organization_title}`` of the first on the waiting
        list who is not about to be refused, where one of the chosen waits);
        ``season`` (``{id, name, title, state, capacity, taken, promised,
        asks_feedback}``, ``promised``
        being the places that acceptances which are kept will take, those of ``ids``
        left out) and ``reviewers``
        (``{id, name}``: its managers, who may be given one to read); with ``around``
        also ``neighbours`` (``{previous, next, position}``, ids and a number from 1,
        ``None`` where there is none)
    """
    data = validate(context, data_dict, schema.application_list())
    if "cohort" not in data:
        tk.check_access("challenge_application_list", context, {})
        return _own(context, data)
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_application_list", context, {"cohort": cohort.id})
    chosen = query.conditions(context, cohort, data)
    paginate = query.facets(chosen, data.get("departement"))
    chosen += query.narrowing(data)
    answer: dict[str, Any] = {
        "count": _count(data, paginate, chosen),
        "results": _rows(chosen, data, (*_SHOWN, *_FOR_MANAGERS)),
        "facets": {
            "state": paginate.states,
            "pending": paginate.pending,
            "departement": paginate.departements,
        },
        "next_in_line": _next_in_line(cohort.id)
        if "waitlisted" in paginate.states
        else None,
        "season": {
            **columns(cohort, ("id", "name", "title", "state", "capacity")),
            "taken": onboarding.places(cohort).taken,
            "promised": decisions.promised(cohort.id, data.get("ids", ())),
            "asks_feedback": bool(programmes.of(cohort).feedback),
        },
        "reviewers": _reviewers(cohort.id),
    }
    if "around" in data:
        answer["neighbours"] = query.neighbours(chosen, data, data["around"])
    return answer


def _count(data: dict[str, Any], paginate: query.Facets, chosen: list[Any]) -> int:
    """How many there are, from what was counted already where that tells."""
    if data.get("pending"):
        return sum(query.facets(chosen).states.values())
    return sum(
        number
        for state, number in paginate.states.items()
        if "state" not in data or state in data["state"]
    )


def _own(context: Context, data: dict[str, Any]) -> dict[str, Any]:
    chosen: list[Any] = [
        _of_account(roles.user_id_of(context)),
        *query.narrowing({"state": data["state"]} if "state" in data else {}),
    ]
    if "q" in data:
        chosen.append(query.matching(data["q"]))
    return {
        "count": sum(query.facets(chosen).states.values()),
        "results": _rows(chosen, data, _SHOWN),
    }


def _of_account(user_id: str | None) -> sa.ColumnElement[bool]:
    """The applications of an account; see :func:`.roles.owns`."""
    made = _columns.user_id == user_id
    user = model.User.get(user_id) if user_id else None
    if user is None or not proofs.is_proved(user.id, user.email):
        return made
    return sa.or_(
        made,
        sa.and_(
            _columns.user_id.is_(None),
            _columns.erased_at.is_(None),
            sa.func.lower(_columns.contact_email) == str(user.email).lower(),
        ),
    )


def _rows(
    chosen: list[Any], data: dict[str, Any], names: tuple[str, ...]
) -> list[dict[str, Any]]:
    if not data["limit"]:
        return []
    rows = model.Session.execute(
        sa.select(
            *(
                query.obligation() if name == "obligation" else _columns[name]
                for name in names
            )
        )
        .where(*chosen)
        .order_by(*query.order(data))
        .offset(data["offset"])
        .limit(data["limit"])
    )
    shown = [dict(zip(names, map(as_json, row), strict=True)) for row in rows]
    if "pending_decision" in names:
        kept = decisions.named([row["pending_decision"] for row in shown])
        for row, one in zip(shown, kept, strict=True):
            row["pending_decision"] = one
    return shown


def _reviewers(cohort_id: str) -> list[dict[str, str]]:
    """The managers of the season, who may be given an application to read."""
    users = (
        model.Session.query(model.User)
        .join(Staff, Staff.user_id == model.User.id)
        .filter(Staff.cohort_id == cohort_id, Staff.role == "manager")
    )
    found = [{"id": user.id, "name": user.display_name} for user in users]
    return sorted(found, key=lambda one: sort_key(one["name"]))


def _next_in_line(cohort_id: str) -> dict[str, Any] | None:
    head = waiting_list.head(cohort_id)
    return columns(head, ("id", "organization_title")) if head else None
