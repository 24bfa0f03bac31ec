"""The page of each collectivité that the directory knows.

What the law asks of it, what it has opened, who is around, what it could open, and what
it has done season by season.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import ckan.plugins.toolkit as tk
from markupsafe import Markup
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ckanext.challenge import config
from ckanext.challenge import helpers as h
from ckanext.challenge.common import addresses, page_version
from ckanext.challenge.common.page_cache import PageCache
from ckanext.challenge.domain.eligibility import EPCI_KINDS
from ckanext.challenge.observatory import labels as observatory
from ckanext.challenge.views import everybody
from ckanext.challenge.views.applicant.pages import duty_text
from ckanext.challenge.views.common import (
    act,
    blueprint,
    may,
    seasons_that_take_applications,
)
from ckanext.challenge.views.participant_rows import cohort_prefix, cohort_url, facts

collectivite = blueprint("challenge_collectivite")


# What the observatory stores changes it too; nothing on the page is older than this.
_bodies = PageCache(seconds=60)


@collectivite.get("/collectivite/<siren>")
def read(siren: str) -> str | Response:
    """What a collectivité has to do, what it has done, and what it can do next."""
    typed = "".join(siren.split())
    if not (typed.isascii() and typed.isdecimal()):
        raise tk.ObjectNotFound()
    known = addresses.present_siren(typed)
    if known != siren:
        # It was replaced by another one, or the SIREN is written with spaces.
        return redirect(tk.h.url_for("challenge_collectivite.read", siren=known), 301)
    version = page_version.of_collectivite(siren)
    page = everybody.remembered(_bodies, (siren,), version, lambda: _page(siren))
    return tk.render("challenge/collectivite.html", _with_own_door(page))


def _with_own_door(page: dict[str, Any]) -> dict[str, Any]:
    """The page with the form that its reader may fill in, if any."""
    id_, name = page["published_by"]
    if not name or not may("organization_update", id=id_):
        return page
    door = {
        "text": tk._("Correct this page"),
        "url": tk.h.url_for("organization.edit", id=name),
        "main": "",
    }
    # What is asked of readers comes first, the contact last.
    main = [one for one in page["doors"] if one["main"]]
    others = [one for one in page["doors"] if not one["main"]]
    return {**page, "doors": [*main, door, *others]}


def _page(siren: str) -> dict[str, Any]:
    """The page: its head, and its body as it was rendered.

    :raises tk.ObjectNotFound: neither the directory nor a season knows it
    """
    try:
        found = act("challenge_collectivite_history", siren=siren)
    except tk.ValidationError as error:
        # An address that somebody mistyped is no page.
        raise tk.ObjectNotFound() from error
    base = cohort_prefix()
    datasets = found["datasets"]
    situation = _situation(siren)
    opened = situation["collectivite"] if situation else None
    shown = {
        "found": found,
        "meta": facts({**(found["collectivite"] or {}), "siren": found["siren"]}),
        "figures": _figures(found, opened),
        "situation": situation and _shown(situation),
        "seasons": [_season(row, base) for row in found["participations"]],
        "awards": [_award(row, base) for row in found["awards"]],
        "datasets": [
            {
                "title": row["title"],
                "url": tk.h.url_for("dataset.read", id=row["name"]),
                "date": h.challenge_date(row["created_at"]),
            }
            for row in datasets["latest"]
        ],
        "organizations": [
            {
                "title": row["title"],
                "url": tk.h.url_for("organization.read", id=row["name"]),
            }
            for row in found["organizations"]
        ],
        "all_data": tk.h.url_for(
            "organization.read", id=found["organizations"][0]["name"]
        )
        if datasets["count"] > len(datasets["latest"])
        else "",
        "urls": {"index": tk.h.url_for("challenge.index")},
    }
    published = opened or {}
    return {
        "name": found["name"],
        "head": Markup(tk.render("challenge/collectivite_head.html", shown)),
        "doors": _doors(found, opened),
        "published_by": (
            published.get("organization_id"),
            published.get("organization"),
        ),
        "body": Markup(tk.render("challenge/collectivite_body.html", shown)),
    }


def _situation(siren: str) -> dict[str, Any] | None:
    """Where it stands; nothing where the directory does not have it."""
    try:
        return act("challenge_situation_show", siren=siren)
    except (tk.ObjectNotFound, tk.ValidationError):
        # A commune overseas has its INSEE code alone, until a list gives its SIREN.
        return None


def _figures(
    found: Mapping[str, Any], opened: Mapping[str, Any] | None
) -> list[tuple[str, str]]:
    rows = found["participations"]
    badges = len(found["awards"]) + sum(len(row["badges"]) for row in rows)
    datasets = max(found["datasets"]["count"], opened["datasets"] if opened else 0)
    counts = [
        (datasets, tk.ungettext("public dataset", "public datasets", datasets)),
    ]
    if opened and opened["datasets"]:
        conforming, fresh = opened["conforming"], opened["fresh"]
        counts += [
            (
                conforming,
                tk.ungettext(
                    "conforms to its national schema",
                    "conform to their national schema",
                    conforming,
                ),
            ),
            (fresh, tk.ungettext("is up to date", "are up to date", fresh)),
        ]
    if rows or badges:
        counts += [
            (badges, tk.ungettext("badge", "badges", badges)),
            (len(rows), tk.ungettext("season", "seasons", len(rows))),
        ]
    return [(h.challenge_number(count), label) for count, label in counts]


def _shown(situation: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stands, in words and links."""
    row, epci = situation["collectivite"], situation["epci"]
    other = situation["duty"]["other"]["status"]
    differs = other != situation["duty"]["status"]
    return {
        "opened": observatory.opened(row),
        "since": tk._("First publication on {date}, last on {other}.").format(
            date=h.challenge_date(row["first_published_at"]),
            other=h.challenge_date(row["last_published_at"]),
        )
        if row["first_published_at"]
        else "",
        "duty": duty_text(situation["duty"], own=False),
        "other_reading": _other_reading(other) if differs else "",
        "elsewhere": [
            {
                "text": tk.ungettext(
                    "{number} dataset on {source}, counted on {date}",
                    "{number} datasets on {source}, counted on {date}",
                    one["count"],
                ).format(
                    number=h.challenge_number(one["count"]),
                    source=one["source"],
                    date=h.challenge_date(one["date"]),
                ),
                "url": one["url"] or "",
            }
            for one in situation["elsewhere"]
        ],
        "epci": _place(epci) if epci else None,
        "near": [_place(one) for one in situation["near"]],
        "near_title": _near_title(row, epci),
        "near_words": tk._("{number} of {total} have opened data here.").format(
            number=h.challenge_number(situation["near_publishing"]),
            total=h.challenge_number(situation["near_count"]),
        ),
        "near_url": tk.h.url_for("challenge_observatory.read")
        + h.challenge_query(_around(row)),
        "kits": [
            {
                "title": kit["title"],
                "why": kit["why"],
                "url": tk.h.url_for("challenge.kit", kit=kit["kit"]),
                "others": _others(kit),
                "names": [
                    {"name": one["name"], "url": _url(one["siren"])}
                    for one in kit["names"]
                ],
            }
            for kit in situation["kits"]
        ],
    }


