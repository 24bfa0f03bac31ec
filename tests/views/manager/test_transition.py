"""A season's state changes after a page that says what will happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from factories import LIGNIERES, apply, call_as, day
from lxml import html

DESK = "/en/challenge/manage/saison-3"


def _main(answer: Any) -> Any:
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, text[-3000:]
    return html.document_fromstring(text).xpath("//*[@role='main']")[0]


def _text(part: Any) -> str:
    return " ".join(part.text_content().split())


def _state(name: str) -> str:
    return call_as(None, "challenge_cohort_show", id=name)["state"]


def test_no_button_changes_the_state_of_a_season_at_once(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    main = _main(manager.get(f"{DESK}?tab=participants"))
    assert main.xpath(".//a[contains(@href, '/state?to=running')]")
    assert not main.xpath(".//form[contains(@action, '/state')]")


def test_a_launch_ahead_of_the_deadline_is_named_as_such(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-3",
        launch=day(40).isoformat(),
        scheduled_transitions=["running", "finished"],
    )
    apply(world.open_cohort, LIGNIERES[0], submit=False)
    rows = call_as(
        world.people["manager"], "challenge_application_list", cohort="saison-3"
    )
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=rows["results"][0]["id"],
        decision="accept",
        pending=True,
    )
    manager = browser("manager")
    main = _main(manager.get(f"{DESK}/state?to=running"))
    text = _text(main)
    assert _state("saison-3") == "open"
    assert "This is before the deadline" in text
    assert "1 decision that you keep stays kept" in text
    assert "“Start the season” stays scheduled for" in text
    assert "“Finish the season” stays scheduled for" in text
    (waiting,) = main.xpath(".//*[@aria-labelledby='waiting']")
    # A draft is counted, and nobody's to read.
    assert len(waiting.xpath(".//li")) == 2
    (link,) = waiting.xpath(".//a/@href")
    assert link.endswith("/applications?state=submitted")
    assert "Baule" in _text(_main(manager.get(link)))

    manager.post(f"{DESK}/state", {"from": "open", "to": "running"})
    assert _state("saison-3") == "running"
    text = _text(_main(manager.get(f"{DESK}/state?to=open")))
    assert "Applications are taken again until" in text
    assert "“Start the season” stays scheduled for" in text


def test_the_end_of_a_season_says_what_freezes(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    desk = "/en/challenge/manage/saison-2"
    text = _text(_main(manager.get(f"{desk}/state?to=finished")))
    assert "all steps are frozen" in text
    assert "2 collectivités take part today." in text
    assert "This is earlier than the date of the season" in text
    assert "No application waits for an answer." in text
    manager.post(f"{desk}/state", {"from": "running", "to": "finished"})
    text = _text(_main(manager.get(f"{desk}/state?to=running")))
    assert "The results that were kept are given up" in text


def test_a_page_of_another_state_moves_nothing(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    (form,) = _main(manager.get(f"{DESK}/state?to=running")).xpath(".//form")
    sent = {field.get("name"): field.get("value") for field in form.xpath(".//input")}
    # Others launch and finish it; “running” is then a way back.
    for state in ("running", "finished"):
        call_as(
            world.people["manager"],
            "challenge_cohort_transition",
            id="saison-3",
            to=state,
        )
    answer = manager.post(f"{DESK}/state", {**sent, "to": "running"})
    assert answer.status_code == 302
    assert _state("saison-3") == "finished"
    assert "is “Finished” by now" in manager.get(DESK).get_data(as_text=True)
    # Without the page nothing is done: it is shown.
    text = _text(_main(manager.post(f"{DESK}/state", {"to": "running"})))
    assert "Nothing has happened yet" in text
    assert _state("saison-3") == "finished"


def test_a_way_that_does_not_exist_leads_back(
    browser: Callable[..., Any], world: Any
) -> None:
    for to in ("archived", "castle", ""):
        answer = browser("manager").get(f"{DESK}/state?to={to}")
        assert answer.status_code == 302, to
        assert "/saison-3" in answer.headers["Location"]
