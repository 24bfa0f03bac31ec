"""The days and the money of a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import day
from helpers.accompaniment import World
from helpers.snapshots import MadeOnce
from sqlalchemy import event

from ckanext.challenge.model import Participant, Visit

FUNDING = [{"source": "Région", "amount": 2000}, {"source": "Commune", "amount": 1000}]


class Funded(World):
    """Two collectivités with two days each, for 3,000 EUR."""

    def __init__(self) -> None:
        super().__init__(funding=FUNDING, capacity=5)

    def patch(self, **data: Any) -> None:
        self.call("manager", "cohort_patch", id=self.cohort["id"], **data)

    def budget(self, who: str = "manager") -> dict[str, Any]:
        return self.call(who, "budget_show", cohort=self.cohort["id"])


@pytest.fixture
def world(made_once: MadeOnce) -> Funded:
    return made_once(__name__, Funded)


def _money(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (row["id"], row["promised"], row["engaged"], row["spent"])
        for row in found["funders"]
    ]


def test_nothing_yet(world: Funded) -> None:
    found = world.budget()
    assert found["days"] == {"granted": 4, "done": 0, "planned": 0, "left": 4}
    assert _money(found) == [("region", 10000, 4000, 0), ("commune", 5000, 2000, 0)]
    assert found["months"] == []
    assert [row["days_left"] for row in found["collectivites"]] == [2, 2]
    assert [(row["name"], row["days_left"]) for row in found["advisers"]] == [
        ("Name of adviser", 2)
    ]


def test_days_have_one_sum_whoever_counts_them(world: Funded) -> None:
    world.visit(date="2026-01-12", days=1)
    world.visit("manager", date="2026-03-02", days=0.5)
    world.visit(
        "manager",
        participant=None,
        participants=world.participants,
        date=day(5).isoformat(),
        days=0.5,
    )
    cancelled = world.visit(date="2026-03-03")
    world.call("adviser", "visit_update", id=cancelled["id"], state="cancelled")
    found = world.budget()
    assert found["days"] == {"granted": 4, "done": 1.5, "planned": 0.5, "left": 2}
    for rows in ("advisers", "collectivites", "months"):
        for name in ("done", "planned"):
            total = sum(row[f"days_{name}"] for row in found[rows])
            assert total == found["days"][name], rows
    # No month is left out between the first and the last.
    assert [row["month"] for row in found["months"]][:3] == [
        "2026-01",
        "2026-02",
        "2026-03",
    ]
    assert found["months"][1] == {
        "month": "2026-02",
        "days_done": 0,
        "days_planned": 0,
    }
    # 1.5 of 2 days of the first one.
    assert _money(found)[0] == ("region", 10000, 4000, 1500)
    assert found["forecast"]["days_booked"] == 2
    # Those of the own participants, and what one did oneself; no money.
    own = world.budget("adviser")
    assert (own["funders"], own["forecast"]) == ([], {})
    assert [row["participant_id"] for row in own["collectivites"]] == [world.first]
    assert [(row["name"], row["days_done"]) for row in own["advisers"]] == [
        ("Name of adviser", 1)
    ]


def test_who_left_keeps_the_days_done_and_no_others(world: Funded) -> None:
    second = world.participants[1]
    for date in ("2026-03-02", day(5).isoformat()):
        world.visit("manager", participant=second, date=date, days=0.5)
    world.call("manager", "participant_withdraw", id=second, reason="x")
    found = world.budget()
    assert found["days"] == {"granted": 2.5, "done": 0.5, "planned": 0, "left": 2}
    (left,) = [row for row in found["collectivites"] if row["left"]]
    assert (left["participant_id"], left["days_done"], left["days_left"]) == (
        second,
        0.5,
        0,
    )
    # Engaged: all for who stays, and a quarter that was spent.
    assert _money(found)[0] == ("region", 10000, 2500, 500)
    assert sum(row["days_planned"] for row in found["months"]) == 0


def test_the_rule_and_the_sum_of_an_agreement(world: Funded) -> None:
    agreed = {**FUNDING[0], "rule": "collectivite", "promised": 9000}
    world.patch(funding=[agreed, FUNDING[1]])
    world.visit()
    found = world.budget()
    assert _money(found)[0] == ("region", 9000, 4000, 2000)
    assert {row["currency"] for row in found["funders"]} == {"EUR"}
    wrong_ones: list[dict[str, Any]] = [{"rule": "heure"}, {"promised": -1}]
    for wrong in wrong_ones:
        with pytest.raises(tk.ValidationError):
            world.patch(funding=[{**FUNDING[0], **wrong}])


def test_a_funder_with_money_engaged_stays(world: Funded) -> None:
    with pytest.raises(tk.ValidationError) as refused:
        world.patch(funding=FUNDING[1:], currency="CHF")
    assert refused.value.error_dict.keys() == {"funding", "currency"}
    assert "Région" in str(refused.value.error_dict["funding"])
    # Under another name it is the same; an amount of 0 is a decision that can be read.
    world.patch(funding=[{**FUNDING[0], "source": "Région CVL"}, FUNDING[1]])
    world.patch(funding=[{"source": "Région CVL", "amount": 0}, FUNDING[1]])
    assert _money(world.budget())[0] == ("region-cvl", 0, 0, 0)
    # What was done with those who left is engaged too.
    world.visit()
    for participant in world.participants:
        world.call("manager", "participant_withdraw", id=participant, reason="x")
    with pytest.raises(tk.ValidationError):
        world.patch(funding=[])


def test_without_anybody_a_funder_may_go(world: Funded) -> None:
    for participant in world.participants:
        world.call("manager", "participant_withdraw", id=participant, reason="x")
    world.patch(funding=[], currency="CHF")
    assert world.budget()["funders"] == []


def test_whose_account_is_gone_is_nobody(world: Funded) -> None:
    world.visit()
    model.Session.query(Visit).update({"adviser_id": None})
    model.Session.commit()
    found = world.budget()
    assert [(row["name"], row["days_done"]) for row in found["advisers"]] == [
        ("Name of adviser", 0),
        (None, 0.5),
    ]


def _statements(world: Funded) -> int:
    seen: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    engine = model.meta.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        world.budget()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len(seen)


def test_it_costs_as_many_statements_for_many(world: Funded) -> None:
    before = _statements(world)
    for _ in range(5):
        organization = factories.Organization()
        model.Session.add(
            Participant(
                cohort_id=world.cohort["id"], organization_id=organization["id"]
            )
        )
    for month in range(1, 7):
        world.visit(date=f"2026-0{month}-02")
    model.Session.commit()
    assert _statements(world) <= before
