"""Two web nodes with folders of their own, two workers and the crontab of both, on one
database, Redis and Solr: what one changes the other shows within a second.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import requests
from ckan import model
from ckan.lib.redis import connect_to_redis
from ckan.tests import factories
from helpers import served

from ckanext.challenge import config
from ckanext.challenge.credentials import generations, store
from portal import ports
from portal.process import dies_with_parent

pytestmark = pytest.mark.usefixtures("clean_queues")

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
#: Seconds that a process has to start on a machine that is busy.
_START = 180
#: Seconds within which all nodes show what one of them changed.
_SEEN = 1.0
_QUEUES = ("default", "challenge-conformity")


@dataclass
class Node:
    """A machine of the portal: its folder, its settings, its processes."""

    folder: Path
    url: str
    token: str
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def ini(self) -> Path:
        return self.folder / "ckan.ini"

    def write(self) -> None:
        """Write its settings; the folder of each node is its own."""
        self.folder.mkdir(exist_ok=True)
        own = {
            "ckan.webassets.path": str(self.folder / "webassets"),
            "cache_dir": str(self.folder / "cache"),
            **self.settings,
        }
        served.ini_with(self.folder, own)

    def start(self, *command: str, log: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PORTAL_INI": str(self.ini),
            # What is compiled of templates, too.
            "TMPDIR": str(self.folder),
        }
        with (self.folder / log).open("wb") as out:
            return subprocess.Popen(
                dies_with_parent([str(BIN / command[0]), *command[1:]]),
                cwd=ROOT,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def run(self, *words: str) -> subprocess.Popen[bytes]:
        """A line of its crontab."""
        return self.start(
            *("ckan", "-c", str(self.ini), "challenge", *words), log=f"{words[0]}.log"
        )

    def said(self, command: str) -> str:
        return (self.folder / f"{command}.log").read_text()

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=60)

    def act(self, action: str, files: Any = None, **data: Any) -> Any:
        answer = requests.post(
            f"{self.url}/api/3/action/{action}",
            headers={"Authorization": self.token},
            timeout=60,
            data=data if files else None,
            files=files,
            json=None if files else data,
        )
        assert answer.status_code == 200, answer.text[:1000]
        return answer.json()["result"]


def _wait(holds: Callable[[], bool], seconds: float = _START) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _answers(node: Node) -> bool:
    try:
        return node.get("/challenge/health/ready").ok
    except requests.RequestException:
        return False


@pytest.fixture
def nodes(world: Any, tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """Two nodes; the second one has the private key, and the first one has none."""
    token = factories.APIToken(user=world.people["sysadmin"]["name"])["token"]
    shared = {"ckan.storage_path": str(tmp_path / "shared")}
    if tk.check_ckan_version(min_version="2.12"):
        shared |= {
            "ckan.files.storage.challenge.type": "ckan:fs",
            "ckan.files.storage.challenge.path": str(tmp_path / "kept"),
            "ckan.files.storage.challenge.initialize": "true",
            "ckanext.challenge.storage": "challenge",
        }
    made = []
    for name, port in zip("ab", ports.choose(2), strict=True):
        folder = tmp_path / name
        keys = str(tmp_path / f"{name}-keys")
        settings = {
            **shared,
            "ckan.site_url": "http://portal.example.org",
            "ckanext.challenge.home": "true",
            "ckanext.challenge.keys_path": keys,
        }
        node = Node(folder, f"http://{ports.HOST}:{port}", token, settings)
        node.write()
        made.append(node)
    first, second = made
    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(
            tk.config,
            "ckanext.challenge.keys_path",
            second.settings["ckanext.challenge.keys_path"],
        )
        generations.create()
    connect_to_redis().delete(config.redis_key("nodes"))
    model.Session.remove()
    running = []
    for node, queues in ((first, ()), (second, ("challenge-signing",))):
        address = node.url.removeprefix("http://")
        running += [
            node.start(
                *("gunicorn", f"--bind={address}", "--workers=1", "--timeout=300"),
                "portal.wsgi:application",
                log="web.log",
            ),
            node.start(
                *("ckan", "-c", str(node.ini), "jobs", "worker", *_QUEUES, *queues),
                log="worker.log",
            ),
        ]
    try:
        for node in made:
            _wait(lambda node=node: _answers(node))
        yield first, second
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _seen(nodes: tuple[Node, Node], path: str, text: str, since: float) -> None:
    """Each node shows something within a second after it was changed."""
    for node in nodes:
        while text not in (answer := node.get(path).text):
            late = time.monotonic() - since
            # Loaded machines are slow, and no node shows what is old after that.
            assert late < _SEEN, f"{node.url}{path}: not seen after {late:.1f} s"
        assert answer


def test_what_one_node_changes_all_show(nodes: tuple[Node, Node], world: Any) -> None:
    first, second = nodes
    organization = world.participant["organization_id"]
    name = world.participant["organization_name"]
    award = f"/challenge/awards/{world.award['id']}"
    picture = f"/challenge/badge/{name}.svg?style=badge&badge=engagee"
    pages = ("/", "/challenge/saison-2", world.url, award, picture)
    before = {}
    for _ in range(2):
        for node in nodes:
            for path in pages:
                answer = node.get(path)
                assert answer.status_code == 200, (path, answer.text[-500:])
                before[path] = answer

    # A renamed organization.
    first.act("organization_patch", id=organization, title="Ville neuve")
    since = time.monotonic()
    for path in pages:
        _seen(nodes, path, "Ville neuve", since)

    # A changed picture: of the organization, and that of its progress.
    first.act(
        "organization_patch", id=organization, image_url="https://example.org/neuf.png"
    )
    _seen(nodes, f"/organization/{name}", "neuf.png", time.monotonic())
    tags = {node.get(picture).headers["ETag"] for node in nodes}
    assert len(tags) == 1
    assert tags != {before[picture].headers["ETag"]}
    assert "max-age=300" in first.get(picture).headers["Cache-Control"]

    # A revoked award.
    second.act("challenge_award_revoke", id=world.award["id"], reason="Une erreur")
    since = time.monotonic()
    _seen(nodes, award, "Une erreur", since)
    for node in nodes:
        assert node.get(picture).headers["ETag"] not in tags

    # A file that one takes is given by the other.
    content = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
    done = first.act(
        "challenge_step_update",
        files={"evidence_file": ("deliberation.pdf", content, "application/pdf")},
        participant=world.participant["id"],
        step="deliberation",
        state="done",
    )
    assert done["evidence_file"]["size"] == len(content)
    given = requests.get(
        f"{second.url}{world.url}/step/deliberation/file",
        headers={"Authorization": second.token, "Range": "bytes=0-3"},
        timeout=60,
    )
    assert (given.status_code, given.content) == (206, b"%PDF")

    # What the node without the key was asked to sign, the other one signs.
    _wait(lambda: _is_signed(first))

    # The crontab of both at the same minute.
    for command in (["evaluate", "--all"], ["purge"]):
        both = [node.run(*command) for node in nodes]
        for node, process in zip(nodes, both, strict=True):
            assert process.wait(_START) == 0, node.said(command[0])

    _the_doctor_compares(first, second)


def _is_signed(node: Node) -> bool:
    model.Session.rollback()
    return store.waiting() == 0


def _the_doctor_compares(first: Node, second: Node) -> None:
    def found() -> dict[str, Any]:
        process = first.run("doctor", "--format", "json")
        process.wait(_START)
        said = first.said("doctor")
        rows = json.loads(said[said.index("{") :])["results"]
        return {row["check"]: row for row in rows}

    row = found()["nodes"]
    assert row["verdict"] == "good", row
    assert str(first.ini) in row["text"]
    assert str(second.ini) in row["text"]
    # A command of the second node with another secret than all others.
    second.settings["SECRET_KEY"] = "another-secret-than-that-of-the-others"
    second.write()
    assert second.run("purge").wait(_START) == 0
    row = found()["nodes"]
    assert (row["verdict"], row["remedy"]) == ("wrong", "SECRET_KEY = …")
    assert "another-secret" not in str(row)
