"""Every place for files keeps, gives and loses them in the same way."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.lib.redis import connect_to_redis
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import file_places, file_store
from ckanext.challenge.model.base import make_id

NEW = tk.check_ckan_version(min_version="2.12")
needs_storages = pytest.mark.skipif(not NEW, reason="CKAN 2.12 has storages")

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
#: More than any adapter reads or keeps in memory at once.
LONG = b"%PDF-1.7\n" + os.urandom(3 * 1024 * 1024)

#: By adapter, its settings; ``{folder}`` is one of the test's.
ADAPTERS: dict[str, dict[str, Any]] = {
    "ckan:fs": {"path": "{folder}/files", "initialize": True},
    "ckan:fs:public": {"path": "{folder}/files", "initialize": True},
    "file_keeper:fs": {"path": "{folder}/files", "initialize": True},
    "file_keeper:memory": {},
    "file_keeper:redis": {"bucket": "challenge-test-files"},
    "file_keeper:sqlalchemy": {
        "db_url": "sqlite:///{folder}/files.db",
        "table_name": "files",
        "location_column": "location",
        "content_column": "content",
        "initialize": True,
    },
    "file_keeper:opendal": {"scheme": "fs", "params": {"root": "{folder}/files"}},
    "file_keeper:s3": {
        "bucket": "challenge",
        "key": "test",
        "secret": "test",
        "region": "us-east-1",
        "initialize": True,
    },
    "file_keeper:libcloud": {
        "provider": "local",
        "key": "{folder}",
        "secret": "",
        "container_name": "files",
        "initialize": True,
    },
}


def _filled(value: Any, folder: Path) -> Any:
    if isinstance(value, dict):
        return {name: _filled(one, folder) for name, one in value.items()}
    return value.format(folder=folder) if isinstance(value, str) else value


def _amazon() -> Any:
    moto = pytest.importorskip("moto")
    mocked = moto.mock_aws()
    mocked.start()
    return mocked


def make(
    monkeypatch: pytest.MonkeyPatch,
    config: dict[str, Any],
    kind: str,
    folder: Path,
    name: str = "kept",
    **settings: Any,
) -> Any:
    """A storage of CKAN's, as if the settings named it."""
    import file_keeper  # noqa: PLC0415
    from ckan.lib import files  # noqa: PLC0415

    told = {"type": kind, **_filled(ADAPTERS[kind], folder), **settings}
    if kind == "file_keeper:redis":
        told["url"] = config["ckan.redis.url"]
    try:
        made = file_keeper.make_storage(name, told)
    except (ImportError, file_keeper.exc.UnknownAdapterError):
        pytest.skip(f"{kind} is not installed")
    monkeypatch.setitem(files.storages.members, name, made)
    monkeypatch.setitem(config, "ckanext.challenge.storage", name)
    return made


@pytest.fixture
def no_folder(
    with_plugins: None, ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", "")
    monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "")
    return ckan_config


@pytest.fixture(params=["folder", *sorted({*ADAPTERS} - {"ckan:fs:public"})])
def place(
    request: pytest.FixtureRequest,
    no_folder: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Iterator[file_places.Place]:
    if request.param == "folder":
        monkeypatch.setitem(no_folder, "ckan.storage_path", str(tmp_path))
    elif NEW:
        if request.param == "file_keeper:s3":
            # Amazon's answers, without Amazon.
            request.addfinalizer(_amazon().stop)
        make(monkeypatch, no_folder, request.param, tmp_path)
    else:
        pytest.skip("CKAN 2.12 has storages")
    yield file_places.place()
    connect_to_redis().delete("challenge-test-files")


def _keep(place: file_places.Place, content: bytes) -> str:
    id_ = make_id()
    with place.writing(id_) as file:
        for start in range(0, len(content), 100_000):
            file.write(content[start : start + 100_000])
    return id_


def test_all_that_is_there_is_removed_at_once(place: file_places.Place) -> None:
    assert place.clear() == 0
    for content in (PDF, LONG):
        _keep(place, content)
    place.sign("name")
    assert place.clear() >= 2
    assert [*place.names()] == []
    assert place.clear() == 0


def test_a_place_keeps_gives_and_removes(place: file_places.Place) -> None:
    id_, other = _keep(place, LONG), _keep(place, PDF)
    assert place.size(id_) == len(LONG)
    assert place.exists(id_)
    with place.open(id_) as file:
        assert file.read() == LONG
        assert file.seek(-10, os.SEEK_END) == len(LONG) - 10
        assert file.read() == LONG[-10:]
        file.seek(2_000_000)
        assert file.read(7) == LONG[2_000_000:2_000_007]
        assert file.tell() == 2_000_007
    with place.local(id_) as path:
        assert path.read_bytes() == LONG
    assert {name for name, _ in place.names()} == {id_, other}
    assert place.remove(id_)
    assert not place.remove(id_)
    assert not place.exists(id_)
    assert {name for name, _ in place.names()} == {other}


def test_what_is_not_there_is_missing(place: file_places.Place) -> None:
    for id_ in (make_id(), "../../etc/passwd", "", "a", "a/b", "é" * 8, "x" * 200):
        for ask in (place.size, place.open):
            with pytest.raises(file_places.Missing):
                ask(id_)
        with pytest.raises(file_places.Missing), place.local(id_):
            pass
        assert not place.remove(id_)
    for id_ in ("../../etc/passwd", "", "a/b"):
        with pytest.raises(file_places.Missing), place.writing(id_) as file:
            file.write(b"x")
    assert not [*place.names()]


def test_what_fails_half_way_leaves_nothing(place: file_places.Place) -> None:
    id_ = make_id()
    with pytest.raises(RuntimeError), place.writing(id_) as file:
        file.write(LONG)
        raise RuntimeError
    assert not place.exists(id_)
    assert not [*place.names()]


def test_a_workbook_takes_the_place_of_another(place: file_places.Place) -> None:
    id_ = _keep(place, LONG)
    with place.writing(id_) as file:
        file.write(PDF)
    with place.open(id_) as file:
        assert file.read() == PDF


def test_all_nodes_call_a_place_by_one_name(place: file_places.Place) -> None:
    assert place.sign("first") == place.sign("second")
    # It is no file of anybody.
    assert not [*place.names()]


@needs_storages
@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (OSError(errno.EACCES, "Permission denied"), "denied"),
        (ConnectionError("refused"), "down"),
        (RuntimeError("of a library of the storage"), "down"),
    ],
)
def test_why_a_storage_cannot_be_used(
    no_folder: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: Exception,
    reason: str,
) -> None:
    storage = make(monkeypatch, no_folder, "ckan:fs", tmp_path)

    def fails(*args: Any, **kwargs: Any) -> Any:
        (tmp_path / "files" / "half").write_bytes(b"half")
        raise error

    monkeypatch.setattr(storage.uploader, "upload", fails)
    upload = FileStorage(io.BytesIO(PDF), filename="lettre.pdf")
    with pytest.raises(OSError) as caught:
        file_store.store(make_id(), upload, file_store.DOCUMENTS)
    assert file_places.why(caught.value) == reason


