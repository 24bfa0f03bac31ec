"""The form at the end of a season: what participants say of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import programmes
from ckanext.challenge.applications import answers
from ckanext.challenge.common import journal, labels, language, roles, spreadsheets
from ckanext.challenge.common.action_helpers import (
    actor_of,
    cohort_of,
    commit,
    find_participant,
    user_id_of,
    validate,
)
from ckanext.challenge.common.spreadsheets import Column
from ckanext.challenge.domain import lifecycle, opinions
from ckanext.challenge.domain.lifecycle import PARTICIPANT_COUNTED
from ckanext.challenge.domain.programme import Programme, Step
from ckanext.challenge.domain.questions import Question
from ckanext.challenge.model import Cohort, Feedback, Participant, locks
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.participants import schema, steps
from ckanext.challenge.progress import evaluate


def challenge_feedback_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send the final form of a participant, or change what was sent.

    Members of the organization and sysadmins may call this, until the season is
    archived. The step of the programme that asks for it becomes done, as long as the
    season has not finished; who left the season may still say why.

    :param participant: the id of the participant
    :type participant: string
    :param answers: by the key of the question; see ``questions`` of
        :py:func:`challenge_feedback_show`. A form may send them as ``answers-<key>``
    :type answers: dict
    :returns: as :py:func:`challenge_feedback_show`
    :rtype: dict
    :raises ObjectNotFound: when the programme has no such form
    :raises ValidationError: on ``answers-<key>`` for what is no answer, on
        ``participant`` when the season is archived
    """
    data = validate(context, data_dict, schema.participant())
    participant = find_participant(data["participant"])
    tk.check_access(
        "challenge_feedback_update", context, {"participant": participant.id}
    )
    cohort = cohort_of(participant)
    programme = _with_form(cohort)
    if not _open(cohort):
        text = tk._("This season is over for this participant")
        raise tk.ValidationError({"participant": [text]})
    raw = answers.given(data_dict) or {}
    checked, wrong = answers.check(programme.feedback, raw, complete=True)
    if wrong:
        raise tk.ValidationError(dict(wrong))
    # In the order in which the evaluation locks: the participant, then its steps.
    locks.refresh_for_update(participant)
    now, author = utcnow(), user_id_of(context)
    values = {"answers": checked, "author_id": author, "updated_at": now}
    model.Session.execute(
        insert(Feedback.__table__)
        .values(id=make_id(), participant_id=participant.id, created_at=now, **values)
        .on_conflict_do_update(constraint="challenge_feedback_once", set_=values)
    )
    participant.last_activity_at = now
    # What was answered is not for the journal, which managers read.
    journal.record(actor_of(context), "feedback", "participant", participant.id)
    follows = cohort.state != "finished" and participant.state in PARTICIPANT_COUNTED
    if follows and programme.feedback_step is not None:
        _settle(context, participant, programme.feedback_step)
    organization_id = participant.organization_id
    if commit(context) and follows:
        evaluate.refresh([organization_id])
    return _show(find_participant(data["participant"]), context)


@tk.side_effect_free
def challenge_feedback_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the final form of a participant, with what it answered.

    Members of the organization, its adviser, the managers of the season and sysadmins
    may call this.

    :param participant: the id of the participant
    :type participant: string
    :returns: ``{participant_id, questions, answers, sent_at, updated_at, may_send}``;
        ``questions`` are those of its programme (``{key, label: {fr, en}, help, type,
        choices: [{value, label}], required}``), ``sent_at`` is empty where nothing was
        sent, ``may_send`` tells whether the caller may send it now
    :rtype: dict
    :raises ObjectNotFound: when there is no such participant, or its programme has
        no such form
    """
    data = validate(context, data_dict, schema.participant())
    participant = find_participant(data["participant"])
    tk.check_access("challenge_feedback_show", context, {"participant": participant.id})
    return _show(participant, context)


@tk.side_effect_free
def challenge_feedback_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what the participants of a season answered: counted, and one by one.

    Managers of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many participants at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, participants, form, questions, results}``: how many sent it and
        how many take part; the form as :py:func:`challenge_feedback_show` gives its
        ``questions``; for each question ``{key, label, type, answers, counts, mean}``,
        over all who sent it: ``counts`` lists ``{value, label, count}`` for choices
        and for yes or no, ``mean`` is that of numbers; ``results`` lists
        ``{participant_id, organization_name, organization_title, answers, sent_at,
        updated_at}``, the latest first
    :rtype: dict
    :raises ObjectNotFound: when the season's programme has no such form
    """
    data = validate(context, data_dict, schema.feedback_list())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_feedback_list", context, {"cohort": cohort.id})
    programme = _with_form(cohort)
    rows = _rows(cohort)
    taking_part = model.Session.query(Participant.id).filter(
        Participant.cohort_id == cohort.id, Participant.state.in_(PARTICIPANT_COUNTED)
    )
    shown = rows[data["offset"] : data["offset"] + data["limit"]]
    return {
        "count": len(rows),
        "participants": taking_part.count(),
        "form": [question.as_dict() for question in programme.feedback],
        "questions": _counted(programme, rows),
        "results": [
            {
                "participant_id": row.participant_id,
                "organization_name": row.name,
                "organization_title": row.title or row.name,
                "answers": row.answers,
                "sent_at": as_json(row.created_at),
                "updated_at": as_json(row.updated_at),
            }
            for row in shown
        ],
    }


