"""Where to go to bring a measure up: the form that mends it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import ckan.plugins.toolkit as tk

from ckanext.challenge.measures.mending import Dataset

__all__ = ["DatasetForms", "measure_url", "organization_url"]

_Url = Callable[[str, str, "str | None"], str]


def _members(organization_id: str, organization: str, cohort: str | None) -> str:
    return tk.h.url_for("organization.members", id=organization)


def _profile(organization_id: str, organization: str, cohort: str | None) -> str:
    return tk.h.url_for("organization.edit", id=organization)


def _kits(organization_id: str, organization: str, cohort: str | None) -> str:
    if cohort is None:
        return tk.h.url_for("challenge.kits")
    page = tk.h.url_for(
        "challenge_participant.read", cohort=cohort, organization=organization
    )
    return f"{page}?step=kits#kits"


def _new_dataset(organization_id: str, organization: str, cohort: str | None) -> str:
    return tk.h.url_for("dataset.new", group=organization_id)


_WAYS: dict[str, _Url] = {
    "members": _members,
    "organization_profile": _profile,
    "kits_chosen": _kits,
    "datasets_public": _new_dataset,
    "datasets_since_launch": _new_dataset,
    "kits_covered": _new_dataset,
}


def measure_url(
    measure: str, organization_id: str, organization: str, cohort: str | None
) -> str:
    """Return the page on which a measure can be brought up.

    :param organization: name of the organization
    :param cohort: name of the season, if it is measured in one
    """
    way = _WAYS.get(measure)
    if way is not None:
        return way(organization_id, organization, cohort)
    return tk.h.url_for("organization.read", id=organization)


def organization_url(organization: str, field: str) -> str:
    """Return the form of an organization, at a field.

    :param organization: its name
    :param field: as the measure ``organization_profile`` names it
    """
    # CKAN's field for the logo is one for its address, which a script hides, and one
    # for the file.
    anchor = {"image_url": "image-upload"}.get(field, field)
    return f"{tk.h.url_for('organization.edit', id=organization)}#field-{anchor}"


# The field of the dataset's form that mends what is missing.
_FIELDS = {
    "licence": "license_id",
    "license_id": "license_id",
    "temporal_coverage": "temporal_start",
    "spatial_coverage": "spatial_insee",
    "frequency": "frequency",
    "description": "notes",
}

# The place in the form of one of its files; the file itself is the first field.
_FILE_FIELDS = {
    "open_format": "",
    "reachable": "",
    "updated_in_time": "",
    "resources_described": "#field-description",
}


class DatasetForms:
    """The forms that mend a dataset: its own, and those of its files."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    @cached_property
    def own(self) -> str:
        """Its own form."""
        return tk.h.url_for("dataset.edit", id=self._dataset.name)

    @cached_property
    def files(self) -> str:
        """The list of its files, to change one or to add one."""
        return tk.h.url_for("dataset.resources", id=self._dataset.name)

    def url(self, name: str) -> str:
        """The very form, and the field in it, for something that is missing.

        :param name: as a measurement names it (see
            :class:`ckanext.challenge.domain.measurement.Measurement`); for a name
            that is not known, the dataset's own form
        """
        if name in _FIELDS:
            return f"{self.own}#field-{_FIELDS[name]}"
        if name == "schema":
            report = self._of_file("read", name)
            return f"{report}#challenge-conformity" if report else self.files
        if name in _FILE_FIELDS:
            form = self._of_file("edit", name)
            if form is None:
                return tk.h.url_for("dataset_resource.new", id=self._dataset.name)
            return f"{form}{_FILE_FIELDS[name]}"
        return self.own

    def _of_file(self, page: str, name: str) -> str | None:
        file = self._dataset.files.to_mend(name)
        if file is None:
            return None
        return tk.h.url_for(
            f"dataset_resource.{page}", id=self._dataset.name, resource_id=file
        )
