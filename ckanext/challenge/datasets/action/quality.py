"""The quality of a dataset, and what would raise it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.badges import fix_urls
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.datasets import opened, schema
from ckanext.challenge.domain import quality
from ckanext.challenge.measures import fixes, mending, quality_labels


@tk.side_effect_free
def challenge_quality_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the quality of a dataset: how many of nine criteria it meets, and which.

    They are those of data.gouv.fr. It is judged at this moment, and for the dataset as
    it is, private or not. Whoever may read the dataset may call this; what to do about
    a criterion, and where, is for those who may change it.

    :param id: the id or name of the dataset
    :type id: string
    :returns: ``{points, maximum, conforming, fresh, verified, criteria}``, the words
        being those of :py:func:`challenge_dataset_list`; ``criteria`` has ``{name,
        title, met}`` each and, for those who may change the dataset, ``help`` and
        ``fix_url``, which are none where nothing is missing
    :rtype: dict
    :raises ObjectNotFound: when there is no such dataset
    """
    data = validate(context, data_dict, schema.show())
    tk.check_access("challenge_quality_show", context, data)
    dataset = mending.dataset(data["id"])
    if dataset is None:
        raise tk.ObjectNotFound(tk._("Not found: Dataset"))
    missing = quality.missing(dataset.met)
    criteria: list[dict[str, Any]] = [
        {
            "name": name,
            "title": quality_labels.of_criterion(name),
            "met": name not in missing,
        }
        for name in quality.CRITERIA
    ]
    if _may_change(context, dataset.id):
        forms = fix_urls.DatasetForms(dataset)
        for row in criteria:
            met, first = row["met"], quality.first_of(row["name"], missing)
            row["help"] = None if met else quality_labels.help_of(first)
            row["fix_url"] = None if met else forms.url(fixes.CRITERIA[first])
    return {
        "points": quality.points(dataset.met),
        "maximum": quality.MAXIMUM,
        **opened.worth(dataset.id),
        "criteria": criteria,
    }


def _may_change(context: Context, dataset_id: str) -> bool:
    # A context of its own: CKAN's functions leave what they looked up in it.
    own: Context = {"user": context.get("user", "")}
    try:
        tk.check_access("package_update", own, {"id": dataset_id})
    except tk.NotAuthorized:
        return False
    return True
