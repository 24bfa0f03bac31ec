"""What a decision does to an application, whoever takes it and in whatever number.

A decision is checked, then taken in the transaction of the caller, who holds the
season and the application; once that is committed, :func:`follow` does the rest.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.common import journal, labels
from ckanext.challenge.common.action_helpers import all_or_nothing, checked_transition
from ckanext.challenge.domain import application_fields, lifecycle
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.base import utcnow

from . import accounts, answers, logos, mails, onboarding, reading, waiting_list
from .transitions import advance, check_alone, decide, lock_cohort

log = logging.getLogger(__name__)

#: For so long it is told who decided: two had the same page open.
_JUST = timedelta(days=1)


@dataclass(frozen=True)
class ReviewDecision:
    """What somebody wants to decide.

    :ivar decision: a name in :data:`lifecycle.REVIEW_DECISIONS`
    :ivar reason: what the applicant will read
    :ivar kind: of requested changes, one of :data:`lifecycle.CHANGES_KINDS`
    :ivar fields: to which these apply
    :ivar by: the id of the user who decides; ``None`` when nobody does
    """

    decision: str
    reason: str | None = None
    kind: str | None = None
    fields: tuple[str, ...] = ()
    by: str | None = None

    @property
    def actor(self) -> str:
        """Who the journal says it was."""
        return self.by or journal.SYSTEM

    @classmethod
    def of(cls, data: dict[str, Any], by: str | None) -> ReviewDecision:
        """What an action was given, or what was kept pending."""
        changes = data["decision"] == "request_changes"
        return cls(
            decision=data["decision"],
            reason=data.get("reason"),
            kind=(data.get("kind") or lifecycle.CHANGES_KINDS[0]) if changes else None,
            fields=tuple(data.get("fields") or ()) if changes else (),
            by=by,
        )


def apply(cohort: Cohort, application: Application, review: ReviewDecision) -> None:
    """Do what was decided; an acceptance of what is accepted changes nothing.

    :param cohort: locked by the caller
    :param application: locked by the caller
    :raises ValidationError: on ``decision`` when the season is full, or for who would
        let themselves in, on ``state`` when the decision cannot be taken now, on
        ``reason`` or ``fields``
    """
    if review.decision == "accept" and application.state == "accepted":
        return
    path = _check(cohort, application, review)
    waiting_list.leave(application)
    made = None
    if review.decision == "accept":
        made = _admit(cohort, application, review)
    if review.decision != "start":
        application.pending_decision = None
    advance(application, path, review.actor)
    application.state_reason = review.reason
    application.changes_kind = review.kind
    application.changes_fields = list(review.fields)
    if review.decision == "waitlist":
        waiting_list.join(application)
    application.decided_at = application.decided_by = None
    if application.state in lifecycle.APPLICATION_DECIDED:
        application.decided_at = utcnow()
        application.decided_by = review.by
    kind = mails.OF_DECISION.get(review.decision)
    if kind is not None:
        notifications.enqueue(kind, application=application)
    if made and made.created:
        model.Session.flush()
        logos.give(application.id, made.created)


def hold(cohort: Cohort, application: Application, review: ReviewDecision) -> None:
    """Keep a decision pending, in the place of one that was kept before.

    :param cohort: locked by the caller
    :param application: locked by the caller
    :raises ValidationError: as :func:`apply`, and on ``decision`` for one that cannot
        wait, or for which no place is left once what is pending is published
    """
    if not lifecycle.DECISIONS[review.decision].can_wait:
        raise tk.ValidationError(
            {"decision": [tk._("This cannot be kept for later: do it now")]}
        )
    _check(cohort, application, review)
    if review.decision == "accept":
        with _told_when_full():
            onboarding.check_place(cohort, promised=_promised(application))
    application.pending_decision = {
        **asdict(review),
        "fields": list(review.fields),
        "at": utcnow().isoformat(),
    }
    journal.record(
        review.actor,
        "keep",
        "application",
        application.id,
        {"decision": review.decision},
    )


def named(kept: Collection[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
    """Decisions that are kept, with ``by_name``: who keeps each, as people read it.

    :param kept: as applications have them; ``None`` where nothing is kept
    """
    ids = {one["by"] for one in kept if one and one.get("by")}
    names: dict[str | None, str] = {}
    if ids:
        users = model.Session.query(model.User).filter(model.User.id.in_(ids))
        names = {user.id: user.display_name for user in users}
    return [one and {**one, "by_name": names.get(one.get("by"))} for one in kept]


def discard(application: Application, actor: str) -> None:
    """Drop the pending decision, if there is one.

    :param application: locked by the caller
    """
    kept = application.pending_decision
    if kept is None:
        return
    application.pending_decision = None
    journal.record(
        actor, "drop", "application", application.id, {"decision": kept["decision"]}
    )


def promote_next(context: Context, cohort_id: str) -> Application | None:
    """Give a place that became free to the head of the waiting list.

    It does so where the season says so; the rest is left to its managers, who are
    shown who is next. Somebody whose refusal is pending is passed over.

    :returns: who was accepted
    """
    try:
        with all_or_nothing(context):
            cohort = lock_cohort(cohort_id)
            # A place that a kept acceptance will take is not free.
            free = onboarding.places(cohort).free
            taken = free is not None and free <= promised(cohort_id)
            if not cohort.automatic_promotion or taken:
                return None
            application = waiting_list.head(cohort_id, locked=True)
            if application is None:
                return None
            apply(cohort, application, ReviewDecision("accept"))
    except tk.ValidationError as error:
        log.warning(
            "Nobody was promoted to season %s: %s", cohort_id, sorted(error.error_dict)
        )
        return None
    return application


def _check(
    cohort: Cohort, application: Application, review: ReviewDecision
) -> tuple[str, ...]:
    """The states through which the decision leads, if it can be taken."""
    over = cohort.state in lifecycle.COHORT_OVER
    if over and not lifecycle.sources_of(review.decision, over):
        raise tk.ValidationError(
            {
                "decision": [
                    tk._("The season is “{state}”: it admits nobody").format(
                        state=tk.h.challenge_state("cohort", cohort.state)["label"]
                    )
                ]
            }
        )
    path = _path(application, review, over)
    if review.decision == "accept" and accounts.is_own(application, review.by):
        raise tk.ValidationError(
            {
                "decision": [
                    tk._(
                        "This application is yours: somebody else of the team "
                        "accepts it, or a sysadmin"
                    )
                ]
            }
        )
    if reading.has_conflict(application, review.by):
        text = tk._(
            "You have declared a conflict of interest: somebody else of the team "
            "decides on this application, or a sysadmin"
        )
        raise tk.ValidationError({"decision": [text]})
    if lifecycle.DECISIONS[review.decision].needs_reason and not review.reason:
        raise tk.ValidationError(
            {"reason": [tk._("Say why; the applicant will read it")]}
        )
    _check_fields(cohort, review)
    admits = cohort.state in lifecycle.COHORT_ADMITTING
    if review.decision == "accept" and not admits:
        raise tk.ValidationError(
            {
                "decision": [
                    tk._("The season is “{state}”: it admits nobody").format(
                        state=tk.h.challenge_state("cohort", cohort.state)["label"]
                    )
                ]
            }
        )
    if review.decision == "reopen":
        check_alone(cohort, application.siren, application)
    return path


def _path(
    application: Application, review: ReviewDecision, over: bool
) -> tuple[str, ...]:
    """The states through which the decision leads.

    :param over: whether the season is over
    :raises ValidationError: on ``state``; where a colleague has just decided, it says
        who, when, and what can be done
    """
    try:
        return decide(application, review.decision, over)
    except tk.ValidationError as error:
        told = _by_a_colleague(application, review.by)
        if told is None:
            raise
        texts: Any = error.error_dict["state"]
        raise tk.ValidationError({"state": [" ".join((told, *texts))]}) from error


def _by_a_colleague(application: Application, me: str | None) -> str | None:
    """What somebody else has just decided, and what can be done; if it was so."""
    at, by = application.decided_at, application.decided_by
    if at is None or by is None or by == me or utcnow() - at > _JUST:
        return None
    user = model.User.get(by)
    texts = {
        "accepted": tk._("{name} accepted it {ago}: there is nothing left to decide."),
        "refused": tk._(
            "{name} refused it {ago}. Read why; to decide otherwise, reopen it first."
        ),
        "waitlisted": tk._(
            "{name} put it on the waiting list {ago}. It can be accepted or refused."
        ),
    }
    text = texts.get(application.state)
    if user is None or text is None:
        return None
    return text.format(name=user.display_name, ago=labels.ago(at))


def _check_fields(cohort: Cohort, review: ReviewDecision) -> None:
    allowed = application_fields.correctable(
        answers.field_of(question["key"]) for question in cohort.questions
    )
    for name in review.fields:
        if name not in allowed:
            raise tk.ValidationError(
                {
                    "fields": [
                        tk._("“{value}” is not one of: {allowed}").format(
                            value=name[:40], allowed=", ".join(allowed)
                        )
                    ]
                }
            )


def _admit(
    cohort: Cohort, application: Application, review: ReviewDecision
) -> onboarding.Onboarded:
    with checked_transition("decision"), _told_when_full():
        made = onboarding.accept(cohort, application, review.actor)
    for admin in made.asked:
        assert made.claim is not None
        notifications.enqueue(
            "claim",
            application=application,
            user_id=admin.id,
            claim_id=made.claim.id,
        )
    return made


@contextmanager
def _told_when_full() -> Iterator[None]:
    try:
        yield
    except onboarding.CohortFull as error:
        raise tk.ValidationError(
            {
                "decision": [
                    tk._(
                        "The season is full: it takes {capacity} participants. "
                        "Put this application on the waiting list."
                    ).format(capacity=error.capacity)
                ]
            }
        ) from error


def _promised(application: Application) -> int:
    """How many other acceptances of the season are pending."""
    return promised(application.cohort_id, but=[application.id])


def promised(cohort_id: str, but: Collection[str] = ()) -> int:
    """How many places the acceptances that are kept will take.

    :param but: ids of applications that are not counted
    """
    return model.Session.execute(promises(cohort_id, but)).scalar_one()


def promises(cohort_id: Any, but: Collection[str] = ()) -> sa.sql.Select[tuple[int]]:
    """The statement of :func:`promised`."""
    rows: Any = Application.__table__.c
    return sa.select(sa.func.count()).where(
        rows.cohort_id == cohort_id,
        # It says nothing more, but there is an index of those.
        rows.pending_decision.is_not(None),
        rows.pending_decision["decision"].astext == "accept",
        *([rows.id.not_in(list(but))] if but else []),
    )
