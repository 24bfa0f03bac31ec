"""Choosing and ordering applications: for the list, the export and the way from one
file to the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import names, proofs, roles
from ckanext.challenge.directory.text import fold
from ckanext.challenge.domain import lifecycle, questions
from ckanext.challenge.domain.contacts import telephone_digits
from ckanext.challenge.domain.eligibility import Rule
from ckanext.challenge.model import Application, Cohort, Collectivite
from ckanext.challenge.model.duty import duty_status

from . import answers, reading

# The columns of the tables, not the attributes of the classes: a statement of these is
# put together in half the time, and nothing here wants an object of the session.
_columns: Any = Application.__table__.c
_known: Any = Collectivite.__table__.c

#: What a list can be sorted by, with the direction that is meant unasked.
SORTS: dict[str, str] = {
    "submitted": "asc",
    "name": "asc",
    "population": "desc",
    "state": "asc",
    "reference": "asc",
    "score": "desc",
}


def obligation() -> sa.ColumnElement[str]:
    """The duty to publish of each application, by the portal's rule."""
    return _obligation(
        config.obligation_rule(),
        config.obligation_population(),
        config.obligation_agents(),
    )


@lru_cache(maxsize=16)
def _obligation(rule: Rule, population: int, agents: float) -> sa.ColumnElement[str]:
    # The same expression in list after list: to put it together takes a while.
    return duty_status(
        _columns,
        rule=rule,
        population_threshold=population,
        agents_threshold=agents,
    )


def handed_in() -> sa.ColumnElement[bool]:
    """Applications that are the team's to read."""
    return sa.and_(
        _columns.state != "draft",
        # Taken back before it was handed in, it never was.
        sa.or_(_columns.state != "withdrawn", _columns.submitted_at.is_not(None)),
    )


def of_account(user_id: str | None) -> sa.ColumnElement[bool]:
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


