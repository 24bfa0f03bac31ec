"""What the team of a season wants to keep and to change in the next one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.orm import aliased

from ckanext.challenge import programmes
from ckanext.challenge.common import fields, journal, language, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    user_id_of,
    validate,
)
from ckanext.challenge.model import Cohort, Lesson
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns, name_of
from ckanext.challenge.reports import report, schema

from .agreement import cohort_of

_SHOWN = (
    "id",
    "cohort_id",
    "kind",
    "text",
    "step",
    "from_cohort_id",
    "done",
    "created_at",
    "updated_at",
)


@tk.side_effect_free
def challenge_lesson_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List what the team of a season learnt, beside what there is to learn from.

    The team of the season and sysadmins may call this. A season that was made of
    another one begins with the lessons of that one.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results, steps, remaining, opinions, unread}``; ``results``
        lists ``{id, cohort_id, kind, text, step, step_title, from_cohort_id,
        from_title, done, author, created_at, updated_at}``: ``kind`` is ``keep`` or
        ``change``, ``from_cohort_id`` the season in which it was learnt where it is
        another, and ``done`` tells whether this season has dealt with it. ``steps`` are
        those of the programme, ``{step, title}`` each, ``remaining`` are the steps that
        most have not done, and ``opinions`` the answers at the end, both as in the
        ``account`` of :py:func:`challenge_cohort_report`. ``unread`` is
        ``{participants, steps, kits}``: of how many participants none of the people was
        ever on the portal, so that nobody read the help of a step; of how many of these
        each step is still asked (``{step, title, number}``); and the kits that no
        participant chose or began to prepare (``{kit, title}``). It is as of today: who
        reads what is noted nowhere
    :rtype: dict
    """
    data = validate(context, data_dict, schema.paged())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_lesson_list", context, {"cohort": cohort.id})
    titles = _titles(cohort)
    other = aliased(Cohort)
    query = (
        sa.select(
            Lesson,
            other.title.label("from_title"),
            name_of(model.User).label("author"),
        )
        .outerjoin(other, other.id == Lesson.from_cohort_id)
        .outerjoin(model.User, model.User.id == Lesson.author_id)
        .where(Lesson.cohort_id == cohort.id)
        .order_by(Lesson.kind.desc(), Lesson.created_at, Lesson.id)
    )
    rows = model.Session.execute(query).all()
    shown = rows[data["offset"] : data["offset"] + data["limit"]]
    return {
        "count": len(rows),
        "results": [
            {
                **columns(row.Lesson, _SHOWN),
                "step_title": titles.get(row.Lesson.step),
                "from_title": row.from_title,
                "author": row.author,
            }
            for row in shown
        ],
        **report.to_learn_from(cohort),
    }


def challenge_lesson_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Write down what to keep or to change in the next season.

    The team of the season and sysadmins may call this, at any time.

    :param cohort: the id or name of the season
    :type cohort: string
    :param kind: ``keep`` or ``change``
    :type kind: string
    :param text: what, and why
    :type text: string
    :param step: the key of the step of the programme that it is about (none)
    :type step: string
    :param done: whether it is dealt with already (false)
    :type done: bool
    :returns: the lesson, as :py:func:`challenge_lesson_list` shows it but for names
    :rtype: dict
    :raises ValidationError: by field
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_lesson_create", context, {"cohort": cohort.id})
    made = Lesson(cohort_id=cohort.id, author_id=user_id_of(context))
    made.created_at = utcnow()
    _fill(made, _checked(context, data_dict, cohort))
    model.Session.add(made)
    model.Session.flush()
    return _stored(context, made, "create")


def challenge_lesson_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change a lesson; what is not given is emptied.

    The team of its season and sysadmins may call this. The
    other parameters are those of :py:func:`challenge_lesson_create` but for ``cohort``.

    :param id: the id of the lesson
    :type id: string
    :returns: the lesson, as :py:func:`challenge_lesson_list` shows it but for names
    :rtype: dict
    :raises ValidationError: by field
    """
    found = _find(validate(context, data_dict, fields.reference())["id"])
    tk.check_access("challenge_lesson_update", context, {"cohort": found.cohort_id})
    _fill(found, _checked(context, data_dict, cohort_of(found.cohort_id)))
    return _stored(context, found, "update")


def challenge_lesson_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Delete a lesson.

    The team of its season and sysadmins may call this.

    :param id: the id of the lesson
    :type id: string
    """
    found = _find(validate(context, data_dict, fields.reference())["id"])
    tk.check_access("challenge_lesson_delete", context, {"cohort": found.cohort_id})
    _record(context, found, "delete")
    model.Session.delete(found)
    commit(context)


def _find(id_: Any) -> Lesson:
    found = model.Session.get(Lesson, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such lesson"))
    return found


def _titles(cohort: Cohort) -> dict[str | None, str]:
    spoken = language.current()
    return {step.key: step.title.in_(spoken) for step in programmes.of(cohort).steps}


def _checked(
    context: Context, data_dict: Mapping[str, Any], cohort: Cohort
) -> dict[str, Any]:
    data = validate(context, data_dict, schema.lesson())
    step = data.get("step")
    if step and step not in _titles(cohort):
        text = tk._("The programme of this season has no such step")
        raise tk.ValidationError({"step": [text]})
    return data


def _fill(row: Lesson, data: Mapping[str, Any]) -> None:
    row.kind, row.text, row.step = data["kind"], data["text"], data.get("step")
    row.done = bool(data.get("done"))
    row.updated_at = utcnow()


def _record(context: Context, row: Lesson, done: str) -> None:
    told = {"id": row.id, "kind": row.kind}
    journal.record(actor_of(context), f"lesson_{done}", "cohort", row.cohort_id, told)


def _stored(context: Context, row: Lesson, done: str) -> dict[str, Any]:
    _record(context, row, done)
    shown = columns(row, _SHOWN)
    commit(context)
    return shown
