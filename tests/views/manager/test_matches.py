"""Managers say which collectivité an organization without a SIREN is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import LIGNIERES, POINCONNET, call_as
from lxml import html

from ckanext.challenge.model import Match

PAGE = "/challenge/manage/matches"


@pytest.fixture
def unmatched(world: Any) -> dict[str, str]:
    """The ids of two organizations without a SIREN, by their names."""
    return {
        name: factories.Organization(name=name, title=title)["id"]
        for name, title in (
            ("poinconnet", "Mairie du Poinçonnet"),
            ("lignieres", "Mairie de Lignières"),
        )
    }


def _page(answer: Any) -> Any:
    assert answer.status_code == 200, answer.headers
    return html.document_fromstring(answer.get_data(as_text=True))


def _checked(page: Any, id_: str) -> str:
    (box,) = page.xpath(f"//input[@name='choice-{id_}'][@checked]")
    return box.get("value")


def test_what_is_likely_is_proposed_and_homonyms_are_left_to_people(
    browser: Callable[..., Any], world: Any, unmatched: dict[str, str]
) -> None:
    page = _page(browser("manager").get(PAGE))
    assert _checked(page, unmatched["poinconnet"]) == POINCONNET
    assert _checked(page, unmatched["lignieres"]) == "later"
    values = page.xpath(f"//input[@name='choice-{unmatched['lignieres']}']/@value")
    assert values == [*LIGNIERES, "later", "none", "other"]
    found = _page(browser("manager").get(f"{PAGE}?q=lign"))
    assert [one.text for one in found.xpath("//fieldset/legend")] == [
        "Mairie de Lignières"
    ]
    assert "SIREN" in _page(browser("manager").get("/challenge/manage")).text_content()


def test_a_page_of_decisions_is_recorded_each_alone(
    browser: Callable[..., Any], world: Any, unmatched: dict[str, str]
) -> None:
    manager = browser("manager")
    first, second = unmatched["poinconnet"], unmatched["lignieres"]
    answer = manager.post(
        f"{PAGE}?q=mairie",
        {
            f"choice-{first}": POINCONNET,
            f"choice-{second}": "other",
            f"other-{second}": "200070183",
            f"title-{second}": "Mairie <b>",
        },
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(f"{PAGE}?q=mairie")
    text = manager.get(PAGE).get_data(as_text=True)
    assert "Mairie &lt;b&gt; :" in text
    shown = call_as(world.people["sysadmin"], "organization_show", id=first)
    assert shown["siren"] == POINCONNET
    assert model.Session.query(Match).count() == 1


def test_what_is_left_for_later_is_not_recorded(
    browser: Callable[..., Any], world: Any, unmatched: dict[str, str]
) -> None:
    manager = browser("manager")
    manager.post(
        PAGE,
        {
            f"choice-{unmatched['poinconnet']}": "later",
            f"choice-{unmatched['lignieres']}": "none",
        },
    )
    (row,) = model.Session.query(Match)
    assert (row.organization_id, row.siren) == (unmatched["lignieres"], None)
    page = _page(manager.get(PAGE))
    legends = [one.text for one in page.xpath("//fieldset/legend")]
    assert "Mairie de Lignières" not in legends
    assert "Mairie du Poinçonnet" in legends
