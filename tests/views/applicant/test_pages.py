"""The applicant's pages: what is kept, what is told, what is refused."""

from __future__ import annotations

import datetime as dt
import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from ckan import model
from ckan.lib import jobs, redis
from factories import BAULE, LIGNIERES, POINCONNET, call_as, work_in_this_process
from freezegun import freeze_time
from helpers.browser import PERSONAL
from lxml import html
from redis import ConnectionPool

from ckanext.challenge.common import access_links, rate_limit
from ckanext.challenge.common import jobs as background
from ckanext.challenge.model import Application, Mail

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
FORM = {
    "siren": POINCONNET,
    "agents": "40",
    "contact_name": "Service informatique",
    "contact_email": "informatique@example.org",
    "motivation": "Ouvrir nos équipements.",
    "consent": "true",
    "save": "submit",
}
APPLY = "/challenge/saison-3/apply"


def _path(answer: Any) -> str:
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}"


def _page(answer: Any) -> Any:
    return html.document_fromstring(answer.get_data(as_text=True))


def _pdf(name: str = "délibération.pdf", content: bytes = PDF) -> Any:
    return (io.BytesIO(content), name)


def _errors(page: Any) -> set[str]:
    return set(page.xpath("//*[@id='challenge-errors']//a/@href"))


def _fields(page: Any) -> dict[str, str]:
    """What the form of an application would send as it stands."""
    (form,) = page.xpath("//form[.//*[@name='agents']]")
    return {
        field.get("name"): field.value or ""
        for field in form.inputs
        if field.get("name") and field.get("type") not in ("checkbox", "file")
    }


