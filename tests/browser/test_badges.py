"""A badge on its way: on a town's own site, to its proof, through the hands of somebody
who doubts it, and to its end.
"""

from __future__ import annotations

import datetime as dt
import html
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from ckan import model
from factories import call_as
from helpers.verifier import is_revoked, verify_document, verify_token
from playwright.sync_api import Page, expect

from ckanext.challenge.credentials import generations, jobs
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.progress.evaluate import evaluate
from ckanext.challenge.svg.baking import carried

FRESH = "donnees-fraiches"
FILES = ("Picture (SVG)", "Picture (PNG)", "Credential (JSON)", "Credential (JWT)")


def _nightly(days: int = 0) -> None:
    """What the nightly command does, so many days from now."""
    evaluate(now=utcnow() + dt.timedelta(days=days))
    assert not jobs.sign().problem
    model.Session.remove()


@pytest.fixture
def dataset(
    world: Any,
    address: str,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> dict[str, Any]:
    """A dataset that is up to date, for which its organization was given a badge."""
    monkeypatch.setitem(ckan_config, "ckan.site_url", address)
    monkeypatch.setitem(
        ckan_config, "ckanext.challenge.keys_path", str(tmp_path / "keys")
    )
    generations.create()
    made = call_as(
        world.people["member"],
        "package_create",
        name="deliberations",
        title="Délibérations du conseil",
        owner_org=world.participant["organization_id"],
        frequency="ANNUAL",
        license_id="etalab-2.0",
        resources=[{"url": "https://www.example.org/a.csv", "format": "CSV"}],
    )
    _nightly()
    return made


@pytest.fixture
def proof(world: Any, address: str, dataset: dict[str, Any]) -> str:
    """The page of that badge, in English."""
    (award,) = call_as(
        None,
        "challenge_award_list",
        badge=FRESH,
        organization=world.participant["organization_id"],
    )["results"]
    return f"{address}/en/challenge/awards/{award['id']}"


def _said(picture: str) -> str:
    """What a picture says of itself, as it is answered now."""
    answer = requests.get(picture, timeout=60)
    answer.raise_for_status()
    (description,) = re.findall(r"<desc[^>]*>(.*?)</desc>", answer.text)
    return html.unescape(description)


def _download(page: Page, name: str, folder: Path) -> Path:
    # Some of them are for programs, and stand apart.
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def _ask(page: Page, file: Path, answer: str) -> None:
    """Give a file to the page that verifies, and read its answer."""
    page.goto("/en/challenge/verify")
    page.get_by_label("The file of the badge").set_input_files(file)
    page.get_by_role("button", name="Verify", exact=True).press("Enter")
    expect(page.locator("#result")).to_have_text(answer)


def _verify_elsewhere(
    files: dict[str, Path], address: str, folder: Path, *, revoked: bool
) -> None:
    """What other software finds, which asks the portal for keys and lists only."""
    did = requests.get(f"{address}/.well-known/did.json", timeout=60).json()
    document = json.loads(files["Credential (JSON)"].read_text())
    verify_document(document, did)
    tokens = {carried(file.read_bytes()) for file in files.values()} - {
        carried(files["Credential (JSON)"].read_bytes())
    }
    # The three files carry the same one.
    (token,) = tokens
    payload = verify_token(token, did)
    assert payload["credentialSubject"] == document["credentialSubject"]
    bitstring = document["credentialStatus"]["statusListCredential"]
    addresses = (bitstring, bitstring.replace(".json", ".revoked.json"))
    lists = {one: requests.get(one, timeout=60).json() for one in addresses}
    verify_document(lists[bitstring], did)
    assert is_revoked(document, lists) == (revoked, revoked)
    # What the documentation tells developers to run.
    (shown,) = re.findall(
        r"```python\n(.+?)```", Path("docs/badges.md").read_text(), re.DOTALL
    )
    Path(folder, "badge.jwt").write_text(token)
    ran = subprocess.run(
        [sys.executable, "-c", shown.replace("https://portail.example.org", address)],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    assert ran.stdout == ("withdrawn\n" if revoked else "good\n")


def test_a_badge_is_embedded_followed_verified_and_withdrawn(
    visit: Callable[..., Page],
    world: Any,
    dataset: dict[str, Any],
    proof: str,
    tmp_path: Path,
) -> None:
    address = proof.partition("/en/")[0]
    # The town's own site: a plain file, of another origin, with what the mayor copied.
    page = visit(scripts=False)
    organization = world.participant["organization_name"]
    page.goto(f"/en/challenge/badge/{organization}?style=badge&badge={FRESH}")
    site = tmp_path / "mairie.html"
    site.write_text(
        f'<meta charset="utf-8">{page.locator("#snippet-html").input_value()}'
    )
    page.goto(site.as_uri())
    image = page.get_by_role("img", name="Fresh data")
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    picture = str(image.get_attribute("src"))
    title = world.participant["organization_title"]
    assert _said(picture).startswith(f"{title} has held the badge “Fresh data” since")
    image.click()
    assert page.url == proof
    expect(page.get_by_role("heading", level=1)).to_contain_text("Fresh data")
    expect(page.get_by_role("link", name=dataset["title"]).first).to_be_visible()
    files = {name: _download(page, name, tmp_path) for name in FILES}
    for file in files.values():
        _ask(page, file, "This badge is genuine")
        expect(page.get_by_role("link", name=dataset["title"])).to_be_visible()
    _verify_elsewhere(files, address, tmp_path, revoked=False)

    # One letter of what the picture carries is another one.
    baked = files["Picture (SVG)"].read_text()
    at = baked.index('"/>', baked.index("verify=")) - 40
    forged = tmp_path / "forged.svg"
    forged.write_text(baked[:at] + ("A" if baked[at] != "A" else "B") + baked[at + 1 :])
    _ask(page, forged, "This badge was changed after it was signed")

    call_as(world.people["member"], "package_patch", id=dataset["id"], private=True)
    _nightly()
    page.goto(proof)
    expect(page.locator("#now")).to_have_text("This badge is at risk")
    _ask(page, files["Picture (PNG)"], "This badge is genuine")
    expect(page.locator("#checks + dl")).to_contain_text("it will be withdrawn on")
    _verify_elsewhere(files, address, tmp_path, revoked=False)

    _nightly(days=31)
    page.goto(proof)
    expect(page.locator("#now")).to_have_text("This badge was withdrawn")
    for file in files.values():
        _ask(page, file, "This badge was withdrawn")
    _verify_elsewhere(files, address, tmp_path, revoked=True)
    page.goto(proof)
    page.get_by_role("link", name="Verify this badge").click()
    expect(page.locator("#result")).to_have_text("This badge was withdrawn")
    # On the town's site, where nobody changed anything: the portal remembers a picture
    # for some seconds.
    until = time.monotonic() + 30
    while (said := _said(picture)).startswith(f"{title} has held"):
        assert time.monotonic() < until, said
        time.sleep(1)
    assert said == f"{title} no longer holds the badge “Fresh data”."
