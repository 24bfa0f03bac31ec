"""Awards become credentials, which the portal itself verifies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model

from ckanext.challenge.credentials import jobs
from ckanext.challenge.model import Award


def act(name: str, /, **data: Any) -> Any:
    """Call an action as nobody."""
    return tk.get_action(name)({"user": "", "ignore_auth": False}, data)


@pytest.mark.usefixtures("key")
def test_an_award_is_signed_by_the_job_and_says_what_was_verified(
    give: Callable[..., Award],
) -> None:
    award = give()
    waiting = act("challenge_credential_show", award=award.id)
    assert waiting == dict.fromkeys(("document", "jwt", "issued_at")) | {
        "state": "active"
    }
    assert jobs.sign().signed == 1
    shown = act("challenge_credential_show", award=award.id)
    assert next(iter(shown["document"])) == "@context"
    assert list(shown["document"])[-1] == "proof"
    for form in (shown["document"], json.dumps(shown["document"]), shown["jwt"]):
        found = act("challenge_credential_verify", credential=form)
        assert found["valid"] and found["reason"] is None
        assert (found["siren"], found["state"]) == ("213601594", "active")
        assert found["award"] == award.id
        assert found["badge"]["name"] == "Première publication"
        assert [part["name"] for part in found["evidence"]][1:] == [
            "Jeux de données que tout le monde peut voir",
            "Délibérations « 2026 »",
        ]


def test_the_achievement_says_in_words_how_a_badge_is_earned(clean_db: None) -> None:
    found = act("challenge_achievement_show", badge="collectivite-ouverte-1")
    assert found["id"] == (
        "http://test.ckan.net/challenge/badges/collectivite-ouverte-1.json"
    )
    lead, *parts = found["criteria"]["narrative"].split("\n\n")
    assert lead == "Toutes ces conditions :".replace(" :", "\u202f:")
    (listed,) = parts
    assert [line[:2] for line in listed.split("\n")] == ["- "] * 3
    assert listed.startswith("- Jeux de données que tout le monde peut voir")
    with pytest.raises(tk.ObjectNotFound):
        act("challenge_achievement_show", badge="rien")


@pytest.mark.usefixtures("key")
def test_a_badge_given_by_hand_claims_no_criteria(give: Callable[..., Award]) -> None:
    award = give()
    award.source, award.reason, award.criteria = "person", "Belle année.", {"met": []}
    model.Session.commit()
    assert jobs.sign().signed == 1
    document = act("challenge_credential_show", award=award.id)["document"]
    achievement = document["credentialSubject"]["achievement"]
    # Not even the address of the page that tells them.
    assert list(achievement["criteria"]) == ["narrative"]
    narrative = achievement["criteria"]["narrative"]
    assert "Belle année." in narrative
    assert document["evidence"][0]["narrative"] == narrative
    assert document["evidence"][0]["description"] == "confirmed"
    told = act("challenge_credential_verify", credential=document)
    assert told["valid"]
    assert "figure" not in [part["genre"] for part in told["evidence"]]
