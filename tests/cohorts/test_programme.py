"""A season keeps the programme it began with, until a manager moves it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import yaml
from ckan import model
from ckan.tests import factories
from factories import (
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    only_message,
)
from helpers.progress import held, publish, states

from ckanext.challenge import programmes
from ckanext.challenge.measures import registry
from ckanext.challenge.model import Award, Cohort, KeptProgramme, StepStatus
from ckanext.challenge.progress import evaluate

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

FIRST: dict[str, Any] = {
    "name": "essai",
    "version": 1,
    "title": {"fr": "Essai"},
    "phases": [{"key": "debut", "title": {"fr": "Début"}}],
    "steps": [
        {
            "key": key,
            "phase": "debut",
            "title": {"fr": key.title()},
            "check": check,
        }
        for key, check in (
            ("signer", {"person": {}}),
            ("publier", {"catalog": {"measure": "datasets_public", "at_least": 1}}),
        )
    ],
    "badges": [
        {
            "key": "fini",
            "title": {"fr": "Fini"},
            "description": {"fr": "Tout est fait."},
            "criteria": {"steps": "required"},
        }
    ],
}
#: Publishing is asked no more, signing is now proved by members, and two is new.
SECOND = copy.deepcopy(FIRST)
SECOND["version"] = 2
SECOND["steps"][0]["check"] = {"catalog": {"measure": "members", "at_least": 1}}
SECOND["steps"][1]["key"] = "deux"
SECOND["steps"][1]["check"]["catalog"]["at_least"] = 2

Write = Callable[[dict[str, Any] | None], None]


@pytest.fixture
def write(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Write:
    """Give the portal another file, or take it away, as after a restart."""
    path = tmp_path / "essai.yaml"

    def do(document: dict[str, Any] | None) -> None:
        files = ["ckanext.challenge:programmes/saison.yaml"]
        if document is not None:
            path.write_text(yaml.safe_dump(document), "utf-8")
            files.append(str(path))
        monkeypatch.setitem(ckan_config, "ckanext.challenge.programmes", files)
        programmes.forget()

    do(FIRST)
    return do


@pytest.fixture
def admin(clean_db: None) -> dict[str, Any]:
    return factories.Sysadmin()


@pytest.fixture
def participant(
    clean_db: None, clean_index: None, write: Write, admin: dict[str, Any]
) -> dict[str, Any]:
    """One in a season that runs, with a dataset and a signature."""
    collectivites()
    joined = make_participant(make_cohort(programme="essai"), user=factories.User())
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="running")
    publish(joined["organization_id"])
    call_as(
        admin,
        "challenge_step_update",
        participant=joined["id"],
        step="signer",
        state="done",
    )
    return joined


def shown() -> dict[str, Any]:
    return call_as(None, "challenge_cohort_show", id="saison-2")


@pytest.mark.parametrize("document", [SECOND, None], ids=["changed", "gone"])
def test_a_file_that_changes_or_goes_changes_nothing(
    participant: dict[str, Any],
    admin: dict[str, Any],
    write: Write,
    document: dict[str, Any] | None,
) -> None:
    write(document)
    assert evaluate.evaluate().errors == ()
    assert states(participant["id"]) == {"signer": "done", "publier": "done"}
    progress = call_as(
        None,
        "challenge_progress_show",
        organization=participant["organization_id"],
        cohort="saison-2",
    )
    assert [step["title"] for step in progress["steps"]] == ["Signer", "Publier"]
    assert shown()["programme_version"] == 1
    # Its other fields can still be changed, and it can finish.
    call_as(admin, "challenge_cohort_patch", id="saison-2", title="Autre titre")
    ended = call_as(admin, "challenge_cohort_transition", id="saison-2", to="finished")
    assert ended["snapshot"]["figures"]["completed"] == 1
    award = model.Session.query(Award).filter_by(badge="fini").one()
    assert (award.programme, award.programme_version) == ("essai", 1)


def test_one_copy_for_all_the_seasons_of_a_version(
    participant: dict[str, Any], write: Write
) -> None:
    make_cohort("running", name="autre", season=3, programme="essai")
    (copy_,) = model.Session.query(KeptProgramme).all()
    assert (copy_.name, copy_.version) == ("essai", 1)
    digests = {row.programme_digest for row in model.Session.query(Cohort)}
    assert digests == {copy_.digest}


def test_an_open_season_follows_the_file(write: Write, admin: dict[str, Any]) -> None:
    make_cohort(programme="essai")
    write(SECOND)
    found = call_as(admin, "challenge_cohort_programme_diff", id="saison-2")
    assert (found["obstacle"], found["kept"]["version"]) == ("follows", 2)
    # It has no participant yet, and may take another programme altogether.
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="running")
    call_as(admin, "challenge_cohort_patch", id="saison-2", programme="saison")
    kept = model.Session.query(Cohort).one()
    assert programmes.of(kept).name == "saison"
    assert kept.programme_version == programmes.get("saison").version


def test_a_manager_sees_the_difference_then_moves(
    participant: dict[str, Any], admin: dict[str, Any], write: Write
) -> None:
    evaluate.evaluate()
    assert held(participant["organization_id"]) == ["fini"]
    write(SECOND)
    found = call_as(admin, "challenge_cohort_programme_diff", id="saison-2")
    assert found["may_move"]
    assert (found["kept"]["version"], found["offered"]["version"]) == (1, 2)
    assert [
        (row["part"], row["key"], row["change"], row["fields"], row["touched"])
        for row in found["changes"]
    ] == [
        ("steps", "signer", "changed", ["check"], 1),
        ("steps", "deux", "added", [], 0),
        ("steps", "publier", "removed", [], 1),
    ]
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_programme_update", id="saison-2", version=3)
    assert "version 2" in only_message(caught, "version")
    moved = call_as(
        admin,
        "challenge_cohort_programme_update",
        id="saison-2",
        digest=found["offered"]["digest"],
    )
    assert moved["programme_version"] == 2
    # The applicant is a member; the second dataset is not there yet.
    assert states(participant["id"]) == {
        "signer": "done",
        "publier": "done",
        "deux": "todo",
    }
    progress = call_as(
        None,
        "challenge_progress_show",
        organization=participant["organization_id"],
        cohort="saison-2",
    )
    assert (progress["steps_done"], progress["steps_total"]) == (1, 2)
    assert [step["source"] for step in progress["steps"]] == ["catalog", "catalog"]
    assert held(participant["organization_id"]) == ["fini"]
    (entry,) = [
        entry
        for entry in call_as(
            admin,
            "challenge_journal_list",
            object_type="cohort",
            object_id=moved["id"],
        )["results"]
        if entry["action"] == "programme"
    ]
    assert (entry["data"]["from"], entry["data"]["to"]) == (1, 2)


@pytest.mark.usefixtures("participant")
@pytest.mark.parametrize(
    ("document", "obstacle", "words"),
    [
        (FIRST, "same", "no other version"),
        ({**SECOND, "version": 1}, "not_raised", "Raise the version"),
        (None, "gone", "any more"),
    ],
)
def test_what_a_season_cannot_move_to(
    admin: dict[str, Any],
    write: Write,
    document: dict[str, Any] | None,
    obstacle: str,
    words: str,
) -> None:
    write(document)
    found = call_as(admin, "challenge_cohort_programme_diff", id="saison-2")
    assert (found["may_move"], found["obstacle"]) == (False, obstacle)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_programme_update", id="saison-2", version=1)
    assert words in only_message(caught, "id")
    assert shown()["programme_version"] == 1


def test_what_is_to_be_confirmed_from_now_on_waits_for_an_adviser(
    participant: dict[str, Any], admin: dict[str, Any], write: Write
) -> None:
    """A badge that was given before is not confirmed by the move."""
    # As if one of its own people had ticked it.
    model.Session.query(StepStatus).update({"updated_by": None})
    model.Session.query(Award).delete()
    model.Session.commit()
    evaluate.evaluate()
    (award,) = call_as(None, "challenge_award_list", badge="fini")["results"]
    assert award["assurance"] == "declared"
    asking = copy.deepcopy(FIRST)
    asking["version"] = 2
    asking["steps"][0]["check"] = {"person": {"confirm": True}}
    write(asking)
    found = call_as(admin, "challenge_cohort_programme_diff", id="saison-2")
    (change,) = found["changes"]
    assert (change["key"], change["to_confirm"]) == ("signer", 1)
    call_as(admin, "challenge_cohort_programme_update", id="saison-2", version=2)
    assert states(participant["id"])["signer"] == "to_confirm"
    assert call_as(None, "challenge_award_show", id=award["id"])["assurance"] == (
        "declared"
    )


def test_the_page_says_which_steps_will_wait(
    app: Any, participant: dict[str, Any], admin: dict[str, Any], write: Write
) -> None:
    token = factories.APIToken(user=admin["name"])["token"]

    def page() -> str:
        answer = app.get(
            "/en/challenge/manage/saison-2/programme",
            headers={"Authorization": token},
        )
        return answer.body

    asking = copy.deepcopy(FIRST)
    asking["version"] = 2
    asking["steps"][0]["check"] = {"person": {"confirm": True}}
    write(asking)
    text = page()
    assert "1 collectivité has done it: it will wait to be confirmed" in text
    assert "count no more until then: Signer." in text
    call_as(
        admin,
        "challenge_step_update",
        participant=participant["id"],
        step="signer",
        state="in_progress",
    )
    assert "wait to be confirmed" not in page()


def test_no_step_back_and_none_after_the_end(
    participant: dict[str, Any], admin: dict[str, Any], write: Write
) -> None:
    write(SECOND)
    move = ("challenge_cohort_programme_update", {"id": "saison-2", "version": 2})
    call_as(admin, move[0], **move[1])
    write(FIRST)
    found = call_as(admin, "challenge_cohort_programme_diff", id="saison-2")
    assert found["obstacle"] == "older"
    call_as(admin, "challenge_cohort_transition", id="saison-2", to="finished")
    write({**SECOND, "version": 3})
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, move[0], id="saison-2", version=3)
    assert "over" in only_message(caught, "id")


def test_a_measure_that_went_away_is_told(
    participant: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = dict(registry.known())
    del known["datasets_public"]
    monkeypatch.setattr(registry, "known", lambda: known)
    result = evaluate.evaluate()
    assert result.errors == ("saison-2: there is no measure datasets_public",)
