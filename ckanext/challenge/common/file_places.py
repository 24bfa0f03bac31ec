"""Where the files lie that this extension keeps: a folder, or a storage of CKAN 2.12.

All that is kept goes through :func:`place`, by the id of its row, which is the same
address in both. So a folder becomes a storage, and back, without a word in the database
(:mod:`.moving`). Nothing here has a public address: files are given by views that ask
who reads.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import shutil
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, cast

import ckan.plugins.toolkit as tk

from ckanext.challenge import config

log = logging.getLogger(__name__)

#: Why there is no place for files, or none that can be used.
Reason = Literal["none", "old", "unknown", "public", "down", "full", "denied"]

_ROOT = "challenge"
#: What an id may be; anything else leads out of the place.
_SAFE = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{2,99}")
_CHUNK = 256 * 1024
#: So much of a file waits in memory for a storage, the rest in a temporary file.
_IN_MEMORY = 1024 * 1024
_TYPE = "application/octet-stream"


class Missing(FileNotFoundError):
    """There is no such file."""


class Unusable(OSError):
    """The place cannot be used, whatever the file.

    :ivar reason: why
    """

    def __init__(self, reason: Reason, text: str = "") -> None:
        self.reason: Reason = reason
        super().__init__(text or reason)


def why(error: BaseException) -> Reason:
    """Why a place could not be used, as far as the error says."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Unusable) and seen.reason != "down":
            return seen.reason
        if isinstance(seen, OSError):
            if seen.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                return "full"
            if seen.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
                return "denied"
        if type(seen).__name__ == "PermissionError":
            # Of file-keeper, which has its own.
            return "denied"
        seen = seen.__cause__
    return "down"


def _address(file_id: str) -> str:
    """Where a file is within its place.

    :raises Missing: no file can have this id
    """
    if not _SAFE.fullmatch(file_id):
        raise Missing(errno.ENOENT, "No file has such an id", file_id)
    return f"{file_id[:2]}/{file_id}"


def _is_ours(folder: str, name: str) -> bool:
    """Whether something that lies here may be a file of ours."""
    return folder == name[:2] and _SAFE.fullmatch(name) is not None


class Place(ABC):
    """A place for files, each under an id of its own.

    All methods raise :class:`Missing` for a file that is not there, another ``OSError``
    where the place cannot be used.

    :ivar name: how settings call it: a path, or the name of a storage
    """

    name: str

    @abstractmethod
    def writing(self, file_id: str) -> AbstractContextManager[IO[bytes]]:
        """What is written to it is kept when the block ends, whole; nothing of it where
        the block fails.
        """

    @abstractmethod
    def open(self, file_id: str) -> IO[bytes]:
        """A file to read from, at any position."""

    @abstractmethod
    def size(self, file_id: str) -> int:
        """The size of a file in bytes."""

    @abstractmethod
    def remove(self, file_id: str) -> bool:
        """Remove a file.

        :returns: whether it was there
        """

    @abstractmethod
    def names(self) -> Iterator[tuple[str, float | None]]:
        """The ids of all files, with when each was written, in seconds since 1970,
        where the place knows that.
        """

    @abstractmethod
    def sign(self, made: str) -> str:
        """What this place is called by all nodes that share it.

        :param made: its name, unless another node has given it one
        """

    @abstractmethod
    def clear(self) -> int:
        """Remove all files, and what else there is of this extension.

        :returns: how many things that were
        """

    def exists(self, file_id: str) -> bool:
        """Whether there is such a file."""
        try:
            self.size(file_id)
        except Missing:
            return False
        return True

    @contextmanager
    def local(self, file_id: str) -> Iterator[Path]:
        """A file of this machine with the same content, for the time of the block."""
        with tempfile.NamedTemporaryFile(prefix="challenge-") as copy:
            with self.open(file_id) as source:
                shutil.copyfileobj(source, copy, _CHUNK)
            copy.flush()
            yield Path(copy.name)


