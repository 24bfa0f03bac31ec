"""Applications: written, handed in, decided on."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    altered,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_staff,
    only_message,
    season_and_directory,
)
from freezegun import freeze_time
from helpers.snapshots import MadeOnce

from ckanext.challenge.model import Application

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


def test_the_directory_fills_in(cohort: dict[str, Any]) -> None:
    made = apply(cohort, siren="214 500 241", submit=False)
    assert made["siren"] == BAULE


def test_a_siret_gives_its_siren(cohort: dict[str, Any]) -> None:
    made = apply(cohort, siren="214 500 241 00019", submit=False)
    assert made["siren"] == BAULE
    assert made["organization_title"] == "Baule"
    assert made["kind"] == "commune"
    assert made["population"] == 1985
    assert made["reference"] == "S2-0001"
    assert made["state"] == "draft"
    assert made["duty"]["status"] == "not_concerned"
    assert apply(cohort, POINCONNET)["reference"] == "S2-0002"


def test_a_siren_outside_the_directory_is_accepted_with_a_warning(
    cohort: dict[str, Any],
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        apply(cohort, "130005481")
    assert list(caught.value.error_dict) == ["organization_title"]
    made = apply(cohort, "130005481", organization_title="Syndicat d'exemple")
    assert made["kind"] == "autre"
    shown = call_as(
        factories.Sysadmin(), "challenge_application_show", id=made["reference"]
    )
    assert len(shown["warnings"]) == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("siren", ""),
        ("siren", "214500242"),
        ("siren", "21450024"),
        ("siren", {"n": 1}),
        ("agents", ""),
        ("agents", "-1"),
        ("agents", "beaucoup"),
        ("agents", 10**12),
        ("contact_name", ""),
        ("contact_name", "a" * 201),
        ("contact_name", "Nom\r\nBcc: x@example.org"),
        ("contact_name", ["a"]),
        ("contact_email", ""),
        ("contact_email", "mairie"),
        ("contact_email", "a@example.org\nBcc: b@example.org"),
        ("contact_role", "<i>maire</i>"),
        ("contact_phone", "1" * 41),
        ("elected_sponsor", "Élu \u2067"),
        ("motivation", ""),
        ("motivation", "a" * 10_001),
        ("motivation", "Nous voulons 🚀"),
        ("motivation", "Bonjour\x07"),
        ("consent", False),
        ("consent", "peut-être"),
    ],
)
def test_bad_input_names_the_field_and_stores_nothing(
    cohort: dict[str, Any], field: str, value: Any
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        apply(cohort, **{"siren": BAULE, field: value})
    assert list(caught.value.error_dict) == [field]
    assert model.Session.query(Application).count() == 0


def test_errors_are_in_the_readers_language(cohort: dict[str, Any], app: Any) -> None:
    def error(language: str) -> str:
        answer = app.post(
            f"{language}/api/3/action/challenge_application_create",
            json={"cohort": cohort["name"], "siren": "1"},
            status=409,
        )
        return answer.json["error"]["siren"][0]

    assert "is not a SIREN" in error("/en")
    assert "n’est pas un SIREN" in error("/fr") or "n'est pas un SIREN" in error("/fr")


def test_a_draft_may_lack_what_a_submission_needs(cohort: dict[str, Any]) -> None:
    made = apply(
        cohort, submit=False, draft=True, motivation="", consent=False, agents=""
    )
    with pytest.raises(tk.ValidationError) as caught:
        call_as(None, "challenge_application_submit", id=made["id"], key=made["key"])
    assert set(caught.value.error_dict) == {"motivation", "consent", "agents"}
    call_as(
        None,
        "challenge_application_update",
        id=made["id"],
        key=made["key"],
        motivation="Ouvrir.",
        agents=0,
        consent=True,
    )
    done = call_as(None, "challenge_application_submit", id=made["id"], key=made["key"])
    assert done["state"] == "submitted"
    assert done["agents"] == 0
    assert done["contact_name"] == "Secrétariat de mairie"


def test_one_live_application_per_siren_and_season(cohort: dict[str, Any]) -> None:
    first = apply(cohort)
    with pytest.raises(tk.ValidationError) as caught:
        apply(cohort)
    assert list(caught.value.error_dict) == ["siren"]
    call_as(None, "challenge_application_withdraw", id=first["id"], key=first["key"])
    assert apply(cohort)["state"] == "submitted"
    other = make_cohort(name="autre", season=3)
    assert apply(other)["reference"] == "S3-0001"


def test_only_while_the_season_is_open() -> None:
    collectivites()
    make_cohort("draft", name="brouillon")
    with pytest.raises(tk.ObjectNotFound):
        apply({"name": "brouillon"})
    for state in ("running", "finished"):
        closed = make_cohort(state, name=f"c-{state}")
        with pytest.raises(tk.ValidationError) as caught:
            apply(closed)
        assert list(caught.value.error_dict) == ["cohort"]


@pytest.mark.parametrize(
    ("now", "taken"),
    [
        # The deadline's day ends at midnight in Paris: 22:00 UTC in September.
        ("2022-09-30T21:59:00Z", True),
        ("2022-09-30T22:01:00Z", False),
        ("2022-05-31T21:59:00Z", False),
        ("2022-05-31T22:01:00Z", True),
    ],
)
def test_the_deadline_is_the_end_of_the_day_in_paris(now: str, taken: bool) -> None:
    collectivites()
    cohort = make_cohort(
        application_opens="2022-06-01",
        application_deadline="2022-09-30",
        launch="2022-09-01",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
    )
    with freeze_time(dt.datetime.fromisoformat(now.replace("Z", "+00:00"))):
        assert (
            call_as(None, "challenge_cohort_show", id=cohort["id"])[
                "accepts_applications"
            ]
            is taken
        )
        if taken:
            assert apply(cohort, submit=False)["state"] == "draft"
        else:
            with pytest.raises(tk.ValidationError) as caught:
                apply(cohort)
            # Said with the day that decides, in words.
            assert " 2022" in only_message(caught, "cohort")


def test_kinds_that_may_apply(cohort: dict[str, Any]) -> None:
    epci = make_cohort(name="epci", kinds=["cc"])
    with pytest.raises(tk.ValidationError) as caught:
        apply(epci)
    assert not only_message(caught, "siren").endswith("cc"), (
        "a code, and not the name of the kind"
    )


def test_the_file_of_another_is_not_readable(cohort: dict[str, Any]) -> None:
    mine, other = apply(cohort), apply(cohort, POINCONNET)
    stranger = factories.User()
    for caller, key in (
        (None, None),
        (None, other["key"]),
        (None, altered(mine["key"])),
        (stranger, None),
        (stranger, other["key"]),
    ):
        for action in ("show", "update", "submit", "withdraw"):
            with pytest.raises(tk.NotAuthorized):
                call_as(
                    caller, f"challenge_application_{action}", id=mine["id"], key=key
                )
    shown = call_as(None, "challenge_application_show", id=mine["id"], key=mine["key"])
    assert shown["contact_email"] == mine["contact_email"]
    assert "warnings" not in shown


def test_a_key_expires(cohort: dict[str, Any]) -> None:
    mine = apply(cohort)
    later = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=91)
    with freeze_time(later), pytest.raises(tk.NotAuthorized):
        call_as(None, "challenge_application_show", id=mine["id"], key=mine["key"])


def test_an_account_sees_its_own_applications(cohort: dict[str, Any]) -> None:
    user = factories.User()
    mine = apply(cohort, user=user)
    apply(cohort, POINCONNET)
    listed = call_as(user, "challenge_application_list")
    assert [row["id"] for row in listed["results"]] == [mine["id"]]
    with pytest.raises(tk.NotAuthorized):
        call_as(user, "challenge_application_list", cohort=cohort["id"])


def test_a_refusal_needs_a_reason(cohort: dict[str, Any]) -> None:
    admin = factories.Sysadmin()
    mine = apply(cohort)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_application_review", id=mine["id"], decision="refuse")
    assert list(caught.value.error_dict) == ["reason"]
    done = call_as(
        admin,
        "challenge_application_review",
        id=mine["id"],
        decision="refuse",
        reason="La saison est réservée aux communes.",
    )
    assert done["state"] == "refused"
    assert done["decided_by"] == admin["id"]
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_application_review", id=mine["id"], decision="accept")
    message = only_message(caught, "state")
    assert "refused" in message
    assert "accepted" in message


def test_managers_read_the_files_of_their_season_only(cohort: dict[str, Any]) -> None:
    admin = factories.Sysadmin()
    manager = factories.User()
    other = make_cohort(name="autre")
    make_staff(other, "manager", manager, by=admin)
    mine = apply(cohort)
    theirs = apply(other, LIGNIERES[0])
    listed = call_as(manager, "challenge_application_list", cohort=other["id"])
    assert [row["id"] for row in listed["results"]] == [theirs["id"]]
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_application_list", cohort=cohort["id"])
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_application_show", id=mine["id"])
    with pytest.raises(tk.NotAuthorized):
        call_as(
            manager, "challenge_application_review", id=mine["id"], decision="accept"
        )
