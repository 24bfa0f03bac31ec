"""The forms that mend what is missing."""

from __future__ import annotations

from functools import cached_property

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import own_fields
from ckanext.challenge.measures.fixes import Lack
from ckanext.challenge.measures.mending import Dataset


def _at(form: str, field: str) -> str:
    return f"{form}#field-{own_fields.of_form(field)}" if field else form


def organization_url(organization: str, lack: Lack) -> str:
    """Return the form of an organization, at the field for something that is missing.

    :param organization: its name
    """
    return _at(tk.h.url_for("organization.edit", id=organization), lack.field)


class DatasetForms:
    """The forms that mend a dataset: its own, and those of its files."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self._of_files: dict[tuple[str, str], str] = {}

    @cached_property
    def own(self) -> str:
        """Its own form."""
        return tk.h.url_for("dataset.edit", id=self._dataset.name)

    @cached_property
    def files(self) -> str:
        """The list of its files, to change one or to add one."""
        return tk.h.url_for("dataset.resources", id=self._dataset.name)

    def url(self, lack: Lack) -> str:
        """The very form, and the field in it, for something that is missing."""
        if lack.form == "report":
            report = self._of_file("read", lack)
            return f"{report}#challenge-conformity" if report else self.files
        if lack.form == "file":
            form = self._of_file("edit", lack)
            if form is None:
                return tk.h.url_for("dataset_resource.new", id=self._dataset.name)
            return _at(form, lack.field)
        return _at(self.own, lack.field)

    def _of_file(self, page: str, lack: Lack) -> str | None:
        file = self._dataset.files.to_mend(lack)
        if file is None:
            return None
        # A file may lack several things, all of them mended in one form.
        if (page, file) not in self._of_files:
            self._of_files[page, file] = tk.h.url_for(
                f"dataset_resource.{page}", id=self._dataset.name, resource_id=file
            )
        return self._of_files[page, file]