class Folder(Place):
    """A folder, which all nodes share.

    :param root: where CKAN keeps its files
    """

    def __init__(self, root: str) -> None:
        self.name = root
        self.root = Path(root) / _ROOT

    def path_of(self, file_id: str) -> Path:
        """Where a file is."""
        return self.root / _address(file_id)

    @contextmanager
    def writing(self, file_id: str) -> Iterator[IO[bytes]]:
        path = self.path_of(file_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        # What a killed process leaves is found by its name, as all that nobody knows.
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{file_id}-")
        try:
            with os.fdopen(handle, "wb") as target:
                yield target
                target.flush()
                os.fsync(target.fileno())
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise

    def open(self, file_id: str) -> IO[bytes]:
        with _found():
            return self.path_of(file_id).open("rb")

    def size(self, file_id: str) -> int:
        with _found():
            return self.path_of(file_id).stat().st_size

    def remove(self, file_id: str) -> bool:
        try:
            self.path_of(file_id).unlink()
        except FileNotFoundError:
            return False
        return True

    def names(self) -> Iterator[tuple[str, float | None]]:
        for path in self.root.glob("*/*"):
            # It may be removed at this very moment.
            with suppress(FileNotFoundError):
                if _is_ours(path.parent.name, path.name) and path.is_file():
                    yield path.name, path.stat().st_mtime

    def sign(self, made: str) -> str:
        path = self.root / "place"
        self.root.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError), path.open("x") as file:
            file.write(made)
            # Whoever writes it first, all read it.
            path.chmod(0o644)
        return path.read_text()

    def clear(self) -> int:
        number = sum(path.is_file() for path in self.root.rglob("*"))
        if self.root.exists():
            shutil.rmtree(self.root)
        return number

    @contextmanager
    def local(self, file_id: str) -> Iterator[Path]:
        with _found():
            path = self.path_of(file_id)
            path.stat()
        yield path


@contextmanager
def _found() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Missing(errno.ENOENT, "There is no such file", error.filename) from error


