"""Mails: sent by the worker after the commit, in the applicant's language."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ckan import model
from ckan.lib import jobs
from ckan.tests import factories
from factories import (
    BAULE,
    apply,
    call_as,
    collectivites,
    make_cohort,
    season_and_directory,
    work_in_this_process,
)
from helpers.snapshots import MadeOnce

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_queues")


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


@pytest.fixture
def work() -> Callable[[], None]:
    """Run what is queued in this process, as a worker would."""

    def run() -> None:
        queue = jobs.get_queue()
        for job in queue.jobs:
            queue.remove(job)
            work = job.func
            assert work is not None
            work(*job.args, **job.kwargs)

    return run


def test_a_receipt_with_reference_and_link(
    cohort: dict[str, Any], mailbox: Any, app: Any, work: Callable[[], None]
) -> None:
    application = apply(cohort)
    assert mailbox.messages == []
    work()
    (mail,) = mailbox.to("mairie@example.org")
    assert application["reference"] in mail["Subject"]
    body = mail.get_body(("plain",)).get_content()
    link = next(word for word in body.split() if word.startswith("http"))
    assert f"/challenge/application/{application['id']}?key=" in link
    page = app.get(link.removeprefix("http://test.ckan.net"))
    assert page.status_code == 200
    assert application["reference"] in page.body


def test_a_welcome_that_opens_the_account(
    cohort: dict[str, Any], mailbox: Any, app: Any, work: Callable[[], None]
) -> None:
    admin = factories.Sysadmin()
    application = apply(cohort)
    work()
    mailbox.messages.clear()
    call_as(
        admin, "challenge_application_review", id=application["id"], decision="accept"
    )
    assert mailbox.messages == []
    work()
    (mail,) = mailbox.to("mairie@example.org")
    body = mail.get_body(("plain",)).get_content()
    links = [word for word in body.split() if word.startswith("http")]
    reset = next(link for link in links if "/user/reset/" in link)
    assert any(link.endswith("/challenge/mine/saison-2/baule") for link in links)
    page = app.get(reset.removeprefix("http://test.ckan.net"))
    assert page.status_code == 200
    user = model.User.by_email("mairie@example.org")
    assert user is not None
    assert user.reset_key in reset


@pytest.mark.parametrize(
    ("language", "word"), [("fr", "candidature"), ("en", "application")]
)
def test_in_the_language_of_the_form(
    mailbox: Any, app: Any, work: Callable[[], None], language: str, word: str
) -> None:
    collectivites()
    cohort = make_cohort()
    made = app.post(
        f"/{language}/api/3/action/challenge_application_create",
        json={
            "cohort": cohort["name"],
            "siren": BAULE,
            "agents": 3,
            "contact_name": "Secrétariat",
            "contact_email": "mairie@example.org",
            "motivation": "Ouvrir.",
            "consent": True,
        },
    ).json["result"]
    app.post(
        f"/{language}/api/3/action/challenge_application_submit",
        json={"id": made["id"], "key": made["key"]},
    )
    work()
    (mail,) = mailbox.to("mairie@example.org")
    assert word in mail["Subject"]


def test_a_refusal_gives_the_reason(
    cohort: dict[str, Any], mailbox: Any, work: Callable[[], None]
) -> None:
    application = apply(cohort)
    call_as(
        factories.Sysadmin(),
        "challenge_application_review",
        id=application["id"],
        decision="refuse",
        reason="La saison est complète.",
    )
    work()
    last = mailbox.to("mairie@example.org")[-1]
    assert "La saison est complète." in last.get_body(("plain",)).get_content()


def test_a_mail_server_that_is_down_undoes_nothing(
    cohort: dict[str, Any], ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ckan_config, "smtp.server", "127.0.0.1:9")
    assert apply(cohort)["state"] == "submitted"
    work_in_this_process()
    assert (
        call_as(factories.Sysadmin(), "challenge_application_list", cohort="saison-2")[
            "results"
        ][0]["state"]
        == "submitted"
    )
