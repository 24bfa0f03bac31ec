"""Before one applies: may one, has the collectivité done so, what does the law say?"""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.applications import dictize, form_token, schema
from ckanext.challenge.cohorts.window import window_of
from ckanext.challenge.common import rate_limit, roles
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain import lifecycle
from ckanext.challenge.model import Application, Collectivite


@tk.side_effect_free
def challenge_application_form(context: Context, data_dict: dict[str, Any]) -> Any:
    """What one needs to know to apply to a season. Anybody may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param siren: of who would apply
    :type siren: string
    :param agents: its full-time equivalents
    :type agents: number
    :returns: ``window`` (``open``, ``early``, ``late``: only with a late-entry code,
        or ``closed``); ``form``, to give to :py:func:`challenge_application_create`;
        and of the collectivité ``duty``, ``taken`` (whether it has applied already)
        and ``own`` (the id of that application, if it is that of the caller's
        account)
    :rtype: dict
    :raises ObjectNotFound: when there is no such season
    """
    data = validate(context, data_dict, schema.form())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_application_form", context, {"cohort": cohort.id})
    window = window_of(cohort)
    answer: dict[str, Any] = {
        "window": window,
        "form": form_token.make(cohort.id, window == "open"),
        "duty": None,
        "taken": False,
        "own": None,
    }
    siren = data.get("siren")
    if siren is None:
        return answer
    known = model.Session.get(Collectivite, siren)
    agents = data.get("agents")
    if known is not None:
        answer["duty"] = dictize.duty(
            known.kind, known.population, float(agents) if agents is not None else None
        )
    # Who applied is not public: one may look up one's own, not the whole region.
    rate_limit.check("look")
    other = (
        model.Session.query(Application)
        .filter(
            Application.cohort_id == cohort.id,
            Application.siren == siren,
            Application.state.in_(lifecycle.APPLICATION_LIVE),
        )
        .first()
    )
    if other is not None:
        answer["taken"] = True
        answer["own"] = other.id if roles.owns(context, other, {}) else None
    return answer
