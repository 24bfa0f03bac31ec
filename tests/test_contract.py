"""A program that knows the contract's page and nothing else, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan.tests import factories
from factories import BAULE, LIGNIERES, POINCONNET, collectivites

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

SEASON = {
    "name": "saison-9",
    "title": "Saison 9",
    "season": 9,
    "application_opens": "2020-01-01",
    "application_deadline": "2099-09-30",
    "launch": "2099-09-01",
    "first_publication": "2099-12-15",
    "finalisation": "2100-03-31",
    "capacity": 1,
    "kinds": ["commune"],
}
FIELDS = {
    "cohort": "saison-9",
    "agents": 12,
    "contact_name": "Camille Exemple",
    "contact_role": "secrétaire",
    "contact_email": "mairie@example.org",
    "contact_phone": "02 00 00 00 00",
    "elected_sponsor": "Une adjointe",
    "motivation": "Ouvrir nos délibérations.",
    "consent": True,
}


@pytest.fixture
def ask(app: Any) -> Callable[..., Any]:
    """What an action answers to a caller with this token, or what is wrong."""

    def call(action: str, token: str = "", status: int = 200, **data: Any) -> Any:
        answer = app.post(
            f"/api/3/action/{action}",
            json=data,
            headers={"Authorization": token} if token else {},
        )
        assert answer.status_code == status, (action, answer.json)
        return answer.json.get("result", answer.json.get("error"))

    return call


def _token(user: dict[str, Any]) -> str:
    return factories.APIToken(user=user["name"])["token"]


@pytest.fixture
def people(ask: Callable[..., Any]) -> tuple[str, str]:
    """An open season: the tokens of a sysadmin and of its manager."""
    collectivites()
    root, person = _token(factories.Sysadmin()), factories.User()
    ask("challenge_cohort_create", root, **SEASON)
    ask(
        "challenge_staff_create",
        root,
        cohort="saison-9",
        user=person["name"],
        role="manager",
    )
    ask("challenge_cohort_transition", root, id="saison-9", to="open")
    return root, _token(person)


def test_a_season_from_the_first_call_to_the_last(
    ask: Callable[..., Any], people: tuple[str, str]
) -> None:
    root, boss = people
    # Without an account, by the key alone.
    made = [
        ask("challenge_application_create", siren=siren, **FIELDS)
        for siren in (BAULE, POINCONNET, *LIGNIERES)
    ]
    assert {one["state"] for one in made} == {"draft"}
    first, second, third, fourth = ({"id": m["id"], "key": m["key"]} for m in made)
    assert "siren" in ask(
        "challenge_application_create", status=409, siren=BAULE, **FIELDS
    )
    ask("challenge_application_show", status=403, id=first["id"])
    ask("challenge_application_show", status=403, id=first["id"], key=second["key"])
    changed = ask("challenge_application_update", **first, agents=60)
    assert changed["agents"] == 60 and changed["duty"]["status"] == "concerned"
    for one in (first, second, third, fourth):
        assert ask("challenge_application_submit", **one)["state"] == "submitted"
    ask("challenge_application_message_create", **first, text="Bonjour.")
    ask("challenge_application_message_create", boss, id=first["id"], text="Merci.")
    told = ask("challenge_application_message_list", **first, limit="1", offset="1")
    assert (told["count"], told["results"][0]["text"]) == (2, "Merci.")
    ask("challenge_application_note_create", boss, id=first["id"], text="Solide.")
    assert ask("challenge_application_note_list", boss, id=first["id"])["count"] == 1
    ask("challenge_application_note_list", status=403, **first)
    gone = ask("challenge_application_withdraw", **fourth)
    assert gone["state"] == "withdrawn"

    listed = ask(
        "challenge_application_list", boss, cohort="saison-9", limit=2, offset=1
    )
    assert listed["count"] == 4 and len(listed["results"]) == 2
    asked = ask(
        "challenge_application_review",
        boss,
        id=made[0]["reference"],
        decision="request_changes",
        reason="incomplete",
    )
    assert asked["state"] == "changes_requested"
    assert ask("challenge_application_submit", **first)["state"] == "submitted"
    kept = ask(
        "challenge_application_review",
        boss,
        id=first["id"],
        decision="accept",
        pending=True,
    )
    assert kept["state"] == "submitted"
    batch = ask(
        "challenge_application_batch_review",
        boss,
        ids=[second["id"], made[2]["reference"], fourth["id"], "nowhere"],
        decision="refuse",
        reason="Une autre fois.",
    )
    assert [row["state"] for row in batch["results"]] == [
        "refused",
        "refused",
        "withdrawn",
        None,
    ]
    published = ask("challenge_decisions_publish", boss, cohort="saison-9")
    assert published["results"][0]["state"] == "accepted"
    again = ask("challenge_application_review", boss, id=first["id"], decision="accept")
    assert again["organization_id"]
    ask("challenge_application_review", boss, id=second["id"], decision="reopen")
    full = ask(
        "challenge_application_review",
        boss,
        status=409,
        id=second["id"],
        decision="accept",
    )
    assert "decision" in full
    waiting = ask(
        "challenge_application_review", boss, id=second["id"], decision="waitlist"
    )
    assert waiting["waitlist_rank"] == 1
    for kind in ("csv", "xlsx", "ods", "json"):
        file = ask("challenge_application_export", boss, cohort="saison-9", format=kind)
        assert file["format"] == kind and file["content"]
    participants = ask("challenge_participant_list", cohort="saison-9")
    assert participants["results"][0]["organization_name"] == "baule"
    erased = ask("challenge_application_erase", boss, id=third["id"])
    assert erased["erased_at"]
    copied = ask(
        "challenge_cohort_copy",
        root,
        id="saison-9",
        name="saison-10",
        title="Saison 10",
        season=10,
        launch="2100-01-01",
    )
    assert copied["state"] == "draft" and copied["application_deadline"] == "2100-01-30"


@pytest.mark.parametrize(
    "kind",
    ["application", "award", "claim", "cohort", "late_code", "organization", "staff"],
)
def test_the_journal_is_asked_for_all_that_it_is_about(
    ask: Callable[..., Any], kind: str
) -> None:
    root = _token(factories.Sysadmin())
    found = ask("challenge_journal_list", root, object_type=kind, limit=1)
    assert found == {"count": 0, "results": []}


def test_agreement_is_given_and_not_left_out(
    ask: Callable[..., Any], people: tuple[str, str]
) -> None:
    fields = {name: v for name, v in FIELDS.items() if name != "consent"}
    error = ask("challenge_application_create", status=409, siren=BAULE, **fields)
    assert "consent" in error
    draft = ask("challenge_application_create", siren=BAULE, draft=True, **fields)
    mine = {"id": draft["id"], "key": draft["key"]}
    # It is taken back as it was given.
    for agreed in (True, False):
        shown = ask("challenge_application_update", **mine, consent=agreed)
        assert bool(shown["consent_at"]) is agreed
    assert "consent" in ask("challenge_application_submit", status=409, **mine)
