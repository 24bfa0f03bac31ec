"""A new season made of one that was."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, collectivites, make_cohort, make_participant, make_staff

from ckanext.challenge.domain import deadlines
from ckanext.challenge.model import Cohort, JournalEntry

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


def make_season() -> dict[str, Any]:
    return make_cohort(
        application_opens="2022-06-01",
        application_deadline="2022-09-30",
        launch="2022-09-15",
        first_publication=None,
        finalisation="2023-03-31",
        description="Ce que c'est",
        days_per_participant=12,
        kinds=["commune"],
        partners=[{"name": "Région", "url": "https://www.example.org"}],
        testimonials=[{"quote": "Utile.", "author": "Une mairie"}],
        questions=[{"label": {"fr": "Votre logiciel ?"}}],
        automatic_promotion=True,
        scheduled_transitions=["finished"],
    )


COPY = {
    "name": "saison-3",
    "title": "Saison 3",
    "season": "3",
    "launch": "2024-09-15",
}


def test_a_copy_has_everything_but_what_happened(admin: dict[str, Any]) -> None:
    collectivites()
    season = make_season()
    people = {"adviser": factories.User(), "manager": factories.User()}
    gone = factories.User()
    for role, user in (*people.items(), ("adviser", gone)):
        make_staff(season, role, user, by=admin)
    call_as(admin, "user_delete", id=gone["id"])
    copied = call_as(admin, "challenge_cohort_copy", id="saison-2", **COPY)
    assert copied["state"] == "draft"
    # 15 September 2022 to 15 September 2024: 731 days, a leap year among them.
    assert {name: copied[name] for name in deadlines.MILESTONES} == {
        "application_opens": "2024-06-01",
        "application_deadline": "2024-09-30",
        "launch": "2024-09-15",
        "first_publication": None,
        "finalisation": "2025-03-31",
    }
    for name in (
        "description",
        "capacity",
        "kinds",
        "funding",
        "partners",
        "questions",
        "automatic_promotion",
        "days_per_participant",
        "programme",
    ):
        assert copied[name] == season[name], name
    assert copied["testimonials"] == []
    assert copied["scheduled_transitions"] == []
    assert copied["season"] == 3
    staff = call_as(admin, "challenge_staff_list", cohort="saison-3")["results"]
    assert {row["role"]: row["user_id"] for row in staff} == {
        role: user["id"] for role, user in people.items()
    }
    entries = model.Session.query(JournalEntry).filter_by(object_id=copied["id"])
    assert [entry.action for entry in entries] == ["create", "copy"]


def test_participants_stay_where_they_are(admin: dict[str, Any]) -> None:
    collectivites()
    season = make_cohort()
    make_participant(season)
    copied = call_as(admin, "challenge_cohort_copy", id=season["id"], **COPY)
    assert copied["figures"]["participants"] == 0
    found = call_as(admin, "challenge_application_list", cohort=copied["id"])
    assert found["count"] == 0


def test_a_dry_run_shows_the_copy_and_stores_nothing(admin: dict[str, Any]) -> None:
    make_season()
    shown = call_as(admin, "challenge_cohort_copy", id="saison-2", dry_run=True, **COPY)
    assert shown["id"] is None
    assert shown["finalisation"] == "2025-03-31"
    model.Session.remove()
    assert model.Session.query(Cohort).count() == 1
    assert not model.Session.query(JournalEntry).filter_by(action="copy").count()


def test_without_a_launch_there_is_nothing_to_shift_by(admin: dict[str, Any]) -> None:
    make_cohort("draft", launch=None)
    copied = call_as(admin, "challenge_cohort_copy", id="saison-2", **COPY)
    dates = {name: copied[name] for name in deadlines.MILESTONES}
    assert dates == {**dict.fromkeys(deadlines.MILESTONES), "launch": "2024-09-15"}


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ({"name": "saison-2"}, ["name"]),
        ({"name": "manage"}, ["name"]),
        ({"season": "trois"}, ["season"]),
        ({"launch": ""}, ["launch"]),
        ({"launch": "15/09/2024"}, ["launch"]),
        ({"name": "", "title": ""}, ["name", "title"]),
    ],
)
def test_what_a_copy_cannot_be(
    admin: dict[str, Any], changed: dict[str, str], fields: list[str]
) -> None:
    make_season()
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_copy", id="saison-2", **{**COPY, **changed})
    assert sorted(caught.value.error_dict) == fields
    assert model.Session.query(Cohort).count() == 1
