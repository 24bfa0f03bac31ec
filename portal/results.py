"""What a run by hand found, kept for each version of CKAN and told on a page."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portal.console import say
from portal.paths import ROOT

DOCS = ROOT / "docs"


@dataclass(frozen=True)
class Results:
    """The results of one kind of run.

    :ivar name: of the files in ``docs``: ``.json`` keeps them, ``.md`` tells them
    :ivar tell: makes the page of all that is kept, by version of CKAN
    """

    name: str
    tell: Callable[[Mapping[str, Any]], str]

    def kept(self) -> dict[str, Any]:
        """What is kept, by version; empty before the first run."""
        try:
            return json.loads((DOCS / f"{self.name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return {}

    def keep(self, version: str, found: Mapping[str, Any]) -> None:
        """Keep what was found today, and write the page anew.

        Another run may have written meanwhile: what is kept of other versions stays.
        """
        today = dt.datetime.now(dt.timezone.utc).date().isoformat()
        kept = {**self.kept(), version: {"date": today, **found}}
        data, page = DOCS / f"{self.name}.json", DOCS / f"{self.name}.md"
        data.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
        page.write_text(self.tell(kept), "utf-8")
        say(f"Written: {page.relative_to(ROOT)}")
