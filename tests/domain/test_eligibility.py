"""The duty to publish, by both readings of the law."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain.eligibility import RULES, duty_to_publish

N = None
BOTH_UNDER = ["population_under", "agents_under"]
BOTH_UNKNOWN = ["population_unknown", "agents_unknown"]


@pytest.mark.parametrize(
    ("rule", "kind", "population", "agents", "status", "codes"),
    [
        # The brochure: more than one of the two numbers.
        ("either", "commune", 5855, 10, "concerned", ["population_over"]),
        ("either", "commune", 1985, 51, "concerned", ["agents_over"]),
        ("either", "commune", 3500, 50, "not_concerned", BOTH_UNDER),
        ("either", "commune", 3501, N, "concerned", ["population_over"]),
        ("either", "commune", 1985, N, "unknown", ["agents_unknown"]),
        ("either", "commune", N, 12, "unknown", ["population_unknown"]),
        ("either", "commune", N, N, "unknown", BOTH_UNKNOWN),
        ("either", "cc", 20000, 12, "concerned", ["population_over"]),
        # CADA 20192116: those under either threshold are exempt.
        ("both", "commune", 5855, 60, "concerned", ["population_over", "agents_over"]),
        ("both", "commune", 3500, 50, "concerned", ["population_over", "agents_over"]),
        ("both", "commune", 3499, 60, "not_concerned", ["population_under"]),
        ("both", "commune", 5855, 49.5, "not_concerned", ["agents_under"]),
        ("both", "commune", 5855, N, "unknown", ["agents_unknown"]),
        ("both", "commune", 1985, N, "not_concerned", ["population_under"]),
        ("both", "commune", N, 49, "not_concerned", ["agents_under"]),
        # An EPCI: its agents alone.
        ("both", "cc", 1000, 60, "concerned", ["agents_over"]),
        ("both", "metropole", 400000, 49, "not_concerned", ["agents_under"]),
        ("both", "ca", 90000, N, "unknown", ["agents_unknown"]),
    ],
)  # fmt: skip
def test_duty(  # noqa: PLR0917 (a table of cases)
    rule: str,
    kind: str,
    population: int | None,
    agents: float | None,
    status: str,
    codes: list[str],
) -> None:
    duty = duty_to_publish(kind, population, agents, rule=rule)  # type: ignore[arg-type]
    assert duty.status == status
    assert [reason.code for reason in duty.deciding] == codes


def test_both_numbers_are_kept_and_the_ignored_one_says_so() -> None:
    duty = duty_to_publish("cc", 1000, 60, rule="both")
    population, agents = duty.reasons
    assert (population.code, population.value, population.threshold) == (
        "population_ignored",
        1000,
        3500,
    )
    assert (agents.code, agents.value, agents.threshold) == ("agents_over", 60, 50)
    rows = duty.as_dict()["reasons"]
    assert isinstance(rows, list)
    assert [row["decides"] for row in rows] == [False, True]


def test_thresholds_are_arguments() -> None:
    assert duty_to_publish("commune", 900, 1).status == "not_concerned"
    lower = duty_to_publish("commune", 900, 1, population_threshold=800)
    assert lower.status == "concerned"
    fewer = duty_to_publish("commune", 900, 21, agents_threshold=20)
    assert fewer.status == "concerned"


numbers = st.none() | st.integers(0, 10**6)


@given(
    st.sampled_from(RULES),
    st.sampled_from(["commune", "cc", "ca", "cu", "metropole", "autre", None]),
    numbers,
    numbers,
)
def test_there_is_always_a_reason_and_more_never_frees(
    rule: str, kind: str | None, population: int | None, agents: int | None
) -> None:
    duty = duty_to_publish(kind, population, agents, rule=rule)  # type: ignore[arg-type]
    assert duty.deciding
    if duty.status == "concerned" and population is not None and agents is not None:
        more = duty_to_publish(kind, population + 1, agents + 1, rule=rule)  # type: ignore[arg-type]
        assert more.status == "concerned"
