"""What a participant's page shows: the checklist, the next thing to do, the badges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from .. import helpers as h
from ..memory import Memory
from ..words import as_effort
from . import cards
from .common import act, may
from .desk.history import history
from .forms import new_dataset_url
from .members import departure, invitation
from .reasons import reasons

__all__ = ["NOTHING_SENT", "participant_page"]

NOTHING_SENT: dict[str, Any] = {"step": "", "errors": {}, "data": {}}
SETTLED = ("done", "waived")
# What the page has a form for, where somebody may.
_FORMS = ("invitation", "departure")
# The step of the shipped programme under which the kits are chosen.
KITS_STEP = "choix-kits"


def _when(step: Mapping[str, Any]) -> str:
    """What the right side of a step says: done, late since, or due."""
    if step["state"] == "done":
        return tk._("Done")
    if step["state"] == "waived":
        return tk._("Not required")
    if not step.get("due"):
        return ""
    text = tk._("It was planned for {date}") if step.get("late") else tk._("By {date}")
    return text.format(date=h.challenge_date(step["due"], "d MMMM"))


def _buttons(step: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """The states a member can give to a person's step, the main one first."""
    if step["state"] in ("done", "to_confirm"):
        return [("in_progress", tk._("Reopen this step"), False)]
    main = (
        ("to_confirm", tk._("Send for confirmation"), True)
        if step.get("confirm")
        else ("done", tk._("Mark as done"), True)
    )
    return [
        main,
        ("in_progress", tk._("Mark as in progress"), False),
        ("planned", tk._("Plan it for this date"), False),
    ]


def _measures(step: Mapping[str, Any]) -> set[str]:
    """The measures that a step still asks for."""
    return {reason["measure"] for reason in step.get("why_not") or []}


def _evidence(step: Mapping[str, Any]) -> dict[str, str] | None:
    url = step.get("evidence_url")
    return {"url": url, "text": tk._("Evidence")} if url else None


def _form(step: Mapping[str, Any], url: str) -> dict[str, Any] | None:
    if step["source"] != "person" or step["state"] == "waived":
        return None
    key = step["step"]
    return {
        "url": f"{url}/step/{quote(key)}",
        "evidence": step.get("evidence") or "none",
        "buttons": _buttons(step),
        "labels": {
            "evidence_url": tk._("Address of the document"),
            "note": tk._("Note"),
            "planned_for": tk._("Planned for"),
        },
    }


def _summary(step: Mapping[str, Any], form: Any) -> str:
    if not form:
        return tk._("How to do it")
    if step["state"] in ("done", "to_confirm"):
        return tk._("Change the answer")
    return tk._("Answer this step")


def _row(step: Mapping[str, Any], url: str, page: Mapping[str, Any]) -> dict[str, Any]:
    state = h.challenge_state("step", step["state"])
    settled = step["state"] in SETTLED
    detailed = page["detailed"]
    row: dict[str, Any] = {
        "key": step["step"],
        "title": step["title"],
        "state": state,
        "hollow": state["icon"] in ("circle", "calendar"),
        "when": _when(step),
        "detailed": detailed,
    }
    if not detailed:
        return row
    form = _form(step, url) if page["editable"] else None
    why = [] if settled else reasons(step.get("why_not") or [], page["published"])
    chooses = page["editable"] and (
        step["step"] == KITS_STEP or "kits_chosen" in _measures(step)
    )
    planned = step.get("planned_for")
    row.update(
        {
            "show_state": step["state"] not in ("todo", "done"),
            "planned": h.challenge_date(planned) if planned else "",
            "planned_for": planned or "",
            "note": step.get("note") or "",
            "evidence": _evidence(step),
            "evidence_url": step.get("evidence_url") or "",
            "why": why,
            "help": "" if settled else step.get("help") or "",
            "effort": "" if settled else as_effort(step.get("effort_minutes")),
            "open": bool(form or chooses or (step.get("help") and not settled)),
            "summary": _summary(step, form or chooses),
            "form": form,
            "kits": page["kits"] if chooses else None,
            "confirm": f"{url}/step/{quote(step['step'])}/confirm"
            if page["confirms"] and step["state"] == "to_confirm"
            else "",
        }
    )
    return row


