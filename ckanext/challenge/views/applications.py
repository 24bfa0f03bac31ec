"""What the pages of applications show, to applicants and to managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from .. import helpers as h
from . import cards
from .common import act

__all__ = [
    "FIELDS",
    "application_page",
    "apply_page",
    "duty_text",
    "labels",
]

#: What the applicant types, besides the SIREN and the consent.
FIELDS = (
    "organization_title",
    "agents",
    "contact_name",
    "contact_role",
    "contact_email",
    "contact_phone",
    "elected_sponsor",
    "motivation",
)
OUTSIDE = "other"
MATCHES = 10


def labels() -> dict[str, str]:
    """The names of the fields, as the form and the list of errors have them."""
    return {
        "siren": tk._("SIREN"),
        "organization_title": tk._("Name of the collectivité"),
        "kind": tk._("Kind"),
        "population": tk._("Inhabitants"),
        "departement": tk._("Département"),
        "agents": tk._("Number of employees (full-time equivalents)"),
        "contact_name": tk._("First and last name"),
        "contact_role": tk._("Role in the collectivité"),
        "contact_email": tk._("E-mail address"),
        "contact_phone": tk._("Telephone"),
        "elected_sponsor": tk._("Elected sponsor: name and office"),
        "motivation": tk._("Why do you want to take part?"),
        "consent": tk._("Agreement"),
    }


def _number(value: float) -> str:
    return h.challenge_number(value)


def duty_text(duty: Mapping[str, Any]) -> dict[str, Any]:
    """The duty to publish in words, with its reasons. Information, never a gate."""
    heads = {
        "concerned": tk._("The law asks this collectivité to publish its data."),
        "not_concerned": tk._(
            "The law does not oblige this collectivité. It is welcome all the same."
        ),
        "unknown": tk._("A number is missing to say whether the law asks for it."),
    }
    outcomes = {
        ("population", "over"): tk._("{value} inhabitants, more than {threshold}"),
        ("population", "under"): tk._("{value} inhabitants, not more than {threshold}"),
        ("agents", "over"): tk._("{value} employees, more than {threshold}"),
        ("agents", "under"): tk._("{value} employees, not more than {threshold}"),
    }
    reasons = []
    for reason in duty.get("reasons") or []:
        template = outcomes.get((reason["number"], reason["outcome"]))
        if template and reason["value"] is not None:
            reasons.append(
                template.format(
                    value=_number(reason["value"]),
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
    return {**row, "meta": _meta(row)}


def _meta(row: Mapping[str, Any]) -> str:
    population = row.get("population")
    parts = (
        h.challenge_kind(row.get("kind")),
        tk._("{number} inhabitants").format(number=h.challenge_number(population))
        if population
        else "",
        h.challenge_departement(row.get("departement")),
        tk._("SIREN {siren}").format(siren=row["siren"]),
    )
    return " · ".join(part for part in parts if part)


def apply_page(
    cohort_name: str,
    params: Mapping[str, str],
    given: Mapping[str, Any] | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, Any]:
    """All that the form shows.

    :param params: of the address: ``q`` searches, ``siren`` chooses
    :param given: what was typed, when it was refused
    :param errors: of that, by field
    :raises tk.ObjectNotFound: no such season
    """
    cohort = act("challenge_cohort_show", id=cohort_name)
    season = f"{cards.season_prefix()}/{cohort['name']}"
    url = f"{season}/apply"
    chosen = params.get("siren", "") or (given or {}).get("siren", "")
    query = params.get("q", "").strip()[:200]
    found: dict[str, Any] = {"count": 0, "results": []}
    if query and not chosen:
        found = act("challenge_collectivite_search", q=query, limit=MATCHES)
    known = _collectivite(chosen)
    return {
        "cohort": cohort,
        "query": query,
        "count": found["count"],
        "matches": [
            {
                "name": row["name"],
                "meta": _meta(row),
                "url": url + h.challenge_query({"siren": row["siren"]}),
            }
            for row in found["results"]
        ],
        "more": found["count"] > len(found["results"]),
        "chosen": bool(chosen),
        "known": known,
        "given": {"siren": "" if chosen == OUTSIDE else chosen, **(given or {})},
        "errors": errors or {},
        "labels": labels(),
        "csrf": tk.h.csrf_input(),
        "urls": {
            "season": season,
            "self": url,
            "outside": url + h.challenge_query({"siren": OUTSIDE}),
        },
    }


def _next(application: Mapping[str, Any]) -> str:
    """What happens now, and who does it."""
    state = application["state"]
    if state == "waitlisted" and application.get("waitlist_rank"):
        return tk._(
            "The season is full. You are number {rank} on the waiting list, and we "
            "write to you as soon as a place is free."
        ).format(rank=h.challenge_number(application["waitlist_rank"]))
    return {
        "draft": tk._("Complete it, then submit it."),
        "submitted": tk._("The team of the challenge reads it and writes to you."),
        "in_review": tk._("The team of the challenge reads it and writes to you."),
        "changes_requested": tk._("Correct what is asked below, then submit it again."),
        "accepted": tk._("Welcome. Your steps are waiting for you."),
        "waitlisted": tk._(
            "The season is full. We write to you as soon as a place is free."
        ),
        "refused": tk._(
            "Thank you for your application. You can apply to the next season."
        ),
        "withdrawn": tk._("You have withdrawn it. There is nothing more to do."),
    }.get(state, "")


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
    application = act(
        "challenge_application_show", id=id_, **({"key": key} if key else {})
    )
    cohort = act("challenge_cohort_show", id=application["cohort_id"])
    season = f"{cards.season_prefix()}/{cohort['name']}"
    name = application.get("organization_name")
    decisions = application.get("decisions") or []
    return {
        "application": application,
        "cohort": cohort,
        "meta": _meta(application),
        "duty": duty_text(application["duty"]),
        "next": _next(application),
        "editable": application["state"] in ("draft", "changes_requested")
        # A manager reads it here too, and decides at the desk.
        and "warnings" not in application,
        "may_withdraw": "withdraw" in decisions,
        "given": {**application, **(given or {})},
        "errors": errors or {},
        "labels": labels(),
        "csrf": tk.h.csrf_input(),
        "key": key,
        "urls": {
            "season": season,
            "participant": f"{season}/{name}"
            if name and application["state"] == "accepted"
            else "",
            "self": tk.h.url_for("challenge_applicant.read", id=application["id"]),
        },
    }
