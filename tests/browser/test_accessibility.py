"""What axe finds, and that nothing is wider than a telephone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as
from helpers.axe import faults
from helpers.outlines import load_squares
from playwright.sync_api import Page

from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model import Claim, StepStatus

PAGES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/",
        "/challenge",
        "/challenge/data",
        "/challenge/data?departement=45&quality=fresh",
        "/challenge/subscription?departement=45",
        "/challenge/saison-2",
        "/challenge/saison-2?view=table",
        "/challenge/saison-3",
        "{participant}",
        "/challenge/saison-2/data",
        "/challenge/saison-3/apply?q=ligni",
        # Somebody has applied for the first, nobody for the second.
        "/challenge/saison-3/apply?siren=213601594",
        "/challenge/saison-3/apply?siren=211801279",
        "/challenge/saison-3/apply?siren=other",
        "/challenge/application/{application}?key=altered",
        "/challenge/badges",
        "/challenge/badges/engagee",
        "/challenge/awards/{award}",
        "/challenge/badge/{organization}",
        "/challenge/verify?credential=/challenge/awards/{award}",
        "/challenge/verify?credential=/challenge/awards/inconnu",
        "/challenge/subscription?badge=engagee",
        "/challenge/subscription/sent?cohort=saison-2",
        "/challenge/subscription/end?key=altered",
        "/challenge/observatory",
        "/challenge/observatory?kind=village",
        "/challenge/collectivite/213601594",
        "/challenge/kits",
        "/challenge/kits/deliberations",
        "/challenge/observatory/map",
        "/challenge/observatory/map?level=commune&departement=45",
        "/organization/challenge/{organization}",
    ),
    "applicant": (
        "/challenge/application",
        "/challenge/application/{application}",
        "/challenge/application/{application}/erase",
    ),
    "member": (
        "{participant}",
        "/organization/challenge/{organization}",
        "/challenge/claim/{claim}",
        "/challenge/kits/subventions/prepare",
        "/challenge/preparation/{preparation}",
        "/challenge/preparation/{preparation}?step=table",
        "/challenge/preparation/{preparation}?step=mend",
        "/challenge/preparation/{preparation}?step=publish",
        "/challenge/preparation/{preparation}/delete",
        "{participant}/feedback",
        "{participant}/roles",
    ),
    "manager": (
        "/challenge/manage",
        "/challenge/manage/matches",
        "/challenge/manage/merges",
        "/challenge/manage/saison-2",
        "/challenge/manage/saison-2/accompaniment",
        "/challenge/manage/visit",
        "/challenge/manage/saison-2/visits",
        "/challenge/manage/saison-2/visits?view=month&day=2026-03-02",
        "/challenge/manage/saison-2/days",
        "/challenge/manage/saison-2/certificate?participant={participant_id}",
        "/challenge/manage/saison-2/participants?view=list&select=page",
        "/challenge/manage/saison-2?tab=season",
        "/challenge/manage/saison-2/messages",
        "/challenge/manage/saison-2/messages/new?late=any",
        "/challenge/manage/saison-2/reminders",
        "/challenge/manage/saison-2/edit",
        "/challenge/manage/saison-2/edit?part=dates",
        "/challenge/manage/saison-2/edit?part=partners",
        "/challenge/manage/saison-2/questions",
        "/challenge/manage/saison-2/staff",
        "/challenge/manage/saison-2/codes",
        "/challenge/manage/saison-2/programme",
        "/challenge/manage/saison-2/opinions",
        "/challenge/manage/saison-2/report",
        "/challenge/manage/saison-2/report/agreement/new",
        "/challenge/manage/saison-2/report/lessons",
        "/challenge/saison-2/report",
        "/challenge/manage/saison-2/state?to=finished",
        "/challenge/manage/saison-3/state?to=running",
        "/challenge/application/{application}/erase",
        "{participant}/roles",
        "/challenge/manage/saison-3/applications",
        "/challenge/manage/saison-3/applications/publish",
        "/challenge/manage/saison-3/application/{application}",
        "/challenge/manage/saison-3/mails",
        "{participant}",
    ),
    "sysadmin": ("/challenge/manage/new", "/challenge/manage/saison-2/copy"),
}
#: The same of what forms answer: on a page, the button that is pressed, with nothing
#: typed, and the field that is emptied before. Either it is said what is wrong, or
#: shown what will happen.
FILE = "/challenge/manage/saison-3/application/{application}"
ANSWERS: dict[str | None, tuple[tuple[str, str, str], ...]] = {
    None: (
        (
            "/challenge/saison-3/apply?siren=211801279",
            "form[enctype] button[type=submit]",
            "",
        ),
        (
            "/challenge/subscription?badge=engagee",
            "form[action*='/subscription'] button",
            "",
        ),
    ),
    "applicant": (
        (
            "/challenge/application/{application}",
            "form[action$='/messages'] button",
            "",
        ),
    ),
    "member": (
        ("{participant}", "form[action*='/step/inventaire'] button.btn-primary", ""),
        ("{participant}", "form[action*='/message'] button", ""),
        ("{participant}", "form[action*='/invite'] button", ""),
        ("{participant}/feedback", "form[action*='/feedback'] button", ""),
        ("/challenge/claim/{claim}", "form[novalidate] button", ""),
    ),
    "manager": (
        (FILE, "button[name=decision][value=request_changes]", ""),
        (FILE, "button[name=decision][value=waitlist]", ""),
        (FILE, "button[name=decision][value=accept]", ""),
        (FILE, "form[action$='/pending'] button", ""),
        (
            "/challenge/manage/saison-3/applications?select=page",
            "form:has(#batch-decision) button[type=submit]",
            "",
        ),
        ("/challenge/manage/visit", "form.challenge-form button", ""),
        ("/challenge/manage/saison-2/participants", "button[value=waive]", ""),
        ("/challenge/manage/saison-2/participants", "button[value=message]", ""),
        ("/challenge/manage/saison-2/staff", "form[action$='/delete'] button", ""),
        ("/challenge/manage/saison-2/staff", "form.challenge-form button", ""),
        (
            "/challenge/manage/saison-2/report",
            "form[action$='/address'] button",
            "",
        ),
        (
            "/challenge/manage/saison-2/report/agreement/new",
            "form.challenge-form button",
            "",
        ),
        (
            "/challenge/manage/saison-2/report/lessons",
            "form.challenge-form button",
            "",
        ),
        (
            "/challenge/manage/saison-2/edit",
            ".challenge-actions button",
            "#field-title",
        ),
        (
            "/challenge/manage/saison-2/messages/new",
            "form[novalidate] button",
            "#field-text",
        ),
        ("{participant}", "form[action*='/reminders#'] button", ""),
        ("{participant}", "form[action*='/withdraw'] button", ""),
        ("{participant}", "form[action*='/visit#'] button", ""),
        ("{participant}", "form[action*='/confirm'] button[value=false]", ""),
        ("{participant}", "form[action*='/waive'] button", ""),
    ),
    "sysadmin": (("/challenge/manage/new", ".challenge-actions button", ""),),
}


@pytest.fixture(autouse=True)
def _signed(
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """A key, with which the award is signed."""
    monkeypatch.setitem(
        ckan_config, "ckanext.challenge.keys_path", str(tmp_path / "keys")
    )
    generations.create()
    assert not jobs.sign().problem


@pytest.fixture(autouse=True)
def _waiting(world: Any) -> None:
    """A step, a message and a visit that the adviser's desk shows."""
    participant = world.participant["id"]
    call_as(
        world.people["manager"],
        "challenge_visit_create",
        participant=participant,
        date="2026-03-02",
        days=1,
        topic="Rencontre",
    )
    call_as(
        world.people["member"],
        "challenge_participant_message_create",
        participant=participant,
        text="Où est le modèle ?",
    )
    kept = {"id": world.application["id"], "reason": "Hors du territoire."}
    for decision in ({"decision": "start"}, {"decision": "refuse", "pending": True}):
        call_as(
            world.people["manager"],
            "challenge_application_review",
            **kept,
            **decision,
        )
    model.Session.query(StepStatus).filter_by(
        participant_id=participant, step="deliberation"
    ).update({"state": "to_confirm", "note": "Signée."})
    model.Session.commit()


