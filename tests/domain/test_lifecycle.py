"""The tables of states: every pair of states, allowed or forbidden."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.lifecycle import (
    APPLICATION,
    AWARD,
    CATALOG_STEP,
    CLAIM,
    COHORT,
    DECISIONS,
    PARTICIPANT,
    PERSON_STEP,
    ForbiddenTransition,
    HasApplications,
    Lifecycle,
)

ALL = [COHORT, APPLICATION, PARTICIPANT, PERSON_STEP, CATALOG_STEP, CLAIM, AWARD]

COHORT_WAYS = {
    ("draft", "open"),
    ("open", "running"),
    ("running", "finished"),
    ("finished", "archived"),
    # one step back
    ("open", "draft"),
    ("running", "open"),
    ("finished", "running"),
    ("archived", "finished"),
}


@pytest.mark.parametrize(
    ("current", "target"), list(itertools.product(COHORT.states, COHORT.states))
)
def test_a_cohort_goes_one_step_forth_or_back(current: str, target: str) -> None:
    assert COHORT.allows(current, target) is ((current, target) in COHORT_WAYS)


def test_a_cohort_with_applications_is_no_draft_again() -> None:
    lifecycle.check_cohort("open", "draft", has_applications=False)
    with pytest.raises(HasApplications) as caught:
        lifecycle.check_cohort("open", "draft", has_applications=True)
    assert (caught.value.current, caught.value.target) == ("open", "draft")
    # Back to open is not back to draft.
    lifecycle.check_cohort("running", "open", has_applications=True)


@pytest.mark.parametrize("life", ALL, ids=lambda life: life.entity)
def test_every_state_is_known_and_within_reach(life: Lifecycle) -> None:
    reached, border = {life.initial}, [life.initial]
    while border:
        for target in life.following(border.pop()):
            assert target in life.states
            if target not in reached:
                reached.add(target)
                border.append(target)
    assert reached == set(life.states)


@pytest.mark.parametrize("life", ALL, ids=lambda life: life.entity)
def test_a_forbidden_transition_names_both_states(life: Lifecycle) -> None:
    for current, target in itertools.product(life.states, life.states):
        if life.allows(current, target):
            life.check(current, target)
            continue
        with pytest.raises(ForbiddenTransition) as caught:
            life.check(current, target)
        assert current in str(caught.value)
        assert target in str(caught.value)


def test_an_unknown_state_goes_nowhere() -> None:
    with pytest.raises(ForbiddenTransition):
        COHORT.check("no-such", "open")
    with pytest.raises(ForbiddenTransition):
        COHORT.check("draft", "no-such")


@pytest.mark.parametrize(
    ("current", "decision", "path"),
    [
        ("draft", "submit", ("submitted",)),
        ("changes_requested", "submit", ("submitted",)),
        ("submitted", "start", ("in_review",)),
        ("in_review", "accept", ("accepted",)),
        ("in_review", "refuse", ("refused",)),
        ("in_review", "waitlist", ("waitlisted",)),
        ("in_review", "request_changes", ("changes_requested",)),
        ("submitted", "accept", ("in_review", "accepted")),
        ("submitted", "refuse", ("in_review", "refused")),
        ("waitlisted", "accept", ("accepted",)),
        ("waitlisted", "refuse", ("refused",)),
        ("refused", "reopen", ("in_review",)),
        ("draft", "withdraw", ("withdrawn",)),
        ("waitlisted", "withdraw", ("withdrawn",)),
    ],
)
def test_decisions_lead_where_they_should(
    current: str, decision: str, path: tuple[str, ...]
) -> None:
    assert lifecycle.decide(current, decision) == path


def test_once_a_season_is_over_who_has_no_answer_is_refused_and_nobody_admitted() -> (
    None
):
    for state in lifecycle.APPLICATION.states:
        offered = lifecycle.decisions_for(state, over=True)
        awaited = state in lifecycle.APPLICATION_AWAITED
        assert offered == (("refuse",) if awaited else ()), state
        if awaited:
            assert lifecycle.decide(state, "refuse", over=True)[-1] == "refused"
        assert "submit" not in lifecycle.decisions_for(state, "applicant", over=True)
    with pytest.raises(ForbiddenTransition):
        lifecycle.decide("in_review", "accept", over=True)
    # While it runs, a correction that was asked for is waited for.
    with pytest.raises(ForbiddenTransition):
        lifecycle.decide("changes_requested", "refuse")


@pytest.mark.parametrize(
    ("current", "decision"),
    [
        ("draft", "accept"),
        ("draft", "start"),
        ("accepted", "accept"),
        ("accepted", "refuse"),
        ("accepted", "withdraw"),
        ("refused", "start"),
        ("refused", "accept"),
        ("withdrawn", "submit"),
        ("withdrawn", "reopen"),
        ("waitlisted", "request_changes"),
        ("in_review", "submit"),
        ("in_review", "start"),
    ],
)
def test_decisions_out_of_turn_are_forbidden(current: str, decision: str) -> None:
    with pytest.raises(ForbiddenTransition) as caught:
        lifecycle.decide(current, decision)
    assert caught.value.current == current
    assert caught.value.target == DECISIONS[decision].target


def test_every_decision_follows_the_table() -> None:
    for current in APPLICATION.states:
        for name, decision in DECISIONS.items():
            if current not in decision.sources:
                assert name not in lifecycle.decisions_for(current, decision.by)
                continue
            assert name in lifecycle.decisions_for(current, decision.by)
            path = lifecycle.decide(current, name)
            for before, after in itertools.pairwise((current, *path)):
                assert APPLICATION.allows(before, after)


def test_who_must_give_a_reason() -> None:
    assert {name for name, taken in DECISIONS.items() if taken.needs_reason} == {
        "request_changes",
        "refuse",
    }


def test_steps_of_the_catalogue_are_not_set_by_hand() -> None:
    assert lifecycle.step_lifecycle("catalog") is CATALOG_STEP
    assert not CATALOG_STEP.allows("todo", "in_progress")
    assert lifecycle.step_lifecycle("person").allows("todo", "in_progress")


@pytest.mark.parametrize(("confirm", "state"), [(True, "to_confirm"), (False, "done")])
def test_what_a_claim_becomes(confirm: bool, state: str) -> None:
    assert lifecycle.claimed_state(confirm) == state


def test_what_an_adviser_answers() -> None:
    assert lifecycle.answered_state(True) == "done"
    assert lifecycle.answered_state(False) == "in_progress"
    for answered in (True, False):
        assert PERSON_STEP.allows("to_confirm", lifecycle.answered_state(answered))


PACKAGE = Path(lifecycle.__file__).parents[1]
LIVES = (
    lifecycle.COHORT,
    lifecycle.APPLICATION,
    lifecycle.PARTICIPANT,
    lifecycle.CLAIM,
    lifecycle.PERSON_STEP,
    lifecycle.AWARD,
)


def _sets_of_states(tree: ast.AST) -> Iterator[ast.expr]:
    """Tuples, lists and sets that hold two states or more and nothing else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple | ast.List | ast.Set) and len(node.elts) > 1:
            values = {getattr(part, "value", None) for part in node.elts}
            if any(values <= set(life.states) for life in LIVES):
                yield node


def test_a_set_of_states_has_its_name_in_one_place() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{node.lineno}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path.parent.name not in ("domain", "versions")
        for node in _sets_of_states(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert found == []
