"""The embeddable shield."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as
from helpers.progress import make_award
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]

from benchmarks.statements import sent_statements
from ckanext.challenge import config
from ckanext.challenge.common import addresses, page_cache

SVG = "{http://www.w3.org/2000/svg}"


def _url(world: Any, query: str = "") -> str:
    return f"/challenge/badge/{world.participant['organization_name']}.svg{query}"


def test_it_says_how_far_the_organization_is(
    browser: Callable[..., Any], world: Any
) -> None:
    answer = browser().get(_url(world, "?cohort=saison-2"))
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("image/svg+xml")
    root = etree.fromstring(answer.data)
    assert root.get("role") == "img"
    assert root.get("height") == "20"
    title = root.findtext(f"{SVG}title")
    assert title and "Commune 214500241" in title
    assert root.findtext(f"{SVG}desc")
    texts = root.findall(f".//{SVG}text")
    assert texts[0].text == "open data"
    assert "/16" in str(texts[1].text)
    sizes = root.xpath("//@font-size")
    assert sizes and all(float(size) >= 11 for size in sizes)
    named = root.get("aria-labelledby").split()
    assert named == [element.get("id") for element in root[:2]]


def test_its_language_can_be_chosen(browser: Callable[..., Any], world: Any) -> None:
    english = browser().get(_url(world, "?lang=en")).get_data(as_text=True)
    french = browser().get(_url(world, "?lang=fr")).get_data(as_text=True)
    assert "steps" in english
    assert "étapes" in french
    assert browser().get(_url(world, "?lang=xx")).get_data(as_text=True) == french


def test_a_picture_speaks_one_language(browser: Callable[..., Any], world: Any) -> None:
    asked = "?style=badge&badge=engagee"
    french = browser().get(_url(world, f"{asked}&lang=fr")).get_data(as_text=True)
    english = browser().get(_url(world, f"{asked}&lang=en")).get_data(as_text=True)
    at_its_address = browser().get(f"/en{_url(world, asked)}").get_data(as_text=True)
    assert "Collectivité engagée" in french and "Committed" not in french
    assert english == at_its_address and "Committed" in english
    # The date too.
    year = str(config.today().year)
    assert year in french and french.partition(year)[0] != english.partition(year)[0]


def test_any_cache_and_any_site_may_have_it(
    browser: Callable[..., Any], world: Any
) -> None:
    for reader in (browser(), browser("member")):
        answer = reader.get(
            _url(world), headers={"Origin": "https://www.baule.example.org"}
        )
        assert answer.headers["Cache-Control"] == "public, max-age=300"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers
        assert "Vary" not in answer.headers


def test_a_matching_etag_is_a_304(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()
    first = visitor.get(_url(world))
    again = visitor.get(_url(world), headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert not again.data
    assert again.headers["ETag"] == first.headers["ETag"]
    call_as(
        world.people["member"],
        "challenge_step_update",
        participant=world.participant["id"],
        step="elu-referent",
        state="done",
        note="Camille Martin, adjointe",
    )
    changed = visitor.get(_url(world), headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != first.headers["ETag"]


@pytest.mark.parametrize(
    "title", ['"><script>alert(1)</script>', "]]>&amp;<desc>", "Saint-Maur \u202e"]
)
def test_a_title_cannot_inject_markup(
    browser: Callable[..., Any], world: Any, title: str
) -> None:
    call_as(
        world.people["sysadmin"],
        "organization_patch",
        id=world.participant["organization_id"],
        title=title,
    )
    answer = browser().get(_url(world))
    root = etree.fromstring(answer.data)
    assert not root.findall(f".//{SVG}script")
    # What turns the direction of writing leaves in no document.
    shown = title.removesuffix("\u202e")
    found = str(root.findtext(f"{SVG}title"))
    assert shown in found
    assert "\u202e" not in found
    page = browser().get("/challenge/saison-2").get_data(as_text=True)
    assert "<script>alert(1)</script>" not in page


def test_it_takes_one_statement_and_one_that_asks_whether_it_changed(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    visitor.get(_url(world))
    page_cache.forget_all()
    # Who was replaced is asked once a minute, not with each picture.
    addresses.heir_of("")
    with sent_statements() as sent:
        visitor.get(_url(world))
    assert len([statement for statement in sent if "challenge_" in statement]) == 2
    with sent_statements() as sent:
        visitor.get(_url(world))
    assert len([statement for statement in sent if "challenge_" in statement]) == 1
    # CKAN reads its settings at each request, and a page limits how long it waits.
    assert len(sent) <= 3


def test_another_process_changes_it_at_once(
    browser: Callable[..., Any], world: Any
) -> None:
    """What this process remembers is not what it goes by."""
    visitor = browser()
    for path in (_url(world), f"/challenge/awards/{world.award['id']}/card.png"):
        before = visitor.get(path)
        elsewhere = model.ensure_engine()
        with elsewhere.begin() as connection:
            connection.exec_driver_sql(
                "UPDATE \"group\" SET title = title || ' (nouveau)' WHERE id = %s",
                (world.participant["organization_id"],),
            )
        assert visitor.get(path).headers["ETag"] != before.headers["ETag"]


@pytest.mark.parametrize(
    ("query", "size", "words"),
    [
        ("", "20", "0/16"),
        ("?style=shield&badge=engagee", "20", "earned"),
        ("?style=shield&badge=challenge-releve", "20", "not earned yet"),
        ("?style=card", "104", "0 steps of 16"),
        ("?style=card&badge=engagee", "104", "Committed"),
        ("?style=badge", "132", "Committed"),
        ("?style=badge&badge=donnees-fraiches", "132", "has not earned"),
        ("?style=unheard-of&theme=pink", "20", "0/16"),
    ],
)
def test_it_comes_in_styles(
    browser: Callable[..., Any], world: Any, query: str, size: str, words: str
) -> None:
    asked = f"{query}{'&' if query else '?'}lang=en"
    answer = browser().get(_url(world, asked))
    assert answer.status_code == 200
    root = etree.fromstring(answer.data)
    assert root.get("height") == size
    assert words in "".join(root.itertext())
    assert root.findtext(f"{SVG}title") and root.findtext(f"{SVG}desc")


def test_a_level_is_shown_with_the_progress(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_award_create",
        badge="collectivite-ouverte-2",
        organization=world.participant["organization_id"],
        cohort=world.cohort["id"],
        reason="Pour la démonstration",
    )
    texts = etree.fromstring(browser().get(_url(world, "?lang=en")).data)
    assert "level 2 · 0/16 steps" in "".join(texts.itertext())


def test_it_is_light_and_dark_and_runs_nothing(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    pictures = {
        theme: visitor.get(_url(world, f"?style=card&theme={theme}"))
        for theme in ("auto", "light", "dark")
    }
    assert b"prefers-color-scheme:dark" in pictures["auto"].data
    assert b"<style>" not in pictures["light"].data
    assert b"prefers-color-scheme" not in pictures["dark"].data
    assert b"#0f1c2e" in pictures["dark"].data
    for answer in pictures.values():
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert policy.endswith("; sandbox") and "unsafe" not in policy


def test_a_badge_that_was_lost_says_so(browser: Callable[..., Any], world: Any) -> None:
    call_as(
        world.people["manager"],
        "challenge_award_revoke",
        id=world.award["id"],
        reason="Pour la démonstration",
    )
    answer = browser().get(_url(world, "?badge=engagee&lang=en"))
    assert b"no longer held" in answer.data
    # What is shown unasked is what is held.
    assert browser().get(_url(world, "?style=badge")).status_code == 404
    assert browser().get(_url(world, "?badge=unheard-of")).status_code == 404


def test_no_shield_without_a_season(browser: Callable[..., Any], world: Any) -> None:
    assert browser().get(_url(world, "?cohort=saison-3")).status_code == 404
    call_as(
        world.people["manager"],
        "challenge_award_revoke",
        id=world.award["id"],
        reason="Pour la démonstration",
    )
    call_as(
        world.people["manager"],
        "challenge_participant_withdraw",
        id=world.participant["id"],
        reason="Plus personne pour suivre.",
    )
    assert browser().get(_url(world)).status_code == 404


def test_an_organization_outside_the_challenge_shows_its_badges(
    browser: Callable[..., Any], world: Any
) -> None:
    group = factories.Organization(title="Régie des eaux")
    make_award(group["id"], "donnees-fraiches")
    model.Session.commit()
    for query, words in (("?lang=en", "1 badge"), ("?lang=en&style=card", "1 badge")):
        answer = browser().get(f"/challenge/badge/{group['name']}.svg{query}")
        assert words in answer.get_data(as_text=True)
    of_cohort = browser().get(f"/challenge/badge/{group['name']}.svg?cohort=saison-2")
    assert of_cohort.status_code == 404


def test_an_organization_outside_the_challenge_without_badges_has_no_picture(
    browser: Callable[..., Any], world: Any
) -> None:
    group = factories.Organization()
    assert browser().get(f"/challenge/badge/{group['name']}.svg").status_code == 404
