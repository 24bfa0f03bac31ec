"""The first rows of a published table, to be looked at on its page."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from ckan import model

from . import files, reading
from .report import Unreadable

_ROWS = 50
_LONGEST_CELL = 200
#: Of a file that lies elsewhere nothing is fetched for a page.
_FORMATS = frozenset({"csv", "tsv"})


@dataclass(frozen=True)
class Preview:
    """The beginning of a table.

    :ivar labels: of its columns
    :ivar rows: texts, as many in each row as there are labels
    :ivar is_whole: whether these are all rows
    """

    labels: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_whole: bool


def of(resource: model.Resource) -> Preview | None:
    """The first rows of an upload that is kept in a folder of this portal.

    :returns: nothing of what is no CSV, lies elsewhere or cannot be read
    """
    if not files.is_upload(resource) or (resource.format or "").lower() not in _FORMATS:
        return None
    place = files.Place.of(resource)
    try:
        if files.size(place) is None:
            return None
        with files.opened(place) as file:
            how = reading.layout(file.path, (), file.encoding)
            found = [
                tuple(cell[:_LONGEST_CELL] for cell in cells)
                for _, cells in itertools.islice(
                    reading.records(file.path, how), _ROWS + 1
                )
            ]
    except (Unreadable, reading.UnclosedQuote, files.StorageError, OSError):
        return None
    width = len(how.labels)
    padded = [(*row, *[""] * (width - len(row)))[:width] for row in found if any(row)]
    return Preview(tuple(how.labels), tuple(padded[:_ROWS]), len(found) <= _ROWS)
