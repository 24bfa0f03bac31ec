"""What the applicant's own pages show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import rate_limit
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.domain.application_fields import FORM, WRITTEN, asked_in
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.application_values import value_text
from ckanext.challenge.views.common import act, seasons_to_apply_to
from ckanext.challenge.views.forms import typed_number

from . import form as application_form

OUTSIDE = "other"
MATCHES = 10
MESSAGES = 200


def _number(value: float) -> str:
    return h.challenge_number(value)


def duty_text(duty: Mapping[str, Any], own: bool = True) -> dict[str, Any]:
    """The duty to publish in words, with its reasons. Information, never a gate.

    :param own: whether the collectivité itself reads it
    """
    heads = {
        "concerned": tk._("The law asks this collectivité to publish its data."),
        "not_concerned": tk._(
            "The law does not oblige this collectivité. It is welcome all the same."
        ),
        "unknown": tk._(
            "Give your number of employees: we will tell you whether the law obliges "
            "you to publish."
        )
        if own
        else tk._("Whether the law asks for it depends on its number of employees."),
    }
    outcomes = {
        ("population", "over"): tk._("{value} inhabitants, more than {threshold}"),
        ("population", "under"): tk._("{value} inhabitants, not more than {threshold}"),
        ("agents", "over"): tk._("{value} employees, more than {threshold}"),
        ("agents", "under"): tk._("{value} employees, not more than {threshold}"),
        ("agents", "unknown"): tk._("the number of employees is still to come"),
    }
    reasons = []
    for reason in duty.get("reasons") or []:
        template = outcomes.get((reason["number"], reason["outcome"]))
        if template:
            reasons.append(
                template.format(
                    value=_number(reason["value"] or 0),
                    threshold=_number(reason["threshold"]),
                )
            )
    return {"text": heads.get(duty["status"], ""), "reasons": reasons}


def _collectivite(siren: str) -> dict[str, Any] | None:
    if not siren or siren == OUTSIDE:
        return None
    try:
        row = act("challenge_collectivite_show", siren=siren)
    except (tk.ObjectNotFound, tk.ValidationError):
        return None
    return {**row, "meta": participant_rows.facts(row)}


def _situation(cohort: str, known: Mapping[str, Any] | None, agents: str) -> Any:
    """What ``challenge_application_form`` says, as far as it can be asked."""
    asked: dict[str, Any] = {"cohort": cohort}
    if known:
        asked |= {"siren": known["siren"], "agents": agents}
    try:
        return act("challenge_application_form", **asked)
    except rate_limit.TooMany:
        return act("challenge_application_form", cohort=cohort)
    except tk.ValidationError:
        # The number of agents is judged when the form is sent.
        return act("challenge_application_form", **asked | {"agents": ""})


def apply_page(
    cohort_name: str,
    params: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    form: str = "",
) -> dict[str, Any]:
    """All that the form shows.

    :param params: of the address: ``q`` searches, ``siren`` chooses, ``late`` asks
        for a late-entry code, ``code`` is one
    :param given: what was typed, when it was refused
    :param errors: of that, by field
    :param form: the mark of the form that was sent, when it was refused
    :raises tk.ObjectNotFound: no such season
    """
    cohort = act("challenge_cohort_show", id=cohort_name)
    cohort_url = participant_rows.cohort_url(cohort["name"])
    url = f"{cohort_url}/apply"
    typed, wrong = given or {}, errors or {}
    code = params.get("code", "").strip()[:100]
    late: dict[str, str] = {}
    if code:
        late = {"code": code}
    elif params.get("late") or "late_code" in typed:
        late = {"late": "1"}
    chosen = params.get("siren", "") or typed.get("siren", "")
    query = params.get("q", "").strip()[:200]
    found: dict[str, Any] = {"count": 0, "results": []}
    if query and not chosen:
        found = act("challenge_collectivite_search", q=query, limit=MATCHES)
    known = _collectivite(chosen)
    agents = params.get("agents", "") or typed.get("agents", "")
    situation = _situation(cohort["id"], known, agents)
    return {
        "cohort": cohort,
        "window": situation["window"],
        # Whoever has begun to write goes on, whatever has ended meanwhile.
        "open": situation["window"] == "open" or bool(errors),
        "elsewhere": []
        if situation["window"] == "open"
        else seasons_to_apply_to(cohort["name"]),
        "late": late,
        "query": query,
        "count": found["count"],
        "matches": [
            {
                "name": row["name"],
                "meta": participant_rows.facts(row),
                "url": url + h.challenge_query({"siren": row["siren"], **late}),
            }
            for row in found["results"]
        ],
        "more": found["count"] > len(found["results"]),
        "chosen": bool(chosen),
        "known": known,
        "duty": duty_text(situation["duty"]) if situation["duty"] else None,
        "taken": situation["taken"],
        "given": {
            "siren": "" if chosen == OUTSIDE else chosen,
            "late_code": code,
            **typed,
        },
        "answers": typed.get("answers") or {},
        "questions": application_form.asked(cohort),
        "files": application_form.file_fields(),
        "form": situation["form"] if "form" in wrong or not form else form,
        "honeypot": application_form.HONEYPOT if config.form_honeypot() else "",
        "fields": application_form.inputs(),
        "consent_help": application_form.consent_help(),
        "errors": application_form.in_order(wrong, cohort),
        "labels": application_form.labels(cohort),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "season": cohort_url,
            "self": url,
            "again": url + h.challenge_query(late),
            "late": url + h.challenge_query({"late": "1"}),
            "outside": url + h.challenge_query({"siren": OUTSIDE, **late}),
            "own": tk.h.url_for("challenge_applicant.read", id=situation["own"])
            if situation["own"]
            else "",
            "link": tk.h.url_for("challenge_applicant.send_link"),
        },
    }


def _next(application: Mapping[str, Any]) -> str:
    """What happens now, and who does it."""
    state = application["state"]
    position = application.get("waitlist_position")
    if position and application["waitlist_because"] == "rank":
        return tk._(
            "You are number {rank} on the waiting list. Not all places are given yet: "
            "the team gives them in the order of the list, and writes to you."
        ).format(rank=h.challenge_number(position))
    if position == 1:
        return tk._(
            "The season is full. You are next on the waiting list: we write to you as "
            "soon as a place is free."
        )
    if position:
        return tk._(
            "The season is full. You are number {rank} on the waiting list, and we "
            "write to you as soon as a place is free."
        ).format(rank=h.challenge_number(position))
    return {
        "draft": tk._("Complete it, then submit it: nobody reads it before."),
        "submitted": tk._("The team of the challenge reads it and writes to you."),
        "in_review": tk._("The team of the challenge reads it and writes to you."),
        "changes_requested": tk._("Correct what is asked below, then submit it again."),
        "accepted": tk._("Welcome. Your steps are waiting for you."),
        "refused": tk._(
            "Thank you for your application. You can apply to the next season."
        ),
        "withdrawn": tk._("You have withdrawn it. There is nothing more to do."),
    }.get(state, "")


def _shown(
    application: Mapping[str, Any],
    questions: list[dict[str, Any]],
    labels: Mapping[str, str],
) -> list[tuple[str, str]]:
    """What was written, to read."""
    rows = [
        (labels[field.name], text)
        for field in asked_in("contact", "project")
        if (text := value_text(field.name, application[field.name]))
    ]
    for question in questions:
        answer = application["answers"].get(question["key"])
        if answer is not None:
            rows.append((question["label"], _answer_text(question, answer)))
    return rows


def _answer_text(question: Mapping[str, Any], answer: Any) -> str:
    choices = dict(question["choices"])
    if isinstance(answer, bool):
        return tk._("Yes") if answer else tk._("No")
    if isinstance(answer, list):
        return ", ".join(choices.get(value, value) for value in answer)
    if question["type"] == "number":
        return h.challenge_number(answer, decimals=6)
    if question["type"] == "date":
        return h.challenge_date(answer)
    return choices.get(answer, str(answer))


def _stored(
    stored: Mapping[str, Any],
    given: Mapping[str, Any],
    shown: list[tuple[str, str]],
    labels: Mapping[str, str],
) -> list[tuple[str, str]]:
    """What is stored otherwise than it was typed, for who saves too late."""
    same = {
        labels[name]
        for name in WRITTEN
        if str(stored.get(name) or "") == str(given.get(name) or "")
    }
    return [row for row in shown if row[0] not in same]


def _conversation(id_: str, with_key: Mapping[str, str]) -> list[dict[str, Any]]:
    found = act(
        "challenge_application_message_list", id=id_, limit=MESSAGES, **with_key
    )
    return [
        {
            **message,
            "who": message["author"]
            or (tk._("You") if message["side"] == "applicant" else tk._("The team")),
        }
        for message in found["results"]
    ]


def application_page(
    id_: str,
    key: str,
    given: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """All that the applicant's own page shows.

    :param key: of the follow-up link, empty for an account
    :param given: what was typed, when it was refused
    :param errors: of that, by field
    :raises tk.NotAuthorized: not the applicant's
    """
    with_key = {"key": key} if key else {}
    application = act("challenge_application_show", id=id_, **with_key)
    cohort = act("challenge_cohort_show", id=application["cohort_id"])
    cohort_url = participant_rows.cohort_url(cohort["name"])
    name = application.get("organization_name")
    decisions = application.get("decisions") or []
    questions = application_form.asked(cohort, application["attachments"])
    labels = application_form.labels(cohort)
    shown = _shown(application, questions, labels)
    stored = {
        **application,
        **{
            field.name: typed_number(application[field.name])
            for field in FORM
            if field.kind == "number"
        },
    }
    own = bool(key) or application["own"]
    typed, wrong = given or {}, errors or {}
    here = tk.h.url_for("challenge_applicant.read", id=application["id"])
    return {
        "application": application,
        "cohort": cohort,
        "meta": participant_rows.facts(application),
        "duty": duty_text(application["duty"]),
        "next": _next(application),
        # A manager reads it here too, and decides at the desk.
        "own": own,
        "editable": own and application["editable"],
        "answer": tk._("We mean to answer by {date}.").format(
            date=h.challenge_date(application["answer_by"])
        )
        if application["answer_by"]
        and h.challenge_days_until(application["answer_by"]) >= 0
        else "",
        "erasable": application["state"] in lifecycle.APPLICATION_ERASABLE,
        "too_late": application["state"] == "draft"
        and not cohort["accepts_applications"],
        "may_withdraw": "withdraw" in decisions,
        "given": {**stored, **typed},
        "answers": {**application["answers"], **(typed.get("answers") or {})},
        "questions": questions,
        "files": application_form.file_fields(application["attachments"]),
        "shown": shown,
        "stored": _stored(stored, typed, shown, labels) if "revision" in wrong else [],
        "wanted": {
            labels.get(field, field): field
            for field in application["changes_fields"] or []
        }
        if application["state"] == "changes_requested"
        else {},
        "messages": _conversation(application["id"], with_key)
        if application["submitted_at"]
        else [],
        "errors": application_form.in_order(wrong, cohort),
        "labels": labels,
        "fields": application_form.inputs(),
        "consent_help": application_form.consent_help(application["state"]),
        "csrf": tk.h.csrf_input(),
        "key": key,
        "urls": {
            "season": cohort_url,
            "participant": f"{cohort_url}/{name}"
            if name and application["state"] == "accepted"
            else "",
            # With the key, so that the address of a refused form opens it too.
            "self": here + h.challenge_query(with_key),
            "messages": f"{here}/messages{h.challenge_query(with_key)}",
            "erase": f"{here}/erase{h.challenge_query(with_key)}",
            "file": f"{here}/file/",
            "data": f"{here}/data.json{h.challenge_query(with_key)}",
            "query": h.challenge_query(with_key),
        },
    }


def own_page() -> dict[str, Any]:
    """The applications that were made with the user's account."""
    found = act("challenge_application_list", limit=100)["results"]
    cohorts = {
        id_: act("challenge_cohort_show", id=id_)
        for id_ in {row["cohort_id"] for row in found}
    }
    return {
        "applications": [
            {
                **row,
                "season": cohorts[row["cohort_id"]]["title"],
                "url": tk.h.url_for("challenge_applicant.read", id=row["id"]),
            }
            for row in reversed(found)
        ],
        "urls": {"seasons": tk.h.url_for("challenge.index")},
    }


def link_page(id_: str, verdict: str) -> dict[str, Any]:
    """What is said of a link that does not open its application.

    :param verdict: ``expired``, ``wrong``, or ``opens`` of one that is genuine and was
        mailed to an address that the application has no more
    """
    return {
        "id": id_,
        "expired": verdict == "expired",
        "moved": verdict == "opens",
        "days": config.follow_up_days(),
        "csrf": tk.h.csrf_input(),
        "urls": {"link": tk.h.url_for("challenge_applicant.send_link")},
    }