@tk.side_effect_free
def challenge_feedback_export(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give what the participants of a season answered as a file.

    Managers of the season and sysadmins may call this. CSV and JSON are for
    programs: columns have the keys of the questions, cells the values that are
    stored; XLSX and ODS are for people.

    :param cohort: the id or name of the season
    :type cohort: string
    :param format: ``csv`` (unasked), ``xlsx``, ``ods`` or ``json``
    :type format: string
    :returns: ``format``, ``filename``, ``media_type``, ``encoding`` (``utf-8``, or
        ``base64`` for ``xlsx`` and ``ods``) and ``content``
    :rtype: dict
    :raises ObjectNotFound: when the season's programme has no such form
    """
    data = validate(context, data_dict, schema.feedback_export())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_feedback_export", context, {"cohort": cohort.id})
    asked = _with_form(cohort).feedback
    kind: spreadsheets.Kind = data["format"]
    form = spreadsheets.FORMATS[kind]
    spoken = language.current()
    columns = [
        Column("organization", tk._("Address"), 24),
        Column("organization_title", tk._("Collectivité"), 32),
        Column("updated_at", tk._("Sent on"), 12),
        *(
            Column(f"answers-{question.key}", question.label.in_(spoken), 32)
            for question in asked
        ),
    ]
    rows = (
        [
            row.name,
            row.title or row.name,
            as_json(row.updated_at),
            *(
                _cell(question, row.answers.get(question.key), form.for_people)
                for question in asked
            ),
        ]
        for row in _rows(cohort)
    )
    pieces = spreadsheets.write(kind, tk._("Opinions"), columns, rows)
    return spreadsheets.as_answer(kind, f"{cohort.name}-{tk._('opinions')}", pieces)


def _with_form(cohort: Cohort) -> Programme:
    programme = programmes.of(cohort)
    if not programme.feedback:
        raise tk.ObjectNotFound(tk._("This season has no form at its end"))
    return programme


def _open(cohort: Cohort) -> bool:
    return cohort.state != "archived"


def _settle(context: Context, participant: Participant, step: Step) -> None:
    """The step is done by sending the form, if it is not done or waived already."""
    status = steps.lock_status(participant, step)
    before = status.state
    if before in lifecycle.STEP_SETTLED:
        return
    lifecycle.PERSON_STEP.check(before, "done")
    status.state = "done"
    status.updated_at, status.updated_by = utcnow(), user_id_of(context)
    steps.count(participant)
    journal.record(
        actor_of(context),
        "step",
        "participant",
        participant.id,
        {"step": step.key, "from": before, "to": "done"},
    )


def _show(participant: Participant, context: Context) -> dict[str, Any]:
    cohort = cohort_of(participant)
    programme = _with_form(cohort)
    sent = (
        model.Session.query(Feedback).filter_by(participant_id=participant.id).first()
    )
    return {
        "participant_id": participant.id,
        "questions": [question.as_dict() for question in programme.feedback],
        "answers": sent.answers if sent else {},
        "sent_at": as_json(sent.created_at) if sent else None,
        "updated_at": as_json(sent.updated_at) if sent else None,
        "may_send": _open(cohort) and _may_send(participant, context),
    }


def _may_send(participant: Participant, context: Context) -> bool:
    try:
        tk.check_access(
            "challenge_feedback_update",
            {"user": context.get("user", "")},
            {"participant": participant.id},
        )
    except tk.NotAuthorized:
        return False
    return True


def _rows(cohort: Cohort) -> Sequence[Any]:
    return model.Session.execute(
        sa.select(
            Feedback.participant_id,
            Feedback.answers,
            Feedback.created_at,
            Feedback.updated_at,
            model.Group.name,
            model.Group.title,
        )
        .join(Participant, Participant.id == Feedback.participant_id)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.cohort_id == cohort.id)
        .order_by(Feedback.updated_at.desc(), Feedback.id)
    ).all()


def _counted(programme: Programme, rows: Sequence[Any]) -> list[dict[str, Any]]:
    spoken = language.current()
    found = opinions.tally(programme.feedback, [row.answers for row in rows])
    return [
        {
            "key": one.question.key,
            "label": one.question.label.in_(spoken),
            "type": one.question.type,
            "answers": one.answers,
            "counts": [
                {"value": value, "label": _word(one.question, value), "count": count}
                for value, count in one.counts.items()
            ],
            "mean": one.mean,
        }
        for one in found
    ]


def _word(question: Question, value: str) -> str:
    return labels.answer(question, value, language.current())


def _cell(question: Question, answer: Any, for_people: bool) -> Any:
    """An answer as a file has it."""
    if not for_people or answer is None:
        return answer
    if isinstance(answer, bool):
        return _word(question, "true" if answer else "false")
    if isinstance(answer, list):
        return [_word(question, value) for value in answer]
    return _word(question, answer) if question.type == "choice" else answer
