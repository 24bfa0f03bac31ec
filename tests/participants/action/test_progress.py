"""The actions of progress, badges and awards: shapes, who sees what, who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from helpers.concurrency import at_once
from helpers.progress import Join, MakeCohort, do, held, make_award, publish, set_state
from sqlalchemy import event

from ckanext.challenge.model import Award, Cohort, Participant, Staff, StepStatus
from ckanext.challenge.progress.evaluate import Result, evaluate

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]


def call(user: dict[str, Any] | None, action: str, **data: Any) -> Any:
    """Call an action as CKAN's API would, for a user or for nobody."""
    context: Any = {"user": user["name"] if user else "", "ignore_auth": False}
    return tk.get_action(action)(context, data)


@pytest.fixture
def member() -> dict[str, Any]:
    return factories.User()


@pytest.fixture
def organization(member: dict[str, Any]) -> dict[str, Any]:
    return factories.Organization(user=member)


@pytest.fixture
def manager(cohort: Cohort) -> dict[str, Any]:
    user = factories.User()
    model.Session.add(Staff(cohort_id=cohort.id, user_id=user["id"], role="manager"))
    model.Session.commit()
    return user


@pytest.fixture
def adviser(cohort: Cohort, participant: Participant) -> dict[str, Any]:
    user = factories.User()
    model.Session.add(Staff(cohort_id=cohort.id, user_id=user["id"], role="adviser"))
    participant.adviser_id = user["id"]
    model.Session.commit()
    return user


def show(user: dict[str, Any] | None, organization: dict[str, Any]) -> Any:
    return call(
        user,
        "challenge_progress_show",
        organization=organization["name"],
        cohort="saison-2",
    )


def step(shown: dict[str, Any], key: str) -> dict[str, Any]:
    return next(step for step in shown["steps"] if step["step"] == key)


def badge(shown: dict[str, Any], key: str) -> dict[str, Any]:
    return next(badge for badge in shown["badges"] if badge["badge"] == key)


@contextmanager
def evaluated_before_steps_are_read(app: Any) -> Iterator[None]:
    """Somebody else evaluates everything just as the steps are about to be read."""
    waiting = [evaluate]

    def intrude(*arguments: Any) -> None:
        if "challenge_step_status" in arguments[2] and waiting:
            (result,) = at_once(app, waiting.pop())
            assert isinstance(result, Result), result

    engine = model.ensure_engine()
    event.listen(engine, "before_cursor_execute", intrude)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", intrude)
    assert not waiting


@pytest.mark.parametrize(
    "action", ["challenge_progress_show", "challenge_standing_show"]
)
def test_steps_and_badges_are_of_one_moment(
    app: Any,
    participant: Participant,
    organization: dict[str, Any],
    member: dict[str, Any],
    action: str,
) -> None:
    do("challenge_evaluate", all=True)
    publish(organization["id"], license_id="etalab-2.0")
    asked = {"organization": organization["name"]}
    if action == "challenge_progress_show":
        asked["cohort"] = "saison-2"
    # One follows from states of steps, the other from what was measured.
    badges = ("challenge-releve", "donnees-decrites")

    def percents() -> list[int]:
        model.Session.remove()
        shown = call(member, action, **asked)
        return [badge(shown, key)["percent"] for key in badges]

    before = percents()
    with evaluated_before_steps_are_read(app):
        during = percents()
    assert before < during == percents()


