"""The participants as a file: typed, filtered, and nothing private in it."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import call_as, day, only_message
from helpers.board import Board
from helpers.snapshots import MadeOnce
from python_calamine import CalamineWorkbook

from ckanext.challenge import config
from ckanext.challenge.model import StepStatus, Visit


@pytest.fixture
def board(made_once: MadeOnce) -> Board:
    found = made_once("board", Board)
    found.set("a", adviser_id=found.adviser["id"], kind="cc", departement="45")
    found.visit("a", day(-3), 1.5)
    found.visit("b", day(-9), 2)
    model.Session.query(Visit).update({"notes": "Un secret."})
    model.Session.query(StepStatus).filter_by(
        participant_id=found.ids["a"], step="elu-referent"
    ).update({"state": "done", "note": "Un autre secret."})
    group = model.Group.get("commune-c")
    assert group is not None
    group.title = "=1+1"
    model.Session.commit()
    return found


def _file(board: Board, /, by: dict[str, Any] | None = None, **asked: Any) -> bytes:
    made = call_as(
        by or board.manager,
        "challenge_participant_export",
        cohort="saison-2",
        **asked,
    )
    content: str = made["content"]
    assert made["filename"].startswith("saison-2-participants.")
    if made["encoding"] == "base64":
        return base64.b64decode(content)
    return content.encode()


def test_csv_has_a_line_for_each_with_all_steps(board: Board) -> None:
    content = _file(board)
    assert b"secret" not in content
    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert len(rows) == 5
    row = next(row for row in rows if row["id"] == board.ids["a"])
    assert (row["kind"], row["days_spent"], row["step-elu-referent"]) == (
        "cc",
        "1.5",
        "done",
    )
    assert row["last_visit"] == day(-3).isoformat()
    assert "'=1+1" in [row["organization_title"] for row in rows]


@pytest.mark.parametrize("kind", ["xlsx", "ods"])
def test_a_workbook_has_three_typed_sheets(board: Board, kind: str) -> None:
    content = _file(board, format=kind)
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["Participants", "Steps", "Visits"]
    people = book.get_sheet_by_name("Participants").to_python()
    heads = people[0]
    (row,) = [row for row in people if row[0] == board.ids["a"]]
    values = dict(zip(heads, row, strict=True))
    assert values["Last visit"] == day(-3)
    assert isinstance(values["Joined on"], dt.datetime)
    assert values["Days done"] == 1.5
    assert values["Kind"] == tk.h.challenge_kind("cc")
    assert len(book.get_sheet_by_name("Steps").to_python()) == 1 + 5 * 16
    visits = book.get_sheet_by_name("Visits").to_python()
    assert [row[2:5] for row in visits[1:]] == [
        [day(-3), 1.5, "Rencontre"],
        [day(-9), 2.0, "Rencontre"],
    ]


def test_json_is_an_object_of_the_three(board: Board) -> None:
    found = json.loads(_file(board, format="json"))
    assert list(found) == ["participants", "steps", "visits"]
    assert len(found["participants"]) == 5
    assert found["steps"][0]["late"] in (True, False)
    assert "secret" not in json.dumps(found)
    assert "=1+1" in [row["organization_title"] for row in found["participants"]]


def test_what_was_not_held_and_what_is_shared_is_told(board: Board) -> None:
    shared = {"group_id": "g", "kind": "group", "shared_by": 2, "counted": 0.5}
    model.Session.query(Visit).filter_by(participant_id=board.ids["b"]).update(
        {
            **shared,
            "days": 1,
            "starts_at": dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.timezone.utc),
            "duration": 90,
            "place": "Mairie",
        }
    )
    model.Session.commit()
    board.visit("b", day(5), 1)
    board.visit("c", day(-1), 2)
    model.Session.query(Visit).filter_by(participant_id=board.ids["c"]).update(
        {"state": "cancelled"}
    )
    model.Session.commit()
    book = CalamineWorkbook.from_filelike(io.BytesIO(_file(board, format="xlsx")))
    heads, *rows = book.get_sheet_by_name("Visits").to_python()
    assert heads[5:7] == ["State", "Kind"]
    found = {(row[1], row[5]): row for row in rows}
    assert set(found) == {
        ("Commune A", "Held"),
        ("Commune B", "Held"),
        ("Commune B", "Planned"),
        ("'=1+1", "Cancelled"),
    }
    row = found["Commune B", "Held"]
    assert row[6] == "In a group"
    local = dt.datetime(2026, 3, 2, 8, 30, tzinfo=dt.timezone.utc)
    zone = config.display_timezone()
    assert row[7:11] == [local.astimezone(zone).replace(tzinfo=None), 90, "Mairie", 0.5]
    # What is cancelled counts nowhere.
    assert found["'=1+1", "Cancelled"][10] == ""
    visits = json.loads(_file(board, format="json"))["visits"]
    (group,) = [visit for visit in visits if visit["kind"] == "group"]
    assert (group["state"], group["days"], group["counted"]) == ("done", 1, 0.5)
    assert (group["duration"], group["place"]) == (90, "Mairie")
    assert group["starts_at"].startswith("2026-03-02T08:30")


def test_it_obeys_the_filter(board: Board) -> None:
    found = json.loads(_file(board, format="json", filters={"kind": "cc"}))
    assert board.letters(row["id"] for row in found["participants"]) == "a"
    assert {row["participant_id"] for row in found["steps"]} == {board.ids["a"]}
    assert len(found["visits"]) == 1
    nobody = json.loads(_file(board, format="json", filters={"q": "nowhere"}))
    assert nobody == {"participants": [], "steps": [], "visits": []}
    for kind in ("csv", "xlsx", "ods"):
        assert _file(board, format=kind, filters={"q": "nowhere"})
    with pytest.raises(tk.ValidationError) as caught:
        _file(board, filters={"kinds": "cc"})
    assert only_message(caught, "kinds")


def test_an_adviser_gets_the_visits_of_the_own_ones(board: Board) -> None:
    found = json.loads(_file(board, by=board.adviser, format="json"))
    assert [row["participant_id"] for row in found["visits"]] == [board.ids["a"]]
    days = {row["id"]: row["days_spent"] for row in found["participants"]}
    assert (days[board.ids["a"]], days[board.ids["b"]]) == (1.5, None)
    with pytest.raises(tk.NotAuthorized):
        _file(board, by=board.editor)


def test_it_can_be_read_after_the_request(board: Board) -> None:
    made = tk.get_action("challenge_participant_export")(
        {"user": board.manager["name"], "stream": True},  # type: ignore[typeddict-unknown-key]
        {"cohort": "saison-2", "format": "xlsx"},
    )
    model.Session.remove()
    assert b"".join(made["content"]).startswith(b"PK")
