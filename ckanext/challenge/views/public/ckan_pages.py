"""What CKAN's own pages of a dataset and an organization show of ours.

It is the same for everybody who has not signed in, so that each part is rendered once
and remembered under the version of all that it tells; one statement reads that, however
many parts a page has. Who has signed in may read more, and reads parts of the own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, Literal

import ckan.plugins.toolkit as tk
from markupsafe import Markup

from ckanext.challenge.common import own_fields, page_version, shield
from ckanext.challenge.common.once import once
from ckanext.challenge.common.page_cache import PageCache

from . import frame

_parts = PageCache(seconds=60, size=2000)


class _Failed(Exception):
    """Our tables fail: nothing is to be remembered."""


def challenge_part(
    name: str, kind: Literal["dataset", "organization"], row: Mapping[str, Any]
) -> Markup:
    """A part of CKAN's page of a dataset or an organization.

    :param name: of the snippet, which is told ``kind`` and ``row``
    :param row: as ``package_show`` or ``organization_show`` answered it to the reader
    """

    def make() -> Markup:
        snippet = f"challenge/snippets/{name}.html"
        return Markup(tk.h.snippet(snippet, kind=kind, row=row))

    def make_or_fail() -> Markup:
        made = shield.read_whole(f"{name} of a page", make, None)
        if made is None:
            raise _Failed
        return made

    if tk.current_user.is_authenticated:
        return make()
    version = once(("version", kind, row["id"]), lambda: _version(kind, row))
    if version is None:
        return make()
    key = (name, kind, row["id"], tk.h.lang(), tk.request.script_root)
    try:
        return _parts.get_or_create(key, version, make_or_fail)
    except _Failed:
        # What each of its questions answers where our tables fail.
        return make()


def _version(kind: str, row: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The version of all parts of a page; none where it cannot be read."""
    shown: tuple[Any, ...]
    if kind == "dataset":
        files = [file["id"] for file in row.get("resources") or ()]
        read = partial(
            page_version.of_dataset_page, row["id"], row.get("owner_org"), files
        )
        shown = (row.get("metadata_modified"),)
    else:
        read = partial(page_version.of_organization_page, row["id"])
        names = ("name", "title", "description", "image_display_url")
        shown = (*map(row.get, names), own_fields.read(row, "siren"))
    stored = shield.read(f"version of CKAN's page of a {kind}", read, None)
    return None if stored is None else (stored, *shown)


def challenge_tab(organization: str) -> Markup:
    """Our tab on CKAN's pages of an organization.

    :param organization: its name
    """
    here = tk.get_endpoint() == ("challenge_organization", "read")
    return frame.remembered(
        ("tab", organization, here),
        lambda: tk.h.build_nav_icon(
            "challenge_organization.read",
            tk._("Challenge"),
            id=organization,
            icon="flag",
        ),
    )
