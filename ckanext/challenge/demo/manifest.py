"""What the demonstration claims as its own, so that it can be taken away again.

Names are claimed before anything is made: whatever bears one of them afterwards is
the demonstration's, also where loading was interrupted. It is kept in CKAN's
``system_info`` table.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass, replace

from ckan.model import system_info

_KEY = "ckanext.challenge.demo"


@dataclass(frozen=True)
class Manifest:
    """
    :ivar since: the day from which the demonstration's dates count
    :ivar directory: whether it loaded the directory
    :ivar complete: whether loading came to its end
    """

    since: str
    directory: bool = False
    complete: bool = False

    @property
    def today(self) -> dt.date:
        return dt.date.fromisoformat(self.since)

    def save(self, **changes: object) -> Manifest:
        """Store it, with changes; returns what was stored."""
        changed = replace(self, **changes)
        system_info.set_system_info(_KEY, json.dumps(asdict(changed)))
        return changed


def stored() -> Manifest | None:
    """The manifest, where the demonstration is (partly) loaded."""
    text = system_info.get_system_info(_KEY)
    return Manifest(**json.loads(text)) if text else None


def forget() -> None:
    system_info.delete_system_info(_KEY)