def test_a_file_goes_with_the_form_and_comes_back_as_a_file(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    visitor = browser()
    answer = visitor.post(APPLY, {**FORM, "file-deliberation": _pdf("délib.html")})
    assert answer.status_code == 302
    url = _path(answer)
    (link,) = _page(visitor.get(url)).xpath("//a[contains(@href, '/file/')]/@href")
    served = visitor.get(link)
    assert served.get_data() == PDF
    assert served.headers["Content-Type"] == "application/pdf"
    assert served.headers["Content-Disposition"].startswith("attachment")
    assert "html.pdf" in served.headers["Content-Disposition"]
    assert served.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in served.headers["Cache-Control"]
    bare, _, key = link.partition("?key=")
    other = world.application["id"]
    for wrong in (bare, f"{bare}?key={access_links.make_key(other)}"):
        assert browser().get(wrong).status_code in (302, 403)
        assert browser("stranger").get(wrong).status_code == 403
    assert browser("manager").get(bare).status_code == 200
    moved = bare.replace(bare.split("/")[3], other)
    assert browser("manager").get(moved).status_code == 404
    assert visitor.get(f"{bare}x?key={key}").status_code == 404


def test_a_program_attaches_a_file(app: Any, world: Any, storage: Path) -> None:
    def call(action: str, **options: Any) -> Any:
        return app.post(f"/api/3/action/challenge_application_{action}", **options)

    fields = {**FORM, "cohort": "saison-3", "consent": True}
    made = call("create", json=fields).json["result"]
    own = {"id": made["id"], "key": made["key"]}
    data = {**own, "purpose": "letter", "upload": _pdf("lettre.pdf")}
    sent = call("attachment_create", data=data, content_type="multipart/form-data")
    assert sent.json["result"]["media_type"] == "application/pdf"
    data["upload"] = _pdf("lettre.pdf", b"<html>")
    refused = call("attachment_create", data=data, content_type="multipart/form-data")
    assert refused.status_code == 409
    assert list(refused.json["error"]) == ["upload", "__type"]
    assert call("submit", json=own).json["result"]["state"] == "submitted"


def test_a_wrong_file_or_an_error_beside_a_file_keeps_a_draft(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    visitor = browser()
    answer = visitor.post(APPLY, {**FORM, "file-letter": _pdf("a.pdf", b"<script>")})
    page = _page(visitor.get(_path(answer)))
    assert _errors(page) == {"#field-file-letter"}
    assert _fields(page)["motivation"] == FORM["motivation"]
    (action,) = page.xpath("//form[.//*[@name='agents']]/@action")
    sent = visitor.post(action, {**_fields(page), "consent": "true", "save": "submit"})
    assert sent.status_code == 302
    # The file is good, the rest is not: it need not be chosen again.
    form = {**FORM, "siren": LIGNIERES[0], "agents": "", "file-letter": _pdf()}
    page = _page(visitor.get(_path(visitor.post(APPLY, form))))
    assert "#field-agents" in _errors(page)
    assert page.xpath("//form//input[@name='remove']")
    rows = model.Session.query(Application.siren, Application.state)
    assert dict(map(tuple, rows))[LIGNIERES[0]] == "draft"


def test_a_new_address_ends_the_mailed_link_and_lets_its_reader_go_on(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    url = _path(visitor.post(APPLY, {**FORM, "save": "draft"})).partition("?")[0]
    id_ = url.rpartition("/")[2]
    mailed = f"{url}?key={access_links.make_key(id_, FORM['contact_email'])}"
    typed = _fields(_page(visitor.get(mailed)))
    moved = {**typed, "contact_email": "autre@example.org", "consent": "true"}
    saved = visitor.post(url, {**moved, "save": "draft"})
    assert saved.status_code == 302
    assert visitor.get(_path(saved)).status_code == 200
    ended = browser().get(mailed)
    assert ended.status_code == 403
    assert "autre@example.org" not in ended.get_data(as_text=True)


def test_two_tabs_on_one_draft(browser: Callable[..., Any], world: Any) -> None:
    visitor = browser()
    url = _path(visitor.post(APPLY, {**FORM, "save": "draft"}))
    first, second = (_fields(_page(visitor.get(url))) for _ in range(2))
    bare = url.partition("?")[0]
    saved = visitor.post(
        bare, {**first, "consent": "true", "motivation": "Un.", "save": "draft"}
    )
    assert saved.status_code == 302
    late = {**second, "consent": "true", "motivation": "Deux.", "save": "draft"}
    page = _page(visitor.post(bare, late))
    assert page.xpath("//*[@id='challenge-errors']")
    assert _fields(page)["motivation"] == "Deux."
    (stored,) = page.xpath("//*[@aria-labelledby='stored']")
    assert "Un." in stored.text_content()
    # Knowing that, they may save over it.
    again = visitor.post(bare, {**_fields(page), "consent": "true", "save": "draft"})
    assert again.status_code == 302
    assert _fields(_page(visitor.get(url)))["motivation"] == "Deux."


def test_a_robot_is_asked_again_and_nothing_is_kept(
    browser: Callable[..., Any],
    world: Any,
    ckan_config: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visitor = browser()
    filled = _page(visitor.post(APPLY, {**FORM, "homepage": "https://spam.example"}))
    assert filled.xpath("//*[@id='challenge-errors']")
    assert _fields(filled)["homepage"] == ""
    monkeypatch.setitem(ckan_config, "ckanext.challenge.form_seconds", 3)
    page = _page(visitor.get(f"{APPLY}?siren={POINCONNET}"))
    quick = {**_fields(page), **FORM}
    refused = _page(visitor.post(APPLY, quick))
    assert refused.xpath("//*[@id='challenge-errors']")
    again = _fields(refused)
    assert again["motivation"] == FORM["motivation"]
    with freeze_time(dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=4)):
        sent = visitor.post(APPLY, {**again, "consent": "true", "save": "submit"})
    assert sent.status_code == 302


def test_too_many_are_told_and_lose_nothing(
    browser: Callable[..., Any],
    world: Any,
    ckan_config: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_address", 1)
    visitor = browser()

    def send(**fields: str) -> Any:
        here = {"REMOTE_ADDR": "203.0.113.7"}
        return visitor.post(APPLY, {**FORM, **fields}, environ_overrides=here)

    assert send().status_code == 302
    refused = send(siren=LIGNIERES[0], motivation="Encore.")
    assert refused.status_code == 429
    assert _fields(_page(refused))["motivation"] == "Encore."


def test_the_form_works_without_redis(
    browser: Callable[..., Any],
    world: Any,
    ckan_config: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.rate_limit_address", 5)
    monkeypatch.setitem(ckan_config, "ckan.redis.url", "redis://127.0.0.1:9/0")
    nowhere = ConnectionPool.from_url("redis://127.0.0.1:9/0")
    monkeypatch.setattr(redis, "_connection_pool", nowhere)
    monkeypatch.setattr(jobs, "_queues", {})
    # A new application reads the ini file's logging, which silences older loggers.
    for module in (rate_limit, background):
        monkeypatch.setattr(module.log, "disabled", False)
    here = {"REMOTE_ADDR": "203.0.113.7"}
    with caplog.at_level(logging.WARNING, "ckanext.challenge"):
        sent = browser().post(APPLY, FORM, environ_overrides=here)
    assert sent.status_code == 302
    row = model.Session.query(Application).filter_by(siren=POINCONNET).one()
    assert row.state == "submitted"
    # The receipt waits for the command that sends what no worker was told of.
    mail = model.Session.query(Mail).filter_by(application_id=row.id).one()
    assert (mail.kind, mail.state) == ("receipt", "waiting")
    assert "Nobody is limited" in caplog.text
    assert "Not queued" in caplog.text
    assert not [
        value for value in FORM.values() if len(value) > 9 and value in caplog.text
    ]


def test_a_link_that_does_not_open_says_so_and_offers_another(
    browser: Callable[..., Any], world: Any, mailbox: Any
) -> None:
    id_ = world.application["id"]
    url = f"/challenge/application/{id_}"
    key = access_links.make_key(id_, PERSONAL["contact_email"])
    later = dt.datetime.now(dt.timezone.utc) + dt.timedelta(days=91)
    answer = browser().get(f"{url}?key={key[:-3]}")
    wrong = _page(answer)
    assert answer.status_code == 403
    with freeze_time(later):
        expired = _page(browser().get(f"{url}?key={key}"))
    heads = [page.xpath("string(//h1)") for page in (wrong, expired)]
    assert heads[0] != heads[1]
    for page in (wrong, expired):
        text = page.text_content()
        assert world.application["reference"] not in text
        assert not [value for value in PERSONAL.values() if value in text]
    (form,) = wrong.xpath("//form[.//input[@name='id']]")
    told = []
    for asked in (id_, "nothing"):
        sent = browser().post(form.action, {"id": asked})
        told.append(sent.headers["Location"])
    assert told[0] == told[1]
    work_in_this_process()
    links = [
        word
        for mail in mailbox.to(PERSONAL["contact_email"])
        for word in mail.get_body(("plain",)).get_content().split()
        if "?key=" in word
    ]
    opened = browser().get(links[-1].removeprefix("http://test.ckan.net"))
    assert opened.status_code == 200
    shown = call_as(world.people["manager"], "challenge_application_show", id=id_)
    assert shown["email_confirmed_at"]


def test_who_starts_again_is_told(browser: Callable[..., Any], world: Any) -> None:
    own = browser("applicant").get(f"{APPLY}?siren={BAULE}")
    links = _page(own).xpath("//*[@aria-labelledby='taken']//a/@href")
    assert any(world.application["id"] in link for link in links)
    for role in (None, "stranger"):
        page = _page(browser(role).get(f"{APPLY}?siren={BAULE}"))
        (told,) = page.xpath("//*[@aria-labelledby='taken']")
        assert told.xpath(".//form//input[@name='siren']")
        text = page.text_content()
        assert world.application["id"] not in text
        assert not [value for value in PERSONAL.values() if value in text]
        form = {"cohort": "saison-3", "siren": BAULE}
        sent = browser(role).post("/challenge/application/link", form)
        assert sent.headers["Location"].endswith("/challenge/saison-3")
    # Who has written all the same does not lose it.
    page = _page(browser().post(APPLY, {**FORM, "siren": BAULE}))
    assert _errors(page) == {"#field-siren"}
    assert _fields(page)["motivation"] == FORM["motivation"]


def test_ones_applications_are_on_the_dashboard(
    browser: Callable[..., Any], world: Any
) -> None:
    applicant = browser("applicant")
    dashboard = _page(applicant.get("/dashboard/datasets"))
    (url,) = set(
        dashboard.xpath("//a[contains(@href, '/challenge/application')]/@href")
    )
    listed = applicant.get(url).get_data(as_text=True)
    assert world.application["reference"] in listed
    assert world.application["reference"] not in browser("stranger").get(url).get_data(
        as_text=True
    )
    assert "/user/login" in browser().get(url).headers["Location"]


def test_messages_and_ones_data(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    applicant = browser("applicant")
    url = f"/challenge/application/{world.application['id']}"
    empty = _page(applicant.post(f"{url}/messages", {"text": " "}))
    assert _errors(empty) == {"#field-text"}
    sent = applicant.post(
        f"{url}/messages", {"text": "Une <b>question</b>", "upload": _pdf()}
    )
    page = _page(sent)
    # Markup is refused, and what was written stays in its field.
    assert _errors(page) == {"#field-text"}
    assert "question" in page.xpath("string(//*[@id='field-text'])")
    sent = applicant.post(f"{url}/messages", {"text": "Une question", "upload": _pdf()})
    assert sent.status_code == 302
    shown = applicant.get(url).get_data(as_text=True)
    assert "Une question" in shown
    assert "délibération.pdf" in shown
    exported = applicant.get(f"{url}/data.json")
    assert exported.headers["Content-Disposition"].startswith("attachment")
    data = json.loads(exported.get_data())
    assert data["messages"][0]["text"] == "Une question"
    assert browser("stranger").get(f"{url}/data.json").status_code == 403
    assert browser("manager").get(f"{url}/data.json").status_code == 403


def test_what_is_to_be_corrected_is_marked_at_its_field(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=world.application["id"],
        decision="request_changes",
        reason="Combien d'agents ?",
        kind="incomplete",
        fields=["agents", "attachments"],
    )
    applicant = browser("applicant")
    url = f"/challenge/application/{world.application['id']}"
    page = _page(applicant.get(url))
    (label,) = page.xpath("//label[@for='field-agents']")
    assert label.xpath(".//*[@data-tone='wait']")
    assert page.xpath("//*[@aria-labelledby='reason']//a[@href='#field-agents']")
    form = {**_fields(page), "agents": "7", "consent": "true", "save": "submit"}
    assert applicant.post(url, form).status_code == 302
    read = call_as(
        world.people["manager"],
        "challenge_application_show",
        id=world.application["id"],
    )
    assert read["state"] == "submitted"
    assert [change["field"] for change in read["changes"]] == ["agents"]


def test_the_form_after_the_deadline(browser: Callable[..., Any], world: Any) -> None:
    url = "/challenge/saison-2/apply"
    closed = _page(browser().get(f"{url}?siren={LIGNIERES[0]}"))
    assert not closed.xpath("//form//*[@name='agents']")
    (late,) = closed.xpath("//a[contains(@href, 'late=1')]/@href")
    page = _page(browser().get(f"{late}&siren={LIGNIERES[0]}"))
    form = {**_fields(page), **FORM, "siren": LIGNIERES[0], "late_code": "FAUX"}
    refused = _page(browser().post(url, form))
    assert _errors(refused) == {"#field-late_code"}
    code = call_as(
        world.people["manager"], "challenge_late_code_create", cohort="saison-2"
    )["code"]
    # As the link that a manager sends: the code is in the form already.
    search = _page(browser().get(f"{url}?code={code}&q=lign"))
    (found,) = search.xpath(f"//a[contains(@href, 'siren={LIGNIERES[0]}')]/@href")
    form = _fields(_page(browser().get(found)))
    assert form["late_code"] == code
    sent = browser().post(url, {**form, **FORM, "siren": LIGNIERES[0]})
    assert sent.status_code == 302


def test_the_deadline_passes_while_the_form_is_open(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    visitor = browser()
    page = _page(visitor.get(f"{APPLY}?siren={POINCONNET}"))
    form: dict[str, Any] = {**_fields(page), **FORM}
    call_as(
        world.people["manager"],
        "challenge_cohort_transition",
        id="saison-3",
        to="running",
    )
    sent = visitor.post(APPLY, {**form, "file-letter": _pdf()})
    kept = _page(visitor.get(_path(sent)))
    assert kept.xpath("//*[@id='challenge-errors']//li")
    assert _fields(kept)["motivation"] == FORM["motivation"]
    assert kept.xpath("//*[@name='late_code']")
    # Its link is on its way; sent again, it is still one draft.
    sent = visitor.post(APPLY, {**form, "file-letter": _pdf()})
    again = _page(visitor.get(_path(sent)))
    assert len(again.xpath("//input[@name='remove']")) == 1
    rows = model.Session.query(Application).filter_by(siren=POINCONNET)
    assert [row.state for row in rows] == ["draft"]
    mails = model.Session.query(Mail.kind).filter_by(application_id=rows.one().id)
    assert {kind for (kind,) in mails} == {"draft"}


def test_an_address_that_looks_mistyped_is_asked_about_once(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()
    form = {**FORM, "contact_email": "mairie@gmial.com", "agents": ""}
    page = _page(visitor.post(APPLY, form))
    assert _errors(page) == {"#field-contact_email", "#field-agents"}
    assert "mairie@gmail.com" in page.text_content()
    fields = _fields(page)
    assert fields["asked_address"] == "mairie@gmial.com"
    assert visitor.post(APPLY, {**fields, **FORM, "contact_email": "mairie@gmial.com"})
    made = model.Session.query(Application).filter_by(siren=POINCONNET).one()
    assert made.contact_email == "mairie@gmial.com"
    # A program is not asked.
    call_as(
        None,
        "challenge_application_create",
        **{**FORM, "siren": LIGNIERES[0], "contact_email": "a@gmial.com"},
        cohort="saison-3",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("contact_email", "mairie@artenay"),
        ("contact_phone", "02 38 00"),
        ("contact_phone", "au secrétariat"),
    ],
)
def test_what_reaches_nobody_is_said_at_its_field(
    browser: Callable[..., Any], world: Any, field: str, value: str
) -> None:
    page = _page(browser().post(APPLY, {**FORM, field: value}))
    assert _errors(page) == {f"#field-{field}"}


def test_a_refused_file_is_told_with_all_that_is_wrong(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    word = b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(16) + b"word/document.xml" + bytes(64)
    page = _page(
        browser().post(
            f"/en{APPLY}",
            {
                **FORM,
                "contact_email": "mairie@artenay",
                "file-letter": (io.BytesIO(heic), "IMG_0001.HEIC"),
                "file-other": (io.BytesIO(word), "lettre.docx"),
            },
        )
    )
    assert _errors(page) == {
        "#field-contact_email",
        "#field-file-letter",
        "#field-file-other",
    }
    text = page.text_content()
    assert "a photo of an iPhone (HEIC): save it as a JPEG" in text
    assert "a Word document: save it as a PDF" in text


def test_the_mail_about_a_refused_file_says_that_nothing_is_submitted(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    sent = browser().post(APPLY, {**FORM, "file-letter": (io.BytesIO(b"x"), "a.txt")})
    assert "/application/" in _path(sent)
    made = model.Session.query(Application).filter_by(siren=POINCONNET).one()
    assert made.state == "draft"
    (mail,) = model.Session.query(Mail).filter_by(application_id=made.id)
    assert (mail.kind, mail.data["refused_file"]) == ("draft", True)
    # Others who ask for the link say nothing in that mail.
    call_as(None, "challenge_application_link_send", id=made.id, refused_file=True)
    mails = model.Session.query(Mail).filter_by(application_id=made.id)
    assert sorted(mail.data["refused_file"] for mail in mails) == [False, True]


def test_what_was_sent_is_read_and_changed_until_somebody_reads_it(
    browser: Callable[..., Any], world: Any
) -> None:
    applicant = browser("applicant")
    url = f"/challenge/application/{world.application['id']}"
    page = _page(applicant.get(f"/en{url}"))
    assert "We mean to answer by" in page.text_content()
    assert PERSONAL["motivation"] in page.xpath("//dl")[0].text_content()
    fields = {**_fields(page), "consent": "true", "save": "change"}
    changed = {**fields, "motivation": "Ouvrir aussi nos menus."}
    assert applicant.post(url, changed).status_code == 302
    page = _page(applicant.get(url))
    assert "Ouvrir aussi nos menus." in page.xpath("//dl")[0].text_content()
    stored = model.Session.get(Application, world.application["id"])
    assert stored is not None
    assert stored.state == "submitted"
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=world.application["id"],
        decision="start",
    )
    page = _page(applicant.get(url))
    assert not page.xpath("//form[.//*[@name='agents']]")
    refused = applicant.post(url, {**changed, "motivation": "Trop tard."})
    assert "challenge-errors" in refused.get_data(as_text=True)
    model.Session.expire_all()
    (motivation,) = model.Session.query(Application.motivation).filter_by(
        id=world.application["id"]
    )
    assert motivation == ("Ouvrir aussi nos menus.",)


def test_a_season_that_takes_none_leads_to_the_one_that_does(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.cohort["id"],
        application_deadline="2020-01-02",
        application_opens="2020-01-01",
    )
    for page in (f"/challenge/{world.cohort['name']}", "/challenge/saison-2/apply"):
        links = _page(browser().get(page)).xpath("//main//a/@href | //div//a/@href")
        assert any(link.endswith(APPLY) for link in links), page


def test_a_question_that_hangs_on_another_asks_for_a_file(
    browser: Callable[..., Any], world: Any, storage: Path
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.open_cohort["id"],
        questions=[
            {"key": "pret", "label": "Prêt ?", "type": "yes_no", "required": True},
            {
                "key": "budget",
                "label": "Votre budget",
                "type": "file",
                "required": True,
                "when": {"question": "pret", "is": [True]},
            },
        ],
    )
    visitor = browser()
    page = _page(visitor.get(f"/en{APPLY}?siren={POINCONNET}"))
    (asked,) = page.xpath("//*[@data-when='1']")
    assert "Only if you answered “Yes” to “Prêt ?”" in asked.text_content()
    assert asked.xpath(".//input[@type='file']/@name") == ["answers-budget"]
    # Whoever is not asked gives a file for nothing: it is not kept.
    form = {**FORM, "answers-pret": "false", "answers-budget": _pdf()}
    answer = visitor.post(APPLY, form)
    page = _page(visitor.get(_path(answer)))
    assert not page.xpath("//a[contains(@href, '/file/')]")
    form = {**FORM, "siren": LIGNIERES[0], "answers-pret": "true"}
    visitor = browser()
    answer = visitor.post(APPLY, form)
    page = _page(visitor.get(_path(answer)))
    assert _errors(page) == {"#field-answers-budget"}
    (action,) = page.xpath("//form[.//*[@name='agents']]/@action")
    again = {**_fields(page), "consent": "true", "save": "submit"}
    again["answers-pret"] = "true"
    sent = visitor.post(action, {**again, "answers-budget": _pdf("budget.pdf")})
    assert sent.status_code == 302, _errors(_page(sent))
    page = _page(visitor.get(_path(sent)))
    assert page.xpath("//a[contains(@href, '/file/')]")
