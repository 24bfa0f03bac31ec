"""The managers' desk: from the list to a file, a decision, or forty of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ckan import model
from factories import LIGNIERES, POINCONNET, apply, call_as
from helpers.index import take_down
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Application
from ckanext.challenge.model.base import make_id, utcnow

DESK = "/challenge/manage/saison-3"
LIST = f"{DESK}/applications"


def _page(answer: Any, status: int = 200) -> Any:
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text[-3000:]
    return html.document_fromstring(text)


def _names(page: Any) -> list[str]:
    return [
        link.text_content().strip()
        for link in page.xpath(
            "//table[contains(@class,'challenge-desk')]//tbody//th/a"
        )
    ]


def _text(page: Any) -> str:
    return " ".join(page.xpath("//*[@role='main']")[0].text_content().split())


@pytest.fixture
def manager(browser: Callable[..., Any], world: Any) -> Any:
    """The manager of a season with three applications, signed in."""
    for siren in (POINCONNET, LIGNIERES[0]):
        apply(world.open_cohort, siren, contact_email=f"{siren}@example.org")
    return browser("manager")


def _applications(world: Any, **data: Any) -> dict[str, dict[str, Any]]:
    found = call_as(
        world.people["manager"],
        "challenge_application_list",
        cohort=world.open_cohort["id"],
        **data,
    )
    return {row["organization_title"]: row for row in found["results"]}


def test_the_list_is_filtered_sorted_and_kept_in_every_link(
    manager: Any, world: Any
) -> None:
    page = _page(manager.get(f"/en{LIST}"))
    assert _names(page) == ["Baule", "Le Poinçonnet", "Lignières"]
    (current,) = page.xpath("//a[@aria-current='true']")
    assert current.text_content().split() == ["To", "decide", "3"]
    path = f"/en{LIST}?state=all&departement=36&sort=name&order=desc"
    page = _page(manager.get(path))
    assert _names(page) == ["Le Poinçonnet"]
    (sorted_by,) = page.xpath("//th[@aria-sort='descending']")
    assert "Collectivité" in sorted_by.text_content()
    links = page.xpath("//*[@id='applications']//a/@href")
    for wanted in ("applications.csv?", "/application/", "sort=population"):
        (link,) = [link for link in links if wanted in link]
        query = parse_qs(urlsplit(link).query)
        assert query["departement"] == ["36"], link
        assert query["state"] == ["all"], link
    assert page.xpath("//form[@role='search']//input[@name='sort']/@value") == ["name"]
    ticked = _page(manager.get(f"{LIST}?select=page"))
    assert len(ticked.xpath("//input[@name='ids' and @checked]")) == 3
    assert "matches" in _text(_page(manager.get(f"/en{LIST}?q=nulle-part")))
    assert manager.get(f"{LIST}?kind=castle").status_code == 400


def test_old_addresses_lead_to_the_list(manager: Any) -> None:
    for path in (DESK, f"{DESK}?tab=applications&state=refused"):
        answer = manager.get(path)
        assert answer.status_code == 302
        assert "/saison-3/applications" in answer.headers["Location"]
    assert "state=refused" in answer.headers["Location"]
    assert manager.get(f"{DESK}?tab=participants").status_code == 200


@pytest.mark.parametrize("kind", ["csv", "xlsx", "ods", "json"])
def test_the_filtered_list_is_taken_along(manager: Any, kind: str) -> None:
    answer = manager.get(f"{LIST}.{kind}?state=all&departement=36")
    assert answer.status_code == 200
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment")
    assert f".{kind}" in disposition
    assert answer.is_streamed
    content = answer.get_data()
    if kind == "json":
        (row,) = json.loads(content)
        assert row["siren"] == POINCONNET
    elif kind == "csv":
        assert content.count(b"\r\n") == 2
    else:
        assert content.startswith(b"PK")


def test_a_decision_on_several_is_shown_before_it_is_taken(
    manager: Any, world: Any, mailbox: Any
) -> None:
    rows = _applications(world)
    ids = [rows[name]["id"] for name in ("Baule", "Le Poinçonnet")]
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=rows["Lignières"]["id"],
        decision="waitlist",
    )
    asked = {
        "ids": [*ids, rows["Lignières"]["id"]],
        "decision": "waitlist",
    }
    path = f"/en{LIST}/decide?sort=name"
    page = _page(manager.post(path, asked))
    text = _text(page)
    assert "Nothing has happened yet" in text
    assert rows["Baule"]["reference"] in text
    assert f"To: {POINCONNET}@example.org" in text
    (left_out,) = page.xpath("//*[@aria-labelledby='left-out']")
    assert "Lignières" in left_out.text_content()
    assert sorted(page.xpath("//input[@name='ids']/@value")) == sorted(ids)
    states = {row["state"] for row in _applications(world, ids=ids).values()}
    assert states == {"submitted"}

    page = _page(manager.post(path, {**asked, "ids": ids, "do": "confirm"}))
    assert "2 of 2 decided" in _text(page)
    assert page.xpath("//a[contains(@href, 'sort=name')]")
    states = {row["state"] for row in _applications(world, ids=ids).values()}
    assert states == {"waitlisted"}


def test_what_is_wrong_for_all_is_mended_where_it_was_typed(
    manager: Any, world: Any
) -> None:
    ids = [row["id"] for row in _applications(world).values()]
    path = f"/en{LIST}/decide"
    page = _page(manager.post(path, {"ids": ids, "decision": "refuse"}))
    assert page.xpath("//textarea[@name='reason' and @required]")
    # Without a reason none is refused.
    asked = {"ids": ids, "decision": "refuse", "reason": " ", "do": "confirm"}
    page = _page(manager.post(path, {**asked, "pending": "true"}))
    assert page.xpath("//a[@href='#field-reason']")
    assert "Say why; the applicant will read it" in _text(page)
    assert len(page.xpath("//input[@name='ids']")) == 3
    assert page.xpath("//input[@name='pending'][@checked]")
    states = {row["state"] for row in _applications(world, ids=ids).values()}
    assert states == {"submitted"}


def test_what_cannot_be_decided_is_said_for_each(manager: Any, world: Any) -> None:
    rows = _applications(world)
    ids = [row["id"] for row in rows.values()]
    path = f"/en{LIST}/decide"
    _page(manager.post(path, _refusing(ids[0])))
    page = _page(manager.post(path, _refusing(*ids)))
    assert "2 of 3 decided" in _text(page)
    assert len(page.xpath("//td[@data-tone='late']")) == 1
    page = _page(manager.post(path, _refusing(*ids)))
    assert "0 of 3 decided" in _text(page)
    assert len(page.xpath("//td[@data-tone='late']")) == 3
    answer = manager.post(path, {"decision": "refuse"})
    assert answer.status_code == 302
    said = manager.get(f"/en{LIST}").get_data(as_text=True)
    assert "Choose at least one application." in said


def _refusing(*ids: str) -> dict[str, Any]:
    given = {"decision": "refuse", "reason": "Hors région.", "do": "confirm"}
    return {"ids": list(ids), **given}


def _sent(page: Any) -> dict[str, Any]:
    """What the page sends whose button has the focus."""
    (button,) = page.xpath("//button[@autofocus]")
    (form,) = button.xpath("ancestor::form")
    sent: dict[str, Any] = {button.get("name"): button.get("value")}
    for field in form.xpath(".//input"):
        if field.get("name") == "fields":
            sent.setdefault("fields", []).append(field.get("value"))
        else:
            sent[field.get("name")] = field.get("value")
    return sent


def _published(manager: Any, page: Any = None) -> Any:
    """What comes of publishing what the page shows, or would show now."""
    if page is None:
        page = _page(manager.get(f"/en{LIST}/publish"))
    shown = page.xpath("//input[@name='shown']/@value")
    return _page(manager.post(f"/en{LIST}/publish", {"shown": shown}))


def test_decisions_are_kept_and_published_together(
    manager: Any, world: Any, mailbox: Any
) -> None:
    rows = _applications(world)
    page = f"{DESK}/application/{rows['Baule']['id']}"
    answer = manager.post(
        f"/en{page}",
        {"decision": "refuse", "reason": "Revenez en mars.", "pending": "true"},
    )
    assert answer.status_code == 302
    shown = _text(_page(manager.get(f"/en{page}")))
    assert "Kept to be published: Refusal" in shown
    name = world.people["manager"]["fullname"]
    assert f"by {name}, " in shown
    listed = _text(_page(manager.get(f"/en{LIST}")))
    assert "1 decision waits to be published" in listed
    assert "Refusal (to publish)" in listed
    assert _names(_page(manager.get(f"{LIST}?pending=true"))) == ["Baule"]
    publish = _text(_page(manager.get(f"/en{LIST}/publish")))
    assert "Revenez en mars." in publish
    assert f"kept by {name}" in publish
    assert _applications(world)["Baule"]["state"] == "submitted"
    assert "1 of 1 decided" in _text(_published(manager))
    assert _applications(world)["Baule"]["state"] == "refused"

    kept = f"{DESK}/application/{rows['Lignières']['id']}"
    manager.post(kept, {"decision": "accept", "pending": "true"})
    shown = _page(manager.post(f"/en{kept}/pending"))
    assert "Acceptance, kept by" in _text(shown)
    assert _applications(world)["Lignières"]["pending_decision"] is not None
    assert manager.post(f"{kept}/pending", _sent(shown)).status_code == 302
    assert _applications(world)["Lignières"]["pending_decision"] is None


def _keep(world: Any, who: str, id_: str, decision: str, **more: Any) -> None:
    call_as(
        world.people[who],
        "challenge_application_review",
        id=id_,
        decision=decision,
        pending=True,
        **more,
    )


def test_only_what_the_page_showed_is_published(
    manager: Any, world: Any, monkeypatch: pytest.MonkeyPatch, mailbox: Any
) -> None:
    ids = {name: row["id"] for name, row in _applications(world).items()}
    _keep(world, "manager", ids["Baule"], "waitlist")
    _keep(world, "manager", ids["Lignières"], "waitlist")
    page = _page(manager.get(f"/en{LIST}/publish"))
    # After the page was opened a colleague keeps one more, and replaces another.
    _keep(world, "sysadmin", ids["Le Poinçonnet"], "accept")
    _keep(world, "sysadmin", ids["Lignières"], "refuse", reason="Hors région.")
    result = _published(manager, page)
    name = world.people["sysadmin"]["fullname"] or world.people["sysadmin"]["name"]
    assert "1 of 2 decided" in _text(result)
    assert f"Another decision is kept by now: Refusal, by {name}" in _text(result)
    (left,) = result.xpath("//*[@aria-labelledby='left']//li")
    assert "Le Poinçonnet" in left.text_content()
    assert f"kept by {name}" in left.text_content()
    found = _applications(world)
    assert {name: row["state"] for name, row in found.items()} == {
        "Baule": "waitlisted",
        "Lignières": "submitted",
        "Le Poinçonnet": "submitted",
    }
    # The same page once more: nothing is left of it to publish.
    again = _text(_published(manager, page))
    assert "0 of 2 decided" in again
    assert "No decision is kept here any more" in again
    # Without a page nothing goes: it is shown.
    text = _text(_page(manager.post(f"/en{LIST}/publish")))
    assert "Decisions to publish (2)" in text
    assert len(_names(_page(manager.get(f"{LIST}?pending=true")))) == 2
    # Where the page cannot show all, the others wait.
    # The package has a blueprint of the name of this room.
    shown_at_once = sys.modules["ckanext.challenge.views.manager.decisions"]
    monkeypatch.setattr(shown_at_once, "MOST", 1)
    page = _page(manager.get(f"/en{LIST}/publish"))
    assert "Decisions to publish (2)" in _text(page)
    assert "Here are the first 1." in _text(page)
    result = _published(manager, page)
    assert "1 of 1 decided" in _text(result)
    assert len(result.xpath("//*[@aria-labelledby='left']//li")) == 1


def test_a_decision_on_one_is_shown_before_it_is_taken(
    manager: Any, world: Any, mailbox: Any
) -> None:
    rows = _applications(world)
    baule = rows["Baule"]["id"]
    file = f"/en{DESK}/application/{baule}?sort=name"

    def state() -> str:
        return _applications(world)["Baule"]["state"]

    given = {"decision": "refuse", "reason": "Hors région.", "then": "next"}
    page = _page(manager.post(file, given))
    assert page.findtext(".//h1") == "Refuse: Baule"
    text = _text(page)
    assert "Nothing has happened yet" in text
    assert "Hors région." in text
    assert "The application is closed." in text
    assert state() == "submitted"
    assert page.xpath("//a[contains(@href, 'sort=name') and text()='Change nothing']")
    # What was typed can be changed, and is still there.
    sent = _sent(page)
    form = _page(manager.post(file, {**sent, "do": "edit"}))
    assert form.xpath("//textarea[@id='field-reason']")[0].text == "Hors région."
    assert form.xpath("//input[@name='then' and @checked]")
    answer = manager.post(file, sent)
    assert answer.status_code == 302
    assert baule not in answer.headers["Location"]
    assert state() == "refused"

    for decision in ("reopen", "waitlist", "accept"):
        before = state()
        page = _page(manager.post(file, {"decision": decision}))
        assert "Nothing has happened yet" in _text(page)
        assert state() == before
        assert manager.post(file, _sent(page)).status_code == 302
    assert state() == "accepted"

    other = f"/en{DESK}/application/{rows['Lignières']['id']}"
    # Nobody is told of these, and nothing ends.
    assert manager.post(other, {"decision": "start"}).status_code == 302
    changes = {
        "decision": "request_changes",
        "reason": "À revoir.",
        "fields": ["agents", "attachments"],
        "kind": "incomplete",
    }
    sent = _sent(_page(manager.post(other, changes)))
    assert sent["fields"] == ["agents", "attachments"]
    assert sent["kind"] == "incomplete"
    kept = {"decision": "waitlist", "pending": "true"}
    assert manager.post(other, kept).status_code == 302


def test_what_somebody_keeps_does_not_end_by_one_click(
    manager: Any, world: Any
) -> None:
    wanted = _applications(world)["Baule"]["id"]
    file = f"/en{DESK}/application/{wanted}"

    def kept() -> dict[str, Any] | None:
        return _applications(world)["Baule"]["pending_decision"]

    _keep(world, "sysadmin", wanted, "refuse", reason="Hors région.")
    name = world.people["sysadmin"]["fullname"] or world.people["sysadmin"]["name"]
    assert f"by {name}" in _text(_page(manager.get(file)))
    drop = _page(manager.post(f"{file}/pending"))
    assert "Hors région." in _text(drop)
    assert f"Refusal, kept by {name}" in _text(drop)
    over = _page(manager.post(file, {"decision": "waitlist", "pending": "true"}))
    assert f"Kept until now: Refusal, by {name}" in _text(over)
    # The colleague thinks better of it; what the pages showed is no more.
    _keep(world, "sysadmin", wanted, "refuse", reason="Sans objet.")
    manager.post(f"{file}/pending", _sent(drop))
    refused = _page(manager.post(file, _sent(over)))
    assert "Another decision is kept by now: Refusal" in _text(refused)
    found = kept()
    assert found is not None
    assert found["reason"] == "Sans objet."
    over = _page(manager.post(file, {"decision": "waitlist", "pending": "true"}))
    assert manager.post(file, _sent(over)).status_code == 302
    found = kept()
    assert found is not None
    assert found["decision"] == "waitlist"
    manager.post(f"{file}/pending", _sent(_page(manager.post(f"{file}/pending"))))
    assert kept() is None
    # There is nothing to show any more.
    assert manager.post(f"{file}/pending").status_code == 302


def test_several_are_handed_to_one_reader(manager: Any, world: Any) -> None:
    rows = _applications(world)
    me = world.people["manager"]["id"]
    chosen = [rows[name]["id"] for name in ("Baule", "Lignières")]
    answer = manager.post(f"{LIST}/decide", {"ids": chosen, "decision": f"assign:{me}"})
    assert answer.status_code == 302
    assert _names(_page(manager.get(f"{LIST}?reviewer=me"))) == ["Baule", "Lignières"]


def test_the_file_has_everything_on_one_page(
    manager: Any, world: Any, mailbox: Any
) -> None:
    rows = _applications(world)
    # The directory says otherwise by now, and there is a homonym.
    model.Session.execute(
        model.meta.metadata.tables["challenge_collectivite"]
        .update()
        .where(
            model.meta.metadata.tables["challenge_collectivite"].c.siren == LIGNIERES[0]
        )
        .values(population=1444)
    )
    model.Session.commit()
    page = f"/en{DESK}/application/{rows['Lignières']['id']}"
    assert (
        manager.post(f"{page}/note", {"text": "À rappeler lundi."}).status_code == 302
    )
    assert manager.post(f"{page}/message", {"text": "Bonjour !"}).status_code == 302
    me = world.people["manager"]["id"]
    assert manager.post(f"{page}/assign", {"reviewer": me}).status_code == 302
    shown = _page(manager.get(page))
    text = _text(shown)
    for expected in (
        "Not as the directory says: Inhabitants",
        "directory: 1,444",
        "Other collectivités have this name",
        "In the directory: Lignières · Loir-et-Cher",
        "À rappeler lundi.",
        "Bonjour !",
        "“Draft” became “Received”",
        "A note was written",
        "The contact has opened the link",
        "Receipt",
    ):
        assert expected in text, expected
    (reader,) = shown.xpath("//select[@name='reviewer']/option[@selected]/@value")
    assert reader == me
    # What was typed stays where it is refused.
    answer = _page(manager.post(page, {"decision": "refuse", "reason": " "}))
    assert "challenge-errors" in answer.xpath("//@id")
    answer = _page(
        manager.post(f"{page}/preview", {"decision": "preview:refuse", "reason": "Né."})
    )
    (mail,) = answer.xpath("//*[@id='preview-mail']")
    assert "Né." in mail.text_content()
    assert _applications(world)["Lignières"]["state"] == "submitted"


def test_a_decision_leads_to_the_next_file_where_that_is_asked_for(
    manager: Any, world: Any
) -> None:
    rows = _applications(world)
    ids = [row["id"] for row in rows.values()]
    page = f"{DESK}/application/{ids[0]}?sort=reference"
    shown = _page(manager.get(page))
    (following,) = shown.xpath("//a[@rel='next']/@href")
    assert ids[1] in following
    assert "sort=reference" in following
    answer = manager.post(page, {"decision": "start"})
    assert ids[0] in answer.headers["Location"]
    do = {"do": "confirm", "decision": "waitlist", "then": "next"}
    answer = manager.post(page, do)
    assert ids[1] in answer.headers["Location"]
    assert "then=next" in answer.headers["Location"]
    rest = _page(manager.get(answer.headers["Location"]))
    assert rest.xpath("//input[@name='then' and @checked]")
    for id_ in ids[1:]:
        answer = manager.post(f"{DESK}/application/{id_}", do)
    assert urlsplit(answer.headers["Location"]).path.endswith("/applications")


def test_the_waiting_list_is_ordered_by_hand(manager: Any, world: Any) -> None:
    for name in ("Baule", "Le Poinçonnet"):
        call_as(
            world.people["manager"],
            "challenge_application_review",
            id=_applications(world)[name]["id"],
            decision="waitlist",
        )
    second = f"{DESK}/application/{_applications(world)['Le Poinçonnet']['id']}"
    assert "Number 2" in _text(_page(manager.get(f"/en{second}")))
    assert manager.post(f"{second}/rank", {"rank": "1"}).status_code == 302
    assert "Number 1" in _text(_page(manager.get(f"/en{second}")))
    listed = _text(_page(manager.get(f"/en{LIST}")))
    assert "Next on the waiting list: Le Poinçonnet" in listed
    assert _page(manager.post(f"{second}/rank", {"rank": "no"})).xpath(
        "//*[@id='error-rank']"
    )


def test_nothing_of_the_desk_opens_to_others(
    manager: Any, browser: Callable[..., Any], world: Any
) -> None:
    id_ = _applications(world)["Baule"]["id"]
    posts: dict[str, dict[str, Any]] = {
        "/state": {"to": "running"},
        "/applications/decide": {"ids": [id_], "decision": "accept"},
        "/applications/publish": {},
        f"/application/{id_}": {"decision": "accept"},
        f"/application/{id_}/preview": {"decision": "preview:accept"},
        f"/application/{id_}/pending": {},
        f"/application/{id_}/assign": {"reviewer": ""},
        f"/application/{id_}/rank": {"rank": "1"},
        f"/application/{id_}/message": {"text": "x"},
        f"/application/{id_}/note": {"text": "x"},
    }
    gets = [LIST, f"{LIST}.csv", f"{LIST}/publish", f"{DESK}/application/{id_}"]
    for role in ("stranger", "member", "applicant", "adviser"):
        reader = browser(role)
        for path in gets:
            assert reader.get(path).status_code == 403, (role, path)
        for path, data in posts.items():
            answer = reader.post(DESK + path, data)
            assert answer.status_code == 403, (role, path)
    visitor = browser()
    for path in gets:
        assert "/user/login" in visitor.get(path).headers["Location"]
    for path, data in posts.items():
        assert visitor.post(DESK + path, data).status_code in (302, 400), path
    assert _applications(world)["Baule"]["state"] == "submitted"
    # Nor does the file of one season show under the name of another.
    other = f"/challenge/manage/saison-2/application/{id_}"
    assert manager.get(other).status_code == 404


def test_the_desk_sends_as_many_statements_for_many_as_for_few(
    manager: Any, world: Any
) -> None:
    first = _applications(world)["Baule"]["id"]
    paths = (LIST, f"{LIST}?q=commune&sort=name", f"{DESK}/application/{first}")

    def statements() -> list[int]:
        numbers = []
        for path in paths:
            manager.get(path)
            with sent_statements() as sent:
                assert manager.get(path).status_code == 200
            numbers.append(len(sent))
        return numbers

    few = statements()
    model.Session.add_all(
        Application(
            id=make_id(),
            cohort_id=world.open_cohort["id"],
            reference=f"S3-9{number:03d}",
            siren=f"{number:09d}",
            organization_title="Baule" if number % 9 == 0 else f"Commune {number}",
            state="submitted",
            submitted_at=utcnow(),
        )
        for number in range(200)
    )
    model.Session.commit()
    assert statements() == few


def test_the_history_of_each_object_is_for_its_staff(
    browser: Callable[..., Any], world: Any
) -> None:
    paths = (f"/en{world.url}", f"/en/challenge/awards/{world.award['id']}")
    for role in ("adviser", "manager", "sysadmin"):
        reader = browser(role)
        for path in (*paths, "/en/challenge/manage/saison-2?tab=participants"):
            assert _page(reader.get(path)).xpath("//*[@id='history']"), (role, path)
    for role in (None, "member", "stranger"):
        reader = browser(role)
        for path in paths:
            assert not _page(reader.get(path)).xpath("//*[@id='history']"), (role, path)


def test_what_a_colleague_keeps_is_named_before_and_after_it_is_replaced(
    manager: Any, world: Any
) -> None:
    rows = _applications(world)
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id=world.open_cohort["id"],
        capacity=2,
    )
    ids = {name: row["id"] for name, row in rows.items()}
    for name in ("Baule", "Lignières"):
        call_as(
            world.people["sysadmin"],
            "challenge_application_review",
            id=ids[name],
            decision="accept",
            pending=True,
        )
    # Nobody takes part yet; both places are promised.
    page = _text(_page(manager.get(f"/en{LIST}")))
    assert "0 places left of 2" in page
    path = f"/en{LIST}/decide"
    other = {"ids": [ids["Le Poinçonnet"]], "decision": "accept"}
    assert "Only 0 places are left" in _text(_page(manager.post(path, other)))
    name = world.people["sysadmin"]["fullname"] or world.people["sysadmin"]["name"]
    # What is decided again takes no second place.
    again = {"ids": [ids["Baule"], ids["Lignières"]], "decision": "accept"}
    assert "places are left" not in _text(_page(manager.post(path, again)))
    asked = {"ids": [ids["Baule"]], "decision": "refuse", "reason": "Trop tard."}
    text = _text(_page(manager.post(path, asked)))
    assert f"Kept until now: Acceptance, by {name}" in text
    text = _text(_page(manager.post(path, {**asked, "do": "confirm"})))
    assert "1 of 1 decided" in text
    assert f"Kept until now: Acceptance, by {name}" in text
    assert "1 place left of 2" in _text(_page(manager.get(f"/en{LIST}")))


@pytest.mark.parametrize("many", [False, True])
def test_an_acceptance_while_solr_is_down_is_said(
    manager: Any, world: Any, monkeypatch: pytest.MonkeyPatch, many: bool
) -> None:
    take_down(monkeypatch)
    wanted = _applications(world)["Lignières"]["id"]
    if many:
        answer = manager.post(
            f"/en{LIST}/decide",
            {"ids": [wanted], "decision": "accept", "do": "confirm"},
        )
    else:
        page = f"/en{DESK}/application/{wanted}"
        do = {"decision": "accept", "do": "confirm"}
        assert manager.post(page, do).status_code == 302
        answer = manager.get(page)
    text = " ".join(_page(answer).text_content().split())
    assert "The portal's search does not answer." in text
    assert _applications(world, state="accepted")["Lignières"]


def test_a_finished_season_asks_to_answer_all_and_offers_nothing_else(
    manager: Any, world: Any
) -> None:
    for state in ("running", "finished"):
        call_as(
            world.people["manager"],
            "challenge_cohort_transition",
            id=world.open_cohort["id"],
            to=state,
        )
    page = _page(manager.get(f"/en{LIST}"))
    assert "3 applications have no answer" in _text(page)
    offered = page.xpath("//select[@id='batch-decision']/optgroup[1]/option/@value")
    assert offered == ["refuse"]
    sent = {"ids": "unanswered", "decision": "refuse"}
    shown = _page(manager.post(f"/en{LIST}/decide", sent))
    ids = shown.xpath("//input[@name='ids']/@value")
    assert len(ids) == 3
    done = manager.post(
        f"/en{LIST}/decide",
        {"ids": ids, "decision": "refuse", "reason": "C'est fini.", "do": "confirm"},
    )
    assert done.status_code == 200
    found = _applications(world)
    assert {row["state"] for row in found.values()} == {"refused"}
    assert "no answer" not in _text(_page(manager.get(f"/en{LIST}")))


CRITERIA = [
    {"key": "envie", "label": {"fr": "Envie", "en": "Will"}, "weight": 3},
    {"key": "moyens", "label": {"fr": "Moyens", "en": "Means"}},
]


def _with_criteria(world: Any) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.open_cohort["id"],
        criteria=CRITERIA,
    )


def test_a_reader_scores_and_then_sees_what_the_others_gave(
    manager: Any, world: Any
) -> None:
    _with_criteria(world)
    id_ = _applications(world)["Baule"]["id"]
    call_as(
        world.people["sysadmin"],
        "challenge_score_create",
        id=id_,
        scores={"envie": 5, "moyens": 1},
        comment="Très partants",
    )
    path = f"/en{DESK}/application/{id_}"
    shown = _text(_page(manager.get(path)))
    assert "1 reader has given scores" in shown
    assert "Très partants" not in shown
    given = {"scores-envie": "3", "scores-moyens": "", "comment": "Pressés"}
    page = _page(manager.post(f"{path}/score", data=given))
    assert page.xpath("//a[@href='#field-scores-moyens']")
    assert page.xpath("//select[@name='scores-envie']/option[@selected]/@value") == [
        "3"
    ]
    assert page.xpath("//form//textarea[@name='comment']/text()")[0] == "Pressés"
    answer = manager.post(f"{path}/score", data={**given, "scores-moyens": "1"})
    assert answer.status_code == 302
    shown = _text(_page(manager.get(path)))
    assert "3.25 out of 5 · spread 1.5 · 2 readers" in shown
    assert "Très partants" in shown
    rows = _text(_page(manager.get(f"/en{LIST}?sort=score")))
    assert "3.25 (2) · spread 1.5" in rows
    assert _names(_page(manager.get(f"/en{LIST}?reading=none"))) == [
        "Le Poinçonnet",
        "Lignières",
    ]
    manager.post(f"{path}/score", data={"conflict": "true", "comment": "Parent"})
    shown = _text(_page(manager.get(path)))
    assert "You have declared a conflict of interest" in shown
    assert "Très partants" not in shown


def test_without_criteria_the_desk_is_as_it_was(manager: Any, world: Any) -> None:
    page = _page(manager.get(f"/en{LIST}"))
    assert "reading" not in page.xpath("//form[@role='search']//select/@name")
    id_ = _applications(world)["Baule"]["id"]
    page = _page(manager.get(f"/en{DESK}/application/{id_}"))
    assert not page.xpath("//*[@id='scores']")
    # A conflict of interest can be told all the same.
    assert page.xpath("//input[@name='conflict']")


def test_answers_choose_applications_and_stand_in_columns(
    manager: Any, world: Any
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id=world.open_cohort["id"],
        questions=[{"key": "pret", "label": "Prêt ?", "type": "yes_no"}],
    )
    id_ = _applications(world)["Baule"]["id"]
    application = model.Session.get(Application, id_)
    assert application is not None
    application.answers = {"pret": True}
    model.Session.commit()
    page = _page(manager.get(f"/en{LIST}?answers-pret=true&columns=pret"))
    assert _names(page) == ["Baule"]
    assert "Prêt ?" in page.xpath("//table//thead")[0].text_content()
    assert page.xpath("//td[@data-label='Prêt ?']/text()") == ["Yes"]
    # Every link goes on with it.
    for wanted in ("applications.csv?", "/application/", "sort=population"):
        links = page.xpath("//*[@id='applications']//a/@href")
        (link,) = [link for link in links if wanted in link]
        query = parse_qs(urlsplit(link).query)
        assert query["answers-pret"] == ["true"], link
    assert manager.get(f"{LIST}.csv?answers-pret=true").status_code == 200
    page = _page(manager.get(f"/en{DESK}/application/{id_}?answers-pret=true"))
    assert "1 of 1" in _text(page)
    assert manager.get(f"{LIST}?answers-autre=x").status_code == 400


def test_the_applications_are_told_in_figures(manager: Any, world: Any) -> None:
    page = _page(manager.get(f"/en{LIST}/statistics"))
    assert "3 applications were submitted." in _text(page)
