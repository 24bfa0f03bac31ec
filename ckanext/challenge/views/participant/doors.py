"""Which forms of CKAN open to the reader: what is missing leads to no other."""

from __future__ import annotations

from functools import cached_property
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk

from ckanext.challenge.common import roles
from ckanext.challenge.views.common import context, may


class Doors:
    """The forms of an organization, and of its datasets, for the request's user.

    What the team of a season and members without that right read names what is
    missing too: for them it is no link.

    :param organization: the id of the organization
    """

    def __init__(self, organization: str) -> None:
        self._organization = organization

    @cached_property
    def _edits(self) -> bool:
        return may("organization_update", id=self._organization)

    @cached_property
    def _publishes(self) -> bool:
        return roles.may_publish(context(), self._organization)

    @cached_property
    def _editing(self) -> str:
        return _above("organization.edit")

    @cached_property
    def _publishing(self) -> tuple[str, ...]:
        new = str(tk.h.url_for("dataset.new"))
        return new, _above("dataset.edit"), _above("dataset.resources")

    def open_to(self, url: str) -> str:
        """An address, or nothing where it is that of a form which does not open."""
        path = urlsplit(url).path
        if path.startswith(self._editing):
            return url if self._edits else ""
        if path.startswith(self._publishing) or path.endswith(
            ("/edit", "/resource/new")
        ):
            return url if self._publishes else ""
        return url


def _above(endpoint: str) -> str:
    """What the addresses of a form begin with."""
    return str(tk.h.url_for(endpoint, id="-")).rpartition("-")[0]
