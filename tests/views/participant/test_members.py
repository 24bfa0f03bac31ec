"""The pages on which an organization lets people in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories
from factories import LIGNIERES, apply, call_as, prove
from helpers.browser import PASSWORD, Browser
from lxml import html

from ckanext.challenge.model import Claim, Mail


@pytest.fixture
def asked(app: Any, world: Any) -> Browser:
    """The browser of an admin who is asked whether somebody may join."""
    admin = factories.User(password=PASSWORD)
    factories.Organization(
        siren=LIGNIERES[0],
        title="Ville de Lignières",
        users=[{"name": admin["name"], "capacity": "admin"}],
    )
    application = apply(
        world.open_cohort, LIGNIERES[0], contact_name="Dominique Exemple"
    )
    call_as(
        world.people["manager"],
        "challenge_application_review",
        id=application["id"],
        decision="accept",
    )
    return Browser(app).sign_in(admin)


def _claim() -> Claim:
    claim = model.Session.query(Claim).one()
    model.Session.refresh(claim)
    return claim


def _text(answer: Any) -> str:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:500]
    page = html.document_fromstring(answer.get_data(as_text=True))
    return " ".join(page.text_content().split())


def test_one_click_lets_somebody_in(
    asked: Browser, browser: Callable[..., Any]
) -> None:
    url = f"/challenge/claim/{_claim().id}"
    text = _text(asked.get(url))
    for known in ("Dominique Exemple", "Ville de Lignières", "mairie@example.org"):
        assert known in text
    assert _claim().state == "asked"
    assert asked.post(url, {"accepted": "true"}).status_code == 302
    assert _claim().state == "accepted"
    # Nothing is left to click.
    page = html.document_fromstring(asked.get(url).get_data(as_text=True))
    assert not page.xpath("//*[@name='accepted']")


def test_a_no_without_a_reason_says_what_is_missing(asked: Browser) -> None:
    url = f"/challenge/claim/{_claim().id}"
    refused = asked.post(url, {"accepted": "false", "reason": " "})
    assert "challenge-errors" in refused.get_data(as_text=True)
    assert _claim().state == "asked"
    assert asked.post(url, {"accepted": "false", "reason": "Inconnue."}).status_code
    assert (_claim().state, _claim().reason) == ("declined", "Inconnue.")
    # They may think again, on the same page.
    assert "Inconnue." in _text(asked.get(url))
    asked.post(url, {"accepted": "true"})
    assert _claim().state == "accepted"


def test_who_is_not_asked_does_not_read_who_asks(
    asked: Browser, browser: Callable[..., Any]
) -> None:
    url = f"/challenge/claim/{_claim().id}"
    visitor = browser().get(url)
    assert visitor.status_code == 302
    assert "/user/login" in visitor.headers["Location"]
    for role in ("stranger", "member", "adviser"):
        assert browser(role).get(url).status_code == 403, role
        assert browser(role).post(url, {"accepted": "true"}).status_code == 403, role
    # The managers of the season see where it stands, and cannot answer.
    page = browser("manager").get(url)
    assert "Dominique Exemple" in _text(page)
    assert 'name="accepted"' not in page.get_data(as_text=True)
    assert browser("manager").post(url, {"accepted": "true"}).status_code == 403
    assert _claim().state == "asked"
    private = asked.get(url).headers["Cache-Control"]
    assert "private" in private or "no-store" in private or "no-cache" in private


@pytest.fixture
def admin(browser: Callable[..., Any], world: Any) -> Browser:
    """The browser of an admin of the participant's organization."""
    call_as(
        world.people["sysadmin"],
        "member_create",
        id=world.participant["organization_id"],
        object=world.people["stranger"]["id"],
        object_type="user",
        capacity="admin",
    )
    return browser("stranger")


def test_the_form_to_invite_is_for_those_who_may(
    browser: Callable[..., Any], world: Any, admin: Browser
) -> None:
    action = f'action="{world.url}/invite#members"'
    data = {"email": "collegue@example.org", "role": "editor"}
    for role in ("member", "adviser", "manager"):
        assert action not in browser(role).get(world.url).get_data(as_text=True), role
        answer = browser(role).post(f"{world.url}/invite", data)
        assert answer.status_code == 403, role
    assert action not in browser(None).get(world.url).get_data(as_text=True)
    assert action in admin.get(world.url).get_data(as_text=True)
    assert admin.post(f"{world.url}/invite", data).status_code == 302
    mail = model.Session.query(Mail).filter_by(kind="invitation").one()
    user = model.User.get(mail.user_id)
    assert user is not None
    assert user.email == "collegue@example.org"


def test_what_was_typed_stays_when_it_is_refused(admin: Browser, world: Any) -> None:
    refused = admin.post(
        f"{world.url}/invite", {"email": "pas une adresse", "role": "admin"}
    )
    page = html.document_fromstring(refused.get_data(as_text=True))
    (field,) = page.xpath("//input[@id='field-email']")
    assert field.get("value") == "pas une adresse"
    assert field.get("aria-invalid") == "true"
    (role,) = page.xpath("//select[@id='field-role']/option[@selected]")
    assert role.get("value") == "admin"


