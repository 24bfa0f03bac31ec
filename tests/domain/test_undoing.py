"""Until when an acceptance can be undone, and what hinders it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from ckanext.challenge.domain.undoing import Facts, hindrances, until

NOW = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)
FRESH = Facts("accepted", NOW - timedelta(hours=1), False, "open", "active")


def test_an_acceptance_of_today_with_nothing_in_it_can_be_undone() -> None:
    assert hindrances(FRESH, NOW) == ()
    # Its organization was purged meanwhile.
    assert hindrances(replace(FRESH, participant=None), NOW) == ()


def test_a_day_is_a_day() -> None:
    assert FRESH.decided_at is not None
    end = until(FRESH.decided_at)
    assert hindrances(FRESH, end - timedelta(seconds=1)) == ()
    assert hindrances(FRESH, end) == ("late",)
    assert hindrances(replace(FRESH, decided_at=None), NOW) == ("late",)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"application": "in_review"}, "not_accepted"),
        ({"cohort": "finished"}, "over"),
        ({"erased": True}, "erased"),
        ({"participant": "withdrawn"}, "withdrawn"),
        ({"datasets": 1}, "datasets"),
        ({"resources": 1}, "resources"),
        ({"described": True}, "description"),
        ({"seasons": 1}, "seasons"),
    ],
)
def test_each_reason_is_told(change: dict[str, object], told: str) -> None:
    assert hindrances(replace(FRESH, **change), NOW) == (told,)  # type: ignore[arg-type]


def test_all_reasons_are_told_but_of_what_was_not_accepted_no_other() -> None:
    facts = replace(FRESH, datasets=2, described=True, seasons=1)
    assert hindrances(facts, NOW) == ("datasets", "description", "seasons")
    assert hindrances(replace(facts, application="refused"), NOW) == ("not_accepted",)
