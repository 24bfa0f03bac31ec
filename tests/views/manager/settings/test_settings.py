"""The settings of a season: what managers change, and that nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from factories import BAULE, call_as
from lxml import html

from ckanext.challenge.model import Application

SEASON = "/challenge/manage/saison-3"
PAGES = ("edit", "questions", "criteria", "staff", "codes")


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _typed(page: Any) -> dict[str, Any]:
    """What the page's large form would send, its buttons left out."""
    (form,) = page.xpath("//form[contains(@class, 'challenge-form')]")
    return dict(form.form_values())


def _cohort(world: Any) -> dict[str, Any]:
    return call_as(
        world.people["manager"], "challenge_cohort_show", id=world.open_cohort["id"]
    )


@pytest.mark.parametrize("role", [None, "stranger", "adviser", "applicant"])
def test_only_managers_see_the_settings(
    browser: Callable[..., Any], world: Any, role: str | None
) -> None:
    visitor = browser(role)
    for page in (*PAGES, "copy"):
        status = visitor.get(f"{SEASON}/{page}").status_code
        assert status == (302 if role is None else 403), page


def test_a_manager_sees_all_but_the_copy(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, admin = browser("manager"), browser("sysadmin")
    for page in PAGES:
        shown = _page(manager.get(f"{SEASON}/{page}"))
        assert not shown.xpath(f"//a[@href='{SEASON}/copy']")
        assert shown.xpath(f"//a[@href='{SEASON}/{page}' and @aria-current]")
    assert manager.get(f"{SEASON}/copy").status_code == 403
    assert _page(admin.get(f"{SEASON}/copy")).xpath(f"//a[@href='{SEASON}/copy']")


def test_numbers_stand_as_their_reader_types_them(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-3",
        days_per_participant=12.5,
        funding=[{"source": "Région", "amount": 3000.5}],
    )
    manager = browser("manager")
    for prefix, days, amount in (("/fr", "12,5", "3000,5"), ("/en", "12.5", "3000.5")):
        url = f"{prefix}{SEASON}/edit?part=support"
        typed = _typed(_page(manager.get(url)))
        assert typed["days_per_participant"] == days
        assert typed["funding-0-amount"] == amount
        # And are read again as what they were.
        assert manager.post(url, typed).status_code == 302
        season = _cohort(world)
        assert season["days_per_participant"] == 12.5
        assert season["funding"] == [{"source": "Région", "amount": 3000.5}]


def test_questions_are_written_moved_and_saved(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    url = f"{SEASON}/questions"

    def press(typed: dict[str, Any], do: str) -> Any:
        return _page(manager.post(url, {**typed, "do": do}))

    page = press(_typed(_page(manager.get(url))), "add")
    assert page.xpath("//*[@autofocus]/@id") == ["field-questions-0-label_fr"]
    typed = {
        **_typed(page),
        "questions-0-label_fr": "Votre logiciel ?",
        "questions-0-help_fr": "Celui des délibérations",
    }
    typed = {
        **_typed(press(typed, "add")),
        "questions-1-label_fr": "Combien de jeux ?",
        "questions-1-type": "choice",
        "questions-1-choices_fr": "Moins de 5\nPlus",
        "questions-1-required": "true",
    }
    page = press(typed, "up-1")
    # At the end of its way, the other button waits for the key.
    assert page.xpath("//*[@autofocus]/@value") == ["down-0"]
    assert page.xpath("//p[@role='status']")
    assert _cohort(world)["questions"] == [], "nothing is stored yet"
    # A third one that nobody wrote is not one.
    typed = _typed(press(_typed(page), "add"))
    assert typed["questions-0-choices_fr"] == "Moins de 5\nPlus"
    assert typed["questions-1-help_fr"] == "Celui des délibérations"
    preview = _page(manager.post(url, {**typed, "do": "preview"}))
    (seen,) = preview.xpath("//fieldset[@disabled]")
    options = [option.text for option in seen.xpath(".//select/option")]
    assert options[1:] == ["Moins de 5", "Plus"]
    assert manager.post(url, {**typed, "do": "save"}).status_code == 302
    first, second = _cohort(world)["questions"]
    assert first["key"] == "combien_de_jeux"
    assert first["required"] is True
    assert [choice["value"] for choice in first["choices"]] == ["moins-de-5", "plus"]
    assert second["help"] == {"fr": "Celui des délibérations", "en": ""}
    # Saved again, as it is shown: nothing changes.
    typed = _typed(_page(manager.get(url)))
    manager.post(url, {**typed, "do": "save"})
    assert _cohort(world)["questions"] == [first, second]
    # The key Enter presses the first button of the form.
    shown = _page(manager.get(url))
    assert shown.xpath(
        "(//form[contains(@class, 'challenge-form')]//button)[1]/@value"
    ) == ["save"]


def test_errors_of_questions_are_at_their_fields(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    url = f"{SEASON}/questions"
    sent = {
        "do": "save",
        "questions-0-label_en": "<b>Software</b>",
        "questions-0-type": "text",
        "questions-1-label_fr": "Laquelle ?",
        "questions-1-type": "choice",
        "questions-1-choices_fr": "Une seule",
        "questions-2-label_fr": "Lesquelles ?",
        "questions-2-type": "choices",
        "questions-2-choices_fr": "Une\nDeux",
        "questions-2-choices_en": "One\nTwo",
    }
    page = _page(manager.post(url, sent))
    anchors = page.xpath("//*[@id='challenge-errors']//a/@href")
    assert anchors == ["#field-questions-0-label_en", "#field-questions-1-choices_fr"]
    for anchor in anchors:
        (field,) = page.xpath(f"//*[@id='{anchor[1:]}']")
        assert field.get("aria-invalid") == "true"
    again = _typed(page)
    assert {name: again[name] for name in sent if name != "do"} == {
        name: text for name, text in sent.items() if name != "do"
    }
    # A line that is missing in one language would shift the others.
    sent = {
        "do": "save",
        "questions-0-label_fr": "Laquelle ?",
        "questions-0-type": "choice",
        "questions-0-choices_fr": "Une\nDeux\nTrois",
        "questions-0-choices_en": "One\nThree",
    }
    page = _page(manager.post(url, sent))
    anchors = page.xpath("//*[@id='challenge-errors']//a/@href")
    assert anchors == ["#field-questions-0-choices_en"]
    assert _cohort(world)["questions"] == []


def test_a_question_with_answers_is_removed_only_when_it_is_said(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-3",
        questions=[{"label": "Votre logiciel ?"}],
    )
    row = model.Session.query(Application).filter_by(siren=BAULE).one()
    row.answers = {"votre_logiciel": "Aucun"}
    model.Session.commit()
    manager = browser("manager")
    url = f"{SEASON}/questions"
    typed = _typed(_page(manager.get(url)))
    removed = _typed(_page(manager.post(url, {**typed, "do": "remove-0"})))
    page = _page(manager.post(url, {**removed, "do": "save"}))
    assert (
        "Votre logiciel ?"
        in page.xpath("//*[@id='challenge-errors']")[0].text_content()
    )
    assert page.xpath("//*[@name='drop_answered']")
    typed = _typed(page)
    answer = manager.post(url, {**typed, "do": "save", "drop_answered": "true"})
    assert answer.status_code == 302
    assert _cohort(world)["questions"] == []


def test_who_saves_over_another_is_told_once(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    typed = _typed(_page(manager.get(f"{SEASON}/edit")))
    call_as(
        world.people["sysadmin"], "challenge_cohort_patch", id="saison-3", capacity=7
    )
    typed["title"] = "Un autre titre"
    page = _page(manager.post(f"{SEASON}/edit", typed))
    assert page.xpath("//*[@id='challenge-errors']")
    assert _typed(page)["title"] == "Un autre titre"
    assert _cohort(world)["capacity"] == 7
    assert manager.post(f"{SEASON}/edit", _typed(page)).status_code == 302
    assert _cohort(world)["title"] == "Un autre titre"
    # What one had not touched stays what the other one wrote.
    assert _cohort(world)["capacity"] == 7


def test_of_two_who_save_each_keeps_what_the_other_did_not_touch(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    before = _cohort(world)
    typed = _typed(_page(manager.get(f"{SEASON}/edit")))
    # All parts in one, as a form had them before they had pages of their own.
    for part in ("places", "support", "partners"):
        typed |= _typed(_page(manager.get(f"{SEASON}/edit?part={part}")))
    theirs = {
        "description": "Un texte\nsur deux lignes",
        "capacity": 7,
        "kinds": ["cc"],
        "days_per_participant": 12.5,
        "partners": [{"name": "Région", "url": None, "logo_url": None}],
        "hashtag": "leleur",
    }
    call_as(world.people["sysadmin"], "challenge_cohort_patch", id="saison-3", **theirs)
    typed |= {"hashtag": "lemien", "funding-0-amount": "4000"}
    page = _page(manager.post(f"{SEASON}/edit", typed))
    # A third one, while the second reads it.
    call_as(
        world.people["sysadmin"], "challenge_cohort_patch", id="saison-3", capacity=9
    )
    page = _page(manager.post(f"{SEASON}/edit", _typed(page)))
    assert manager.post(f"{SEASON}/edit", _typed(page)).status_code == 302
    after = _cohort(world)
    assert after["hashtag"] == "lemien"
    assert after["funding"][0]["amount"] == 4000
    assert (after["capacity"], after["kinds"]) == (9, ["cc"])
    assert after["description"].split() == theirs["description"].split()
    assert after["days_per_participant"] == 12.5
    assert [row["name"] for row in after["partners"]] == ["Région"]
    assert after["title"] == before["title"]


def test_what_the_season_does_by_itself(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    page = _page(manager.get(f"{SEASON}/edit?part=dates"))
    # It is open already.
    offered = page.xpath("//*[@name='scheduled_transitions']/@value")
    assert offered == ["running", "finished"]
    typed = {
        **_typed(page),
        "questions": "",
        "application_deadline": "2030-03-30",
        "launch": "2030-03-01",
        "first_publication": "",
        "finalisation": "2030-10-27",
        "scheduled_transitions": ["running", "finished"],
    }
    assert manager.post(f"{SEASON}/edit?part=dates", typed).status_code == 302
    cohort = _cohort(world)
    assert cohort["scheduled_transitions"] == ["running", "finished"]
    # The clock goes forward on 31 March 2030, and back on 27 October.
    assert {row["state"]: row["at"] for row in cohort["schedule"]} == {
        "running": "2030-03-30T23:00:00+00:00",
        "finished": "2030-10-27T23:00:00+00:00",
    }
    page = _page(manager.get(f"/en{SEASON}/edit?part=dates"))
    (when,) = page.xpath("//*[@id='when-running']")
    assert "Sunday, March 31, 2030" in when.text_content()
    (when,) = page.xpath("//*[@id='when-finished']")
    assert "October 27, 2030" in when.text_content()
    typed = {**_typed(page), "launch": "", "scheduled_transitions": ["running"]}
    page = _page(manager.post(f"/en{SEASON}/edit?part=dates", typed))
    anchors = page.xpath("//*[@id='challenge-errors']//a/@href")
    assert anchors == ["#field-scheduled_transitions"]
    assert page.xpath("//*[@id='field-scheduled_transitions']")


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("season", "hashtag", "unautre"),
        ("places", "automatic_promotion", "true"),
        ("support", "funding-0-source", "Une autre"),
        ("partners", "partners-1-name", "Un autre"),
        ("testimonials", "testimonials-0-quote", "Une autre"),
    ],
)
def test_a_part_of_the_settings_changes_nothing_else(
    browser: Callable[..., Any], world: Any, part: str, field: str, value: str
) -> None:
    call_as(
        world.people["manager"],
        "challenge_cohort_patch",
        id="saison-3",
        kinds=["cc"],
        partners=[{"name": "Région"}],
        testimonials=[{"quote": "Bien.", "author": "X"}],
        scheduled_transitions=["running"],
    )
    manager = browser("manager")
    before = _cohort(world)
    url = f"{SEASON}/edit?part={part}"
    page = _page(manager.get(url))
    assert len(page.xpath("//nav//a[@aria-current='page']")) == 2
    answer = manager.post(url, {**_typed(page), field: value})
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(url)
    changed = {name for name, was in before.items() if _cohort(world)[name] != was}
    assert field.partition("-")[0] in changed
    assert changed <= {field.partition("-")[0], "revision", "cost", "updated_at"}
    # A part that does not exist is the first one.
    assert manager.get(f"{SEASON}/edit?part=partout").status_code == 200


def test_lines_are_added_without_a_script(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    url = f"{SEASON}/edit?part=partners"
    typed = _typed(_page(manager.get(url)))
    lines = sum(key.endswith("-name") for key in typed)
    assert lines > 1
    typed["partners-0-name"] = "Région"
    page = _page(manager.post(url, {**typed, "more": "partners"}))
    again = _typed(page)
    assert sum(key.endswith("-name") for key in again) == lines + 3
    assert again["partners-0-name"] == "Région"
    assert _cohort(world)["partners"] == [], "nothing is stored yet"
    again |= {f"partners-{index}-name": f"Partenaire {index}" for index in range(5)}
    assert manager.post(url, again).status_code == 302
    assert len(_cohort(world)["partners"]) == 5
    # A line that is emptied goes.
    again["revision"] = _cohort(world)["revision"]
    assert manager.post(url, {**again, "partners-1-name": " "}).status_code == 302
    assert len(_cohort(world)["partners"]) == 4
    new = browser("sysadmin").post("/challenge/manage/new", {"more": "funding"})
    assert _page(new).xpath("//*[@id='field-funding-2-source']")


def test_an_error_leads_to_the_part_that_has_the_field(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    wrong = {"title": "Saison 3", "capacity": "beaucoup"}
    page = _page(manager.post(f"{SEASON}/edit", wrong))
    (anchor,) = page.xpath("//*[@id='challenge-errors']//a/@href")
    assert page.xpath(f"//*[@id='{anchor[1:]}']/@value") == ["beaucoup"]


def test_the_team(browser: Callable[..., Any], world: Any) -> None:
    manager = browser("manager")
    url = f"{SEASON}/staff"
    page = _page(manager.get(url))
    # A manager names advisers, and takes nobody's management.
    assert page.xpath("//select[@name='role']/option/@value") == ["adviser"]
    assert len(page.xpath(f"//form[contains(@action, '{url}/')]")) == 1
    for wrong in ("personne", "personne@example"):
        page = _page(manager.post(url, {"user": wrong, "role": "adviser"}))
        assert page.xpath("//*[@id='field-user']/@value") == [wrong]
        assert page.xpath("//*[@id='field-user']/@aria-invalid") == ["true"]
    stranger = world.people["stranger"]
    sent = {"user": f" {stranger['email'].upper()} ", "role": "adviser"}
    assert manager.post(url, sent).status_code == 302
    assert manager.post(url, {**sent, "role": "manager"}).status_code == 403
    found = call_as(world.people["manager"], "challenge_staff_list", cohort="saison-3")
    # By the address alone: the role waits for the proof of it.
    assert stranger["name"] not in [one["user_name"] for one in found["results"]]
    (row,) = found["waiting"]
    assert row["user_name"] == stranger["name"]
    assert "Waits" in manager.get(f"/en{url}").get_data(as_text=True)
    removal = _page(manager.post(f"/en{url}/{row['id']}/delete"))
    assert "no longer given once" in removal.text_content()
    do = {"do": "confirm"}
    assert manager.post(f"{url}/{row['id']}/delete", do).status_code == 302
    named = {"user": stranger["name"], "role": "adviser"}
    assert manager.post(url, named).status_code == 302
    found = call_as(world.people["manager"], "challenge_staff_list", cohort="saison-3")
    (row,) = [one for one in found["results"] if one["user_name"] == stranger["name"]]
    assert found["waiting"] == []
    assert manager.post(f"{url}/{row['id']}/delete").status_code == 200
    found = call_as(world.people["manager"], "challenge_staff_list", cohort="saison-3")
    assert stranger["name"] in [one["user_name"] for one in found["results"]]
    assert manager.post(f"{url}/{row['id']}/delete", do).status_code == 302
    found = call_as(world.people["manager"], "challenge_staff_list", cohort="saison-3")
    assert stranger["name"] not in [one["user_name"] for one in found["results"]]


def test_who_loses_an_adviser_or_a_reader_is_said_first(
    browser: Callable[..., Any], world: Any
) -> None:
    admin, manager = world.people["sysadmin"], world.people["manager"]
    call_as(
        admin,
        "challenge_application_assign",
        id=world.application["id"],
        reviewer=manager["name"],
    )
    for cohort, name, words in (
        ("saison-2", "adviser", "1 collectivité loses its adviser"),
        ("saison-3", "manager", "1 application without an answer loses its reader"),
    ):
        team = call_as(admin, "challenge_staff_list", cohort=cohort)["results"]
        user = world.people[name]["name"]
        (role,) = [one for one in team if one["user_name"] == user]
        url = f"/en/challenge/manage/{cohort}/staff/{role['id']}/delete"
        page = _page(browser("sysadmin").post(url))
        assert words in page.text_content()
        assert page.xpath("//button[@autofocus and @value='confirm']")
    assert browser("manager").post(url).status_code == 403
    wrong = url.replace("saison-3", "saison-2")
    assert browser("sysadmin").post(wrong).status_code == 404


def test_codes_for_those_who_come_late(browser: Callable[..., Any], world: Any) -> None:
    manager = browser("manager")
    url = f"{SEASON}/codes"
    wrong = {"note": "Baule", "valid_until": "2000-01-01", "max_uses": "deux"}
    page = _page(manager.post(url, wrong))
    assert _typed(page).items() >= wrong.items()
    assert manager.post(url, {"note": "Baule", "max_uses": "1"}).status_code == 302
    (code,) = call_as(
        world.people["manager"], "challenge_late_code_list", cohort="saison-3"
    )["results"]
    page = _page(manager.get(url))
    (link,) = page.xpath("//ul[contains(@class, 'challenge-list')]//a/@href")
    assert link.endswith(f"/challenge/saison-3/apply?code={code['code']}")
    assert link.startswith("http")
    assert manager.post(f"{url}/{code['id']}/delete").status_code == 302
    assert code["code"] not in manager.get(url).get_data(as_text=True)


def test_a_copy_shows_its_dates_before_it_is_made(
    browser: Callable[..., Any], world: Any
) -> None:
    admin = browser("sysadmin")
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_patch",
        id="saison-2",
        application_opens="2022-06-01",
        application_deadline="2022-09-30",
        launch="2022-09-15",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
    )
    url = "/challenge/manage/saison-2/copy"
    page = _page(admin.get(f"/en{url}"))
    typed = _typed(page)
    # There is a third season already.
    assert typed["season"] == "4"
    assert typed["name"] == "saison-4"
    assert typed["title"] == "Challenge open data, saison 4"
    # The same day of the week, a year later.
    assert typed["launch"] == "2023-09-14"
    taken = {**typed, "name": "saison-3", "do": "preview"}
    page = _page(admin.post(f"/en{url}", taken))
    assert page.xpath("//*[@id='challenge-errors']//a/@href") == ["#field-name"]
    assert not page.xpath("//button[@value='create']")
    typed = {**typed, "launch": "2024-09-15"}
    page = _page(admin.post(f"/en{url}", {**typed, "do": "preview"}))
    (table,) = page.xpath("//table")
    assert "Monday, March 31, 2025" in table.text_content()
    assert page.xpath("//button[@value='create']")
    answer = admin.post(f"/en{url}", {**_typed(page), "do": "create"})
    assert answer.status_code == 302
    made = call_as(world.people["sysadmin"], "challenge_cohort_show", id="saison-4")
    assert (made["state"], made["finalisation"]) == ("draft", "2025-03-31")


def test_criteria_are_written_and_sorted_without_a_script(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, address = browser("manager"), f"{SEASON}/criteria"
    first = _typed(_page(manager.post(address, data={"do": "add"})))
    first["criteria-0-label_fr"] = "Envie d'ouvrir"
    second = _typed(_page(manager.post(address, data={**first, "do": "add"})))
    second |= {"criteria-1-label_fr": "Moyens", "criteria-1-weight": "3"}
    third = _typed(_page(manager.post(address, data={**second, "do": "up-1"})))
    assert third["criteria-0-label_fr"] == "Moyens"
    assert _cohort(world)["criteria"] == []
    third |= {"reading_opens": "2026-05-02", "reading_closes": "2026-05-01"}
    refused = _page(manager.post(address, data={**third, "do": "save"}))
    assert refused.xpath("//a[@href='#field-reading_closes']")
    again = _typed(refused)
    again["reading_closes"] = "2026-05-20"
    assert manager.post(address, data={**again, "do": "save"}).status_code == 302
    cohort = _cohort(world)
    assert [(one["key"], one["weight"]) for one in cohort["criteria"]] == [
        ("moyens", 3),
        ("envie_d_ouvrir", 1),
    ]
    assert cohort["reading_closes"] == "2026-05-20"


def test_a_question_hangs_on_an_answer_before_it(
    browser: Callable[..., Any], world: Any
) -> None:
    manager, address = browser("manager"), f"{SEASON}/questions"
    typed = _typed(_page(manager.post(address, data={"do": "add"})))
    typed |= {"questions-0-label_fr": "Un logiciel ?", "questions-0-type": "yes_no"}
    typed = _typed(_page(manager.post(address, data={**typed, "do": "add"})))
    typed["questions-1-label_fr"] = "Lequel ?"
    page = _page(manager.post(address, data={**typed, "do": "preview"}))
    boxes = page.xpath("//input[starts-with(@name, 'questions-1-when_')]")
    assert [box.get("value") for box in boxes] == [
        "un_logiciel=true",
        "un_logiciel=false",
    ]
    typed = {**_typed(page), boxes[0].get("name"): boxes[0].get("value")}
    page = _page(manager.post(f"/en{address}", data={**typed, "do": "preview"}))
    (hanging,) = page.xpath("//*[@data-when='1']")
    assert "Only if you answered “Yes” to “Un logiciel ?”" in hanging.text_content()
    (opening,) = page.xpath("//input[@data-opens='1']")
    assert opening.get("value") == "true"
    assert manager.post(address, data={**typed, "do": "save"}).status_code == 302
    (_, second) = _cohort(world)["questions"]
    assert second["when"] == {"question": "un_logiciel", "is": [True]}
    # What is stored is ticked again; moved before its question it is refused.
    typed = _typed(_page(manager.get(address)))
    assert typed["questions-1-when_0"] == "un_logiciel=true"
    typed = _typed(_page(manager.post(address, data={**typed, "do": "down-0"})))
    typed["questions-0-when_0"] = "un_logiciel=true"
    refused = _page(manager.post(address, data={**typed, "do": "save"}))
    assert refused.xpath("//a[@href='#field-questions-0-when']")


def test_who_did_not_follow_an_invitation_is_asked_again_or_no_more(
    browser: Callable[..., Any], world: Any
) -> None:
    manager = browser("manager")
    staff = "/en/challenge/manage/saison-2/staff"
    address = "nouvelle@example.org"
    manager.post(staff, data={"user": address, "role": "adviser"})
    page = manager.get(staff).text
    assert address in page and "nobody has opened this account yet" in page
    (again,) = re.findall(r'action="([^"]*/again)"', page)
    assert manager.post(again).status_code == 302
    assert f"on its way to {address} once more" in manager.get(staff).text
    taking = f"{again.removesuffix('again')}delete"
    assert "Take back the invitation of" in manager.post(taking).text
    assert manager.post(taking, data={"do": "confirm"}).status_code == 302
    assert address not in manager.get(staff).text
    assert manager.post(again).status_code == 404
