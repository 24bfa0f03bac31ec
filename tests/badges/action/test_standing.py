"""How near an organization is to its badges, with and without a season."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, collectivites, make_cohort, make_participant
from helpers.progress import make_award

from benchmarks.statements import sent_statements
from ckanext.challenge.domain.criteria import Finding
from ckanext.challenge.model import Award, Participant, Standing
from ckanext.challenge.model.base import utcnow

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")
FRESH = "donnees-fraiches"


def _rows(shown: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["badge"]: row for row in shown["badges"]}


def _measured(organization_id: str, *datasets: str, fresh: float = 0.45) -> None:
    """What an evaluation stores of an organization."""
    lacking = Finding(
        fresh,
        0.9,
        measure="fresh_share",
        datasets=datasets,
        missing=(("frequency",),) * len(datasets),
    )
    model.Session.add(
        Standing(
            organization_id=organization_id,
            measures={"datasets_public": 2, "fresh_share": fresh},
            why_not={FRESH: [lacking.as_dict()]} if fresh < 0.9 else {},
            evaluated_at=utcnow(),
        )
    )
    model.Session.commit()


def _award(organization_id: str, **fields: Any) -> Award:
    given = make_award(organization_id, FRESH, **fields)
    model.Session.commit()
    return given


def test_an_organization_outside_the_challenge_has_badges_to_earn() -> None:
    user = factories.User()
    group = factories.Organization(user=user)
    dataset = factories.Dataset(owner_org=group["id"], title="Budget")
    _measured(group["id"], dataset["id"])
    shown = call_as(None, "challenge_standing_show", organization=group["name"])
    assert (shown["cohort"], "roles" in shown) == (None, False)
    assert [row["scope"] for row in shown["badges"]] == ["organization"]
    row = _rows(shown)[FRESH]
    # One criterion of two is met, the other half of its way.
    assert (row["earned"], row["percent"], "missing" in row) == (False, 75, False)
    mine = call_as(user, "challenge_standing_show", organization=group["id"])
    (missing,) = _rows(mine)[FRESH]["missing"]
    assert (missing["measure"], missing["value"]) == ("fresh_share", 0.45)
    (lacking,) = missing["datasets"]
    assert lacking["title"] == "Budget"
    assert lacking["fix_url"] == f"/dataset/edit/{dataset['name']}#field-frequency"


def test_what_is_held_at_risk_and_taken_back_is_told_apart() -> None:
    user = factories.User()
    group = factories.Organization(user=user)
    _measured(group["id"])
    award = _award(group["id"])

    def row() -> dict[str, Any]:
        name = group["name"]
        return _rows(call_as(user, "challenge_standing_show", organization=name))[FRESH]

    held = row()
    assert (held["earned"], held["percent"], held["missing"]) == (True, 100, [])
    award.state, award.lost_on = "at_risk", utcnow().date()
    model.Session.commit()
    risky = row()
    assert (risky["earned"], risky["state"]) == (True, "at_risk")
    assert risky["lost_on"]
    assert [one["measure"] for one in risky["missing"]] == ["fresh_share"]
    award.state, award.lost_on, award.revoked_source = "revoked", None, "person"
    model.Session.commit()
    taken = row()
    assert (taken["earned"], taken["state"], taken["missing"]) == (False, "revoked", [])
    _award(group["id"])
    assert row()["earned"]


def test_a_season_adds_its_badges_and_its_steps() -> None:
    collectivites()
    cohort = make_cohort("open")
    user = factories.User()
    participant = make_participant(cohort, user=user)
    name = participant["organization_name"]
    shown = call_as(user, "challenge_standing_show", organization=name)
    assert (shown["cohort"], shown["roles"]) == (cohort["name"], ["admin", "member"])
    rows = _rows(shown)
    assert rows["engagee"]["cohort"] == cohort["name"]
    step = rows["engagee"]["missing"][0]
    assert step["fix_url"] == (
        f"/challenge/{cohort['name']}/{name}?step={step['step']}#step-{step['step']}"
    )
    assert rows[FRESH]["cohort"] is None
    public = call_as(None, "challenge_standing_show", organization=name)
    assert not any("missing" in row for row in public["badges"])


def test_its_statements_do_not_grow() -> None:
    user = factories.User()
    group = factories.Organization(user=user)
    datasets = [factories.Dataset(owner_org=group["id"])["id"] for _ in range(6)]
    counts = []
    for number in (1, 6):
        model.Session.query(Standing).delete()
        _measured(group["id"], *datasets[:number])
        call_as(user, "challenge_standing_show", organization=group["name"])
        model.Session.remove()
        with sent_statements() as sent:
            call_as(user, "challenge_standing_show", organization=group["name"])
        counts.append(len(sent))
    assert counts[0] == counts[1] <= 10


@pytest.mark.parametrize("reference", ["nowhere", "", None, 3])
def test_there_must_be_such_an_organization(reference: Any) -> None:
    with pytest.raises((tk.ObjectNotFound, tk.ValidationError)):
        call_as(None, "challenge_standing_show", organization=reference)


def test_a_season_without_its_own_measures_still_answers() -> None:
    collectivites()
    participant = make_participant(make_cohort("open"))
    model.Session.query(Participant).update({"measures": {}})
    model.Session.commit()
    shown = call_as(
        None, "challenge_standing_show", organization=participant["organization_id"]
    )
    measured = [
        row for row in shown["badges"] if row["badge"] == "premiere-publication"
    ]
    assert [row["percent"] for row in measured] == [0]
