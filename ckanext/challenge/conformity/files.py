"""Reach the file of a resource that was uploaded to this portal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ckan import model
from ckan.lib import uploader

from .reading import MAX_BYTES
from .report import Unreadable

__all__ = ["is_upload", "local_file"]


def is_upload(resource: model.Resource) -> bool:
    """Whether the file is on this portal, and not behind a link."""
    return resource.url_type == "upload"


@contextmanager
def local_file(resource: model.Resource) -> Iterator[Path]:
    """A local file with what was uploaded.

    It is the upload itself where CKAN keeps it in a folder, and a copy that lasts as
    long as the context where a storage of CKAN 2.12 has it elsewhere.

    :raises Unreadable: there is no such file (``missing``), or it is ``too-large``
    """
    upload: Any = uploader.get_resource_uploader({"id": resource.id})
    location = upload.get_path(resource.id)
    storage = getattr(upload, "storage", None)
    if storage is None or not hasattr(storage, "stream"):
        path = Path(location)
        if not path.is_file():
            raise Unreadable("missing")
        yield path
        return
    with tempfile.NamedTemporaryFile(prefix="challenge-") as copy:
        _copy(storage, location, copy)
        yield Path(copy.name)


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
