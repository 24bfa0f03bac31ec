"""A season's own questions, with how often they were answered."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.cohorts import questions
from ckanext.challenge.common import fields, roles
from ckanext.challenge.common.action_helpers import validate


@tk.side_effect_free
def challenge_question_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the questions that a season asks its applicants, in their order.

    Its managers and sysadmins may call this. The questions alone are in
    :py:func:`challenge_cohort_show`, for everybody.

    :param cohort: the id or name of the season
    :type cohort: string
    :returns: ``{count, results}``, each ``{key, label, help, type, choices, required,
        answers}``, the last being how many applications answer it, drafts included
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_question_list", context, {"cohort": cohort.id})
    counts = questions.answer_counts(cohort.id)
    results = [
        {**question, "answers": counts.get(question["key"], 0)}
        for question in cohort.questions
    ]
    return {"count": len(results), "results": results}
