"""A portal is saved, and comes back into an empty one, whole or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli import CKANConfigLoader
from ckan.tests import factories
from helpers.databases import beside

from ckanext.challenge.common import journal

DEPLOY = Path(__file__).parents[2] / "deploy"

#: An account that each server has, since that of the tests may make none.
READER = "pg_monitor"

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
        f"[app:main]\nsqlalchemy.url = {url.replace('%', '%%')}\n"
        f"ckan.storage_path = {made.storage}\n"
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


def _run(
    script: str, *arguments: Any, **environment: Any
) -> subprocess.CompletedProcess[str]:
    # The run of the tests names its own, which would count before the ini file.
    usual = {key: text for key, text in os.environ.items() if key[:5] != "CKAN_"}
    return subprocess.run(
        [str(DEPLOY / script), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**usual, **{key: str(text) for key, text in environment.items()}},
    )


def _names(archive: Path) -> set[str]:
    with tarfile.open(archive) as opened:
        return {name.removeprefix("./") for name in opened.getnames()}


def _told(ini: Path, **environment: Any) -> dict[str, str]:
    """What the scripts are told of a portal; of its database, what libpq is told."""
    done = subprocess.run(
        [
            "sh",
            "-euc",
            'me=test ini=$1; . "$(dirname "$0")/common.sh"; eval "$main"; '
            'printf "%s\\0" "storage=$storage" "keys=$keys" '
            '"datastore=$datastore"; env -0',
            str(DEPLOY / "backup.sh"),
            str(ini),
        ],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": os.environ["PATH"], **environment},
    )
    lines = done.stdout.rstrip("\0").split("\0")
    return dict(line.split("=", 1) for line in lines)


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


_WRITTEN = {
    "here": "[app:main]\nsqlalchemy.url = {url}\nckan.storage_path = %(here)s/files\n",
    "space": "[app:main]\nsqlalchemy.url = {url} \nckan.storage_path = {files} \n",
    "slash": "[app:main]\nsqlalchemy.url = {url}\nckan.storage_path = {files}/\n",
    "colon": "[app:main]\nsqlalchemy.url: {url}\nckan.storage_path: {files}\n",
    "DOS": "[app:main]\r\nsqlalchemy.url={url}\r\nckan.storage_path={files}\r\n",
    "another section": (
        "[app:main]\nsqlalchemy.url = {url}\nckan.storage_path = {files}\n"
        "[app:old]\nckan.storage_path = /old\n"
    ),
    "default": (
        "[DEFAULT]\nroot = %(here)s\n"
        "[app:main]\nsqlalchemy.url = {url}\nckan.storage_path = %(root)s/files\n"
    ),
    "based": (
        "[app:main]\nuse = config:../base.ini\nsqlalchemy.url = {url}\n"
        "ckan.storage_path = %(here)s/files\n"
    ),
}


@pytest.mark.parametrize("text", _WRITTEN.values(), ids=_WRITTEN)
def test_an_ini_file_is_read_as_ckan_reads_it(
    here: Portal, tmp_path: Path, text: str
) -> None:
    base = tmp_path / "base.ini"
    base.write_text("[app:main]\nuse = egg:ckan\nckan.storage_path = %(here)s/other\n")
    url = here.url.replace("%", "%%")
    here.ini.write_bytes(text.format(url=url, files=here.storage).encode())
    config = CKANConfigLoader(str(here.ini)).get_config()
    told = _told(here.ini)
    assert told["storage"] == str(here.storage)
    assert str(config["ckan.storage_path"]).rstrip("/") == told["storage"]
    assert told["keys"] == str(here.keys)

    saved = tmp_path / "saved"
    done = _run("backup.sh", saved, here.ini)
    assert done.returncode == 0, done.stderr
    assert "challenge/proof" in _names(saved / "storage.tar.gz")
    assert "key.pem" in _names(saved / "keys.tar.gz")
    based = saved / "ckan-2.ini"
    assert based.exists() == ("use =" in text)
    assert not based.exists() or based.read_bytes() == base.read_bytes()


def test_a_file_below_says_less_than_the_one_above(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "base.ini").write_text(
        "[app:main]\nuse = egg:ckan\nfiles = %(here)s/files\n"
        "sqlalchemy.url = postgresql://h/below\n"
        "ckan.storage_path = %(files)s\n"
    )
    ini = tmp_path / "ckan.ini"
    ini.write_text(
        "[app:main]\nuse = config:below/base.ini\n"
        "sqlalchemy.url = postgresql://h/%(CKAN_NAME)s\n"
        "ckanext.challenge.keys_path = %(here)s/keys\n"
    )
    told = _told(ini, CKAN_NAME="above")
    assert told["PGDATABASE"] == "above"
    assert told["storage"] == str(tmp_path / "below" / "files")
    assert told["keys"] == str(tmp_path / "keys")


def test_the_environment_counts_before_the_file(tmp_path: Path) -> None:
    ini = tmp_path / "ckan.ini"
    ini.write_text(
        "[app:main]\nsqlalchemy.url = postgresql://h/file\nckan.storage_path = /file\n"
    )
    told = _told(
        ini,
        CKAN_SQLALCHEMY_URL="postgresql://h/environment",
        CKAN_STORAGE_PATH="/environment",
    )
    assert told["PGDATABASE"] == "environment"
    assert (told["storage"], told["keys"]) == ("/environment", "/environment-keys")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (
            "postgresql://me:a%%40b%%25c@db:5433/portal",
            {
                "PGUSER": "me",
                "PGPASSWORD": "a@b%c",
                "PGHOST": "db",
                "PGPORT": "5433",
                "PGDATABASE": "portal",
            },
        ),
        (
            "postgresql+psycopg2://me:a/b#c?'d$e@[::1]/portal",
            {"PGPASSWORD": "a/b#c?'d$e", "PGHOST": "::1", "PGDATABASE": "portal"},
        ),
        (
            "postgresql:///portal?host=/run/postgresql&port=5433",
            {"PGHOST": "/run/postgresql", "PGPORT": "5433", "PGDATABASE": "portal"},
        ),
        (
            "postgresql://db/portal?sslmode=verify-full&sslrootcert=/etc/ssl/root.pem"
            "&sslcert=/etc/ssl/me.pem&sslkey=/etc/ssl/me.key",
            {
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": "/etc/ssl/root.pem",
                "PGSSLCERT": "/etc/ssl/me.pem",
                "PGSSLKEY": "/etc/ssl/me.key",
            },
        ),
    ],
)
def test_an_address_is_told_whole(
    tmp_path: Path, address: str, expected: dict[str, str]
) -> None:
    ini = tmp_path / "ckan.ini"
    ini.write_text(f"[app:main]\nsqlalchemy.url = {address}\n")
    told = _told(ini)
    assert {key: told.get(key) for key in expected} == expected


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[app:main]\n", "there is no sqlalchemy.url"),
        ("[server:main]\n", "No section: 'app:main'"),
        ("[app:main]\nsqlalchemy.url = postgresql://h\n", "names none"),
        ("[app:main]\nsqlalchemy.url = portal\n", "cannot be read"),
        ("[app:main]\nuse = config:ckan.ini\n", "is based on itself"),
        ("[app:main]\nuse = config:missing.ini\n", "missing.ini"),
    ],
)
def test_a_file_that_ckan_cannot_use_is_told(
    tmp_path: Path, text: str, why: str
) -> None:
    ini = tmp_path / "ckan.ini"
    ini.write_text(text)
    done = _run("backup.sh", tmp_path / "saved", ini)
    assert done.returncode == 1
    assert done.stderr.startswith(f"backup: {ini} cannot be used: ")
    assert why in done.stderr
    assert not (tmp_path / "saved").exists()


@pytest.mark.parametrize("there_is", ["nothing", "a place to mount at"])
def test_files_that_are_not_mounted_stop_it(
    here: Portal, tmp_path: Path, there_is: str
) -> None:
    shutil.rmtree(here.storage)
    if there_is != "nothing":
        here.storage.mkdir()
    done = _run("backup.sh", tmp_path / "saved", here.ini)
    assert done.returncode == 1
    assert "is it mounted?" in done.stderr
    assert not (tmp_path / "saved").exists()


def test_a_machine_without_keys_is_saved(here: Portal, tmp_path: Path) -> None:
    shutil.rmtree(here.keys)
    saved = tmp_path / "saved"
    done = _run("backup.sh", saved, here.ini)
    assert done.returncode == 0
    assert "no private keys are saved" in done.stderr
    assert not (saved / "keys.tar.gz").exists()


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    """A folder whose ``tar`` does its work, and then what is in ``after`` beside it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tar"
    program.write_text(
        f'#!/bin/sh\n{shutil.which("tar")} "$@" || exit\n. "{folder}/after"\n'
    )
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize("empty", [False, True])
def test_a_file_that_grows_meanwhile_stops_no_backup(
    here: Portal, there: Portal, tmp_path: Path, tar: Path, empty: bool
) -> None:
    (tar / "after").write_text("exit 1\n")
    saved = tmp_path / "saved"
    if empty:
        saved.mkdir()
    done = _run("backup.sh", f"{saved}/", here.ini, PATH=f"{tar}:{os.environ['PATH']}")
    assert done.returncode == 0, done.stderr
    assert f"files in {here.storage} changed while they were saved" in done.stderr
    assert "challenge/proof" in _names(saved / "storage.tar.gz")
    assert _run("restore.sh", saved, there.ini).returncode == 0


