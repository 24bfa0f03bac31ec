"""An application on a telephone, from the season's page to the first steps."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from factories import LIGNIERES, call_as
from helpers.browser import PASSWORD
from playwright.sync_api import Page, expect

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
ADDRESS = "mairie@lignieres.example.org"
PATIENCE = 30
#: What stands out of the telephone's screen.
TOO_WIDE = """
[...document.querySelectorAll("main *, [role=main] *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1)
  .map((element) => `${element.tagName} ${element.className}`)
"""

#: What the portal was asked for, beside the page: nothing that the browser had.
SENT = """
performance.getEntriesByType("resource")
  .filter((one) => one.transferSize > 0).map((one) => one.name)
"""


FOLLOW_UP = r"https?://\S+\?key=\S+"


def _link(mailbox: Any, number: int, wanted: str = FOLLOW_UP) -> str:
    """The last such link of the first, second… mail, which is on its way."""
    until = time.monotonic() + PATIENCE
    while len(mails := mailbox.to(ADDRESS)) < number:
        assert time.monotonic() < until, "the mail has not come"
        time.sleep(0.2)
    text = mails[number - 1].get_body(("plain",)).get_content()
    return re.findall(wanted, text)[-1]


def _ask_for_topics(world: Any) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id=world.open_cohort["id"],
        questions=[
            {
                "key": "themes",
                "label": {"fr": "Quels thèmes ?", "en": "Which topics?"},
                "type": "choices",
                "required": True,
                "choices": [
                    {"value": "budget", "label": {"fr": "Budget", "en": "Budget"}},
                    {"value": "culture", "label": {"fr": "Culture", "en": "Culture"}},
                ],
            }
        ],
    )


def test_from_the_search_to_the_first_steps(
    visit: Callable[..., Any], world: Any, mailbox: Any, tmp_path: Path
) -> None:
    _ask_for_topics(world)
    page = visit(None, width=375)
    page.goto("/challenge/saison-3")
    page.get_by_role("link", name="Candidater").first.click()
    # What one types before the scripts listen is not lost, but not answered either.
    page.wait_for_url("**/apply")
    page.locator("#field-q").press_sequentially("lign", delay=30)
    page.locator("#matches").get_by_role("link", name="Lignières").first.click()
    page.wait_for_url("**/apply?siren=*")
    duty = page.locator("#duty").inner_text()
    page.fill("#field-agents", "80")
    page.locator("#field-agents").press("Tab")
    expect(page.locator("#duty")).not_to_have_text(duty)
    expect(page.locator("#field-agents")).to_have_value("80")

    # A draft, with a file, of which half is missing.
    page.fill("#field-contact_email", ADDRESS)
    page.locator("details summary").first.click()
    file = tmp_path / "délibération.pdf"
    file.write_bytes(PDF)
    page.set_input_files("#field-file-deliberation", str(file))
    page.get_by_role("button", name="Enregistrer le brouillon").click()
    expect(page.locator(".challenge-state").first).to_contain_text("Brouillon")

    # Elsewhere, another day: by the link that was mailed.
    later = visit(None, width=375)
    later.goto(_link(mailbox, 1))
    expect(later.get_by_text("délibération.pdf").first).to_be_visible()
    later.get_by_role("button", name="Déposer la candidature").click()
    errors = later.locator("#challenge-errors")
    expect(errors).to_contain_text("Quels thèmes")
    expect(later.locator("#field-agents")).to_have_value("80")
    errors.get_by_role("link", name="Prénom et nom").click()
    later.keyboard.type("Secrétariat")
    later.fill("#field-motivation", "Ouvrir nos délibérations.")
    later.check("#field-answers-themes")
    later.check("#field-consent")
    later.get_by_role("button", name="Déposer la candidature").click()
    expect(later.locator(".challenge-state").first).to_contain_text("Reçue")
    later.wait_for_load_state("load")
    assert later.evaluate(TOO_WIDE) == []

    # The team reads the file and writes; the mail about it leads to the same page.
    (row,) = [
        row
        for row in call_as(
            world.people["manager"], "challenge_application_list", cohort="saison-3"
        )["results"]
        if row["siren"] == LIGNIERES[0]
    ]
    shown = call_as(world.people["manager"], "challenge_application_show", id=row["id"])
    assert shown["answers"] == {"themes": ["budget"]}
    assert shown["email_confirmed_at"]
    assert shown["attachments"][0]["name"] == "délibération.pdf"
    call_as(
        world.people["manager"],
        "challenge_application_message_create",
        id=row["id"],
        text="Merci, nous revenons vers vous.",
    )
    later.goto(_link(mailbox, 3))
    expect(later.get_by_text("Merci, nous revenons vers vous.")).to_be_visible()
    with later.expect_download() as download:
        later.get_by_role("link", name="délibération.pdf").click()
    assert Path(download.value.path()).read_bytes() == PDF

    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=row["id"],
        decision="accept",
    )
    _enter(later, mailbox, 4)


def _enter(page: Page, mailbox: Any, number: int) -> None:
    """The welcome opens an account, and in it an organization with its first steps."""
    page.goto(_link(mailbox, number, r"https?://\S+/user/reset/\S+"))
    for field in ("password1", "password2"):
        page.fill(f"[name={field}]", PASSWORD)
    page.locator("[name=password2]").press("Enter")
    page.wait_for_url(lambda url: "reset" not in url)
    # A new password leads to the login, and the login to the own checklist.
    page.fill("#field-login", ADDRESS)
    page.fill("#field-password", PASSWORD)
    page.locator("#field-password").press("Enter")
    page.wait_for_url(lambda url: "login" not in url)
    expect(page.locator("h1")).to_have_text("Lignières")
    page.goto(_link(mailbox, number, r"https?://\S+/challenge/mine/saison-3/\S+"))
    expect(page.locator("h1")).to_have_text("Lignières")
    expect(page.locator("#now")).to_have_text("À faire maintenant")
    page.goto("/organization/edit/lignieres")
    expect(page.locator("[name=siren]")).to_have_value(LIGNIERES[0])
    expect(page.locator("[name=departement]")).to_have_value("18")


def test_styles_and_scripts_are_asked_for_once(visit: Callable[..., Page]) -> None:
    page = visit()
    for known in (False, True):
        page.goto("/challenge/kits", wait_until="networkidle")
        asked = [url for url in page.evaluate(SENT) if "/webassets/" in url]
        assert (not asked) == known, asked
