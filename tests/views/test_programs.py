"""What programs of other sites are answered where there is nothing for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

#: The blueprints whose files are for programs, and of which type each is.
BLUEPRINTS = re.compile(
    "challenge|challenge_(credential|report|calendar|identity|participant)"
)
TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "json": "application/json",
    "jwt": "application/json",
    "csv": "text/plain",
    "ics": "text/plain",
    "atom": "text/plain",
}
HERE = re.compile(r"/challenge/(oembed|issuer\.json|data\.(atom|json))|.*/did\.json")


def _addresses(app: Any) -> list[tuple[str, str]]:
    """The addresses of all files for programs, of things that are not there."""
    found = []
    for rule in app.flask_app.url_map.iter_rules():
        blueprint, _, _ = rule.endpoint.rpartition(".")
        ending = rule.rule.rpartition(".")[2]
        if BLUEPRINTS.fullmatch(blueprint) and ending in TYPES:
            address = re.sub(r"<int:\w+>", "99", rule.rule)
            found.append((re.sub(r"<\w+>", "inconnu", address), ending))
    return sorted(found)


def _is_open(answer: Any) -> None:
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.usefixtures("with_plugins", "clean_db")
def test_what_is_not_there_is_told_in_its_own_type(
    app: Any, browser: Callable[..., Any]
) -> None:
    addresses = _addresses(app)
    assert {ending for _, ending in addresses} == set(TYPES)
    tried = 0
    for address, ending in addresses:
        if HERE.fullmatch(address):
            continue
        tried += 1
        answer = browser().get(address)
        assert answer.status_code == 404, address
        assert answer.mimetype == TYPES[ending], address
        assert "max-age=60" in answer.headers["Cache-Control"], address
        _is_open(answer)
    assert tried > 12


def test_a_badge_that_is_not_there_is_grey(browser: Callable[..., Any]) -> None:
    answer = browser().get("/challenge/badge/inconnu.svg?lang=en")
    root = etree.fromstring(answer.data)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert texts == ["open data", "not found"]
    assert b"#55606b" in answer.data
    answer = browser().get("/challenge/badge/inconnu.png")
    assert answer.status_code == 404


def test_json_says_what_is_missing(browser: Callable[..., Any]) -> None:
    answer = browser().get("/en/challenge/awards/inconnu.json")
    told = json.loads(answer.data)
    assert told == {
        "status": 404,
        "title": "There is nothing here",
        "detail": "There is no such award",
    }
    # A strange value, and an address of another portal.
    assert browser().get("/challenge/oembed").status_code == 400
    for asked in ("", "?url=https://example.org/"):
        answer = browser().get(f"/challenge/oembed{asked}")
        assert answer.mimetype == "application/json"
        _is_open(answer)


def test_pages_for_people_stay_pages(browser: Callable[..., Any]) -> None:
    for address in ("/challenge/inconnu", "/challenge/badges/inconnu"):
        answer = browser().get(address)
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"


def test_what_is_there_is_for_any_site(browser: Callable[..., Any], world: Any) -> None:
    season = f"/challenge/{world.cohort['name']}"
    name = world.participant["organization_name"]
    for address in (
        f"{season}/data.atom",
        f"{season}/calendar.ics",
        f"{season}/{name}/calendar.ics",
        f"{season}/report.json",
        f"{season}/card.png",
        f"/challenge/badge/{name}.svg",
        "/challenge/issuer.json",
        "/.well-known/did.json",
        "/challenge/kits/deliberations/template.csv",
        "/challenge/kits/deliberations/example.csv",
    ):
        answer = browser().get(address)
        assert answer.status_code == 200, address
        _is_open(answer)
