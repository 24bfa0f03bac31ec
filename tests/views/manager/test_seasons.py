"""The pages of a season's own life: deleting it, its programme, its journal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from factories import call_as

from ckanext.challenge.model import Cohort, JournalEntry

SEASON = {"name": "saison-9", "title": "Saison 9", "season": 9}


def test_the_page_deletes_a_draft_that_it_showed(
    browser: Callable[..., Any], world: Any
) -> None:
    admin = world.people["sysadmin"]
    call_as(admin, "challenge_cohort_create", **SEASON)
    visitor, url = browser("sysadmin"), "/en/challenge/manage/saison-9/delete"
    shown = visitor.post(url)
    assert "cannot be undone" in shown.get_data(as_text=True)
    assert model.Session.query(Cohort).filter_by(name="saison-9").count() == 1
    assert visitor.post(url, {"do": "confirm"}).status_code == 302
    assert not model.Session.query(Cohort).filter_by(name="saison-9").count()
    # What is public is not deleted by a page.
    other = url.replace("saison-9", "saison-2")
    assert visitor.post(other, {"do": "confirm"}).status_code == 302
    assert model.Session.query(Cohort).filter_by(name="saison-2").count() == 1


def test_the_journal_says_from_what_to_what(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = world.people["manager"]
    call_as(
        manager,
        "challenge_cohort_patch",
        id="saison-3",
        capacity=12,
        kinds=["cc"],
        contact_email="secret@example.org",
    )
    call_as(manager, "challenge_cohort_patch", id="saison-3", capacity=15)
    row = (
        model.Session.query(JournalEntry)
        .filter_by(action="update", object_type="cohort")
        .order_by(JournalEntry.id.desc())
        .first()
    )
    assert row is not None
    assert row.data == {"fields": ["capacity"], "changes": {"capacity": [12, 15]}}
    page = browser("manager").get("/en/challenge/manage/saison-3?tab=participants")
    text = page.get_data(as_text=True)
    assert "Places: 12 → 15" in text
    assert "Address for questions: changed" in text
    assert "secret@example.org" not in text


def test_opinions_are_a_tab_of_every_page(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    for page in ("accompaniment", "applications", "mails", "edit", "opinions"):
        text = manager.get(f"/challenge/manage/saison-3/{page}").get_data(as_text=True)
        assert "/challenge/manage/saison-3/opinions" in text, page


def test_the_programme_shows_its_steps_with_their_dates(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-3",
        launch=None,
        first_publication="2031-03-10",
        finalisation=None,
        scheduled_transitions=[],
    )
    manager = browser("manager")
    text = manager.get("/en/challenge/manage/saison-3/programme").get_data(as_text=True)
    assert "10 March 2031" in text or "March 10, 2031" in text
    form = manager.get("/en/challenge/manage/saison-3/edit").get_data(as_text=True)
    assert ">saison<" not in form
