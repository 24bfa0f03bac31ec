"""What people typed in cells, each with its row of the spreadsheet.

The rows of a table are others once its sheets, its header or the rows that were left
out change: what was typed in a cell stays with that cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ckanext.challenge.common.sheet_tables import Place

#: ``{row, field, value, sheet, sheet_row}``: the row of the table, counted from 1, and
#: the one of the spreadsheet, one of which may be unknown; the value ``None`` takes
#: back what was typed before.
Edit = dict[str, Any]


def added(before: Iterable[Edit], given: Iterable[Edit]) -> list[Edit]:
    """What was typed before, and what is typed now, which counts."""
    found: dict[tuple[Any, ...], Edit] = {}
    for one in (*before, *given):
        where = ("", one["row"]) if _place(one) is None else (_place(one),)
        key = (*where, one["field"])
        found.pop(key, None)
        found[key] = one
    return list(found.values())


def of_rows(edits: Iterable[Edit]) -> list[Edit]:
    """Those of which the row of the spreadsheet is known."""
    return [one for one in edits if _place(one) is not None]


def placed(edits: Sequence[Edit], places: Sequence[Place]) -> list[Edit]:
    """What is typed in the cells, with its rows of the table and the spreadsheet.

    What belongs to a row that the table does not have now has no row of it.

    :param places: of the rows of the table
    """
    if not edits:
        return []
    numbers = {place: number for number, place in enumerate(places, 1)}
    found: dict[tuple[Place, str], Edit] = {}
    for one in edits:
        place = _place(one)
        if place is None:
            if one["row"] > len(places):
                continue
            place = places[one["row"] - 1]
        key = place, one["field"]
        found.pop(key, None)
        found[key] = {
            "row": numbers.get(place),
            "field": one["field"],
            "value": one["value"],
            "sheet": place.sheet,
            "sheet_row": place.row,
        }
    return [one for one in found.values() if one["value"] is not None]


def _place(one: Edit) -> Place | None:
    # What the version before stored has the row of the table alone.
    row = one.get("sheet_row")
    return None if row is None else Place(one["sheet"], row)
