"""The checklist: what each reader sees of a step, and may do about it."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from ckan import model
from ckan.tests import factories
from factories import call_as, day
from lxml import html

from benchmarks.statements import sent_statements
from ckanext.challenge import programmes
from ckanext.challenge.common import file_store, page_cache
from ckanext.challenge.conformity import jobs
from ckanext.challenge.model import Conformity, StepStatus
from ckanext.challenge.progress import evaluate

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


pytestmark = pytest.mark.usefixtures("storage")


def _page(answer: Any) -> Any:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    return html.document_fromstring(answer.get_data(as_text=True))


def _step(page: Any, key: str) -> Any:
    (found,) = page.xpath("//li[@id=$id]", id=f"step-{key}")
    return found


def _text(element: Any) -> str:
    return " ".join(element.text_content().split())


def _upload(name: str = "délibération.pdf") -> tuple[io.BytesIO, str]:
    return io.BytesIO(PDF), name


def _detail(world: Any, step: str) -> dict[str, Any]:
    progress = call_as(
        world.people["member"],
        "challenge_progress_show",
        organization=world.participant["organization_id"],
        cohort="saison-2",
    )
    (row,) = [row for row in progress["steps"] if row["step"] == step]
    return row


def test_a_file_is_sent_read_sent_back_and_confirmed(
    browser: Callable[..., Any], world: Any
) -> None:
    member, adviser = browser("member"), browser("adviser")
    url = f"{world.url}/step/deliberation"
    form = _step(_page(member.get(world.url)), "deliberation").xpath(".//form")[0]
    assert form.get("enctype") == "multipart/form-data"
    sent = member.post(
        form.get("action"),
        {
            "state": "to_confirm",
            "deliberation-note": "Votée en mai",
            "deliberation-evidence_file": _upload(),
        },
    )
    assert sent.headers["Location"].endswith("#step-deliberation")
    step = _step(_page(adviser.get(world.url)), "deliberation")
    assert "Votée en mai" in _text(step)
    (link,) = step.xpath(".//a[contains(@href, '/file')]")
    assert link.text == "délibération.pdf"
    answer = adviser.get(link.get("href"))
    assert answer.get_data() == PDF
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "délibération.pdf" in unquote(answer.headers["Content-Disposition"])
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "private" in answer.headers["Cache-Control"]
    for other in (browser(), browser("stranger")):
        assert other.get(link.get("href")).status_code in (302, 403)
        assert "délibération.pdf" not in other.get(world.url).get_data(as_text=True)
    # Nothing that the adviser typed is lost either.
    refused = adviser.post(
        f"{url}/confirm",
        {"confirmed": "false", "deliberation-confirm_note": "Il <b>manque</b>"},
    )
    step = _step(_page(refused), "deliberation")
    (typed,) = step.xpath(".//textarea[@name='deliberation-confirm_note']")
    assert typed.text.strip() == "Il <b>manque</b>"
    assert typed.get("aria-invalid") == "true"
    adviser.post(
        f"{url}/confirm",
        {"confirmed": "false", "deliberation-confirm_note": "Il manque la date"},
    )
    step = _text(_step(_page(member.get(world.url)), "deliberation"))
    assert "Il manque la date" in step
    assert "Votée en mai" in step
    member.post(url, {"state": "to_confirm"})
    page = _page(adviser.get(world.url))
    confirming = ".//form[contains(@action, '/confirm')]//input[@name='updated_at']"
    (seen,) = _step(page, "deliberation").xpath(confirming)
    member.post(url, {"state": "to_confirm", "deliberation-note": "La bonne, ici"})
    answer = {"confirmed": "true", "updated_at": seen.get("value")}
    step = _step(_page(adviser.post(f"{url}/confirm", answer)), "deliberation")
    assert "a changé entre-temps" in _text(step)
    (seen,) = step.xpath(confirming)
    adviser.post(f"{url}/confirm", {**answer, "updated_at": seen.get("value")})
    assert "est confirmée" in adviser.get(world.url).get_data(as_text=True)
    row = _detail(world, "deliberation")
    assert (row["state"], row["evidence_file"]["name"]) == ("done", "délibération.pdf")
    # Whose word it is, when, and for its people from whom.
    name = world.people["adviser"]["fullname"]
    assert (row["assurance"], row["confirmed_by"]) == ("confirmed", name)
    assert row["confirmed_at"] == row["updated_at"]
    step = _text(_step(_page(member.get(f"/en{world.url}")), "deliberation"))
    assert f"confirmed by the support team ({name}, " in step
    public = _text(_step(_page(browser().get(f"/en{world.url}")), "deliberation"))
    assert "confirmed by the support team" in public
    assert name not in public


def test_of_two_windows_the_second_is_told(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    url = f"{world.url}/step/deliberation"

    def seen(page: Any) -> str:
        (field,) = _step(page, "deliberation").xpath(".//input[@name='updated_at']")
        return field.get("value")

    read = seen(_page(member.get(world.url)))
    note = "deliberation-note"
    member.post(url, {"state": "in_progress", note: "Au vote", "updated_at": read})
    late = {"state": "in_progress", note: "Reportée", "updated_at": read}
    refused = _page(member.post(url, late))
    step = _step(refused, "deliberation")
    assert "a reçu une autre réponse entre-temps" in _text(step)
    (typed,) = step.xpath(f".//textarea[@name='{note}']")
    assert typed.text.strip() == "Reportée"
    assert _detail(world, "deliberation")["note"] == "Au vote"
    member.post(url, {**late, "updated_at": seen(refused)})
    assert _detail(world, "deliberation")["note"] == "Reportée"


def test_a_file_that_has_gone_is_no_error(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    url = f"{world.url}/step/deliberation"
    form = {"state": "to_confirm", "deliberation-evidence_file": _upload()}
    member.post(url, form)
    file_store.remove(_detail(world, "deliberation")["evidence_file"]["id"])
    assert member.get(f"{url}/file").status_code == 404


def test_nothing_is_lost_of_a_form_that_is_refused(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    url = f"{world.url}/step/deliberation"
    typed = {
        "deliberation-note": "Votée en mai",
        "deliberation-evidence_url": "https://www.example.org/deliberation.pdf",
        "deliberation-planned_for": day(-3).isoformat(),
    }
    refused = member.post(
        url, {"state": "planned", "deliberation-evidence_file": _upload(), **typed}
    )
    page = _page(refused)
    step = _step(page, "deliberation")
    assert step.xpath(".//details[@open]")
    (anchor,) = step.xpath(".//*[@id='challenge-errors']//a/@href")
    (field,) = page.xpath("//*[@id=$id]", id=anchor[1:])
    assert field.get("name") == "deliberation-planned_for"
    for name, value in typed.items():
        (field,) = step.xpath(".//*[@name=$name]", name=name)
        assert (field.get("value") or (field.text or "").strip()) == value
    # Not even the file, which no browser fills in again.
    assert step.xpath(".//a[text()='délibération.pdf']")
    assert _detail(world, "deliberation")["state"] == "todo"
    wrong = member.post(
        url,
        {
            "state": "done",
            "deliberation-evidence_file": (io.BytesIO(b"MZ\x90\0" * 9), "a.pdf"),
        },
    )
    (anchor,) = _page(wrong).xpath("//*[@id='challenge-errors']//a/@href")
    assert anchor == "#field-deliberation-evidence_file"
    row = _detail(world, "deliberation")
    assert row["evidence_file"]["name"] == "délibération.pdf"
    gone = {"state": "in_progress", "deliberation-evidence_remove": "true"}
    assert member.post(url, gone).status_code == 302
    assert _detail(world, "deliberation")["evidence_file"] is None


def test_a_day_is_planned_on_the_page(browser: Callable[..., Any], world: Any) -> None:
    member = browser("member")
    url = f"{world.url}/step/choix-licence"
    soon, past = day(9).isoformat(), day(-9).isoformat()
    member.post(url, {"state": "planned", "choix-licence-planned_for": soon})
    assert _detail(world, "choix-licence")["planned_for"] == soon
    step = _text(_step(_page(member.get(f"/en{world.url}")), "choix-licence"))
    assert "Planned for" in step
    # What stands in the field is no plan of what is done.
    member.post(
        url,
        {
            "state": "done",
            "choix-licence-note": "Licence Ouverte 2.0",
            "choix-licence-planned_for": past,
        },
    )
    assert _detail(world, "choix-licence")["state"] == "done"


def test_a_manager_waives_on_the_page_and_members_read_why(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    for step in ("elu-referent", "jeux-decrits"):
        url = f"{world.url}/step/{step}"
        refused = _page(manager.post(f"{url}/waive", {f"{step}-reason": ""}))
        (field,) = refused.xpath("//*[@name=$name]", name=f"{step}-reason")
        assert field.get("aria-invalid") == "true"
        manager.post(f"{url}/waive", {f"{step}-reason": "Sans objet ici"})
        shown = _step(_page(browser("member").get(world.url)), step)
        assert "Sans objet ici" in _text(shown)
        assert not shown.xpath(".//form")
        assert "Sans objet" not in browser().get(world.url).get_data(as_text=True)
        (form,) = _step(_page(manager.get(world.url)), step).xpath(".//form")
        assert form.get("action").partition("#")[0] == f"{url}/unwaive"
        assert manager.post(form.get("action")).status_code == 302
        assert _detail(world, step)["state"] == "todo"
    for role in ("member", "adviser"):
        page = browser(role).get(world.url).get_data(as_text=True)
        assert "/waive" not in page


def test_a_manager_gives_more_time_on_the_page_and_members_read_why(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, step = browser("manager"), "premier-jeu"
    url = f"{world.url}/step/{step}"
    season_day = _detail(world, step)["due"]
    given = {f"{step}-extend_due": season_day, f"{step}-extend_reason": "Budget voté"}
    refused = _page(manager.post(f"{url}/extend", given))
    (field,) = refused.xpath("//*[@name=$name]", name=f"{step}-extend_due")
    assert field.get("aria-invalid") == "true"
    (typed,) = refused.xpath("//*[@name=$name]", name=f"{step}-extend_reason")
    assert typed.text == "Budget voté"
    later = day(100).isoformat()
    manager.post(f"{url}/extend", {**given, f"{step}-extend_due": later})
    assert _detail(world, step)["due"] == later
    assert "Budget voté" in _text(_step(_page(browser("member").get(world.url)), step))
    assert "Budget voté" not in browser().get(world.url).get_data(as_text=True)
    (button,) = _step(_page(manager.get(world.url)), step).xpath(".//*[@formaction]")
    manager.post(button.get("formaction").partition("#")[0], given)
    assert _detail(world, step)["due"] == season_day
    for role in ("member", "adviser"):
        page = browser(role).get(world.url).get_data(as_text=True)
        assert "/extend" not in page


def test_the_kits_that_fit_are_offered_and_the_chosen_ones_come_first(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    offered = _page(member.get(world.url)).xpath("//fieldset[@id='kits']//input/@value")
    assert offered
    chosen = offered[-2:]
    sent = member.post(f"{world.url}/kits", {"kits": chosen})
    assert sent.headers["Location"].endswith("#kits")
    page = _page(member.get(world.url))
    assert page.xpath("//fieldset[@id='kits']//input/@value")[:2] == chosen
    checked = page.xpath("//fieldset[@id='kits']//input[@checked]/@value")
    assert checked == chosen
    # They stand at the step that the catalogue ticks by them, whatever its key.
    (step,) = page.xpath("//fieldset[@id='kits']/ancestor::li/@id")
    assert step == "step-choix-kits"


def test_a_link_opens_the_form_that_it_leads_to(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")
    page = _page(member.get(world.url))
    assert not page.xpath("//li[starts-with(@id, 'step-')]//details[@open]")
    (card,) = page.xpath("//section[contains(@class, 'challenge-now')]")
    (action, *_) = card.xpath(".//a[contains(@class, 'btn')]/@href")
    key = action.rpartition("#step-")[2]
    page = _page(member.get(world.url + action.partition("#")[0]))
    assert _step(page, key).xpath("./*/details[@open]")
    page = _page(member.get(f"{world.url}?step=kits"))
    assert page.xpath("//fieldset[@id='kits']/ancestor::details[@open]")


def test_the_page_sends_as_many_statements_however_much_is_missing(
    browser: Callable[..., Any], world: Any
) -> None:
    member = browser("member")

    def count() -> int:
        member.get(world.url)
        page_cache.forget_all()
        with sent_statements() as sent:
            member.get(world.url)
        return len(sent)

    evaluate.evaluate([world.participant["organization_id"]])
    few = count()
    for number in range(8):
        factories.Dataset(
            owner_org=world.participant["organization_id"],
            name=f"jeu-{number}",
            resources=[{"url": "https://www.example.org/a.pdf", "format": "PDF"}],
        )
    evaluate.evaluate([world.participant["organization_id"]])
    assert "jeu-" in member.get(world.url).get_data(as_text=True)
    assert count() == few


@pytest.mark.parametrize("who", ["member", "manager"])
def test_the_page_asks_once_for_its_season_and_its_participant(
    browser: Callable[..., Any], world: Any, who: str
) -> None:
    """Several actions make the page, and each of them looks for both."""
    reader = browser(who)
    reader.get(world.url)
    page_cache.forget_all()
    with sent_statements() as sent:
        reader.get(world.url)
    # The header counts what waits in the seasons of whoever is on a team.
    page = [one for one in sent if "bool_or(challenge_staff.role" not in one]
    # Steps come with what the participant was when they were read.
    page = [one for one in page if "JOIN challenge_participant" not in one]
    for table in ("challenge_cohort", "challenge_participant"):
        whole = [one for one in page if f"{table}.id AS {table}_id" in one]
        assert len(whole) == 1, table


@pytest.mark.parametrize(("over", "said"), [(False, "Nothing for"), (True, "is over")])
def test_who_has_nothing_to_do_is_told_why(
    browser: Callable[..., Any], world: Any, over: bool, said: str
) -> None:
    if over:
        call_as(
            world.people["manager"],
            "challenge_cohort_transition",
            id=world.cohort["id"],
            to="finished",
        )
    else:
        model.Session.query(StepStatus).filter_by(
            participant_id=world.participant["id"]
        ).update({"state": "waived"})
        model.Session.query(StepStatus).filter_by(
            participant_id=world.participant["id"], step="deliberation"
        ).update({"state": "to_confirm"})
        model.Session.commit()
    page = _page(browser("member").get(f"/en{world.url}"))
    (card,) = page.xpath("//section[contains(@class, 'challenge-now')]")
    assert said in _text(card)
    assert bool(page.xpath("//li[starts-with(@id, 'step-')]//form")) != over


def test_the_next_step_begins_where_it_is_done(
    browser: Callable[..., Any], world: Any
) -> None:
    """Whoever is to invite a colleague is not sent to publish, even without data."""
    (key,) = (
        step.key
        for step in programmes.get("saison").steps
        if step.measures == frozenset(["members"])
    )
    model.Session.query(StepStatus).filter(
        StepStatus.participant_id == world.participant["id"], StepStatus.step != key
    ).update({"state": "waived"})
    missing = {"measure": "members", "value": 1, "target": 2, "datasets": []}
    model.Session.query(StepStatus).filter_by(
        participant_id=world.participant["id"], step=key
    ).update({"state": "todo", "why_not": [missing]})
    model.Session.commit()
    # Its editor may not invite, and is told who may.
    for role in ("sysadmin", "member"):
        page = _page(browser(role).get(f"/en{world.url}"))
        if role == "sysadmin":
            assert page.xpath("//*[@id='members']/following-sibling::*//form")
            continue
        (card,) = page.xpath("//section[contains(@class, 'challenge-now')]")
        (link,) = card.xpath(".//a[contains(@class, 'btn')]")
        assert "Invite" in _text(link)
        assert link.get("href") == f"/en{world.url}#members"
        (box,) = page.xpath("//section[@aria-labelledby='members']")
        assert "administrator" in _text(box)


def _only(world: Any, key: str, **status: Any) -> None:
    """Leave one step to do."""
    of_participant: Any = model.Session.query(StepStatus).filter_by(
        participant_id=world.participant["id"]
    )
    of_participant.filter(StepStatus.step != key).update({"state": "waived"})
    of_participant.filter_by(step=key).update(status)
    model.Session.commit()


def _buttons(answer: Any) -> list[tuple[str, str]]:
    (card,) = _page(answer).xpath("//section[contains(@class, 'challenge-now')]")
    return [
        (_text(link), link.get("href"))
        for link in card.xpath(".//a[contains(@class, 'btn')]")
    ]


def test_the_kit_to_publish_is_one_that_is_not_published(
    browser: Callable[..., Any], world: Any
) -> None:
    """A dataset that was begun is gone on with: its address is taken."""
    missing = {"measure": "kits_covered", "value": 1, "target": 3, "datasets": []}
    _only(world, "trois-kits", state="todo", why_not=[missing])
    member = browser("member")
    member.post(f"{world.url}/kits", {"kits": ["deliberations", "subventions"]})
    (text, url), *_ = _buttons(member.get(f"/en{world.url}"))
    assert "challenge_kit=subventions" in url
    assert "deliberations" not in url
    factories.Dataset(
        owner_org=world.participant["organization_id"],
        name="subventions-commencees",
        title="Nos subventions",
        challenge_kit="subventions",
        private=True,
    )
    (text, url), *_ = _buttons(member.get(f"/en{world.url}"))
    assert (text, url) == (
        "Resume: Nos subventions",
        "/en/dataset/edit/subventions-commencees",
    )


def test_the_next_step_leads_to_the_cells_that_are_wrong(
    browser: Callable[..., Any], world: Any
) -> None:
    file = world.dataset["resources"][0]["id"]
    problems = [{"type": "type-error"}]
    model.Session.merge(
        Conformity(
            resource_id=file,
            schema="scdl/deliberations",
            status="invalid",
            errors=problems,
            error_count=25,
        )
    )
    missing = {
        "measure": "conform_datasets",
        "value": 0,
        "target": 1,
        "datasets": [world.dataset["id"]],
        "missing": {world.dataset["id"]: ["schema"]},
    }
    evaluate.evaluate([world.participant["organization_id"]])
    _only(world, "jeu-conforme", state="todo", why_not=[missing])
    ((text, url),) = _buttons(browser("member").get(f"/en{world.url}"))
    assert text == "Correct the 25 points of “Délibérations & <arrêtés>”"
    assert url.endswith(f"/resource/{file}#challenge-conformity")
    shown = _text(_page(browser("member").get(f"/en{world.url}")))
    assert "25 points to correct in its file" in shown


def test_the_next_step_says_why_a_proof_came_back(
    browser: Callable[..., Any], world: Any
) -> None:
    _only(world, "deliberation", state="in_progress", reason="Il manque la date")
    (card,) = _page(browser("member").get(world.url)).xpath(
        "//section[contains(@class, 'challenge-now')]"
    )
    assert "Il manque la date" in _text(card)
    (link,) = card.xpath(".//a[contains(@class, 'btn')]")
    assert link.get("href").endswith("#step-deliberation")


def test_what_keeps_a_step_open_is_a_link_to_its_field(
    browser: Callable[..., Any], world: Any
) -> None:
    factories.Dataset(
        owner_org=world.participant["organization_id"],
        title="Prénoms <2022>",
        name="prenoms-2022",
        license_id="",
        resources=[{"url": "https://www.example.org/a.csv", "format": "CSV"}],
    )
    evaluate.evaluate([world.participant["organization_id"]])
    step = _step(_page(browser("member").get(world.url)), "jeux-decrits")
    (named,) = step.xpath(".//li[contains(., 'Prénoms <2022>')][not(.//li)]")
    links = named.xpath("./a/@href")
    assert any("/dataset/edit/prenoms-2022#field-" in link for link in links)
    # Its admins alone change the organization; no other is sent to a form that is shut.
    for role, opens in (("member", False), ("manager", False), ("sysadmin", True)):
        page = _page(browser(role).get(world.url))
        profile = _step(page, "page-organisation")
        links = profile.xpath(".//a[contains(@href, '/organization/edit/')]")
        assert bool(links) == opens, role
        forms = page.xpath("//a[contains(@href, '/dataset/edit/prenoms-2022')]")
        assert bool(forms) == (role != "manager"), role


def test_the_next_step_says_why_it_is_next(
    browser: Callable[..., Any], world: Any
) -> None:
    card = _page(browser("member").get(f"/en{world.url}")).xpath(
        "//section[contains(@class, 'challenge-now')]"
    )
    assert "Its date comes first" in _text(card[0])
    assert "badge" in _text(card[0])
    assert not _page(browser("stranger").get(world.url)).xpath(
        "//section[contains(@class, 'challenge-now')]"
    )


def test_what_was_opened_before_the_season_is_told_apart(
    browser: Callable[..., Any], world: Any
) -> None:
    owner = world.participant["organization_id"]
    factories.Dataset(owner_org=owner)
    package: Any = model.Package.get(factories.Dataset(owner_org=owner)["id"])
    package.metadata_created = package.metadata_created.replace(year=2015)
    model.Session.commit()
    evaluate.evaluate([owner])
    page = _page(browser().get(f"/en{world.url}"))
    figures = [_text(one) for one in page.xpath("//dl/div")]
    # With the one that it had opened.
    assert "datasets opened this season2" in figures
    assert "other datasets, opened before1" in figures


def test_a_step_says_that_a_file_is_checked_and_looks_again(
    browser: Callable[..., Any], world: Any, create_with_upload: Any
) -> None:
    context = {"user": world.people["sysadmin"]["name"], "ignore_auth": True}
    file = create_with_upload(
        b"COLL_NOM\nBaule\n",
        "deliberations.csv",
        context,
        package_id=world.dataset["id"],
        schema="scdl/deliberations",
    )
    _only(world, "jeu-conforme", state="todo", why_not=[])
    member, looks = browser("member"), ".//div[@hx-get]"

    def step(query: str = "") -> Any:
        return _step(_page(member.get(f"/en{world.url}{query}")), "jeu-conforme")

    assert "1 file is being checked" in _text(step())
    (look,) = step().xpath(looks)
    assert look.get("hx-get").endswith("?challenge_tries=1")
    assert look.get("hx-select") == "#step-jeu-conforme"
    (link,) = look.xpath(".//a")
    assert link.get("href").endswith("?challenge_tries=1#step-jeu-conforme")
    # It does not look for ever.
    assert not step("?challenge_tries=10").xpath(looks)
    public = _step(_page(browser().get(f"/en{world.url}")), "jeu-conforme")
    assert "is being checked" not in _text(public)
    jobs.check_resource(file["id"])
    # Once the verdict is there, what follows from it is waited for.
    assert "is being checked" not in _text(step())
    assert not step().xpath(looks)
    assert step("?challenge_tries=3").xpath(looks)


def test_what_follows_from_a_step_is_put_in_place_once_it_is_settled(
    browser: Callable[..., Any], world: Any
) -> None:
    _only(world, "jeu-conforme", state="todo", why_not=[])
    member = browser("member")

    page = _page(member.get(f"/en{world.url}?challenge_tries=1"))
    (look,) = _step(page, "jeu-conforme").xpath(".//div[@hx-get]")
    asked = look.get("hx-select-oob").replace("#", "").split(", ")

    def there(tries: int, target: str = "step-jeu-conforme") -> set[str]:
        """Which of the parts that the step asks for an answer to htmx has."""
        answer = _page(
            member.get(
                f"/en{world.url}?challenge_tries={tries}",
                headers={"HX-Request": "true", "HX-Target": target},
            )
        )
        return {part for part in asked if answer.xpath(f"//*[@id='{part}']")}

    every = {
        "challenge-hero",
        "challenge-now",
        "challenge-phase-mettre-en-pratique",
        "challenge-badges",
    }
    # While it waits nothing else on the page moves; another step may be settled.
    assert there(2) == set()
    assert there(2, "step-premier-jeu") == every
    # It gives up, or is done.
    assert there(10) == every
    _only(world, "jeu-conforme", state="done", why_not=[])
    assert there(2) == every
