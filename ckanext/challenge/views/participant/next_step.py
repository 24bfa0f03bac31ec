"""The next thing to do: what it is, why that one, and the button that begins it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common.labels import as_effort
from ckanext.challenge.measures import labels
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.forms import new_dataset_url

from .checklist import Reader
from .reasons import reasons

#: How many datasets it names: the step below has more.
_MOST = 3


def _why(step: Mapping[str, Any]) -> str:
    """What speaks for this step; that it is late is said at its date."""
    texts = {
        "due": tk._("Its date comes first."),
        "gain": tk._("It brings you nearer to more badges than the others."),
        "effort": tk._("It takes little time."),
        "last": tk._("It is the last one."),
    }
    found = [texts[step["why_next"]]] if step.get("why_next") in texts else []
    titles = [badge["title"] for badge in step.get("badges") or []]
    if titles:
        text = tk.ungettext(
            "It brings a badge nearer: {badges}.",
            "It brings {number} badges nearer: {badges}.",
            len(titles),
        )
        found.append(text.format(number=len(titles), badges=", ".join(titles)))
    return " ".join(found)


def _publish(participant: Mapping[str, Any], reader: Reader) -> list[dict[str, str]]:
    """The dataset that was begun; else the form of one, filled in from the first kit
    that was chosen and is not published yet.
    """
    left = [kit for kit in reader.kits if not kit.get("datasets")]
    begun = next((kit for kit in left if kit.get("begun")), None)
    found = []
    if begun is not None:
        text = tk._("Resume: {dataset}")
        found.append(
            {
                "text": text.format(dataset=begun["begun"]["title"]),
                "url": begun["begun"]["url"],
            }
        )
    elif left:
        text = tk._("Publish: {dataset}")
        found.append(
            {
                "text": text.format(dataset=left[0]["title"]),
                "url": new_dataset_url(
                    participant["organization_id"],
                    left[0],
                    participant["organization_title"],
                    name=participant["organization_name"],
                ),
            }
        )
    return [
        *found,
        {
            "text": tk._("Publish another dataset"),
            "url": new_dataset_url(participant["organization_id"]),
        },
    ]


def _kind(measure: str, published: bool) -> str:
    """What kind of page brings a measure up: see :class:`.measures.fixes.Fix`."""
    if not published and labels.says_how_datasets_are(measure):
        return "dataset"
    return labels.fix(measure).kind


def _mending(reason: Mapping[str, Any]) -> dict[str, str] | None:
    """The very form in which what is missing is put right: of the first dataset that
    lacks it, or of the organization's page.
    """
    if reason["datasets"]:
        dataset = reason["datasets"][0]
        if not dataset["problems"]:
            text = tk._("Complete “{dataset}”").format(dataset=dataset["title"])
            return {"text": text, "url": dataset["url"]}
        text = tk.ungettext(
            "Correct the {number} point of “{dataset}”",
            "Correct the {number} points of “{dataset}”",
            dataset["problems"],
        ).format(
            number=h.challenge_number(dataset["problems"]), dataset=dataset["title"]
        )
        return {"text": text, "url": dataset["url"]}
    if reason["missing"]:
        return {"text": reason["action"], "url": reason["missing"][0]["fix_url"]}
    return {"text": reason["action"], "url": reason["url"]} if reason["url"] else None


def _actions(
    step: Mapping[str, Any], participant: Mapping[str, Any], reader: Reader
) -> list[dict[str, str]]:
    key = quote(step["step"])
    anchor = f"?step={key}#step-{key}"
    if not reader.edits:
        return [{"text": tk._("See this step"), "url": anchor}]
    if step.get("feedback"):
        return [{"text": tk._("Give your opinion"), "url": f"{reader.url}/feedback"}]
    why = step.get("why_not") or []
    kinds = {_kind(reason["measure"], reader.published) for reason in why}
    if step["source"] == "person" or "kits" in kinds:
        return [{"text": tk._("Answer this step"), "url": anchor}]
    if "dataset" in kinds:
        found = [
            action
            for action in _publish(participant, reader)
            if reader.doors.open_to(action["url"])
        ]
        return found or [{"text": tk._("See this step"), "url": anchor}]
    found = [
        action
        for reason in reasons(why, reader.doors, reader.published)
        if (action := _mending(reason))
    ]
    return found or [{"text": tk._("See this step"), "url": anchor}]


def _due(step: Mapping[str, Any]) -> str:
    if not step.get("due"):
        return ""
    text = (
        tk._("It was planned for {date}")
        if step.get("late")
        else tk._("Planned for {date}")
    )
    return text.format(date=h.challenge_date(step["due"]))


def nothing_ahead(progress: Mapping[str, Any], reader: Reader) -> tuple[str, str]:
    """What is said where there is no next step: a title and a text."""
    if progress["steps_done"] == progress["steps_total"]:
        return tk._("All the steps are done"), tk._(
            "Keep your data up to date, and help the next collectivités with what you "
            "have learnt."
        )
    if not reader.under_way:
        return tk._("This season is over"), tk._(
            "What you have done stays here, and the badges that you earned are yours."
        )
    return tk._("Nothing for the moment"), tk._(
        "The steps that are left wait for your adviser, who reads them and answers."
    )


def ahead(
    progress: Mapping[str, Any], participant: Mapping[str, Any], reader: Reader
) -> dict[str, Any] | None:
    """What a participant does next.

    :param progress: of ``challenge_progress_show``
    :returns: nothing when nothing is left, or for the public
    """
    step = progress.get("next_step")
    if not step or not reader.detailed:
        return None
    numbers = participant_rows.phase_numbers(progress["phases"])
    return {
        "title": step["title"],
        "number": numbers.get(step["phase"], 1),
        "effort": as_effort(step.get("effort_minutes")),
        "due": _due(step),
        "late": bool(step.get("late")),
        "help": step.get("help") or "",
        "said": step.get("reason") or "" if step["source"] == "person" else "",
        "why_next": _why(step),
        "why": [
            reason
            for reason in reasons(
                step.get("why_not") or [], reader.doors, reader.published, _MOST
            )
            if reason["datasets"] or reason["missing"]
        ],
        "actions": _actions(step, participant, reader),
    }
