"""A file that answers a season's own question."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import apply, call_as, collectivites, make_cohort, only_message
from werkzeug.datastructures import FileStorage

from ckanext.challenge.model import Application, ApplicationFile

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

QUESTIONS = [
    {"key": "pret", "label": "Prêt ?", "type": "yes_no"},
    {
        "key": "budget",
        "label": "Votre budget",
        "type": "file",
        "required": True,
        "when": {"question": "pret", "is": [True]},
    },
]


@pytest.fixture
def draft(storage: Path) -> dict[str, Any]:
    """A draft of somebody who is asked for a file."""
    collectivites()
    cohort = make_cohort(questions=QUESTIONS)
    return apply(cohort, submit=False, answers={"pret": True, "budget": "menti.pdf"})


def _attach(draft: dict[str, Any], name: str = "budget.pdf", **data: Any) -> Any:
    return call_as(
        None,
        "challenge_application_attachment_create",
        id=draft["id"],
        key=draft["key"],
        upload=FileStorage(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), filename=name),
        **{"purpose": "question", "question": "budget", **data},
    )


def _call(draft: dict[str, Any], action: str, **data: Any) -> Any:
    own = {"id": draft["id"], "key": draft["key"]}
    return call_as(None, f"challenge_application_{action}", **{**own, **data})


def _files(storage: Path) -> int:
    return len([path for path in storage.rglob("*") if path.is_file()])


def test_the_answer_is_a_file_and_no_text(draft: dict[str, Any], storage: Path) -> None:
    assert draft["answers"] == {"pret": True}
    with pytest.raises(tk.ValidationError) as caught:
        _call(draft, "submit")
    assert only_message(caught, "answers-budget")
    _attach(draft, "ancien.pdf")
    made = _attach(draft)
    assert (made["question"], made["purpose"]) == ("budget", "question")
    shown = _call(draft, "show")
    assert shown["answers"] == {"pret": True, "budget": "budget.pdf"}
    # The one before is gone, in the database and on the disk.
    assert [file["id"] for file in shown["attachments"]] == [made["id"]]
    assert _files(storage) == 1
    assert _call(draft, "submit")["state"] == "submitted"
    # What was handed in does not come to lack what it needs.
    with pytest.raises(tk.ValidationError) as caught:
        _call(draft, "attachment_delete", id=made["id"])
    assert only_message(caught, "id")
    (row,) = call_as(
        factories.Sysadmin(),
        "challenge_application_list",
        cohort="saison-2",
        columns="budget",
    )["results"]
    assert row["answers"] == {"budget": "budget.pdf"}


def test_what_is_not_asked_any_more_takes_its_file_along(
    draft: dict[str, Any], storage: Path
) -> None:
    _attach(draft)
    _call(draft, "update", motivation="Autre")
    assert _files(storage) == 1
    changed = _call(draft, "update", answers={"pret": False})
    assert (changed["answers"], changed["attachments"]) == ({"pret": False}, [])
    assert _files(storage) == 0
    with pytest.raises(tk.ValidationError) as caught:
        _attach(draft)
    assert only_message(caught, "question")
    assert _call(draft, "submit")["state"] == "submitted"


@pytest.mark.parametrize("question", ["pret", "autre", "", None])
def test_a_file_answers_only_what_asks_for_one(
    draft: dict[str, Any], storage: Path, question: Any
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _attach(draft, question=question)
    assert only_message(caught, "question")
    assert _files(storage) == 0
    assert model.Session.query(ApplicationFile).count() == 0


def test_a_file_is_taken_away_from_a_draft(
    draft: dict[str, Any], storage: Path
) -> None:
    made = _attach(draft)
    _call(draft, "attachment_delete", id=made["id"])
    assert _call(draft, "show")["answers"] == {"pret": True}
    assert _files(storage) == 0


def test_erasure_takes_the_file_and_its_name(
    draft: dict[str, Any], storage: Path
) -> None:
    _attach(draft)
    _call(draft, "submit")
    call_as(factories.Sysadmin(), "challenge_application_erase", id=draft["id"])
    row = model.Session.get(Application, draft["id"])
    assert row is not None
    assert row.answers == {}
    assert _files(storage) == 0
