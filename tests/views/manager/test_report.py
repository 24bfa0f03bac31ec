"""The account of a season at the desk, and as a funder reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from factories import call_as, day
from helpers.browser import Browser, World

from ckanext.challenge.common import pdf

MakeBrowser = Callable[..., Browser]

DESK = "/en/challenge/manage/saison-2/report"
AGREEMENT = {
    "funder": "Région",
    "number": "2026-17",
    "granted": "2 000",
    "lines-0-label": "Ateliers",
    "lines-0-planned": "1000,50",
    "lines-0-rule": "amount",
    "lines-0-realised": "900",
    # A row in which nothing but its rule stands is none.
    "lines-1-rule": "days",
    "indicators-0-label": "Agents formés",
    "indicators-0-target": "10",
    "indicators-0-value": "5",
    "indicators-0-figure": "",
}


def _declare(browser: MakeBrowser, **more: str) -> Any:
    return browser("manager").post(f"{DESK}/agreement/new", data={**AGREEMENT, **more})


def test_an_agreement_from_its_form_to_the_funder(
    browser: MakeBrowser, world: World
) -> None:
    assert _declare(browser).status_code == 302
    desk = browser("manager")
    page = desk.get(DESK).text
    assert "Région · 2026-17" in page and "−€100.50" in page.replace("-€", "−€")
    form = desk.get(re.findall(r'href="([^"]*/agreement/[0-9a-f-]{36})"', page)[0]).text
    for typed in ("Ateliers", "1000.5", "Agents formés"):
        assert typed in form
    # The first row of three that are empty follows those that are there.
    assert 'name="lines-3-label"' in form and 'name="lines-4-label"' not in form
    made = desk.post(
        f"{DESK}/address", data={"name": "Région", "ends_on": day(9).isoformat()}
    )
    assert made.status_code == 302
    page = desk.get(DESK).text
    url = re.findall(r'href="[^"]*(/challenge/report/[^"/]+)"', page)[0]
    funder = browser()
    read = funder.get(f"/en{url}")
    assert "Agents formés" in read.text and "Ateliers" in read.text
    assert "Aims, agreements" not in read.text
    assert read.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in read.headers["X-Robots-Tag"]
    assert "public" not in read.headers["Cache-Control"]
    file = funder.get(f"{url}/report.xlsx")
    assert file.data[:2] == b"PK"
    assert "attachment" in file.headers["Content-Disposition"]
    assert "Ateliers" in funder.get(f"{url}/report.json").text
    # Everybody else reads nothing of it.
    for address in ("/report", "/report.json"):
        public = funder.get(f"/en/challenge/saison-2{address}").text
        assert "Ateliers" not in public and "Days and money" not in public
    ended = re.findall(r'action="([^"]*/address/[^"]*/end)"', page)[0]
    assert desk.post(ended).status_code == 302
    assert funder.get(f"/en{url}").status_code == 404
    assert funder.get(f"{url}/report.json").status_code == 404


def test_a_refused_agreement_keeps_what_was_typed(
    browser: MakeBrowser, world: World
) -> None:
    refused = _declare(browser, funder="", **{"lines-0-planned": "beaucoup"})
    assert refused.status_code == 200
    assert 'href="#field-lines-0-planned"' in refused.text
    assert 'value="beaucoup"' in refused.text and "Agents formés" in refused.text


def test_aims_are_saved_and_read_by_everybody(
    browser: MakeBrowser, world: World
) -> None:
    desk = browser("manager")
    typed = {"aims-participants": "quatre", "method": "À la main."}
    refused = desk.post(DESK, data=typed)
    assert 'value="quatre"' in refused.text and "À la main." in refused.text
    typed["aims-participants"] = "4"
    assert desk.post(DESK, data=typed).status_code == 302
    page = browser().get("/en/challenge/saison-2/report").text
    assert "Beside its aims" in page and "À la main." in page


def test_an_adviser_reads_and_declares_nothing(
    browser: MakeBrowser, world: World
) -> None:
    _declare(browser)
    page = browser("adviser").get(DESK).text
    assert "Région" in page
    for words in ("Add an agreement", "Addresses for the funders", "Save aims"):
        assert words not in page


def test_an_agreement_is_shown_before_it_is_deleted(
    browser: MakeBrowser, world: World
) -> None:
    _declare(browser)
    desk = browser("manager")
    page = desk.get(DESK).text
    url = re.findall(r'href="([^"]*/agreement/[0-9a-f-]{36})"', page)[0]
    asked = desk.post(f"{url}/delete")
    assert "Delete this agreement?" in asked.text
    assert "Région" in desk.get(DESK).text
    assert desk.post(f"{url}/delete", data={"do": "confirm"}).status_code == 302
    assert "Région · " not in desk.get(DESK).text


def test_lessons_are_noted_dealt_with_and_taken_away(
    browser: MakeBrowser, world: World
) -> None:
    desk = browser("adviser")
    refused = desk.post(f"{DESK}/lessons", data={"kind": "change", "text": ""})
    assert "Some answers need correcting" in refused.text
    noted = {"kind": "change", "text": "Commencer plus tôt.", "step": "deliberation"}
    assert desk.post(f"{DESK}/lessons", data=noted).status_code == 302
    page = desk.get(f"{DESK}/lessons").text
    assert "Commencer plus tôt." in page
    url = re.findall(r'action="([^"]*/lessons/[^"]+)"', page)[0]
    desk.post(url, data={"do": "done"})
    assert "Not dealt with yet" in desk.get(f"{DESK}/lessons").text
    desk.post(url, data={"do": "delete"})
    assert "Commencer plus tôt." not in desk.get(f"{DESK}/lessons").text
    assert desk.post(url, data={"do": "done"}).status_code == 404


def test_the_desk_says_why_there_is_no_pdf(
    browser: MakeBrowser, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "library", lambda: None)
    desk = browser("manager")
    assert "cannot make PDF files" in desk.get(DESK).text
    assert desk.post(f"{DESK}/pdf").status_code == 302
    assert "ckanext-challenge[pdf]" in desk.get(DESK).text
    assert desk.get("/en/challenge/saison-2/report.pdf").status_code == 404
    monkeypatch.setattr(pdf, "library", object)
    assert desk.post(f"{DESK}/pdf").status_code == 302
    assert "It is being made" in desk.get(DESK).text
    files = call_as(
        world.people["manager"], "challenge_report_file_list", cohort="saison-2"
    )
    assert [row["audience"] for row in files["results"]] == ["team"]
