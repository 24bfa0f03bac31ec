"""What the templates of a mail about a participant are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.common import language
from ckanext.challenge.domain import deadlines
from ckanext.challenge.domain import progress as rules
from ckanext.challenge.model import Cohort, Participant, ParticipantMessage, StepStatus

__all__ = ["contents"]


def contents(
    kind: str, participant: Participant, cohort: Cohort, data: Mapping[str, Any]
) -> dict[str, Any]:
    """The variables of one kind of mail about a participant.

    :param data: ``step``, the key of the step it is about; ``message_id``; of a
        reminder ``late`` and ``soon``, keys of steps, and ``next``, the key of one
    :returns: ``organization`` (its title), ``link`` (to what is to be done), and what
        the kind needs
    """
    group = model.Group.get(participant.organization_id)
    words = _Steps(cohort)
    found: dict[str, Any] = {"organization": group.title or group.name if group else ""}
    anchor = ""
    if "step" in data:
        anchor = f"step-{data['step']}"
        found["step"] = words.title(data["step"])
    match kind:
        case "step_confirmed":
            # What comes next stands on top of the page.
            anchor = ""
            found |= {"done": participant.steps_done, "total": participant.steps_total}
        case "step_returned" | "step_to_confirm":
            status = _status(participant, data["step"])
            if status is not None:
                said = status.reason if kind == "step_returned" else status.note
                found["said"] = said
        case "participant_message" | "participant_message_staff":
            message = model.Session.get(
                ParticipantMessage, data.get("message_id") or ""
            )
            found["message"] = message.text if message else ""
            anchor = "conversation"
        case "reminder":
            found |= {
                "done": participant.steps_done,
                "total": participant.steps_total,
                "late": words.dated(data.get("late", ())),
                "soon": words.dated(data.get("soon", ())),
                "next": words.title(data["next"]) if data.get("next") else "",
            }
            if data.get("next"):
                anchor = f"step-{data['next']}"
    url = tk.h.url_for(
        "challenge_participant.read",
        cohort=cohort.name,
        organization=group.name if group else "",
        _external=True,
    )
    return {**found, "link": f"{url}#{anchor}" if anchor else str(url)}


def _status(participant: Participant, step: str) -> StepStatus | None:
    return (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step=step)
        .populate_existing()
        .first()
    )


class _Steps:
    """The steps of a season in the reader's words."""

    def __init__(self, cohort: Cohort) -> None:
        self.programme = programmes.of(cohort)
        self.due = rules.due_days(
            self.programme,
            {name: getattr(cohort, name) for name in deadlines.MILESTONES},
        )

    def title(self, key: str) -> str:
        """The title of a step; the key of one that the programme has no more."""
        step = self.programme.steps_by_key.get(key)
        return step.title.in_(language.current()) if step else key

    def dated(self, keys: Iterable[str]) -> list[tuple[str, str]]:
        """Titles of steps with the day on which they are due, in words."""
        return [
            (self.title(key), tk.h.challenge_date(day))
            for key in keys
            if (day := self.due.get(key))
        ]
