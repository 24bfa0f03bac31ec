"""Evaluation against a real catalogue: what is stored, and what is left alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import day
from helpers.progress import Join, MakeCohort, do, held, publish, set_state, states

from ckanext.challenge import programmes
from ckanext.challenge.common import journal
from ckanext.challenge.model import Award, Cohort, JournalEntry, Participant, StepStatus
from ckanext.challenge.progress.evaluate import evaluate

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]


def stored(participant: Participant) -> Any:
    """The row of a participant and those of its steps and awards, as they are."""
    session = model.Session
    return (
        session.execute(
            sa.select(Participant.__table__).where(Participant.id == participant.id)
        )
        .mappings()
        .one(),
        sorted(
            session.execute(
                sa.select(StepStatus.__table__).where(
                    StepStatus.participant_id == participant.id
                )
            ).all(),
            key=str,
        ),
        sorted(session.execute(sa.select(Award.__table__)).all(), key=str),
    )


def test_publishing_makes_the_step_done_and_gives_the_badge(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    result = evaluate([organization["id"]])
    assert states(participant.id)["premier-jeu"] == "done"
    assert "premiere-publication" in held(organization["id"])
    assert result.organizations == 1
    assert result.steps_changed >= 1
    assert result.awards_created >= 1
    award = model.Session.query(Award).filter_by(badge="premiere-publication").one()
    assert award.criteria == {
        "met": [
            {
                "measure": "datasets_public",
                "value": 1.0,
                "target": 1,
                "datasets": [dataset["id"]],
                "assurance": "verified",
            }
        ]
    }
    assert (award.programme, award.programme_version) == (
        "saison",
        programmes.get("saison").version,
    )
    assert (award.source, award.cohort_id) == ("catalog", participant.cohort_id)


def test_the_figures_are_stored(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    now = dt.datetime.now(dt.timezone.utc)
    evaluate([organization["id"]], now=now)
    row, _, _ = stored(participant)
    done = sum(state == "done" for state in states(participant.id).values())
    assert (row["steps_done"], row["steps_total"]) == (done, 16)
    assert row["percent"] == done * 100 // 16
    assert row["current_phase"] == "mobiliser"
    # launched sixty days ago: nobody has been named, and no page completed
    assert row["late_steps"] >= 3
    assert row["evaluated_at"] == now
    assert row["measures"]["datasets_public"] == 1
    assert row["measures"]["datasets_since_launch"] == 1
    changed = dt.datetime.fromisoformat(dataset["metadata_modified"] + "+00:00")
    assert row["last_activity_at"] == changed


def test_why_not_names_the_datasets(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"], license_id="etalab-2.0")
    closed = publish(organization["id"], license_id="notspecified")
    evaluate([organization["id"]])
    status = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step="licences-ouvertes")
        .one()
    )
    assert (status.state, status.value, status.target) == ("todo", 0.5, 1)
    assert status.why_not == [
        {
            "measure": "open_licence_share",
            "value": 0.5,
            "target": 1,
            "datasets": [closed["id"]],
            "missing": {closed["id"]: ["license_id"]},
        }
    ]


def test_a_second_evaluation_changes_nothing_but_its_time(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    set_state(participant, "elu-referent", "contact-technique")
    evaluate()
    first_row, first_steps, first_awards = stored(participant)
    entries = model.Session.query(JournalEntry).count()
    again = evaluate()
    row, steps, awards = stored(participant)
    assert (again.steps_changed, again.awards_created) == (0, 0)
    assert (steps, awards) == (first_steps, first_awards)
    assert {**row, "evaluated_at": None} == {**first_row, "evaluated_at": None}
    assert row["evaluated_at"] > first_row["evaluated_at"]
    assert model.Session.query(JournalEntry).count() == entries


@pytest.mark.parametrize(
    "change",
    [
        {"private": True},
        {"state": "deleted"},
    ],
)
def test_what_the_public_no_longer_sees_no_longer_counts(
    participant: Participant, organization: dict[str, Any], change: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    evaluate()
    assert states(participant.id)["premier-jeu"] == "done"
    do("package_patch", id=dataset["id"], **change)
    evaluate()
    assert states(participant.id)["premier-jeu"] == "todo"
    # A permanent badge is kept.
    assert "premiere-publication" in held(organization["id"])


def test_the_catalogue_leaves_what_people_set(
    participant: Participant, organization: dict[str, Any]
) -> None:
    set_state(participant, "inventaire", state="in_progress")
    set_state(participant, "deliberation", state="to_confirm")
    set_state(participant, "premier-jeu", state="waived")
    publish(organization["id"])
    evaluate()
    found = states(participant.id)
    assert found["inventaire"] == "in_progress"
    assert found["deliberation"] == "to_confirm"
    assert found["premier-jeu"] == "waived"


def test_the_first_rung_needs_people_only(
    participant: Participant, organization: dict[str, Any]
) -> None:
    set_state(participant, "elu-referent")
    evaluate()
    assert "engagee" not in held(organization["id"])
    set_state(participant, "contact-technique")
    evaluate()
    assert "engagee" in held(organization["id"])


def test_all_required_steps_complete_the_challenge(
    participant: Participant, organization: dict[str, Any]
) -> None:
    steps = [step for step in states(participant.id) if step != "avis-final"]
    set_state(participant, *steps, state="waived")
    evaluate()
    assert "challenge-releve" in held(organization["id"])
    row, _, _ = stored(participant)
    # Nobody has done them: one is left that is asked.
    assert (row["steps_done"], row["steps_total"], row["percent"]) == (0, 1, 0)


def test_steps_that_the_programme_has_got_since_are_added(
    participant: Participant, organization: dict[str, Any]
) -> None:
    model.Session.query(StepStatus).filter(
        StepStatus.step.in_(["premier-jeu", "inventaire"])
    ).delete()
    model.Session.commit()
    publish(organization["id"])
    evaluate()
    found = states(participant.id)
    assert found["premier-jeu"] == "done"
    assert found.get("inventaire", "todo") == "todo"


@pytest.mark.parametrize("state", ["draft", "finished", "archived"])
def test_a_season_that_is_not_open_nor_running_is_frozen(
    make_cohort: MakeCohort, organization: dict[str, Any], join: Join, state: str
) -> None:
    cohort = make_cohort()
    participant = join(cohort, organization["id"])
    cohort.state = state
    model.Session.commit()
    publish(organization["id"])
    assert evaluate().steps_changed == 0
    assert states(participant.id)["premier-jeu"] == "todo"


def test_those_accepted_before_the_launch_are_followed(
    make_cohort: MakeCohort, organization: dict[str, Any], join: Join
) -> None:
    participant = join(make_cohort(state="open"), organization["id"])
    publish(organization["id"])
    evaluate()
    assert states(participant.id)["premier-jeu"] == "done"


def test_only_those_asked_for_are_evaluated(
    cohort: Cohort, make_cohort: MakeCohort, join: Join
) -> None:
    one, two = factories.Organization(), factories.Organization()
    other = make_cohort("saison-3", season=3)
    first, second = join(cohort, one["id"]), join(other, two["id"])
    publish(one["id"])
    publish(two["id"])
    assert evaluate([one["id"]]).organizations == 1
    assert states(second.id)["premier-jeu"] == "todo"
    assert evaluate(cohort_ids=[other.id]).organizations == 1
    assert states(first.id)["premier-jeu"] == "done"
    assert states(second.id)["premier-jeu"] == "done"
    assert evaluate([]).organizations == 0


def test_a_withdrawn_participant_and_a_deleted_organization_are_left_alone(
    cohort: Cohort, join: Join
) -> None:
    gone, deleted = factories.Organization(), factories.Organization()
    withdrawn = join(cohort, gone["id"])
    withdrawn.state = "withdrawn"
    model.Session.commit()
    publish(gone["id"])
    join(cohort, deleted["id"])
    do("organization_delete", id=deleted["id"])
    assert evaluate().organizations == 1
    assert states(withdrawn.id)["premier-jeu"] == "todo"


def test_purging_an_organization_takes_its_progress_along(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"])
    evaluate()
    do("dataset_purge", id=dataset["id"])
    do("organization_purge", id=organization["id"])
    assert model.Session.query(Participant).count() == 0
    assert model.Session.query(Award).count() == 0
    assert evaluate().organizations == 0


def test_a_badge_taken_back_by_a_person_is_not_given_again(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    evaluate()
    award = model.Session.query(Award).filter_by(badge="premiere-publication").one()
    do("challenge_award_revoke", id=award.id, reason="Une erreur.")
    assert evaluate().awards_created == 0
    assert "premiere-publication" not in held(organization["id"])


def test_a_maintained_badge_is_at_risk_then_lost_then_earned_again(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"], frequency="annual")
    now = dt.datetime.now(dt.timezone.utc)
    evaluate(now=now)
    assert "donnees-fraiches" in held(organization["id"])
    do("package_patch", id=dataset["id"], private=True)

    def award() -> Award:
        model.Session.expire_all()
        query = model.Session.query(Award).filter_by(badge="donnees-fraiches")
        return query.order_by(Award.awarded_at.desc()).first()

    evaluate(now=now)
    assert award().state == "at_risk"
    lost_on = award().lost_on
    assert lost_on is not None
    assert 29 <= (lost_on - now.date()).days <= 31
    assert award().cohort_id is None
    # The criteria hold again: nothing is lost.
    do("package_patch", id=dataset["id"], private=False)
    evaluate(now=now)
    assert (award().state, award().lost_on) == ("active", None)
    # The day comes.
    do("package_patch", id=dataset["id"], private=True)
    evaluate(now=now)
    result = evaluate(now=now + dt.timedelta(days=32))
    assert result.awards_revoked == 1
    assert award().state == "revoked"
    assert award().revoked_reason == "criteria_no_longer_hold"
    # It is earned again as a new award.
    do("package_patch", id=dataset["id"], private=False)
    evaluate(now=now)
    assert "donnees-fraiches" in held(organization["id"])
    assert model.Session.query(Award).filter_by(badge="donnees-fraiches").count() == 2


def test_the_journal_tells_what_was_evaluated_and_stays_whole(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    evaluate()
    entry = (
        model.Session.query(JournalEntry)
        .filter_by(action="evaluate", object_id=participant.id)
        .one()
    )
    assert entry.actor == journal.SYSTEM
    assert "premier-jeu" in entry.data["done"]
    award = model.Session.query(Award).filter_by(badge="premiere-publication").one()
    created = model.Session.query(JournalEntry).filter_by(object_id=award.id).one()
    assert (created.action, created.data["badge"]) == ("create", "premiere-publication")
    assert journal.verify() == []


def test_an_unknown_programme_is_told_and_keeps_nobody_else_waiting(
    cohort: Cohort, make_cohort: MakeCohort, join: Join
) -> None:
    one, two = factories.Organization(), factories.Organization()
    first = join(cohort, one["id"])
    lost = make_cohort("saison-3", season=3)
    join(lost, two["id"])
    lost.programme = "autrefois"
    model.Session.commit()
    publish(one["id"])
    result = evaluate()
    assert result.errors == ("saison-3: there is no programme autrefois",)
    assert states(first.id)["premier-jeu"] == "done"


def test_an_organization_in_two_seasons_has_two_checklists(
    cohort: Cohort, make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> None:
    later = make_cohort(
        "saison-3",
        season=3,
        launch=day(3),
    )
    first, second = join(cohort, organization["id"]), join(later, organization["id"])
    publish(organization["id"])
    assert evaluate([organization["id"]]).organizations == 1
    assert stored(first)[0]["measures"]["datasets_since_launch"] == 1
    assert stored(second)[0]["measures"]["datasets_since_launch"] == 0
    # The second one has not begun: what the organization has is not given again.
    assert held(organization["id"]).count("premiere-publication") == 1
    # That of the organization itself is given once.
    assert held(organization["id"]).count("donnees-fraiches") <= 1


def test_as_many_statements_for_twenty_as_for_two(
    cohort: Cohort, join: Join, statements: list[str]
) -> None:
    def count(organizations: int) -> int:
        ids = []
        for _ in range(organizations):
            ids.append(factories.Organization()["id"])
            join(cohort, ids[-1])
            publish(ids[-1])
        statements.clear()
        evaluate(ids)
        return len(statements)

    assert count(2) == count(20) <= 40
