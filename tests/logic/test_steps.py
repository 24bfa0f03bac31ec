"""Steps of people: said done, confirmed, waived."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.tests import factories
from seasons import call_as, collectivites, make_cohort, make_participant

from ckanext.challenge import programmes

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _step(source: str, **wanted: Any) -> str:
    """A step of the shipped programme of that kind."""
    for step in programmes.get("saison").steps:
        if step.source == source and all(
            getattr(step.check, name) == value for name, value in wanted.items()
        ):
            return step.key
    raise AssertionError(f"no step with {wanted}")


@pytest.fixture
def season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort("open")
    user = factories.User(email="mairie@example.org")
    participant = make_participant(cohort)
    admin = factories.Sysadmin()
    manager, adviser = factories.User(), factories.User()
    for person, role in ((manager, "manager"), (adviser, "adviser")):
        call_as(
            admin,
            "challenge_staff_create",
            cohort=cohort["id"],
            user=person["id"],
            role=role,
        )
    call_as(
        manager,
        "challenge_participant_assign",
        id=participant["id"],
        adviser=adviser["name"],
    )
    return {
        "cohort": cohort,
        "participant": participant["id"],
        "member": user,
        "manager": manager,
        "adviser": adviser,
    }


def test_a_step_that_needs_nothing_is_done_at_once(season: dict[str, Any]) -> None:
    step = _step("person", evidence="none", confirm=False)
    done = call_as(
        season["member"],
        "challenge_step_update",
        participant=season["participant"],
        step=step,
        state="done",
    )
    assert done["state"] == "done"
    shown = call_as(None, "challenge_participant_show", id=season["participant"])
    assert shown["steps_done"] >= 1
    assert shown["percent"] > 0


def test_a_proof_is_asked_then_confirmed_by_the_adviser(
    season: dict[str, Any],
) -> None:
    step = _step("person", confirm=True)
    data = {"participant": season["participant"], "step": step}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", state="done", **data)
    assert list(caught.value.error_dict) == ["evidence_url"]
    claimed = call_as(
        season["member"],
        "challenge_step_update",
        state="done",
        evidence_url="https://www.example.org/deliberation.pdf",
        **data,
    )
    assert claimed["state"] == "to_confirm"
    with pytest.raises(tk.NotAuthorized):
        call_as(season["member"], "challenge_step_confirm", confirmed=True, **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["adviser"], "challenge_step_confirm", confirmed=False, **data)
    assert list(caught.value.error_dict) == ["note"]
    back = call_as(
        season["adviser"],
        "challenge_step_confirm",
        confirmed=False,
        note="Il manque la date.",
        **data,
    )
    assert back["state"] == "in_progress"
    call_as(season["member"], "challenge_step_update", state="done", **data)
    done = call_as(season["adviser"], "challenge_step_confirm", confirmed=True, **data)
    assert done["state"] == "done"


def test_the_catalogues_steps_are_not_set_by_hand(season: dict[str, Any]) -> None:
    data = {"participant": season["participant"], "step": _step("catalog")}
    for person in ("member", "adviser", "manager"):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(season[person], "challenge_step_update", state="done", **data)
        assert list(caught.value.error_dict) == ["step"]
    with pytest.raises(tk.NotAuthorized):
        call_as(season["adviser"], "challenge_step_waive", reason="Sans objet", **data)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["manager"], "challenge_step_waive", **data)
    assert list(caught.value.error_dict) == ["reason"]
    waived = call_as(
        season["manager"], "challenge_step_waive", reason="Sans objet", **data
    )
    assert waived["state"] == "waived"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("state", ""),
        ("state", "fini"),
        ("state", "waived"),
        ("note", "a" * 5001),
        ("note", "<b>gras</b>"),
        ("evidence_url", "ftp://example.org/x"),
        ("evidence_url", "javascript:alert(1)"),
        ("planned_for", "demain"),
        ("step", "inconnue"),
        ("step", ["a"]),
    ],
)
def test_bad_input_names_the_field(
    season: dict[str, Any], field: str, value: Any
) -> None:
    data = {
        "participant": season["participant"],
        "step": _step("person"),
        "state": "in_progress",
        field: value,
    }
    with pytest.raises(tk.ValidationError) as caught:
        call_as(season["member"], "challenge_step_update", **data)
    assert list(caught.value.error_dict) == [field]


def test_nothing_moves_once_the_season_is_over(season: dict[str, Any]) -> None:
    for state in ("running", "finished"):
        call_as(
            season["manager"],
            "challenge_cohort_transition",
            id=season["cohort"]["id"],
            to=state,
        )
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_step_update",
            participant=season["participant"],
            step=_step("person"),
            state="in_progress",
        )
    assert list(caught.value.error_dict) == ["participant"]


def test_kits_are_chosen_among_those_of_the_programme(season: dict[str, Any]) -> None:
    kits = [kit.key for kit in programmes.get("saison").kits][:3]
    shown = call_as(
        season["member"],
        "challenge_participant_kits_update",
        participant=season["participant"],
        kits=kits,
    )
    assert shown["kits"] == kits
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            season["member"],
            "challenge_participant_kits_update",
            participant=season["participant"],
            kits=["meteo"],
        )
    assert list(caught.value.error_dict) == ["kits"]
