"""Messages and files: both sides read them, and nobody else."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    POINCONNET,
    altered,
    apply,
    call_as,
    make_staff,
    only_message,
    season_and_directory,
)
from helpers import kept
from helpers.snapshots import MadeOnce
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import journal, uploads
from ckanext.challenge.model import ApplicationFile, Mail

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


@pytest.fixture
def manager(cohort: dict[str, Any]) -> dict[str, Any]:
    user = factories.User(fullname="Une gestionnaire")
    make_staff(cohort, "manager", user, by=factories.Sysadmin())
    return user


def _pdf(name: str = "délibération.pdf", content: bytes = PDF) -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


def _attach(application: dict[str, Any], upload: Any, purpose: str = "letter") -> Any:
    return call_as(
        None,
        "challenge_application_attachment_create",
        id=application["id"],
        key=application["key"],
        purpose=purpose,
        upload=upload,
    )


def _stored(storage: Path) -> list[Path]:
    return [path for path in storage.rglob("*") if path.is_file()]


def test_a_file_is_attached_and_removed(cohort: dict[str, Any], storage: Path) -> None:
    draft = apply(cohort, submit=False)
    made = _attach(draft, _pdf())
    assert (made["name"], made["media_type"]) == ("délibération.pdf", "application/pdf")
    assert kept.path_of(made["id"]).read_bytes() == PDF
    shown = call_as(
        None, "challenge_application_show", id=draft["id"], key=draft["key"]
    )
    assert [file["id"] for file in shown["attachments"]] == [made["id"]]
    call_as(
        None,
        "challenge_application_attachment_delete",
        id=made["id"],
        key=draft["key"],
    )
    assert _stored(storage) == []
    assert journal.verify() == []


@pytest.mark.parametrize(
    ("purpose", "upload"),
    [
        ("letter", None),
        ("letter", "text"),
        ("letter", FileStorage(io.BytesIO(b""), filename="")),
        ("letter", FileStorage(io.BytesIO(b"<script>"), filename="a.pdf")),
        ("logo", FileStorage(io.BytesIO(PDF), filename="logo.png")),
    ],
)
def test_what_is_no_file_is_refused_and_leaves_nothing(
    cohort: dict[str, Any], storage: Path, purpose: str, upload: Any
) -> None:
    draft = apply(cohort, submit=False)
    with pytest.raises(tk.ValidationError) as caught:
        _attach(draft, upload, purpose)
    only_message(caught, "upload")
    assert _stored(storage) == []
    assert model.Session.query(ApplicationFile).count() == 0


def test_only_so_many_files_and_only_while_it_can_be_changed(
    cohort: dict[str, Any], storage: Path
) -> None:
    draft = apply(cohort, submit=False)
    for _ in range(uploads.MOST):
        _attach(draft, _pdf())
    with pytest.raises(tk.ValidationError) as caught:
        _attach(draft, _pdf())
    only_message(caught, "upload")
    sent = apply(cohort, POINCONNET)
    _attach(sent, _pdf())
    call_as(
        factories.Sysadmin(),
        "challenge_application_review",
        id=sent["id"],
        decision="start",
    )
    with pytest.raises(tk.ValidationError) as caught:
        _attach(sent, _pdf())
    only_message(caught, "state")


def test_a_row_that_fails_takes_its_file_along(
    cohort: dict[str, Any], storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = apply(cohort, submit=False)

    def fail(*_: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr(journal, "record", fail)
    with pytest.raises(RuntimeError):
        _attach(draft, _pdf())
    assert _stored(storage) == []
    assert model.Session.query(ApplicationFile).count() == 0


def test_both_sides_write_and_are_told(
    cohort: dict[str, Any], manager: dict[str, Any], storage: Path
) -> None:
    mine = apply(cohort)
    own = {"id": mine["id"], "key": mine["key"]}
    create, list_ = (
        f"challenge_application_message_{verb}" for verb in ("create", "list")
    )
    asked = call_as(None, create, text="Une question ?", upload=_pdf(), **own)
    answered = call_as(manager, create, id=mine["id"], text="Une réponse.")
    assert (asked["side"], asked["author"]) == ("applicant", None)
    assert (answered["side"], answered["author"]) == ("staff", "Une gestionnaire")
    # A manager who holds the applicant's link is a manager.
    assert call_as(manager, create, text="Encore.", **own)["side"] == "staff"
    for caller, key in ((None, own), (manager, {"id": mine["id"]})):
        listed = call_as(caller, list_, **key)
        assert [row["side"] for row in listed["results"]] == [
            "applicant",
            "staff",
            "staff",
        ]
        assert [file["name"] for file in listed["results"][0]["files"]] == [
            "délibération.pdf"
        ]
    told = model.Session.query(Mail.kind, Mail.user_id).filter(
        Mail.kind.in_(("message", "message_staff"))
    )
    assert sorted(told, key=str) == [
        ("message", None),
        ("message", None),
        ("message_staff", manager["id"]),
    ]
    # The journal says that there was a message, and not which.
    history = call_as(factories.Sysadmin(), "challenge_journal_list", limit=100)
    assert "question" not in str(history)


def test_nobody_reads_the_messages_and_files_of_another(
    cohort: dict[str, Any], manager: dict[str, Any], storage: Path
) -> None:
    mine, other = apply(cohort, submit=False), apply(cohort, POINCONNET)
    file = _attach(mine, _pdf())
    call_as(None, "challenge_application_submit", id=mine["id"], key=mine["key"])
    sent = call_as(
        None,
        "challenge_application_message_create",
        id=mine["id"],
        key=mine["key"],
        text="Privé.",
        upload=_pdf(),
    )
    stranger = factories.User()
    calls = [
        ("attachment_show", {"id": file["id"]}),
        ("attachment_show", {"id": sent["files"][0]["id"]}),
        ("attachment_delete", {"id": file["id"]}),
        ("attachment_create", {"id": mine["id"], "purpose": "letter"}),
        ("message_list", {"id": mine["id"]}),
        ("message_create", {"id": mine["id"], "text": "x"}),
        ("data", {"id": mine["id"]}),
    ]
    for caller, key in (
        (None, None),
        (None, other["key"]),
        (None, altered(mine["key"])),
        (stranger, other["key"]),
    ):
        for action, data in calls:
            with pytest.raises(tk.NotAuthorized):
                call_as(caller, f"challenge_application_{action}", key=key, **data)
    for action, data in calls[:2]:
        assert call_as(manager, f"challenge_application_{action}", **data)["name"]


def test_a_draft_has_no_conversation(cohort: dict[str, Any]) -> None:
    draft = apply(cohort, submit=False)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            None,
            "challenge_application_message_create",
            id=draft["id"],
            key=draft["key"],
            text="Bonjour",
        )
    only_message(caught, "state")


def test_ones_own_file_is_exported_whole(
    cohort: dict[str, Any], manager: dict[str, Any], storage: Path
) -> None:
    mine = apply(cohort, submit=False)
    _attach(mine, _pdf())
    own = {"id": mine["id"], "key": mine["key"]}
    call_as(None, "challenge_application_submit", **own)
    call_as(None, "challenge_application_message_create", text="Bonjour.", **own)
    call_as(
        manager, "challenge_application_note_create", id=mine["id"], text="Entre nous"
    )
    data = call_as(None, "challenge_application_data", **own)
    assert data["application"]["contact_email"] == "mairie@example.org"
    assert [message["text"] for message in data["messages"]] == ["Bonjour."]
    assert [file["name"] for file in data["files"]] == ["délibération.pdf"]
    assert [entry["to"] for entry in data["history"] if "to" in entry] == ["submitted"]
    assert "Entre nous" not in str(data)
