"""What stands around every page of a season's settings."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.views.common import act, context, may
from ckanext.challenge.views.manager.layout import frame, manager_url


def settings_page(name: str, section: str, needs: str) -> dict[str, Any]:
    """What every page of the settings shows.

    :param name: of the season
    :param section: one of those that the menu has, by its key
    :param needs: the action that the page is for: who may not call it, may not see it
    :returns: ``cohort``, ``frame``, ``sections`` (``(name, text, address)``),
        ``titles`` (of the sections, by their keys), ``section``, ``csrf`` and ``urls``
        (``self`` and ``season``)
    :raises tk.NotAuthorized: to somebody who may not
    """
    cohort = act("challenge_cohort_show", id=name)
    tk.check_access(
        needs,
        context(),
        {"id": cohort["id"], "cohort": cohort["id"], "role": "adviser"},
    )
    url = f"{manager_url()}/{cohort['name']}"
    sections = [
        ("season", tk._("The season"), f"{url}/edit"),
        ("dates", tk._("The dates"), f"{url}/edit?part=dates"),
        ("places", tk._("The places"), f"{url}/edit?part=places"),
        ("support", tk._("Support"), f"{url}/edit?part=support"),
        ("partners", tk._("The partners"), f"{url}/edit?part=partners"),
        (
            "testimonials",
            tk._("What participants say"),
            f"{url}/edit?part=testimonials",
        ),
        ("questions", tk._("Questions to applicants"), f"{url}/questions"),
        ("criteria", tk._("Reading together"), f"{url}/criteria"),
        ("programme", tk._("Programme"), f"{url}/programme"),
        ("staff", tk._("Team"), f"{url}/staff"),
        ("codes", tk._("Late applications"), f"{url}/codes"),
    ]
    if may("challenge_cohort_copy", id=cohort["id"]):
        sections.append(("copy", tk._("Copy"), f"{url}/copy"))
    if cohort["state"] == "draft" and may("challenge_cohort_delete", id=cohort["id"]):
        sections.append(("delete", tk._("Delete"), f"{url}/delete"))
    addresses = {name: address for name, _, address in sections}
    return {
        "cohort": cohort,
        "frame": frame(cohort, "settings"),
        "sections": sections,
        "titles": {name: text for name, text, _ in sections},
        "section": section,
        "csrf": tk.h.csrf_input(),
        "urls": {"self": addresses[section], "season": url},
    }
