"""``ckan challenge files``: what is missing, what nobody knows, and the move."""

from __future__ import annotations

import functools
import hashlib
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.tests import factories
from factories import BAULE, apply, collectivites, make_cohort

from ckanext.challenge.common import file_places, runs, stored_files
from ckanext.challenge.model import ApplicationFile, Preparation
from ckanext.challenge.model.base import make_id, utcnow

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")
needs_storages = pytest.mark.skipif(
    not tk.check_ckan_version(min_version="2.12"), reason="CKAN 2.12 has storages"
)

CONTENT = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture
def folder(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> file_places.Folder:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path / "folder"))
    monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "")
    return file_places.Folder(str(tmp_path / "folder"))


@pytest.fixture
def other(
    folder: file_places.Folder,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> file_places.Storage:
    """Another place, a storage of CKAN's that is a second folder."""
    _add(ckan_config, monkeypatch, "other", str(tmp_path / "other"))
    return file_places.storage("other")


def _add(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str, path: str
) -> None:
    """A storage that is a folder, as the settings of the portal name it."""
    from ckan.lib import files  # noqa: PLC0415

    settings = {"type": "ckan:fs", "path": path, "initialize": True}
    for key, value in settings.items():
        monkeypatch.setitem(config, f"ckan.files.storage.{name}.{key}", value)
    # Commands collect them anew.
    made = files.make_storage(name, settings)
    monkeypatch.setitem(files.storages.members, name, made)


@pytest.fixture
def setting(ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets ``ckanext.challenge.storage``."""
    return functools.partial(
        monkeypatch.setitem, ckan_config, "ckanext.challenge.storage"
    )


@pytest.fixture
def known(folder: file_places.Folder) -> list[str]:
    """The ids of four files, the last one of a preparation."""
    collectivites()
    application = apply(make_cohort(), BAULE, None, False, draft=True)
    ids = []
    for number in range(3):
        content = CONTENT + str(number).encode()
        row = ApplicationFile(
            id=make_id(),
            application_id=application["id"],
            purpose="letter",
            name="a.pdf",
            media_type="application/pdf",
            size=len(content),
            digest=hashlib.sha256(content).hexdigest(),
        )
        _write(folder, row.id, content)
        model.Session.add(row)
        ids.append(row.id)
    workbook = Preparation(
        id=make_id(),
        organization_id=factories.Organization()["id"],
        kit="deliberations",
        state="ready",
        source_name="a.xlsx",
        expires_at=utcnow() + timedelta(days=30),
    )
    _write(folder, workbook.id, b"workbook")
    model.Session.add(workbook)
    model.Session.commit()
    return [*ids, workbook.id]


def _write(place: file_places.Place, id_: str, content: bytes) -> None:
    with place.writing(id_) as file:
        file.write(content)


def _names(place: file_places.Place) -> set[str]:
    return {name for name, _ in place.names()}


def _run(cli: Any, *words: str) -> Any:
    return cli.invoke(ckan_command, ["challenge", "files", *words])


def test_check_names_what_is_missing_and_what_nobody_knows(
    cli: Any, known: list[str], folder: file_places.Folder
) -> None:
    assert _run(cli, "check").exit_code == 0
    folder.remove(known[0])
    stray = make_id()
    _write(folder, stray, b"stray")
    result = _run(cli, "check")
    assert result.exit_code == 1
    assert f"missing: {known[0]}, of the application of" in result.output
    assert f"known to nobody: {stray}" in result.output
    # Below it stands the error, where the runner keeps both streams as one.
    told = _run(cli, "check", "--format", "json").stdout
    found, _ = json.JSONDecoder().raw_decode(told)
    assert [(row["found"], row["id"]) for row in found] == [
        ("missing", known[0]),
        ("unknown", stray),
    ]
    result = _run(cli, "check", "--storage", "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.output


@needs_storages
def test_a_move_copies_compares_goes_on_and_removes_when_it_is_told(
    cli: Any,
    known: list[str],
    folder: file_places.Folder,
    other: file_places.Storage,
    setting: Any,
) -> None:
    result = _run(cli, "move", "--to", "other", "--dry-run")
    assert "4 files (0.0 MB) of 4 would be copied" in result.output
    assert _names(other) == set()

    write = file_places.Storage.writing

    def full(self: Any, file_id: str) -> Any:
        if file_id in later:
            raise OSError(28, "No space left on device")
        return write(self, file_id)

    later = sorted(known)[2:]
    with mock.patch.object(file_places.Storage, "writing", full):
        result = _run(cli, "move", "--to", "other")
    assert result.exit_code == 1
    assert "(full)" in result.output
    assert "goes on where this one ended" in result.output
    assert _names(other) == set(sorted(known)[:2])

    # A half of a file is no file.
    _write(other, known[0], CONTENT[:3])
    result = _run(cli, "move", "--to", "other")
    assert result.exit_code == 0, result.output
    assert _names(other) == _names(folder) == set(known)
    with other.open(known[0]) as file:
        assert file.read() == CONTENT + b"0"

    # The portal keeps its files in the folder until the settings say otherwise.
    result = _run(cli, "move", "--to", "other", "--remove")
    assert result.exit_code == 2
    assert "ckanext.challenge.storage = other" in result.output
    setting("other")
    result = _run(cli, "move", "--to", "other", "--remove")
    assert result.exit_code == 0, result.output
    assert "0 copied, 4 were there, 4 removed" in result.output
    assert _names(folder) == set()
    assert _run(cli, "check").exit_code == 0

    # And back.
    setting("")
    result = _run(cli, "move", "--from", "other", "--to", "folder", "--remove")
    assert result.exit_code == 0, result.output
    assert _names(folder) == set(known)
    assert _names(other) == set()


@needs_storages
def test_what_is_damaged_or_missing_is_told_and_left(
    cli: Any,
    known: list[str],
    folder: file_places.Folder,
    other: file_places.Storage,
    setting: Any,
) -> None:
    _write(folder, known[0], b"changed on the disk")
    folder.remove(known[1])
    # Replaced at its new place since it was copied: the newer one is the right one.
    _write(other, known[3], b"newer workbook")
    setting("other")
    result = _run(cli, "move", "--to", "other", "--remove")
    assert result.exit_code == 1
    assert f"not what it was: {known[0]}" in result.output
    assert f"missing: {known[1]}" in result.output
    assert _names(folder) == {known[0]}
    assert _names(other) == {known[2], known[3]}
    with other.open(known[3]) as file:
        assert file.read() == b"newer workbook"


@needs_storages
@pytest.mark.parametrize("newer_in", ["folder", "other"])
def test_a_workbook_that_was_replaced_is_the_newer_one_wherever_it_lies(
    cli: Any,
    known: list[str],
    folder: file_places.Folder,
    other: file_places.Storage,
    *,
    setting: Any,
    newer_in: str,
) -> None:
    """It was copied, then replaced where the portal kept it at that time."""
    workbook, newer = known[3], b"newer workbook"
    places = {"folder": folder, "other": other}
    for name, place in places.items():
        _write(place, workbook, newer if name == newer_in else b"workbook")
    row = model.Session.get(Preparation, workbook)
    assert row
    row.digest = hashlib.sha256(newer).hexdigest()
    model.Session.commit()
    setting("other")
    result = _run(cli, "move", "--to", "other", "--remove")
    assert result.exit_code == 0, result.output
    with other.open(workbook) as file:
        assert file.read() == newer
    assert _names(folder) == set()


@needs_storages
def test_what_is_erased_during_a_move_does_not_come_back(
    known: list[str],
    folder: file_places.Folder,
    other: file_places.Storage,
) -> None:
    rows = stored_files.rows()
    model.Session.query(ApplicationFile).filter_by(id=known[0]).delete()
    model.Session.commit()
    stored_files.move(
        rows, folder, other, moving_in=True, remove=False, on_progress=lambda n: None
    )
    assert _names(other) == set(known[1:])


@needs_storages
def test_two_names_of_one_place_are_refused(
    cli: Any,
    known: list[str],
    folder: file_places.Folder,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _add(ckan_config, monkeypatch, "same", folder.name)
    monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "same")
    result = _run(cli, "move", "--to", "same", "--remove")
    assert result.exit_code == 2
    assert "one place" in result.output
    assert _names(folder) == set(known)


@needs_storages
def test_a_second_node_leaves_the_move_to_the_first(
    cli: Any,
    known: list[str],
    other: file_places.Storage,
) -> None:
    with runs.alone("files move") as first:
        assert first
        result = _run(cli, "move", "--to", "other")
    assert result.exit_code == 0
    assert "left to it" in result.output
    assert _names(other) == set()


@pytest.mark.parametrize(
    "words",
    [["move"], ["move", "--to", "folder"], ["move", "--to", "x", "--from", "x"]],
)
def test_what_is_asked_wrongly(
    cli: Any, folder: file_places.Folder, words: list[str]
) -> None:
    assert _run(cli, *words).exit_code == 2


@needs_storages
def test_the_purge_waits_for_a_day_before_it_removes_what_nobody_knows(
    known: list[str], other: file_places.Storage
) -> None:
    stray = make_id()
    _write(other, stray, b"stray")
    now = time.time()
    assert stored_files.abandoned(other, now) == []
    assert stored_files.abandoned(other, now + 3600) == []
    assert stored_files.abandoned(other, now + 25 * 3600) == [stray]
