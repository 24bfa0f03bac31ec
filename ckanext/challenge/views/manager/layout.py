"""What stands around every page of a season at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk


def manager_url() -> str:
    """The address of the desk."""
    return str(tk.h.url_for("challenge_manage.index"))


def frame(cohort: Mapping[str, Any], part: str, manages: bool = True) -> dict[str, Any]:
    """The way to a page of the season, and the parts beside it.

    ``challenge/manage/frame.html`` shows it.

    :param cohort: as ``challenge_cohort_show`` answers it
    :param part: which of the parts the page belongs to, by its name
    :param manages: whether the reader manages the season, not only advises in it
    :returns: ``home`` and ``url`` (of the desk, and of the season there), ``title``,
        ``parts``: ``(name, text, address)``, and ``part``
    """
    home = manager_url()
    url = f"{home}/{cohort['name']}"
    parts = [
        ("participants", tk._("Participants"), f"{url}/participants"),
        ("accompaniment", tk._("Accompaniment"), f"{url}/accompaniment"),
        ("messages", tk._("Messages"), f"{url}/messages"),
        ("visits", tk._("Visits"), f"{url}/visits"),
        ("days", tk._("Days and money"), f"{url}/days"),
        ("report", tk._("Report"), f"{url}/report"),
    ]
    if manages:
        if cohort.get("asks_feedback"):
            parts.append(("opinions", tk._("Opinions"), f"{url}/opinions"))
        parts = [
            ("applications", tk._("Applications"), f"{url}/applications"),
            *parts,
            ("mails", tk._("Mails"), f"{url}/mails"),
            ("settings", tk._("Settings"), f"{url}/edit"),
        ]
    parts.append(("season", tk._("Season"), f"{url}?tab=season"))
    return {
        "home": home,
        "url": url,
        "title": cohort["title"],
        "parts": parts,
        "part": part,
    }
