"""The files that come with applications and steps: what is taken, and where it lies.

A file is judged by its content; its name is only shown. The content lies outside of
the web's reach, under the id of its row, and is served by a view that asks who reads.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import ckan.plugins.toolkit as tk
import magic

from ckanext.challenge import config
from ckanext.challenge.domain import file_kinds

#: Media types that are taken, with the ends of names that are theirs.
IMAGES: dict[str, tuple[str, ...]] = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
}
DOCUMENTS: dict[str, tuple[str, ...]] = {
    "application/pdf": (".pdf",),
    "application/vnd.oasis.opendocument.text": (".odt",),
    **IMAGES,
}
#: What proves a step; an inventory is a table. libmagic takes a CSV that has
#: semicolons for any text.
PROOFS: dict[str, tuple[str, ...]] = {
    **DOCUMENTS,
    "application/vnd.oasis.opendocument.spreadsheet": (".ods",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
    "text/csv": (".csv",),
    "text/plain": (".csv", ".txt"),
}

_LONGEST_NAME = 100
_CHUNK = 64 * 1024
#: As much as libmagic wants to see of a file.
_HEAD = 8 * 1024


class Refused(ValueError):
    """A file that is not taken.

    :ivar code: ``empty``, ``too_big`` or ``type``
    :ivar kind: what it is instead, for ``type``
    """

    def __init__(self, code: str, kind: file_kinds.Kind = "other") -> None:
        self.code = code
        self.kind: file_kinds.Kind = kind
        super().__init__(code)


@dataclass(frozen=True)
class Stored:
    """What was stored.

    :ivar size: in bytes
    :ivar digest: SHA-256, in hexadecimal digits
    """

    name: str
    media_type: str
    size: int
    digest: str


def enabled() -> bool:
    """Whether the portal has a place for files."""
    return bool(tk.config.get("ckan.storage_path"))


def path_of(file_id: str) -> Path:
    """Where the content of a file lies.

    :raises FileNotFoundError: the portal has no place for files
    """
    if not enabled():
        raise FileNotFoundError("ckan.storage_path is not set")
    root = Path(tk.config["ckan.storage_path"]) / "challenge"
    return root / file_id[:2] / file_id


def clean_name(name: str | None, media_type: str) -> str:
    """A name that is harmless wherever it is shown, with the end of its type.

    :param name: as a browser sent it, which may be a path
    """
    base = unicodedata.normalize("NFC", name or "").replace("\\", "/").split("/")[-1]
    kept = "".join(
        char
        for char in base
        if unicodedata.category(char)[0] not in "CZ" or char == " "
        if char not in '"<>|:*?;%'
    )
    kept = " ".join(kept.split()).strip(". ")
    ends = PROOFS[media_type]
    stem, end = os.path.splitext(kept)
    if end.lower() not in ends:
        stem, end = kept, ends[0]
    return f"{stem[:_LONGEST_NAME].strip() or 'document'}{end.lower()}"


def _copy(
    source: IO[bytes], target: IO[bytes], head: bytes, limit: int
) -> tuple[int, str]:
    digest, size, chunk = hashlib.sha256(), 0, head
    while chunk:
        size += len(chunk)
        if size > limit:
            raise Refused("too_big")
        digest.update(chunk)
        target.write(chunk)
        chunk = source.read(_CHUNK)
    return size, digest.hexdigest()


def keep(file_id: str, source: IO[bytes], limit: int) -> int:
    """Store a content of any type, whole or not at all.

    :param limit: bytes that it may have
    :returns: its size in bytes
    :raises Refused: when it is empty or too big
    """
    head = source.read(_HEAD)
    if not head:
        raise Refused("empty")
    return _write(file_id, source, head, limit)[0]


def _judged(head: bytes, name: str | None, allowed: dict[str, tuple[str, ...]]) -> str:
    """The media type of a file that begins so, if it is one that is taken.

    :raises Refused: when it is empty or of another type
    """
    if not head:
        raise Refused("empty")
    media_type = magic.from_buffer(head, mime=True)
    if media_type not in allowed:
        raise Refused("type", file_kinds.kind_of(media_type, head, name or ""))
    return media_type


def check(upload: Any, allowed: dict[str, tuple[str, ...]]) -> None:
    """Judge an upload as :func:`store` does, and store nothing.

    :raises Refused: when it is empty, too big or of another type
    """
    source: IO[bytes] = upload.stream
    _judged(source.read(_HEAD), upload.filename, allowed)
    size = source.seek(0, os.SEEK_END)
    source.seek(0)
    if size > config.max_file_size() * 1024 * 1024:
        raise Refused("too_big")


def store(file_id: str, upload: Any, allowed: dict[str, tuple[str, ...]]) -> Stored:
    """Store the content of an upload, whole or not at all.

    :param upload: with ``filename`` and ``stream``, as Flask gives it
    :param allowed: the media types that are taken here
    :raises Refused: when it is empty, too big or of another type
    """
    source: IO[bytes] = upload.stream
    head = source.read(_HEAD)
    media_type = _judged(head, upload.filename, allowed)
    limit = config.max_file_size() * 1024 * 1024
    size, digest = _write(file_id, source, head, limit)
    return Stored(clean_name(upload.filename, media_type), media_type, size, digest)


def _write(file_id: str, source: IO[bytes], head: bytes, limit: int) -> tuple[int, str]:
    with _landing(file_id) as target:
        return _copy(source, target, head, limit)


def copy(file_id: str, new_id: str) -> None:
    """Keep the content of a file under another id as well.

    :raises OSError: when there is none, or it cannot be stored
    """
    with _landing(new_id) as target, path_of(file_id).open("rb") as source:
        shutil.copyfileobj(source, target)


@contextmanager
def _landing(file_id: str) -> Iterator[IO[bytes]]:
    """A file that is written whole, or not at all."""
    path = path_of(file_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def remove(*file_ids: str) -> None:
    """Remove the content of files, as far as it is there."""
    if enabled():
        for file_id in file_ids:
            path_of(file_id).unlink(missing_ok=True)


def stored(before: float) -> Iterator[tuple[str, Path]]:
    """What lies in the store, by the id that it has or would have.

    :param before: only what was written before this moment, in seconds since 1970
    """
    if not enabled():
        return
    for path in (Path(tk.config["ckan.storage_path"]) / "challenge").glob("*/*"):
        if path.is_file() and path.stat().st_mtime < before:
            yield path.name, path
