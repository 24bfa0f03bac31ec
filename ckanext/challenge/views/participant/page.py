"""What a participant's page shows: the checklist, the next thing to do, the badges."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup
from werkzeug.wrappers import Response

from ckanext.challenge import helpers as h
from ckanext.challenge.common import own_version, page_version, roles
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.lifecycle import (
    COHORT_OVER,
    PARTICIPANT_COUNTED,
    STEP_CLAIMED,
    STEP_SETTLED,
)
from ckanext.challenge.views import everybody, own, participant_rows
from ckanext.challenge.views.badge_rows import badge_rows
from ckanext.challenge.views.common import (
    act,
    context,
    participant_row,
    times_looked,
)
from ckanext.challenge.views.embed.sharing import sharing
from ckanext.challenge.views.manager.history import history

from . import checklist
from .accompaniment import accompaniment
from .checklist import NOTHING_SENT
from .doors import Doors
from .members import departure, invitation, left, since
from .next_step import ahead, nothing_ahead
from .preparation.beginning import begun
from .reminder import reminder

# What the page has a form for, where somebody may.
_FORMS = ("invitation", "departure", "left", "talk")


def _phases(
    progress: Mapping[str, Any], rows: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    numbers = participant_rows.phase_numbers(progress["phases"])
    found = []
    for phase in progress["phases"]:
        steps = [
            rows[step["step"]]
            for step in progress["steps"]
            if step["phase"] == phase["key"]
        ]
        words = tk._("{done} of {total}").format(
            done=phase["steps_done"], total=phase["steps_total"]
        )
        found.append(
            {
                **phase,
                "number": numbers[phase["key"]],
                "words": words,
                "steps": steps,
                # Not folded on a small screen: a form was sent back, or an answer is
                # owed.
                "waits": any(map(_waits, steps)),
            }
        )
    return found


def _waits(step: Mapping[str, Any]) -> bool:
    """Whether a step waits for the reader, or its form does."""
    waived = step.get("waive") or {}
    return bool(step.get("expanded") or step.get("confirm") or waived.get("errors"))


def _kits(
    participant: Mapping[str, Any], cohort: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The kits that fit the collectivité, those that it chose first."""
    asked = {
        "cohort": cohort["id"],
        "organization": participant["organization_id"],
        "limit": 100,
    }
    fitting = act(
        "challenge_kit_list",
        **asked,
        kind=participant["kind"],
        population=participant["population"],
    )["results"]
    chosen = list(participant.get("kits") or ())
    if not set(chosen) <= {kit["name"] for kit in fitting}:
        # What was chosen stays a choice, whomever it fits.
        fitting = [
            kit
            for kit in act("challenge_kit_list", **asked)["results"]
            if kit["name"] in chosen or kit in fitting
        ]
    places = {name: place for place, name in enumerate(chosen)}
    base = f"{participant_rows.cohort_prefix()}/kits"
    rows = [
        {**kit, "chosen": kit["name"] in places, "url": f"{base}/{kit['name']}"}
        for kit in fitting
    ]
    return sorted(rows, key=lambda kit: places.get(kit["name"], len(places)))


def _next_due(progress: Mapping[str, Any]) -> str:
    dates = [
        str(step["due"])
        for step in progress["steps"]
        if step.get("due")
        and step["state"] not in STEP_SETTLED | STEP_CLAIMED
        and h.challenge_days_until(step["due"]) >= 0
    ]
    if not dates:
        return ""
    return tk._("next date: {date}").format(date=h.challenge_date(min(dates)))


# A new day is a new version; nothing on the page is older than this.
_bodies = PageCache(seconds=60)
# Each is one reader's alone, and has some hundred kilobytes.
_own = PageCache(seconds=600, size=50)


