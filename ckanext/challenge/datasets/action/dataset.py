"""What the challenge knows of a dataset."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.datasets import schema, search
from ckanext.challenge.model import Cohort


@tk.side_effect_free
def challenge_dataset_season_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the season in which a dataset was opened.

    Whoever may read the dataset may call this.

    :param id: the id of the dataset
    :type id: string
    :returns: ``cohort`` (the name of the season) and ``cohort_title``; both none
        where the dataset belongs to no season
    :rtype: dict
    """
    data = validate(context, data_dict, schema.show())
    tk.check_access("challenge_dataset_season_show", context, data)
    name = search.cohort_of_dataset(data["id"])
    cohort = Cohort.get(name) if name else None
    return {
        "cohort": cohort.name if cohort else None,
        "cohort_title": cohort.title if cohort else None,
    }
