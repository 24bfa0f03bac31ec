"""What a change of a season's state will do, to be read before it is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.views.common import act

from .layout import frame


def words(target: str, forward: bool) -> str:
    """What it is called to move a season to a state.

    :param target: the state
    :param forward: whether it is a step forward in its life
    """
    texts = {
        "open": tk._("Open the applications"),
        "running": tk._("Start the season"),
        "finished": tk._("Finish the season"),
        "archived": tk._("Archive the season"),
        "draft": tk._("Back to preparation"),
    }
    back = {
        "open": tk._("Reopen the applications"),
        "running": tk._("Resume the season"),
        "finished": tk._("Take out of the archive"),
    }
    return texts[target] if forward else back.get(target, texts[target])


def transitions(state: str) -> list[tuple[str, str, bool]]:
    """The ways on from a season's state, the way forward first.

    :returns: the state, what it is called to go there, whether that is forward
    """
    order = lifecycle.COHORT.states
    rows = []
    for target in lifecycle.COHORT.following(state):
        forward = order.index(target) > order.index(state)
        rows.append((target, words(target, forward), forward))
    return rows


def transition_page(name: str, to: str) -> dict[str, Any]:
    """What moving a season to a state will do; nothing is done.

    :param name: of the season
    :param to: the state
    :raises tk.ValidationError: on ``to`` when it cannot become that
    """
    cohort = act("challenge_cohort_show", id=name)
    found = act("challenge_cohort_transition_preview", id=cohort["id"], to=to)
    around = frame(cohort, "settings")
    waiting = [
        {
            "state": h.challenge_state("application", state),
            "number": h.challenge_number(number),
            # Nobody but their applicants reads drafts.
            "url": ""
            if state == "draft"
            else f"{around['url']}/applications?state={state}",
        }
        for state in lifecycle.APPLICATION_UNANSWERED
        if (number := found["applications"].get(state))
    ]
    return {
        "frame": around,
        "cohort": cohort,
        "from": found["from"],
        "to": to,
        "heading": words(to, found["forward"]),
        "warning": _warning(cohort, found),
        "deeds": _deeds(cohort, found),
        "waiting": waiting,
        "waiting_text": _waiting(found, bool(waiting)),
        "told": _told(found),
        "scheduled": [_scheduled(cohort, row) for row in found["schedule"]],
        "csrf": tk.h.csrf_input(),
        "urls": {
            "self": f"{around['url']}/state",
            "back": f"{around['url']}?tab=season",
        },
    }


def _warning(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """What makes this step earlier than the season's own dates."""
    if not found["early"]:
        return ""
    if found["to"] == "running" and cohort["accepts_applications"]:
        return tk._(
            "This is before the deadline: applications were to be taken until "
            "{date} and are closed as soon as you confirm."
        ).format(date=h.challenge_date(cohort["application_deadline"]))
    day = {
        "open": cohort["application_opens"],
        "running": cohort["launch"],
        "finished": cohort["finalisation"],
    }[found["to"]]
    return tk._("This is earlier than the date of the season: {date}.").format(
        date=h.challenge_date(day)
    )


def _deeds(cohort: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """What happens at once, in the words of who runs the season."""
    to = found["to"]
    active = tk.ungettext(
        "{number} collectivité takes part today.",
        "{number} collectivités take part today.",
        found["participants"],
    ).format(number=h.challenge_number(found["participants"]))
    if found["forward"]:
        return {
            "open": [
                tk._("The season and its page become public."),
                tk._("Collectivités can apply between the dates of the season."),
            ],
            "running": [
                tk._("Applications are closed: drafts can no longer be sent."),
                tk._(
                    "The season keeps its programme as it is now. Moving to a newer "
                    "version is then a decision of its own."
                ),
                active,
            ],
            "finished": [
                tk._(
                    "The catalogue is evaluated one last time, then all steps are "
                    "frozen: nobody changes them any more."
                ),
                tk._(
                    "Participants with all required steps done have completed the "
                    "season."
                ),
                tk._("The results of the day are kept, to be quoted with their date."),
                tk._("Nobody can be accepted any more, and no reminder is sent."),
                active,
            ],
            "archived": [
                tk._(
                    "The season is no longer presented on the home page; its pages, "
                    "badges and report stay where they are."
                ),
                tk._("A sysadmin can then delete it."),
            ],
        }[to]
    return {
        "draft": [tk._("The season and its page are hidden from the public again.")],
        "open": [
            tk._("Applications are taken again until {date}.").format(
                date=h.challenge_date(cohort["application_deadline"])
            )
            if cohort["application_deadline"]
            else tk._("Applications are taken again."),
            tk._("Participants and their steps stay as they are."),
        ],
        "running": [
            tk._("Steps can be changed again."),
            tk._(
                "The results that were kept are given up; new ones are kept when the "
                "season finishes again."
            ),
            tk._("Participants that have completed the season stay so."),
        ],
        "finished": [tk._("The season can be presented on the home page again.")],
    }[to]


def _waiting(found: Mapping[str, Any], any_waits: bool) -> str:
    """What becomes of the applications that have no answer for good."""
    if not any_waits:
        return tk._("No application waits for an answer.")
    if found["to"] == "running" and found["forward"]:
        return tk._(
            "These applications have no final answer. You can still decide on those "
            "that were sent once the season has started."
        )
    if found["to"] == "finished" and found["forward"]:
        return tk._(
            "These applications have no final answer. None of them can be accepted "
            "once the season has finished: decide first."
        )
    return tk._("These applications have no final answer. They stay as they are.")


def _told(found: Mapping[str, Any]) -> list[str]:
    """Who is written to, and who is not yet."""
    if found["to"] == "finished" and found["forward"]:
        told = [
            tk._(
                "Who publishes for a collectivité is told by mail of a badge that the "
                "last evaluation gives or takes. Nobody else is written to."
            )
        ]
    else:
        told = [tk._("Nobody is written to.")]
    if found["kept"]:
        told.append(
            tk.ungettext(
                "{number} decision that you keep stays kept: its applicant is told "
                "when you publish it.",
                "{number} decisions that you keep stay kept: their applicants are told "
                "when you publish them.",
                found["kept"],
            ).format(number=h.challenge_number(found["kept"]))
        )
    return told


def _scheduled(cohort: Mapping[str, Any], row: Mapping[str, Any]) -> str:
    """What was to come by itself, and whether it still does."""
    deed = words(row["state"], True)
    # The season finishes as its last day ends, which is the beginning of the next.
    day = cohort["finalisation"] if row["state"] == "finished" else row["at"]
    date = h.challenge_date(day)
    if row["stays"]:
        return tk._("“{deed}” stays scheduled for {date}.").format(deed=deed, date=date)
    return tk._(
        "“{deed}” was scheduled for {date}. It no longer comes by itself."
    ).format(deed=deed, date=date)
