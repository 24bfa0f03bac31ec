"""The programme of a season, and what a newer version of it would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain.text import N_
from ckanext.challenge.views.common import act
from ckanext.challenge.views.participant_rows import phase_numbers

from .layout import settings_page

#: What of a step, a badge, a kit… can be otherwise, as people call it.
_FIELDS = {
    "title": N_("title"),
    "label": N_("wording"),
    "done": N_("wording"),
    "description": N_("description"),
    "help": N_("help"),
    "why": N_("why"),
    "holder": N_("who holds it"),
    "effort_minutes": N_("time it takes"),
    "due": N_("date"),
    "required": N_("required or not"),
    "when": N_("when it is asked"),
    "check": N_("how it is proved"),
    "criteria": N_("criteria"),
    "phase": N_("stage"),
    "level": N_("level"),
    "policy": N_("kept for ever or not"),
    "grace_days": N_("days of grace"),
    "schema": N_("schema"),
    "frequency": N_("frequency"),
    "licence": N_("licence"),
    "kinds": N_("kinds of collectivités"),
    "population": N_("population"),
    "choices": N_("choices"),
    "tags": N_("tags"),
    "themes": N_("European data themes"),
    "high_value": N_("high-value category"),
    "scope": N_("by season or by organization"),
    "dataset_title": N_("proposed title"),
    "dataset_notes": N_("proposed description"),
    "type": N_("kind of question"),
    "icon": N_("look"),
    "colour": N_("look"),
    "shape": N_("look"),
}


def programme_page(
    name: str, errors: Mapping[str, Sequence[str]] | None = None
) -> dict[str, Any]:
    """What the page of the programme shows.

    :param name: of the season
    :param errors: why the season did not move, by field
    """
    page = settings_page(name, "programme", "challenge_cohort_programme_diff")
    found = act("challenge_cohort_programme_diff", id=page["cohort"]["id"])
    return {
        **page,
        "heading": tk._("Programme"),
        "found": found,
        "groups": _groups(found["changes"]),
        "phases": _phases(page["cohort"]) if found["kept"] else [],
        "errors": errors or {},
        "consequences": _consequences(found),
    }


def _phases(cohort: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What the season asks for, by stage, and when."""
    steps = act("challenge_step_list", cohort=cohort["id"], participants=[])["steps"]
    numbers = phase_numbers(cohort["phases"])
    return [
        {
            "title": phase["title"],
            "number": numbers[phase["key"]],
            "steps": [
                {
                    "title": step["title"],
                    "due": h.challenge_date(step["due"]) if step["due"] else "",
                }
                for step in steps
                if step["phase"] == phase["key"]
            ],
        }
        for phase in cohort["phases"]
    ]


def _groups(changes: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The changes under the heading of their part."""
    headings = {
        "programme": tk._("The programme itself"),
        "phases": tk._("Stages"),
        "steps": tk._("Steps"),
        "badges": tk._("Badges"),
        "kits": tk._("Kits"),
        "feedback": tk._("Final form"),
    }
    return [
        {
            "heading": heading,
            "rows": [_row(change) for change in changes if change["part"] == part],
        }
        for part, heading in headings.items()
        if any(change["part"] == part for change in changes)
    ]


def _row(change: Mapping[str, Any]) -> dict[str, Any]:
    marks = {
        "added": (tk._("Added"), "done", "plus"),
        "removed": (tk._("Removed"), "quiet", "minus"),
        "changed": (tk._("Changed"), "wait", "pen"),
    }
    label, tone, icon = marks[change["change"]]
    return {
        "title": change["title"],
        "state": {"label": label, "tone": tone, "icon": icon},
        "fields": _fields(change["fields"]),
        "touched": _touched(change),
        "waits": _waits(change),
    }


def _fields(names: Iterable[str]) -> str:
    # All that is drawn has one name.
    said = dict.fromkeys(_FIELDS[name] for name in names)
    return ", ".join(tk._(words) for words in said)


def _touched(change: Mapping[str, Any]) -> str:
    count = change["touched"]
    if not count:
        return ""
    texts = {
        "steps": tk.ungettext(
            "{count} collectivité has begun it",
            "{count} collectivités have begun it",
            count,
        ),
        "badges": tk.ungettext(
            "{count} collectivité holds it", "{count} collectivités hold it", count
        ),
        "kits": tk.ungettext(
            "{count} collectivité chose it", "{count} collectivités chose it", count
        ),
    }
    text = texts.get(change["part"], "")
    return text.format(count=tk.h.challenge_number(count))


def _waits(change: Mapping[str, Any]) -> str:
    count = change["to_confirm"]
    if not count:
        return ""
    return tk.ungettext(
        "{count} collectivité has done it: it will wait to be confirmed",
        "{count} collectivités have done it: it will wait to be confirmed",
        count,
    ).format(count=tk.h.challenge_number(count))


def _consequences(found: Mapping[str, Any]) -> list[str]:
    """What happens to the participants, in sentences."""
    kinds = {
        (change["part"], change["change"])
        for change in found["changes"]
        # Other words for a step are no other step.
        if change["change"] != "changed" or "check" in change["fields"]
    }
    texts = {
        ("steps", "added"): tk._(
            "New steps are to do for everybody; the share of steps done goes down."
        ),
        ("steps", "removed"): tk._(
            "What was said of a removed step is kept, and counts no more."
        ),
        ("steps", "changed"): tk._(
            "Changed steps of the catalogue are measured again at once."
        ),
        ("badges", "added"): tk._(
            "Whoever meets the criteria of a new badge gets it at once."
        ),
        ("badges", "removed"): tk._("A removed badge stays with those who hold it."),
        ("kits", "removed"): tk._(
            "Datasets of a removed kit stay, and so does their kit."
        ),
    }
    told = [text for key, text in texts.items() if key in kinds]
    waiting = [change["title"] for change in found["changes"] if change["to_confirm"]]
    if waiting:
        text = tk._(
            "Steps that are done, and that an adviser confirms from now on, wait to be "
            "confirmed and count no more until then: {steps}."
        )
        told.append(text.format(steps=", ".join(waiting)))
    return told
