"""What is done to many."""

from __future__ import annotations

from ckanext.challenge.domain import deeds


def test_what_a_deed_needs_is_missed() -> None:
    assert deeds.missing("assign", set()) == ()
    assert deeds.missing("message", set()) == ("text",)
    assert deeds.missing("extend", {"step", "reason"}) == ("due",)
    assert deeds.missing("waive", {"step", "reason", "due"}) == ()


def test_only_to_write_is_an_advisers_too() -> None:
    assert [name for name, deed in deeds.DEEDS.items() if deed.by_adviser] == [
        "message"
    ]


def test_each_result_is_counted_once() -> None:
    rows = [
        {"ok": True, "changed": True},
        {"ok": True, "changed": False},
        {"ok": False, "changed": False},
        {"ok": True, "changed": True},
    ]
    assert deeds.counted(rows) == {"done": 2, "unchanged": 1, "failed": 1}
    assert deeds.counted([]) == {"done": 0, "unchanged": 0, "failed": 0}
