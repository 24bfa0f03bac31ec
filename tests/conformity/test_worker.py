"""The worker, as a process: it outlives any file, and its death is mended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.tests import factories, helpers
from helpers.website import Website, file, moved, website

from ckanext.challenge.conformity import store
from portal.paths import ROOT
from portal.process import dies_with_parent

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues"
)

HEADER = b"COLL_INSEE,ENFANT_SEXE,ENFANT_PRENOM,NOMBRE_OCCURRENCES,ANNEE\n"
GOOD = HEADER + "45024,F,Zoé,3,2022\n".encode()


def endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n" + HEADER)
    while True:
        request.wfile.write(b"x" * 65536)


def slow(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n\r\n" + HEADER)
    while True:
        request.wfile.write(b"x")
        request.wfile.flush()
        time.sleep(0.1)


#: What somebody publishes, by link, and what the worker makes of it.
LINKS: dict[str, tuple[Callable[[BaseHTTPRequestHandler], None], str]] = {
    "/empty": (file(b""), "empty"),
    "/header": (file(HEADER), "no-rows"),
    "/nul": (file(GOOD + b"\x00"), "binary"),
    "/archive.csv": (file(b"PK\x03\x04" + b"\x00" * 100), "archive"),
    "/page.csv": (file(b"<!DOCTYPE html><title>404</title>"), "html"),
    "/encoding": (file(b"\xff\xfe\x00"), "encoding"),
    "/columns": (file(b"," * 10_000_000), "line-too-long"),
    "/loop": (moved("/loop"), "link-redirects"),
    "/inside": (moved("http://127.0.0.9/"), "link-private"),
    "/endless": (endless, "too-large"),
    "/slow": (slow, "link-slow"),
    "/good": (file(GOOD), ""),
}


@pytest.fixture
def worker(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Starts workers that read the configuration of the tests, and ends them."""
    settings = {
        "ckan.storage_path": str(tmp_path),
        "ckanext.challenge.link_networks": "127.0.0.1/32",
        "ckanext.challenge.link_max_size": "20",
        "ckanext.challenge.link_seconds": "3",
    }
    for key, value in settings.items():
        monkeypatch.setitem(ckan_config, key, value)
    monkeypatch.setitem(
        ckan_config, "ckanext.challenge.link_networks", ["127.0.0.1/32"]
    )
    for key in ("link_max_size", "link_seconds"):
        name = f"ckanext.challenge.{key}"
        monkeypatch.setitem(ckan_config, name, int(settings[name]))
    ini = tmp_path / "worker.ini"
    lines = (ROOT / "test.ini").read_text().splitlines()
    at = lines.index("[app:main]") + 1
    lines[at:at] = [f"{key} = {value}" for key, value in settings.items()]
    ini.write_text("\n".join(lines))
    started: list[subprocess.Popen[bytes]] = []

    def start(*options: str) -> subprocess.Popen[bytes]:
        ckan = Path(sys.executable).parent / "ckan"
        queues = ("default", "challenge-conformity")
        command = [str(ckan), "-c", str(ini), "jobs", "worker", *options, *queues]
        process = subprocess.Popen(
            dies_with_parent(command),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            _kill(process)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a worker as a machine that fails does: with what it forked for a job, which
    has a group of its own.
    """
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    os.killpg(process.pid, signal.SIGKILL)
    for child in map(int, children.split()):
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    process.wait(10)


def publish(site: Website, path: str, owner: str) -> str:
    user = helpers.call_action("get_site_user")
    made = factories.Dataset(owner_org=owner)
    return helpers.call_action(
        "resource_create",
        {"user": user["name"]},
        package_id=made["id"],
        url=site.url(path),
        format="CSV",
        schema="scdl/prenoms",
    )["id"]


def show(resource_id: str) -> dict[str, Any]:
    model.Session.expire_all()
    return helpers.call_action(
        "challenge_conformity_show", {"user": ""}, resource_id=resource_id
    )


def test_a_worker_outlives_whatever_is_published(
    worker: Callable[..., subprocess.Popen[bytes]],
) -> None:
    owner = factories.Organization()["id"]
    with website({path: answer for path, (answer, _) in LINKS.items()}) as site:
        published = {path: publish(site, path, owner) for path in LINKS}
        assert worker("--burst").wait(180) == 0
    found = {}
    for path, resource_id in published.items():
        shown = show(resource_id)
        assert shown["status"] in ("valid", "invalid", "error")
        found[path] = shown["errors"][0]["type"] if shown["errors"] else ""
        assert all(error["message"].endswith(".") for error in shown["errors"])
    assert found == {path: reason for path, (_, reason) in LINKS.items()}
    assert store.due() == []


def test_what_a_killed_worker_leaves_is_checked_by_the_next_evaluation(
    worker: Callable[..., subprocess.Popen[bytes]],
    cli: Any,
    ckan_config: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ckan.cli.cli import ckan  # noqa: PLC0415

    # Nothing is slow here but the machine, which may do other things too.
    monkeypatch.setitem(ckan_config, "ckanext.challenge.link_seconds", 60)
    owner = factories.Organization()["id"]
    with website({"/good": lambda request: time.sleep(60)}) as site:
        resource_id = publish(site, "/good", owner)
        process = worker()
        end = time.monotonic() + 120
        while not site.asked and time.monotonic() < end:
            time.sleep(0.05)
        assert site.asked, "the job has begun"
        _kill(process)
        assert show(resource_id)["status"] == "pending"
        site.answers["/good"] = file(GOOD)
        result = cli.invoke(ckan, ["challenge", "evaluate", "--all"])
        assert result.exit_code == 0, result.output
        shown = show(resource_id)
        assert shown["status"] == "valid", shown["errors"]
        assert store.due() == []
