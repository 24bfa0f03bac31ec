"""The journal of one object, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.common import language
from ckanext.challenge.domain import deadlines, reading
from ckanext.challenge.views.common import act

from .settings.cohort import field_labels

#: How many entries a page shows: the journal itself has all.
MOST = 50


def _what(entity: str, entry: Mapping[str, Any], steps: Mapping[str, str]) -> str:
    """What was done, as one short sentence without a subject."""
    data = entry["data"] or {}
    action = entry["action"]
    if action == "transition" or (action == "step" and "to" in data):
        lived = "step" if action == "step" else entity
        before, after = (
            h.challenge_state(lived, data.get(name) or "")["label"]
            for name in ("from", "to")
        )
        text = tk._("“{before}” became “{after}”")
        if before == after:
            text = tk._("what is said of it was changed")
        text = text.format(before=before, after=after)
        if "step" not in data:
            return text
        return tk._("{step}: {change}").format(
            step=steps.get(data["step"], data["step"]), change=text
        )
    if entity == "cohort" and action == "update" and "fields" in data:
        return _changed(data)
    detailed = {
        "keep": tk._("Decision kept to be published: {decision}").format(
            decision=application_labels.decided().get(data.get("decision", ""), "")
        ),
        "move": tk._("From rank {before} to rank {after} on the waiting list").format(
            before=data.get("from"), after=data.get("to")
        ),
        "programme": tk._(
            "From version {before} of the programme to version {after}"
        ).format(before=data.get("from"), after=data.get("to")),
    }
    words = {
        **detailed,
        "announce_erasure": tk._("The end of the personal data was announced"),
        "assign": tk._("Handed to another person"),
        "attach": tk._("A file was added"),
        "choose_kits": tk._("Kits chosen"),
        "confirm_email": tk._("The contact opened the link we mailed"),
        "copy": tk._("Copied from another season"),
        "create": tk._("It was created"),
        "delete": tk._("It was deleted"),
        "detach": tk._("A file was removed"),
        "drop": tk._("Pending decision dropped"),
        "erase": tk._("Personal data erased"),
        "evaluate": tk._("Measured anew"),
        "import": tk._("Taken from a list"),
        "extend": tk._("Later date for a step"),
        "feedback": tk._("The final form was sent"),
        "join": tk._("Joined the season"),
        "message": tk._("A message was written"),
        "cancel_campaign": tk._("A message to several people was cancelled"),
        "delete_campaign_model": tk._("A model of a message was deleted"),
        "keep_campaign_model": tk._("A model of a message was kept"),
        "note": tk._("A note was written"),
        "pause_reminders": tk._("The reminders were paused"),
        "resume_reminders": tk._("The reminders go on"),
        "send_campaign": tk._("A message to several people was sent"),
        "write_campaign": tk._("A message to several people was written"),
        "score": tk._("A reader has given scores"),
        "conflict": tk._("A conflict of interest was declared"),
        "remind": tk._("The members were reminded of their steps"),
        "retry_mail": tk._("A mail was sent again"),
        "settle": tk._("A message was said to need no answer"),
        "undo_acceptance": tk._("The acceptance was undone"),
        "unextend": tk._("Later date for a step taken back"),
        "update": tk._("It was changed"),
        "visit": tk._("A visit was noted"),
        "visit_delete": tk._("A visit was taken out"),
        "visit_update": tk._("A visit was changed"),
    }
    return words.get(action, action)


def _changed(data: Mapping[str, Any]) -> str:
    """What of a season was changed, from what to what."""
    words, changes = field_labels(), data.get("changes", {})
    told = []
    for name in data["fields"]:
        label = words.get(name, name)
        if name in changes:
            before, after = (_value(name, value) for value in changes[name])
            text = tk._("{field}: {before} → {after}")
            told.append(text.format(field=label, before=before, after=after))
        else:
            told.append(tk._("{field}: changed").format(field=label))
    return " · ".join(told)


def _value(name: str, value: Any) -> str:
    """What a field of a season held, as people read it."""
    if value in (None, "", []):
        return tk._("nothing")
    if isinstance(value, bool):
        return tk._("yes") if value else tk._("no")
    worded = _WORDED.get(name)
    if worded is not None:
        return worded(value)
    if isinstance(value, int | float):
        return h.challenge_number(value)
    return str(value)


def _funding(rows: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{row['source']} {h.challenge_number(float(row['amount']))}" for row in rows
    )


def _criteria(rows: Sequence[Mapping[str, Any]]) -> str:
    """What they are called, and how much each counts: « Envie × 2 »."""
    spoken = language.current()
    return ", ".join(
        f"{one.label.in_(spoken)} × {one.weight}" for one in reading.read(rows)
    )


def _states(names: Sequence[str]) -> str:
    return ", ".join(h.challenge_state("cohort", name)["label"] for name in names)


#: How the fields are worded that are neither texts nor numbers.
_WORDED: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(
        (*deadlines.MILESTONES, "reading_opens", "reading_closes"), h.challenge_date
    ),
    "kinds": lambda kinds: ", ".join(map(h.challenge_kind, kinds)),
    "scheduled_transitions": _states,
    "funding": _funding,
    "criteria": _criteria,
    "season": str,
}


def history(
    entity: str, id_: str, steps: Mapping[str, str] | None = None
) -> dict[str, Any] | None:
    """What was done to an object, the latest first.

    :param entity: ``application``, ``award``, ``cohort`` or ``participant``
    :param steps: titles of steps, by their keys
    :returns: ``rows`` (``{when, iso, who, what}``) and ``more`` (how many older ones
        there are); ``None`` for a reader who is not to see it
    """
    asked = {"object_type": entity, "object_id": id_, "limit": MOST}
    try:
        found = act("challenge_journal_list", **asked)
    except tk.NotAuthorized:
        return None
    system, nobody = tk._("The portal"), tk._("The applicant")
    rows = [
        {
            "when": h.challenge_datetime(entry["at"]),
            "iso": entry["at"],
            "who": {"system": system, "anonymous": nobody}.get(
                entry["actor"], entry["actor_name"] or tk._("Somebody who has left")
            ),
            "what": _what(entity, entry, steps or {}),
        }
        for entry in found["results"]
    ]
    return {"rows": rows, "more": max(0, found["count"] - len(rows))}