def test_progress_as_the_specification_has_it(
    participant: Participant, organization: dict[str, Any], member: dict[str, Any]
) -> None:
    publish(organization["id"], license_id="etalab-2.0")
    closed = publish(organization["id"], license_id="notspecified", title="Fermé")
    do("challenge_evaluate", all=True)
    shown = show(member, organization)
    assert shown["organization"] == organization["name"]
    assert shown["cohort"] == "saison-2"
    assert shown["participant_id"] == participant.id
    assert (shown["steps_done"], shown["steps_total"]) == (2, 16)
    assert shown["percent"] == 12
    assert shown["current_phase"] == "mobiliser"
    assert [phase["key"] for phase in shown["phases"]] == [
        "mobiliser",
        "engager",
        "mettre-en-pratique",
    ]
    assert shown["phases"][2] == {
        "key": "mettre-en-pratique",
        "title": "Mettre en pratique",
        "steps_done": 2,
        "steps_total": 8,
    }
    assert shown["next_step"]["step"] == "elu-referent"
    assert dt.datetime.fromisoformat(shown["evaluated_at"]).tzinfo is not None
    assert len(shown["steps"]) == 16
    licences = step(shown, "licences-ouvertes")
    assert licences["source"] == "catalog"
    assert (licences["state"], licences["value"], licences["target"]) == (
        "todo",
        0.5,
        1,
    )
    assert licences["late"] is False
    assert licences["phase_title"] == "Mettre en pratique"
    (why,) = licences["why_not"]
    assert (why["measure"], why["value"], why["target"]) == (
        "open_licence_share",
        0.5,
        1,
    )
    assert why["unit"] == "share"
    assert why["definition"]
    assert why["datasets"] == [
        {
            "id": closed["id"],
            "name": closed["name"],
            "title": "Fermé",
            "fix_url": f"/dataset/edit/{closed['name']}#field-license_id",
            "missing": [
                {
                    "name": "license_id",
                    "title": "an open licence",
                    "fix_url": f"/dataset/edit/{closed['name']}#field-license_id",
                }
            ],
            "problems": 0,
        }
    ]
    (why,) = step(shown, "page-organisation")["why_not"]
    assert why["datasets"] == []
    assert why["missing"][-1] == {
        "name": "website",
        "title": "the website",
        "fix_url": f"/organization/edit/{organization['name']}#field-website",
    }
    members = step(shown, "deux-membres")
    assert members["late"] is True
    assert members["why_not"][0]["fix_url"] == (
        f"/challenge/saison-2/{organization['name']}#members"
    )
    first = badge(shown, "premiere-publication")
    assert (first["earned"], first["percent"], first["missing"]) == (True, 100, [])
    assert first["award_id"]
    described = badge(shown, "collectivite-ouverte-1")
    assert described["earned"] is False
    assert 0 < described["percent"] < 100
    assert described["missing"][0]["measure"] == "datasets_public"


def test_the_public_sees_states_only(
    participant: Participant,
    organization: dict[str, Any],
    member: dict[str, Any],
    adviser: dict[str, Any],
    manager: dict[str, Any],
) -> None:
    status = (
        model.Session.query(StepStatus)
        .filter_by(participant_id=participant.id, step="inventaire")
        .one()
    )
    status.note = "Un mot entre nous"
    status.evidence_url = "https://example.org/secret"
    status.state = "in_progress"
    model.Session.commit()
    do("challenge_evaluate", all=True)
    for user in (None, factories.User()):
        shown = show(user, organization)
        assert step(shown, "inventaire")["state"] == "in_progress"
        for key in (
            "value",
            "why_not",
            "note",
            "evidence_url",
            "evidence_file",
            "late",
        ):
            assert all(key not in row for row in shown["steps"]), key
        assert "missing" not in shown["badges"][0]
        assert "Un mot entre nous" not in str(shown)
        assert "secret" not in str(shown)
    for user in (member, adviser, manager):
        inventory = step(show(user, organization), "inventaire")
        assert inventory["note"] == "Un mot entre nous"
        assert inventory["evidence_url"] == "https://example.org/secret"


def test_a_dataset_made_private_since_is_not_named(
    participant: Participant, organization: dict[str, Any], member: dict[str, Any]
) -> None:
    publish(organization["id"], license_id="etalab-2.0")
    closed = publish(organization["id"], license_id="notspecified")
    do("challenge_evaluate", all=True)
    do("package_patch", id=closed["id"], private=True)
    shown = show(member, organization)
    assert closed["id"] not in str(shown)
    assert closed["title"] not in str(shown)