@needs_storages
def test_a_storage_that_kept_less_is_not_believed(
    no_folder: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    storage = make(monkeypatch, no_folder, "ckan:fs", tmp_path)
    upload = storage.uploader.upload

    def halves(location: Any, given: Any, extras: Any) -> Any:
        given.stream = io.BytesIO(given.stream.read()[:10])
        return upload(location, given, extras)

    monkeypatch.setattr(storage.uploader, "upload", halves)
    with pytest.raises(file_places.Unusable):
        _keep(file_places.place(), PDF)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@needs_storages
def test_what_cannot_be_a_place(
    no_folder: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(no_folder, "ckanext.challenge.storage", "nowhere")
    assert file_places.enabled()
    with pytest.raises(file_places.Unusable) as caught:
        file_places.place()
    assert caught.value.reason == "unknown"
    for settings in (
        {"kind": "ckan:fs", "public": True},
        {"kind": "ckan:fs:public"},
        # CKAN serves what lies there to everybody.
        {"kind": "ckan:fs", "path": str(tmp_path / "storage" / "uploads")},
    ):
        monkeypatch.setitem(no_folder, "ckan.storage_path", str(tmp_path))
        make(monkeypatch, no_folder, folder=tmp_path, **settings)
        with pytest.raises(file_places.Unusable) as caught:
            file_places.place()
        assert caught.value.reason == "public"


@pytest.mark.skipif(NEW, reason="CKAN 2.11 has no storages")
def test_an_old_ckan_has_no_storages(
    no_folder: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(no_folder, "ckanext.challenge.storage", "kept")
    with pytest.raises(file_places.Unusable) as caught:
        file_places.place()
    assert caught.value.reason == "old"


def test_without_a_place_nothing_is_enabled(no_folder: dict[str, Any]) -> None:
    assert not file_places.enabled()
    with pytest.raises(file_places.Unusable) as caught:
        file_places.place()
    assert caught.value.reason == "none"
    file_store.remove(make_id())


@needs_storages
def test_what_was_not_moved_is_found_in_the_folder(
    no_folder: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(no_folder, "ckan.storage_path", str(tmp_path / "old"))
    before = _keep(file_places.place(), LONG)
    make(monkeypatch, no_folder, "file_keeper:memory", tmp_path)
    place = file_places.place()
    after = _keep(place, PDF)
    assert place.size(before) == len(LONG)
    with place.open(before) as file:
        assert file.read() == LONG
    with file_store.local(after) as path:
        assert path.read_bytes() == PDF
    assert {name for name, _ in place.names()} == {before, after}
    with pytest.raises(file_places.Missing):
        place.open(make_id())
    # What is erased is erased at both.
    place.remove(before)
    assert not list((tmp_path / "old").rglob(before))


@needs_storages
def test_a_storage_may_be_the_folder_itself(
    no_folder: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(no_folder, "ckan.storage_path", str(tmp_path))
    id_ = _keep(file_places.place(), PDF)
    make(monkeypatch, no_folder, "ckan:fs", tmp_path, path=str(tmp_path))
    place = file_places.place()
    assert isinstance(place, file_places.Storage)
    with place.open(id_) as file:
        assert file.read() == PDF
