"""The same deed for many participants: one after the other, each for itself.

A deed is an action that is there for one participant too, called under its lock. Before
it is, the row is looked at: what is so already is left, so that the same batch done
twice does nothing the second time.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from sqlalchemy.exc import SQLAlchemyError

from ckanext.challenge.applications import invitations
from ckanext.challenge.common.action_helpers import (
    cohort_of,
    commit,
    find_participant,
    is_deferred,
)
from ckanext.challenge.domain.lifecycle import AWARD_HELD, PARTICIPANT_COUNTED
from ckanext.challenge.model import (
    Award,
    Cohort,
    Mail,
    Participant,
    ParticipantMessage,
    StepStatus,
    locks,
)
from ckanext.challenge.model.base import utcnow

from . import accompaniment

log = logging.getLogger(__name__)

#: The same words are not written, and the same person is not invited, twice within
#: this time: somebody has sent a form again.
_SAME_WORDS = dt.timedelta(days=1)
_SAME_INVITATION = dt.timedelta(hours=1)


@dataclass(frozen=True)
class _One:
    """A participant whose turn it is, its row locked.

    :ivar context: of the caller, who commits what the actions do
    """

    context: Context
    cohort: Cohort
    participant: Participant
    data: Mapping[str, Any]

    def own_context(self) -> Context:
        """A fresh context of the caller, in the transaction of this participant."""
        asked: dict[str, Any] = {
            "user": self.context.get("user", ""),
            "ignore_auth": bool(self.context.get("ignore_auth")),
            "defer_commit": True,
            "to_many": len(self.data["participants"]) > 1,
        }
        return cast(Context, asked)

    def call(self, action: str, **data: Any) -> Any:
        """Call an action as the caller."""
        return tk.get_action(action)(self.own_context(), data)


#: What a deed answers where there was nothing to do: why, in a sentence.
_Done = str | None


def carry_out(
    context: Context, id_: str, data: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """Do it to one participant, in a transaction of its own.

    Where the caller of the action commits, it is done in the caller's, and what fails
    is raised.

    :param data: the deed (``do``), what is said with it, all of its ``participants``,
        and ``dry_run``: whether it is only tried, and undone
    :returns: what came of it (``id``, ``organization_name``, ``organization_title``,
        ``ok``, ``changed``, ``text`` and ``errors``), and the id of the organization
        that is to be evaluated, empty where none is
    """
    result: dict[str, Any] = {
        "id": id_,
        "organization_name": None,
        "organization_title": None,
        "ok": False,
        "changed": False,
        "text": None,
        "errors": {},
    }
    organization_id = ""
    try:
        participant = find_participant(id_)
        group = model.Session.get(model.Group, participant.organization_id)
        if group is not None:
            result["organization_name"] = group.name
            result["organization_title"] = group.title or group.name
        one = _One(context, cohort_of(participant), participant, data)
        _lock(one)
        left = _DEEDS[data["do"]](one)
        result |= {"ok": True, "changed": left is None, "text": left}
        if left is None:
            organization_id = participant.organization_id
        if data["dry_run"]:
            model.Session.rollback()
        else:
            commit(context)
    except Exception as error:
        model.Session.rollback()
        if is_deferred(context):
            raise
        result["errors"] = _errors(id_, error)
    return result, organization_id


def _lock(one: _One) -> None:
    """Hold the participant, in the order in which all others do: the season first.

    :raises ValidationError: on ``participant`` for one that has left the season
    """
    locks.refresh_for_share(one.cohort)
    locks.refresh_for_update(one.participant)
    if one.participant.state not in PARTICIPANT_COUNTED:
        raise tk.ValidationError(
            {"participant": [tk._("This collectivité has left the season")]}
        )


def _assign(one: _One) -> _Done:
    reference = one.data.get("adviser")
    adviser = accompaniment.on_team(one.cohort.id, reference) if reference else None
    if one.participant.adviser_id == (adviser.id if adviser else None):
        return tk._("Nothing to change: this is so already")
    named = {"adviser": adviser.id} if adviser else {}
    one.call("challenge_participant_assign", id=one.participant.id, **named)
    return None


def _waive(one: _One) -> _Done:
    step = one.data["step"]
    status = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=one.participant.id, step=step, state="waived")
        .first()
    )
    if status is not None:
        return tk._("Nothing to change: this step is waived already")
    one.call(
        "challenge_step_waive",
        participant=one.participant.id,
        step=step,
        reason=one.data["reason"],
    )
    return None


def _extend(one: _One) -> _Done:
    step, due = one.data["step"], one.data["due"].isoformat()
    given = one.call(
        "challenge_extension_list", participant=one.participant.id, limit=1000
    )
    if any(row["step"] == step and row["due"] == due for row in given["results"]):
        return tk._("Nothing to change: this day was given already")
    one.call(
        "challenge_extension_create",
        participants=[one.participant.id],
        step=step,
        due=due,
        reason=one.data["reason"],
    )
    return None


def _badge(one: _One) -> _Done:
    held = model.Session.query(Award.id).filter(
        Award.badge == one.data["badge"],
        Award.organization_id == one.participant.organization_id,
        Award.cohort_id == one.cohort.id,
        Award.state.in_(sorted(AWARD_HELD)),
    )
    if held.first() is not None:
        return tk._("Nothing to change: it holds this badge already")
    one.call(
        "challenge_award_create",
        badge=one.data["badge"],
        organization=one.participant.organization_id,
        cohort=one.cohort.id,
        reason=one.data["reason"],
    )
    return None


def _message(one: _One) -> _Done:
    last = (
        model.Session.query(ParticipantMessage)
        .filter_by(participant_id=one.participant.id)
        .order_by(ParticipantMessage.created_at.desc(), ParticipantMessage.id)
        .first()
    )
    if (
        last is not None
        and last.side == "staff"
        and last.text == one.data["text"]
        and last.created_at > utcnow() - _SAME_WORDS
    ):
        return tk._("Not sent again: this is the last message of the conversation")
    one.call(
        "challenge_participant_message_create",
        participant=one.participant.id,
        text=one.data["text"],
    )
    return None


def _invite(one: _One) -> _Done:
    organization_id = one.participant.organization_id
    waiting = invitations.of(organization_id)
    if not waiting:
        return tk._("Nobody to invite again: all who were invited have come")
    lately = {
        user_id
        for (user_id,) in model.Session.query(Mail.user_id).filter(
            Mail.kind == "invitation",
            Mail.created_at > utcnow() - _SAME_INVITATION,
            Mail.data["organization_id"].astext == organization_id,  # type: ignore[attr-defined]
        )
    }
    again = [one_ for one_ in waiting if one_.user.id not in lately]
    if not again:
        return tk._("Not sent again: the invitation was sent less than an hour ago")
    if one.data["dry_run"]:
        # Each call counts against how many may be invited in an hour.
        asked = {"organization": organization_id}
        tk.check_access("challenge_member_invite", one.own_context(), asked)
        return None
    for invitation in again:
        one.call(
            "challenge_member_invite",
            organization=organization_id,
            email=invitation.user.email,
            role=invitation.row.role,
        )
    return None


_DEEDS: dict[str, Callable[[_One], _Done]] = {
    "assign": _assign,
    "message": _message,
    "waive": _waive,
    "extend": _extend,
    "badge": _badge,
    "invite": _invite,
}


def _errors(id_: str, error: Exception) -> dict[str, Any]:
    """What is told of one that it could not be done to, by field."""
    if isinstance(error, tk.ObjectNotFound):
        return {"id": [str(error)]}
    if isinstance(error, tk.NotAuthorized):
        return {"id": [str(error) or tk._("You are not allowed to do this")]}
    if isinstance(error, tk.ValidationError):
        return error.error_dict
    log.error(
        "Participant %s: the batch failed with %s",
        id_,
        type(error).__name__,
        # The database's own words quote the row.
        exc_info=None if isinstance(error, SQLAlchemyError) else error,
    )
    return {"id": [tk._("Something went wrong here; nothing was changed")]}
