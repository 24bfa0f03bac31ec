"""What is cited of a season: on the day it finished, and since."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    call_as,
    collectivites,
    day,
    make_cohort,
)
from freezegun import freeze_time
from helpers.progress import do, publish

from ckanext.challenge.model import Cohort
from ckanext.challenge.progress import evaluate

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def move(admin: dict[str, Any], *states: str) -> None:
    for state in states:
        call_as(admin, "challenge_cohort_transition", id="saison-2", to=state)


def report(user: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return call_as(user, "challenge_cohort_report", id="saison-2", **data)


def facts(found: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            row["organization_title"],
            row["steps_done"],
            row["completed"],
            row["datasets"],
            [badge["badge"] for badge in row["badges"]],
        )
        for row in found["participants"]["results"]
    ]


def test_the_last_day_is_kept_whatever_comes_after(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    before = report()
    assert not before["final"]
    move(admin, "finished")
    found = report()
    assert (found["final"], found["state"]) == (True, "finished")
    assert facts(found) == [
        ("Le Poinçonnet", facts(before)[0][1], False, 1, ["premiere-publication"]),
        # All was waived: it has completed the season, and done nothing.
        ("Baule", 0, True, 0, ["challenge-releve", "engagee"]),
    ]
    assert [
        (row["steps_total"], row["steps_waived"])
        for row in found["participants"]["results"]
    ] == [(16, 0), (1, 15)]
    assert found["figures"]["completed"] == 1
    by_step = {row["step"]: row["done"] for row in found["steps"]}
    assert (by_step["premier-jeu"], by_step["avis-final"]) == (1, 0)
    waived = {row["step"]: row["waived"] for row in found["steps"]}
    assert (waived["premier-jeu"], waived["avis-final"]) == (1, 0)
    by_badge = {row["badge"]: row["count"] for row in found["badges"]}
    assert (by_badge["challenge-releve"], by_badge["donnees-decrites"]) == (1, 0)
    # A badge of organizations is none of the season.
    assert "donnees-fraiches" not in by_badge
    assert found["citation"].endswith(found["url"])
    assert found["url"].endswith("/challenge/saison-2/report")

    publish(season[0]["organization_id"])
    do("organization_patch", id=season[0]["organization_id"], title="Autre nom")
    gone = model.Group.get(season[1]["organization_id"])
    assert gone is not None
    gone.state = "deleted"
    model.Session.commit()
    evaluate.evaluate()
    again = report()
    assert facts(again) == facts(found)
    assert (again["date"], again["figures"]) == (found["date"], found["figures"])
    shown = call_as(None, "challenge_cohort_show", id="saison-2")
    assert shown["snapshot"]["figures"] == found["figures"]
    assert "participants" not in shown["snapshot"]
    # Taken back, the season goes on from where it is now.
    move(admin, "running")
    assert not report()["final"]
    assert [row[0] for row in facts(report())] == ["Autre nom"]


def test_the_team_is_told_more(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    call_as(
        admin,
        "challenge_visit_create",
        participant=season[0]["id"],
        date="2026-03-02",
        days=1.5,
        topic="Rencontre",
    )
    call_as(
        admin,
        "challenge_visit_create",
        participant=season[0]["id"],
        date=day(1).isoformat(),
        days=0.5,
        topic="Bilan",
    )
    call_as(
        admin,
        "challenge_participant_withdraw",
        id=season[1]["id"],
        reason="Plus personne.",
    )
    assert "staff" not in report()
    assert "staff" not in report(factories.User())
    found = report(admin)
    staff = found["staff"]
    assert (staff["withdrawn"], staff["feedback"], staff["days"]) == (1, 0, 1.5)
    # Those to come are planned, and not spent.
    assert staff["days_planned"] == 0.5
    mine = staff["participants"][season[0]["organization_id"]]
    assert (mine["days"], mine["feedback"], mine["adviser"]) == (1.5, False, None)
    assert found["participants"]["count"] == 1


def test_its_participants_are_paged(season: list[dict[str, Any]]) -> None:
    found = report(limit=1, offset=1)
    assert found["participants"]["count"] == 2
    assert [row[0] for row in facts(found)] == ["Baule"]


def test_a_season_that_finished_before_snapshots_told_of_participants(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    move(admin, "finished")
    told = report()
    cohort = model.Session.query(Cohort).one()
    assert cohort.snapshot is not None
    old = ("date", "programme", "programme_version", "figures")
    cohort.snapshot = {name: cohort.snapshot[name] for name in old} | {
        "date": "2023-04-01"
    }
    model.Session.commit()
    found = report()
    assert found["date"] == "2023-04-01"
    assert facts(found) == facts(told)


def test_a_collectivite_across_its_seasons(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    move(admin, "finished")
    make_cohort("running", name="saison-3", title="Saison 3", season=3)
    call_as(
        admin,
        "challenge_participant_create",
        cohort="saison-3",
        organization=season[0]["organization_id"],
    )
    publish(season[0]["organization_id"], title="Prénoms")
    publish(season[0]["organization_id"], title="Secret", private=True)
    found = call_as(None, "challenge_collectivite_history", siren="214 500 241")
    assert (found["name"], found["collectivite"]["kind"]) == ("Baule", "commune")
    assert [
        (
            row["season"],
            row["completed"],
            sorted(award["badge"] for award in row["badges"]),
        )
        for row in found["participations"]
    ] == [(3, False, []), (2, True, ["challenge-releve", "engagee"])]
    assert found["datasets"]["count"] == 1
    assert [row["title"] for row in found["datasets"]["latest"]] == ["Prénoms"]


def test_a_collectivite_that_was_never_there() -> None:
    collectivites()
    found = call_as(None, "challenge_collectivite_history", siren=BAULE)
    assert (found["name"], found["participations"]) == ("Baule", [])
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_collectivite_history", siren="217500016")
    with pytest.raises(tk.ValidationError):
        call_as(None, "challenge_collectivite_history", siren="99999999x")


def test_what_was_late_at_the_end_stays_late(
    season: list[dict[str, Any]], admin: dict[str, Any]
) -> None:
    def late() -> tuple[int, list[str], int]:
        whose = season[1]["organization_name"]
        shown = call_as(
            admin, "challenge_progress_show", organization=whose, cohort="saison-2"
        )
        marked = [step["step"] for step in shown["steps"] if step["late"]]
        row = report(admin)["staff"]["participants"][season[1]["organization_id"]]
        return shown["late_steps"], marked, row["late_steps"]

    call_as(
        admin,
        "challenge_cohort_patch",
        id="saison-2",
        application_opens=day(-90).isoformat(),
        application_deadline=day(-70).isoformat(),
        launch=day(-60).isoformat(),
    )
    evaluate.evaluate()
    before = late()
    assert before[0] == len(before[1]) == before[2] > 0
    move(admin, "finished")
    assert late() == before
    # A year after, nothing more has become so.
    with freeze_time(dt.datetime.combine(day(365), dt.time(12))):
        assert late() == before
