"""Where to go to bring a measure up: the form that mends it."""

from __future__ import annotations

from collections.abc import Callable

import ckan.plugins.toolkit as tk

__all__ = ["dataset_url", "measure_url"]

_Url = Callable[[str, str, str], str]


def _members(organization_id: str, organization: str, cohort: str) -> str:
    return tk.h.url_for("organization.members", id=organization)


def _profile(organization_id: str, organization: str, cohort: str) -> str:
    return tk.h.url_for("organization.edit", id=organization)


def _kits(organization_id: str, organization: str, cohort: str) -> str:
    page = tk.h.url_for(
        "challenge_participant.read", cohort=cohort, organization=organization
    )
    return f"{page}#step-choix-kits"


def _new_dataset(organization_id: str, organization: str, cohort: str) -> str:
    return tk.h.url_for("dataset.new", group=organization_id)


_WAYS: dict[str, _Url] = {
    "members": _members,
    "organization_profile": _profile,
    "kits_chosen": _kits,
    "datasets_public": _new_dataset,
    "datasets_since_launch": _new_dataset,
    "kits_covered": _new_dataset,
}

#: Measures that the files of a dataset decide, and not its own fields.
_OF_RESOURCES = frozenset({"open_format_share", "conform_datasets", "fresh_share"})


def measure_url(
    measure: str, organization_id: str, organization: str, cohort: str
) -> str:
    """Return the page on which a measure can be brought up.

    :param organization: name of the organization
    :param cohort: name of the season
    """
    way = _WAYS.get(measure)
    if way is not None:
        return way(organization_id, organization, cohort)
    return tk.h.url_for("organization.read", id=organization)


def dataset_url(measure: str, dataset: str) -> str:
    """Return the form that mends what keeps a measure of one dataset down.

    :param dataset: name of the dataset
    """
    if measure in _OF_RESOURCES:
        return tk.h.url_for("dataset.resources", id=dataset)
    return tk.h.url_for("dataset.edit", id=dataset)
