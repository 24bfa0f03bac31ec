"""The whole season of a participant, from its first login to the challenge met."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from factories import call_as
from helpers.browser import PASSWORD
from playwright.sync_api import Page, expect

from ckanext.challenge.model import Conformity, StepStatus

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PATIENCE = 60
COLLEAGUE = "urbanisme@baule.example.org"
KITS = ("deliberations", "subventions", "equipements")


def _answer(page: Page, url: str, key: str, state: str, **fields: str | Path) -> None:
    """Open a step, say it is done, and see that it is taken."""
    page.goto(url)
    step = page.locator(f"#step-{key}")
    step.locator("summary").first.click()
    for name, value in fields.items():
        box = f"#field-{key}-{name}"
        if isinstance(value, Path):
            page.set_input_files(box, value)
        else:
            page.fill(box, value)
    step.locator("button.btn-primary").first.click()
    expect(page.locator(f"#step-{key}")).to_contain_text(state)


def _invite(page: Page, url: str, visitor: Page, mailbox: Any) -> None:
    """A colleague is invited, and chooses a password by the mailed link."""
    page.goto(url)
    page.fill("#field-email", COLLEAGUE)
    page.locator("form", has=page.locator("#field-email")).locator("button").click()
    until = time.monotonic() + PATIENCE
    while not (mails := mailbox.to(COLLEAGUE)):
        assert time.monotonic() < until, "the invitation has not come"
        time.sleep(0.2)
    text = mails[0].get_body(("plain",)).get_content()
    visitor.goto(re.findall(r"https?://\S+/user/reset/\S+", text)[0])
    for field in ("password1", "password2"):
        visitor.fill(f"[name={field}]", PASSWORD)
    visitor.locator("[name=password2]").press("Enter")
    visitor.wait_for_url(lambda address: "reset" not in address)


def _complete_the_page(page: Page, organization: str) -> None:
    page.goto(f"/organization/edit/{organization}")
    page.fill("[name=description]", "Baule, au bord de la Loire, ouvre ses données.")
    page.fill("[name=website]", "https://www.baule.example.org/")
    page.locator(".form-actions button[name=save]").click()
    page.wait_for_url(f"**/organization/{organization}")


def _publish(page: Page, kit: str, tmp_path: Path) -> None:
    """From a kit's page to a dataset with the kit's own example as its file."""
    page.goto(f"/challenge/kits/{kit}")
    example = page.request.get(f"/challenge/kits/{kit}/example.csv")
    file = tmp_path / f"{kit}.csv"
    # The town's own number in the place of the example's.
    file.write_bytes(example.body().replace(b"21000012100017", b"21450024100010"))
    page.get_by_role("link", name="Publier ce jeu de données").click()
    expect(page.locator("#field-title")).to_have_value(re.compile("Baule"))
    expect(page.locator("[name=license_id]")).to_have_value("etalab-2.0")
    page.fill("[name=temporal_start]", "2024-01-01")
    page.select_option("[name=private]", "False")
    page.locator(".form-actions button[name=save]").last.click()
    page.wait_for_selector("input[type=file], .error-explanation", state="attached")
    assert not page.locator(".error-explanation").all_inner_texts()
    expect(page.locator("[name=schema]")).to_have_value(f"scdl/{kit}")
    page.set_input_files("input[type=file]", str(file))
    page.fill("#field-name", f"{kit} 2024")
    page.fill("[name=description]", "Une ligne par objet, colonnes du schéma national.")
    page.locator("button[name=save][value=go-metadata]").click()
    page.wait_for_url(re.compile(rf"/dataset/{kit}"))


def _wait_for(page: Page, url: str, wanted: Mapping[str, str]) -> None:
    """Read the page again until each step says what is wanted."""
    until = time.monotonic() + PATIENCE
    while True:
        page.goto(url)
        said = {key: page.locator(f"#step-{key}").inner_text() for key in wanted}
        if all(text in said[key] for key, text in wanted.items()):
            return
        assert time.monotonic() < until, said
        time.sleep(0.5)


def test_from_the_first_login_to_the_challenge_met(
    visit: Callable[..., Page], world: Any, mailbox: Any, tmp_path: Path
) -> None:
    organization = world.participant["organization_name"]
    call_as(
        world.people["manager"],
        "challenge_participant_assign",
        id=world.participant["id"],
        adviser=world.people["adviser"]["name"],
    )
    letter, inventory = tmp_path / "lettre.pdf", tmp_path / "inventaire.csv"
    letter.write_bytes(PDF)
    inventory.write_text("service;tableau\nSecrétariat;Délibérations\n")

    # It enters, and the page says the one thing to do next.
    page = visit("member")
    page.goto(world.url)
    expect(page.locator("#now")).to_have_text("À faire maintenant")

    _invite(page, world.url, visit(), mailbox)
    _complete_the_page(page, organization)
    _answer(page, world.url, "choix-licence", "Faite", note="Licence Ouverte 2.0")
    _answer(page, world.url, "inventaire", "Faite", evidence_file=inventory)
    _answer(
        page,
        world.url,
        "deliberation",
        "En attente de confirmation",
        evidence_file=letter,
    )

    # Its adviser sends the letter back; the member reads why, and sends it again.
    adviser = visit("adviser")
    for decision, words in (
        ("Renvoyer", "Il manque la signature."),
        ("Confirmer", ""),
    ):
        adviser.goto("/challenge/manage/saison-2/accompaniment")
        row = adviser.locator("form", has_text="Renvoyer").first
        if words:
            row.locator("summary").click()
            row.locator("textarea").fill(words)
        row.get_by_role("button", name=decision).click()
        if words:
            page.goto(world.url)
            expect(page.locator("#step-deliberation")).to_contain_text(words)
            _answer(
                page,
                world.url,
                "deliberation",
                "En attente de confirmation",
                evidence_file=letter,
            )

    page.goto(world.url)
    page.locator("#step-choix-kits summary").first.click()
    for kit in KITS:
        page.check(f"#kit-{kit}")
    page.get_by_role("button", name="Enregistrer ce choix").click()
    for kit in KITS:
        _publish(page, kit, tmp_path)

    catalogue = (
        "deux-membres",
        "page-organisation",
        "choix-kits",
        "premier-jeu",
        "licences-ouvertes",
        "formats-ouverts",
        "jeux-decrits",
        "jeu-conforme",
        "trois-kits",
        "donnees-a-jour",
    )
    _wait_for(page, world.url, dict.fromkeys((*catalogue, "deliberation"), "Faite"))
    badge = page.locator(".challenge-badge", has_text="Challenge relevé")
    expect(badge).to_contain_text("Obtenu le")

    page.goto(f"{world.url}/feedback")
    page.get_by_label("Cette saison vous a-t-elle été utile").select_option("beaucoup")
    page.get_by_label("Oui", exact=True).first.check()
    page.locator(".challenge-form button.btn-primary").click()
    _wait_for(page, world.url, {"avis-final": "Faite"})
    expect(page.locator("#now ~ h3, .challenge-now h3").first).to_have_text(
        "Toutes les étapes sont faites"
    )
    shown = call_as(None, "challenge_participant_show", id=world.participant["id"])
    assert (shown["steps_done"], shown["percent"]) == (16, 100)


def test_a_verdict_moves_all_that_follows_from_it(
    visit: Callable[..., Page], world: Any, tmp_path: Path
) -> None:
    page, other = visit("member"), visit("member")
    _publish(other, "deliberations", tmp_path)
    _wait_for(page, world.url, {"jeu-conforme": "Faite"})
    # All is done but what waits for the verdict.
    steps = model.Session.query(StepStatus).filter(StepStatus.step != "jeu-conforme")
    steps.update({"state": "waived"})
    assert model.Session.query(Conformity).delete() == 1
    model.Session.commit()
    call_as(
        world.people["member"],
        "challenge_evaluate",
        organization=world.participant["organization_name"],
    )

    page.goto(world.url)
    step = page.locator("#step-jeu-conforme")
    now = page.locator(".challenge-now h3")
    phase = page.locator(".challenge-phase-head", has_text="Mettre en pratique")
    expect(step).to_contain_text("1 fichier est en cours de vérification")
    expect(now).to_contain_text("conforme à son schéma national")
    expect(phase).to_contain_text("0 sur 1")
    page.evaluate("window.stayed = true")
    other.locator(".resource-list a.heading, .resource-item a").first.click()
    other.get_by_role("button", name="Vérifier à nouveau").click()

    expect(step).to_contain_text("Faite", timeout=PATIENCE * 1000)
    expect(now).to_have_text("Toutes les étapes sont faites")
    expect(phase).to_contain_text("1 sur 1")
    expect(page.locator(".challenge-hero")).to_contain_text("1/1")
    badge = page.locator(".challenge-badge", has_text="Challenge relevé")
    expect(badge).to_contain_text("Obtenu le")
    # Not the page, whose reader may be writing, but what follows was put in place.
    assert page.evaluate("window.stayed")


@pytest.mark.parametrize("role", [None, "member"])
def test_a_small_screen_shows_what_waits_and_folds_the_rest(
    visit: Callable[..., Page], world: Any, role: str | None
) -> None:
    address = f"/en/challenge/saison-2/{world.participant['organization_name']}"
    page = visit(role, width=375, scripts=False)
    page.goto(address)
    steps = page.locator(".challenge-steps").first
    expect(steps).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollHeight") < 3500
    page.locator(".challenge-fold > summary").first.press("Enter")
    expect(steps).to_be_visible()
    # An address leads into what is folded.
    page.goto(f"{address}#step-elu-referent")
    expect(page.locator("#step-elu-referent")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(address)
    expect(steps).to_be_visible()
    expect(page.locator(".challenge-fold > summary").first).to_be_hidden()


@pytest.mark.parametrize(
    "path",
    [
        "/challenge/saison-2",
        "/challenge/observatory",
        "/challenge/manage/saison-2/participants",
        "/challenge/manage/saison-3/applications",
        "/challenge/manage/saison-2/edit",
    ],
)
def test_a_small_screen_folds_filters_and_tabs(
    visit: Callable[..., Page], world: Any, path: str
) -> None:
    page = visit("manager" if "manage" in path else None, width=375, scripts=False)
    page.goto(path)
    inside = ".challenge-fold > :is(.challenge-filter, .challenge-parts)"
    folded = page.locator(inside).all()
    assert folded
    for part in folded:
        expect(part).to_be_hidden()
        part.locator("xpath=../summary").press("Enter")
        expect(part).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(path)
    for part in page.locator(inside).all():
        expect(part).to_be_visible()
        expect(part.locator("xpath=../summary")).to_be_hidden()


def test_a_folded_filter_says_what_is_chosen(visit: Callable[..., Page]) -> None:
    page = visit(None, width=375, scripts=False)
    page.goto("/challenge/saison-2?q=baule&departement=45")
    form = page.get_by_role("search", name="Filtrer les collectivités")
    expect(form.locator("summary").first).to_contain_text("baule")
    expect(form.locator("summary").first).to_contain_text("Loiret")