def participant_page(
    cohort: str, organization: str, sent: Mapping[str, Any] = NOTHING_SENT
) -> dict[str, Any]:
    """The page of a participant: its head, and its body as it was rendered.

    Whom it concerns reads an own one. All others read the same body, so that it is
    kept as long as the version of the page stays.

    :param sent: the step whose form was just refused, its errors and what was typed
    :raises tk.ObjectNotFound: no such season, or the organization is not in it
    """
    if roles.may_concern(context(), cohort, organization):
        if tk.request.args or sent is not NOTHING_SENT:
            # What somebody just sent, or looks for, is theirs once.
            return own.with_tokens(_body(cohort, organization, sent))
        return own.remembered(
            _own,
            (cohort, organization),
            lambda user: own_version.of_checklist(user, cohort, organization),
            lambda: _body(cohort, organization, NOTHING_SENT),
        )
    version = page_version.of_cohort(cohort, organization)
    if version is None:
        return own.with_tokens(_body(cohort, organization, NOTHING_SENT))
    return everybody.remembered(
        _bodies,
        (cohort, organization),
        version,
        lambda: _body(cohort, organization, NOTHING_SENT),
    )


def render(
    cohort: str, organization: str, sent: Mapping[str, Any] = NOTHING_SENT
) -> str:
    """The page of a participant as HTML, as :func:`participant_page` makes it."""
    return tk.render(
        "challenge/participant.html", participant_page(cohort, organization, sent)
    )


def render_left(cohort: str, organization: str) -> str:
    """What everybody reads where a participant was that withdrew.

    :raises tk.ObjectNotFound: the organization did not take part in the season
    """
    row = participant_row(cohort, organization, state="withdrawn")
    return tk.render(
        "challenge/withdrawn.html",
        {
            "title": row["organization_title"],
            "season": row["cohort_title"],
            "left": since(row),
            "urls": {
                "season": participant_rows.cohort_url(row["cohort"]),
                "organization": tk.h.url_for(
                    "organization.read", id=row["organization_name"]
                ),
            },
        },
    )


def back(cohort: str, organization: str, place: str = "") -> Response:
    """To the page of a participant, once a form of it is sent.

    :param place: the anchor on it
    """
    url = tk.h.url_for(
        "challenge_participant.read", cohort=cohort, organization=organization
    )
    return tk.redirect_to(f"{url}#{place}" if place else url)


