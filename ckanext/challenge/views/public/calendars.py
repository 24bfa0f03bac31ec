"""The days of a season, and of one participant, for calendar programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common import ical, labels
from ckanext.challenge.domain.lifecycle import COHORT_OVER, STEP_SETTLED
from ckanext.challenge.views.common import (
    act,
    attached,
    blueprint,
    followed,
    keep_private,
)
from ckanext.challenge.views.participant.accompaniment import days as in_words

calendar = blueprint("challenge_calendar", programs=True)

# A programme that follows the file reads all that there is.
_ALL = 1000


def _url(endpoint: str, anchor: str = "", **values: str) -> str:
    url = str(tk.h.url_for(endpoint, **values, _external=True))
    return f"{url}#{anchor}" if anchor else url


def _milestones(cohort: Mapping[str, Any]) -> Iterator[ical.Day]:
    url = _url("challenge.read", cohort=cohort["name"])
    for point in cohort["milestones"]:
        yield ical.Day(
            f"{cohort['id']}-{point['key']}",
            dt.date.fromisoformat(point["date"]),
            tk._("{milestone}, {season}").format(
                milestone=labels.milestone(point["key"]), season=cohort["title"]
            ),
            url,
        )


def _steps(progress: Mapping[str, Any]) -> Iterator[ical.Day]:
    """The days of the steps that are still to be done.

    When they are due is known to everybody; the answer has the days that were planned
    where the reader follows the participant.
    """
    place = {"cohort": progress["cohort"], "organization": progress["organization"]}
    for step in progress["steps"]:
        if step["state"] in STEP_SETTLED:
            continue
        key = f"{progress['participant_id']}-{step['step']}"
        url = _url("challenge_participant.read", f"step-{step['step']}", **place)
        if step["due"]:
            yield ical.Day(
                f"{key}-due",
                dt.date.fromisoformat(step["due"]),
                tk._("Due: {step}").format(step=step["title"]),
                url,
                step["help"],
            )
        if step.get("planned_for"):
            yield ical.Day(
                f"{key}-planned",
                dt.date.fromisoformat(step["planned_for"]),
                tk._("Planned: {step}").format(step=step["title"]),
                url,
                step["help"],
            )


def _visits(
    progress: Mapping[str, Any], visits: Iterable[Mapping[str, Any]]
) -> Iterator[ical.Day]:
    place = {"cohort": progress["cohort"], "organization": progress["organization"]}
    for visit in visits:
        parts = (visit["adviser"], in_words(visit["days"]))
        yield ical.Day(
            f"{visit['id']}-visit",
            dt.date.fromisoformat(visit["date"]),
            tk._("Visit: {topic}").format(topic=visit["topic"]),
            _url("challenge_participant.read", "visits", **place),
            ", ".join(part for part in parts if part),
        )


def _moment(*times: str | None) -> dt.datetime:
    """The latest of these times, as the API answers them."""
    return max(dt.datetime.fromisoformat(time) for time in times if time)


def _file(
    title: str, name: str, found: list[ical.Day], changed: dt.datetime
) -> Response:
    """The days as a file, with its validators.

    :param changed: when the latest of what they are made of changed
    """
    if not found:
        # A calendar has one event at least: the standard knows no empty one.
        raise tk.ObjectNotFound(tk._("This season has no dates yet"))
    content = ical.write(
        title,
        found,
        host=urlsplit(tk.config["ckan.site_url"]).hostname or "localhost",
        language=tk.h.lang(),
        changed=changed,
    )
    answer = followed(content, ical.MEDIA_TYPE, changed)
    return attached(answer, f"{name}.ics")


@calendar.get("/<cohort>/calendar.ics")
def season(cohort: str) -> Response:
    """The dates of a season."""
    shown = act("challenge_cohort_show", id=cohort)
    changed = _moment(shown["updated_at"])
    return _file(shown["title"], shown["name"], [*_milestones(shown)], changed)


@calendar.get("/<cohort>/<organization>/calendar.ics")
def participant(cohort: str, organization: str) -> AnyResponse:
    """The days of one participant, with those of its season.

    Everybody reads when its steps are due; whoever follows it, also what is planned
    and who comes when.
    """
    shown = act("challenge_cohort_show", id=cohort)
    progress = act(
        "challenge_progress_show", organization=organization, cohort=shown["id"]
    )
    found = [*_milestones(shown)]
    # What a finished season did not see done is asked of nobody.
    if shown["state"] not in COHORT_OVER:
        found += _steps(progress)
    times = [shown["updated_at"], *(step["updated_at"] for step in progress["steps"])]
    follows = bool(progress.get("roles"))
    if follows:
        visits = act(
            "challenge_visit_list", participant=progress["participant_id"], limit=_ALL
        )["results"]
        times += [visit["updated_at"] for visit in visits]
        found += _visits(progress, visits)
    about = act("challenge_participant_show", id=progress["participant_id"])
    title = tk._("{organization}, {season}").format(
        organization=about["organization_title"], season=shown["title"]
    )
    name = f"{shown['name']}-{progress['organization']}"
    answer = _file(title, name, found, _moment(*times))
    return keep_private(answer) if follows else answer