def _phases(
    progress: Mapping[str, Any], rows: Mapping[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    numbers = cards.phase_numbers(progress["phases"])
    return [
        {
            **phase,
            "number": numbers[phase["key"]],
            "words": tk._("{done} of {total}").format(
                done=phase["steps_done"], total=phase["steps_total"]
            ),
            "steps": [
                rows[step["step"]]
                for step in progress["steps"]
                if step["phase"] == phase["key"]
            ],
        }
        for phase in progress["phases"]
    ]


def _actions(
    step: Mapping[str, Any], participant: Mapping[str, Any], page: Mapping[str, Any]
) -> list[dict[str, str]]:
    """The buttons of the next thing to do."""
    anchor = f"#step-{step['step']}"
    if not page["editable"]:
        return [{"text": tk._("See this step"), "url": anchor}]
    why = step.get("why_not") or []
    measures = _measures(step)
    if step["source"] == "person" or "kits_chosen" in measures:
        return [{"text": tk._("Answer this step"), "url": anchor}]
    if measures & {"datasets_public", "datasets_since_launch", "kits_covered"}:
        chosen = [kit for kit in page["kits"] if kit["chosen"]] or page["kits"]
        found = [
            {
                "text": tk._("Publish: {dataset}").format(dataset=kit["title"]),
                "url": new_dataset_url(
                    participant["organization_id"],
                    kit,
                    participant["organization_title"],
                ),
            }
            for kit in chosen[:1]
        ]
        found.append(
            {
                "text": tk._("Publish another dataset"),
                "url": new_dataset_url(participant["organization_id"]),
            }
        )
        return found
    ready = reasons(why, page["published"])
    found = [
        {"text": reason["action"], "url": reason["url"]}
        for reason in ready
        if reason["url"]
    ]
    return found or [{"text": tk._("See this step"), "url": anchor}]


def _next_step(
    progress: Mapping[str, Any],
    participant: Mapping[str, Any],
    page: Mapping[str, Any],
) -> dict[str, Any] | None:
    step = progress.get("next_step")
    if not step:
        return None
    numbers = cards.phase_numbers(progress["phases"])
    due = ""
    if step.get("due"):
        text = (
            tk._("It was planned for {date}")
            if step.get("late")
            else tk._("Planned for {date}")
        )
        due = text.format(date=h.challenge_date(step["due"]))
    return {
        "title": step["title"],
        "number": numbers.get(step["phase"], 1),
        "effort": as_effort(step.get("effort_minutes")),
        "due": due,
        "late": bool(step.get("late")),
        "help": step.get("help") or "",
        "why": [
            reason
            for reason in reasons(step.get("why_not") or [], page["published"])
            if reason["datasets"]
        ],
        "actions": _actions(step, participant, page),
    }


def _badges(
    rows: Sequence[Mapping[str, Any]], awards: str, badges: str
) -> list[dict[str, Any]]:
    """Earned ones, then those on their way."""
    found = []
    for row in sorted(rows, key=lambda row: not row["earned"]):
        if row["earned"]:
            text = tk._("Earned on {date}").format(
                date=h.challenge_date(row["awarded_at"])
            )
            url = f"{awards}/{row['award_id']}" if row.get("award_id") else ""
        else:
            url = f"{badges}/{quote(row['badge'])}"
            percent = row.get("percent") or 0
            text = tk._("To be earned")
            if percent:
                text = tk._("{percent} of the way").format(
                    percent=h.challenge_percent(percent)
                )
        found.append(
            {
                "title": row["title"],
                "earned": row["earned"],
                "image": h.challenge_badge_image(row),
                "text": text,
                "url": url,
            }
        )
    return found


def _kits(participant: Mapping[str, Any]) -> list[dict[str, Any]]:
    chosen = set(participant.get("kits") or ())
    return [
        {**kit, "chosen": kit["name"] in chosen}
        for kit in act("challenge_kit_list", limit=100)["results"]
    ]


def _next_due(progress: Mapping[str, Any]) -> str:
    dates = [
        str(step["due"])
        for step in progress["steps"]
        if step.get("due")
        and step["state"] not in (*SETTLED, "to_confirm")
        and h.challenge_days_until(step["due"]) >= 0
    ]
    if not dates:
        return ""
    return tk._("next date: {date}").format(date=h.challenge_date(min(dates)))


def _embed(name: str, cohort: str, words: str) -> str:
    shield = tk.h.url_for(
        "challenge.shield", organization=name, cohort=cohort, qualified=True
    )
    page = tk.h.url_for(
        "challenge_participant.read",
        cohort=cohort,
        organization=name,
        qualified=True,
    )
    return (
        f'<a href="{page}"><img src="{shield}" alt="{tk.h.escape_js(words)}" '
        'height="20"></a>'
    )


# A day's turn changes the stamp; nothing on the page is older than this.
_bodies = Memory(seconds=60)


def participant_page(
    cohort: str, organization: str, sent: Mapping[str, Any] = NOTHING_SENT
) -> dict[str, Any]:
    """The page of a participant: its head, and its body as it was rendered.

    Everybody who has not signed in reads the same body, so that it is kept as long
    as the stamp of the participant stays.

    :param sent: the step whose form was just refused, its errors and what was typed
    :raises tk.ObjectNotFound: no such season, or the organization is not in it
    """
    if tk.current_user.is_authenticated:
        return _render(cohort, organization, sent)
    found = act("challenge_stamp_show", cohort=cohort, organization=organization)
    key = (cohort, organization, tk.h.lang(), tk.request.script_root)
    return _bodies.recall(
        key, found["stamp"], lambda: _render(cohort, organization, NOTHING_SENT)
    )


def _render(cohort: str, organization: str, sent: Mapping[str, Any]) -> dict[str, Any]:
    page = _page(cohort, organization, sent)
    forms = any(page[name] for name in ("editable", "confirms", *_FORMS))
    page["csrf"] = tk.h.csrf_input() if forms else ""
    return {
        "title": page["participant"]["organization_title"],
        "season": page["cohort"]["title"],
        "urls": page["urls"],
        "body": Markup(tk.render("challenge/participant_body.html", page)),
    }


def _page(
    cohort_name: str, organization: str, sent: Mapping[str, Any]
) -> dict[str, Any]:
    cohort = act("challenge_cohort_show", id=cohort_name)
    progress = act(
        "challenge_progress_show", organization=organization, cohort=cohort["id"]
    )
    participant = act("challenge_participant_show", id=progress["participant_id"])
    base = cards.season_prefix()
    season = f"{base}/{cohort['name']}"
    url = f"{season}/{quote(participant['organization_name'])}"
    editable = may("challenge_step_update", participant=participant["id"])
    detailed = editable or any("why_not" in step for step in progress["steps"])
    page: dict[str, Any] = {
        "detailed": detailed,
        "published": bool((participant["measures"] or {}).get("datasets_public")),
        "editable": editable and cohort["state"] not in ("finished", "archived"),
        "confirms": may("challenge_step_confirm", participant=participant["id"]),
        "kits": _kits(participant) if editable else [],
    }
    rows = {step["step"]: _row(step, url, page) for step in progress["steps"]}
    numbers = cards.phase_numbers(progress["phases"])
    words = h.challenge_steps(participant["steps_done"], participant["steps_total"])
    population = participant["population"]
    meta = (
        h.challenge_kind(participant["kind"]),
        population
        and tk._("{number} inhabitants").format(number=h.challenge_number(population)),
        h.challenge_departement(participant["departement"]),
    )
    evaluated = progress.get("evaluated_at")
    measures = participant.get("measures") or {}
    return {
        **page,
        "cohort": cohort,
        "participant": participant,
        "history": history(
            "participant",
            participant["id"],
            {step["step"]: step["title"] for step in progress["steps"]},
        ),
        "invitation": invitation(participant, url, sent),
        "departure": departure(participant, cohort, url),
        "number": numbers.get(participant["current_phase"], 1),
        "words": words,
        "next_due": _next_due(progress),
        "meta": " · ".join(part for part in meta if part),
        "phases": _phases(progress, rows),
        "next_step": _next_step(progress, participant, page),
        "badges": _badges(progress["badges"], f"{base}/awards", f"{base}/badges"),
        "figures": [
            (participant["steps_done"], tk._("steps done")),
            (
                h.challenge_number(measures.get("datasets_public", 0)),
                tk._("datasets opened"),
            ),
            (participant["badges_count"], tk._("badges earned")),
        ],
        "evaluated": tk._("Checked in the catalogue on {moment}.").format(
            moment=h.challenge_datetime(evaluated)
        )
        if evaluated
        else "",
        "embed": _embed(participant["organization_name"], cohort["name"], words)
        if detailed
        else "",
        "sent": sent,
        "urls": {
            "season": season,
            "self": url,
            "kits": f"{url}/kits",
            "organization": tk.h.url_for(
                "organization.read", id=participant["organization_name"]
            ),
            "shield": f"{base}/badge/{quote(participant['organization_name'])}.svg"
            f"?cohort={quote(cohort['name'])}",
        },
    }
