"""The pages on which the team gives a badge by hand, and takes it back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from factories import BAULE, call_as
from lxml import html

NAME = f"commune-{BAULE}"
URL = f"/en/challenge/manage/saison-2/award/{NAME}"


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _held(world: Any) -> dict[str, dict[str, Any]]:
    found = call_as(None, "challenge_award_list", organization=NAME)["results"]
    return {award["badge"]: award for award in found}


def test_a_badge_is_given_and_taken_back_with_a_reason(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    participant = _page(manager.get(f"/en{world.url}"))
    (link,) = participant.xpath("//a[contains(@href, '/award/')]/@href")
    page = _page(manager.get(link))
    badges = page.xpath("//select[@name='badge']/option/@value")
    assert badges
    assert not set(badges) & _held(world).keys()
    # Without a reason nothing happens, and what was chosen stays.
    page = _page(manager.post(URL, {"badge": badges[-1], "reason": " "}))
    assert page.xpath("//*[@id='challenge-errors']//a/@href") == ["#field-reason"]
    assert page.xpath("//select[@name='badge']/option[@selected]/@value") == [
        badges[-1]
    ]
    sent = {"badge": badges[-1], "reason": "Un atelier pour ses voisines"}
    answer = manager.post(URL, sent)
    assert answer.status_code == 302
    award = _held(world)[badges[-1]]
    assert answer.headers["Location"].endswith(f"/challenge/awards/{award['id']}")
    assert award["source"] == "person"
    # Twice is said, and not done.
    assert _page(manager.post(URL, sent)).xpath("//*[@id='challenge-errors']")
    shown = _page(manager.get(f"/en/challenge/awards/{award['id']}"))
    (back,) = shown.xpath("//a[contains(@href, '/revoke')]/@href")
    page = _page(manager.post(back, {"reason": ""}))
    assert page.xpath("//*[@id='challenge-errors']//a/@href") == ["#field-reason"]
    assert manager.post(back, {"reason": "Une erreur"}).status_code == 302
    assert badges[-1] not in _held(world)
    public = browser().get(f"/en/challenge/awards/{award['id']}")
    assert "Une erreur" in public.get_data(as_text=True)
    assert "/revoke" not in public.get_data(as_text=True)
    assert "withdrawn already" in _page(manager.get(back)).text_content()


def test_nobody_else_finds_the_way(browser: Callable[..., Any], world: Any) -> None:
    for role in (None, "member", "adviser"):
        text = browser(role).get(f"/en{world.url}").get_data(as_text=True)
        assert "/award/" not in text, role
    assert browser("manager").get(URL.replace(NAME, "nulle-part")).status_code == 404
