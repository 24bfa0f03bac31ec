"""Addresses at which a funder reads the report without an account, until a day."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.model import ReportAddress
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns
from ckanext.challenge.reports import addresses, schema

from .agreement import find_agreement

_SHOWN = ("id", "cohort_id", "agreement_id", "name", "ends_on", "created_at")

#: So many years an address opens at most.
_LONGEST = dt.timedelta(days=5 * 366)


@tk.side_effect_free
def challenge_report_address_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the addresses at which funders read the report, the latest first.

    Managers of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each ``{id, cohort_id, agreement_id, name, ends_on,
        created_at, state, key, url}``; ``state`` is ``open``, ``expired`` (its last
        day is over) or ``ended``; ``key`` and ``url`` are there while it is open
    :rtype: dict
    """
    data = validate(context, data_dict, schema.paged())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_report_address_list", context, {"cohort": cohort.id})
    query = model.Session.query(ReportAddress).filter_by(cohort_id=cohort.id)
    rows, count = paginate(
        query.order_by(ReportAddress.created_at.desc(), ReportAddress.id), data
    )
    return {"count": count, "results": [_dictize(row) for row in rows]}


def challenge_report_address_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Make an address at which somebody without an account reads the report.

    Managers of the season and sysadmins may call this. Whoever has the address reads
    days, money and agreements until its last day, and changes nothing.

    :param cohort: the id or name of the season
    :type cohort: string
    :param name: which organization reads there
    :type name: string
    :param ends_on: the last day on which it opens, five years from now at most
    :type ends_on: string
    :param agreement: the id of the only agreement that is shown there (all of them)
    :type agreement: string
    :returns: the address, as :py:func:`challenge_report_address_list` shows it
    :rtype: dict
    :raises ValidationError: by field
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_report_address_create", context, {"cohort": cohort.id})
    data = validate(context, data_dict, schema.address())
    today = config.today()
    if data["ends_on"] < today:
        raise tk.ValidationError({"ends_on": [tk._("This day is over")]})
    if data["ends_on"] > today + _LONGEST:
        text = tk._("An address ends after five years at the latest")
        raise tk.ValidationError({"ends_on": [text]})
    agreement_id = data.get("agreement")
    if agreement_id and find_agreement(agreement_id).cohort_id != cohort.id:
        raise tk.ObjectNotFound(tk._("There is no such agreement"))
    made = ReportAddress(
        cohort_id=cohort.id,
        agreement_id=agreement_id,
        name=data["name"],
        ends_on=data["ends_on"],
        created_by=user_id_of(context),
        created_at=utcnow(),
    )
    model.Session.add(made)
    model.Session.flush()
    _record(context, made, "create")
    shown = _dictize(made)
    commit(context)
    return shown


def challenge_report_address_end(context: Context, data_dict: dict[str, Any]) -> Any:
    """End an address of the report: it opens nothing any more.

    Managers of its season and sysadmins may call this.

    :param id: the id of the address
    :type id: string
    :returns: the address, as :py:func:`challenge_report_address_list` shows it
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    found = model.Session.get(ReportAddress, data["id"])
    if found is None:
        raise tk.ObjectNotFound(tk._("There is no such address"))
    tk.check_access(
        "challenge_report_address_end", context, {"cohort": found.cohort_id}
    )
    if found.ended_at is None:
        found.ended_at = utcnow()
        _record(context, found, "end")
    shown = _dictize(found)
    commit(context)
    return shown


def _record(context: Context, row: ReportAddress, done: str) -> None:
    told = {"id": row.id, "ends_on": row.ends_on.isoformat()}
    journal.record(
        actor_of(context), f"report_address_{done}", "cohort", row.cohort_id, told
    )


def _dictize(row: ReportAddress) -> dict[str, Any]:
    state = addresses.state_of(row, config.today())
    opens = state == "open"
    return {
        **columns(row, _SHOWN),
        "state": state,
        "key": addresses.key_of(row) if opens else None,
        "url": addresses.url_of(row) if opens else None,
    }
