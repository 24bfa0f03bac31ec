"""An application with everything on one page, to decide on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.domain import lifecycle, questions
from ckanext.challenge.domain.application_fields import FORM
from ckanext.challenge.views import participant_rows
from ckanext.challenge.views.applicant.pages import duty_text
from ckanext.challenge.views.application_values import answer_text, value_text
from ckanext.challenge.views.common import act, context

from . import decisions
from .applications import chosen_filters, kept_filters, reviewers
from .history import history
from .layout import frame
from .scores import scores


def neighbours(
    cohort: Mapping[str, Any], id_: str, params: Mapping[str, str]
) -> dict[str, Any]:
    """What comes before and after an application in the list one came from.

    :param params: of the address of that list
    """
    found = act(
        "challenge_application_list",
        cohort=cohort["id"],
        around=id_,
        limit=0,
        **chosen_filters(params),
    )
    return {**found["neighbours"], "count": found["count"]}


def _addresses(
    cohort: Mapping[str, Any],
    url: str,
    id_: str,
    params: Mapping[str, str],
    beside: Mapping[str, Any],
) -> dict[str, str]:
    kept = kept_filters(params)
    query = h.challenge_query(kept, then=params.get("then"))
    base = f"{url}/application"

    def of(other: str | None) -> str:
        return f"{base}/{other}{query}" if other else ""

    mine = f"{base}/{id_}"
    return {
        "list": f"{url}/applications{h.challenge_query(kept)}",
        "self": mine + query,
        "previous": of(beside["previous"]),
        "next": of(beside["next"]),
        **{
            name: f"{mine}/{name}{query}"
            for name in (
                *("assign", "message", "note", "rank", "score"),
                *("pending", "preview", "proof", "undo"),
            )
        },
    }


def _names(cohort: Mapping[str, Any]) -> dict[str, str]:
    """All that can be missing, wrong or changed in an application, in words."""
    return application_labels.fields() | application_labels.correctable(
        cohort["questions"]
    )


def _rules(
    checked: Mapping[str, Any], cohort: Mapping[str, Any]
) -> list[dict[str, str]]:
    """The map of rules in words, what needs a look first."""
    names = _names(cohort)
    words = {
        ("directory", "passed"): tk._("The SIREN is in the directory"),
        ("directory", "look"): tk._("This SIREN is not in the directory"),
        ("identity", "passed"): tk._("Name, kind, place and population agree with it"),
        ("identity", "look"): tk._("Not as the directory says: {fields}"),
        ("identity", "unknown"): tk._("Nothing to compare with"),
        ("kind", "passed"): tk._("The season is for this kind of collectivité"),
        ("kind", "failed"): tk._("The season is not for this kind of collectivité"),
        ("kind", "unknown"): tk._("The kind of collectivité is missing"),
        ("alone", "passed"): tk._("The only application of this collectivité"),
        ("alone", "failed"): tk._("Another application has the same SIREN"),
        ("homonym", "passed"): tk._("No other collectivité has this name"),
        ("homonym", "look"): tk._("Other collectivités have this name: check which"),
        ("organization", "passed"): tk._("No other organization has this SIREN"),
        ("organization", "look"): tk._("An organization has this SIREN already"),
        ("address", "passed"): tk._("The contact has opened the link we mailed"),
        ("address", "look"): tk._("The contact has not opened the link we mailed yet"),
        ("own", "passed"): tk._("Not an application of your own"),
        ("own", "failed"): tk._(
            "This application is yours: somebody else of the team accepts it"
        ),
        ("complete", "passed"): tk._("All that is needed is filled in"),
        ("complete", "failed"): tk._("Missing: {fields}"),
        ("consent", "passed"): tk._("The contact agreed to the use of these data"),
        ("consent", "failed"): tk._(
            "The contact has not agreed to the use of the data"
        ),
        ("in_time", "passed"): tk._("Submitted in time"),
        ("in_time", "look"): tk._("Submitted after the deadline"),
        ("in_time", "unknown"): tk._("Not submitted yet"),
        ("place", "passed"): tk._("There is a place"),
        ("place", "failed"): tk._("No place is left"),
    }
    marks = {
        "passed": ("check", "done", tk._("In order:")),
        "look": ("eye", "wait", tk._("To look at:")),
        "failed": ("xmark", "late", tk._("Not in order:")),
        "unknown": ("question", "quiet", tk._("Not known:")),
    }
    first = ("failed", "look", "unknown", "passed")
    rows = []
    for rule in sorted(checked["rules"], key=lambda rule: first.index(rule["outcome"])):
        text = str(words.get((rule["rule"], rule["outcome"]), rule["rule"]))
        if "fields" in rule:
            text = text.format(
                fields=", ".join(str(names.get(name, name)) for name in rule["fields"])
            )
        if rule.get("late_code"):
            text = tk._("Submitted after the deadline, with a code for late entry")
        icon, tone, spoken = marks[rule["outcome"]]
        rows.append({"icon": icon, "tone": tone, "spoken": spoken, "text": text})
    return rows


def _facts(
    application: Mapping[str, Any], checked: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Who applies, beside what the directory says."""
    directory = {row["field"]: row for row in checked["identity"]["fields"]}
    asked = set(application.get("changes_fields") or [])
    names = application_labels.fields()
    rows = []
    for field in FORM:
        name, other = field.name, ""
        if name == "motivation":
            # The page begins with it.
            continue
        if (known := directory.get(name)) and not known["same"]:
            other = value_text(name, known["directory"])
        value = value_text(name, application.get(name))
        if not value and not other:
            continue
        rows.append(
            {
                "label": names[name],
                "value": value or "—",
                "lines": field.kind == "paragraph",
                "directory": other,
                "asked": tk._("correction asked for") if name in asked else "",
                "mail": value if field.kind == "email" else "",
            }
        )
    return rows


