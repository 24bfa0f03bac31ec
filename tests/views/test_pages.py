"""Every page, for each audience, in both languages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from factories import call_as
from helpers.browser import PERSONAL
from lxml import html

LANGUAGES = ("", "/en")
PUBLIC = (
    "/challenge",
    "/challenge/saison-2",
    "/challenge/saison-2?view=table",
    "/challenge/saison-2?q=zzz",
    "/challenge/saison-2?sort=name&kind=commune&page=2",
    "/challenge/saison-3",
    "{participant}",
    "/challenge/saison-2/data",
    "/challenge/saison-2/data?kit=deliberations",
    "/challenge/saison-2/data?kit=budget",
    "/challenge/saison-3/data",
    "/challenge/saison-3/apply",
    "/challenge/saison-3/apply?q=baule",
    "/challenge/saison-3/apply?q=nulle-part",
    "/challenge/saison-3/apply?siren=213601594",
    "/challenge/saison-3/apply?siren=other",
    "/challenge/saison-2/apply",
    "/challenge/badges",
    "/challenge/badges/engagee",
    "/challenge/badges/collectivite-ouverte-3",
    "/challenge/badges/donnees-fraiches",
    "/challenge/badges/challenge-releve",
    "/challenge/awards/{award}",
    "/challenge/badge/{organization}",
    "/challenge/badge/{organization}?style=card&badge=engagee&theme=dark",
    "/challenge/verify",
    "/challenge/verify?credential=x",
    "/challenge/observatory",
    "/challenge/observatory?departement=45&sort=name",
    "/challenge/kits",
    "/challenge/kits/deliberations",
    "/organization/{organization}",
    "/organization/challenge/{organization}",
    "/dataset/{dataset}",
    "/",
)
DESK = (
    "/challenge/manage",
    "/challenge/manage/saison-2",
    "/challenge/manage/saison-2?tab=season",
    "/challenge/manage/saison-2/participants?q=commune",
    "/challenge/manage/saison-2/participants?view=list&columns=kind,badges&select=page",
    "/challenge/manage/saison-3/participants",
)
MANAGED = (
    "/challenge/manage/saison-2/edit",
    "/challenge/manage/saison-3/applications",
    "/challenge/manage/saison-3/applications?state=refused",
    "/challenge/manage/saison-3/applications?q=baule&sort=name&select=page",
    "/challenge/manage/saison-3/applications/publish",
    "/challenge/manage/saison-3/application/{application}",
    "/challenge/manage/saison-3/mails",
)


def _filled(path: str, world: Any) -> str:
    return path.format(
        participant=world.url,
        award=world.award["id"],
        organization=world.participant["organization_name"],
        dataset=world.dataset["name"],
        application=world.application["id"],
    )


def _check(answer: Any, path: str) -> str:
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200, (path, text[:500])
    page = html.document_fromstring(text)
    # CKAN 2.11 has more than one on its own pages.
    if path.startswith(("/challenge", "/en/challenge")):
        assert len(page.xpath("//h1")) == 1, path
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids)), (path, sorted(ids))
    for field in page.xpath(
        "//*[contains(@class, 'challenge')]//*[self::input or self::select or "
        "self::textarea][not(@type='hidden')]"
    ):
        assert page.xpath("//label[@for=$id]", id=field.get("id")), (
            path,
            field.get("name"),
        )
    assert not page.xpath("//*[contains(@class, 'challenge')]//*[@style]"), path
    return text


@pytest.mark.parametrize("language", LANGUAGES)
def test_everybody_reads_the_public_pages_and_nothing_personal(
    browser: Callable[..., Any], world: Any, language: str
) -> None:
    visitor = browser()
    for path in PUBLIC:
        full = language + _filled(path, world)
        text = _check(visitor.get(full), full)
        for secret in PERSONAL.values():
            assert secret not in text, (path, secret)


@pytest.mark.parametrize("role", ["member", "adviser", "manager", "sysadmin"])
def test_those_who_have_signed_in_read_them_too(
    browser: Callable[..., Any], world: Any, role: str
) -> None:
    reader = browser(role)
    for path in PUBLIC:
        full = _filled(path, world)
        _check(reader.get(full), full)


@pytest.mark.parametrize("language", LANGUAGES)
def test_staff_reads_the_desk(
    browser: Callable[..., Any], world: Any, language: str
) -> None:
    paths = {"adviser": DESK, "manager": DESK + MANAGED, "sysadmin": DESK + MANAGED}
    for role, allowed in paths.items():
        reader = browser(role)
        for path in allowed:
            full = language + _filled(path, world)
            _check(reader.get(full), full)


def test_the_desk_is_closed_to_others(browser: Callable[..., Any], world: Any) -> None:
    everything = [_filled(path, world) for path in DESK + MANAGED]
    visitor = browser()
    for path in everything:
        answer = visitor.get(path)
        assert answer.status_code == 302, path
        assert "/user/login" in answer.headers["Location"], path
    for role in ("stranger", "member", "applicant"):
        reader = browser(role)
        for path in everything:
            assert reader.get(path).status_code == 403, (role, path)
    adviser = browser("adviser")
    for path in MANAGED:
        assert adviser.get(_filled(path, world)).status_code == 403, path
    assert browser("manager").get("/challenge/manage/new").status_code == 403
    assert browser("sysadmin").get("/challenge/manage/new").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/challenge/nulle-part",
        "/challenge/nulle-part/data",
        "/challenge/nulle-part/data.atom",
        "/challenge/nulle-part/apply",
        "/challenge/saison-2/personne",
        "/challenge/badges/inconnu",
        "/challenge/awards/inconnu",
        "/challenge/kits/inconnu",
        "/challenge/application/inconnu",
        "/challenge/badge/personne.svg",
        "/challenge/badge/personne",
        "/organization/challenge/personne",
    ],
)
def test_what_does_not_exist_is_a_404(browser: Callable[..., Any], path: str) -> None:
    assert browser().get(path).status_code == 404


def test_a_draft_is_seen_by_its_staff_only(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_create",
        name="brouillon",
        title="Saison secrète",
        season=9,
        programme="saison",
    )
    for path in ("/challenge/{}", "/challenge/{}/data"):
        own = path.format("brouillon")
        assert browser("sysadmin").get(own).status_code == 200
        # Nobody else can tell it from one that is not there.
        for role in (None, "stranger", "manager"):
            assert browser(role).get(own).status_code == 404, own
            assert browser(role).get(path.format("inconnue")).status_code == 404
    for action, data in (
        ("challenge_cohort_show", {"id": "brouillon"}),
        ("challenge_cohort_patch", {"id": "brouillon", "title": "À nous"}),
        ("challenge_participant_list", {"cohort": "brouillon"}),
        ("challenge_badge_list", {"cohort": "brouillon"}),
        ("challenge_award_list", {"cohort": "brouillon"}),
        ("challenge_staff_list", {"cohort": "brouillon"}),
    ):
        with pytest.raises(tk.ObjectNotFound):
            call_as(world.people["stranger"], action, **data)
    assert "Saison secrète" not in browser().get("/challenge").get_data(as_text=True)


def test_the_public_sees_states_and_members_what_is_missing(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["member"],
        "challenge_step_update",
        participant=world.participant["id"],
        step="elu-referent",
        state="in_progress",
        note="Une note tenue secrete",
    )
    public = browser().get(world.url).get_data(as_text=True)
    assert "Une note tenue secrete" not in public
    assert (
        "<form" not in public.partition('id="content"')[2].partition("site-footer")[0]
    )
    assert 'class="challenge-now' not in public
    member = browser("member").get(world.url).get_data(as_text=True)
    assert "Une note tenue secrete" in member
    assert 'class="challenge-now' in member
    assert member.index('class="challenge-now') < member.index('id="steps"')
    stranger = browser("stranger").get(world.url).get_data(as_text=True)
    assert "Une note tenue secrete" not in stranger


def test_the_organization_page_has_a_tab_and_a_block(
    browser: Callable[..., Any], world: Any
) -> None:
    name = world.participant["organization_name"]
    page = html.document_fromstring(
        browser().get(f"/organization/{name}").get_data(as_text=True)
    )
    tabs = page.xpath("//ul[contains(@class, 'nav-tabs')]//a/@href")
    assert f"/organization/challenge/{name}" in tabs
    block = page.xpath("//section[@aria-labelledby='challenge-block']")
    assert block
    assert world.cohort["title"] in block[0].text_content()
    other = browser().get("/about").get_data(as_text=True)
    assert 'href="/challenge"' in other


def test_the_dataset_page_names_the_season(
    browser: Callable[..., Any], world: Any
) -> None:
    text = browser().get(f"/dataset/{world.dataset['name']}").get_data(as_text=True)
    assert "/challenge/saison-2/data" in text