def test_an_organization_of_another_season_is_not_found(
    browser: Callable[..., Any], world: Any
) -> None:
    answer = browser("manager").post(
        world.url.replace("saison-2", "saison-3") + "/invite",
        {"email": "collegue@example.org"},
    )
    assert answer.status_code == 404


def test_an_admin_sees_who_asks_on_the_own_page(asked: Browser) -> None:
    claim = _claim()
    group = model.Group.get(claim.organization_id)
    assert group is not None
    page = asked.get(f"/challenge/saison-3/{group.name}").get_data(as_text=True)
    assert f"/challenge/claim/{claim.id}" in page


def test_a_manager_takes_a_participant_out_and_sees_who_is_next(
    browser: Callable[..., Any], world: Any
) -> None:
    action = f'action="{world.url}/withdraw"'
    for role in (None, "member", "adviser"):
        assert action not in browser(role).get(world.url).get_data(as_text=True), role
    assert browser("member").post(f"{world.url}/withdraw").status_code == 403
    manager = browser("manager")
    assert action in manager.get(world.url).get_data(as_text=True)
    manager.post(
        f"/challenge/manage/saison-3/application/{world.application['id']}",
        {"decision": "waitlist", "do": "confirm"},
    )
    # Of the season that it is in, and not of another one.
    elsewhere = world.url.replace("saison-2", "saison-3")
    assert manager.post(f"{elsewhere}/withdraw").status_code == 404
    refused = manager.post(f"{world.url}/withdraw")
    assert refused.status_code == 200
    assert 'id="error-leaving-reason"' in refused.get_data(as_text=True)
    given = {"leaving-reason": "Plus personne pour suivre."}
    assert manager.post(f"{world.url}/withdraw", given).status_code == 302
    assert action not in manager.get(world.url).get_data(as_text=True)
    shown = call_as(
        None, "challenge_participant_list", cohort="saison-2", state="withdrawn"
    )
    assert [row["id"] for row in shown["results"]] == [world.participant["id"]]


def test_one_that_withdrew_keeps_its_address_and_can_come_back(
    browser: Callable[..., Any], world: Any, mailbox: Any
) -> None:
    why = "Plus personne pour suivre."
    manager, visitor = browser("manager"), browser()
    page = f"/en{world.url}"
    # Read once before, so that no page that was kept is shown afterwards.
    assert "withdrew from the season" not in visitor.get(page).get_data(as_text=True)
    manager.post(f"{world.url}/withdraw", {"leaving-reason": why})
    text = visitor.get(page).get_data(as_text=True)
    assert "withdrew from the season on" in text
    assert why not in text
    for role in ("member", "adviser", "manager"):
        text = browser(role).get(page).get_data(as_text=True)
        assert "withdrew from the season on" in text, role
        assert why in text, role
        assert (f"{world.url}/reinstate" in text) is (role == "manager"), role
    assert browser("member").post(f"{world.url}/reinstate").status_code == 403
    assert manager.post(f"{world.url}/reinstate").status_code == 302
    text = visitor.get(page).get_data(as_text=True)
    assert "withdrew from the season" not in text
    row = call_as(None, "challenge_participant_show", id=world.participant["id"])
    assert (row["state"], row["withdrawn_at"]) == ("active", None)
    assert manager.post(f"{world.url}/reinstate").status_code == 302
    kinds = [mail.kind for mail in model.Session.query(Mail).order_by(Mail.created_at)]
    assert [kind for kind in kinds if kind.startswith("participant_")] == [
        "participant_withdrawn",
        "participant_reinstated",
    ]


def test_before_it_leaves_and_comes_back_one_reads_whose_roles_change(
    browser: Callable[..., Any], world: Any
) -> None:
    mayor = factories.User(fullname="Camille Exemple")
    prove(mayor)
    call_as(
        world.people["sysadmin"],
        "challenge_member_invite",
        organization=world.participant["organization_id"],
        email=mayor["email"],
        role="admin",
    )
    manager, page = browser("manager"), f"/en{world.url}"
    lost = "Camille Exemple is no longer an administrator of the organization"
    text = _text(manager.get(page))
    assert lost in text
    assert "The organization then has no administrator" in text
    assert lost not in _text(browser("adviser").get(page))
    manager.post(f"{world.url}/withdraw", {"leaving-reason": "Plus personne."})
    back = "Camille Exemple is then an administrator of the organization"
    assert back in _text(manager.get(page))
    assert back not in _text(browser("adviser").get(page))


def test_an_invitation_waits_on_the_page_and_is_taken_back(
    admin: Browser, world: Any
) -> None:
    sent = admin.post(
        f"{world.url}/invite", {"email": "collegue@example.org", "role": "editor"}
    )
    assert sent.headers["Location"].endswith("#members")
    page = html.document_fromstring(admin.get(world.url).get_data(as_text=True))
    (form,) = page.xpath("//form[contains(@action, '/take-back')]")
    assert "collegue@example.org" in form.text_content()
    admin.post(form.get("action").partition("#")[0])
    assert "/take-back" not in admin.get(world.url).get_data(as_text=True)
    assert model.User.by_email("collegue@example.org") is None
    again = admin.post(form.get("action").partition("#")[0])
    assert again.status_code == 302