def test_titles_follow_the_reader_language(
    participant: Participant, organization: dict[str, Any], app: Any
) -> None:
    for language, title in (("fr", "Mobiliser"), ("en", "Mobilise")):
        environ = {"CKAN_LANG": language}
        with app.flask_app.test_request_context(environ_overrides=environ):
            assert show(None, organization)["phases"][0]["title"] == title


def test_a_page_measures_nothing_and_sends_as_many_statements_however_many_fail(
    participant: Participant,
    organization: dict[str, Any],
    member: dict[str, Any],
    statements: list[str],
) -> None:
    def count() -> int:
        do("challenge_evaluate", all=True)
        model.Session.remove()
        statements.clear()
        show(member, organization)
        return len(statements)

    publish(organization["id"])
    one = count()
    assert not any("unnest" in statement for statement in statements)
    for _ in range(6):
        publish(organization["id"], notes="")
    assert count() == one <= 14


def test_who_takes_no_part_is_not_found(
    cohort: Cohort, participant: Participant, organization: dict[str, Any]
) -> None:
    with pytest.raises(tk.ObjectNotFound):
        show(None, factories.Organization())
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_progress_show", organization="nobody", cohort="saison-2")
    participant.state = "withdrawn"
    model.Session.commit()
    with pytest.raises(tk.ObjectNotFound):
        show(None, organization)


def test_a_draft_season_is_for_its_staff(
    make_cohort: MakeCohort, join: Join, organization: dict[str, Any]
) -> None:
    draft = make_cohort("saison-9", season=9)
    participant = join(draft, organization["id"])
    draft.state = "draft"
    user = factories.User()
    model.Session.add(Staff(cohort_id=draft.id, user_id=user["id"], role="manager"))
    award = make_award(
        organization["id"], "engagee", cohort_id=draft.id, criteria={"met": []}
    )
    model.Session.commit()
    asked = {"organization": organization["id"], "cohort": "saison-9"}
    # As a season that is not there.
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_progress_show", **asked)
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_award_show", id=award.id)
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_award_list", cohort="saison-9")
    assert call(None, "challenge_award_list")["count"] == 0
    shown = call(user, "challenge_progress_show", **asked)
    assert shown["participant_id"] == participant.id
    assert call(user, "challenge_award_show", id=award.id)["badge"] == "engagee"


def test_who_may_evaluate(
    participant: Participant,
    organization: dict[str, Any],
    member: dict[str, Any],
    manager: dict[str, Any],
    adviser: dict[str, Any],
) -> None:
    one = {"organization": organization["id"]}
    for user in (member, manager, adviser, factories.Sysadmin()):
        assert call(user, "challenge_evaluate", **one)["organizations"] == 1
    assert call(manager, "challenge_evaluate", cohort="saison-2")["organizations"] == 1
    for user, asked in (
        (None, one),
        (factories.User(), one),
        (member, {"cohort": "saison-2"}),
        (adviser, {"cohort": "saison-2"}),
        (manager, {"all": True}),
        # Everything asked for is checked, not the most harmless of it.
        (None, {"all": True}),
    ):
        with pytest.raises(tk.NotAuthorized):
            call(user, "challenge_evaluate", **asked)


