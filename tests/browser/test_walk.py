"""The walk through the product, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from factories import LIGNIERES, call_as
from playwright.sync_api import Page, expect

DELIBERATIONS = (
    "COLL_NOM,COLL_SIRET,DELIB_ID,DELIB_DATE\nBaule,21450024100010,1,2024-01-15\n"
)


def _publish(page: Page, organization_id: str, tmp_path: Path) -> None:
    """Fill CKAN's own form, as somebody does who follows the page's button."""
    page.goto(f"/dataset/new?group={organization_id}")
    # CKAN's script derives the address from the title as one types: not before it runs.
    page.wait_for_selector(".slug-preview")
    page.fill("#field-title", "Délibérations du conseil municipal de Baule")
    page.select_option("[name=license_id]", "etalab-2.0")
    page.fill(
        "[name=notes]",
        "Les délibérations du conseil municipal, une ligne par décision, avec sa date "
        "et son objet. Le fichier vient du logiciel de gestion des actes.",
    )
    # CKAN 2.11 hides the list behind a search field, and it is the list that is sent.
    page.select_option("[name=owner_org]", organization_id, force=True)
    page.select_option("[name=private]", "False")
    page.locator(".form-actions button[name=save]").last.click()
    file = tmp_path / "deliberations.csv"
    file.write_text(DELIBERATIONS)
    page.wait_for_selector("input[type=file], .error-explanation", state="attached")
    assert not page.locator(".error-explanation").all_inner_texts()
    page.set_input_files("input[type=file]", str(file))
    page.fill("#field-name", "Délibérations 2024")
    page.locator("button[name=save][value=go-metadata]").click()
    page.wait_for_url(re.compile("/dataset/deliberations"))


def test_a_member_publishes_and_sees_the_badge(
    visit: Callable[..., Page], world: Any, tmp_path: Path
) -> None:
    member = visit("member")
    member.goto(world.url)
    expect(member.locator("#now")).to_have_text("À faire maintenant")
    badges = member.locator(".challenge-badge", has_text="Première publication")
    expect(badges).to_contain_text("À obtenir")
    step = member.locator("#step-premier-jeu")
    expect(step).to_contain_text("0 sur 1")

    _publish(member, world.participant["organization_id"], tmp_path)
    published = time.monotonic()
    while True:
        member.goto(world.url)
        if (
            "Obtenu le"
            in member.locator(
                ".challenge-badge", has_text="Première publication"
            ).inner_text()
        ):
            break
        assert time.monotonic() - published < 30, "the badge has not come"
        time.sleep(0.5)
    # That page may have read its steps just before they changed.
    member.goto(world.url)
    expect(member.locator("#step-premier-jeu")).to_contain_text("Faite")

    visitor = visit()
    visitor.goto("/challenge/saison-2")
    figures = visitor.locator(".challenge-figures")
    expect(figures).to_contain_text("1jeux de données ouverts")
    expect(
        visitor.get_by_role("heading", name="Dernières données ouvertes")
    ).to_be_visible()
    visitor.goto("/challenge/saison-2/data")
    expect(
        visitor.get_by_role("link", name=re.compile("Délibérations du conseil"))
    ).to_be_visible()
    shield = visitor.request.get(
        f"/challenge/badge/{world.participant['organization_name']}.svg"
    )
    shown = call_as(None, "challenge_participant_show", id=world.participant["id"])
    assert f"{shown['steps_done']}/16" in shield.text()
    visitor.goto(f"/organization/{world.participant['organization_name']}")
    expect(visitor.locator("[aria-labelledby=challenge-block]")).to_contain_text(
        "Première publication"
    )


def test_an_application_without_an_account_and_without_scripts(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit(None, width=375, scripts=False)
    page.goto("/challenge/saison-3")
    page.get_by_role("link", name="Candidater").first.click()
    page.fill("#field-q", LIGNIERES[0])
    page.get_by_role("button", name="Rechercher", exact=True).last.click()
    page.get_by_role("link", name="Lignières").first.click()
    page.get_by_role("button", name="Déposer la candidature").click()
    expect(page.locator("#challenge-errors")).to_contain_text("Adresse électronique")
    page.fill("#field-contact_name", "Secrétariat")
    page.fill("#field-contact_email", "mairie@lignieres.example.org")
    page.fill("#field-agents", "12")
    page.fill("#field-motivation", "Ouvrir nos délibérations.")
    page.check("#field-consent")
    page.get_by_role("button", name="Déposer la candidature").click()
    expect(page.locator("h1")).to_contain_text("Lignières")
    expect(page.locator(".challenge-state").first).to_contain_text("Reçue")

    manager = visit("manager")
    manager.goto("/challenge/manage/saison-3/applications")
    manager.get_by_role("link", name="Lignières").click()
    manager.get_by_role("button", name="Accepter").click()
    # What it does is shown first; the button that does it has the focus.
    manager.locator("button[name=do][value=confirm]").click()
    expect(manager.locator(".challenge-state").first).to_contain_text("Acceptée")
    page.reload()
    page.get_by_role("link", name="Voir vos étapes").click()
    expect(page.locator("h1")).to_have_text("Lignières")


def test_suggestions_come_while_one_types(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit()
    page.goto("/challenge/saison-3/apply")
    page.locator("#field-q").press_sequentially("baul", delay=30)
    link = page.locator("#matches").get_by_role("link", name="Baule")
    expect(link).to_be_visible()
    link.click()
    expect(page.locator("#field-contact_name")).to_be_visible()


def test_a_step_is_answered_with_the_keyboard_alone(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit("member")
    page.goto(world.url)
    step = page.locator("#step-choix-licence")
    step.locator("summary").focus()
    page.keyboard.press("Enter")
    note = step.get_by_label("Note")
    expect(note).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.type("Licence Ouverte")
    button = step.get_by_role("button", name="C'est fait")
    for _ in range(8):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(page.locator("#step-choix-licence")).to_contain_text("Faite")


def test_a_form_of_ckan_that_comes_back_says_so_first(
    visit: Callable[..., Page], world: Any
) -> None:
    page = visit("member")
    page.goto(f"/dataset/new?group={world.participant['organization_id']}")
    page.locator(".form-actions button[name=save]").last.click()
    said = page.locator("[role=alert][autofocus]")
    expect(said).to_be_focused()
    expect(said).to_contain_text("Adresse de la page")
    expect(page).to_have_title(re.compile(r"^À corriger\s?: "))
