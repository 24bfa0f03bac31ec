"""What the forms of a preparation send, as the choices that they change.

Each control says what it showed when the page was made. Only what somebody changed is
sent on, so that a form that was open for long undoes nothing of a colleague's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

Form = MultiDict[str, str]

#: What a menu sends for a column that is left out.
LEFT_OUT = "-"
#: What the radio buttons of a question send for yes and no.
YES, NO = "yes", "no"
#: Controls of one kind on a page, at most.
_MOST = 2000
#: Of the last row of a spreadsheet.
_DIGITS = 7


def _controls(form: Form, name: str) -> Iterator[tuple[str, str, str]]:
    """What each control of a kind is about, what it showed and what it says now."""
    for number in range(_MOST):
        about = form.get(f"{name}-{number}-of")
        if about is None:
            return
        yield (
            about,
            form.get(f"{name}-{number}-was", ""),
            form.get(f"{name}-{number}", ""),
        )


def _changed(form: Form, name: str) -> dict[str, str]:
    return {about: now for about, was, now in _controls(form, name) if now != was}


def table(form: Form) -> dict[str, Any]:
    """Which sheets, which header, which rows that were left out."""
    found: dict[str, Any] = {}
    sheets = form.getlist("sheets")
    if sheets != form.getlist("sheets-was"):
        found["sheets"] = sheets
    if form.get("header_row", "") != form.get("header_row-was", ""):
        # Without its button there is no row 0 either: the page says so.
        found["header_row"] = form.get("header_row") or 0
    back = form.getlist("taken_back")
    if back != form.getlist("taken_back-was"):
        # "12 Feuil1": a row and its sheet.
        found["taken_back"] = [
            {"row": _row(row), "sheet": sheet}
            for row, _, sheet in (one.partition(" ") for one in back)
        ]
    return found


def columns(form: Form) -> dict[str, Any]:
    """What the columns are, and what all rows have in common."""
    mapping = {
        label: None if now == LEFT_OUT else now
        for label, now in _changed(form, "column").items()
        if now
    }
    constants = {name: now.strip() for name, now in _changed(form, "constant").items()}
    return {"mapping": mapping, "constants": constants}


def mending(form: Form) -> dict[str, Any]:
    """What is mended, what was answered, and which cells were typed anew."""
    answers = {YES: True, NO: False}
    repairs = {
        key: answers.get(now, now)
        for key, now in _changed(form, "repair").items()
        if now
    }
    # A box that is not ticked sends nothing at all.
    repairs |= {
        key: now == YES
        for key, was, now in _controls(form, "box")
        if (now == YES) != (was == YES)
    }
    edits = []
    for about, now in _changed(form, "edit").items():
        row, _, cell_of = about.partition(" ")
        sheet, _, field = cell_of.rpartition("\t")
        edits.append(
            {"sheet": sheet, "sheet_row": _row(row), "field": field, "value": now}
        )
    return {"repairs": repairs, "edits": edits}


def cell(where: Mapping[str, Any], field: str) -> str:
    """What the control of a cell is about.

    :param where: ``{sheet, sheet_row}``
    """
    return f"{where['sheet_row']} {where['sheet']}\t{field}"


def _row(text: str) -> int | str:
    """A row, or the text that is none and that the action refuses."""
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else text


def typed(form: Form, name: str) -> Mapping[str, str]:
    """What each control of a kind says, by what it is about: to show it again."""
    return {about: now for about, _, now in _controls(form, name)}
