"""A portal that serves, a worker for its jobs, and a real browser."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from ckan.lib import jobs
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    make_participant,
    make_staff,
)
from helpers import served
from helpers.browser import PASSWORD, World
from helpers.mailbox import Mailbox
from helpers.snapshots import MadeOnce
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, sync_playwright
from rq import Worker

from portal import ports

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture
def world(made_once: MadeOnce) -> World:
    """A season under way in which Baule takes part, and another that is open."""
    return made_once("browser", _world)


def _world() -> World:
    collectivites()
    people: dict[str, dict[str, Any]] = {
        role: factories.User(password=PASSWORD)
        for role in ("applicant", "adviser", "manager")
    }
    people["member"] = factories.User(name="baule", password=PASSWORD)
    people["sysadmin"] = factories.Sysadmin(password=PASSWORD)
    open_cohort = make_cohort("open", name="saison-3", season=3, title="Saison 3")
    cohort = make_cohort("open", title="Challenge open data, saison 2")
    for role in ("adviser", "manager"):
        for season in (cohort, open_cohort):
            make_staff(season, role, people[role], by=people["sysadmin"])
    participant = make_participant(cohort, BAULE, user=people["member"])
    make_participant(cohort, POINCONNET)
    cohort = call_as(
        people["manager"], "challenge_cohort_transition", id=cohort["id"], to="running"
    )
    for step in ("elu-referent", "contact-technique"):
        call_as(
            people["member"],
            "challenge_step_update",
            participant=participant["id"],
            step=step,
            state="done",
            note="Camille Martin, adjointe",
        )
    application = apply(open_cohort, POINCONNET, user=people["applicant"])
    awards = call_as(None, "challenge_award_list", badge="engagee")
    return World(
        cohort,
        open_cohort,
        participant,
        application,
        awards["results"][0],
        {},
        people,
    )


@pytest.fixture(scope="session")
def _post() -> Iterator[tuple[Mailbox, str]]:
    """The mail server of the portal, and its address."""
    box = Mailbox()
    (port,) = ports.choose(1)
    controller = Controller(box, hostname=ports.HOST, port=port)
    controller.start()
    yield box, f"{ports.HOST}:{port}"
    controller.stop()


@pytest.fixture
def mailbox(
    _post: tuple[Mailbox, str],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Mailbox:
    """What the portal and this process have mailed in this test."""
    box, server = _post
    box.messages.clear()
    monkeypatch.setitem(ckan_config, "smtp.server", server)
    monkeypatch.setitem(ckan_config, "smtp.starttls", False)
    return box


class _Portal:
    """A portal and its worker: they take longer to start than most of the tests."""

    def __init__(self) -> None:
        self._settings: dict[str, str] | None = None
        self._url = ""
        self._running = ExitStack()

    def with_settings(
        self, settings: dict[str, str], folders: pytest.TempPathFactory
    ) -> str:
        """The address of one that has these settings, which may be there already.

        :param folders: for what a new one writes
        """
        if self._settings == settings:
            return self._url
        self.end()
        folder = folders.mktemp("portal")
        (port,) = ports.choose(1)
        url = f"http://{ports.HOST}:{port}"
        ini = served.ini_with(
            folder,
            {
                "WTF_CSRF_ENABLED": "true",
                "ckanext.challenge.home": "true",
                "ckan.site_url": url,
                "ckan.storage_path": str(folder / "storage"),
                "smtp.starttls": "false",
                **settings,
            },
        )
        worker = ["ckan", "-c", str(ini), "jobs", "worker"]
        worker += ["default", "challenge-conformity"]
        with ExitStack() as starting:
            starting.enter_context(served.web(ini, port, folder / "server.log"))
            log = folder / "worker.log"
            starting.enter_context(served.running(worker, log, _worker_is_idle))
            self._running = starting.pop_all()
        self._settings, self._url = settings, url
        return url

    def end(self) -> None:
        """Have neither of them run."""
        self._running.close()
        self._settings = None


_portal = _Portal()


def _own_settings(test: pytest.Item) -> dict[str, str]:
    """The settings that a module of tests has for its portal, as ``SETTINGS``."""
    module = test.getparent(pytest.Module)
    return getattr(module and module.obj, "SETTINGS", {})


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the portal before a test that may not share its database or its settings.

    Its worker rests now. Ended later, it could have taken a job of the next test from
    the queue, and would be lost together with it.
    """
    if (
        nextitem is None
        or nextitem.path.parent != Path(__file__).parent
        or _own_settings(nextitem) != _own_settings(item)
    ):
        _portal.end()


@pytest.fixture
def address(
    world: World,
    mailbox: Mailbox,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _post: tuple[Mailbox, str],
) -> Iterator[str]:
    """The address of a portal that serves this world, with a worker beside it.

    What it mails is in ``mailbox``.
    """
    # Begun only now: a worker must not take the first world's jobs while it is made,
    # and kept.
    settings = {"smtp.server": _post[1], **_own_settings(request.node)}
    portal = _portal.with_settings(settings, tmp_path_factory)
    yield portal
    # What the portal still does belongs to this test, and would stand in the way of the
    # next one's cleaning. Its one process answers when it has done all else.
    assert served.answers(portal)
    deadline = time.monotonic() + served.WAIT
    while not _worker_is_idle():
        assert time.monotonic() < deadline, "the worker does not come to rest"
        time.sleep(0.05)


def _worker_is_idle() -> bool:
    """Whether it waits, and no job is there for it.

    A job is asked how it is, since one that has just left the queue is in no list.
    """
    connection: Any = connect_to_redis()
    states = {
        connection.hget(key, "status")
        for key in connection.scan_iter("rq:job:*", _type="hash")
    }
    workers = {worker.get_state() for worker in Worker.all(queue=jobs.get_queue())}
    return workers == {"idle"} and not states & {b"queued", b"started"}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """One browser for all tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PORTAL_CHROMIUM", "/usr/bin/chromium"),
            args=list(_FLAGS),
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(
    chromium: Chromium, address: str, world: World
) -> Iterator[Callable[..., Page]]:
    """Opens a page as somebody; ``visit(role, width=…, scripts=…)``."""
    contexts = []

    def open_page(
        role: str | None = None, width: int = 1280, scripts: bool = True
    ) -> Page:
        context: Any = chromium.new_context(
            base_url=address,
            viewport={"width": width, "height": 800},
            java_script_enabled=scripts,
            locale="fr-FR",
        )
        contexts.append(context)
        page: Page = context.new_page()
        if role:
            page.goto("/user/login")
            page.fill("#field-login", world.people[role]["name"])
            page.fill("#field-password", PASSWORD)
            page.locator("#field-password").press("Enter")
            page.wait_for_url(lambda url: "login" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
