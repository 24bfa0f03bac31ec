"""What a person sees of the portal's commands when something is not as it should be."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from portal import ports
from portal.paths import PORTAL

# Each begins the program.
pytestmark = pytest.mark.seconds(1)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A folder with the package in it, whose ``.portal`` is its own."""
    shutil.copytree(
        PORTAL, tmp_path / "portal", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


@pytest.fixture
def free_port() -> str:
    """Where nothing listens: a demo of this machine may have the usual port."""
    return str(ports.choose(1)[0])


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server((ports.HOST, 0)) as server:
        yield server.getsockname()[1]


def run(
    clone: Path, *arguments: str, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CKAN_")
    }
    return subprocess.run(
        [sys.executable, "-m", "portal", *arguments],
        cwd=clone,
        env=kept | dict(environ or {}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_line(done: subprocess.CompletedProcess[str], expected: str) -> None:
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("portal: ")
    assert expected in line


def test_a_port_in_use(clone: Path, taken_port: int) -> None:
    done = run(clone, "demo", "--port", str(taken_port))
    assert_one_line(done, f"port {taken_port} is in use on 127.0.0.1")
    assert "make demo PORT=" in done.stderr


@pytest.mark.parametrize("port", ["80", "70000", "http", "-1", "²", ""])
def test_what_is_no_port(clone: Path, port: str) -> None:
    assert_one_line(run(clone, "demo", f"--port={port}"), "is no port")


def test_a_port_that_browsers_refuse(clone: Path) -> None:
    assert_one_line(run(clone, "demo", "--port", "5060"), "browsers refuse port 5060")


def test_a_version_of_ckan_that_is_not_supported(clone: Path) -> None:
    done = run(clone, "test", "--ckan", "2.9")
    assert_one_line(done, "CKAN 2.9 is not supported: choose one of 2.11, 2.12")


@pytest.mark.parametrize(
    "name", ["CKAN_SQLALCHEMY_URL", "CKAN_REDIS_URL", "CKAN_SOLR_URL"]
)
def test_a_service_of_the_caller_that_does_not_answer(clone: Path, name: str) -> None:
    (port,) = ports.choose(1)
    done = run(clone, "demo", environ={name: f"http://127.0.0.1:{port}/x"})
    assert_one_line(done, f"{name}: nothing answers at 127.0.0.1:{port}")


def test_an_address_that_is_none(clone: Path) -> None:
    done = run(clone, "demo", environ={"CKAN_REDIS_URL": "somewhere"})
    assert_one_line(done, "CKAN_REDIS_URL is no address")


def test_a_folder_that_cannot_be_written(clone: Path) -> None:
    (clone / ".portal").write_text("a file where a folder should be")
    assert_one_line(run(clone, "demo"), "cannot be written")


@pytest.mark.parametrize("name", ["100%", "a ;b", "a #b"])
def test_a_path_that_no_ini_file_can_name(
    clone: Path, free_port: str, name: str
) -> None:
    odd = clone.rename(clone.with_name(name))
    assert_one_line(
        run(odd, "demo", "--port", free_port), "the path of this clone holds"
    )


def test_a_second_portal_of_the_same_clone(clone: Path, free_port: str) -> None:
    state = clone / ".portal"
    state.mkdir()
    holder = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print()"
    process = subprocess.Popen(
        [sys.executable, "-c", f"{holder}; input()", str(state / "demo.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        again = run(clone, "demo", "--port", free_port)
        assert_one_line(again, "already running: make stop ends it")
        assert_one_line(run(clone, "clean"), "is in use")
    finally:
        process.communicate("\n")


def test_stopping_what_does_not_run(clone: Path) -> None:
    done = run(clone, "stop")
    assert done.returncode == 0
    assert done.stderr == "No portal of this clone is running.\n"
    assert not (clone / ".portal").exists()


def test_cleaning_twice(clone: Path) -> None:
    (clone / ".portal" / "data").mkdir(parents=True)
    assert run(clone, "clean").returncode == 0
    assert not (clone / ".portal").exists()
    assert run(clone, "clean").returncode == 0
