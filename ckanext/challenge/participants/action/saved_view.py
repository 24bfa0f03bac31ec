"""Ways to look at a season's participants, kept under a title."""

from __future__ import annotations

from functools import cache
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge.common import fields, journal, names, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    user_id_of,
    validate,
)
from ckanext.challenge.model import SavedView
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import columns, name_of
from ckanext.challenge.participants import filters, schema

#: How many one person keeps in a season: more is a list that nobody reads.
MOST = 30

#: What a view keeps beside the filters; what it means is the board's.
_LOOKS = ("view", "columns", "sort", "order")


@cache
def _visible() -> Any:
    # The board asks each time: it is put together once for a process.
    return (
        sa.select(SavedView, name_of(model.User), sa.func.count().over())
        .join(model.User, model.User.id == SavedView.user_id)
        .where(
            SavedView.cohort_id == sa.bindparam("cohort"),
            sa.or_(SavedView.user_id == sa.bindparam("reader"), SavedView.shared),
        )
        .order_by(*names.in_order(SavedView.title), SavedView.id)
    )


@tk.side_effect_free
def challenge_saved_view_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the views of a season's participants that the caller may use.

    The staff of the season and sysadmins may call this: it answers their own, and what
    others share with the team.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, by title: ``{id, title, query, shared, own, owner,
        created_at}`` each; ``query`` is as :py:func:`challenge_saved_view_create` takes
        it, ``owner`` the name of whose it is, ``own`` whether it is the caller's
    :rtype: dict
    """
    data = validate(context, data_dict, schema.saved_view_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_saved_view_list", context, {"cohort": cohort.id})
    user_id = user_id_of(context)
    visible = {"cohort": cohort.id, "reader": user_id}
    rows = model.Session.execute(
        _visible().limit(data["limit"]).offset(data["offset"]), visible
    ).all()
    count = rows[0][2] if rows else 0
    if not rows and (data["offset"] or not data["limit"]):
        count = model.Session.execute(
            sa.select(sa.func.count()).select_from(_visible().subquery()), visible
        ).scalar()
    return {
        "count": count,
        "results": [_dictize(view, owner, user_id) for view, owner, _ in rows],
    }


def challenge_saved_view_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Keep a way to look at a season's participants under a title.

    The staff of the season and sysadmins may call this, for themselves. One of the same
    title is replaced.

    :param cohort: the id or name of the season
    :type cohort: string
    :param title: what it is called
    :type title: string
    :param query: filters as :py:func:`challenge_participant_board` takes them, and
        ``view`` (``list`` or ``steps``), ``columns`` (their names with commas between
        them), ``sort`` and ``order``; an object or its JSON
    :type query: dict
    :param shared: whether the whole team of the season uses it (false)
    :type shared: bool
    :returns: as :py:func:`challenge_saved_view_list` answers it
    :rtype: dict
    :raises ValidationError: on ``title`` for one too many; on the part of ``query``
        that is wrong
    """
    data = validate(context, data_dict, schema.saved_view_create())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_saved_view_create", context, {"cohort": cohort.id})
    looks = {name: value for name, value in data["query"].items() if name in _LOOKS}
    asked = {name: value for name, value in data["query"].items() if name not in _LOOKS}
    filters.chosen(context, cohort, asked)
    rules = {name: rule for name, rule in schema.looks().items() if name in looks}
    kept = {
        name: str(value)
        for name, value in {**asked, **validate(context, looks, rules)}.items()
        if value not in (None, "")
    }
    user_id = user_id_of(context)
    _check_number(cohort.id, user_id, data["title"])
    table = SavedView.__table__
    stored = {
        "query": kept,
        "shared": data.get("shared", False),
        "created_at": utcnow(),
    }
    id_ = model.Session.execute(
        insert(table)
        .values(
            id=make_id(),
            cohort_id=cohort.id,
            user_id=user_id,
            title=data["title"],
            **stored,
        )
        .on_conflict_do_update(constraint="challenge_saved_view_once", set_=stored)
        .returning(table.c.id)
    ).scalar()
    # What it is called, and what it looks for, is its owner's.
    journal.record(
        actor_of(context), "save_view", "cohort", cohort.id, {"view_id": id_}
    )
    commit(context)
    view = SavedView.get(id_)
    assert view is not None
    model.Session.refresh(view)
    owner = model.User.get(user_id)
    return _dictize(view, owner.display_name if owner else None, user_id)


def challenge_saved_view_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Keep a view no more.

    Its owner may call this, and for a shared one the managers of the season and
    sysadmins.

    :param id: the id of the view
    :type id: string
    """
    data = validate(context, data_dict, fields.reference())
    view = find_view(data["id"])
    tk.check_access("challenge_saved_view_delete", context, {"id": view.id})
    model.Session.delete(view)
    journal.record(
        actor_of(context), "delete_view", "cohort", view.cohort_id, {"view_id": view.id}
    )
    commit(context)


def find_view(id_: Any) -> SavedView:
    """The view with that id.

    :raises ObjectNotFound: when there is none
    """
    found = SavedView.get(id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such view"))
    return found


def _check_number(cohort_id: str, user_id: str | None, title: str) -> None:
    number = (
        model.Session.query(SavedView)
        .filter(
            SavedView.cohort_id == cohort_id,
            SavedView.user_id == user_id,
            SavedView.title != title,
        )
        .count()
    )
    if number >= MOST:
        text = tk._("You keep {number} views here already: remove one first")
        raise tk.ValidationError({"title": [text.format(number=number)]})


def _dictize(view: SavedView, owner: str | None, user_id: str | None) -> dict[str, Any]:
    return {
        **columns(view, ("id", "title", "shared", "created_at")),
        "query": view.query,
        "own": view.user_id == user_id,
        "owner": owner,
    }
