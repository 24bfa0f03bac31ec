"""The quality of a dataset, and what would raise it."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge.badges import fix_urls
from ckanext.challenge.common.action_helpers import find_organization, validate
from ckanext.challenge.datasets import opened, schema
from ckanext.challenge.domain import mqa, quality
from ckanext.challenge.measures import fixes, mending, mqa_labels, quality_labels
from ckanext.challenge.measures import mqa as measured


@tk.side_effect_free
def challenge_quality_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the quality of a dataset: how many of nine criteria it meets, and which; and
    the points that data.europa.eu gives its description.

    The criteria are those of data.gouv.fr, the points those of the Metadata Quality
    Assessment. Both are judged at this moment, and for the dataset as it is, private or
    not. Whoever may read the dataset may call this; what to do about what is missing,
    and where, is for those who may change it.

    :param id: the id or name of the dataset
    :type id: string
    :returns: ``{points, maximum, conforming, fresh, verified, criteria, mqa}``, the
        words being those of :py:func:`challenge_dataset_list`; ``criteria`` has
        ``{name, title, met}`` each and, for those who may change the dataset, ``help``
        and ``fix_url``, which are none where nothing is missing. ``mqa`` is ``{points,
        maximum, rating, rating_title, indicators}``: ``rating`` is ``excellent``,
        ``good``, ``sufficient`` or ``bad``, and ``indicators`` are as ``criteria``,
        with their ``dimension`` and ``points``
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
    forms = fix_urls.DatasetForms(dataset) if _may_change(context, dataset.id) else None
    if forms:
        for row in criteria:
            met, first = row["met"], quality.first_of(row["name"], missing)
            row["help"] = None if met else quality_labels.help_of(first)
            row["fix_url"] = None if met else forms.url(fixes.CRITERIA[first])
    return {
        "points": quality.points(dataset.met),
        "maximum": quality.MAXIMUM,
        **opened.worth(dataset.id),
        "criteria": criteria,
        "mqa": _european(dataset, forms),
    }


def _european(
    dataset: mending.Dataset, forms: fix_urls.DatasetForms | None
) -> dict[str, Any]:
    lacking = mqa.lacking(dataset.europe)
    missing = mqa.missing(dataset.europe)
    indicators: list[dict[str, Any]] = []
    for indicator in mqa.INDICATORS:
        row: dict[str, Any] = {
            "name": indicator.name,
            "title": mqa_labels.of_indicator(indicator.name),
            "dimension": indicator.dimension,
            "points": indicator.points,
            "met": indicator not in lacking,
        }
        if forms:
            # A file that answers is no help where there is none to download.
            lacks = next((fact for fact in indicator.needs if fact in missing), None)
            row["help"] = mqa_labels.help_of(lacks) if lacks else None
            row["fix_url"] = forms.url(fixes.EUROPEAN[lacks]) if lacks else None
        indicators.append(row)
    found = mqa.points(dataset.europe)
    return {
        "points": found,
        "maximum": mqa.MAXIMUM,
        "rating": mqa.rating(found),
        "rating_title": mqa_labels.of_rating(mqa.rating(found)),
        "indicators": indicators,
    }


@tk.side_effect_free
def challenge_mqa_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the points that data.europa.eu gives the datasets of an organization, or of
    the portal, and what would give more.

    Anybody may call this of an organization; of the portal, which goes through all
    datasets, sysadmins may.

    :param organization: its id or name; the whole portal without one
    :type organization: string
    :returns: ``{datasets, points, maximum, rating, rating_title, dimensions,
        missing}``: ``points`` is the mean of the public datasets; ``dimensions`` have
        ``{name, title, points, maximum}`` each. ``missing`` is what some datasets lack,
        that by which most is lost first: ``{name, title, points, datasets}``, where
        ``datasets`` says how many do
    :rtype: dict
    :raises ObjectNotFound: there is no such organization
    """
    data = validate(context, data_dict, schema.mqa_show())
    tk.check_access("challenge_mqa_show", context, data)
    organization = (
        find_organization(data["organization"]) if data.get("organization") else None
    )
    found = measured.summary(organization.id if organization else None)
    weights = {indicator.name: indicator.points for indicator in mqa.INDICATORS}
    worst = sorted(found.lacking.items(), key=lambda row: -row[1] * weights[row[0]])
    return {
        "datasets": found.datasets,
        "points": round(found.points, 1),
        "maximum": mqa.MAXIMUM,
        "rating": mqa.rating(found.points),
        "rating_title": mqa_labels.of_rating(mqa.rating(found.points)),
        "dimensions": [
            {
                "name": name,
                "title": mqa_labels.of_dimension(name),
                "points": round(points, 1),
                "maximum": mqa.maximum_of(name),
            }
            for name, points in found.dimensions.items()
        ],
        "missing": [
            {
                "name": name,
                "title": mqa_labels.of_indicator(name),
                "points": weights[name],
                "datasets": number,
            }
            for name, number in worst
        ],
    }


def _may_change(context: Context, dataset_id: str) -> bool:
    # A context of its own: CKAN's functions leave what they looked up in it.
    own: Context = {"user": context.get("user", "")}
    try:
        tk.check_access("package_update", own, {"id": dataset_id})
    except tk.NotAuthorized:
        return False
    return True
