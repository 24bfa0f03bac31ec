"""Awards become credentials, which the portal itself verifies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import jwt
import pytest
from ckan import model
from helpers.verifier import verify_document, verify_token

from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model import Award, Credential


def act(name: str, /, **data: Any) -> Any:
    """Call an action as nobody."""
    return tk.get_action(name)({"user": "", "ignore_auth": False}, data)


@pytest.mark.usefixtures("key")
def test_an_award_is_signed_by_the_job_and_says_what_was_verified(
    give: Callable[..., Award],
) -> None:
    award = give()
    waiting = act("challenge_credential_show", award=award.id)
    assert waiting == dict.fromkeys(("document", "jwt", "short_jwt", "issued_at")) | {
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


@pytest.mark.usefixtures("key")
def test_a_short_token_fits_in_a_link_and_is_verified(
    give: Callable[..., Award],
) -> None:
    award = give()
    jobs.sign()
    shown = act("challenge_credential_show", award=award.id)
    token = shown["short_jwt"]
    # What every browser takes as an address; a QR code holds 2,331 at level M.
    assert len(f"http://test.ckan.net/challenge/verify?credential={token}") < 2300
    assert "jwk" not in jwt.get_unverified_header(token)
    payload = verify_token(token, act("challenge_did_show"))
    assert payload["id"] == shown["document"]["id"]
    found = act("challenge_credential_verify", credential=token)
    assert found["valid"] and found["signed"]
    assert found["award"] == award.id
    assert found["organization"]["title"] == award_title(shown)
    assert found["badge"]["name"] == "Première publication"
    assert found["evidence"] == []
    changed = token[:-9] + ("A" if token[-9] != "A" else "B") + token[-8:]
    assert act("challenge_credential_verify", credential=changed)["code"] == "signature"


def award_title(shown: dict[str, Any]) -> str:
    """The name of whom a credential is for."""
    return shown["document"]["credentialSubject"]["identifier"][0]["identityHash"]


@pytest.mark.usefixtures("key")
def test_what_was_signed_before_gets_a_short_token(give: Callable[..., Award]) -> None:
    award = give()
    jobs.sign()
    token = act("challenge_credential_show", award=award.id)["short_jwt"]
    model.Session.query(Credential).update({"short_jwt": None})
    model.Session.commit()
    assert jobs.sign().signed == 0
    assert act("challenge_credential_show", award=award.id)["short_jwt"] == token
    # What another key signed stays as it is: with that key it is believed or not.
    model.Session.query(Credential).update({"short_jwt": None})
    model.Session.commit()
    generations.rotate()
    jobs.sign()
    assert act("challenge_credential_show", award=award.id)["short_jwt"] is None


@pytest.mark.usefixtures("key")
@pytest.mark.ckan_config("ckan.site_logo", "/base/images/logo.png")
@pytest.mark.ckan_config("ckan.site_description", "Les données du Centre\u200b")
@pytest.mark.ckan_config("ckanext.challenge.issuer_locality", "Orléans")
def test_a_credential_says_who_issues_it_and_what_its_schema_is(
    give: Callable[..., Award],
) -> None:
    award = give()
    jobs.sign()
    profile = act("challenge_issuer_show")
    assert profile["image"]["id"] == "http://test.ckan.net/base/images/logo.png"
    assert profile["description"].startswith("Les données du Centre")
    assert profile["address"] == {
        "type": ["Address"],
        "addressLocality": "Orléans",
        "addressCountry": "FR",
    }
    document = act("challenge_credential_show", award=award.id)["document"]
    assert document["issuer"] == {
        name: value for name, value in profile.items() if name != "@context"
    }
    (schema,) = document["credentialSchema"]
    assert schema["type"] == "1EdTechJsonSchemaValidator2019"
    verify_document(document, act("challenge_did_show"))
    assert act("challenge_credential_verify", credential=document)["valid"]


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
    token = act("challenge_credential_show", award=award.id)["short_jwt"]
    short = jwt.decode(token, options={"verify_signature": False})
    said = short["credentialSubject"]["achievement"]["criteria"]
    assert said == {"id": document["evidence"][0]["id"]}
    told = act("challenge_credential_verify", credential=document)
    assert told["valid"]
    assert "figure" not in [part["genre"] for part in told["evidence"]]