@pytest.fixture
def claim(world: Any) -> str:
    """Somebody asks the member's organization to join it."""
    row = Claim(
        application_id=world.application["id"],
        organization_id=world.participant["organization_id"],
        user_id=world.people["applicant"]["id"],
    )
    model.Session.add(row)
    model.Session.commit()
    return row.id


@pytest.fixture
def preparation(
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> str:
    """Somebody began to prepare a spreadsheet with all that can be asked of one."""
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path / "storage"))
    rows = [
        ["Subventions"],
        ["Association", "N° SIRET", "Objet", "Montant", "Date", "Courriel", "Divers"],
        ["Harmonie", "", "Concerts", "1 500,00 €", "12/03/2025", "a@example.org", "x"],
        ["Sports", "", "Tournoi", "mille", "11/03/2025", "b@example.org", "y"],
        ["Sports", "", "Tournoi", "mille", "11/03/2025", "b@example.org", "y"],
        ["Total", "", "", "1 500,00 €"],
    ]
    return call_as(
        world.people["member"],
        "challenge_preparation_create",
        organization=world.participant["organization_id"],
        kit="subventions",
        text="\n".join("\t".join(row) for row in rows),
    )["id"]


@pytest.fixture
def places(world: Any, claim: str, preparation: str) -> dict[str, str]:
    """What stands in the addresses."""
    load_squares()
    for title in ("Mairie de Lignières", "Autre chose"):
        factories.Organization(title=title)
    return {
        "participant": world.url,
        "participant_id": world.participant["id"],
        "award": world.award["id"],
        "organization": world.participant["organization_name"],
        "application": world.application["id"],
        "claim": claim,
        "preparation": preparation,
    }


