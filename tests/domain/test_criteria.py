"""Criteria: met or not, what is missing, how far."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    StepDone,
    StepsDone,
    Threshold,
    holds,
    judge,
    measures_of,
)
from ckanext.challenge.domain.measurement import Measurement

PUBLIC = Threshold("datasets_public", 3)
DESCRIBED = Threshold("described_share", 0.8)


def test_a_threshold_that_is_met_names_what_counts() -> None:
    verdict = judge(PUBLIC, {"datasets_public": Measurement(3, passing=("a", "b"))}, {})
    assert verdict.met
    assert verdict.progress == 1
    assert verdict.missing == ()
    assert verdict.found[0].as_dict() == {
        "measure": "datasets_public",
        "value": 3,
        "target": 3,
        "datasets": ["a", "b"],
    }


def test_a_threshold_that_is_not_met_names_what_fails() -> None:
    found = Measurement(0.5, of=2, failing=("b",), passing=("a",))
    verdict = judge(DESCRIBED, {"described_share": found}, {})
    assert not verdict.met
    assert verdict.progress == 0.5 / 0.8
    assert verdict.missing[0].as_dict() == {
        "measure": "described_share",
        "value": 0.5,
        "target": 0.8,
        "datasets": ["b"],
    }


def test_what_was_not_measured_is_nothing() -> None:
    verdict = judge(PUBLIC, {}, {})
    assert (verdict.met, verdict.progress, verdict.missing[0].value) == (False, 0, 0)


def test_nearly_there_is_not_there() -> None:
    verdict = judge(
        Threshold("fresh_share", 1), {"fresh_share": Measurement(0.999)}, {}
    )
    assert not verdict.met
    assert verdict.progress < 1


def test_steps_done_and_waived_both_settle() -> None:
    for state, met in (
        ("done", True),
        ("waived", True),
        ("to_confirm", False),
        ("todo", False),
    ):
        assert judge(StepDone("x"), {}, {"x": state}).met is met
    assert judge(StepDone("x"), {}, {}).missing[0].step == "x"


def test_all_required_steps() -> None:
    verdict = judge(StepsDone(), {}, {"a": "done", "b": "todo"}, ("a", "b"))
    assert (verdict.met, verdict.progress) == (False, 0.5)
    assert [finding.step for finding in verdict.missing] == ["b"]
    both = {"a": "done", "b": "waived"}
    assert judge(StepsDone(), {}, both, ("a", "b")).met
    assert holds(StepsDone(), {}, both, ("a", "b"))
    assert not holds(StepsDone(), {}, {"a": "done"}, ("a", "b"))


def test_all_of_adds_up_what_is_missing() -> None:
    verdict = judge(
        AllOf((PUBLIC, DESCRIBED, StepDone("x"))),
        {"datasets_public": Measurement(3), "described_share": Measurement(0.4)},
        {},
    )
    assert not verdict.met
    assert verdict.progress == (1 + 0.5 + 0) / 3
    assert [finding.measure or finding.step for finding in verdict.missing] == [
        "described_share",
        "x",
    ]
    assert [finding.measure for finding in verdict.found] == ["datasets_public"]


def test_any_of_takes_the_nearest_way() -> None:
    criterion = AnyOf((PUBLIC, DESCRIBED))
    verdict = judge(criterion, {"described_share": Measurement(0.4)}, {})
    assert not verdict.met
    assert [finding.measure for finding in verdict.missing] == ["described_share"]
    assert judge(criterion, {"datasets_public": Measurement(3)}, {}).met


def test_the_measures_of_nested_criteria() -> None:
    criterion = AllOf((PUBLIC, AnyOf((DESCRIBED, StepDone("x"))), StepsDone()))
    assert measures_of(criterion) == {"datasets_public", "described_share"}


names = st.sampled_from(["m1", "m2", "m3"])
thresholds = st.builds(Threshold, names, st.floats(0, 10))
criteria: st.SearchStrategy[Criterion] = st.recursive(
    thresholds | st.builds(StepDone, st.sampled_from(["a", "b"])),
    lambda inner: (
        st.builds(AllOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
        | st.builds(AnyOf, st.lists(inner, min_size=1, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
measured = st.dictionaries(names, st.floats(0, 10).map(Measurement))
states = st.dictionaries(
    st.sampled_from(["a", "b"]), st.sampled_from(["todo", "done", "waived"])
)


@given(criteria, measured, states)
def test_progress_is_one_exactly_when_met(
    criterion: Criterion, found: dict[str, Measurement], steps: dict[str, str]
) -> None:
    verdict = judge(criterion, found, steps)
    assert 0 <= verdict.progress <= 1
    assert verdict.met is (verdict.progress == 1)
    assert verdict.met is not bool(verdict.missing)
    assert holds(criterion, found, steps) is verdict.met


@given(criteria, measured, states, names)
def test_more_never_unmakes(
    criterion: Criterion,
    found: dict[str, Measurement],
    steps: dict[str, str],
    name: str,
) -> None:
    before = judge(criterion, found, steps)
    value = found.get(name, Measurement(0)).value
    more = judge(criterion, {**found, name: Measurement(value + 1)}, steps)
    assert more.met or not before.met
    assert more.progress >= before.progress
