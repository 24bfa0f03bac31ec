"""Badges that need no season, for any organization of the portal."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from helpers.progress import Join, do, held, publish

from ckanext.challenge import programmes
from ckanext.challenge.model import Award, Cohort, Standing
from ckanext.challenge.progress import evaluate as evaluating
from ckanext.challenge.progress.evaluate import Result, evaluate
from ckanext.challenge.signals import awards_changed, awards_stored

pytestmark = pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")

FRESH = "donnees-fraiches"


def standing(organization_id: str) -> Standing:
    model.Session.expire_all()
    found = model.Session.get(Standing, organization_id)
    assert found is not None
    return found


def test_an_organization_outside_the_challenge_earns_keeps_and_loses_a_badge(
    organization: dict[str, Any],
) -> None:
    evaluate()
    assert held(organization["id"]) == []
    before = standing(organization["id"])
    assert before.measures["datasets_public"] == 0
    assert [part["measure"] for part in before.why_not[FRESH]] == [
        "datasets_public",
        "fresh_share",
    ]
    dataset = publish(organization["id"], frequency="annual")
    now = dt.datetime.now(dt.timezone.utc)
    assert evaluate(now=now).awards_created == 1
    assert held(organization["id"]) == [FRESH]
    assert FRESH not in standing(organization["id"]).why_not
    award = model.Session.query(Award).one()
    assert (award.cohort_id, award.programme) == (None, "saison")
    assert dataset["id"] in award.criteria["met"][1]["datasets"]

    do("package_patch", id=dataset["id"], private=True)
    evaluate(now=now)
    model.Session.expire_all()
    assert model.Session.query(Award).one().state == "at_risk"
    late = evaluate(now=now + dt.timedelta(days=31))
    assert late.awards_revoked == 1
    assert held(organization["id"]) == []


def test_what_has_not_changed_is_not_written_again(
    participant: Any, organization: dict[str, Any], statements: list[str]
) -> None:
    publish(organization["id"])
    evaluate()
    first = standing(organization["id"]).evaluated_at
    for full in (False, True):
        statements.clear()
        evaluate(full=full)
        written = [one for one in statements if "INSERT INTO challenge_" in one]
        assert all("challenge_judgement" in one for one in written)
        again = standing(organization["id"]).evaluated_at
        assert again > first
        first = again


def test_a_participant_is_judged_once_for_what_needs_no_season(
    make_cohort: Any, organization: dict[str, Any], join: Join
) -> None:
    join(make_cohort(), organization["id"])
    join(make_cohort("saison-3", season=3), organization["id"])
    publish(organization["id"], frequency="annual")
    evaluate()
    rows = model.Session.query(Award).filter_by(badge=FRESH).all()
    assert [row.cohort_id for row in rows] == [None]


def test_it_follows_the_programme_files_and_not_a_season_s_copy(
    cohort: Cohort,
    organization: dict[str, Any],
    join: Join,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The season goes on with its badges; those of the portal are the portal's."""
    join(cohort, organization["id"])
    publish(organization["id"], frequency="annual")
    monkeypatch.setattr(programmes, "all", tuple)
    evaluate()
    assert "premiere-publication" in held(organization["id"])
    assert FRESH not in held(organization["id"])


def test_purging_the_organization_takes_its_standing_along(
    organization: dict[str, Any],
) -> None:
    evaluate()
    do("organization_purge", id=organization["id"])
    assert model.Session.query(Standing).count() == 0
    evaluate()


def test_others_are_told_before_and_after_the_commit(
    participant: Any, organization: dict[str, Any]
) -> None:
    told: list[tuple[str, bool, list[Any]]] = []

    def changed(sender: str, events: list[Any]) -> None:
        told.append(("changed", model.Session().in_transaction(), events))

    def stored(sender: str, events: list[Any]) -> None:
        told.append(("stored", model.Session().in_transaction(), events))

    publish(organization["id"])
    with awards_changed.connected_to(changed), awards_stored.connected_to(stored):
        evaluate()
        evaluate()
    assert [(name, open_) for name, open_, _ in told] == [
        ("changed", True),
        ("stored", False),
    ]
    events = told[0][2]
    assert events == told[1][2]
    assert {(event.badge, event.before, event.after) for event in events} == {
        ("premiere-publication", None, "active")
    }
    assert {event.award_id for event in events} == {
        row.id for row in model.Session.query(Award)
    }


def test_nothing_is_stored_where_one_who_is_told_fails(
    participant: Any, organization: dict[str, Any]
) -> None:
    def fails(sender: str, events: list[Any]) -> None:
        raise RuntimeError("no mail can be written")

    publish(organization["id"])
    with awards_changed.connected_to(fails), pytest.raises(RuntimeError):
        evaluate()
    assert model.Session.query(Award).count() == 0
    evaluate()
    assert held(organization["id"]) == ["premiere-publication"]


def test_a_portal_is_evaluated_in_portions(
    cohort: Cohort, join: Join, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [factories.Organization()["id"] for _ in range(5)]
    for id_ in ids[:3]:
        join(cohort, id_)
        publish(id_, frequency="annual")
    monkeypatch.setattr(evaluating, "PORTION", 2)
    done: list[int] = []
    result = evaluate(on_progress=done.append)
    assert done == [0, 2, 2, 1]
    assert (result.organizations, result.judged, result.awards_created) == (5, 5, 6)
    assert result.steps_changed > 0
    again = evaluate(on_progress=done.append)
    assert done[4:] == [5]
    assert again == Result(organizations=5, seconds=again.seconds)
