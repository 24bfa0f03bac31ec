"""Mails that fail, as managers and administrators see them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    make_cohort,
    make_staff,
    only_message,
)
from helpers.browser import PASSWORD, Browser

from ckanext.challenge.model import Mail
from ckanext.challenge.notifications import outbox


@pytest.fixture
def manager(cohort: dict[str, Any]) -> dict[str, Any]:
    user = factories.User(password=PASSWORD)
    make_staff(cohort, "manager", user, by=factories.Sysadmin())
    return user


def _mails(user: dict[str, Any], **asked: Any) -> list[dict[str, Any]]:
    return call_as(user, "challenge_mail_list", cohort="saison-2", **asked)["results"]


def test_what_fails_is_listed_first_and_sent_again(
    cohort: dict[str, Any], manager: dict[str, Any], post_office: Any
) -> None:
    post_office.open()
    apply(cohort, POINCONNET)
    outbox.send_due()
    post_office.close()
    application = apply(cohort, BAULE)
    outbox.send_due()
    first, second = _mails(manager)
    assert (first["failing"], first["state"], first["attempts"]) == (True, "waiting", 1)
    assert first["reference"] == application["reference"]
    assert (second["failing"], second["state"]) == (False, "sent")
    assert [mail["id"] for mail in _mails(manager, state="failing")] == [first["id"]]
    post_office.open()
    assert outbox.send_due().sent == 0
    again = call_as(manager, "challenge_mail_retry", id=first["id"])
    assert (again["state"], again["attempts"], again["failing"]) == (
        "waiting",
        0,
        False,
    )
    assert outbox.send_due().sent == 1
    with pytest.raises(tk.ValidationError) as caught:
        call_as(manager, "challenge_mail_retry", id=first["id"])
    assert only_message(caught, "state")
    journal = call_as(
        factories.Sysadmin(), "challenge_journal_list", object_id=application["id"]
    )
    assert "retry_mail" in {row["action"] for row in journal["results"]}


def test_drafts_are_not_told_of_by_their_mails(
    cohort: dict[str, Any], manager: dict[str, Any]
) -> None:
    draft = apply(cohort, BAULE, submit=False, draft=True)
    assert [mail.kind for mail in model.Session.query(Mail)] == ["draft"]
    assert _mails(manager) == []
    assert len(_mails(factories.Sysadmin())) == 1
    with pytest.raises(tk.NotAuthorized):
        call_as(
            manager,
            "challenge_mail_preview",
            application=draft["id"],
            decision="accept",
        )


def test_the_page_of_a_season(
    cohort: dict[str, Any], manager: dict[str, Any], post_office: Any, app: Any
) -> None:
    other = make_cohort(name="autre", season=3)
    applications = [apply(cohort, siren) for siren in (BAULE, POINCONNET)]
    apply(other, BAULE)
    outbox.send_due()
    path = "/challenge/manage/saison-2/mails"
    reader = Browser(app).sign_in(manager)
    page = reader.get(path).get_data(as_text=True)
    for application in applications:
        assert application["reference"] in page
    assert "refused" in page
    assert reader.get("/challenge/manage/autre/mails").status_code == 403
    assert Browser(app).get(path).status_code == 302
    post_office.open()
    (mail, _) = _mails(manager)
    answer = reader.post(f"{path}/{mail['id']}")
    assert answer.status_code == 302
    assert outbox.send_due().sent == 1
    assert reader.post(path).status_code == 302
    assert outbox.send_due().sent == 1
    # Those of the other season wait on.
    assert outbox.due() == 0
    assert model.Session.query(Mail).filter_by(state="waiting").count() == 1
    assert reader.get(f"{path}?state=failing").status_code == 200
    assert reader.post(f"{path}/{mail['id']}").status_code == 302
    assert reader.post(f"{path}/nothing").status_code == 404


class TestCommands:
    def _run(self, cli: Any, *words: str) -> Any:
        return cli.invoke(ckan_command, ["challenge", "mail", *words])

    def test_send_list_and_retry(
        self, cli: Any, cohort: dict[str, Any], post_office: Any
    ) -> None:
        assert "No mail is due" in self._run(cli, "send").output
        assert "No mail is failing" in self._run(cli, "list").output
        apply(cohort, BAULE)
        failed = self._run(cli, "send")
        assert failed.exit_code == 1
        assert "0 sent, 1 failed" in failed.output
        listed = self._run(cli, "list")
        assert "refused" in listed.output
        assert "next attempt" in listed.output
        assert "mairie@example.org" not in failed.output + listed.output
        id_ = listed.output.split()[0]
        post_office.open()
        assert "No mail is due" in self._run(cli, "send").output
        again = self._run(cli, "retry", id_)
        assert (again.exit_code, again.output) == (0, "Due again: 1\n")
        sent = self._run(cli, "send")
        assert (sent.exit_code, "1 sent, 0 failed" in sent.output) == (0, True)
        assert len(post_office.subjects) == 1
        assert id_ in self._run(cli, "list", "--state", "all").output

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (["retry"], "Give the IDs of mails, or --cohort"),
            (["retry", "x", "--cohort", "y"], "Give the IDs of mails, or --cohort"),
            (["retry", "nothing"], "There is no such mail"),
            (["retry", "--cohort", "nulle-part"], "There is no such season"),
            (["list", "--cohort", "nulle-part"], "There is no such season"),
            (["list", "--state", "lost"], "is not one of"),
            (["list", "--limit", "0"], "not in the range"),
            (["sent"], "No such command"),
        ],
    )
    def test_what_is_asked_wrongly(
        self, cli: Any, cohort: dict[str, Any], words: list[str], told: str
    ) -> None:
        result = self._run(cli, *words)
        assert result.exit_code != 0
        assert told in result.output
        assert "Traceback" not in result.output


def test_a_mail_can_be_read_from_its_list_and_opens_nothing(
    cohort: dict[str, Any], manager: dict[str, Any], post_office: Any
) -> None:
    post_office.open()
    application = apply(cohort, BAULE)
    outbox.send_due()
    (mail,) = _mails(manager)
    shown = call_as(manager, "challenge_mail_show", id=mail["id"])
    (sent,) = post_office.box.messages
    assert shown["subject"] == sent["Subject"]
    assert application["reference"] in shown["text"]
    assert (shown["state"], shown["unproved"]) == ("sent", False)
    # The key in its link is the applicant's alone.
    assert "key=%E2%80%A6" in shown["text"]
    assert application["key"] not in shown["text"] + shown["html"]
    call_as(manager, "challenge_application_erase", id=application["id"])
    gone = call_as(manager, "challenge_mail_show", id=mail["id"])
    assert "changed" in gone["problem"]
    assert "text" not in gone
    with pytest.raises(tk.ObjectNotFound):
        call_as(manager, "challenge_mail_show", id="x")
    other = make_staff(make_cohort(name="autre", season=3))
    with pytest.raises(tk.NotAuthorized):
        call_as(other, "challenge_mail_show", id=mail["id"])


def test_a_draft_s_mail_is_its_applicant_s(
    cohort: dict[str, Any], manager: dict[str, Any]
) -> None:
    draft = apply(cohort, BAULE, submit=False)
    mail = Mail(kind="draft", cohort_id=cohort["id"], application_id=draft["id"])
    model.Session.add(mail)
    model.Session.commit()
    with pytest.raises(tk.NotAuthorized):
        call_as(manager, "challenge_mail_show", id=mail.id)
    assert call_as(factories.Sysadmin(), "challenge_mail_show", id=mail.id)["text"]
