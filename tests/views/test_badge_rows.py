"""Badges on the pages of organizations, participants and seasons."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.model import ensure_engine
from ckan.tests import factories
from factories import call_as
from helpers.progress import make_award
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge.domain.criteria import Finding
from ckanext.challenge.model import Standing
from ckanext.challenge.model.base import utcnow

FRESH = "Données fraîches"


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _badges(page: Any, within: str = "//ul[@class='challenge-badges']") -> dict:
    """The badges of a page: their elements by their names."""
    return {
        item.findtext(".//strong/a") or item.findtext(".//strong"): item
        for item in page.xpath(f"{within}/li")
    }


def _measured(organization_id: str, *datasets: str) -> None:
    """What an evaluation stores of an organization with old data."""
    lacking = Finding(
        0.45,
        0.9,
        measure="fresh_share",
        datasets=datasets,
        missing=(("frequency",),) * len(datasets),
    )
    model.Session.query(Standing).filter_by(organization_id=organization_id).delete()
    model.Session.add(
        Standing(
            organization_id=organization_id,
            measures={"datasets_public": 2, "fresh_share": 0.45},
            why_not={"donnees-fraiches": [lacking.as_dict()]},
            evaluated_at=utcnow(),
        )
    )
    model.Session.commit()


@pytest.fixture
def outside(world: Any) -> dict[str, Any]:
    """An organization that takes part in no season; the stranger is its member."""
    group = factories.Organization(
        title="Régie des eaux",
        users=[{"name": world.people["stranger"]["name"], "capacity": "editor"}],
    )
    dataset = factories.Dataset(owner_org=group["id"], title="Qualité de l'eau")
    _measured(group["id"], dataset["id"])
    return {**group, "dataset": dataset["name"]}


def test_an_organization_outside_the_challenge_reads_what_it_can_earn(
    browser: Callable[..., Any], outside: dict[str, Any]
) -> None:
    path = f"/organization/challenge/{outside['name']}"
    public = _badges(_page(browser().get(path)))[FRESH]
    assert "75" in public.text_content()
    assert not public.xpath(".//details")
    mine = _badges(_page(browser("stranger").get(path)))[FRESH]
    (details,) = mine.xpath(".//details")
    assert "Qualité de l'eau" in details.text_content()
    assert details.xpath(".//a/@href") == [
        f"/dataset/edit/{outside['dataset']}#field-frequency"
    ]


def test_beside_its_page_stands_the_nearest_badge(
    browser: Callable[..., Any], outside: dict[str, Any]
) -> None:
    path = f"/organization/{outside['name']}"
    for role in (None, "stranger"):
        page = _page(browser(role).get(path))
        (block,) = page.xpath("//section[@aria-labelledby='challenge-block']")
        assert FRESH in block.text_content()
        assert f"/organization/challenge/{outside['name']}" in block.xpath(".//a/@href")
        assert not block.xpath(".//details")
    empty = factories.Organization()
    page = _page(browser().get(f"/organization/{empty['name']}"))
    assert not page.xpath("//section[@aria-labelledby='challenge-block']")


def test_one_at_risk_says_until_when_and_what_to_do(
    browser: Callable[..., Any], world: Any, outside: dict[str, Any]
) -> None:
    lost_on = utcnow().date().replace(year=2031, month=3, day=2)
    make_award(outside["id"], "donnees-fraiches", state="at_risk", lost_on=lost_on)
    model.Session.commit()
    path = f"/organization/challenge/{outside['name']}"
    mine = _badges(_page(browser("stranger").get(path)))[FRESH]
    assert "2 mars 2031" in mine.text_content()
    assert mine.xpath(".//details[@open]//a")
    public = _badges(_page(browser().get(path)))[FRESH]
    assert "2 mars 2031" in public.text_content()
    assert not public.xpath(".//details")


def test_a_participant_reads_what_each_badge_lacks(
    browser: Callable[..., Any], world: Any
) -> None:
    public = _badges(_page(browser().get(world.url)))
    assert len(public) == 9
    assert not any(item.xpath(".//details") for item in public.values())
    mine = _badges(_page(browser("member").get(world.url)))
    # What is held comes first.
    assert next(iter(mine)) == "Collectivité engagée"
    assert not mine["Collectivité engagée"].xpath(".//details")
    lacking = mine["Challenge relevé"]
    assert f"{world.url}?step=elu-referent#step-elu-referent" in lacking.xpath(
        ".//details//a/@href"
    )


def test_a_season_counts_the_badges_that_were_earned_in_it(
    browser: Callable[..., Any], world: Any
) -> None:
    page = _page(browser().get("/challenge/saison-2"))
    badges = _badges(page, "//section[@aria-labelledby='badges']//ul")
    assert list(badges) == ["Collectivité engagée"]
    assert "1 collectivité" in badges["Collectivité engagée"].text_content()
    other = _page(browser().get("/challenge/saison-3"))
    assert not other.xpath("//section[@aria-labelledby='badges']")
    listed = call_as(None, "challenge_badge_list", cohort="saison-2")["results"]
    assert {row["badge"]: row["holders"] for row in listed if row["holders"]} == {
        "engagee": 1
    }


def test_the_badges_of_a_draft_are_for_its_staff(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_create",
        name="brouillon",
        title="Saison secrète",
        season=9,
        programme="saison",
    )
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_badge_list", cohort="brouillon")
    assert call_as(
        world.people["sysadmin"], "challenge_badge_list", cohort="brouillon"
    )["count"]
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_badge_list", cohort="nowhere")


def test_the_page_of_an_award_is_read_twice_and_never_stale(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor, path = browser(), f"/challenge/awards/{world.award['id']}"
    visitor.get(path)
    with sent_statements() as sent:
        visitor.get(path)
    assert len([one for one in sent if "challenge_" in one]) == 1
    # As another process does it, of which this one hears nothing.
    with ensure_engine().begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE challenge_award SET state = 'revoked', revoked_at = now(),"
                " revoked_reason = 'Une raison' WHERE id = :id"
            ),
            {"id": world.award["id"]},
        )
    assert "Une raison" in visitor.get(path).get_data(as_text=True)


def test_a_badge_says_in_sentences_how_it_is_earned(
    browser: Callable[..., Any], world: Any
) -> None:
    page = _page(browser().get("/en/challenge/badges/collectivite-ouverte-2"))
    (box,) = page.xpath("//section[@aria-labelledby='how']")
    assert [item.text.strip() for item in box.xpath(".//li")] == [
        "At least 5 public datasets",
        "All public datasets under an open licence",
        "All public datasets in an open format",
        "At least 80% of the public datasets well described, with 7 points out of 9 "
        "or more",
        "Public datasets of at least 3 different kits",
        "At least 1 dataset that follows its national schema",
    ]
    fresh = _page(browser().get("/en/challenge/badges/donnees-fraiches"))
    assert (
        "30 days" in fresh.xpath("//section[@aria-labelledby='how']")[0].text_content()
    )


def test_the_pages_of_an_organization_send_no_more_for_more(
    browser: Callable[..., Any], world: Any, outside: dict[str, Any]
) -> None:
    reader = browser("stranger")
    path = f"/organization/challenge/{outside['name']}"
    counts = []
    for number in (1, 5):
        datasets = [
            factories.Dataset(owner_org=outside["id"])["id"] for _ in range(number)
        ]
        _measured(outside["id"], *datasets)
        reader.get(path)
        with sent_statements() as sent:
            reader.get(path)
        counts.append(len([one for one in sent if " challenge_" in one]))
    assert counts[0] == counts[1] <= 19
