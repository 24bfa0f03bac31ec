"""The programme that a season keeps, and its move to a newer version of it."""

from __future__ import annotations

from typing import Literal, NamedTuple

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import programmes
from ckanext.challenge.domain.lifecycle import COHORT_OVER
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import Cohort, Participant, StepStatus

#: Why a season cannot move: it follows the portal's file by itself, it is over, the
#: portal has its programme no more, has nothing else, has an older one, or has another
#: one whose version was not raised.
Obstacle = Literal["follows", "over", "gone", "same", "older", "not_raised"]


#: What a step must be to wait for an adviser, where one confirms it from now on.
DONE_BY_PERSON = (StepStatus.source == "person", StepStatus.state == "done")


class Offer(NamedTuple):
    """What a season may move to.

    :ivar kept: what it has now; ``None`` when its programme cannot be found
    :ivar offered: what the portal has under that name
    :ivar obstacle: why it cannot move, if it cannot
    """

    kept: Programme | None
    offered: Programme | None
    obstacle: Obstacle | None


def keep(cohort: Cohort) -> None:
    """Let a season keep its programme as it is now.

    From here on a file that changes, or goes away, changes nothing for it.
    """
    programme = programmes.of(cohort)
    cohort.programme_version = programme.version
    cohort.programme_digest = programmes.keep(programme)


def follow(cohort: Cohort) -> None:
    """Let a season that keeps a programme keep the one that it names since.

    Only a season without participants may name another.
    """
    if cohort.programme_digest is None:
        return
    if programmes.of(cohort).name != cohort.programme:
        cohort.programme_digest = None
        keep(cohort)


def offer(cohort: Cohort) -> Offer:
    """Return what the season may move to."""
    try:
        kept = programmes.of(cohort)
    except KeyError:
        kept = None
    try:
        offered = programmes.get(cohort.programme)
    except KeyError:
        offered = None
    return Offer(kept, offered, _obstacle(cohort, kept, offered))


def _obstacle(
    cohort: Cohort, kept: Programme | None, offered: Programme | None
) -> Obstacle | None:
    if cohort.state in COHORT_OVER:
        return "over"
    if offered is None or kept is None:
        return "gone"
    if cohort.programme_digest is None:
        return "follows"
    if offered.digest == kept.digest:
        return "same"
    if offered.version == kept.version:
        return "not_raised"
    return "older" if offered.version < kept.version else None


def move(cohort: Cohort, programme: Programme) -> None:
    """Move a season whose row is locked to another version, in this transaction.

    The states of steps that are no longer there stay, and count no more; steps that
    are new are to do for everybody; what was done and is to be confirmed from now on
    waits for an adviser. An evaluation must follow.
    """
    asked_more = confirmed_now(programmes.of(cohort), programme)
    cohort.programme_version = programme.version
    cohort.programme_digest = programmes.keep(programme)
    model.Session.flush()
    participants = sa.select(Participant.id).where(Participant.cohort_id == cohort.id)
    model.Session.execute(
        sa.update(StepStatus)
        .where(
            StepStatus.participant_id.in_(participants),
            StepStatus.step.in_(asked_more),
            *DONE_BY_PERSON,
        )
        .values(state="to_confirm")
        .execution_options(synchronize_session=False)
    )
    for source in ("catalog", "person"):
        keys = [step.key for step in programme.steps if step.source == source]
        # What was said of a step by others than those who set it now says nothing.
        model.Session.execute(
            sa.update(StepStatus)
            .where(
                StepStatus.participant_id.in_(participants),
                StepStatus.step.in_(keys),
                StepStatus.source != source,
            )
            .values(
                source=source,
                state=sa.case((StepStatus.state == "waived", "waived"), else_="todo"),
                value=None,
                target=None,
                why_not=[],
            )
            .execution_options(synchronize_session=False)
        )


def confirmed_now(before: Programme, after: Programme) -> list[str]:
    """The keys of the steps that an adviser confirms in one version, and not before."""
    return [
        key
        for key, step in after.steps_by_key.items()
        if step.confirm
        and key in before.steps_by_key
        and not before.steps_by_key[key].confirm
    ]
