"""What axe finds, and that nothing is wider than a telephone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from axe_playwright_python.sync_playwright import Axe
from ckan import model
from factories import call_as
from playwright.sync_api import Page

from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model import Claim, StepStatus

PAGES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/challenge",
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
        "/challenge/kits",
        "/challenge/kits/deliberations",
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
    ),
    "manager": (
        "/challenge/manage",
        "/challenge/manage/saison-2",
        "/challenge/manage/saison-2/accompaniment",
        "/challenge/manage/saison-2/edit",
        "/challenge/manage/saison-2/questions",
        "/challenge/manage/saison-2/staff",
        "/challenge/manage/saison-2/codes",
        "/challenge/manage/saison-3/applications",
        "/challenge/manage/saison-3/applications/publish",
        "/challenge/manage/saison-3/application/{application}",
        "/challenge/manage/saison-3/mails",
        "{participant}",
    ),
    "sysadmin": ("/challenge/manage/new", "/challenge/manage/saison-2/copy"),
}
# What is CKAN's own: the account bar stands outside its landmarks, and the list of
# languages has roles of its own on CKAN 2.11.
CONTEXT = {"exclude": [[".account-masthead"], [".lang-select"]]}


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


def _open(page: Page, path: str, world: Any, claim: str, preparation: str) -> None:
    page.goto(
        path.format(
            participant=world.url,
            award=world.award["id"],
            organization=world.participant["organization_name"],
            application=world.application["id"],
            claim=claim,
            preparation=preparation,
        )
    )
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")


#: Each page is looked at in each width and in each language, not in all four ways; on
#: CKAN 2.11, whose frame around the same pages is older, on a telephone only.
LOOKS = ((375, ""), (1280, "/en"))[: 2 if tk.check_ckan_version("2.12") else 1]


@pytest.mark.seconds(20)
@pytest.mark.parametrize("role", PAGES)
def test_axe_finds_nothing_and_nothing_is_too_wide(
    visit: Callable[..., Page],
    world: Any,
    claim: str,
    preparation: str,
    role: str | None,
) -> None:
    axe = Axe()
    found = []
    for width, language in LOOKS:
        page = visit(role, width=width)
        for path in PAGES[role]:
            _open(page, language + path, world, claim, preparation)
            for violation in axe.run(page, context=CONTEXT).response["violations"]:
                nodes = [node["html"][:200] for node in violation["nodes"]]
                found.append((language + path, role, violation["id"], nodes))
            wide = page.evaluate("document.documentElement.scrollWidth")
            if wide > width:
                found.append((language + path, role, f"{wide} wide", []))
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
