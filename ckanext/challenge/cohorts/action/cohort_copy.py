"""A new season made of one that was."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.cohorts import schema
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    validate,
)
from ckanext.challenge.domain import copying, deadlines
from ckanext.challenge.model import CampaignModel, Cohort, Lesson, Staff
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json, columns

#: What a season has in common with the one before. What participants said of it,
#: its state and what was to come by itself are its own.
_KEPT = (
    "description",
    "programme",
    "capacity",
    "kinds",
    "days_per_participant",
    "funding",
    "currency",
    "contact_email",
    "hashtag",
    "partners",
    "questions",
    "criteria",
    "automatic_promotion",
    "stalled_days",
    "stalled_late_steps",
)
_OF_MODEL = ("audience", "title", "subject", "text")


def challenge_cohort_copy(context: Context, data_dict: dict[str, Any]) -> Any:
    """Make a new season of another one, as a draft.

    Sysadmins may call this and, where ``ckanext.challenge.managers_create_cohorts``
    allows it, the managers of the season that is copied. All dates move by as many days
    as the launch; texts, places, funding, partners, questions, criteria, models
    of messages and staff are those of the other season. It begins with the lessons of
    that one. Its testimonials, participants, applications and late-entry codes are not
    copied.

    :param id: the id or name of the season to copy
    :type id: string
    :param name: the address of the new one
    :type name: string
    :param title: its title
    :type title: string
    :param season: its number
    :type season: int
    :param launch: the day of its launch
    :type launch: string
    :param dry_run: only answer what it would be (false); the new season then has no
        ``id``
    :type dry_run: bool
    :returns: the new season
    :rtype: dict
    :raises ValidationError: by field
    """
    named = validate(context, data_dict, fields.reference())
    source = roles.seen_cohort(context, named["id"])
    tk.check_access("challenge_cohort_copy", context, {"id": source.id})
    data = validate(context, data_dict, schema.cohort_copy())
    made = {
        **columns(source, _KEPT),
        "name": data["name"],
        "title": data["title"],
        "season": data["season"],
        **_dates(source, data["launch"]),
        # An agreement is of its season.
        "funding": [
            {name: value for name, value in line.items() if name != "promised"}
            for line in source.funding
        ],
    }
    copied = tk.get_action("challenge_cohort_create")(
        {"user": context.get("user", ""), "ignore_auth": True, "defer_commit": True},
        made,
    )
    if data.get("dry_run"):
        model.Session.rollback()
        return {**copied, "id": None}
    _copy_staff(context, source, copied["id"])
    _copy_lessons(source, copied["id"])
    _copy_models(source, copied["id"])
    journal.record(
        actor_of(context), "copy", "cohort", copied["id"], {"from": source.id}
    )
    commit(context)
    return copied


def _dates(source: Cohort, launch: dt.date) -> dict[str, Any]:
    names = (*deadlines.MILESTONES, *schema.READING_DATES)
    milestones = {name: getattr(source, name) for name in names}
    try:
        dates = copying.shifted(milestones, launch)
    except OverflowError:
        text = tk._("With this launch, other dates would leave the calendar")
        raise tk.ValidationError({"launch": [text]}) from None
    return {name: as_json(day) for name, day in dates.items()}


def _copy_models(source: Cohort, cohort_id: str) -> None:
    """The messages that are kept to write others with go on with the next season."""
    kept = model.Session.query(CampaignModel).filter_by(cohort_id=source.id)
    model.Session.add_all(
        CampaignModel(cohort_id=cohort_id, **columns(one, _OF_MODEL))
        for one in kept.order_by(CampaignModel.title)
    )


def _copy_staff(context: Context, source: Cohort, cohort_id: str) -> None:
    """Give the same people the same roles; those whose account is gone are not."""
    people = (
        model.Session.query(Staff)
        .join(model.User, model.User.id == Staff.user_id)
        .filter(Staff.cohort_id == source.id, model.User.state == "active")
    )
    entries = []
    for one in people:
        key = {"cohort_id": cohort_id, "user_id": one.user_id, "role": one.role}
        named = Staff(**key, created_at=utcnow())
        model.Session.add(named)
        model.Session.flush()
        entries.append(
            journal.Entry(actor_of(context), "create", "staff", named.id, key)
        )
    journal.record_many(entries)


def _copy_lessons(source: Cohort, cohort_id: str) -> None:
    """Begin with what was learnt: in the season that is copied, or before it."""
    learnt = (
        model.Session.query(Lesson)
        .filter_by(cohort_id=source.id)
        .order_by(Lesson.created_at, Lesson.id)
    )
    now = utcnow()
    model.Session.add_all(
        Lesson(
            cohort_id=cohort_id,
            kind=one.kind,
            text=one.text,
            step=one.step,
            from_cohort_id=one.from_cohort_id or source.id,
            author_id=one.author_id,
            # In the order in which they were learnt.
            created_at=now + dt.timedelta(microseconds=number),
            updated_at=now,
        )
        for number, one in enumerate(learnt)
        # What the season that is copied has dealt with is in its texts and programme.
        if not one.done
    )
    model.Session.flush()
