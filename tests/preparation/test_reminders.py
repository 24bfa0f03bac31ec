"""Who left a file half prepared is told once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from factories import call_as
from helpers.mailbox import Mailbox

from ckanext.challenge.model import Mail, Preparation
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues"
)


def _left(
    editor: dict[str, Any], organization: dict[str, Any], days: int, **more: Any
) -> Preparation:
    when = utcnow() - dt.timedelta(days=days)
    row = Preparation(
        organization_id=organization["id"],
        kit="subventions",
        user_id=editor["id"],
        **{"state": "to_mend", **more},
        updated_at=when,
        expires_at=when + dt.timedelta(days=30),
    )
    model.Session.add(row)
    model.Session.commit()
    return row


def _remind(cli: Any, *options: str) -> str:
    result = cli.invoke(ckan_command, ["challenge", "remind", *options])
    assert result.exit_code == 0, result.output
    return result.output


def _mails() -> int:
    model.Session.rollback()
    return model.Session.query(Mail).filter_by(kind="preparation_waits").count()


def test_its_author_is_told_once(
    cli: Any,
    editor: dict[str, Any],
    organization: dict[str, Any],
    mailbox: Mailbox,
) -> None:
    row = _left(editor, organization, 8)
    assert "Files left half prepared: 1" in _remind(cli, "--dry-run")
    assert _mails() == 0
    assert "Files left half prepared: 1; mails: 1" in _remind(cli)
    assert "Nobody is to be reminded today" in _remind(cli)
    assert _mails() == 1
    outbox.send_due()
    (mail,) = mailbox.messages
    assert "secretariat@example.org" in mail["To"]
    text = mail.get_body(("plain",))
    assert text
    assert f"/challenge/preparation/{row.id}" in text.get_content()


@pytest.mark.parametrize(
    ("days", "more"),
    [
        (6, {}),
        (31, {}),
        (8, {"state": "published"}),
        (8, {"state": "reading"}),
        (8, {"state": "failed"}),
    ],
)
def test_of_others_nobody_is_told(
    cli: Any,
    editor: dict[str, Any],
    organization: dict[str, Any],
    days: int,
    more: dict[str, Any],
) -> None:
    _left(editor, organization, days, **more)
    _remind(cli)
    assert _mails() == 0


def test_who_left_the_organization_is_not_told(
    cli: Any, editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    _left(editor, organization, 8)
    call_as(
        factories.Sysadmin(),
        "organization_member_delete",
        id=organization["id"],
        username=editor["name"],
    )
    _remind(cli)
    assert _mails() == 0


def test_what_was_published_meanwhile_is_not_told(
    cli: Any,
    editor: dict[str, Any],
    organization: dict[str, Any],
    mailbox: Mailbox,
) -> None:
    row = _left(editor, organization, 8)
    _remind(cli)
    row = Preparation.get(row.id)
    assert row
    row.state = "published"
    model.Session.commit()
    outbox.send_due()
    assert mailbox.messages == []
