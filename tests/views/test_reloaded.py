"""Nothing typed is lost by who reloads the page of a refused form."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from factories import (
    BAULE,
    LIGNIERES,
    POINCONNET,
    apply,
    call_as,
    make_cohort,
    make_staff,
)
from lxml import html

from ckanext.challenge.applications import mails
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.notifications.kinds import Occasion


def _relative(answer: Any) -> str:
    parts = urlsplit(answer.headers["Location"])
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def test_a_refused_submission_leads_to_its_draft(
    browser: Callable[..., Any],
    world: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    visitor = browser()
    letter = (io.BytesIO(b"%PDF-1.7\n%%EOF\n"), "lettre.pdf")
    answer = visitor.post(
        "/en/challenge/saison-3/apply",
        {
            "siren": POINCONNET,
            "contact_email": "informatique@example.org",
            "motivation": "Ouvrir nos équipements.",
            "save": "submit",
            "file-letter": letter,
        },
    )
    assert answer.status_code == 302
    address = _relative(answer)
    for errors in (True, False):
        page = html.document_fromstring(visitor.get(address).get_data(as_text=True))
        assert bool(page.xpath("//*[@id='challenge-errors']")) == errors
        (typed,) = page.xpath("//*[@name='motivation']")
        assert typed.value.strip() == "Ouvrir nos équipements."
    # The form is sent to an address that opens the draft, also when it is refused.
    (form,) = page.xpath("//form[.//*[@name='agents']]")
    refused = visitor.post(form.get("action"), {"agents": "beaucoup", "save": "submit"})
    assert refused.status_code == 200
    assert visitor.get(form.get("action")).status_code == 200


@pytest.mark.parametrize(
    ("address", "page"),
    [
        ("{url}/step/elu-referent", "{url}#step-elu-referent"),
        ("{url}/step/deliberation/confirm", "{url}#step-deliberation"),
        ("{url}/invite", "{url}"),
        ("/en{url}/kits", "/en{url}"),
        (
            "/challenge/manage/saison-2/applications/decide?state=all",
            "/challenge/manage/saison-2/applications?state=all",
        ),
        ("/challenge/application/x/messages?key=y", "/challenge/application/x?key=y"),
    ],
)
def test_the_address_of_a_refused_form_leads_to_its_page(
    browser: Callable[..., Any], world: Any, address: str, page: str
) -> None:
    answer = browser("manager").get(address.format(url=world.url))
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(page.format(url=world.url))


@pytest.mark.usefixtures("clean_db")
def test_who_waits_is_told_why_and_in_which_order(
    browser: Callable[..., Any], world: Any
) -> None:
    admin = world.people["manager"]
    cohort = make_cohort(name="saison-8", season=8, capacity=3)
    make_staff(cohort, "manager", admin, by=world.people["sysadmin"])
    made = [apply(cohort, siren) for siren in (BAULE, POINCONNET, LIGNIERES[0])]
    for application in (made[1], made[2]):
        _review(admin, application, "waitlist")
    shown = call_as(None, "challenge_application_show", **_own(made[2]))
    assert (shown["waitlist_position"], shown["waitlist_because"]) == (2, "rank")
    assert "Not all places" in _page(browser, made[2])
    assert not _mail(made[2], cohort)["full"]
    call_as(admin, "challenge_cohort_patch", id=cohort["id"], capacity=1)
    _review(admin, made[0], "accept")
    shown = call_as(None, "challenge_application_show", **_own(made[2]))
    assert shown["waitlist_because"] == "places"
    assert "The season is full" in _page(browser, made[2])
    assert _mail(made[2], cohort)["full"]
    # In its own order, which is not that of the applications.
    call_as(admin, "challenge_waitlist_move", id=made[2]["id"], rank=1)
    listed = call_as(
        admin, "challenge_application_list", cohort=cohort["id"], state="waitlisted"
    )
    ids = [row["id"] for row in listed["results"]]
    assert ids == [made[2]["id"], made[1]["id"]]


def _own(application: dict[str, Any]) -> dict[str, str]:
    return {"id": application["id"], "key": application["key"]}


def _review(who: Any, application: dict[str, Any], decision: str) -> None:
    call_as(
        who, "challenge_application_review", id=application["id"], decision=decision
    )


def _page(browser: Callable[..., Any], application: dict[str, Any]) -> str:
    own = _own(application)
    answer = browser().get(f"/en/challenge/application/{own['id']}?key={own['key']}")
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def _mail(application: dict[str, Any], cohort: dict[str, Any]) -> dict[str, Any]:
    """What the mail of the waiting list is told."""
    (kind,) = [one for one in mails.KINDS if one.name == "waitlisted"]
    told = kind.variables(
        Occasion(
            application=Application.get(application["id"]),
            cohort=Cohort.get(cohort["id"]),
        )
    )
    assert told is not None
    return dict(told)