def test_the_answer_of_an_evaluation(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    found = do("challenge_evaluate", cohort="saison-2")
    assert found.keys() == {
        "organizations",
        "steps_changed",
        "awards_created",
        "awards_revoked",
        "seconds",
    }
    assert found["awards_created"] >= 1
    again = do("challenge_evaluate", all=True)
    assert (again["organizations"], again["steps_changed"]) == (1, 0)


@pytest.mark.parametrize(
    "asked",
    [{}, {"all": False}, {"cohort": "saison-2", "all": True}, {"organization": ["x"]}],
)
def test_an_evaluation_of_whom(asked: dict[str, Any], cohort: Cohort) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        do("challenge_evaluate", **asked)
    assert "organization" in caught.value.error_dict


def test_badges_are_listed_with_their_holders(
    participant: Participant, organization: dict[str, Any]
) -> None:
    publish(organization["id"])
    do("challenge_evaluate", all=True)
    asked = {"programme": "saison"}
    found = call(None, "challenge_badge_list", **asked)
    assert found["count"] == 9
    holders = {row["badge"]: row["holders"] for row in found["results"]}
    assert holders["premiere-publication"] == 1
    assert holders["challenge-releve"] == 0
    page = call(None, "challenge_badge_list", **asked, limit=2, offset=1)
    assert (page["count"], len(page["results"])) == (9, 2)
    assert page["results"][0] == found["results"][1]
    assert call(None, "challenge_badge_list", programme="autre")["count"] == 0


def test_a_badge_says_how_it_is_earned() -> None:
    shown = call(None, "challenge_badge_show", badge="engagee")
    assert shown["title"] == "Collectivité engagée"
    assert [part["step"] for part in shown["criteria"]["all"]] == [
        "elu-referent",
        "contact-technique",
    ]
    shown = call(None, "challenge_badge_show", badge="premiere-publication")
    assert shown["criteria"]["measure"] == "datasets_public"
    assert shown["criteria"]["definition"]
    assert shown["criteria"]["at_least"] == 1
    shown = call(None, "challenge_badge_show", badge="challenge-releve")
    assert len(shown["criteria"]["steps"]) == 15
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_badge_show", badge="danseur")


def test_awards_are_listed_by_what_one_asks(
    participant: Participant, organization: dict[str, Any]
) -> None:
    dataset = publish(organization["id"], license_id="etalab-2.0")
    do("challenge_evaluate", all=True)
    everything = call(None, "challenge_award_list")
    assert everything["count"] == len(held(organization["id"])) > 0
    asked = {
        "organization": organization["name"],
        "cohort": "saison-2",
        "badge": "premiere-publication",
        "state": "active",
    }
    (row,) = call(None, "challenge_award_list", **asked)["results"]
    assert row["organization_title"] == organization["title"]
    assert (row["cohort"], row["title"]) == ("saison-2", "Première publication")
    assert "criteria" not in row
    for change in (
        {"organization": factories.Organization()["id"]},
        {"badge": "engagee"},
        {"state": "revoked"},
    ):
        assert call(None, "challenge_award_list", **{**asked, **change})["count"] == 0
    shown = call(None, "challenge_award_show", id=row["id"])
    (met,) = shown["criteria"]["met"]
    assert met["datasets"] == [
        {"id": dataset["id"], "name": dataset["name"], "title": dataset["title"]}
    ]
    do("package_patch", id=dataset["id"], private=True)
    shown = call(None, "challenge_award_show", id=row["id"])
    assert shown["criteria"]["met"][0]["datasets"] == []
    with pytest.raises(tk.ObjectNotFound):
        call(None, "challenge_award_show", id="no-such")


def test_a_manager_gives_a_badge_and_takes_it_back(
    participant: Participant, organization: dict[str, Any], manager: dict[str, Any]
) -> None:
    asked = {"badge": "challenge-releve", "organization": organization["name"]}
    given = call(manager, "challenge_award_create", **asked, reason="Bel effort.")
    assert (given["source"], given["state"]) == ("person", "active")
    assert (given["cohort"], given["reason"]) == ("saison-2", "Bel effort.")
    # Who gave it, and that nobody looked at what it asks for.
    assert given["given_by"] == manager["fullname"]
    assert (given["criteria"], given["assurance"]) == ({"met": []}, "confirmed")
    with pytest.raises(tk.ValidationError) as caught:
        call(manager, "challenge_award_create", **asked, reason="Encore.")
    assert "badge" in caught.value.error_dict
    # An evaluation, whose criteria do not hold, leaves it.
    do("challenge_evaluate", all=True)
    assert held(organization["id"]) == ["challenge-releve"]
    taken = call(manager, "challenge_award_revoke", id=given["id"], reason="Erreur.")
    assert (taken["state"], taken["revoked_reason"]) == ("revoked", "Erreur.")
    with pytest.raises(tk.ValidationError) as caught:
        call(manager, "challenge_award_revoke", id=given["id"], reason="Erreur.")
    assert "revoked" in str(caught.value.error_dict) or "id" in caught.value.error_dict
    again = call(manager, "challenge_award_create", **asked, reason="Tout compte fait.")
    assert again["id"] != given["id"]


def test_who_may_give_and_take(
    participant: Participant,
    organization: dict[str, Any],
    member: dict[str, Any],
    adviser: dict[str, Any],
    make_cohort: MakeCohort,
) -> None:
    stranger = factories.User()
    elsewhere = make_cohort("saison-3", season=3)
    model.Session.add(
        Staff(cohort_id=elsewhere.id, user_id=stranger["id"], role="manager")
    )
    model.Session.commit()
    asked = {"badge": "engagee", "organization": organization["id"], "reason": "Oui."}
    for user in (None, member, adviser, stranger):
        for more in ({}, {"cohort": "saison-2"}):
            with pytest.raises(tk.NotAuthorized):
                call(user, "challenge_award_create", **asked, **more)
    # A manager elsewhere cannot bring the organization in by naming that season.
    with pytest.raises((tk.ValidationError, tk.NotAuthorized)):
        call(stranger, "challenge_award_create", **asked, cohort="saison-3")
    award = call(factories.Sysadmin(), "challenge_award_create", **asked)
    for user in (None, member, adviser, stranger):
        with pytest.raises(tk.NotAuthorized):
            call(user, "challenge_award_revoke", id=award["id"], reason="Non.")


def test_a_badge_that_needs_no_season_is_given_to_any_organization(
    cohort: Cohort, organization: dict[str, Any], manager: dict[str, Any]
) -> None:
    asked = {"organization": organization["name"], "reason": "Bel effort."}
    with pytest.raises(tk.NotAuthorized):
        call(manager, "challenge_award_create", **asked, badge="donnees-fraiches")
    given = do("challenge_award_create", **asked, badge="donnees-fraiches")
    assert (given["cohort"], given["source"]) == (None, "person")
    for more in (
        {"badge": "engagee"},
        {"badge": "donnees-fraiches", "cohort": "saison-2"},
    ):
        with pytest.raises(tk.ValidationError) as caught:
            do("challenge_award_create", **asked, **more)
        assert "cohort" in caught.value.error_dict
    with pytest.raises(tk.ValidationError) as caught:
        do("challenge_award_create", **asked, badge="danseur")
    assert "donnees-fraiches" in str(caught.value.error_dict["badge"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"badge": "danseur"}, "badge"),
        ({"reason": ""}, "reason"),
        ({"reason": "<b>oui</b>"}, "reason"),
        ({"reason": "x" * 1001}, "reason"),
        ({"badge": 3}, "badge"),
    ],
)
def test_a_wrong_award_names_the_field(
    participant: Participant,
    organization: dict[str, Any],
    change: dict[str, Any],
    field: str,
) -> None:
    asked = {"badge": "engagee", "organization": organization["id"], "reason": "Oui."}
    with pytest.raises(tk.ValidationError) as caught:
        do("challenge_award_create", **{**asked, **change})
    assert field in caught.value.error_dict
    assert held(organization["id"]) == []


