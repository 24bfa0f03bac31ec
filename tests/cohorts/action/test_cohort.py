"""Cohorts: their fields, their life, who may."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
    only_message,
)
from werkzeug.datastructures import FileStorage

from ckanext.challenge.model import Cohort, JournalEntry

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


def test_created_as_a_draft_with_all_its_fields(admin: dict[str, Any]) -> None:
    made = call_as(
        admin,
        "challenge_cohort_create",
        name="saison-2",
        title="Saison 2",
        season=2,
        description="**Pas à pas**",
        application_opens="2022-06-01",
        application_deadline="2022-09-30",
        launch="2022-09-01",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
        capacity=20,
        kinds=["commune", "cc"],
        days_per_participant=12,
        funding=[
            {"source": "Plan de Relance", "amount": 3000},
            {"source": "Région", "amount": 2000},
            {"source": "Collectivité", "amount": 1000},
        ],
        contact_email="contact@example.org",
        hashtag="#ENGAGEZ",
        partners=[{"name": "Région", "url": "https://www.example.org"}],
        testimonials=[{"quote": "Utile.", "author": "Une mairie", "role": "saison 1"}],
    )
    shown = call_as(
        None if made["state"] != "draft" else admin,
        "challenge_cohort_show",
        id="saison-2",
    )
    assert shown["state"] == "draft"
    assert shown["cost"] == 6000
    assert shown["days_per_participant"] == 12
    assert shown["kinds"] == ["commune", "cc"]
    assert shown["hashtag"] == "ENGAGEZ"
    assert shown["partners"][0]["name"] == "Région"
    assert [m["key"] for m in shown["milestones"]] == [
        "application_opens",
        "application_deadline",
        "launch",
        "first_publication",
        "finalisation",
    ]
    assert len(shown["phases"]) == 3
    assert shown["figures"]["participants"] == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "Saison 2"),
        ("name", "manage"),
        ("name", "x" * 101),
        ("title", ""),
        ("title", None),
        ("title", 5),
        ("title", ["a"]),
        ("title", {"fr": "a"}),
        ("title", "a" * 201),
        ("title", "<b>Saison</b>"),
        ("title", "Sai\x00son"),
        ("title", "Saison 🎉"),
        ("title", "\u202eSaison"),
        ("title", "موسم"),
        ("season", ""),
        ("season", "deux"),
        ("season", 0),
        ("season", -1),
        ("season", 1.5),
        ("season", True),
        ("season", 10**30),
        ("description", "<script>alert(1)</script>"),
        ("description", "a" * 20_001),
        ("programme", "inconnu"),
        ("application_deadline", "30/09/2022"),
        ("application_deadline", "2022-02-31"),
        ("application_deadline", 20220930),
        ("launch", "9999-01-01"),
        ("capacity", -1),
        ("capacity", 0),
        ("capacity", 10**9),
        ("capacity", "beaucoup"),
        ("kinds", ["royaume"]),
        ("kinds", 3),
        ("days_per_participant", -1),
        ("days_per_participant", "1.3"),
        ("days_per_participant", "NaN"),
        ("funding", "3000"),
        ("funding", [3000]),
        ("funding", [{"source": "Région", "amount": -1}]),
        ("funding", [{"source": "", "amount": 10}]),
        ("currency", "euro"),
        ("contact_email", "pas une adresse"),
        ("contact_email", "a@b.fr\nBcc: x@y.fr"),
        ("hashtag", "deux mots"),
        ("partners", [{"name": "x", "url": "javascript:alert(1)"}]),
        ("testimonials", [{"quote": "", "author": "x"}]),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(
    admin: dict[str, Any], field: str, value: Any
) -> None:
    data = {"name": "saison-2", "title": "Saison 2", "season": 2, field: value}
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_create", **data)
    assert list(caught.value.error_dict) == [field]
    assert caught.value.error_dict[field]
    assert model.Session.query(Cohort).count() == 0
    assert model.Session.query(JournalEntry).count() == 0


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("application_opens", "application_deadline"),
        ("launch", "first_publication"),
        ("first_publication", "finalisation"),
    ],
)
def test_dates_out_of_order_name_the_later_field(
    admin: dict[str, Any], first: str, second: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            admin,
            "challenge_cohort_create",
            name="saison-2",
            title="Saison 2",
            season=2,
            **{first: "2022-10-02", second: "2022-10-01"},
        )
    assert list(caught.value.error_dict) == [second]


def test_the_launch_may_fall_before_the_deadline() -> None:
    cohort = make_cohort(
        launch="2022-09-01",
        application_deadline="2022-09-30",
        application_opens="2022-06-01",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
    )
    assert cohort["launch"] == "2022-09-01"


def test_a_name_is_taken_once(admin: dict[str, Any]) -> None:
    make_cohort(name="saison-2")
    with pytest.raises(tk.ValidationError) as caught:
        make_cohort(name="saison-2")
    assert "name" in caught.value.error_dict


def test_patch_keeps_the_other_fields(admin: dict[str, Any]) -> None:
    cohort = make_cohort()
    patched = call_as(
        admin, "challenge_cohort_patch", id=cohort["name"], title="Autre titre"
    )
    assert patched["title"] == "Autre titre"
    for field in ("season", "capacity", "funding", "launch", "state", "name"):
        assert patched[field] == cohort[field]


def test_update_empties_what_is_not_given(admin: dict[str, Any]) -> None:
    cohort = make_cohort()
    updated = call_as(
        admin,
        "challenge_cohort_update",
        id=cohort["id"],
        name=cohort["name"],
        title="T",
        season=2,
    )
    assert updated["capacity"] is None
    assert updated["funding"] == []
    assert updated["state"] == "open"


def test_a_forbidden_transition_names_both_states(admin: dict[str, Any]) -> None:
    cohort = make_cohort("draft")
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="finished")
    message = only_message(caught, "to")
    assert "draft" in message
    assert "finished" in message
    again = call_as(admin, "challenge_cohort_show", id=cohort["id"])
    assert again["state"] == "draft"


def test_no_way_back_to_draft_once_somebody_applied(admin: dict[str, Any]) -> None:
    collectivites()
    cohort = make_cohort()
    apply(cohort)
    with pytest.raises(tk.ValidationError):
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="draft")
    empty = make_cohort(name="vide", season=3)
    back = call_as(admin, "challenge_cohort_transition", id=empty["id"], to="draft")
    assert back["state"] == "draft"


def test_finishing_keeps_a_dated_snapshot(admin: dict[str, Any]) -> None:
    cohort = make_cohort("finished")
    assert cohort["snapshot"]["date"]
    assert cohort["snapshot"]["figures"]["participants"] == 0
    assert cohort["finished_at"]
    assert cohort["programme_version"] >= 1


def test_drafts_are_invisible_to_the_public() -> None:
    draft = make_cohort("draft", name="secrete")
    make_cohort(name="visible")
    user = factories.User()
    for caller in (None, user):
        listed = call_as(caller, "challenge_cohort_list")
        assert [row["name"] for row in listed["results"]] == ["visible"]
        with pytest.raises(tk.ObjectNotFound):
            call_as(caller, "challenge_cohort_show", id=draft["id"])
    admin = factories.Sysadmin()
    make_staff("secrete", "manager", user, by=admin)
    assert call_as(user, "challenge_cohort_list")["count"] == 2
    assert call_as(user, "challenge_cohort_show", id="secrete")["id"] == draft["id"]


def test_who_needs_no_figures_has_none_counted() -> None:
    make_cohort(name="visible")
    whole, brief = (
        call_as(None, "challenge_cohort_list", include_figures=figures)["results"]
        for figures in (True, False)
    )
    assert whole == [{**brief[0], "figures": whole[0]["figures"]}]
    assert "figures" not in brief[0]


def test_lists_page(admin: dict[str, Any]) -> None:
    for number in range(1, 4):
        make_cohort(name=f"saison-{number}", season=number)
    page = call_as(None, "challenge_cohort_list", limit=1, offset=1)
    assert page["count"] == 3
    assert [row["season"] for row in page["results"]] == [2]
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_cohort_list", limit="tout")
    assert "limit" in caught.value.error_dict


def test_only_drafts_and_archives_are_deleted(admin: dict[str, Any]) -> None:
    running = make_cohort("running")
    with pytest.raises(tk.ValidationError):
        call_as(admin, "challenge_cohort_delete", id=running["id"])
    draft = make_cohort("draft", name="brouillon")
    call_as(admin, "challenge_cohort_delete", id=draft["id"])
    with pytest.raises(tk.ObjectNotFound):
        call_as(admin, "challenge_cohort_show", id="brouillon")


def test_the_files_of_a_season_go_with_it(
    admin: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    collectivites()
    cohort = make_cohort()
    application = apply(cohort, submit=False)
    call_as(
        None,
        "challenge_application_attachment_create",
        id=application["id"],
        key=application["key"],
        purpose="letter",
        upload=FileStorage(io.BytesIO(b"%PDF-1.7\n"), filename="lettre.pdf"),
    )
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    for state in ("running", "finished", "archived"):
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to=state)
    call_as(admin, "challenge_cohort_delete", id=cohort["id"])
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_managers_name_advisers_but_no_managers(admin: dict[str, Any]) -> None:
    cohort = make_cohort()
    manager, adviser = factories.User(), factories.User()
    data = {"cohort": cohort["name"], "user": manager["name"], "role": "manager"}
    call_as(admin, "challenge_staff_create", **data)
    call_as(admin, "challenge_staff_create", **data)
    named = call_as(
        manager,
        "challenge_staff_create",
        cohort=cohort["id"],
        user=adviser["id"],
        role="adviser",
    )
    listed = call_as(adviser, "challenge_staff_list", cohort=cohort["id"])
    assert {(row["user_name"], row["role"]) for row in listed["results"]} == {
        (manager["name"], "manager"),
        (adviser["name"], "adviser"),
    }
    with pytest.raises(tk.NotAuthorized):
        make_staff(cohort, "manager", adviser, by=manager)
    call_as(manager, "challenge_staff_delete", id=named["id"])
    assert call_as(admin, "challenge_staff_list", cohort=cohort["id"])["count"] == 1
