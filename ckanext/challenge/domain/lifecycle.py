"""The lives of cohorts, applications, participants, steps and awards.

One table per entity says which state may follow which; whoever changes a state
asks here first. A forbidden change raises :class:`ForbiddenTransition`, which
names both states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


class LifecycleError(Exception):
    """A change of state that is not allowed."""

    entity: str
    current: str
    target: str

    def __init__(self, entity: str, current: str, target: str, message: str) -> None:
        self.entity, self.current, self.target = entity, current, target
        super().__init__(message)


class ForbiddenTransition(LifecycleError):
    """The table has no way from the current state to the one asked for.

    :ivar entity: ``cohort``, ``application``, ``participant``, ``step``, ``award``
    :ivar current: the state it is in
    :ivar target: the state that was asked for
    """

    def __init__(self, entity: str, current: str, target: str) -> None:
        super().__init__(
            entity, current, target, f"{entity}: {current} cannot become {target}"
        )


class HasApplications(LifecycleError):
    """A cohort cannot be a draft again once somebody has applied."""

    def __init__(self, current: str) -> None:
        super().__init__(
            "cohort",
            current,
            "draft",
            f"cohort: {current} cannot become draft, it has applications",
        )


@dataclass(frozen=True)
class Lifecycle:
    """The states of one kind of thing and the ways between them.

    :ivar entity: the name of the thing, as in error messages
    :ivar initial: the state in which one begins
    :ivar ways: for each state, those that may follow it; a state that nothing
        follows has an empty tuple
    """

    entity: str
    initial: str
    ways: Mapping[str, tuple[str, ...]] = field(hash=False)

    @property
    def states(self) -> tuple[str, ...]:
        """All states, in the order of a life."""
        return tuple(self.ways)

    def following(self, current: str) -> tuple[str, ...]:
        """Return the states that may follow ``current`` (none if it is unknown)."""
        return self.ways.get(current, ())

    def allows(self, current: str, target: str) -> bool:
        """Say whether ``target`` may follow ``current``."""
        return target in self.following(current)

    def check(self, current: str, target: str) -> None:
        """Stop a change that the table does not have.

        :raises ForbiddenTransition: when ``target`` may not follow ``current``
        """
        if not self.allows(current, target):
            raise ForbiddenTransition(self.entity, current, target)


COHORT = Lifecycle(
    "cohort",
    "draft",
    {
        "draft": ("open",),
        "open": ("running", "draft"),
        "running": ("finished", "open"),
        "finished": ("archived", "running"),
        "archived": ("finished",),
    },
)

APPLICATION = Lifecycle(
    "application",
    "draft",
    {
        "draft": ("submitted", "withdrawn"),
        "submitted": ("in_review", "withdrawn"),
        "in_review": (
            "accepted",
            "waitlisted",
            "refused",
            "changes_requested",
            "withdrawn",
        ),
        # Refused where the season is over, and the correction never came.
        "changes_requested": ("submitted", "refused", "withdrawn"),
        "waitlisted": ("accepted", "refused", "withdrawn"),
        # Undone within a day: see domain/undoing.py.
        "accepted": ("in_review",),
        "refused": ("in_review",),
        "withdrawn": (),
    },
)

PARTICIPANT = Lifecycle(
    "participant",
    "active",
    {
        "active": ("completed", "withdrawn"),
        "completed": (),
        # A manager takes it back in.
        "withdrawn": ("active",),
    },
)

#: What the admins of an organization are asked: may this person become one too?
CLAIM = Lifecycle(
    "claim",
    "asked",
    {
        "asked": ("accepted", "declined", "withdrawn"),
        # They may think again; nobody asks them to.
        "declined": ("accepted", "withdrawn"),
        # What it was asked for was undone; it is asked again with another acceptance.
        "accepted": ("withdrawn",),
        "withdrawn": ("asked",),
    },
)

#: Steps that people set.
PERSON_STEP = Lifecycle(
    "step",
    "todo",
    {
        "todo": ("planned", "in_progress", "to_confirm", "done", "waived"),
        "planned": ("todo", "in_progress", "to_confirm", "done", "waived"),
        "in_progress": ("todo", "planned", "to_confirm", "done", "waived"),
        "to_confirm": ("todo", "planned", "in_progress", "done", "waived"),
        "done": ("todo", "in_progress", "to_confirm"),
        "waived": ("todo",),
    },
)

#: Steps that follow the catalogue: it sets and unsets them, a manager may waive.
CATALOG_STEP = Lifecycle(
    "step",
    "todo",
    {"todo": ("done", "waived"), "done": ("todo",), "waived": ("todo",)},
)

AWARD = Lifecycle(
    "award",
    "active",
    {
        "active": ("at_risk", "revoked"),
        "at_risk": ("active", "revoked"),
        "revoked": (),
    },
)

#: What people choose may lead a preparation back: the states between reading and
#: publication follow from what is left to be said.
_PREPARED = ("to_match", "to_mend", "ready", "failed")
PREPARATION = Lifecycle(
    "preparation",
    "reading",
    {
        "reading": _PREPARED,
        "to_match": ("reading", *_PREPARED),
        "to_mend": ("reading", *_PREPARED),
        "ready": ("reading", "published", *_PREPARED),
        "failed": ("reading", *_PREPARED),
        "published": (),
    },
)

#: States of a season before its launch: it may still be filled with participants.
COHORT_COMING = frozenset({"draft", "open"})

#: States of a season in which the catalogue is followed and people are reminded.
COHORT_LIVE = frozenset({"open", "running"})

#: States of a season in which an application can be accepted.
COHORT_ADMITTING = frozenset({"open", "running"})

#: States of a season that is over: what was achieved in it no longer changes.
COHORT_OVER = frozenset({"finished", "archived"})

#: States in which a season can be deleted: nobody works in it.
COHORT_DELETABLE = frozenset({"draft", "archived"})

#: Of the seasons of a portal, the home page presents one of the first of these states.
COHORT_PRESENTED = ("running", "open", "finished")

#: States of a participant that counts: all but those that withdrew.
PARTICIPANT_COUNTED = frozenset({"active", "completed"})

#: States of a step that nobody has begun.
STEP_UNBEGUN = frozenset({"todo", "planned"})

#: States of a step that its people say is done.
STEP_CLAIMED = frozenset({"done", "to_confirm"})

#: States that people may give to a step; to waive one is a decision of a manager.
STEP_SAID = ("todo", "planned", "in_progress", "to_confirm", "done")

#: States in which a step asks nothing more of the collectivité's checklist.
STEP_SETTLED = frozenset({"done", "waived"})

#: States of a step with which nobody is late: one that waits for an adviser is not,
#: the collectivité has done its part.
STEP_DELIVERED = STEP_SETTLED | {"to_confirm"}

#: States of a step that its people have begun, and that is not done for all.
STEP_UNDER_WAY = frozenset({"to_confirm", "in_progress"})

#: States of an application that its season's team has read or may read.
APPLICATION_SENT = tuple(
    state for state in APPLICATION.states if state not in ("draft", "withdrawn")
)

#: States of an application in which it counts as the live one of its SIREN.
APPLICATION_LIVE = frozenset(
    {
        "draft",
        "submitted",
        "in_review",
        "changes_requested",
        "waitlisted",
        "accepted",
    }
)

#: States of an application without an answer for good, in the order of a life.
APPLICATION_UNANSWERED = (
    "draft",
    "submitted",
    "in_review",
    "changes_requested",
    "waitlisted",
)

#: Those of which somebody waits for the answer of the team, or its team for somebody.
APPLICATION_AWAITED = APPLICATION_UNANSWERED[1:]

#: States in which the applicant may change what is written; what is submitted, as long
#: as nobody reads it: see :func:`may_change`.
APPLICATION_EDITABLE = frozenset({"draft", "submitted", "changes_requested"})

#: States in which the team has an application to answer.
APPLICATION_ARRIVED = frozenset({"submitted", "in_review"})

#: States in which the application has its answer, for now or for good.
APPLICATION_DECIDED = frozenset({"accepted", "waitlisted", "refused"})

#: States in which applicants erase their data by themselves: nobody works on it.
APPLICATION_ERASABLE = frozenset({"draft", "withdrawn", "refused"})

#: States of a preparation in which its people still work on it.
PREPARATION_OPEN = frozenset({"reading", "to_match", "to_mend", "ready", "failed"})
#: Of these there is a table.
PREPARATION_READ = frozenset({"to_match", "to_mend", "ready"})

#: Ways into an organization by the challenge's invitation: a manager's, or its own
#: admins'.
INVITED = frozenset({"invitation", "own_invitation"})

#: States of an award in which the organization holds the badge.
AWARD_HELD = frozenset({"active", "at_risk"})


def may_change(state: str, read: bool) -> bool:
    """Return whether an applicant may change what is written.

    :param read: whether somebody of the team reads it, or keeps a decision on it
    """
    return state in APPLICATION_EDITABLE and not (state == "submitted" and read)


@dataclass(frozen=True)
class Decision:
    """What somebody decides on an application.

    :ivar name: the word of the API
    :ivar sources: the states in which it can be taken
    :ivar target: the state to which it leads
    :ivar by: ``staff`` or ``applicant``
    :ivar needs_reason: whether a reason must be given
    :ivar can_wait: whether it can be kept pending, to be published with others
    """

    name: str
    sources: tuple[str, ...]
    target: str
    by: str = "staff"
    needs_reason: bool = False
    can_wait: bool = False


# A manager may decide on a submitted file at once: it then passes through
# in_review, so that its life still follows the table.
_DECIDABLE = ("in_review", "submitted")

DECISIONS: dict[str, Decision] = {
    decision.name: decision
    for decision in (
        Decision("submit", ("draft", "changes_requested"), "submitted", "applicant"),
        Decision(
            "withdraw",
            ("draft", "submitted", "in_review", "changes_requested", "waitlisted"),
            "withdrawn",
            "applicant",
        ),
        Decision("start", ("submitted",), "in_review"),
        Decision(
            "request_changes",
            _DECIDABLE,
            "changes_requested",
            needs_reason=True,
            can_wait=True,
        ),
        Decision("accept", (*_DECIDABLE, "waitlisted"), "accepted", can_wait=True),
        Decision("waitlist", _DECIDABLE, "waitlisted", can_wait=True),
        Decision(
            "refuse",
            (*_DECIDABLE, "waitlisted"),
            "refused",
            needs_reason=True,
            can_wait=True,
        ),
        Decision("reopen", ("refused",), "in_review"),
    )
}

#: The decisions that staff take, in the order in which a desk offers them.
REVIEW_DECISIONS: tuple[str, ...] = tuple(
    name for name, decision in DECISIONS.items() if decision.by == "staff"
)

#: What is decided once the season is over, and in which states: nobody can be admitted
#: any more, and who has no answer gets one.
_ONCE_OVER: dict[str, tuple[str, ...]] = {
    "refuse": APPLICATION_AWAITED,
    "withdraw": DECISIONS["withdraw"].sources,
}


def sources_of(decision: str, over: bool = False) -> tuple[str, ...]:
    """Return the states in which a decision can be taken.

    :param over: whether the season is over
    :raises KeyError: for an unknown decision
    """
    return _ONCE_OVER.get(decision, ()) if over else DECISIONS[decision].sources


#: What may be wrong with a file of which changes are requested.
CHANGES_KINDS: tuple[str, ...] = ("incorrect", "incomplete")


def decide(current: str, decision: str, over: bool = False) -> tuple[str, ...]:
    """Return the states through which a decision takes an application.

    :param current: the state of the application
    :param decision: a key of :data:`DECISIONS`
    :param over: whether the season is over
    :returns: the states in order, the last one being where it ends; two when a
        submitted application is decided without having been taken up first
    :raises ForbiddenTransition: when the decision cannot be taken in that state
    :raises KeyError: for an unknown decision
    """
    taken = DECISIONS[decision]
    if current not in sources_of(decision, over):
        raise ForbiddenTransition("application", current, taken.target)
    if APPLICATION.allows(current, taken.target):
        return (taken.target,)
    path = ("in_review", taken.target)
    for before, after in zip((current, *path), path, strict=False):
        APPLICATION.check(before, after)
    return path


def decisions_for(
    current: str, by: str = "staff", over: bool = False
) -> tuple[str, ...]:
    """Return the decisions that can be taken on an application in a state.

    :param by: ``staff`` or ``applicant``
    :param over: whether the season is over
    """
    return tuple(
        name
        for name, decision in DECISIONS.items()
        if decision.by == by and current in sources_of(name, over)
    )


def check_cohort(current: str, target: str, has_applications: bool) -> None:
    """Stop a forbidden change of a cohort's state.

    :param has_applications: whether anybody has applied, drafts included
    :raises ForbiddenTransition: when the table has no such way
    :raises HasApplications: when it would hide the cohort from its applicants
    """
    COHORT.check(current, target)
    if target == "draft" and has_applications:
        raise HasApplications(current)


def step_lifecycle(source: str) -> Lifecycle:
    """Return the table for a step by its source, ``catalog`` or ``person``."""
    return CATALOG_STEP if source == "catalog" else PERSON_STEP


def claimed_state(confirm: bool) -> str:
    """Return the state of a step that its people say is done.

    :param confirm: whether the programme wants an adviser to confirm it
    """
    return "to_confirm" if confirm else "done"


def answered_state(confirmed: bool) -> str:
    """Return the state of a step to confirm once the adviser has answered."""
    return "done" if confirmed else "in_progress"