class Storage(Place):
    """A storage of CKAN 2.12: a folder, S3, Azure, Google, whatever file-keeper has.

    :param storage: as ``ckan.lib.files`` makes it
    """

    def __init__(self, name: str, storage: Any) -> None:
        # CKAN 2.12 only: there are no storages before.
        import file_keeper  # noqa: PLC0415

        self.name, self._storage, self._fk = name, storage, file_keeper

    def is_in(self, folder: Folder) -> bool:
        """Whether this storage is that very folder."""
        if not _is_folder(self._storage):
            return False
        root = Path(self._storage.settings.path) / _ROOT
        return os.path.realpath(root) == os.path.realpath(folder.root)

    def _location(self, within: str) -> Any:
        return self._fk.Location(f"{_ROOT}/{within}")

    def _data(self, location: Any) -> Any:
        return self._fk.FileData(location)

    @contextmanager
    def _told(self, location: Any = None) -> Iterator[None]:
        """Say in one way what goes wrong in as many ways as there are adapters.

        :param location: of a file that has to be there; not all of them say when it is
            not
        """
        try:
            yield
        except self._fk.exc.MissingFileError as error:
            raise Missing(errno.ENOENT, "There is no such file", str(error)) from error
        except Missing:
            raise
        except FileNotFoundError as error:
            raise Missing(errno.ENOENT, "There is no such file") from error
        except Exception as error:  # of whatever library speaks to the storage
            if location is not None and self._is_gone(location):
                raise Missing(errno.ENOENT, "There is no such file") from error
            if isinstance(error, OSError):
                raise
            told = type(error).__name__
            raise Unusable(why(error), f"{self.name}: {told}") from error

    @contextmanager
    def writing(self, file_id: str) -> Iterator[IO[bytes]]:
        location = self._location(_address(file_id))
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as waiting:
            yield cast(IO[bytes], waiting)
            waiting.seek(0, os.SEEK_END)
            size = waiting.tell()
            waiting.seek(0)
            self._upload(location, waiting, size)

    def _upload(self, location: Any, source: Any, size: int) -> None:
        # A folder shows what is half written; elsewhere it comes whole.
        half = self._fk.Location(f"{location}-half")
        first = half if _is_folder(self._storage) else location
        upload = self._fk.Upload(source, first, size, _TYPE)
        try:
            with self._told():
                if first is location:
                    self._make_room(location)
                kept = self._storage.upload(first, upload)
                if kept.size != size:
                    raise Unusable("down", f"{kept.size} of {size} bytes were kept")
                if first is half:
                    self._make_room(location)
                    self._storage.move(location, kept)
        except BaseException:
            with suppress(Exception):
                self._storage.remove(self._data(first))
            raise

    def _make_room(self, location: Any) -> None:
        """Not all storages write over what is there."""
        if not self._storage.settings.overwrite_existing:
            self._storage.remove(self._data(location))

    def open(self, file_id: str) -> IO[bytes]:
        location = self._location(_address(file_id))
        size = self._size(location)
        stream = io.BufferedReader(
            _Stream(lambda start: self._read(location, start), size), _CHUNK
        )
        # A file that goes at this very moment is missing, not half.
        stream.peek(1)
        return stream

    def _read(self, location: Any, start: int) -> Iterator[bytes]:
        data = self._data(location)
        with self._told(location):
            if start and self._storage.supports(self._fk.Capability.RANGE):
                chunks, skip = self._storage.range(data, start), 0
            else:
                chunks, skip = self._storage.stream(data), start
            try:
                for chunk in chunks:
                    if skip >= len(chunk):
                        skip -= len(chunk)
                        continue
                    yield bytes(chunk[skip:])
                    skip = 0
            finally:
                if hasattr(chunks, "close"):
                    chunks.close()

    def _is_gone(self, location: Any) -> bool:
        try:
            return not self._storage.exists(self._data(location))
        except Exception:
            return False

    def size(self, file_id: str) -> int:
        return self._size(self._location(_address(file_id)))

    def _size(self, location: Any) -> int:
        with self._told(location):
            return self._storage.size(location)

    def exists(self, file_id: str) -> bool:
        with self._told():
            return self._storage.exists(self._data(self._location(_address(file_id))))

    def remove(self, file_id: str) -> bool:
        with self._told():
            try:
                location = self._location(_address(file_id))
                return bool(self._storage.remove(self._data(location)))
            except (self._fk.exc.MissingFileError, FileNotFoundError):
                return False

    def names(self) -> Iterator[tuple[str, float | None]]:
        with self._told():
            for location in self._storage.filtered_scan(f"{_ROOT}/"):
                _, _, within = str(location).rpartition(f"{_ROOT}/")
                folder, _, file_id = within.rpartition("/")
                if _is_ours(folder, file_id):
                    yield file_id, None

    def sign(self, made: str) -> str:
        if not _is_folder(self._storage):
            # Who names the same has the same, wherever that is.
            return f"storage {self.name}"
        location = self._location("place")
        with self._told():
            if not self._storage.exists(self._data(location)):
                content = made.encode()
                self._upload(location, io.BytesIO(content), len(content))
            return b"".join(self._read(location, 0)).decode()

    def clear(self) -> int:
        # The list may not be read while it becomes shorter.
        number = sum(self.remove(file_id) for file_id, _ in [*self.names()])
        if _is_folder(self._storage):
            with self._told():
                self._storage.remove(self._data(self._location("place")))
        return number


class _Stream(io.RawIOBase):
    """The content of a file in a storage, read from wherever one seeks to.

    :param read: what comes from a position on
    """

    def __init__(self, read: Callable[[int], Iterator[bytes]], size: int) -> None:
        self._read, self._size = read, size
        self._at = 0
        self._chunks: Iterator[bytes] | None = None
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._at >= self._size:
            return 0
        if self._chunks is None:
            self._chunks = self._read(self._at)
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                raise Unusable("down", "A file ended before its end")
            self._rest = memoryview(chunk)
        number = min(len(buffer), len(self._rest))
        buffer[:number] = self._rest[:number]
        self._rest = self._rest[number:]
        self._at += number
        return number

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}
        at = max(0, base[whence] + offset)
        if at != self._at:
            self._forget()
            self._at = at
        return at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._forget()
        super().close()

    def _forget(self) -> None:
        chunks, self._chunks, self._rest = self._chunks, None, memoryview(b"")
        if chunks is not None:
            cast(Any, chunks).close()


