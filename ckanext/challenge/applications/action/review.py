"""Decisions: managers say what becomes of applications, of one or of many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from sqlalchemy.exc import SQLAlchemyError

from ckanext.challenge.applications import decisions, labels, schema
from ckanext.challenge.applications.decisions import ReviewDecision
from ckanext.challenge.applications.dictize import dictize
from ckanext.challenge.applications.transitions import lock, lock_with_cohort
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_application,
    is_deferred,
    user_id_of,
    validate,
)
from ckanext.challenge.model import Application, Staff
from ckanext.challenge.model.dictize import columns

log = logging.getLogger(__name__)


def challenge_application_review(context: Context, data_dict: dict[str, Any]) -> Any:
    """Decide on an application.

    Managers of the season and sysadmins may call this. An acceptance creates the
    organization (or takes the one with this SIREN), its admin, the participant and
    its steps in one transaction; accepting again changes nothing. Where the
    organization has admins of its own, they are asked whether the applicant becomes
    one too (``challenge_claim_answer``).

    :param id: the id or reference of the application
    :type id: string
    :param decision: ``start``, ``request_changes``, ``accept``, ``waitlist``,
        ``refuse`` or ``reopen``
    :type decision: string
    :param reason: why; needed to refuse and to request changes
    :type reason: string
    :param pending: keep the decision for :py:func:`challenge_decisions_publish`: the
        state stays, nobody is told. It takes the place of one kept before
        (``challenge_decision_drop`` drops it); one that is not kept ends it
    :type pending: bool
    :param kind: of requested changes: the file is ``incorrect`` (unless said
        otherwise) or ``incomplete``
    :type kind: string
    :param fields: to which the requested changes apply: names of fields of the
        application, ``attachments``, or ``answers-`` and the key of a question
    :type fields: list of strings
    :param kept: the ``at`` of the ``pending_decision`` that this one may end, or
        ``none``; whichever there is, when left out
    :type kept: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: on ``decision`` when the season is full, when this one
        cannot be kept, or when the acceptance would let in the very user who decides;
        on ``state`` when it cannot be taken now; on ``reason`` when it is missing; on
        ``fields``; on ``kept`` when another one is kept by now
    """
    data = validate(context, data_dict, schema.review())
    application = find_application(data["id"])
    tk.check_access("challenge_application_review", context, {"id": application.id})
    pending = data.get("pending", False)
    review = ReviewDecision.of(data, user_id_of(context))
    _decide(context, application, review, pending, data.get("kept"))
    return dictize(context, application)


def challenge_application_batch_review(
    context: Context, data_dict: dict[str, Any]
) -> Any:
    """Decide the same on many applications.

    Managers of their seasons and sysadmins may call this. Each one is decided for
    itself, in the order given: one that cannot be leaves the others as they are.

    :param ids: ids or references of applications, at most 200
    :type ids: list of strings

    The other parameters are those of :py:func:`challenge_application_review` but for
    ``kept``.

    :returns: ``{count, done, results}``: how many there are, how many were decided,
        and for each ``{id, reference, decision, ok, state, errors, replaced}``, in the
        order given; ``replaced`` is the decision that was kept until then and ends
        with this one, with ``by`` and ``by_name``: who kept it
    :rtype: dict
    """
    data = validate(context, data_dict, schema.batch_review())
    tk.check_access("challenge_application_batch_review", context, {"ids": data["ids"]})
    review = ReviewDecision.of(data, user_id_of(context))

    def decide(application: Application) -> bool:
        _decide(context, application, review, data.get("pending", False))
        return True

    return _each(context, data["ids"], decide, review.decision)


def challenge_decisions_publish(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take all pending decisions of a season, and tell the applicants.

    Managers of the season and sysadmins may call this. Each one is taken for itself,
    the oldest application first; one that cannot be taken any more stays pending.

    :param cohort: the id or name of the season
    :type cohort: string
    :param shown: only these, at most 200: for each the id of its application, ``@``,
        and the ``at`` of its ``pending_decision``. One that was kept at another time
        stays pending. Left out, all of them
    :type shown: list of strings
    :returns: as :py:func:`challenge_application_batch_review`, and ``left``: what is
        pending besides, as ``{id, reference, organization_title, decision, by,
        by_name}``
    :rtype: dict
    """
    data = validate(context, data_dict, schema.publication())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_decisions_publish", context, {"cohort": cohort.id})
    shown: dict[str, str] | None = None
    chosen = Application.pending_decision.isnot(None)  # type: ignore[union-attr]
    if "shown" in data:
        shown = {}
        for one in data["shown"]:
            id_, _, at = one.partition("@")
            shown[id_] = at
        chosen = Application.id.in_(list(shown))  # type: ignore[attr-defined]
    found = (
        model.Session.query(Application.id)
        .filter(Application.cohort_id == cohort.id, chosen)
        .order_by(Application.submitted_at, Application.reference)
    )

    def publish(application: Application) -> bool:
        with all_or_nothing(context):
            season = lock_with_cohort(application)
            pending = application.pending_decision
            if shown is not None:
                _check_shown(pending, shown[application.id])
            # Somebody else may have published, decided or dropped it meanwhile.
            if pending is None:
                return False
            decisions.apply(
                season, application, ReviewDecision.of(pending, pending["by"])
            )
            return True

    answer = _each(context, [id_ for (id_,) in found.all()], publish)
    told = [row["id"] for row in answer["results"]]
    return {**answer, "left": _still_kept(cohort.id, but=told)}