def _other_reading(status: str) -> str:
    """What the other reading of the law says, where it says something else."""
    return {
        "concerned": tk._("By the other reading of the law, it asks for it."),
        "not_concerned": tk._("By the other reading of the law, it does not."),
        "unknown": tk._(
            "By the other reading of the law, that depends on the number of employees."
        ),
    }[status]


def _url(siren: str) -> str:
    return str(tk.h.url_for("challenge_collectivite.read", siren=siren))


def _place(row: Mapping[str, Any]) -> dict[str, Any]:
    """Another collectivité, as a line of a list."""
    return {
        "name": row["name"],
        "url": _url(row["siren"]) if row["siren"] else "",
        "text": observatory.opened(row),
        "datasets": tk.ungettext(
            "{number} dataset", "{number} datasets", row["datasets"]
        ).format(number=h.challenge_number(row["datasets"]))
        if row["datasets"]
        else "",
    }


def _near_title(row: Mapping[str, Any], epci: Mapping[str, Any] | None) -> str:
    if row["kind"] in EPCI_KINDS:
        return tk._("Its communes")
    if epci:
        return tk._("In its EPCI")
    return tk._("In the same département")


def _around(row: Mapping[str, Any]) -> dict[str, str]:
    """The filters of the observatory that show who is around."""
    epci = row["siren"] if row["kind"] in EPCI_KINDS else row["epci_siren"]
    return {"epci": epci} if epci else {"departement": row["departement"] or ""}


def _others(kit: Mapping[str, Any]) -> str:
    if not kit["number"]:
        return ""
    return tk.ungettext(
        "{number} collectivité of this kind and size has opened it.",
        "{number} collectivités of this kind and size have opened it.",
        kit["number"],
    ).format(number=h.challenge_number(kit["number"]))


def _doors(
    found: Mapping[str, Any], opened: Mapping[str, Any] | None
) -> list[dict[str, str]]:
    """What the people of the collectivité can do from here."""
    doors = []
    season = next(iter(seasons_that_take_applications()), None)
    taking_part = {row["cohort"] for row in found["participations"]}
    if season and season["name"] not in taking_part:
        url = f"{cohort_url(season['name'])}/apply"
        doors.append(
            {
                "text": tk._("Apply to: {season}").format(season=season["title"]),
                "url": url + h.challenge_query({"siren": found["siren"]}),
                "main": "yes",
            }
        )
    name = (opened or {}).get("organization")
    if contact := config.contact():
        asks = tk._("Report an error") if name else tk._("Ask for your organization")
        doors.append({"text": asks, "url": _letter(contact, found), "main": ""})
        if not name:
            doors.append(
                {
                    "text": tk._("Report an error"),
                    "url": _letter(contact, found),
                    "main": "",
                }
            )
    return doors


def _letter(contact: str, found: Mapping[str, Any]) -> str:
    """The address to write to, with what it is about where that is an e-mail."""
    if "@" not in contact or "/" in contact:
        return contact
    subject = f"{found['name']} ({found['siren']})"
    return f"mailto:{contact}?subject={quote(subject)}"


def _season(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    return {
        **row,
        "url": f"{base}/{row['cohort']}/{row['organization_name']}",
        "state": h.challenge_state("cohort", row["cohort_state"]),
        "words": h.challenge_steps(row["steps_done"], row["steps_total"]),
        "opened": tk.ungettext(
            "{number} dataset opened", "{number} datasets opened", row["datasets"]
        ).format(number=h.challenge_number(row["datasets"])),
        "when": tk._("From {start} to {end}").format(
            start=h.challenge_date(row["launch"]),
            end=h.challenge_date(row["finalisation"]),
        )
        if row["launch"] and row["finalisation"]
        else "",
        "badges": [_award(award, base) for award in row["badges"]],
    }


def _award(row: Mapping[str, Any], base: str) -> dict[str, Any]:
    """A badge for the ``badge`` component."""
    return {
        "earned": True,
        "title": row["title"],
        "image": h.challenge_badge_image(row),
        "url": f"{base}/awards/{row['id']}",
        "text": h.challenge_date(row["awarded_at"]),
    }
