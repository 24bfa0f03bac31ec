"""Rows of the actions turned into what the components print.

Done once in Python for the whole page, because a helper or an include for each of
two hundred cards costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import language

NBSP = "\u00a0"


def cohort_prefix() -> str:
    """The address under which all seasons stand, with language and root path.

    Built once for a page; of one season, :func:`cohort_url` has the address.
    """
    return str(tk.h.url_for("challenge.index")).rstrip("/")


def cohort_url(name: str) -> str:
    """The address of a season's page; those of its participants stand below it.

    :param name: of the season
    """
    return f"{cohort_prefix()}/{name}"


def webcal(path: str) -> str:
    """Where a calendar program follows a file of dates, by its path.

    :param path: with root path and language
    """
    host = urlsplit(str(tk.config["ckan.site_url"])).netloc
    return f"webcal://{host}{path}"


def phase_numbers(phases: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Place of each phase, from 1 to 3 and round again: it gives the colour."""
    return {phase["key"]: index % 3 + 1 for index, phase in enumerate(phases)}


def phase_rows(phases: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The phases of a season for the ``phase`` component."""
    numbers = phase_numbers(phases)
    rows = []
    for phase in phases:
        steps = phase["steps"]
        rows.append(
            {
                **phase,
                "number": numbers[phase["key"]],
                "words": tk.ungettext("{number} step", "{number} steps", steps).format(
                    number=h.challenge_number(steps)
                ),
                "share": tk._("{percent} done").format(
                    percent=h.challenge_percent(phase["percent"])
                ),
            }
        )
    return rows


def facts(row: Mapping[str, Any]) -> str:
    """What a collectivité is, in a line: kind, inhabitants, département, SIREN.

    :param row: with what is known of ``kind``, ``population``, ``departement`` and
        ``siren``; what is not is left out
    """
    population, siren = row.get("population"), row.get("siren")
    parts = (
        h.challenge_kind(row.get("kind")),
        tk._("{number} inhabitants").format(number=h.challenge_number(population))
        if population
        else "",
        h.challenge_departement(row.get("departement")),
        tk._("SIREN {siren}").format(siren=siren) if siren else "",
    )
    return " · ".join(part for part in parts if part)


def participant_cards(
    rows: Sequence[Mapping[str, Any]], cohort: str, phases: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The participants of a season for the ``participant_card`` component."""
    base = f"{cohort_url(cohort)}/"
    numbers = phase_numbers(phases)
    titles = {phase["key"]: phase["title"] for phase in phases}
    kinds = dict(h.challenge_kinds())
    inhabitants = tk._("{number} inhabitants")
    spoken = language.current()
    # Many have as many steps behind them.
    counts = {(row["steps_done"], row["steps_total"]) for row in rows}
    words = {count: h.challenge_steps(*count) for count in counts}
    cards = []
    for row in rows:
        population = h.number_in(row["population"] or None, spoken)
        kind = kinds.get(row["kind"] or "", "")
        departement = h.challenge_departement(row["departement"])
        # A line breaks between these facts, not inside one.
        meta = (kind, population and inhabitants.format(number=population), departement)
        badge = row["last_badge"]
        cards.append(
            {
                "url": base + quote(row["organization_name"]),
                "name": row["organization_title"],
                "kind": kind,
                "departement": departement,
                "population": population,
                "meta": " · ".join(part.replace(" ", NBSP) for part in meta if part),
                "done": row["steps_done"],
                "total": row["steps_total"],
                "percent": row["percent"],
                "words": words[row["steps_done"], row["steps_total"]],
                "phase": numbers.get(row["current_phase"], 1),
                "phase_title": titles.get(row["current_phase"], ""),
                "badge": badge["title"] if badge else "",
            }
        )
    return cards
