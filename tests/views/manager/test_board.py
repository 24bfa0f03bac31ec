"""The participants' board: to filter, to look at, and to act from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ckan import model
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge.model import (
    Cohort,
    Participant,
    ParticipantMessage,
    StepStatus,
)
from ckanext.challenge.model.base import make_id, utcnow

DESK = "/en/challenge/manage/saison-2"
BOARD = f"{DESK}/participants"
BATCH = f"{BOARD}/batch"
STEP = "elu-referent"


def _page(answer: Any, status: int = 200) -> Any:
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[-3000:]
    return html.document_fromstring(text)


def _text(page: Any) -> str:
    return " ".join(page.xpath("//*[@role='main']")[0].text_content().split())


def _names(page: Any) -> list[str]:
    return [
        link.text_content().strip()
        for link in page.xpath("//table[contains(@class,'matrix')]//tbody//th/a")
    ]


def _ids(world: Any) -> list[str]:
    rows = (
        model.Session.query(Participant.id, model.Group.name)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .filter(Participant.cohort_id == world.cohort["id"])
        .order_by(model.Group.title)
    )
    return [row[0] for row in rows]


def test_the_season_begins_with_its_board(browser: Any, world: Any) -> None:
    for role in ("manager", "adviser"):
        for path in (DESK, BOARD):
            assert len(_names(_page(browser(role).get(path)))) == 2
    # What was there before has its own page.
    assert "places taken" in _text(_page(browser("manager").get(f"{DESK}?tab=season")))


def test_each_cell_is_a_door_to_its_step(browser: Any, world: Any) -> None:
    model.Session.query(StepStatus).filter_by(step="deliberation").update(
        {"state": "to_confirm"}
    )
    model.Session.commit()
    page = _page(browser("manager").get(BOARD))
    row = page.xpath("//tbody/tr")[0]
    doors = row.xpath("./td[@data-tone]/a")
    assert len(doors) == 16
    assert all("#step-" in door.get("href") for door in doors)
    assert all(door.get("aria-label") and door.text_content() for door in doors)
    waits = [door for door in doors if door.get("href").endswith("#step-deliberation")]
    assert waits[0].getparent().get("data-label"), "named on a small screen"
    feet = page.xpath("//tfoot/tr")
    assert [len(foot.xpath("./td")) for foot in feet] == [17, 17]
    assert feet[0].xpath("./td")[1].text_content() == "0"
    # What was waived is not done: the report counts it apart, and so does the board.
    model.Session.query(StepStatus).filter_by(step="elu-referent").update(
        {"state": "waived"}
    )
    model.Session.commit()
    feet = _page(browser("manager").get(BOARD)).xpath("//tfoot/tr")
    assert [foot.xpath("./td")[1].text_content() for foot in feet] == ["0", "2", ""]
    plain = _page(browser("manager").get(f"{BOARD}?view=list"))
    assert not plain.xpath("//td[@data-tone]") and len(_names(plain)) == 2


def test_filters_and_columns_are_kept_by_every_link(browser: Any, world: Any) -> None:
    manager = browser("manager")
    query = "adviser=none&columns=kind&columns=badges&sort=late"
    page = _page(manager.get(f"{BOARD}?{query}"))
    assert len(_names(page)) == 1
    headings = page.xpath("//thead/tr[last()]/th/text()")
    assert headings[:3] == ["Collectivité", "Kind", "Badges"]
    assert page.xpath("//select[@name='adviser']/option[@selected]/@value") == ["none"]
    ticked = page.xpath("//input[@name='columns'][@checked]/@value")
    assert sorted(ticked) == ["badges", "kind"]
    for href in page.xpath("//a[contains(@href,'view=list')]/@href"):
        assert parse_qs(urlsplit(href).query)["adviser"] == ["none"]
    (form,) = page.xpath("//form[contains(@action,'/batch')]/@action")
    assert parse_qs(urlsplit(form).query)["columns"] == ["kind,badges"]
    # The figures are those of the list, and lead to whom they count.
    assert "1 collectivité" in _text(page)
    assert "1 without an adviser" in _text(page)
    nobody = _page(manager.get(f"{BOARD}?q=nowhere"))
    assert "No collectivité matches these filters." in _text(nobody)


def test_of_an_address_that_was_kept_what_holds_is_shown(
    browser: Any, world: Any
) -> None:
    manager = browser("manager")
    gone = world.people["stranger"]["id"]
    page = _page(manager.get(f"{BOARD}?adviser={gone}&late=nothing&kind=empire"))
    assert len(_names(page)) == 2
    said = page.text_content()
    assert "This user is not on the team of the season" in said
    assert said.count("is not one of") == 2
    for odd in ("sort=size", "order=up", "columns=,,x", "page=zzz", "view=x"):
        assert _page(manager.get(f"{BOARD}?{odd}")) is not None


def _post(who: Any, ids: list[str], do: str, query: str = "", **fields: Any) -> Any:
    return who.post(f"{BATCH}{query}", {"ids": ids, "do": do, **fields})


def test_a_deed_says_whom_it_touches_and_is_done(browser: Any, world: Any) -> None:
    ids = _ids(world)
    manager = browser("manager")
    page = _page(_post(manager, ids, "waive"))
    assert "Waive a step: 2 collectivités" in _text(page)
    assert "Nothing has happened yet" in _text(page)
    assert "A waiver can be lifted" in _text(page)
    assert page.xpath("//input[@name='ids'][@checked]/@value") == ids
    said = {"step": STEP, "reason": "Désignée avant la saison."}
    tried = _page(_post(manager, ids, "waive", stage="try", **said))
    assert _text(tried).count("Would be done") == 2
    assert not model.Session.query(StepStatus).filter_by(state="waived").count()
    assert tried.xpath("//textarea[@name='reason']")[0].text.strip() == said["reason"]
    done = _page(_post(manager, ids, "waive", stage="confirm", **said))
    assert "Waive a step: done for 2 of 2" in _text(done)
    model.Session.rollback()
    assert model.Session.query(StepStatus).filter_by(state="waived").count() == 2
    again = _page(_post(manager, ids, "waive", stage="confirm", **said))
    assert "done for 0 of 2" in _text(again)
    assert _text(again).count("Nothing to change: this step is waived already") == 2


def test_what_is_missing_is_said_and_what_was_typed_is_kept(
    browser: Any, world: Any
) -> None:
    ids = _ids(world)
    manager = browser("manager")
    page = _page(_post(manager, ids, "waive", stage="confirm", step=STEP, reason=" "))
    assert page.xpath("//a[@href='#field-reason']")
    assert page.xpath("//select[@name='step']/option[@selected]/@value") == [STEP]
    page = _page(_post(manager, [], "message", stage="confirm", text="Bonjour"))
    assert "Tick at least one collectivité." in _text(page)
    assert page.xpath("//textarea[@name='text']")[0].text.strip() == "Bonjour"
    assert not model.Session.query(ParticipantMessage).count()
    _page(_post(manager, ids, "delete"), 400)


@pytest.mark.parametrize("stage", ["try", "confirm"])
def test_what_is_wrong_for_all_is_mended_where_it_was_typed(
    browser: Any, world: Any, stage: str
) -> None:
    said = {"step": STEP, "due": "2020-01-01", "reason": "Congés."}
    manager = browser("manager")
    page = _page(_post(manager, _ids(world), "extend", stage=stage, **said))
    assert "Put off a step: 2 collectivités" in _text(page)
    assert page.xpath("//a[@href='#field-due']")
    assert page.xpath("//input[@name='due']/@value") == ["2020-01-01"]
    assert page.xpath("//input[@name='due']/@aria-invalid") == ["true"]
    assert page.xpath("//textarea[@name='reason']")[0].text.strip() == said["reason"]
    assert page.xpath("//input[@name='ids'][@checked]/@value") == _ids(world)
    # Nobody is told the same twice, and what one row alone is refused for stays there.
    assert not page.xpath("//span[@class='challenge-why']")


def test_where_none_is_ticked_all_in_the_list_are_meant(
    browser: Any, world: Any
) -> None:
    manager = browser("manager")
    page = _page(_post(manager, [], "assign", "?adviser=none"))
    assert "Name the adviser: 1 collectivité" in _text(page)
    assert "now: nobody" in _text(page)
    page = _page(_post(manager, _ids(world), "waive", f"?late={STEP}"))
    # Whoever looks at those who are late with a step means this one.
    assert page.xpath("//select[@name='step']/option[@selected]/@value") == [STEP]
    page = _page(_post(manager, [], "message", "?q=nowhere"))
    assert "Nobody is in this list any more." in _text(page)


def test_who_has_left_meanwhile_is_told(browser: Any, world: Any) -> None:
    ids = _ids(world)
    model.Session.query(Participant).filter_by(id=ids[1]).update({"state": "withdrawn"})
    model.Session.commit()
    manager = browser("manager")
    page = _page(_post(manager, ids, "message"))
    assert "1 collectivité that you ticked has left the season meanwhile" in _text(page)
    # It left after the page was made.
    done = _page(_post(manager, ids, "message", stage="confirm", text="Bonjour"))
    assert "done for 1 of 2" in _text(done)
    assert "This collectivité has left the season" in _text(done)
    gone = _page(
        _post(manager, ["nowhere"], "message", stage="confirm", text="Bonjour")
    )
    assert "A collectivité that is no longer here" in _text(gone)


def test_an_adviser_is_offered_what_advisers_may(browser: Any, world: Any) -> None:
    adviser = browser("adviser")
    page = _page(adviser.get(BOARD))
    assert page.xpath("//button[@name='do']/@value") == ["message"]
    ids = _ids(world)
    own = [world.participant["id"]]
    page = _page(_post(adviser, [], "message"))
    assert page.xpath("//input[@name='ids']/@value") == own
    assert "1 collectivité that somebody else accompanies is left out." in _text(page)
    done = _page(_post(adviser, own, "message", stage="confirm", text="Bonjour"))
    assert "done for 1 of 1" in _text(done)
    _page(_post(adviser, ids, "message", stage="confirm", text="Bonjour"), 403)
    _page(_post(adviser, own, "waive", stage="confirm", step=STEP, reason="x"), 403)
    for role in ("member", "stranger"):
        _page(browser(role).get(BOARD), 403)
        _page(_post(browser(role), ids, "message"), 403)
    assert browser(None).get(BOARD).status_code == 302


def test_a_season_that_is_over_offers_what_is_left(browser: Any, world: Any) -> None:
    model.Session.query(Cohort).filter_by(name="saison-2").update({"state": "finished"})
    model.Session.commit()
    page = _page(browser("manager").get(BOARD))
    assert page.xpath("//button[@name='do']/@value") == ["assign", "message", "badge"]


def test_the_page_sends_the_same_statements_for_many(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")

    def statements() -> int:
        with sent_statements() as sent:
            _page(manager.get(BOARD))
            return len(sent)

    statements()
    few = statements()
    groups = [
        model.Group(
            name=f"commune-{number}",
            title=f"Commune {number:03}",
            type="organization",
            is_organization=True,
        )
        for number in range(60)
    ]
    model.Session.add_all(groups)
    model.Session.flush()
    model.Session.add_all(
        Participant(
            id=make_id(),
            cohort_id=world.cohort["id"],
            organization_id=group.id,
            joined_at=utcnow(),
        )
        for group in groups
    )
    model.Session.commit()
    assert statements() == few
    assert len(_names(_page(manager.get(BOARD)))) == 40
