"""The pages at the end of a season: report, opinions, history, newer programme."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from ckan import model
from factories import BAULE, call_as
from helpers.browser import Browser, World

from ckanext.challenge import programmes
from ckanext.challenge.domain.characters import cleaned_document
from ckanext.challenge.domain.programme import Badge, Kit, Phase, Step
from ckanext.challenge.domain.questions import Question
from ckanext.challenge.views.manager.settings import programme as programme_view

MakeBrowser = Callable[..., Browser]

PLACE = f"/en/challenge/saison-2/commune-{BAULE}"


def test_the_report_is_for_everybody_and_more_of_it_for_the_team(
    browser: MakeBrowser, world: World
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_transition",
        id="saison-2",
        to="finished",
    )
    public = browser()
    page = public.get("/en/challenge/saison-2/report").text
    assert "Commune 214500241" in page
    assert "To cite these results" in page
    assert "Adviser" not in page
    assert "Adviser" in browser("manager").get("/en/challenge/saison-2/report").text
    assert "results as of" in public.get("/en/challenge/saison-2").text
    found = json.loads(
        browser("manager").get("/en/challenge/saison-2/report.json").text
    )
    assert (found["final"], "staff" in found) == (True, False)
    assert found["participants"]["count"] == 2


def test_the_report_for_programs_has_no_hidden_characters(
    browser: MakeBrowser, world: World
) -> None:
    odd = "Saison\u202e 2\x7f\x0b"
    for table in ("challenge_cohort", '"group"'):
        model.Session.execute(sa.text(f"UPDATE {table} SET title = :odd"), {"odd": odd})
    model.Session.commit()
    text = browser().get("/en/challenge/saison-2/report.json").text
    found = json.loads(text)
    assert "Saison 2" in text
    assert cleaned_document(found) == found


def test_an_opinion_from_the_form_to_the_team(
    browser: MakeBrowser, world: World
) -> None:
    member = browser("member")
    page = member.get(f"{PLACE}/feedback").text
    assert "Was this season useful to you?" in page
    typed = {
        "answers-aide": ["kits", "liste"],
        "answers-difficile": "Trouver le temps & la salle",
        "answers-continuer": "true",
    }
    refused = member.post(f"{PLACE}/feedback", data=typed)
    # What was typed is still there, beside what is missing.
    assert "Some answers need correcting" in refused.text
    assert "Trouver le temps &amp; la salle" in refused.text
    assert refused.text.count(" checked") == 3
    sent = member.post(f"{PLACE}/feedback", data={**typed, "answers-utile": "plutot"})
    assert sent.status_code == 302
    assert "Change my answers" in member.get(f"{PLACE}/feedback").text
    team = browser("adviser")
    read = team.get(f"{PLACE}/feedback").text
    assert "Trouver le temps &amp; la salle" in read
    assert "<textarea" not in read
    team = browser("manager")
    results = team.get("/en/challenge/manage/saison-2/opinions").text
    assert "1 collectivité of 2 has answered" in results
    assert "Trouver le temps &amp; la salle" in results
    file = team.get("/en/challenge/manage/saison-2/opinions.csv")
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Trouver le temps & la salle" in file.text


def test_the_history_of_a_collectivite(browser: MakeBrowser, world: World) -> None:
    public = browser()
    assert public.get("/en/challenge/collectivite/999999999").status_code == 404
    page = public.get(f"/en/challenge/collectivite/{BAULE}").text
    assert "Has not opened data here yet" in page
    # These organizations were made without a SIREN; the accepted one has it.
    call_as(
        world.people["sysadmin"],
        "challenge_application_review",
        id=world.application["id"],
        decision="accept",
    )
    page = public.get(f"/en/challenge/collectivite/{BAULE}").text
    assert "Saison 3" in page
    assert "1 985 inhabitants" in page.replace("\u202f", " ").replace(",", " ")


def test_a_newer_programme_is_shown_before_it_is_taken(
    browser: MakeBrowser,
    world: World,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    manager = browser("manager")
    address = "/en/challenge/manage/saison-2/programme"
    assert "no other version" in manager.get(address).text
    document = copy.deepcopy(dict(programmes.get("saison").document))
    document["version"] = 9
    removed = document["steps"].pop(0)
    document["badges"] = [
        badge for badge in document["badges"] if badge["key"] != "engagee"
    ]
    path = tmp_path / "saison.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    monkeypatch.setitem(ckan_config, "ckanext.challenge.programmes", [str(path)])
    page = manager.get(address).text
    assert "Version 9 would change this" in page
    assert removed["title"]["en"] in page
    assert "1 collectivité holds it" in page
    # A page that was opened before the file changed again moves nothing.
    stale = manager.post(address, data={"digest": "0" * 64})
    assert "look at what it changes" in stale.text
    digest = programmes.get("saison").digest
    assert manager.post(address, data={"digest": digest}).status_code == 302
    assert "version 9" in manager.get(address).text
    assert browser().get(PLACE).status_code == 200


def test_a_season_whose_programme_went_away_is_told_and_breaks_nothing_else(
    browser: MakeBrowser,
    world: World,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        ckan_config,
        "ckanext.challenge.programmes",
        ["ckanext.challenge:programmes/decouverte.yaml"],
    )
    public = browser()
    # The one that runs keeps its copy; the one that is open names a file.
    assert public.get("/en/challenge/saison-2").status_code == 200
    told = public.get("/en/challenge/saison-3")
    assert (told.status_code, "programme “saison”" in told.text) == (503, True)
    for page in ("/en/challenge", f"/en/organization/commune-{BAULE}"):
        assert public.get(page).status_code == 200


@pytest.mark.parametrize("part", [Phase, Step, Badge, Kit, Question])
def test_all_that_can_be_otherwise_has_a_name(part: Any) -> None:
    fields = {field.name for field in dataclasses.fields(part)} - {"key"}
    assert fields <= programme_view._FIELDS.keys()
