"""The nine criteria of quality, by bit."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import quality
from ckanext.challenge.domain.criteria import Finding, Threshold, judge
from ckanext.challenge.domain.measurement import Measurement


@given(st.integers(0, (1 << quality.MAXIMUM) - 1))
def test_what_is_not_met_is_missing(met: int) -> None:
    missing = quality.missing(met)
    assert quality.points(met) + len(missing) == quality.MAXIMUM
    assert list(missing) == [
        name for bit, name in enumerate(quality.CRITERIA) if not met & 1 << bit
    ]


def test_a_frequency_comes_before_keeping_it() -> None:
    lacking = ("frequency", "updated_in_time", "licence")
    found = [quality.first_of(name, lacking) for name in lacking]
    assert found == ["frequency", "frequency", "licence"]
    assert quality.first_of("updated_in_time", ["licence"]) == "updated_in_time"


def test_the_ends() -> None:
    assert quality.missing(0) == quality.CRITERIA
    assert quality.missing((1 << quality.MAXIMUM) - 1) == ()
    assert quality.DESCRIBED < quality.MAXIMUM == 9


def test_a_verdict_says_what_each_dataset_and_the_organization_lack() -> None:
    measured = {
        "described_share": Measurement(
            0.0, 2, ("a", "b"), missing=(("licence",), ("frequency", "description"))
        ),
        "organization_profile": Measurement(0.5, lacking=("website",)),
        "members": Measurement(1.0),
    }

    def missing(measure: str) -> Finding:
        (finding,) = judge(Threshold(measure, 1.5), measured, {}).missing
        return finding

    assert missing("described_share").as_dict()["missing"] == {
        "a": ["licence"],
        "b": ["frequency", "description"],
    }
    assert missing("organization_profile").as_dict()["missing"] == {"": ["website"]}
    assert "missing" not in missing("members").as_dict()
