"""A mail server that can be down, and applications to write about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from ckan import model
from factories import collectivites, make_cohort

from ckanext.challenge.model import Mail
from helpers.mailbox import Mailbox
from helpers.snapshots import MadeOnce
from portal import ports


@dataclass
class PostOffice:
    """A real mail server at a fixed address, which is down until it is opened."""

    port: int
    box: Mailbox = field(default_factory=Mailbox)
    controller: Controller | None = None

    def open(self) -> None:
        self.controller = Controller(self.box, hostname=ports.HOST, port=self.port)
        self.controller.start()

    def close(self) -> None:
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    @property
    def subjects(self) -> list[str]:
        """Of all that came, in order."""
        return [str(mail["Subject"]) for mail in self.box.messages]


@pytest.fixture
def post_office(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[PostOffice]:
    (port,) = ports.choose(1)
    office = PostOffice(port)
    monkeypatch.setitem(ckan_config, "smtp.server", f"{ports.HOST}:{port}")
    monkeypatch.setitem(ckan_config, "smtp.starttls", False)
    try:
        yield office
    finally:
        office.close()


@pytest.fixture
def office(post_office: PostOffice) -> PostOffice:
    """The same, open from the beginning."""
    post_office.open()
    return post_office


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    def make() -> dict[str, Any]:
        collectivites()
        return make_cohort(contact_email="saison@example.org")

    return made_once("open season with an address", make)


@pytest.fixture
def minutes_pass() -> Callable[[float], None]:
    """Move the clock of the outbox: what waits has waited that much longer."""

    def pass_(minutes: float) -> None:
        model.Session.execute(
            sa.text(
                "UPDATE challenge_mail SET next_attempt_at = next_attempt_at"
                " - :minutes * interval '1 minute',"
                " sent_at = sent_at - :minutes * interval '1 minute'"
            ),
            {"minutes": minutes},
        )
        model.Session.commit()

    return pass_


@pytest.fixture
def rows() -> Callable[[], list[Mail]]:
    """The outbox as it is stored, the oldest first."""

    def read() -> list[Mail]:
        model.Session.rollback()
        return (
            model.Session.query(Mail)
            .order_by(Mail.created_at)
            .populate_existing()
            .all()
        )

    return read
