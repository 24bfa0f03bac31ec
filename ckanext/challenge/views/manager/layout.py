"""What stands around every page of a season at the desk."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.common.language import per_language


def manager_url() -> str:
    """The address of the desk."""
    return str(tk.h.url_for("challenge_manage.index"))


#: The parts that only managers of the season see.
_OF_MANAGERS = {"applications", "opinions", "mails", "settings"}


@per_language
def _parts() -> list[tuple[str, str, str]]:
    """All parts of a season, with what follows its address."""
    return [
        ("applications", tk._("Applications"), "/applications"),
        ("participants", tk._("Participants"), "/participants"),
        ("accompaniment", tk._("Accompaniment"), "/accompaniment"),
        ("messages", tk._("Messages"), "/messages"),
        ("visits", tk._("Visits"), "/visits"),
        ("days", tk._("Days and money"), "/days"),
        ("report", tk._("Report"), "/report"),
        ("opinions", tk._("Opinions"), "/opinions"),
        ("mails", tk._("Mails"), "/mails"),
        ("settings", tk._("Settings"), "/edit"),
        ("season", tk._("Season"), "?tab=season"),
    ]


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
    hidden = set() if manages else _OF_MANAGERS
    if not cohort.get("asks_feedback"):
        hidden = hidden | {"opinions"}
    return {
        "home": home,
        "url": url,
        "title": cohort["title"],
        "parts": [
            (name, text, url + path)
            for name, text, path in _parts()
            if name not in hidden
        ],
        "part": part,
    }
