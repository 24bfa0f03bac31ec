"""The pages on which two organizations become one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, POINCONNET, call_as
from lxml import html

from ckanext.challenge.model import Participant

URL = "/en/challenge/manage/merges"


def _page(answer: Any) -> Any:
    assert answer.status_code == 200
    return html.document_fromstring(answer.get_data(as_text=True))


def _with_siren(world: Any, name: str, siren: str) -> str:
    call_as(world.people["sysadmin"], "organization_patch", id=name, siren=siren)
    return name


def test_a_manager_looks_then_merges(browser: Callable[..., Any], world: Any) -> None:
    was = _with_siren(world, f"commune-{BAULE}", BAULE)
    becomes = factories.Organization(siren=LIGNIERES[0], title="Lignières")
    call_as(
        world.people["sysadmin"],
        "challenge_successor_create",
        siren=BAULE,
        successor=LIGNIERES[0],
    )
    manager = browser("manager")
    page = _page(manager.get(URL))
    (look,) = page.xpath("//a[contains(@class, 'btn-secondary')]/@href")
    shown = _page(manager.get(look))
    assert "takes part in the place of" in shown.text_content()
    (form,) = shown.xpath("//form[.//button[@value='confirm']]")
    sent = {key: value for key, value in form.form_values() if not key.startswith("_")}
    group = model.Session.get(model.Group, becomes["id"])
    assert group is not None
    assert group.state == "active"
    answer = manager.post(URL, {**sent, "do": "confirm"})
    assert answer.status_code == 302
    found = model.Session.query(Participant).filter_by(organization_id=becomes["id"])
    assert found.count() == 1
    # What had its address leads to what it became.
    gone = browser().get(f"/challenge/saison-2/{was}")
    assert gone.status_code == 301
    assert gone.headers["Location"].endswith(f"/challenge/saison-2/{becomes['name']}")
    assert "No organization is known" in _page(manager.get(URL)).text_content()


def test_what_is_not_proposed_is_for_sysadmins(
    browser: Callable[..., Any], world: Any
) -> None:
    was = _with_siren(world, f"commune-{BAULE}", BAULE)
    query = f"?from={was}&into={POINCONNET}"
    assert browser("manager").get(URL + query).status_code == 403
    sent = {"from": was, "into": POINCONNET, "do": "confirm"}
    assert browser("manager").post(URL, sent).status_code == 403
    admin = browser("sysadmin")
    assert "becomes that of" in _page(admin.get(URL + query)).text_content()
    wrong = _page(admin.get(f"{URL}?from={was}&into=nulle-part"))
    assert wrong.xpath("//*[@id='challenge-errors']//a/@href") == ["#field-into"]
    assert wrong.xpath("//*[@id='field-from']/@value") == [was]
