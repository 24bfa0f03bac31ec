"""The pages on which a list is imported and on which the dates of a season move."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

from ckan import model
from factories import LIGNIERES, day
from lxml import html

from ckanext.challenge.model import Cohort, Participant

DESK = "/en/challenge/manage/saison-3"


def _page(answer: Any) -> Any:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return html.document_fromstring(answer.get_data(as_text=True))


def _text(page: Any) -> str:
    return " ".join(page.text_content().split())


def _sent(page: Any) -> dict[str, Any]:
    """What the form of the import would send."""
    (form,) = page.xpath("//form[.//input[@name='kept']]")
    found: dict[str, Any] = {}
    for name, value in form.form_values():
        found.setdefault(name, []).append(value)
    return found


def test_a_list_is_given_looked_at_corrected_and_imported(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    assert "Import a list" in _text(_page(manager.get(f"{DESK}/participants")))
    assert "/import" not in browser("adviser").get(DESK).get_data(as_text=True)

    def give(text: str) -> Any:
        upload = (io.BytesIO(text.encode()), "liste.csv")
        return _page(manager.post(f"{DESK}/import", {"upload": upload}))

    assert "Choose a file" in _text(_page(manager.post(f"{DESK}/import", {})))
    assert "There is nothing in this file" in _text(give(""))
    wrong = give(f"SIREN;Courriel\n{LIGNIERES[0]};\n")
    assert "who is written to?" in _text(wrong)
    assert not wrong.xpath("//button[@value='import']")
    shown = give(f"SIREN;Courriel;Autre\n{LIGNIERES[0]};a@example.org;b@example.org\n")
    assert "Lignières" in _text(shown)
    sent = _sent(shown)
    assert sent["field"] == ["siren", "contact_email", ""]
    before = model.Session.query(Participant).count()
    # The same field twice: the columns are shown again, and the file is still there.
    twice = {**sent, "field": ["siren", "contact_email", "contact_email"]}
    refused = _page(manager.post(f"{DESK}/import", {**twice, "do": "preview"}))
    assert "Several columns are read as" in _text(refused)
    other = {**sent, "field": ["siren", "", "contact_email"]}
    again = _page(manager.post(f"{DESK}/import", {**other, "do": "preview"}))
    assert _sent(again)["field"] == ["siren", "", "contact_email"]
    assert model.Session.query(Participant).count() == before
    done = manager.post(f"{DESK}/import", {**_sent(again), "do": "import"})
    assert done.status_code == 302, done.get_data(as_text=True)[:2000]
    model.Session.expire_all()
    assert model.Session.query(Participant).count() == before + 1
    gone = _page(manager.post(f"{DESK}/import", {**_sent(again), "do": "import"}))
    assert "not kept any more" in _text(gone)


def test_dates_move_once_it_was_seen_whom_that_touches(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, url = browser("manager"), "/en/challenge/manage/saison-2/dates"
    form = _page(manager.get(url)).xpath("//form[.//input[@name='launch']]")[0]
    sent = {**dict(form.form_values()), "finalisation": day(200).isoformat()}

    def end() -> Any:
        model.Session.expire_all()
        return model.Session.query(Cohort).filter_by(name="saison-2").one().finalisation

    before = end()
    shown = _page(manager.post(url, {**sent, "do": "preview"}))
    assert world.participant["organization_title"] in _text(shown)
    assert shown.xpath("//button[@value='move']")
    assert end() == before
    wrong = _page(manager.post(url, {**sent, "launch": "demain", "do": "move"}))
    (field,) = wrong.xpath("//*[@name='launch']")
    assert (field.get("value"), field.get("aria-invalid")) == ("demain", "true")
    moved = manager.post(url, {**sent, "tell": "true", "reason": "x", "do": "move"})
    assert moved.status_code == 302
    assert end() == day(200)
    # Somebody who had the page open since before is told.
    late = _page(manager.post(url, {**sent, "do": "move"}))
    assert "Somebody else has changed this season" in _text(late)