@pytest.mark.parametrize("after", ["exit 2", "kill -TERM $PPID", "kill -KILL $PPID"])
def test_a_backup_is_there_whole_or_not_at_all(
    here: Portal, tmp_path: Path, tar: Path, after: str
) -> None:
    (tar / "after").write_text(after)
    saved = tmp_path / "backups" / "saved"
    done = _run("backup.sh", saved, here.ini, PATH=f"{tar}:{os.environ['PATH']}")
    assert done.returncode != 0
    assert "Saved" not in done.stdout
    assert not saved.exists()
    if "KILL" not in after:
        assert list(saved.parent.iterdir()) == []
    again = _run("backup.sh", saved, here.ini)
    assert again.returncode == 0, again.stderr
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "ckan.ini has no ckan.storage_path"),
        ("ckan.storage_path = files", "ckan.storage_path is files"),
        (
            "ckan.storage_path = {files}\nckanext.challenge.keys_path = keys",
            "ckanext.challenge.keys_path is keys",
        ),
    ],
)
def test_what_has_no_place_is_not_brought_back(
    here: Portal, there: Portal, tmp_path: Path, line: str, why: str
) -> None:
    saved = tmp_path / "saved"
    assert _run("backup.sh", saved, here.ini).returncode == 0
    there.ini.write_text(
        f"[app:main]\nsqlalchemy.url = {there.url.replace('%', '%%')}\n"
        + line.format(files=there.storage)
    )
    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 1
    assert why in done.stderr
    assert there.count("pg_tables WHERE schemaname = 'public'") == 0
    assert not there.storage.exists()


