"""The forms: what they change, and that nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from factories import POINCONNET, altered, call_as
from lxml import html

APPLICATION = {
    "siren": POINCONNET,
    "agents": "40",
    "contact_name": "Service informatique",
    "contact_email": "informatique@example.org",
    "motivation": "Ouvrir nos équipements.",
    "consent": "true",
    "save": "submit",
}


def _path(answer: Any) -> str:
    """Where an answer leads, without the host: cookies are for this one."""
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def _page(answer: Any) -> Any:
    return html.document_fromstring(answer.get_data(as_text=True))


def test_an_application_without_an_account(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    answer = visitor.post("/challenge/saison-3/apply", APPLICATION)
    assert answer.status_code == 302
    follow_up = _path(answer)
    assert "key=" in follow_up
    page = visitor.get(follow_up)
    assert page.status_code == 200
    text = page.get_data(as_text=True)
    assert "Le Poinçonnet" in text
    assert "informatique@example.org" in text
    assert "private" in page.headers["Cache-Control"]
    assert page.headers["X-Robots-Tag"] == "noindex"
    # Nobody else reads it, with or without a key that was altered.
    bare, _, key = follow_up.partition("?key=")
    for other in (bare, f"{bare}?key={altered(key)}"):
        assert browser().get(other).status_code in (302, 403), other
        assert browser("stranger").get(other).status_code == 403, other
    rows = call_as(
        world.people["manager"], "challenge_application_list", cohort="saison-3"
    )["results"]
    assert {row["state"] for row in rows} == {"submitted"}


def test_errors_are_summed_up_and_nothing_typed_is_lost(
    browser: Callable[..., Any], world: Any
) -> None:
    answer = browser().post(
        "/challenge/saison-3/apply",
        {
            **APPLICATION,
            "contact_email": "pas une adresse",
            "consent": "",
            "agents": "",
        },
    )
    assert answer.status_code == 200
    page = _page(answer)
    (summary,) = page.xpath("//*[@id='challenge-errors']")
    anchors = summary.xpath(".//a/@href")
    assert {"#field-contact_email", "#field-agents", "#field-consent"} <= set(anchors)
    for anchor in anchors:
        (field,) = page.xpath("//*[@id=$id]", id=anchor[1:])
        assert field.get("aria-invalid") == "true"
        error = field.get("aria-describedby").split()[0]
        assert page.xpath("//*[@id=$id]", id=error)
    (email,) = page.xpath("//*[@id='field-contact_email']/@value")
    assert email == "pas une adresse"
    (motivation,) = page.xpath("//*[@id='field-motivation']/text()")
    assert motivation.strip() == APPLICATION["motivation"]
    (siren,) = page.xpath("//input[@name='siren']/@value")
    assert siren == POINCONNET


def test_a_collectivite_that_has_applied_is_told_so(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    visitor.post("/challenge/saison-3/apply", APPLICATION)
    page = _page(visitor.post("/challenge/saison-3/apply", APPLICATION))
    assert page.xpath("//*[@id='challenge-errors']//a[@href='#field-siren']")


def test_a_draft_is_completed_and_withdrawn(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    draft = visitor.post(
        "/challenge/saison-3/apply", {**APPLICATION, "agents": "", "save": "draft"}
    )
    url = _path(draft)
    page = _page(visitor.get(url))
    (form,) = page.xpath("//form[.//*[@name='agents']]")
    fields = {
        field.get("name"): field.value or ""
        for field in form.inputs
        if field.get("name") and field.get("type") != "checkbox"
    }
    fields = {**fields, "agents": "12", "consent": "true", "save": "submit"}
    sent = visitor.post(form.action, fields)
    assert sent.status_code == 302
    # Until somebody reads it, it may be changed; it is no draft any more.
    text = visitor.get(url).get_data(as_text=True)
    assert 'value="change"' in text
    assert 'value="draft"' not in text
    key = url.partition("?key=")[2]
    visitor.post(url.partition("?")[0], {"save": "withdraw", "key": key})
    (row,) = [
        row
        for row in call_as(
            world.people["manager"], "challenge_application_list", cohort="saison-3"
        )["results"]
        if row["siren"] == POINCONNET
    ]
    assert row["state"] == "withdrawn"


def test_a_member_answers_steps_and_chooses_kits(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    url = f"{world.url}/step/deliberation"
    refused = member.post(url, {"state": "done", "deliberation-note": "Votée en mai"})
    assert refused.status_code == 200
    page = _page(refused)
    (note,) = page.xpath("//*[@id='field-deliberation-note']/text()")
    assert note.strip() == "Votée en mai"
    (anchor,) = page.xpath("//*[@id='challenge-errors']//a/@href")
    assert anchor == "#field-deliberation-evidence_url"
    assert page.xpath("//*[@id=$id]", id=anchor[1:])
    sent = member.post(
        url,
        {
            "state": "done",
            "deliberation-note": "Votée en mai",
            "deliberation-evidence_url": "https://www.example.org/deliberation.pdf",
        },
    )
    assert sent.status_code == 302
    assert sent.headers["Location"].endswith("#step-deliberation")
    adviser = browser("adviser")
    shown = adviser.get(world.url).get_data(as_text=True)
    assert "https://www.example.org/deliberation.pdf" in shown
    adviser.post(f"{url}/confirm", {"confirmed": "true"})
    kits = ["deliberations", "budget", "subventions"]
    member.post(f"{world.url}/kits", {"kits": kits})
    progress = call_as(
        world.people["member"],
        "challenge_progress_show",
        organization=world.participant["organization_id"],
        cohort="saison-2",
    )
    states = {step["step"]: step["state"] for step in progress["steps"]}
    assert states["deliberation"] == "done"
    assert states["choix-kits"] == "done"


def test_others_cannot_answer_for_a_participant(
    browser: Callable[..., Any], world: Any
) -> None:
    url = f"{world.url}/step/elu-referent"
    assert browser("stranger").post(url, {"state": "done"}).status_code == 403
    answer = browser().post(url, {"state": "done"})
    assert answer.status_code == 302
    assert "/user/login" in answer.headers["Location"]
    assert browser("member").post(f"{url}/confirm", {}).status_code == 403


def test_a_season_from_its_creation_to_its_end(
    browser: Callable[..., Any], world: Any
) -> None:
    admin = browser("sysadmin")
    given = {
        "name": "saison-4",
        "title": "Saison 4",
        "season": "4",
        "programme": "saison",
        "currency": "EUR",
        "launch": "2030-01-10",
        "first_publication": "2030-03-10",
        "finalisation": "2030-06-30",
        "kinds": ["commune", "cc"],
        "funding-0-source": "Région",
        "funding-0-amount": "2000",
        "funding-1-source": "",
        "funding-1-amount": "",
    }
    refused = admin.post(
        "/challenge/manage/new",
        {**given, "finalisation": "2029-01-01", "funding-0-amount": "beaucoup"},
    )
    page = _page(refused)
    anchors = set(page.xpath("//*[@id='challenge-errors']//a/@href"))
    assert {"#field-finalisation", "#field-funding-0-amount"} <= anchors
    (amount,) = page.xpath("//*[@id='field-funding-0-amount']/@value")
    assert amount == "beaucoup"
    made = admin.post("/challenge/manage/new", given)
    assert made.status_code == 302
    cohort = call_as(world.people["sysadmin"], "challenge_cohort_show", id="saison-4")
    assert cohort["kinds"] == ["commune", "cc"]
    assert float(cohort["cost"]) == 2000
    form = _page(admin.get("/challenge/manage/saison-4/edit"))
    (title,) = form.xpath("//*[@id='field-title']/@value")
    assert title == "Saison 4"
    admin.post("/challenge/manage/saison-4/edit", {**given, "title": "Saison quatre"})
    before = "draft"
    for state in ("open", "running", "finished", "archived"):
        admin.post("/challenge/manage/saison-4/state", {"from": before, "to": state})
        before = state
        cohort = call_as(None, "challenge_cohort_show", id="saison-4")
        assert cohort["state"] == state
    assert cohort["title"] == "Saison quatre"
    admin.post("/challenge/manage/saison-4/state", {"from": before, "to": "draft"})
    assert call_as(None, "challenge_cohort_show", id="saison-4")["state"] == "archived"


def test_a_manager_refuses_with_a_reason_and_accepts(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, do = browser("manager"), {"do": "confirm"}
    url = f"/challenge/manage/saison-3/application/{world.application['id']}"
    page = _page(manager.post(url, {"decision": "refuse", "reason": ""}))
    assert page.xpath("//*[@id='challenge-errors']//a[@href='#field-reason']")
    manager.post(url, {"decision": "refuse", "reason": "Saison complète", **do})
    shown = call_as(
        world.people["manager"],
        "challenge_application_show",
        id=world.application["id"],
    )
    assert shown["state"] == "refused"
    manager.post(url, {"decision": "reopen", **do})
    manager.post(url, {"decision": "accept", **do})
    shown = call_as(
        world.people["manager"],
        "challenge_application_show",
        id=world.application["id"],
    )
    assert shown["state"] == "accepted"
    season = browser().get("/challenge/saison-3").get_data(as_text=True)
    assert "Baule" in season
    # An application of another season is not found under this one.
    other = url.replace("saison-3", "saison-2")
    assert manager.get(other).status_code == 404