def _answers(
    application: Mapping[str, Any], cohort: Mapping[str, Any]
) -> list[tuple[str, str]]:
    given = application.get("answers") or {}
    rows = []
    asked = questions.asked_of(questions.read(cohort.get("questions") or []), given)
    for question in (one.as_dict() for one in asked):
        value = given.get(question["key"])
        text = answer_text(question, value)
        rows.append((application_labels.in_words(question), text or "—"))
    return rows


def _changes(
    application: Mapping[str, Any], cohort: Mapping[str, Any]
) -> list[dict[str, str]]:
    names = _names(cohort)
    return [
        {
            "label": str(names.get(change["field"], change["field"])),
            "before": value_text(change["field"], change["before"]) or "—",
            "after": value_text(change["field"], change["after"]) or "—",
        }
        for change in application.get("changes") or []
    ]


def _duplicates(
    checked: Mapping[str, Any], cohort: Mapping[str, Any], url: str
) -> list[dict[str, Any]]:
    why = {
        "siren": tk._("same SIREN"),
        "name": tk._("same name"),
        "contact": tk._("same contact"),
    }
    return [
        {
            "name": row["organization_title"],
            "reference": row["reference"],
            "where": h.challenge_departement(row["departement"]),
            "why": why[row["why"]],
            "state": h.challenge_state("application", row["state"]),
            "season": "" if row["cohort"] == cohort["name"] else row["cohort_title"],
            # Another season has managers of its own.
            "url": f"{url}/application/{row['id']}"
            if row["cohort"] == cohort["name"]
            else "",
        }
        for row in checked["duplicates"]
    ]


def _homonyms(checked: Mapping[str, Any]) -> list[str]:
    return [
        " · ".join(
            part
            for part in (
                row["name"],
                # It is what tells them apart, as a rule.
                h.challenge_departement(row["departement"]),
                participant_rows.facts(
                    {name: row[name] for name in ("population", "siren")}
                ),
            )
            if part
        )
        for row in checked["homonyms"]
    ]


