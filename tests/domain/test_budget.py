"""What is promised, engaged and spent, by the rule of each funder."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import budget
from ckanext.challenge.domain.budget import Accompanied

D = Decimal
FUNDING = [{"source": "Région", "amount": 2000}, {"source": "Commune", "amount": 1000}]


def _accounts(
    people: list[Accompanied],
    funding: list[dict[str, Any]] = FUNDING,
    granted: str | None = "12",
    capacity: int | None = 20,
) -> list[tuple[Any, ...]]:
    days = None if granted is None else D(granted)
    found = budget.accounts(funding, days, capacity, people)
    return [(one.promised, one.engaged, one.spent, one.forecast) for one in found]


def test_the_cost_is_the_sum_of_the_funding() -> None:
    assert budget.cost(FUNDING) == 3000
    assert budget.cost([]) == 0


def test_cents_are_exact() -> None:
    line = {"source": "a", "amount": 0.1}
    assert budget.cost([line, line, line]) == D("0.3")


def test_by_the_day() -> None:
    people = [Accompanied(D(6), D(3)), Accompanied(D(0))]
    assert _accounts(people) == [
        (D(40000), D(4000), D(1000), D(1500)),
        (D(20000), D(2000), D(500), D(750)),
    ]


def test_by_the_collectivite_it_is_due_as_soon_as_it_has_begun() -> None:
    funding = [{"source": "Région", "amount": 2000, "rule": "collectivite"}]
    people = [Accompanied(D("0.5")), Accompanied(D(0), D(1)), Accompanied(D(0))]
    assert _accounts(people, funding) == [(D(40000), D(6000), D(2000), D(4000))]


def test_where_days_are_not_counted_it_is_by_the_collectivite() -> None:
    assert _accounts([Accompanied(D(1))], FUNDING[:1], granted=None) == [
        (D(40000), D(2000), D(2000), D(2000))
    ]
    # Nor is anything divided by no days.
    assert _accounts([Accompanied(D(1))], FUNDING[:1], granted="0")[0][2] == 2000


def test_nobody_pays_more_than_the_amount() -> None:
    assert _accounts([Accompanied(D(15))], FUNDING[:1])[0][1:3] == (D(2000), D(2000))


def test_of_those_that_left_only_what_was_done_is_engaged() -> None:
    people = [Accompanied(D(3), left=True), Accompanied(D(0), left=True)]
    assert _accounts(people, FUNDING[:1]) == [(D(40000), D(500), D(500), D(500))]
    whole = [{**FUNDING[0], "rule": "collectivite"}]
    assert _accounts(people, whole)[0][1:3] == (D(2000), D(2000))


@pytest.mark.parametrize(
    ("declared", "capacity", "promised"),
    [(15000, 20, 15000), (None, 20, 40000), (None, None, 2000), (0, 20, 0)],
)
def test_promised(declared: int | None, capacity: int | None, promised: int) -> None:
    line = dict(FUNDING[0], **({} if declared is None else {"promised": declared}))
    people = [Accompanied(D(0)), Accompanied(D(1), left=True)]
    assert _accounts(people, [line], capacity=capacity)[0][0] == promised


def test_two_lines_of_one_funder_keep_their_rules_and_promises() -> None:
    by_day = {"source": "Région", "amount": 1000, "rule": "day", "promised": 20000}
    whole = {"source": "Region", "amount": 500, "rule": "collectivite"}
    people = [Accompanied(D(1))] * 3
    for funding in ([by_day, whole], [whole, by_day]):
        (found,) = budget.accounts(funding, D(4), 20, people)
        assert found.name == funding[0]["source"]
        assert found.rules == tuple(line["rule"] for line in funding)
        assert (found.promised, found.engaged) == (D(30000), D(4500))
        assert (found.spent, found.forecast) == (D(2250), D(2250))


@given(
    lines=st.lists(
        st.fixed_dictionaries(
            {
                "source": st.sampled_from(["Région", "REGION", "Commune", "北京"]),
                "amount": st.integers(0, 3000),
                "rule": st.sampled_from(budget.RULES),
                "promised": st.none() | st.integers(0, 9000),
            }
        )
    ),
    days=st.lists(st.integers(0, 6), max_size=4),
)
def test_the_funders_have_what_their_lines_have(
    lines: list[dict[str, Any]], days: list[int]
) -> None:
    people = [Accompanied(D(number)) for number in days]
    found = budget.accounts(lines, D(4), 10, people)
    each = [budget.account(one, D(4), 10, people) for one in budget.lines(lines, D(4))]
    for name in ("promised", "engaged", "spent", "forecast"):
        assert sum(getattr(one, name) for one in found) == sum(
            getattr(one, name) for one in each
        )
    assert len(found) == len({budget.funder_id(line["source"]) for line in lines})


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("L'État – ANCT", "l-etat-anct"),
        ("北京", "北京"),
        ("Москва  Область", "москва область"),
    ],
)
def test_the_id_of_a_funder(source: str, found: str) -> None:
    assert budget.funder_id(source) == found


def test_funders_without_latin_letters_are_not_one() -> None:
    funding = [{"source": name, "amount": 1000} for name in ("北京", "上海")]
    found = budget.accounts(funding, D(12), 20, [])
    assert [one.name for one in found] == ["北京", "上海"]
    assert budget.dropped(funding, funding[:1]) == ["上海"]


def test_days_left() -> None:
    assert budget.days_left(D(12), Accompanied(D(2), D(1))) == 9
    assert budget.days_left(D(12), Accompanied(D(2), left=True)) == 0
    assert budget.days_left(None, Accompanied(D(2))) is None


@pytest.mark.parametrize(
    ("done", "planned", "granted", "today", "days"),
    [
        # A third of the time is over: three times as much, as far as it is granted.
        ("10", "0", None, "2026-02-01", "29.03"),
        ("10", "0", "24", "2026-02-01", "24"),
        ("10", "20", None, "2026-02-01", "30"),
        ("10", "2", None, "2026-05-01", "12"),
        ("0", "2", None, "2025-12-01", "2"),
    ],
)
def test_what_is_expected_at_the_end(
    done: str, planned: str, granted: str | None, today: str, days: str
) -> None:
    found = budget.expected(
        D(done),
        D(planned),
        None if granted is None else D(granted),
        start=dt.date(2026, 1, 1),
        end=dt.date(2026, 4, 1),
        today=dt.date.fromisoformat(today),
    )
    assert found == D(days)


def test_a_funder_that_a_change_takes_away() -> None:
    region, commune = FUNDING
    assert budget.dropped(FUNDING, [commune]) == ["Région"]
    # Another name, another amount, another order: none is gone.
    assert budget.dropped(FUNDING, [{**region, "source": "Région CVL"}, commune]) == []
    assert budget.dropped(FUNDING, [{**region, "amount": 1}, commune]) == []
    assert budget.dropped(FUNDING, [commune, region]) == []
