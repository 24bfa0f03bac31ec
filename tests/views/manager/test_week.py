"""The first page of a team: what waits, with its action, and what moved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from factories import call_as
from helpers.browser import Browser
from lxml.html import document_fromstring

from ckanext.challenge.model import Mail, StepStatus

WEEK = "/en/challenge/manage"


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return document_fromstring(answer.get_data(as_text=True))


def _to_confirm(world: Any, *steps: str) -> None:
    changed = (
        model.Session.query(StepStatus)
        .filter(
            StepStatus.participant_id == world.participant["id"],
            StepStatus.step.in_(steps),
        )
        .update({"state": "to_confirm"}, synchronize_session=False)
    )
    assert changed == len(steps)
    model.Session.commit()


def _texts(page: Any, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.xpath(path)]


def test_each_thing_that_waits_has_its_action(
    browser: Callable[..., Browser], world: Any
) -> None:
    _to_confirm(world, "deliberation")
    call_as(
        world.people["member"],
        "challenge_participant_message_create",
        participant=world.participant["id"],
        text="Bonjour",
    )
    adviser = browser("adviser")
    page = _page(adviser.get(WEEK))
    title = world.participant["organization_title"]
    assert _texts(page, "//h2[@id='waiting']") == ["Waits for your answer (2)"]
    assert _texts(page, "//h3") == ["Messages to answer (1)", "Proofs to confirm (1)"]
    hrefs = page.xpath(
        "//section[@aria-labelledby='waiting']//a[contains(@class, 'btn')]/@href"
    )
    assert [href.rpartition("#")[2] for href in hrefs] == [
        "conversation",
        "step-deliberation",
    ]
    for href in hrefs:
        assert title in _page(adviser.get(href.partition("#")[0])).text_content()
    # The header says it on every page.
    about = _page(adviser.get("/en/about"))
    assert about.xpath("//a[@aria-label='My week (2)']/@href")
    for role in ("member", "stranger", None):
        shown = (browser(role) if role else browser()).get("/en/about")
        assert "My week" not in shown.get_data(as_text=True)


def test_a_message_may_need_no_answer(
    browser: Callable[..., Browser], world: Any
) -> None:
    call_as(
        world.people["member"],
        "challenge_participant_message_create",
        participant=world.participant["id"],
        text="Merci !",
    )
    adviser = browser("adviser")
    page = _page(adviser.get(WEEK))
    (form,) = page.xpath("//form[contains(@action, '/settle')]")
    sent = dict(form.form_values())
    assert adviser.post(form.get("action"), sent).status_code == 302
    page = _page(adviser.get(WEEK))
    assert "Nothing waits for you." in page.text_content()
    # Twice is once; what the team wrote waits for nobody.
    assert adviser.post(form.get("action"), sent).status_code == 302
    assert browser("member").post(form.get("action"), sent).status_code == 403


def test_what_colleagues_look_after_is_one_step_away(
    browser: Callable[..., Browser], world: Any
) -> None:
    _to_confirm(world, "deliberation")
    manager = browser("manager")
    page = _page(manager.get(WEEK))
    assert "proof" not in {one.removeprefix("waits-") for one in page.xpath("//h3/@id")}
    (everything,) = page.xpath("//a[contains(., 'The whole team')]/@href")
    page = _page(manager.get(everything))
    assert "waits-proof" in page.xpath("//h3/@id")


def test_one_kind_is_read_page_by_page(
    browser: Callable[..., Browser], world: Any
) -> None:
    rows = model.Session.query(StepStatus).filter_by(
        participant_id=world.participant["id"]
    )
    steps = sorted(row.step for row in rows if row.source == "person")
    assert len(steps) > 5
    _to_confirm(world, *steps)
    adviser = browser("adviser")
    page = _page(adviser.get(WEEK))
    (more,) = page.xpath("//a[contains(@href, 'kind=proof')]/@href")
    page = _page(adviser.get(more))
    assert len(page.xpath("//section[@aria-labelledby='waiting']//li")) == len(steps)
    # A kind that there is not is all of them; a page beyond the last is empty.
    assert _page(adviser.get(f"{WEEK}?kind=x")).xpath("//h2[@id='seasons']")
    assert (
        "Nothing waits"
        in _page(adviser.get(f"{WEEK}?kind=proof&page=9")).text_content()
    )


def test_what_is_counted_together_is_one_line_of_the_pages(
    browser: Callable[..., Browser], world: Any
) -> None:
    for _ in range(60):
        model.Session.add(
            Mail(kind="reminder", cohort_id=world.cohort["id"], state="failed")
        )
    for _ in range(3):
        model.Session.add(Mail(kind="digest", state="failed"))
    model.Session.commit()
    admin = browser("sysadmin")
    page = _page(admin.get(WEEK))
    assert "waits-mail_failed" in page.xpath("//h3/@id")
    assert not page.xpath("//a[contains(@href, 'kind=mail_failed')]")
    page = _page(admin.get(f"{WEEK}?kind=mail_failed"))
    assert _texts(page, "//h1") == ["Mails that failed (63)"]
    assert len(page.xpath("//section[@aria-labelledby='waiting']//li")) == 2
    assert not page.xpath("//a[contains(@href, 'page=2')]")


def test_with_nothing_to_do_the_page_says_so(
    browser: Callable[..., Browser], world: Any
) -> None:
    page = _page(browser("adviser").get(WEEK))
    assert "Nothing waits for you." in page.text_content()
    assert world.cohort["title"] in page.text_content()