def _purposes() -> dict[str, str]:
    """What a file is for, in words."""
    return {
        "deliberation": tk._("Decision of the council"),
        "letter": tk._("Letter of commitment"),
        "logo": tk._("Logo"),
        "other": tk._("Other document"),
        "question": tk._("Answer to a question"),
    }


def _pending(application: Mapping[str, Any]) -> dict[str, str] | None:
    kept = application.get("pending_decision")
    if not kept:
        return None
    return {
        "decision": application_labels.decided()[kept["decision"]],
        "reason": kept.get("reason") or "",
        "by": decisions.keeper(kept),
        "date": h.challenge_datetime(kept.get("at")),
    }


def _said(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Messages or notes, with when they were written."""
    return [{**row, "when": h.challenge_datetime(row["created_at"])} for row in rows]


def _mails(cohort: Mapping[str, Any], id_: str) -> list[dict[str, Any]]:
    found = act("challenge_mail_list", cohort=cohort["id"], application=id_, limit=100)
    return [
        {**row, "when": h.challenge_datetime(row["sent_at"] or row["created_at"])}
        for row in found["results"]
    ]


def _claim(
    cohort: Mapping[str, Any], application: Mapping[str, Any]
) -> dict[str, Any] | None:
    """What the admins of the organization were asked, where they were."""
    if application["state"] != "accepted" or not application["organization_id"]:
        return None
    found = act(
        "challenge_claim_list",
        cohort=cohort["id"],
        organization=application["organization_id"],
    )
    for row in found["results"]:
        if row["application_id"] == application["id"]:
            return {
                **row,
                "label": h.challenge_state("claim", row["state"]),
                "date": h.challenge_date(row["answered_at"] or row["asked_at"]),
            }
    return None


def _account(application: Mapping[str, Any]) -> dict[str, Any] | None:
    """Whose account the acceptance lets in, and whether its role waits."""
    found = application.get("account")
    if not found or application["state"] not in lifecycle.APPLICATION_LIVE:
        return None
    if found["waiting"]:
        text = tk._(
            "Its role waits: it has to open the link that was mailed to the address of "
            "the contact."
        )
    elif found["proved"]:
        text = tk._("It has opened a link that was mailed to the address.")
    elif application["state"] == "accepted":
        text = ""
    else:
        text = tk._(
            "It has not proved yet that this address is its own. Once you accept, its "
            "role waits until it opens the link that is mailed there."
        )
    return {**found, "since": h.challenge_date(found["since"]), "text": text}


def undoing(application: Mapping[str, Any]) -> dict[str, Any] | None:
    """Whether an acceptance can be undone, until when, and what hinders it.

    :returns: nothing where there is no acceptance, or none of today
    """
    if application["state"] != "accepted":
        return None
    found = act("challenge_application_acceptance_undo_preview", id=application["id"])
    if any(one["name"] == "late" for one in found["hindrances"]):
        return None
    return {
        "until": h.challenge_datetime(found["until"]),
        "hindrances": [one["text"] for one in found["hindrances"]],
    }


def read(cohort_name: str, id_: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """A season, and an application of it as its managers read it."""
    cohort = act("challenge_cohort_show", id=cohort_name)
    tk.check_access("challenge_application_list", context(), {"cohort": cohort["id"]})
    application = act("challenge_application_show", id=id_)
    if application["cohort_id"] != cohort["id"]:
        raise tk.ObjectNotFound()
    return cohort, application


def confirming(
    cohort: Mapping[str, Any],
    application: Mapping[str, Any],
    params: Mapping[str, str],
) -> dict[str, Any]:
    """What is around all that is to be confirmed of an application."""
    around = frame(cohort, "applications")
    kept = kept_filters(params) | {"then": params.get("then", "")}
    mine = f"{around['url']}/application/{application['id']}"
    back = mine + h.challenge_query(kept)
    return {
        "frame": around,
        "cohort": cohort,
        "back": back,
        "crumbs": [
            (tk._("Applications"), f"{around['url']}/applications"),
            (application["reference"], back),
        ],
        "csrf": tk.h.csrf_input(),
    }


def decision_page(
    cohort_name: str,
    id_: str,
    wish: Mapping[str, Any],
    params: Mapping[str, str],
    *,
    leads_on: bool,
) -> dict[str, Any] | None:
    """What a decision on an application would do, to be read before it is taken.

    :param wish: ``decision``, and ``reason``, ``kind``, ``fields`` and ``pending`` as
        they were typed
    :param params: of the address, as for :func:`application_page`
    :param leads_on: whether the next application is to be opened then
    :returns: None where there is nothing to confirm: nobody is told and nothing ends,
        or the decision cannot be taken
    :raises tk.NotAuthorized: not a manager of its season
    :raises tk.ObjectNotFound: no such application in this season
    """
    cohort, application = read(cohort_name, id_)
    decision = wish.get("decision", "")
    kept = application["pending_decision"]
    if decision not in application["decisions"] or decision == "start":
        return None
    if wish["pending"] and not kept:
        return None
    if lifecycle.DECISIONS[decision].needs_reason and not wish.get("reason"):
        return None
    title = application_labels.decisions()[decision]
    deeds = _deeds(application, cohort, wish)
    if kept:
        deeds.append(f"{decisions.kept_by(kept)}. {tk._('What you confirm ends it.')}")
    return {
        **confirming(cohort, application, params),
        "heading": tk._("{decision}: {name}").format(
            decision=title, name=application["organization_title"]
        ),
        "deeds": deeds,
        "quote": wish.get("reason", ""),
        "mail": decisions.mail_of(application, wish),
        "shows_mail": True,
        "hidden": [
            *(
                (name, wish[name])
                for name in ("decision", "reason", "kind", "pending")
                if wish.get(name)
            ),
            *(("fields", name) for name in wish["fields"]),
            ("kept", kept["at"] if kept else "none"),
            *([("then", "next")] if leads_on else []),
        ],
        "button": tk._("Keep this decision") if wish["pending"] else title,
        "can_edit": True,
    }


def _deeds(
    application: Mapping[str, Any], cohort: Mapping[str, Any], wish: Mapping[str, Any]
) -> list[str]:
    """What a decision does, in the words of who takes it."""
    if wish["pending"]:
        return [
            tk._("Nobody is told until you publish all the decisions that are kept.")
        ]
    decision = wish["decision"]
    if decision == "accept":
        account = _account(application)
        return [
            tk._(
                "The collectivité takes part in the season, with the organization that "
                "has its SIREN or, where there is none, with a new one."
            ),
            tk._("The account {name} is let in.").format(name=account["display_name"])
            if account
            else tk._("An account is made for the contact."),
            *([account["text"]] if account and account["text"] else []),
            *_short(cohort),
        ]
    names = _names(cohort)
    asked = ", ".join(str(names.get(name, name)) for name in wish["fields"])
    return {
        "waitlist": [tk._("The application goes to the end of the waiting list.")],
        "request_changes": [
            tk._("The applicant can change the application and send it again."),
            *([tk._("To be changed: {fields}").format(fields=asked)] if asked else []),
        ],
        "refuse": [tk._("The application is closed.")],
        "reopen": [tk._("The application waits for a decision again.")],
    }[decision]


def _short(cohort: Mapping[str, Any]) -> list[str]:
    taken = cohort["figures"]["participants"]
    if cohort["capacity"] is None or taken < cohort["capacity"]:
        return []
    return [tk._("No place is left")]


def drop_page(
    cohort_name: str, id_: str, params: Mapping[str, str]
) -> dict[str, Any] | None:
    """The kept decision on an application, to be read before it is dropped.

    :param params: of the address, as for :func:`application_page`
    :returns: None where none is kept
    :raises tk.NotAuthorized: not a manager of its season
    :raises tk.ObjectNotFound: no such application in this season
    """
    cohort, application = read(cohort_name, id_)
    pending = _pending(application)
    if pending is None:
        return None
    return {
        **confirming(cohort, application, params),
        "heading": tk._("Drop the decision that is kept: {name}").format(
            name=application["organization_title"]
        ),
        "deeds": [
            tk._("{decision}, kept by {name} on {date}").format(
                decision=pending["decision"], name=pending["by"], date=pending["date"]
            ),
            tk._("The decision and the reason that was typed are lost."),
        ],
        "quote": pending["reason"],
        "hidden": [("at", application["pending_decision"]["at"])],
        "button": tk._("Cancel this decision"),
    }


def application_page(
    cohort_name: str,
    id_: str,
    params: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
    *,
    preview: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An application on one page, to decide on.

    :param params: of the address: those of the list one came from, and ``then``
        (``next``: a decision leads to the next one)
    :param given: what was typed, when it was refused or is to be seen as a mail
    :param errors: of that, by field
    :param preview: the mail that the decision would send
    :raises tk.NotAuthorized: not a manager of its season
    :raises tk.ObjectNotFound: no such application in this season
    """
    cohort, application = read(cohort_name, id_)
    id_ = application["id"]
    checked = act("challenge_application_check", id=id_)
    beside = neighbours(cohort, id_, params)
    around = frame(cohort, "applications")
    words = application_labels.decisions()
    name = application.get("organization_name")
    read_by = scores(cohort, application, given or {})
    return {
        "frame": around,
        "cohort": cohort,
        "application": application,
        "position": tk._("{position} of {count}").format(
            position=h.challenge_number(beside["position"]),
            count=h.challenge_number(beside["count"]),
        )
        if beside["position"]
        else "",
        "then_next": params.get("then") == "next",
        "rules": _rules(checked, cohort),
        "facts": _facts(application, checked),
        "answers": _answers(application, cohort),
        "changes": _changes(application, cohort),
        "duplicates": _duplicates(checked, cohort, around["url"]),
        "homonyms": _homonyms(checked),
        "organizations": checked["organizations"],
        "duty": duty_text(application["duty"], own=False),
        "pending": _pending(application),
        "decisions": [
            (decision, words[decision], lifecycle.DECISIONS[decision].needs_reason)
            for decision in words
            if decision in application["decisions"]
        ],
        "can_wait": any(
            lifecycle.DECISIONS[decision].can_wait
            for decision in application["decisions"]
        ),
        "correctable": application_labels.correctable(cohort["questions"]),
        "people": reviewers(cohort),
        "claim": _claim(cohort, application),
        "account": _account(application),
        "undoing": undoing(application),
        "messages": _said(
            act("challenge_application_message_list", id=id_, limit=1000)["results"]
        ),
        "notes": _said(
            act("challenge_application_note_list", id=id_, limit=1000)["results"]
        ),
        "mails": _mails(cohort, id_),
        "history": history("application", id_),
        "scores": read_by,
        "purposes": _purposes(),
        "given": given or {},
        "errors": errors or {},
        "preview": preview,
        "labels": {
            **read_by["labels"],
            "reason": tk._("Reason"),
            "decision": tk._("Decision"),
            "state": tk._("State"),
            "fields": tk._("What is to be corrected"),
            "text": tk._("Text"),
            "upload": tk._("File"),
            "rank": tk._("Rank on the waiting list"),
            "reviewer": tk._("Read by"),
        },
        "csrf": tk.h.csrf_input(),
        "urls": {
            **_addresses(cohort, around["url"], id_, params, beside),
            "participant": f"{participant_rows.cohort_url(cohort['name'])}/{name}"
            if name and application["state"] == "accepted"
            else "",
            "file": f"{participant_rows.cohort_prefix()}/application/{id_}/file/",
        },
    }
