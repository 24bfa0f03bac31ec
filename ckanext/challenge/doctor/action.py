"""Whether the portal has what it needs, and figures for those who watch it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain import doctor

from . import facts, figures, labels, schema


@tk.side_effect_free
def challenge_doctor_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say of all that the extension needs whether it is there and right.

    Sysadmins may call this. It changes nothing but a file that it writes and removes
    where files are kept, and what this node says of itself; it sends no mail.

    :param ask_portal: whether the portal's own address is asked for its identity
        document, too; do not ask a portal that has one process (false)
    :type ask_portal: boolean
    :returns: ``{verdict, results}``: the worst verdict (``good``, ``todo``, ``wrong``),
        and for each check ``{check, title, verdict, verdict_title, text, remedy}``;
        ``remedy`` is the line that mends it, or several, or null
    :rtype: dict
    """
    data = validate(context, data_dict, schema.doctor_show())
    tk.check_access("challenge_doctor_show", context, data)
    found = facts.look(ask_portal=data.get("ask_portal", False))
    return {
        "verdict": doctor.worst(found),
        "results": [labels.finding(one) for one in found],
    }


@tk.side_effect_free
def challenge_figures_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Count what waits and what fails, for a program that watches the portal.

    Sysadmins may call this; `/challenge/metrics` tells the same to Prometheus.

    :returns: by name of a figure, ``{help, values}``, each value ``{labels, value}``
    :rtype: dict
    """
    tk.check_access("challenge_figures_show", context, {})
    return {
        one.name: {
            "help": one.help,
            "values": [
                {"labels": dict(of), "value": value} for of, value in one.values
            ],
        }
        for one in figures.all_figures()
    }


@tk.side_effect_free
def challenge_readiness_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Say whether this node can answer: its database and the extension's tables.

    Everybody may call this. Redis and Solr are told, and needed by no page alone.

    :returns: ``{ready, database, tables, redis, solr}``, all booleans
    :rtype: dict
    """
    tk.check_access("challenge_readiness_show", context, {})
    return figures.readiness()