def _has_datastore(portal: Portal, url: str) -> Portal:
    with portal.ini.open("a") as ini:
        ini.write(f"ckan.datastore.write_url = {url.replace('%', '%%')}\n")
    return replace(portal, url=url)


def _tell(url: str, *statements: str) -> None:
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


@pytest.fixture
def datastores() -> Iterator[tuple[str, str]]:
    """Two databases of a DataStore, as CKAN sets them up; the first has a table."""
    permissions_sql = import_module("ckanext.datastore.cli").permissions_sql
    with beside("datastore") as old, beside("datastore_restored") as new:
        for url in (old, new):
            sql = permissions_sql(
                maindb=str(url.database),
                datastoredb=str(url.database),
                mainuser=str(url.username),
                writeuser=str(url.username),
                readuser=READER,
            )
            # The rest of this line is psql's own.
            sql = sql.partition(r"\connect")[2].partition("\n")[2]
            _tell(url.render_as_string(hide_password=False), sql.replace("%", "%%"))
        texts = [url.render_as_string(hide_password=False) for url in (old, new)]
        _tell(texts[0], "CREATE TABLE numbers AS SELECT generate_series(1, 7) AS n")
        yield texts[0], texts[1]


def test_a_datastore_comes_back(
    here: Portal, there: Portal, datastores: tuple[str, str], tmp_path: Path
) -> None:
    _has_datastore(here, datastores[0])
    saved = tmp_path / "saved"
    done = _run("backup.sh", saved, here.ini)
    assert done.returncode == 0, done.stderr

    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 1
    assert "has no ckan.datastore.write_url" in done.stderr
    assert there.count("pg_tables WHERE schemaname = 'public'") == 0
    assert not there.storage.exists()

    full = _has_datastore(replace(there, ini=tmp_path / "full.ini"), datastores[0])
    full.ini.write_text(there.ini.read_text() + full.ini.read_text())
    done = _run("restore.sh", saved, full.ini)
    assert done.returncode == 1
    assert "datastore has tables already" in done.stderr
    assert there.count("pg_tables WHERE schemaname = 'public'") == 0

    restored = _has_datastore(there, datastores[1])
    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 0, done.stderr
    assert "ckan datastore set-permissions" in done.stdout
    assert restored.count("numbers") == 7
    assert restored.count("_table_metadata WHERE name = 'numbers'") == 1
    assert there.count("challenge_journal") == here.count("challenge_journal")


def test_grants_to_accounts_of_the_old_server_stay_there(
    here: Portal, there: Portal, tmp_path: Path
) -> None:
    _tell(here.url, f"GRANT SELECT ON challenge_journal TO {READER}")
    saved = tmp_path / "saved"
    try:
        done = _run("backup.sh", saved, here.ini)
    finally:
        _tell(here.url, f"REVOKE SELECT ON challenge_journal FROM {READER}")
    assert done.returncode == 0, done.stderr
    done = _run("restore.sh", saved, there.ini)
    assert done.returncode == 0, done.stderr
    granted = f"pg_class WHERE array_to_string(relacl, ' ') LIKE '%{READER}=%'"
    assert there.count(f"{granted} AND relname LIKE 'challenge%'") == 0


def test_the_plugins_own_place_for_the_datastore_counts(tmp_path: Path) -> None:
    ini = tmp_path / "ckan.ini"
    text = "[app:main]\nsqlalchemy.url = postgresql://h/portal\n"
    for more, expected in (
        ("ckan.plugins = activity\n", ""),
        ("ckan.plugins = activity datastore\n", "PGDATABASE=datastore_default"),
    ):
        ini.write_text(text + more)
        told = _told(ini)["datastore"]
        assert expected in told
        assert bool(told) == bool(expected)


@pytest.mark.parametrize("script", ["backup.sh", "restore.sh"])
def test_who_mistypes_is_told_how(script: str, tmp_path: Path) -> None:
    done = _run(script)
    assert done.returncode == 2
    assert f"{script} FOLDER CKAN_INI" in done.stderr
    done = _run(script, tmp_path / "missing", tmp_path / "no.ini")
    assert done.returncode == 1
    assert done.stderr.startswith(script.partition(".")[0])