class Moved(Place):
    """A storage, and the folder in which files lie that were not moved to it yet."""

    def __init__(self, now: Storage, before: Folder) -> None:
        self.name, self.now, self.before = now.name, now, before

    def writing(self, file_id: str) -> AbstractContextManager[IO[bytes]]:
        return self.now.writing(file_id)

    def open(self, file_id: str) -> IO[bytes]:
        try:
            return self.now.open(file_id)
        except Missing:
            return self.before.open(file_id)

    def size(self, file_id: str) -> int:
        try:
            return self.now.size(file_id)
        except Missing:
            return self.before.size(file_id)

    def remove(self, file_id: str) -> bool:
        # What is erased is erased at both.
        removed = [place.remove(file_id) for place in (self.before, self.now)]
        return any(removed)

    def names(self) -> Iterator[tuple[str, float | None]]:
        yield from self.before.names()
        yield from self.now.names()

    def sign(self, made: str) -> str:
        return self.now.sign(made)

    def clear(self) -> int:
        return self.before.clear() + self.now.clear()


def folder() -> Folder | None:
    """The portal's folder, if it has one."""
    root = tk.config.get("ckan.storage_path")
    return Folder(str(root)) if root else None


def storage(name: str) -> Storage:
    """One of CKAN's storages.

    :raises Unusable: CKAN has none (``old``), does not know it (``unknown``), or gives
        what it holds to everybody (``public``)
    """
    try:
        from ckan.lib import files  # noqa: PLC0415
    except ImportError:
        raise Unusable("old", f"{name}: storages are of CKAN 2.12") from None
    found = files.storages.get(name)
    if found is None:
        raise Unusable("unknown", f"{name} is no storage of ckan.files.storage")
    if _is_public(found):
        raise Unusable("public", f"{name} gives its files to everybody")
    return Storage(name, found)


def _is_public(found: Any) -> bool:
    """Whether a storage says that it is public, or lies where CKAN serves files."""
    settings = found.settings
    if getattr(settings, "public", False) or getattr(settings, "public_prefix", ""):
        return True
    if not _is_folder(found):
        return False
    from ckan.lib.files.default import PublicFsStorage  # noqa: PLC0415

    if isinstance(found, PublicFsStorage):
        return True
    own = Path(os.path.realpath(settings.path)) / _ROOT
    served = str(tk.config.get("extra_public_paths") or "").split(",")
    served += tk.config.get("plugin_public_paths") or []
    root = tk.config.get("ckan.storage_path")
    if root:
        served.append(str(Path(root) / "storage"))
    return any(
        own.is_relative_to(os.path.realpath(path.strip()))
        for path in served
        if path.strip()
    )


def _is_folder(found: Any) -> bool:
    from file_keeper.default.adapters.fs import FsStorage  # noqa: PLC0415

    return isinstance(found, FsStorage)


def named(name: str) -> Place:
    """A place by its name: that of a storage, or ``folder``.

    :raises Unusable: there is none
    """
    if name != "folder":
        return storage(name)
    found = folder()
    if found is None:
        raise Unusable("none", "ckan.storage_path is not set")
    return found


def enabled() -> bool:
    """Whether the portal has a place for files."""
    return bool(config.storage() or tk.config.get("ckan.storage_path"))


def place() -> Place:
    """Where the portal keeps files.

    :raises Unusable: nowhere, or where the settings name no place that can be used
    """
    name = config.storage()
    if not name:
        return named("folder")
    now, before = storage(name), folder()
    if before is None or now.is_in(before) or not before.root.is_dir():
        return now
    return Moved(now, before)
