"""What was agreed with each funder of a season: lines of money, and indicators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    read_lists,
    validate,
)
from ckanext.challenge.model import Agreement, Cohort
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.reports import declared, report, schema

_LISTS = ("lines", "indicators")


@tk.side_effect_free
def challenge_agreement_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the agreements of a season with its funders.

    The team of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, cohort_id, funder, number, starts, ends,
        granted, paid, comment, created_at, updated_at, currency, planned, realised,
        gap, gap_percent, lines, indicators}``: sums and, in each of ``lines``, its own
        ``{label, planned, rule, unit_cost, realised, gap, gap_percent, comment}``;
        in ``indicators`` ``{label, unit, target, figure, value, percent, measured_on,
        evidence, comment}``. ``gap`` is what was realised less what was planned
    :rtype: dict
    """
    data = validate(context, data_dict, schema.paged())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_agreement_list", context, {"cohort": cohort.id})
    rows = declared.agreements(cohort, *report.measured_of(cohort))
    shown = rows[data["offset"] : data["offset"] + data["limit"]]
    return {"count": len(rows), "results": shown}


def challenge_agreement_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Declare what was agreed with a funder of a season.

    Managers of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param funder: the name of the funder
    :type funder: string
    :param number: of the agreement
    :type number: string
    :param starts: the first day of its period
    :type starts: string
    :param ends: the last one
    :type ends: string
    :param granted: the amount that was granted, in the currency of the season
    :type granted: number
    :param paid: how much of it was paid so far
    :type paid: number
    :param comment: on gaps, for the funder
    :type comment: string
    :param lines: of money: ``{label, planned, rule, unit_cost, realised, comment}``
        each; ``rule`` says how what was realised is known: ``amount`` (``realised``
        gives it), ``days`` (``unit_cost`` for each day spent) or ``collectivites``
        (``unit_cost`` for each one taking part)
    :type lines: list
    :param indicators: ``{label, unit, target, figure, value, measured_on, evidence,
        comment}`` each; with ``figure`` (``participants``, ``published``, ``datasets``,
        ``completed``, ``percent`` or ``days``) the portal measures the value, else
        ``value`` and ``measured_on`` give it; ``evidence`` is an address
    :type indicators: list
    :returns: the agreement, as :py:func:`challenge_agreement_list` shows it
    :rtype: dict
    :raises ValidationError: by field
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_agreement_create", context, {"cohort": cohort.id})
    made = Agreement(cohort_id=cohort.id)
    _fill(made, _checked(context, data_dict))
    model.Session.add(made)
    model.Session.flush()
    return _stored(context, made, cohort, "create")


def challenge_agreement_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change what was agreed with a funder; what is not given is emptied.

    Managers of its season and sysadmins may call this, also after the season's end.
    The other parameters are those of :py:func:`challenge_agreement_create` but for
    ``cohort``.

    :param id: the id of the agreement
    :type id: string
    :returns: the agreement, as :py:func:`challenge_agreement_list` shows it
    :rtype: dict
    :raises ValidationError: by field
    """
    found = find_agreement(validate(context, data_dict, fields.reference())["id"])
    tk.check_access("challenge_agreement_update", context, {"cohort": found.cohort_id})
    _fill(found, _checked(context, data_dict))
    return _stored(context, found, cohort_of(found.cohort_id), "update")


def challenge_agreement_delete(context: Context, data_dict: dict[str, Any]) -> None:
    """Delete an agreement, and the addresses of the report that are for it alone.

    Managers of its season and sysadmins may call this.

    :param id: the id of the agreement
    :type id: string
    """
    found = find_agreement(validate(context, data_dict, fields.reference())["id"])
    tk.check_access("challenge_agreement_delete", context, {"cohort": found.cohort_id})
    _record(context, found, "delete")
    model.Session.delete(found)
    commit(context)


def find_agreement(id_: Any) -> Agreement:
    """The agreement with that id.

    :raises ObjectNotFound: when there is none
    """
    found = model.Session.get(Agreement, id_) if isinstance(id_, str) else None
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such agreement"))
    return found


def cohort_of(id_: str) -> Cohort:
    """The season with that id, which is there."""
    cohort = model.Session.get(Cohort, id_)
    assert cohort is not None
    return cohort


def _checked(context: Context, data_dict: Mapping[str, Any]) -> dict[str, Any]:
    given = read_lists(data_dict, *_LISTS)
    errors: dict[str, Any] = {
        name: [
            tk._("At most {limit} at once; these are {number}").format(
                limit=schema.MOST, number=len(given[name])
            )
        ]
        for name in _LISTS
        if len(given.get(name, ())) > schema.MOST
    }
    if errors:
        raise tk.ValidationError(errors)
    data, errors = tk.navl_validate(given, schema.agreement(), context)
    starts, ends = data.get("starts"), data.get("ends")
    if not errors and starts and ends and starts > ends:
        errors = {"ends": [tk._("The end is before the beginning")]}
    if errors:
        raise tk.ValidationError(errors)
    return data


def _fill(row: Agreement, data: Mapping[str, Any]) -> None:
    for name in ("funder", "number", "starts", "ends", "granted", "paid", "comment"):
        setattr(row, name, data.get(name))
    for name in _LISTS:
        listed = [
            {key: as_json(value) for key, value in one.items()}
            for one in data.get(name, ())
        ]
        setattr(row, name, listed)
    row.updated_at = utcnow()


def _stored(
    context: Context, row: Agreement, cohort: Cohort, done: str
) -> dict[str, Any]:
    _record(context, row, done)
    shown = declared.dictize(row, cohort, *report.measured_of(cohort))
    commit(context)
    return shown


def _record(context: Context, row: Agreement, done: str) -> None:
    told = {"id": row.id, "funder": row.funder}
    journal.record(
        actor_of(context), f"agreement_{done}", "cohort", row.cohort_id, told
    )
