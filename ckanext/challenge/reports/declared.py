"""What the team of a season declares for its account, with what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ckan import model

from ckanext.challenge.domain import account as rules
from ckanext.challenge.model import Agreement, Cohort, SeasonAccount
from ckanext.challenge.model.dictize import as_json, columns

_SHOWN = (
    "id",
    "funder",
    "number",
    "starts",
    "ends",
    "granted",
    "paid",
    "comment",
    "created_at",
    "updated_at",
)


def of_season(cohort_id: str) -> SeasonAccount | None:
    """What is declared of a season as a whole, if anything is."""
    return model.Session.get(SeasonAccount, cohort_id)


def agreements(
    cohort: Cohort, measured: Mapping[str, Any], figures: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The agreements of a season, by their funder.

    :param measured: with ``days``
    :param figures: of the season
    :returns: as :py:func:`challenge_agreement_list` shows them
    """
    rows = (
        model.Session.query(Agreement)
        .filter_by(cohort_id=cohort.id)
        .order_by(Agreement.funder, Agreement.created_at, Agreement.id)
    )
    return [dictize(row, cohort, measured, figures) for row in rows]


def dictize(
    row: Agreement,
    cohort: Cohort,
    measured: Mapping[str, Any],
    figures: Mapping[str, Any],
) -> dict[str, Any]:
    """An agreement, its lines and indicators with what they came to."""
    lines = [_line(line, measured, figures) for line in row.lines]
    planned = rules.total(line["planned"] for line in lines)
    realised = rules.total(line["realised"] for line in lines)
    return {
        **columns(row, _SHOWN),
        "cohort_id": row.cohort_id,
        "currency": cohort.currency,
        "lines": lines,
        "planned": as_json(planned),
        "realised": as_json(realised),
        **_gap(planned, realised),
        "indicators": [_indicator(one, measured, figures) for one in row.indicators],
    }


def _gap(planned: Any, realised: Any) -> dict[str, Any]:
    found = rules.gap(planned, realised)
    return {
        "gap": as_json(found.amount) if found else None,
        "gap_percent": as_json(found.percent) if found else None,
    }


def _line(
    line: Mapping[str, Any], measured: Mapping[str, Any], figures: Mapping[str, Any]
) -> dict[str, Any]:
    came = rules.realised(
        line, days=measured["days"], collectivites=figures["participants"]
    )
    return {
        "label": line["label"],
        "planned": line.get("planned"),
        "rule": line["rule"],
        "unit_cost": line.get("unit_cost"),
        "comment": line.get("comment"),
        "realised": as_json(came),
        **_gap(line.get("planned"), came),
    }


def _indicator(
    one: Mapping[str, Any], measured: Mapping[str, Any], figures: Mapping[str, Any]
) -> dict[str, Any]:
    figure = one.get("figure")
    value = one.get("value")
    if figure:
        value = measured["days"] if figure == "days" else figures[figure]
    return {
        "label": one["label"],
        "unit": one.get("unit"),
        "target": one.get("target"),
        "figure": figure,
        "value": value,
        "measured_on": measured["date"] if figure else one.get("measured_on"),
        "evidence": one.get("evidence"),
        "comment": one.get("comment"),
        "percent": as_json(rules.share(value, one.get("target"))),
    }


def comparison(
    figures: Mapping[str, Any],
    aims: Mapping[str, Any],
    earlier: Iterable[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """The figures of a season beside its aims and those of the season before.

    :param earlier: the seasons before, the latest first, each with ``figures``
    :returns: ``{figure, value, before, aim, gap, percent}``: ``before`` is that of the
        latest one before, ``gap`` the value less the aim, ``percent`` how much of the
        aim is reached
    """
    latest = next(iter(earlier), None)
    return [
        {
            "figure": name,
            "value": figures[name],
            "before": latest["figures"].get(name) if latest else None,
            "aim": aims.get(name),
            "gap": _gap(aims.get(name), figures[name])["gap"],
            "percent": as_json(rules.share(figures[name], aims.get(name))),
        }
        for name in rules.FIGURES
    ]
