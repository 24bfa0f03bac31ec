"""The days of a season, and of one participant, for calendar programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from ckanext.challenge.common import ical, labels
from ckanext.challenge.domain.lifecycle import COHORT_OVER, STEP_SETTLED
from ckanext.challenge.domain.visits import Slot
from ckanext.challenge.views import visit_words
from ckanext.challenge.views.common import (
    act,
    attached,
    blueprint,
    followed,
    keep_private,
)
from ckanext.challenge.views.visit_words import days as in_words

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
) -> Iterator[ical.Day | ical.Moment]:
    place = {"cohort": progress["cohort"], "organization": progress["organization"]}
    url = _url("challenge_participant.read", "visits", **place)
    for visit in visits:
        if visit["state"] == "cancelled":
            continue
        about = visit["topic"] or visit_words.kind(visit["kind"])
        parts = (visit["adviser"], in_words(visit["days"]))
        yield visit_event(
            f"{visit['id']}-visit",
            visit,
            tk._("Visit: {topic}").format(topic=about),
            url,
            ", ".join(part for part in parts if part),
        )


def visit_event(
    key: str, visit: Mapping[str, Any], title: str, url: str, text: str
) -> ical.Day | ical.Moment:
    """A visit: at its hour where it has one, else on its day.

    :param visit: its ``date``, ``starts_at``, ``duration``, ``days`` and ``place``
    """
    if not visit["starts_at"]:
        lines = (text, visit["place"])
        told = "\n".join(line for line in lines if line)
        return ical.Day(key, dt.date.fromisoformat(visit["date"]), title, url, told)
    slot = Slot(
        key,
        "",
        dt.date.fromisoformat(visit["date"]),
        Decimal(str(visit["days"])),
        dt.datetime.fromisoformat(visit["starts_at"]),
        visit["duration"],
    )
    assert slot.starts and slot.ends
    return ical.Moment(
        key, slot.starts, slot.ends, title, url, text, visit["place"] or ""
    )


def _moment(*times: str | None) -> dt.datetime:
    """The latest of these times, as the API answers them."""
    return max(dt.datetime.fromisoformat(time) for time in times if time)


def _file(
    title: str,
    name: str,
    found: Sequence[ical.Day | ical.Moment],
    changed: dt.datetime,
    visits: bool = False,
) -> Response:
    """The days as a file, with its validators.

    :param changed: when the latest of what they are made of changed
    :param visits: whether visits are among them, which may be deleted
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
    answer = followed(content, ical.MEDIA_TYPE, None if visits else changed)
    return attached(answer, f"{name}.ics")


#: Of people of a team: its address is a secret, and names nobody.
team_calendar = blueprint("challenge_team_calendar", programs=True)


@team_calendar.get("/calendar/<key>.ics")
def read(key: str) -> AnyResponse:
    """The visits of the person whose address it is; ``?team=1`` those of all."""
    asked = {"team": True} if request.args.get("team") else {}
    shown = act("challenge_calendar_show", key=key, **asked)
    found = []
    for visit in shown["results"]:
        titles = ", ".join(one["title"] for one in visit["organizations"])
        first = visit["organizations"][0]["name"]
        parts = (
            visit["topic"],
            visit["adviser"] if asked else "",
            visit_words.kind(visit["kind"]),
            visit_words.state(visit["state"]),
            in_words(visit["days"]),
        )
        url = _url(
            "challenge_participant.read",
            "visits",
            cohort=shown["cohort"],
            organization=first,
        )
        found.append(
            visit_event(
                f"{visit['key']}-visit",
                visit,
                titles,
                url,
                "\n".join(part for part in parts if part),
            )
        )
    title = tk._("{name}, {season}").format(name=shown["name"], season=shown["title"])
    content = ical.write(
        title,
        # A calendar has one event at least: the standard knows no empty one.
        found or [_nothing_yet(shown)],
        host=urlsplit(tk.config["ckan.site_url"]).hostname or "localhost",
        language=tk.h.lang(),
        changed=_moment(shown["changed_at"]),
    )
    answer = attached(followed(content, ical.MEDIA_TYPE, None), "visits.ics")
    # Its address is a secret: no other page is told what it answers, nor whence.
    del answer.headers["Access-Control-Allow-Origin"]
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return keep_private(answer)


def _nothing_yet(shown: Mapping[str, Any]) -> ical.Day:
    return ical.Day(
        f"{shown['cohort']}-none",
        _moment(shown["changed_at"]).date(),
        tk._("No visit yet"),
        _url("challenge.read", cohort=shown["cohort"]),
    )


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
    found: list[ical.Day | ical.Moment] = [*_milestones(shown)]
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
    answer = _file(title, name, found, _moment(*times), visits=follows)
    return keep_private(answer) if follows else answer
