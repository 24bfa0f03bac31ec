"""An editor of a list of definitions, which needs no script.

Every button sends the whole form: the page comes back with what was typed, one row more
or in another place. Only « save » stores anything.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from werkzeug.datastructures import MultiDict

from ckanext.challenge.views.forms import lines

_BUTTON = re.compile(r"(up|down|remove)-(\d{1,3})")


class RowsForm:
    """What stands in such an editor.

    :param group: how the form names its rows
    :param stored: the rows that are stored
    :param form: what was sent, ``None`` for what is stored
    """

    #: What a row has that somebody adds.
    NEW: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        group: str,
        stored: list[dict[str, str]],
        form: MultiDict[str, str] | None,
    ) -> None:
        self._unsaved = False
        self._at = ""
        self._form: MultiDict[str, str] | None = form
        if form is None:
            self._rows: list[dict[str, Any]] = list(stored)
            self._do, self._revision, self._drops = "", "", False
            return
        self._rows = list(lines(form, group))
        self._do = form.get("do", "save")
        self._revision = form.get("revision", "")
        self._drops = form.get("drop_answered") == "true"

    @property
    def saves(self) -> bool:
        """Whether what was sent is to be stored."""
        return self._do not in ("add", "preview") and not _BUTTON.fullmatch(self._do)

    def change(self) -> None:
        """Do in the form what the button says that was pressed."""
        self._unsaved = True
        if self._do == "add":
            self._rows.append(dict(self.NEW))
            self._at = f"label_fr-{len(self._rows) - 1}"
        pressed = _BUTTON.fullmatch(self._do)
        if not pressed or int(pressed[2]) >= len(self._rows):
            return
        index = int(pressed[2])
        if pressed[1] == "remove":
            del self._rows[index]
            self._at = f"remove-{min(index, len(self._rows) - 1)}"
            return
        place = index + (1 if pressed[1] == "down" else -1)
        if 0 <= place < len(self._rows):
            self._rows.insert(place, self._rows.pop(index))
            # The same button again; at the end of the way it is the other one.
            last = len(self._rows) - 1
            ends = {"up": place == 0, "down": place == last}[pressed[1]]
            other = {"up": "down", "down": "up"}[pressed[1]]
            self._at = f"{other if ends else pressed[1]}-{place}"
