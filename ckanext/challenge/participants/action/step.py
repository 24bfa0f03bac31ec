"""Steps: what people say of them, what advisers confirm, what managers waive."""

from __future__ import annotations

import datetime as dt
from contextlib import ExitStack
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import file_places, file_store, roles, uploads
from ckanext.challenge.common.action_helpers import (
    checked_transition,
    find_participant,
    rollback_and_error,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import assurance, lifecycle
from ckanext.challenge.domain.programme import PersonCheck
from ckanext.challenge.model import Evidence
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import schema, steps

_FILE = "evidence_file"


def challenge_step_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say where one is with a step that people set.

    Members of the organization, its adviser and managers may call this. A step that
    the programme wants confirmed becomes ``to_confirm`` when it is said to be done,
    and its adviser is told. What is not given stays as it is; what is given empty is
    removed.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param state: ``todo``, ``planned``, ``in_progress``, ``to_confirm`` or ``done``
    :type state: string
    :param note: for the adviser; never public. What the staff writes is kept apart,
        as ``reason``: neither overwrites the words of the other.
    :type note: string
    :param evidence_url: address of the proof; never public
    :type evidence_url: string
    :param evidence_file: the proof itself, for a step that asks for a file: a PDF, an
        ODT, a JPEG, a PNG, or a table (ODS, XLSX, CSV); it replaces the one before.
        Never public.
    :type evidence_file: file, sent as ``multipart/form-data``
    :param planned_for: the day for which it is planned, today or later
    :type planned_for: string
    :param updated_at: the ``updated_at`` of the step that was read: nothing is stored
        where it has changed since, in another window or by somebody else
    :type updated_at: string
    :returns: the status of the step: ``{participant_id, step, state, source, note,
        reason, evidence_url, evidence_file: {id, name, media_type, size, created_at},
        planned_for, updated_at, updated_by}``
    :rtype: dict
    :raises ValidationError: on ``step`` for one that the catalogue or the final form
        sets, on ``evidence_url`` or ``evidence_file`` when the step needs a proof or
        the file is not taken, on ``note`` when the step asks for a name or a choice and
        none is written, on ``planned_for`` for a day that is past, on ``state``
        when it may not follow the present one, on ``updated_at`` when the step has
        changed since it was read
    """
    plain = {name: value for name, value in data_dict.items() if name != _FILE}
    data = validate(context, plain, schema.step_update())
    upload = uploads.given(data_dict, _FILE)
    found = steps.find(
        context, "challenge_step_update", data["participant"], data["step"]
    )
    check, status = found.step.check, found.status
    if not isinstance(check, PersonCheck):
        text = tk._("The catalogue itself sets this step: it follows your datasets")
        raise rollback_and_error("step", text)
    if status.state == "waived":
        text = tk._(
            "This step is not asked of you any more; a manager can ask it again"
        )
        raise rollback_and_error("state", text)
    if check.feedback:
        raise rollback_and_error("step", tk._("Sending the final form sets this step"))
    if upload is not None and check.evidence != "file":
        raise rollback_and_error(_FILE, tk._("This step takes no file"))
    if _has_changed(found, data):
        text = tk._(
            "This step has been answered meanwhile, by somebody else or in another "
            "window. Yours is not stored yet: read the other answer, then send yours."
        )
        raise rollback_and_error("updated_at", text)
    emptied = _FILE in data_dict and data_dict[_FILE] in (None, "")
    replaced = status.evidence_file if upload or emptied else None
    _keep_words(context, found, data, data_dict)
    _plan(found, data)
    state = data["state"]
    if state in lifecycle.STEP_CLAIMED:
        kept = status.evidence_file if replaced is None else None
        if check.evidence != "none" and not (upload or kept or status.evidence_url):
            raise _no_proof(check)
        if check.answer and not assurance.says_something(
            data.get("note") or status.note
        ):
            text = tk._("Write it down first: this step asks for a name or a choice")
            raise rollback_and_error("note", text)
        state = lifecycle.claimed_state(check.confirm)
    told = state == "to_confirm" and status.state != state
    with ExitStack() as storing:
        facts: dict[str, Any] = {}
        if replaced is not None:
            model.Session.query(Evidence).filter_by(id=replaced).delete()
            status.evidence_file = None
            facts["removed"] = replaced
        if upload is not None:
            file = storing.enter_context(
                uploads.proven(
                    found.participant.id, found.step.key, upload, user_id_of(context)
                )
            )
            status.evidence_file = file.id
            facts |= {"file_id": file.id, "digest": file.digest}
        steps.save(
            context, found, state, tell="step_to_confirm" if told else None, **facts
        )
    if replaced is not None:
        file_store.remove(replaced)
    return steps.dictize(found)


def _has_changed(found: steps.Found, data: dict[str, Any]) -> bool:
    """Whether a step is no more what the caller says to have read."""
    return data.get("updated_at") not in (None, as_json(found.status.updated_at))


def _keep_words(
    context: Context,
    found: steps.Found,
    data: dict[str, Any],
    data_dict: dict[str, Any],
) -> None:
    """Take over what was written, each side's words in their own place."""
    if "note" in data_dict:
        mine = roles.is_member(context, found.participant.organization_id)
        setattr(found.status, "note" if mine else "reason", data.get("note"))
    if "evidence_url" in data_dict:
        found.status.evidence_url = data.get("evidence_url")
    if "planned_for" in data_dict and "planned_for" not in data:
        found.status.planned_for = None


def _plan(found: steps.Found, data: dict[str, Any]) -> None:
    """Take over the day, unless it is past."""
    day: dt.date | None = data.get("planned_for", found.status.planned_for)
    planned = data["state"] == "planned"
    if planned and day is None:
        raise rollback_and_error("planned_for", tk._("Say for which day"))
    new = day != found.status.planned_for
    if day is not None and day < config.today() and (planned or new):
        text = tk._("{date} is past; choose today or a later day")
        raise rollback_and_error(
            "planned_for", text.format(date=tk.h.challenge_date(day))
        )
    found.status.planned_for = day


def _no_proof(check: PersonCheck) -> tk.ValidationError:
    if check.evidence == "file" and file_places.enabled():
        text = tk._("This step needs a proof: choose a file, or give its address")
        return rollback_and_error(_FILE, text)
    return rollback_and_error("evidence_url", tk._("This step needs a proof"))


@tk.side_effect_free
def challenge_step_evidence_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what the file is that proves a step.

    Members of the organization, its adviser and managers may call this. The content
    is served at ``/challenge/<cohort>/<organization>/step/<step>/file``.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :returns: ``{id, name, media_type, size, created_at}``, the name made harmless, the
        type as the content says
    :rtype: dict
    :raises ObjectNotFound: when the step has no file
    """
    data = validate(context, data_dict, schema.step_reference())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_step_evidence_show", context, {"participant": participant.id}
    )
    file = steps.evidence_of(participant.id, data["step"]).get(data["step"])
    if file is None:
        raise tk.ObjectNotFound(tk._("There is no such file"))
    return steps.dictize_evidence(file)


def challenge_step_confirm(context: Context, data_dict: dict[str, Any]) -> Any:
    """Confirm a step, or send it back; the members are told.

    The adviser of the participant and managers may call this.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param confirmed: whether the proof holds
    :type confirmed: bool
    :param note: a word to the members, which becomes the ``reason``; needed when the
        step is sent back
    :type note: string
    :param updated_at: the ``updated_at`` of the step that was read: nothing is
        answered where its proof or its words have changed since
    :type updated_at: string
    :returns: the status of the step, as :py:func:`challenge_step_update` answers it
    :rtype: dict
    :raises ValidationError: on ``state`` when it does not wait to be confirmed, on
        ``updated_at`` when it has changed since it was read, on ``note`` when it is
        sent back without a word
    """
    data = validate(context, data_dict, schema.step_confirm())
    found = steps.find(
        context, "challenge_step_confirm", data["participant"], data["step"]
    )
    confirmed = data.get("confirmed", False)
    target = lifecycle.answered_state(confirmed)
    if found.status.state != "to_confirm":
        with checked_transition():
            raise lifecycle.ForbiddenTransition("step", found.status.state, target)
    if _has_changed(found, data):
        text = tk._("This answer has changed meanwhile. Read it again, then decide.")
        raise rollback_and_error("updated_at", text)
    if not confirmed and "note" not in data:
        raise rollback_and_error("note", tk._("Say why; the collectivité will read it"))
    found.status.reason = data.get("note")
    tell = "step_confirmed" if confirmed else "step_returned"
    steps.save(context, found, target, tell=tell)
    return steps.dictize(found)


def challenge_step_waive(context: Context, data_dict: dict[str, Any]) -> Any:
    """Ask a step of a participant no more.

    Managers of the season and sysadmins may call this.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :param reason: why; the members read it
    :type reason: string
    :returns: the status of the step, as :py:func:`challenge_step_update` answers it
    :rtype: dict
    :raises ValidationError: on ``reason`` when there is none, on ``state`` when the
        step is done already
    """
    data = validate(context, data_dict, schema.step_waive())
    found = steps.find(
        context, "challenge_step_waive", data["participant"], data["step"]
    )
    found.status.reason = data["reason"]
    steps.save(context, found, "waived")
    return steps.dictize(found)


def challenge_step_unwaive(context: Context, data_dict: dict[str, Any]) -> Any:
    """Ask a step again that was waived; the catalogue may tick it at once.

    Managers of the season and sysadmins may call this.

    :param participant: the id of the participant
    :type participant: string
    :param step: the key of the step
    :type step: string
    :returns: the status of the step, as :py:func:`challenge_step_update` answers it
    :rtype: dict
    :raises ValidationError: on ``state`` when it is not waived
    """
    data = validate(context, data_dict, schema.step_reference())
    found = steps.find(
        context, "challenge_step_unwaive", data["participant"], data["step"]
    )
    if found.status.state != "waived":
        with checked_transition():
            raise lifecycle.ForbiddenTransition("step", found.status.state, "todo")
    found.status.reason = None
    steps.save(context, found, "todo")
    return steps.dictize(found)
