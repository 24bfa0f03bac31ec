"""A new season made of this one, and a draft that is given up."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels
from ckanext.challenge.domain import deadlines
from ckanext.challenge.views.common import act, context
from ckanext.challenge.views.forms import texts

from .layout import settings_page


def typed_copy(form: Mapping[str, str]) -> dict[str, str]:
    """What was typed into the form of a copy."""
    return texts(form, "name", "title", "season", "launch")


def copy_page(
    name: str,
    typed: Mapping[str, Any] | None = None,
    copied: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """The form of a copy, and the dates that it would have.

    :param typed: what was typed
    :param copied: the season that it would make, as the action answers it
    :param errors: of what was typed, by field
    """
    page = settings_page(name, "copy", "challenge_cohort_copy")
    cohort = page["cohort"]
    return {
        **page,
        "heading": tk._("Copy the season"),
        "typed": typed if typed is not None else _suggested(cohort),
        "dates": [
            (
                labels.milestone(key),
                labels.as_day(cohort[key], "full"),
                labels.as_day(copied[key], "full"),
            )
            for key in deadlines.MILESTONES
            if copied and copied[key]
        ],
        "errors": errors or {},
        "labels": {
            "name": tk._("Address, after /challenge/"),
            "title": tk._("Title"),
            "season": tk._("Number of the season"),
            "launch": tk._("Launch"),
        },
    }


def _suggested(cohort: Mapping[str, Any]) -> dict[str, Any]:
    """The season after all there are, with the words of this one and that number."""
    seasons = act("challenge_cohort_list", include_figures=False, limit=1000)
    before = cohort["season"]
    after = 1 + max([before, *(one["season"] for one in seasons["results"])])
    number = re.compile(rf"(?<!\d){before}(?!\d)")
    launch = labels.parse(cohort["launch"])
    return {
        "season": after,
        "title": number.sub(str(after), cohort["title"]),
        "name": number.sub(str(after), cohort["name"])
        if number.search(cohort["name"])
        else f"{cohort['name']}-{after}",
        # 52 weeks: the same day of the week, which is what meetings are held on.
        "launch": (launch + dt.timedelta(weeks=52)).isoformat() if launch else "",
    }


def deletion_page(name: str) -> dict[str, Any] | None:
    """What deleting a draft does, to be read before it is done.

    :returns: nothing for a season that is no draft
    :raises tk.NotAuthorized: to somebody who may not delete it
    """
    cohort = act("challenge_cohort_show", id=name, include_figures=False)
    tk.check_access("challenge_cohort_delete", context(), {"id": cohort["id"]})
    if cohort["state"] != "draft":
        return None
    page = settings_page(name, "delete", "challenge_cohort_delete")
    cohort = page["cohort"]
    applied = act("challenge_application_list", cohort=cohort["id"], limit=1)["count"]
    deeds = [tk._("The season, its settings and the roles of its team are deleted.")]
    if applied:
        deeds.append(
            tk.ungettext(
                "{number} application is deleted, with all that was written and sent.",
                "{number} applications are deleted, with all that was written and "
                "sent.",
                applied,
            ).format(number=h.challenge_number(applied))
        )
    if number := cohort["figures"]["participants"]:
        deeds.append(
            tk.ungettext(
                "{number} collectivité takes part no more; its organization and its "
                "data stay.",
                "{number} collectivités take part no more; their organizations and "
                "their data stay.",
                number,
            ).format(number=h.challenge_number(number))
        )
    deeds.append(tk._("This cannot be undone."))
    return {
        **page,
        "heading": tk._("Delete the season “{title}”").format(title=cohort["title"]),
        "crumbs": [(tk._("Settings"), f"{page['urls']['season']}/edit")],
        "deeds": deeds,
        "hidden": [],
        "button": tk._("Delete the season"),
        "back": f"{page['urls']['season']}/edit",
    }