def _open(page: Page, path: str, places: dict[str, str]) -> None:
    page.goto(path.format(**places))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


#: Each page is looked at in each width and in each language, not in all four ways; on
#: CKAN 2.11, whose frame around the same pages is older, on a telephone only.
LOOKS = ((375, ""), (1280, "/en"))[: 2 if tk.check_ckan_version("2.12") else 1]


@pytest.mark.seconds(20)
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    visit: Callable[..., Page], places: dict[str, str], role: str | None
) -> None:
    found = []
    for width, language in LOOKS:
        page = visit(role, width=width)
        for path in PAGES[role]:
            _open(page, language + path, places)
            found += faults(page, width, language + path)
    assert not found


@pytest.mark.seconds(20)
@pytest.mark.parametrize("role", ANSWERS)
def test_nor_in_what_a_form_answers(
    visit: Callable[..., Page], places: dict[str, str], role: str | None
) -> None:
    found = []
    # One look for each, by turns: what comes around an answer is a page of above.
    looks = [(visit(role, width=width), width, language) for width, language in LOOKS]
    for answer, look in zip(ANSWERS[role], cycle(looks), strict=False):
        (path, button, emptied), (page, width, language) = answer, look
        _open(page, language + path, places)
        before = page.locator("h1").inner_text()
        if emptied:
            page.fill(emptied, "")
        pressed = page.locator(button).first
        pressed.evaluate("button => { button.form.noValidate = true }")
        with page.expect_navigation():
            pressed.click()
        place = f"{language}{path} {button}"
        said = page.locator(".challenge-errors, .challenge-error").count()
        # Nothing has been done yet.
        if not said and page.locator("h1").inner_text() == before:
            found.append((place, "nothing is said", []))
        found += faults(page, width, place)
    assert not found


def test_nothing_moves_for_those_who_ask_for_it(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit()
    page.emulate_media(reduced_motion="reduce")
    page.goto("/challenge/saison-2")
    durations = page.evaluate(
        """() => [...document.querySelectorAll('.challenge, .challenge *')]
        .map(e => getComputedStyle(e).transitionDuration)
        .filter(d => d !== '0s' && d !== '')
        .length"""
    )
    buttons = page.locator(".challenge .btn").count()
    assert durations <= buttons  # Bootstrap's buttons have their own


def test_the_printed_page_leaves_out_what_paper_cannot_do(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit()
    for path in ("/challenge/saison-2", world.url):
        page.goto(path)
        page.emulate_media(media="print")
        for selector in (".masthead", ".challenge-filter", ".challenge .btn"):
            for element in page.locator(selector).all():
                assert not element.is_visible(), (path, selector)
        assert page.locator("h1").is_visible()