def _body(cohort: str, organization: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    page = _page(cohort, organization, sent)
    forms = any(page[name] for name in ("editable", "confirms", *_FORMS))
    page["csrf"] = own.TOKEN if forms else ""
    participant = page["participant"]
    return {
        "title": participant["organization_title"],
        "sharing": sharing(
            participant["organization_title"],
            f"{page['cohort']['title']}. {page['words']}.",
            "challenge_participant.read",
            "challenge.participant_card",
            cohort=page["cohort"]["name"],
            organization=participant["organization_name"],
        ),
        "season": page["cohort"]["title"],
        "urls": page["urls"],
        "body": Markup(tk.render("challenge/participant_body.html", page)),
    }


def _reader(
    participant: Mapping[str, Any],
    progress: Mapping[str, Any],
    cohort: Mapping[str, Any],
    url: str,
    sent: Mapping[str, Any],
) -> checklist.Reader:
    """What the request's user sees of the checklist, and may do."""
    # The actions ask again; this says what is worth showing.
    mine = set(progress.get("roles", ()))
    under_way = (
        cohort["state"] not in COHORT_OVER
        and participant["state"] in PARTICIPANT_COUNTED
    )
    waits = mine and any(map(checklist.waits_for_reports, progress["steps"]))
    return checklist.Reader(
        url=url,
        doors=Doors(participant["organization_id"]),
        roles=frozenset(mine),
        published=bool((participant["measures"] or {}).get("datasets_public")),
        under_way=under_way,
        kits=_kits(participant, cohort) if mine and under_way else (),
        checks=act(
            "challenge_conformity_waiting_list",
            organization=participant["organization_id"],
            limit=1,
        )["count"]
        if waits
        else 0,
        looked=times_looked(tk.request.args, "challenge_tries") if waits else 0,
        opened=tk.request.args.get("step", ""),
        sent=sent,
    )


def _page(
    cohort_name: str, organization: str, sent: Mapping[str, Any]
) -> dict[str, Any]:
    cohort = act("challenge_cohort_show", id=cohort_name, include_figures=False)
    progress = act(
        "challenge_progress_show", organization=organization, cohort=cohort["id"]
    )
    participant = act("challenge_participant_show", id=progress["participant_id"])
    base = participant_rows.cohort_prefix()
    cohort_url = participant_rows.cohort_url(cohort["name"])
    url = f"{cohort_url}/{quote(participant['organization_name'])}"
    reader = _reader(participant, progress, cohort, url, sent)
    rows = {step["step"]: checklist.row(step, reader) for step in progress["steps"]}
    numbers = participant_rows.phase_numbers(progress["phases"])
    words = h.challenge_steps(participant["steps_done"], participant["steps_total"])
    evaluated = progress.get("evaluated_at")
    measures = participant.get("measures") or {}
    return {
        "detailed": reader.detailed,
        "looking": checklist.looks_again(rows.values(), tk.request.htmx.target),
        "editable": reader.edits,
        "confirms": reader.confirms,
        "cohort": cohort,
        "participant": participant,
        "history": history(
            "participant",
            participant["id"],
            {step["step"]: step["title"] for step in progress["steps"]},
        )
        if reader.is_staff
        else None,
        "talk": accompaniment(participant, cohort, url, sent)
        if reader.detailed
        else None,
        "reminder": reminder(participant, url, reader.confirms, reader.under_way, sent)
        if reader.detailed
        else None,
        "invitation": invitation(participant, url, reader.roles, sent),
        "departure": departure(participant, cohort, url, reader.roles, sent),
        "left": left(participant, cohort, url, reader.roles),
        "number": numbers.get(participant["current_phase"], 1),
        "words": words,
        "next_due": _next_due(progress),
        "meta": participant_rows.facts({**participant, "siren": None}),
        "phases": _phases(progress, rows),
        "next_step": ahead(progress, participant, reader),
        "begun": begun([participant["organization_id"]]) if reader.edits else [],
        "nothing": nothing_ahead(progress, reader),
        "badges": badge_rows(progress["badges"], reader.doors, reader.published),
        "figures": [
            (participant["steps_done"], tk._("steps done")),
            *_datasets(measures),
            (participant["badges_count"], tk._("badges earned")),
        ],
        "evaluated": tk._("Checked in the catalogue on {moment}.").format(
            moment=h.challenge_datetime(evaluated)
        )
        if evaluated
        else "",
        "urls": {
            "season": cohort_url,
            "self": url,
            "kits": f"{url}/kits",
            "calendar": f"{url}/calendar.ics",
            "webcal": participant_rows.webcal(f"{url}/calendar.ics"),
            "organization": tk.h.url_for(
                "organization.read", id=participant["organization_name"]
            ),
            "shield": f"{base}/badge/{quote(participant['organization_name'])}.svg"
            f"?cohort={quote(cohort['name'])}",
            "embed": f"{base}/badge/{quote(participant['organization_name'])}",
            "give": tk.h.url_for(
                "challenge_awards.give",
                cohort=cohort["name"],
                organization=participant["organization_name"],
            )
            if "manager" in reader.roles and participant["state"] in PARTICIPANT_COUNTED
            else "",
        },
    }


def _datasets(measures: Mapping[str, float]) -> list[tuple[str, str]]:
    """What the season opened, and apart from it what the organization has besides."""
    opened = measures.get("datasets_since_launch", 0)
    others = measures.get("datasets_public", 0) - opened
    shown = [(h.challenge_number(opened), tk._("datasets opened this season"))]
    if others > 0:
        before = tk._("other datasets, opened before")
        shown.append((h.challenge_number(others), before))
    return shown
