"""The weekly mail: to whom, on which day, once, and until they end it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from factories import work_in_this_process
from helpers.mailbox import Mailbox

from ckanext.challenge import config
from ckanext.challenge.agenda import digest
from ckanext.challenge.domain.agenda import WEEKDAYS
from ckanext.challenge.model import Digest, Mail, Staff
from ckanext.challenge.notifications import outbox

MONDAY = dt.date(2026, 11, 30)
TEAM = ("adviser", "manager", "second")


def _names(world: Any, found: dict[str, Any]) -> list[str]:
    roles = {person["id"]: role for role, person in world.people.items()}
    return sorted(roles[id_] for id_ in found)


def _today() -> str:
    return WEEKDAYS[config.today().weekday()]


def test_the_team_gets_it_on_mondays_unless_somebody_says_otherwise(world: Any) -> None:
    assert _names(world, digest.due(MONDAY)) == sorted(TEAM)
    assert digest.due(MONDAY + dt.timedelta(days=1)) == {}
    ids = {role: world.people[role]["id"] for role in TEAM}
    digest.choose(ids["adviser"], 3, MONDAY)
    digest.choose(ids["second"], None, MONDAY)
    assert _names(world, digest.due(MONDAY)) == ["manager"]
    thursday = MONDAY + dt.timedelta(days=3)
    assert _names(world, digest.due(thursday)) == ["adviser"]
    # Whoever has no account any more, or is on no team, gets none.
    model.Session.query(model.User).filter_by(id=ids["manager"]).update(
        {"state": "deleted"}
    )
    model.Session.query(Staff).filter_by(user_id=ids["adviser"]).delete()
    assert digest.due(MONDAY) == digest.due(thursday) == {}


def test_it_goes_once_however_often_the_command_runs(world: Any) -> None:
    found = digest.due(MONDAY)
    assert digest.send(found) == 3
    # Another one that had read the same is too late.
    assert digest.send(found) == 0
    assert digest.due(MONDAY) == digest.due(MONDAY + dt.timedelta(days=6)) == {}
    mails = model.Session.query(Mail).filter_by(kind="digest")
    assert sorted(mail.user_id or "" for mail in mails) == sorted(found)
    following = digest.due(MONDAY + dt.timedelta(days=9))
    assert {day for _, day in following.values()} == {MONDAY + dt.timedelta(days=7)}
    # The day that somebody chose stays theirs.
    digest.choose(world.people["adviser"]["id"], 2, MONDAY)
    digest.send(digest.due(MONDAY + dt.timedelta(days=2)))
    row = model.Session.get(Digest, world.people["adviser"]["id"])
    assert row is not None
    assert (row.weekday, row.settled_until) == (2, MONDAY + dt.timedelta(days=2))


def test_what_it_says_and_how_it_ends(world: Any, mailbox: Mailbox) -> None:
    world.call(
        "editor", "participant_message_create", participant=world.first, text="Secret"
    )
    model.Session.query(Mail).delete()
    model.Session.commit()
    assert digest.send(digest.due(MONDAY)) == 3
    outbox.send_due()
    sent = {mail["To"]: mail for mail in mailbox.messages}
    assert len(sent) == 3
    (mail,) = (
        one for to, one in sent.items() if world.people["adviser"]["email"] in to
    )
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert "Commune 214500241" in text
    assert "Secret" not in text
    key = mail["List-Unsubscribe"].strip("<>").partition("key=")[2]
    assert tk.get_action("challenge_digest_end")({"user": ""}, {"key": key}) == {
        "done": True
    }
    assert world.call("adviser", "digest_show") == {"weekday": "none"}
    assert _names(world, digest.due(MONDAY + dt.timedelta(days=7))) == [
        "manager",
        "second",
    ]


def test_who_has_nothing_to_read_gets_nothing(world: Any, mailbox: Mailbox) -> None:
    digest.send(digest.due(MONDAY))
    model.Session.query(Mail).filter(Mail.kind != "digest").delete()
    # Who was on the team when the mail was stored, and is no longer when it goes.
    model.Session.query(Staff).delete()
    model.Session.commit()
    outbox.send_due()
    mails = model.Session.query(Mail).all()
    assert {(one.state, one.last_error) for one in mails} == {("cancelled", "nothing")}
    assert mailbox.messages == []


def test_who_ends_it_meanwhile_gets_no_other(world: Any, mailbox: Mailbox) -> None:
    digest.send(digest.due(MONDAY))
    for role in TEAM:
        world.call(role, "digest_update", weekday="none")
    outbox.send_due()
    kinds = model.Session.query(Mail).filter_by(kind="digest")
    assert {mail.state for mail in kinds} == {"cancelled"}


@pytest.mark.parametrize("key", ["x", "", None, 7, ["x"]])
def test_a_wrong_key_ends_nothing(world: Any, key: Any) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        tk.get_action("challenge_digest_end")({"user": ""}, {"key": key})
    assert list(caught.value.error_dict) == ["key"]
    # Nor does that of an account which is gone.
    gone = {"key": digest.end_key("nobody")}
    assert tk.get_action("challenge_digest_end")({"user": ""}, gone) == {"done": True}


def test_the_command(world: Any, cli: Any) -> None:
    for role in ("manager", "adviser"):
        world.call(role, "digest_update", weekday=_today())
    world.call("second", "digest_update", weekday="none")
    planned = cli.invoke(ckan_command, ["challenge", "digest", "--dry-run"])
    assert planned.exit_code == 0, planned.output
    assert "To be written to: 2. Nothing was sent." in planned.output
    for number in (2, 0):
        done = cli.invoke(ckan_command, ["challenge", "digest"])
        assert done.exit_code == 0, done.output
        assert f"Mails: {number}" in done.output


def test_staff_are_told_of_what_is_silent(world: Any, cli: Any) -> None:
    assert world.agenda()["silent"] == []
    ago = dt.timedelta(hours=30)
    for table in ("challenge_cohort", "challenge_run"):
        column = "ended_at" if table == "challenge_run" else "created_at"
        model.Session.execute(
            model.meta.metadata.tables[table]
            .update()
            .values({column: dt.datetime.now(dt.timezone.utc) - ago})
        )
    model.Session.commit()
    for who in ("manager", "adviser"):
        silent = [row["name"] for row in world.agenda(who)["silent"]]
        assert silent == ["evaluate", "mail", "worker"]
    done = cli.invoke(ckan_command, ["challenge", "mail", "send"])
    assert [row["name"] for row in world.agenda()["silent"]] == ["evaluate", "worker"]
    assert done.exit_code in (0, 1)
    # It asked the worker, too, which says that it is there.
    work_in_this_process()
    assert [row["name"] for row in world.agenda()["silent"]] == ["evaluate"]
    assert cli.invoke(ckan_command, ["challenge", "evaluate", "--all"]).exit_code == 0
    assert world.agenda()["silent"] == []


def test_a_stranger_chooses_no_day(world: Any) -> None:
    with pytest.raises(tk.NotAuthorized):
        world.call("stranger", "digest_update", weekday="monday")
    with pytest.raises(tk.ValidationError) as caught:
        world.call("manager", "digest_update", weekday="someday")
    assert list(caught.value.error_dict) == ["weekday"]