def challenge_decision_drop(context: Context, data_dict: dict[str, Any]) -> Any:
    """Drop the pending decision on an application; nothing else changes.

    Managers of the season and sysadmins may call this.

    :param id: the id or reference of the application
    :type id: string
    :param at: the ``at`` of the ``pending_decision`` that is meant; whichever there
        is, when left out
    :type at: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: on ``at`` when another one is kept by now, or none
    """
    data = validate(context, data_dict, schema.dropping())
    application = find_application(data["id"])
    tk.check_access("challenge_decision_drop", context, {"id": application.id})
    with all_or_nothing(context):
        lock(application)
        if "at" in data:
            _check_shown(application.pending_decision, data["at"], "at")
        decisions.discard(application, actor_of(context))
    return dictize(context, application)


def challenge_application_assign(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say who reads an application.

    Managers of the season and sysadmins may call this. Messages of the applicant are
    mailed to the reviewer alone.

    :param id: the id or reference of the application
    :type id: string
    :param reviewer: the id or name of a manager of the season; nobody when left out
    :type reviewer: string
    :returns: the application
    :rtype: dict
    :raises ValidationError: on ``reviewer`` for somebody who may not read it
    """
    data = validate(context, data_dict, schema.assign())
    application = find_application(data["id"])
    tk.check_access("challenge_application_assign", context, {"id": application.id})
    reviewer = None
    if "reviewer" in data:
        reviewer = _manager(application.cohort_id, data["reviewer"])
    with all_or_nothing(context):
        lock(application)
        application.reviewer_id = reviewer.id if reviewer else None
        journal.record(
            actor_of(context),
            "assign",
            "application",
            application.id,
            {"reviewer_id": application.reviewer_id},
        )
    return dictize(context, application)


def _decide(
    context: Context,
    application: Application,
    review: ReviewDecision,
    pending: bool,
    kept: str | None = None,
) -> None:
    """Take the decision, or keep it, in a transaction of its own.

    :param kept: when the decision was kept that this one may end, if that is said
    """
    with all_or_nothing(context):
        cohort = lock_with_cohort(application)
        if kept is not None and application.pending_decision is not None:
            _check_shown(application.pending_decision, kept, "kept")
        if pending:
            decisions.hold(cohort, application, review)
        else:
            decisions.apply(cohort, application, review)


def _check_shown(pending: dict[str, Any] | None, at: str, field: str = "shown") -> None:
    """Stop somebody whose page showed another decision than the one that is kept.

    :param pending: of an application that is locked
    :param at: when the decision was kept that the page showed
    :param field: of the action, to put the error on
    """
    if pending is None:
        text = tk._(
            "No decision is kept here any more: somebody has published or dropped it."
        )
    elif pending["at"] != at:
        (kept,) = decisions.named([pending])
        assert kept is not None
        text = tk._(
            "Another decision is kept by now: {decision}, by {name}. It stays kept."
        ).format(
            decision=labels.decided()[kept["decision"]],
            name=kept["by_name"] or tk._("somebody of the team"),
        )
    else:
        return
    raise tk.ValidationError({field: [text]})


def _still_kept(cohort_id: str, but: Collection[str]) -> list[dict[str, Any]]:
    """The decisions of a season that are pending, those of some files left out."""
    names = ("id", "reference", "organization_title")
    rows = (
        model.Session.query(Application)
        .filter(
            Application.cohort_id == cohort_id,
            Application.pending_decision.isnot(None),  # type: ignore[union-attr]
            Application.id.not_in(list(but)),  # type: ignore[attr-defined]
        )
        .order_by(Application.submitted_at, Application.reference)
        .all()
    )
    kept = decisions.named([row.pending_decision for row in rows])
    return [
        {
            **columns(row, names),
            **{name: one[name] for name in ("decision", "by", "by_name")},
        }
        for row, one in zip(rows, kept, strict=True)
        if one
    ]


def _each(
    context: Context,
    ids: Iterable[str],
    decide: Callable[[Application], bool],
    decision: str | None = None,
) -> dict[str, Any]:
    """Decide on one after the other and tell what came of each.

    Where the caller of the action commits, the first that fails ends all of them: what
    was decided before it is undone with it.

    :param decide: answers whether there was anything to decide
    :param decision: what is decided; what is pending, when left out
    """
    results: list[dict[str, Any]] = []
    for id_ in ids:
        result: dict[str, Any] = {
            "id": id_,
            "reference": None,
            "decision": decision,
            "ok": False,
            "state": None,
            "errors": {},
            "replaced": None,
        }
        try:
            application = find_application(id_)
            pending = application.pending_decision or {}
            result |= {
                "id": application.id,
                "reference": application.reference,
                "decision": decision or pending.get("decision"),
                "state": application.state,
            }
            if not decide(application):
                continue
            result |= {"state": application.state, "ok": True}
            if decision:
                (result["replaced"],) = decisions.named([pending or None])
        except Exception as error:
            if is_deferred(context):
                raise
            result["errors"] = _errors(id_, error)
        results.append(result)
    done = sum(result["ok"] for result in results)
    return {"count": len(results), "done": done, "results": results}


def _errors(id_: str, error: Exception) -> dict[str, Any]:
    """What is told of an application that could not be decided, by field."""
    if isinstance(error, tk.ObjectNotFound):
        return {"id": [str(error)]}
    if isinstance(error, tk.ValidationError):
        return error.error_dict
    # The others are not to suffer from it.
    model.Session.rollback()
    log.error(
        "Application %s could not be decided: %s",
        id_,
        type(error).__name__,
        # The database's own words quote the row, with its contact.
        exc_info=None if isinstance(error, SQLAlchemyError) else error,
    )
    return {"id": [tk._("Something went wrong here; nothing was changed")]}


def _manager(cohort_id: str, reference: str) -> model.User:
    """The user, who manages the season."""
    user = model.User.get(reference)
    if user is not None and user.state == model.State.ACTIVE:
        known = model.Session.query(Staff.id).filter_by(
            cohort_id=cohort_id, user_id=user.id, role="manager"
        )
        if user.sysadmin or known.first():
            return user
    raise tk.ValidationError(
        {"reviewer": [tk._("This user is not a manager of the season")]}
    )
