"""Scores: what each reader gives an application, for its season's criteria."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import reading, schema
from ckanext.challenge.applications.transitions import cohort_of, lock
from ckanext.challenge.common import journal, labels, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_application,
    rollback_and_error,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import reading as rules
from ckanext.challenge.model import Application, Cohort, Score
from ckanext.challenge.model.dictize import columns

#: How a form names the score for a criterion.
FIELD = "scores-"


def challenge_score_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give one's scores for an application, or declare a conflict of interest.

    Managers of the season and sysadmins may call this; each has one answer for an
    application, which takes the place of the one before. Who has declared a conflict
    neither sees what the others gave nor decides on the application; to score takes
    the declaration back. The applicant never reads any of it.

    :param id: the id or reference of the application
    :type id: string
    :param scores: a whole number from 0 to 5 for each of the season's ``criteria``, by
        their keys; or one by one, as ``scores-<key>``
    :type scores: dict
    :param comment: to the other readers: why
    :type comment: string
    :param conflict: whether one has an interest in the application; ``scores`` are
        left out then (false)
    :type conflict: bool
    :returns: one's own row of :py:func:`challenge_score_list`
    :rtype: dict
    :raises ValidationError: on ``scores-<key>`` for what is missing or no score; on
        ``scores`` where the season has no criteria; on ``id`` before and after the
        days of the reading, and for an application of one's own; on ``state`` once it
        is decided
    """
    given = _given(data_dict)
    data = validate(
        context,
        {
            name: value
            for name, value in data_dict.items()
            if name != "scores" and not name.startswith(FIELD)
        },
        schema.score_create(),
    )
    application = find_application(data["id"])
    tk.check_access("challenge_score_create", context, {"id": application.id})
    conflict = bool(data.get("conflict"))
    with all_or_nothing(context):
        lock(application)
        cohort = cohort_of(application)
        _check_open(context, cohort, application, conflict)
        scores = {} if conflict else _checked(cohort, given)
        user_id = user_id_of(context)
        score = Score.of(application.id, user_id)
        if score is None:
            score = Score(application_id=application.id, reader_id=user_id)
            model.Session.add(score)
        score.scores = scores
        score.comment = data.get("comment")
        score.conflict = conflict
        model.Session.flush()
        # That there is one, and not what it says: the journal is for ever.
        journal.record(
            actor_of(context),
            "conflict" if conflict else "score",
            "application",
            application.id,
            {"score_id": score.id},
        )
    return _dictize(cohort, score, model.User.get(score.reader_id))


@tk.side_effect_free
def challenge_score_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List what readers gave an application.

    Managers of the season and sysadmins may call this. Until one has given one's own
    scores, one sees nobody's: neither numbers nor comments. Once nobody can give any
    more (the last day of the reading is over, or the application is decided), all see
    all, but for who has declared a conflict of interest, or whose application it is.

    :param id: the id or reference of the application
    :type id: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, the first who answered first: ``{id, reader_id,
        reader, scores, worth, comment, conflict, created_at, updated_at}``, ``worth``
        being the mean of the scores by the weight of their criteria. Also ``own``
        (one's own row, or ``None``); ``hidden`` (how many rows one does not see);
        ``summary`` (``{readers, average, spread}``, the last being how far apart the
        farthest two are; ``None`` as long as one does not see it); ``phase`` (of the
        season's reading: ``early``, ``open`` or ``over``); ``may_score`` (whether
        :py:func:`challenge_score_create` takes scores now) and ``own_application``
        (whether it is the caller's)
    :rtype: dict
    """
    data = validate(context, data_dict, schema.score_list())
    application = find_application(data["id"])
    tk.check_access("challenge_score_list", context, {"id": application.id})
    cohort = cohort_of(application)
    rows = reading.given_by(application)
    user_id = user_id_of(context)
    own = next((score for score, _ in rows if score.reader_id == user_id), None)
    over = reading.is_over(cohort, application)
    part = reading.part_of(context, application, own)
    sees = rules.sees_others(part, over)
    shown = [
        _dictize(cohort, score, reader)
        for score, reader in rows
        if sees or score is own
    ]
    owned = roles.owns(context, application, {})
    return {
        "count": len(shown),
        "results": shown[data["offset"] :][: data["limit"]],
        "own": next((row for row in shown if own and row["id"] == own.id), None),
        "hidden": len(rows) - len(shown),
        "summary": _summary(cohort, [score for score, _ in rows]) if sees else None,
        "phase": reading.phase_of(cohort),
        "may_score": bool(cohort.criteria)
        and not over
        and not owned
        and reading.phase_of(cohort) == "open",
        "own_application": owned,
    }


def _given(data_dict: Mapping[str, Any]) -> dict[str, Any]:
    """The scores as an object, or as fields named ``scores-<key>``."""
    whole = data_dict.get("scores")
    if whole is not None and not isinstance(whole, Mapping):
        raise tk.ValidationError({"scores": [tk._("This must be an object")]})
    flat = {
        name.removeprefix(FIELD): value
        for name, value in data_dict.items()
        if name.startswith(FIELD)
    }
    return {**(whole or {}), **flat}


def _check_open(
    context: Context, cohort: Cohort, application: Application, conflict: bool
) -> None:
    """Stop whoever scores what is not to be scored, or not now."""
    if roles.owns(context, application, {}):
        text = tk._("This application is yours: others of the team read it")
        raise rollback_and_error("id", text)
    if application.state not in rules.SCORED:
        text = tk._("This application is “{state}”: it is not scored any more").format(
            state=labels.state_label("application", application.state)
        )
        raise rollback_and_error("state", text)
    if conflict:
        return
    if not cohort.criteria:
        text = tk._("This season has no criteria to read applications by")
        raise rollback_and_error("scores", text)
    phase = reading.phase_of(cohort)
    if phase == "early":
        text = tk._("The reading begins on {date}").format(
            date=labels.as_day(cohort.reading_opens)
        )
        raise rollback_and_error("id", text)
    if phase == "over":
        text = tk._("The reading ended on {date}").format(
            date=labels.as_day(cohort.reading_closes)
        )
        raise rollback_and_error("id", text)


def _checked(cohort: Cohort, given: Mapping[str, Any]) -> dict[str, int]:
    scores, wrong = rules.check_scores(rules.read(cohort.criteria), given)
    if not wrong:
        return scores
    texts = {
        "missing": tk._("Missing value"),
        "not_a_score": tk._("Write a whole number between {first} and {last}").format(
            first=rules.SCALE[0], last=rules.SCALE[-1]
        ),
        "unknown": tk._("This season has no such criterion"),
    }
    model.Session.rollback()
    raise tk.ValidationError(
        {f"{FIELD}{key[:60]}": [texts[code]] for key, code in wrong.items()}
    )


def _summary(cohort: Cohort, scores: list[Score]) -> dict[str, Any]:
    criteria = rules.read(cohort.criteria)
    worths = [
        found
        for score in scores
        if not score.conflict
        and (found := rules.worth(criteria, score.scores)) is not None
    ]
    found = rules.summarise(worths)
    return {
        "readers": found.readers,
        "average": found.average,
        "spread": found.spread,
    }


def _dictize(cohort: Cohort, score: Score, reader: model.User | None) -> dict[str, Any]:
    names = ("id", "reader_id", "scores", "comment", "conflict")
    return {
        **columns(score, (*names, "created_at", "updated_at")),
        "reader": reader.display_name if reader else None,
        "worth": reading.worth_to(cohort, score),
    }
