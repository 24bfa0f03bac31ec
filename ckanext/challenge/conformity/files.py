"""Reach the file of a resource: uploaded to this portal, or behind a link."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.lib import uploader

from ckanext.challenge import config

from . import links
from .reading import MAX_BYTES
from .report import Unreadable


@dataclass(frozen=True)
class Place:
    """Where the file of a resource is, apart from the database.

    :ivar resource_id: id of the resource
    :ivar link: its address; ``None`` where the file was uploaded
    :ivar encoding: the one that the publisher declares
    """

    resource_id: str
    link: str | None
    encoding: str | None

    @classmethod
    def of(cls, resource: model.Resource) -> Place:
        """The place of a resource that :func:`is_reachable`."""
        encoding = (resource.extras or {}).get("encoding")
        return cls(
            resource.id,
            None if is_upload(resource) else resource.url,
            encoding if isinstance(encoding, str) and encoding else None,
        )


@dataclass(frozen=True)
class File:
    """A local file.

    :ivar path: where it is
    :ivar encoding: in which it is written, as the publisher or the server declares
    """

    path: Path
    encoding: str | None = None


def is_upload(resource: model.Resource) -> bool:
    """Whether the file is on this portal, and not behind a link."""
    return resource.url_type == "upload"


def is_reachable(resource: model.Resource) -> bool:
    """Whether there is a file that a job can check: an upload or a link of the web.

    What another plugin keeps (tables of the DataStore) is no file.
    """
    return is_upload(resource) or (
        not resource.url_type and links.is_link(resource.url)
    )


@contextmanager
def opened(place: Place) -> Iterator[File]:
    """A local file with what is published.

    It is the upload itself where CKAN keeps it in a folder; a copy that lasts as long
    as the context where a storage of CKAN 2.12 has it elsewhere, or a server of the
    web.

    :raises Unreadable: there is no such file (``missing``), it is ``too-large``, or
        one of the reasons of :func:`.links.fetch`
    """
    if place.link is not None:
        with _temporary() as copy:
            declared = links.fetch(place.link, copy, _limits())
            yield File(Path(copy.name), place.encoding or declared)
        return
    upload: Any = uploader.get_resource_uploader({"id": place.resource_id})
    location = upload.get_path(place.resource_id)
    storage = getattr(upload, "storage", None)
    if storage is None or not hasattr(storage, "stream"):
        path = Path(location)
        if not path.is_file():
            raise Unreadable("missing")
        yield File(path, place.encoding)
        return
    with _temporary() as copy:
        _copy(storage, location, copy)
        yield File(Path(copy.name), place.encoding)


def _temporary() -> Any:
    return tempfile.NamedTemporaryFile(prefix="challenge-")


def _limits() -> links.Limits:
    return links.Limits(
        bytes=min(config.link_max_size() * 1024**2, MAX_BYTES),
        seconds=config.link_seconds(),
        networks=config.link_networks(),
        agent=f"ckanext-challenge (+{tk.config['ckan.site_url']})",
    )


def _copy(storage: Any, location: str, copy: Any) -> None:
    # CKAN 2.12 only; its storages do not exist before.
    from ckan.lib import files  # noqa: PLC0415

    if not storage.exists(files.FileData(files.Location(location))):
        raise Unreadable("missing")
    size = 0
    for chunk in storage.stream(files.FileData(files.Location(location))):
        size += len(chunk)
        if size > MAX_BYTES:
            raise Unreadable("too-large")
        copy.write(chunk)
    copy.flush()
