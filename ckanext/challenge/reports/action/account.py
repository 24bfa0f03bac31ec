"""What the team declares of its season: aims, method, what did not advance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.common import fields, journal, roles
from ckanext.challenge.common.action_helpers import actor_of, commit, validate
from ckanext.challenge.domain import account
from ckanext.challenge.model import Cohort, SeasonAccount, locks
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import as_json
from ckanext.challenge.reports import declared, schema


@tk.side_effect_free
def challenge_season_account_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what is declared of a season for its report.

    The team of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``{cohort_id, aims: {figure: number}, method, remarks, updated_at}``;
        figures are ``participants``, ``published``, ``datasets``, ``completed`` and
        ``percent`` (of the steps done)
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_season_account_show", context, {"cohort": cohort.id})
    return _dictize(cohort, declared.of_season(cohort.id))


def challenge_season_account_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Declare the aims of a season, its method, and what did not advance and why.

    Managers of the season and sysadmins may call this, also after its end: what was
    measured does not change by it. What is not given is emptied.

    :param cohort: the id or name of the season
    :type cohort: string
    :param aims: a number by figure (``participants``, ``published``, ``datasets``,
        ``completed``, ``percent`` of the steps done, 0 to 100); everybody reads them
        in the report. A form may send each as ``aims-<figure>``
    :type aims: dict
    :param method: how the figures come about, for everybody who reads the report
    :type method: string
    :param remarks: what did not advance, and why; for the team and the funders
    :type remarks: string
    :returns: as :py:func:`challenge_season_account_show`
    :rtype: dict
    :raises ValidationError: by field, on ``aims-<figure>`` for an aim
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_season_account_update", context, {"cohort": cohort.id})
    data, errors = tk.navl_validate(data_dict, schema.account_update(), context)
    aims, wrong = _aims(context, data_dict)
    if errors or wrong:
        raise tk.ValidationError({**errors, **wrong})
    # Two who save at once: the second one finds the row of the first.
    locks.refresh_for_update(cohort)
    told = declared.of_season(cohort.id)
    if told is None:
        told = SeasonAccount(cohort_id=cohort.id)
        model.Session.add(told)
    told.aims = aims
    told.method, told.remarks = data.get("method"), data.get("remarks")
    told.updated_at = utcnow()
    journal.record(
        actor_of(context), "account", "cohort", cohort.id, {"aims": sorted(aims)}
    )
    shown = _dictize(cohort, told)
    commit(context)
    return shown


def _aims(
    context: Context, data_dict: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The aims that are given, and what is wrong with them."""
    given = data_dict.get("aims")
    if isinstance(given, str):
        try:
            given = json.loads(given) if given.strip() else {}
        except ValueError:
            given = [given]
    if given is None:
        given = {
            name: data_dict[f"aims-{name}"]
            for name in account.FIGURES
            if f"aims-{name}" in data_dict
        }
    if given == {}:
        return {}, {}
    if not isinstance(given, dict):
        return {}, {"aims": [tk._("Give a number for each figure, by its name")]}
    unknown = given.keys() - set(account.FIGURES)
    if unknown:
        text = tk._("“{value}” is not one of: {allowed}").format(
            value=str(min(unknown, key=str))[:40], allowed=", ".join(account.FIGURES)
        )
        return {}, {"aims": [text]}
    found, errors = tk.navl_validate(given, schema.aims(), context)
    wrong = {f"aims-{name}": texts for name, texts in errors.items()}
    return {name: as_json(found[name]) for name in found}, wrong


def _dictize(cohort: Cohort, told: SeasonAccount | None) -> dict[str, Any]:
    return {
        "cohort_id": cohort.id,
        "aims": told.aims if told else {},
        "method": told.method if told else None,
        "remarks": told.remarks if told else None,
        "updated_at": as_json(told.updated_at) if told else None,
    }