def test_the_challenge_completed(
    participant: Participant, organization: dict[str, Any], manager: dict[str, Any]
) -> None:
    keys = [
        row[0]
        for row in model.Session.query(StepStatus.step).filter_by(
            participant_id=participant.id
        )
    ]
    set_state(
        participant, *(key for key in keys if key != "avis-final"), state="waived"
    )
    do("challenge_evaluate", all=True)
    shown = show(None, organization)
    assert badge(shown, "challenge-releve")["earned"] is True
    assert shown["next_step"]["step"] == "avis-final"


def test_an_award_says_who_confirmed_a_step_and_when(
    participant: Participant, organization: dict[str, Any], adviser: dict[str, Any]
) -> None:
    parts = [
        {"step": key, "value": 1, "target": 1, "datasets": []}
        for key in ("deliberation", "choix-licence")
    ]
    given = make_award(
        organization["id"],
        "engagee",
        cohort_id=participant.cohort_id,
        criteria={"met": parts},
    )
    now = dt.datetime(2026, 5, 4, 12, tzinfo=dt.timezone.utc)
    model.Session.query(StepStatus).filter_by(participant_id=participant.id).update(
        {"state": "done", "updated_by": adviser["id"], "updated_at": now}
    )
    model.Session.commit()
    met = call(None, "challenge_award_show", id=given.id)["criteria"]["met"]
    assert [(part["assurance"], part["confirmed_by"]) for part in met] == [
        ("confirmed", adviser["fullname"]),
        ("declared", None),
    ]
    assert met[0]["confirmed_at"].startswith("2026-05-04T12:00")
    # One that was opened again is confirmed by nobody any more.
    set_state(participant, "deliberation", state="in_progress")
    met = call(None, "challenge_award_show", id=given.id)["criteria"]["met"]
    assert met[0]["confirmed_by"] is None


