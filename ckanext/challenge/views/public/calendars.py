"""The days of a season, and of one participant, for calendar programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from flask import Response
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common import ical, labels
from ckanext.challenge.domain.lifecycle import COHORT_OVER, STEP_SETTLED
from ckanext.challenge.views.common import act, attached, blueprint, keep_private
from ckanext.challenge.views.participant.accompaniment import days as in_words

calendar = blueprint("challenge_calendar")

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


def _visits(progress: Mapping[str, Any]) -> Iterator[ical.Day]:
    place = {"cohort": progress["cohort"], "organization": progress["organization"]}
    found = act(
        "challenge_visit_list", participant=progress["participant_id"], limit=_ALL
    )
    for visit in found["results"]:
        parts = (visit["adviser"], in_words(visit["days"]))
        yield ical.Day(
            f"{visit['id']}-visit",
            dt.date.fromisoformat(visit["date"]),
            tk._("Visit: {topic}").format(topic=visit["topic"]),
            _url("challenge_participant.read", "visits", **place),
            ", ".join(part for part in parts if part),
        )


def _file(title: str, name: str, found: list[ical.Day]) -> Response:
    if not found:
        # A calendar has one event at least: the standard knows no empty one.
        raise tk.ObjectNotFound(tk._("This season has no dates yet"))
    content = ical.write(
        title,
        found,
        host=urlsplit(tk.config["ckan.site_url"]).hostname or "localhost",
        language=tk.h.lang(),
        now=dt.datetime.now(dt.timezone.utc),
    )
    answer = Response(content, content_type=ical.MEDIA_TYPE)
    return attached(answer, f"{name}.ics")


@calendar.get("/<cohort>/calendar.ics")
def season(cohort: str) -> Response:
    """The dates of a season."""
    shown = act("challenge_cohort_show", id=cohort)
    return _file(shown["title"], shown["name"], [*_milestones(shown)])


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
    follows = bool(progress.get("roles"))
    if follows:
        found += _visits(progress)
    about = act("challenge_participant_show", id=progress["participant_id"])
    title = tk._("{organization}, {season}").format(
        organization=about["organization_title"], season=shown["title"]
    )
    answer = _file(title, f"{shown['name']}-{progress['organization']}", found)
    return keep_private(answer) if follows else answer