def _pattern(text: str) -> str:
    """A pattern of ``LIKE`` that contains the text, whatever is in it."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return f"%{text}%"


def matching(text: str) -> sa.ColumnElement[bool]:
    """Applications that a few letters name."""
    part = _pattern(text)
    found = [
        names.containing(_columns.organization_title, text),
        _columns.reference.ilike(part),
        _columns.siren.like(_pattern(text.replace(" ", ""))),
        names.containing(_columns.contact_name, text),
        _columns.contact_email.ilike(part),
    ]
    if digits := telephone_digits(text):
        # However either of the two is written: « 02 38 00 00 00 », « +33 2.38… ».
        number = sa.func.regexp_replace(_columns.contact_phone, "[^0-9]", "", "g")
        found.append(number.like(f"%{digits}%"))
    if folded := fold(text):
        # « poinconnet » finds « Le Poinçonnet »: the directory keeps folded names.
        found.append(
            _columns.siren.in_(
                sa.select(_known.siren).where(_known.search_key.like(f"%{folded}%"))
            )
        )
    return sa.or_(*found)


def conditions(
    context: Context, cohort: Cohort, data: Mapping[str, Any]
) -> list[sa.ColumnElement[bool]]:
    """What the applications of a season must meet; all but :func:`narrowing`.

    :param data: validated by ``schema.application_list`` or ``application_export``,
        with the ``answers`` as they were given
    :raises ValidationError: on ``answers-<key>``
    """
    found: list[Any] = [_columns.cohort_id == cohort.id]
    # A draft is its applicant's own until it is handed in.
    if not roles.is_sysadmin(context):
        found.append(handed_in())
    if "kind" in data:
        found.append(_columns.kind == data["kind"])
    if "obligation" in data:
        found.append(obligation() == data["obligation"])
    if "reviewer" in data:
        reviewer = data["reviewer"]
        if reviewer == "me":
            reviewer = roles.user_id_of(context)
        found.append(
            _columns.reviewer_id.is_(None)
            if reviewer == "none"
            else _columns.reviewer_id == reviewer
        )
    if "reading" in data:
        found.append(reading.is_part(data["reading"], roles.user_id_of(context)))
    if wanted := answers.chosen(questions.read(cohort.questions), data):
        found.append(_columns.answers.contains(wanted))
    if "ids" in data:
        found.append(_columns.id.in_(data["ids"]))
    if "q" in data:
        found.append(matching(data["q"]))
    return found


def narrowing(data: Mapping[str, Any]) -> list[sa.ColumnElement[bool]]:
    """The conditions on what :func:`facets` tells apart."""
    found: list[Any] = []
    if "departement" in data:
        found.append(_columns.departement == data["departement"])
    if "state" in data:
        found.append(_columns.state.in_(data["state"]))
    if data.get("pending"):
        found.append(_columns.pending_decision.is_not(None))
    return found


def seen_score(context: Context, cohort: Cohort) -> sa.ColumnElement[Any]:
    """What the caller sees of the scores of each application, as an object of JSON;
    see :func:`.reading.summary`.
    """
    user_id = roles.user_id_of(context)
    visible = reading.visible(cohort, user_id, of_account(user_id))
    return sa.case((visible, reading.summary(cohort)))


def order(
    data: Mapping[str, Any], score: sa.ColumnElement[Any] | None = None
) -> list[Any]:
    """How the chosen applications follow each other; no two in the same place.

    :param score: as :func:`seen_score` answers it: what somebody does not see leads
        to no order
    """
    # The waiting list is read in its own order, unless another one is asked for.
    alone = list(data.get("state") or ()) == ["waitlisted"]
    sort = data.get("sort", "state" if alone else "submitted")
    keys: dict[str, list[Any]] = {
        "submitted": [_columns.submitted_at, _columns.created_at],
        "name": names.in_order(_columns.organization_title),
        "population": [_columns.population],
        "state": [
            sa.case(
                {state: at for at, state in enumerate(lifecycle.APPLICATION.states)},
                value=_columns.state,
            ),
            # The waiting list has an order of its own.
            _columns.waitlist_rank,
            _columns.submitted_at,
        ],
        "reference": [_columns.reference],
        "score": []
        if score is None
        else [sa.cast(score["average"].astext, sa.Numeric)],
    }
    down = data.get("order", SORTS[sort]) == "desc"
    ordered = [(key.desc() if down else key.asc()).nulls_last() for key in keys[sort]]
    return [*ordered, _columns.id]


@dataclass(frozen=True)
class Facets:
    """How many applications there are of each sort.

    :ivar states: for each state that has some, in the order of a life
    :ivar pending: how many have a decision that waits to be published
    :ivar departements: the codes that occur, whatever département is asked for
    """

    states: dict[str, int]
    pending: int
    departements: list[str]


def facets(
    chosen: list[sa.ColumnElement[bool]], departement: str | None = None
) -> Facets:
    """Count the chosen applications, in one statement.

    :param departement: count those of this one only
    """
    group = (_columns.state, _columns.departement)
    # One half reads an index and no row; there are few of the other half.
    every = sa.select(*group, sa.func.count(), sa.literal(0))
    held = sa.select(*group, sa.literal(0), sa.func.count())
    rows = model.Session.execute(
        sa.union_all(
            every.where(*chosen).group_by(*group),
            held.where(*chosen, _columns.pending_decision.is_not(None)).group_by(
                *group
            ),
        )
    ).all()
    numbers: dict[str, int] = {}
    pending = 0
    for state, code, number, kept in rows:
        if departement in (None, code):
            numbers[state] = numbers.get(state, 0) + number
            pending += kept
    return Facets(
        {
            state: numbers[state]
            for state in lifecycle.APPLICATION.states
            if state in numbers
        },
        pending,
        sorted({row[1] for row in rows if row[1]}),
    )


def neighbours(
    chosen: list[sa.ColumnElement[bool]],
    data: Mapping[str, Any],
    id_: str,
    score: sa.ColumnElement[Any] | None = None,
) -> dict[str, Any]:
    """What comes before and after an application in the list, in one statement.

    :param score: as for :func:`order`
    :returns: ``previous`` and ``next`` (ids, or ``None`` at either end) and
        ``position`` from 1; all ``None`` for one that is not in the list
    """
    over: dict[str, Any] = {"order_by": order(data, score)}
    listed = (
        sa.select(
            _columns.id,
            sa.func.lag(_columns.id).over(**over).label("previous"),
            sa.func.lead(_columns.id).over(**over).label("next"),
            sa.func.row_number().over(**over).label("position"),
        )
        .where(*chosen)
        .subquery()
    )
    row = model.Session.execute(sa.select(listed).where(listed.c.id == id_)).first()
    if row is None:
        return {"previous": None, "next": None, "position": None}
    return {"previous": row.previous, "next": row.next, "position": row.position}
