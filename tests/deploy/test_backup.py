"""A portal is saved, and comes back into an empty one, whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from helpers.databases import beside

from ckanext.challenge.common import journal

DEPLOY = Path(__file__).parents[2] / "deploy"

pytestmark = [
    pytest.mark.usefixtures("with_plugins", "clean_db"),
    pytest.mark.skipif(not shutil.which("pg_dump"), reason="needs pg_dump"),
]


@dataclass(frozen=True)
class Portal:
    """Where a portal keeps what it has, and the file that says so."""

    ini: Path
    url: str
    storage: Path
    keys: Path

    def count(self, table: str) -> int:
        engine = sa.create_engine(self.url)
        try:
            with engine.connect() as connection:
                return connection.execute(
                    sa.text(f"SELECT count(*) FROM {table}")
                ).scalar_one()
        finally:
            engine.dispose()


def _portal(folder: Path, url: str) -> Portal:
    folder.mkdir()
    made = Portal(folder / "ckan.ini", url, folder / "files", folder / "files-keys")
    made.ini.write_text(
        f"[app:main]\nsqlalchemy.url = {url}\nckan.storage_path = {made.storage}\n"
    )
    return made


@pytest.fixture
def here(tmp_path: Path) -> Portal:
    """The portal of the tests, with a file and a key."""
    factories.Organization()
    journal.record("system", "update", "cohort", "c1", {"n": 1})
    model.Session.commit()
    made = _portal(tmp_path / "here", tk.config["sqlalchemy.url"])
    (made.storage / "challenge").mkdir(parents=True)
    (made.storage / "challenge" / "proof").write_bytes(b"%PDF-1.7")
    made.keys.mkdir(mode=0o700)
    (made.keys / "key.pem").write_text("secret")
    (made.keys / "key.pem").chmod(0o600)
    return made


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Portal]:
    """An empty portal on the same server."""
    with beside("restored") as url:
        text = url.render_as_string(hide_password=False)
        yield _portal(tmp_path / "there", text)


def _run(script: str, *arguments: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(DEPLOY / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        # The run of the tests names its own, which would count before the ini file.
        env={key: text for key, text in os.environ.items() if key[:5] != "CKAN_"},
    )


def test_what_is_saved_comes_back(here: Portal, there: Portal, tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    done = _run("backup.sh", saved, here.ini)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((saved / "keys.tar.gz").stat().st_mode) == 0o600
    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 0, done.stderr
    for table in ('"group"', "challenge_journal", "challenge_alembic_version"):
        assert there.count(table) == here.count(table) > 0
    assert (there.storage / "challenge" / "proof").read_bytes() == b"%PDF-1.7"
    assert (there.keys / "key.pem").read_text() == "secret"
    assert stat.S_IMODE((there.keys / "key.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE(there.keys.stat().st_mode) == 0o700
    # A second time would mix two portals.
    again = _run("restore.sh", saved, there.ini)
    assert again.returncode == 1
    assert "has tables already" in again.stderr
    again = _run("backup.sh", saved, here.ini)
    assert (again.returncode, "is not empty" in again.stderr) == (1, True)


def test_what_was_changed_since_is_not_brought_back(
    here: Portal, there: Portal, tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    assert _run("backup.sh", saved, here.ini).returncode == 0
    dump = saved / "database.dump"
    content = dump.read_bytes()
    dump.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 1
    assert "is not as it was saved" in done.stderr
    assert not there.storage.exists()
    assert there.count("pg_tables WHERE schemaname = 'public'") == 0


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_who_mistypes_is_told_how(script: str, tmp_path: Path) -> None:
    done = _run(script)
    assert done.returncode == 2
    assert f"{script} FOLDER CKAN_INI" in done.stderr
    done = _run(script, tmp_path / "missing", tmp_path / "no.ini")
    assert done.returncode == 1
    assert done.stderr.startswith(script.partition(".")[0])
