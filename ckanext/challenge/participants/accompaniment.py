"""What visits, the conversation and the adviser's desk have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common.action_helpers import cohort_of
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.model import Participant, ParticipantMessage, Staff, Visit
from ckanext.challenge.model.dictize import columns, name_of

_MESSAGE = ("id", "side", "text", "created_at")
_VISIT = (
    "id",
    "participant_id",
    "date",
    "days",
    "topic",
    "adviser_id",
    "starts_at",
    "duration",
    "place",
    "kind",
    "state",
    "group_id",
    "shared_by",
    "counted",
    "created_at",
    "updated_at",
)


def on_team(cohort_id: str, reference: str) -> model.User:
    """The user of that id or name, who is on the team of a season.

    :raises ValidationError: on ``adviser`` when there is none, or who is not
    """
    user = model.User.get(reference)
    if user is not None:
        rows = model.Session.query(Staff.id).filter_by(
            cohort_id=cohort_id, user_id=user.id
        )
        if rows.first() is not None:
            return user
    raise tk.ValidationError(
        {"adviser": [tk._("This user is not on the team of the season")]}
    )


def is_open(participant: Participant) -> bool:
    """Whether something may still be noted of a participant."""
    return (
        cohort_of(participant).state != "archived"
        and participant.state in PARTICIPANT_COUNTED
    )


def open_for_words(participant: Participant) -> None:
    """Refuse what comes too late: a season in the archive, one who has left it.

    :raises ValidationError: on ``participant``
    """
    if not is_open(participant):
        raise tk.ValidationError(
            {"participant": [tk._("This season is over for this participant")]}
        )


class Used(NamedTuple):
    """The days of the visits of a participant: those that were, and those to come."""

    spent: Decimal
    planned: Decimal


NONE_USED = Used(Decimal(0), Decimal(0))


def days_used() -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """The sums of a :class:`Used`, of the visits that a statement reads."""
    return (
        sa.func.sum(Visit.counted).filter(Visit.state == "done"),
        sa.func.sum(Visit.counted).filter(Visit.state == "planned"),
    )


def has_left() -> sa.ColumnElement[bool]:
    """Whether a participant is no longer one, or its organization is deleted, as a
    condition of a statement that reads both.
    """
    return sa.or_(
        Participant.state.not_in(PARTICIPANT_COUNTED), model.Group.state != "active"
    )


def days_counted() -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """The days that count in the sums of a season, done and planned, of the visits that
    a statement reads with their participants and organizations.

    Of one that has left, those done stay; nobody goes to those that were planned.
    """
    done, _ = days_used()
    planned = sa.func.sum(Visit.counted).filter(
        Visit.state == "planned", sa.not_(has_left())
    )
    return sa.func.coalesce(done, Decimal(0)), sa.func.coalesce(planned, Decimal(0))


def as_used(sums: Sequence[Decimal | None]) -> Used:
    """What :func:`days_used` found."""
    return Used(*(days or Decimal(0) for days in sums))


def used(participant_id: str) -> Used:
    """The days that the visits of a participant take."""
    row = model.Session.execute(
        sa.select(*days_used()).where(Visit.participant_id == participant_id)
    ).one()
    return as_used(row)


def adviser_name(participant: Participant) -> str | None:
    """The name of who accompanies a participant, if somebody does."""
    if participant.adviser_id is None:
        return None
    row = model.Session.execute(
        sa.select(name_of(model.User)).where(model.User.id == participant.adviser_id)
    ).first()
    return row[0] if row else None


def dictize_message(
    message: ParticipantMessage, author: model.User | None
) -> dict[str, Any]:
    """A message as the API answers it."""
    return {
        **columns(message, _MESSAGE),
        "author": author.display_name if author else None,
    }


def dictize_visit(
    visit: Visit, adviser: model.User | None, staff: bool
) -> Mapping[str, Any]:
    """A visit as the API answers it; the notes are for the staff."""
    shown = {
        **columns(visit, _VISIT),
        "adviser": adviser.display_name if adviser else None,
    }
    if staff:
        shown["notes"] = visit.notes
    return shown
