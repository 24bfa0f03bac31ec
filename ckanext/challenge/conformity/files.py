"""Reach the file of a resource: uploaded to this portal, or behind a link."""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import IO, Any

from ckan import model
from ckan.lib import uploader
from ckan.lib.dictization import model_dictize

from ckanext.challenge import config
from ckanext.challenge.common import own_fields

from . import links
from .reading import MAX_BYTES
from .report import Unreadable

_ANYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class StorageError(Exception):
    """The portal cannot read what it keeps: no fault of who published it."""


@dataclass(frozen=True)
class Place:
    """Where the file of a resource is, apart from the database.

    :ivar resource_id: id of the resource
    :ivar link: its address; ``None`` where the file was uploaded
    :ivar encoding: the one that the publisher declares
    :ivar resource: as ``resource_show`` answers it; uploaders may ask for any of it
    """

    resource_id: str
    link: str | None
    encoding: str | None
    resource: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, resource: model.Resource) -> Place:
        """The place of a resource that :func:`is_reachable`."""
        encoding = own_fields.read(resource.extras, "encoding")
        return cls(
            resource.id,
            None if is_upload(resource) else resource.url,
            encoding or None,
            model_dictize.resource_dictize(resource, {}),
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

    It is the upload itself where it is kept in a folder; a copy that lasts as long as
    the context where a storage of CKAN 2.12 has it elsewhere, a server to which the
    uploader of another plugin signs addresses, or a server of the web.

    :raises Unreadable: there is no such file (``missing``), it is ``too-large``, or
        one of the reasons of :func:`.links.fetch`
    :raises StorageError: the portal cannot read what it keeps
    """
    if place.link is not None:
        with _temporary() as copy:
            declared = links.fetch(place.link, copy, _limits())
            yield File(Path(copy.name), place.encoding or declared)
        return
    upload, location = _kept(place)
    storage = _storage(upload)
    if storage is None and not hasattr(upload, "get_signed_url_to_key"):
        yield File(_local(upload, location), place.encoding)
        return
    with _temporary() as copy:
        if storage is not None:
            _copy(storage, location, copy)
        else:
            _fetch(upload.get_signed_url_to_key(location), copy)
        yield File(Path(copy.name), place.encoding)


def size(place: Place) -> int | None:
    """How many bytes an upload has; ``None`` where only reading it would tell.

    What is missing has none.
    """
    upload, location = _kept(place)
    if _storage(upload) is not None or hasattr(upload, "get_signed_url_to_key"):
        return None
    try:
        return _local(upload, location).stat().st_size
    except Unreadable:
        return 0


def _kept(place: Place) -> tuple[Any, str]:
    """The uploader of a resource, and where it keeps its file."""
    # It may take what it knows out of it.
    resource = dict(place.resource)
    filename = str(resource["url"]).rsplit("/", 1)[-1]
    upload: Any = uploader.get_resource_uploader(resource)
    # That of ckanext-s3filestore asks for the name of the file too.
    wanted = [
        parameter
        for parameter in inspect.signature(upload.get_path).parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    names = (place.resource_id, filename)[: max(1, len(wanted))]
    return upload, upload.get_path(*names)


def _storage(upload: Any) -> Any:
    """The storage of CKAN 2.12 behind an uploader, if there is one."""
    storage = getattr(upload, "storage", None)
    return storage if hasattr(storage, "stream") else None


def _local(upload: Any, location: str) -> Path:
    path = Path(location)
    if path.is_file():
        return path
    root = getattr(upload, "storage_path", None)
    # CKAN makes its folder where it finds none: one that is empty was not mounted.
    if not path.is_absolute() or (root and not any(Path(root).iterdir())):
        raise StorageError(f"{type(upload).__name__} keeps no folder here: {location}")
    raise Unreadable("missing")


def _fetch(address: str, copy: IO[bytes]) -> None:
    """Fetch what the portal's own storage keeps, wherever that is."""
    try:
        links.fetch(address, copy, replace(_limits(), networks=_ANYWHERE))
    except Unreadable as reason:
        if reason.problem.type == "too-large":
            raise
        raise StorageError(f"the storage answers {reason.problem}") from reason


def _temporary() -> Any:
    return tempfile.NamedTemporaryFile(prefix="challenge-")


def _limits() -> links.Limits:
    return links.Limits(
        bytes=min(config.link_max_size() * 1024**2, MAX_BYTES),
        seconds=config.link_seconds(),
        networks=config.link_networks(),
        agent=f"ckanext-challenge (+{config.base_url()})",
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