def _engage(participant: Participant, user: dict[str, Any] | None) -> None:
    """Somebody ticks both steps of the first badge."""
    for key in ("elu-referent", "contact-technique"):
        call(
            user,
            "challenge_step_update",
            participant=participant.id,
            step=key,
            state="done",
            note="Mme Li",
        )


def _first_badge(organization: dict[str, Any]) -> dict[str, Any]:
    asked = {"organization": organization["id"], "badge": "engagee"}
    (row,) = call(None, "challenge_award_list", **asked)["results"]
    return call(None, "challenge_award_show", id=row["id"])


def test_a_badge_keeps_the_word_of_the_day_on_which_it_was_given(
    participant: Participant, organization: dict[str, Any], adviser: dict[str, Any]
) -> None:
    """What an adviser ticks is the adviser's word, not the collectivité's."""
    _engage(participant, adviser)
    row = step(show(None, organization), "elu-referent")
    assert row["assurance"] == "confirmed"
    row = step(show(adviser, organization), "elu-referent")
    assert (row["assurance"], row["confirmed_by"]) == (
        "confirmed",
        adviser["fullname"],
    )
    given = _first_badge(organization)
    assert given["assurance"] == "confirmed"
    # Whatever becomes of the steps, and of the team.
    model.Session.query(Staff).delete()
    set_state(participant, "elu-referent", state="in_progress")
    shown = _first_badge(organization)
    assert shown == given
    assert {part["confirmed_by"] for part in shown["criteria"]["met"]} == {
        adviser["fullname"]
    }
    stored = model.Session.query(Award).filter_by(id=given["id"]).one().criteria
    # The account, and no name: that one is read when it is shown.
    assert adviser["fullname"] not in str(stored)


def test_what_a_member_ticks_is_declared(
    participant: Participant, organization: dict[str, Any], member: dict[str, Any]
) -> None:
    # Who is of the team too speaks for the collectivité.
    model.Session.add(
        Staff(cohort_id=participant.cohort_id, user_id=member["id"], role="manager")
    )
    model.Session.commit()
    _engage(participant, member)
    assert step(show(None, organization), "elu-referent")["assurance"] == "declared"
    shown = _first_badge(organization)
    assert shown["assurance"] == "declared"
    assert shown["criteria"]["met"][0]["confirmed_by"] is None


def test_a_badge_of_waived_steps_has_nobodys_word(
    participant: Participant, organization: dict[str, Any], manager: dict[str, Any]
) -> None:
    for key in ("elu-referent", "contact-technique"):
        call(
            manager,
            "challenge_step_waive",
            participant=participant.id,
            step=key,
            reason="Déjà fait ailleurs.",
        )
    shown = _first_badge(organization)
    assert shown["assurance"] is None
    assert [part["assurance"] for part in shown["criteria"]["met"]] == [None, None]
