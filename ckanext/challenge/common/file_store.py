"""The files that come with applications and steps: what is taken, kept and given.

A file is judged by its content; its name is only shown. The content lies outside of
the web's reach, under the id of its row (:mod:`.file_places`), and is served by a view
that asks who reads.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import unicodedata
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import magic

from ckanext.challenge import config
from ckanext.challenge.domain import file_kinds

from . import file_places

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


def keep(file_id: str, source: IO[bytes], limit: int) -> tuple[int, str]:
    """Store a content of any type, whole or not at all.

    :param limit: bytes that it may have
    :returns: its size in bytes, and its SHA-256 in hexadecimal digits
    :raises Refused: when it is empty or too big
    """
    head = source.read(_HEAD)
    if not head:
        raise Refused("empty")
    return _write(file_id, source, head, limit)


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
    with file_places.place().writing(file_id) as target:
        return _copy(source, target, head, limit)


def copy(file_id: str, new_id: str) -> None:
    """Keep the content of a file under another id as well.

    :raises OSError: when there is none, or it cannot be stored
    """
    place = file_places.place()
    with place.writing(new_id) as target, place.open(file_id) as source:
        shutil.copyfileobj(source, target)


def opened(file_id: str) -> IO[bytes]:
    """The content of a file, to be read from any position.

    :raises FileNotFoundError: there is none
    :raises OSError: it cannot be read now
    """
    return file_places.place().open(file_id)


def local(file_id: str) -> AbstractContextManager[Path]:
    """The content of a file as one of this machine, for the time of the block.

    :raises FileNotFoundError: there is none
    :raises OSError: it cannot be read now
    """
    return file_places.place().local(file_id)


def size(file_id: str) -> int:
    """The size of a file in bytes; none for what is missing.

    :raises OSError: it cannot be told now
    """
    try:
        return file_places.place().size(file_id)
    except FileNotFoundError:
        return 0


def forsake(file_id: str) -> None:
    """Remove what was stored for something that failed; that it stays for the nightly
    purge is no second failure.
    """
    with suppress(OSError):
        remove(file_id)


def remove(*file_ids: str) -> None:
    """Remove the content of files, as far as it is there.

    :raises OSError: something stayed
    """
    if not file_ids or not file_places.enabled():
        return
    place, failed = file_places.place(), None
    for file_id in file_ids:
        try:
            place.remove(file_id)
        except OSError as error:
            # One that stays keeps no other; the nightly purge finds it again.
            failed = error
    if failed is not None:
        raise failed
