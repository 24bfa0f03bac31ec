"""What is told before somebody decides."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    make_staff,
)

from ckanext.challenge.model import Application


@pytest.fixture
def admin(with_plugins: None, clean_db: None, clean_index: None) -> dict[str, Any]:
    collectivites()
    return factories.Sysadmin()


def _outcomes(checked: dict[str, Any]) -> dict[str, str]:
    return {row["rule"]: row["outcome"] for row in checked["rules"]}


def test_homonyms_and_the_same_contact_are_pointed_out(admin: dict[str, Any]) -> None:
    cohort = make_cohort()
    one = apply(cohort, LIGNIERES[0], contact_email="a@example.org")
    homonym = apply(cohort, LIGNIERES[1], contact_email="b@example.org")
    contact = apply(cohort, BAULE, contact_email="A@example.org")
    apply(cohort, POINCONNET, contact_email="c@example.org")
    checked = call_as(admin, "challenge_application_check", id=one["id"])
    assert {row["id"]: row["why"] for row in checked["duplicates"]} == {
        homonym["id"]: "name",
        contact["id"]: "contact",
    }
    assert [row["siren"] for row in checked["homonyms"]] == [LIGNIERES[1]]
    outcomes = _outcomes(checked)
    assert outcomes["homonym"] == "look"
    assert outcomes["alone"] == "passed"
    assert outcomes["identity"] == "passed"
    assert outcomes["place"] == "passed"


def test_of_other_seasons_only_what_is_public_is_told(admin: dict[str, Any]) -> None:
    earlier = make_cohort(name="saison-1", season=1, title="Saison 1")
    refused = make_cohort(name="autre", season=3, title="Une autre")
    cohort = make_cohort()
    make_participant(earlier, BAULE)
    apply(refused, BAULE)
    one = apply(cohort, BAULE)
    checked = call_as(admin, "challenge_application_check", id=one["id"])
    assert [(row["cohort"], row["why"]) for row in checked["duplicates"]] == [
        ("saison-1", "siren")
    ]
    assert [group["title"] for group in checked["organizations"]] == ["Baule"]
    outcomes = _outcomes(checked)
    assert outcomes["organization"] == "look"
    # Another season is no second application to this one.
    assert outcomes["alone"] == "passed"


def test_what_stands_against_it_is_named(admin: dict[str, Any]) -> None:
    cohort = make_cohort(capacity=1)
    make_participant(cohort, POINCONNET)
    one = apply(cohort, BAULE)
    row = model.Session.get(Application, one["id"])
    assert row is not None
    row.population, row.motivation = 2000, None
    model.Session.commit()
    checked = call_as(admin, "challenge_application_check", id=one["id"])
    rules = {rule["rule"]: rule for rule in checked["rules"]}
    assert rules["identity"]["fields"] == ["population"]
    assert rules["complete"]["fields"] == ["motivation"]
    assert rules["place"] == {"rule": "place", "outcome": "failed", "number": 0}
    (population,) = [
        row for row in checked["identity"]["fields"] if row["field"] == "population"
    ]
    assert (population["given"], population["directory"]) == (2000, 1985)


def test_a_draft_is_not_for_managers_to_look_at(admin: dict[str, Any]) -> None:
    cohort = make_cohort()
    manager = make_staff(cohort, by=admin)
    draft = apply(cohort, BAULE, submit=False)
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_application_check", id=draft["id"])
    assert call_as(admin, "challenge_application_check", id=draft["id"])["rules"]
