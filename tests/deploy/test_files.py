"""What ``deploy/`` ships holds together: each names what is there, and all agree."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from ckan.cli.cli import ckan as ckan_command

from ckanext.challenge.cli import get_commands
from ckanext.challenge.conformity import jobs

DEPLOY = Path(__file__).parents[2] / "deploy"
DOCS = DEPLOY.parent / "docs"


def _variables(text: str) -> set[str]:
    return set(re.findall(r"\$\{(\w+)\}", text))


def _env() -> dict[str, str]:
    lines = (DEPLOY / ".env.example").read_text().splitlines()
    pairs = (line.split("=", 1) for line in lines if line and line[0] != "#")
    return dict(pairs)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file with the values of the example."""
    text = (DEPLOY / "compose.yaml").read_text()
    env = _env()
    assert _variables(text) == set(env), "what is asked for is what is explained"
    return yaml.safe_load(re.sub(r"\$\{(\w+)\}", lambda found: env[found[1]], text))


def _is_command(words: list[str]) -> bool:
    """Whether there is such a command of CKAN's or of the extension."""
    here: Any = ckan_command
    ours = {command.name: command for command in get_commands()}
    depth = 0
    for word in words:
        if not isinstance(here, click.Group):
            return depth > 0
        found = ours.get(word) if depth == 0 else None
        found = found or here.commands.get(word)
        if found is None:
            return False
        here, depth = found, depth + 1
    return not isinstance(here, click.Group)


def _ckan(line: str) -> list[list[str]]:
    """The commands of ``ckan`` in a line of a shell, without its options."""
    found = []
    for part in re.split(r"&&|;", line):
        words = shlex.split(part)
        if words and words[0].rpartition("/")[2] == "ckan":
            words = words[1:]
            if words[:1] == ["-c"]:
                words = words[2:]
            found.append([word for word in words if not word.startswith("-")])
    return found


def _known(words: list[str]) -> str:
    """The command without its arguments, as it is written everywhere."""
    while words and not _is_command(words):
        words = words[:-1]
    assert words
    return " ".join(words)


def _chores(text: str) -> set[str]:
    return {_known(one) for line in text.splitlines() for one in _ckan(line)}


def test_what_runs_by_itself_is_the_same_everywhere() -> None:
    crontab = "\n".join(
        line.split(None, 6)[6]
        for line in (DEPLOY / "crontab").read_text().splitlines()
        if re.match(r"[\d*]", line)
    )
    units = "\n".join(
        line.partition("=")[2].lstrip("-")
        for path in (DEPLOY / "systemd").glob("ckan-challenge-*.service")
        for line in path.read_text().splitlines()
        if line.startswith("ExecStart=")
    )
    told = (DOCS / "administration.md").read_text()
    block = re.search(r"A crontab:\n\n```\n(.*?)```", told, re.DOTALL)
    assert block
    page = "\n".join(line.split(None, 5)[5] for line in block[1].splitlines())
    assert _chores(crontab) == _chores(units) == _chores(page)
    assert len(_chores(crontab)) == 6


def test_each_unit_has_what_it_names() -> None:
    for path in (DEPLOY / "systemd").iterdir():
        text = path.read_text()
        if path.suffix == ".timer":
            assert path.with_suffix(".service").exists()
            assert "[Install]" in text
        for line in text.splitlines():
            if line.startswith("ExecStart="):
                for words in _ckan(line.partition("=")[2].lstrip("-")):
                    _known(words)


def test_services_run_what_there_is(compose: dict[str, Any]) -> None:
    queues = set()
    for name, service in compose["services"].items():
        command = service.get("command", [])
        assert isinstance(command, list), name
        line = command[-1] if command[:1] == ["sh"] else shlex.join(command)
        for words in _ckan(line):
            assert _known(words)
            if words[:2] == ["jobs", "worker"]:
                queues |= set(words[2:])
    # Each queue has a worker.
    assert queues == {"default", jobs.QUEUE}
    worker = (DEPLOY / "systemd" / "ckan-worker.service").read_text()
    assert all(queue in worker for queue in queues)


def test_services_find_what_they_need(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert {"web1", "web2", "cron", "nginx"} <= set(services)
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], (name, other)
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("/"):
                assert source in compose["volumes"], source
        for secret in service.get("secrets", []):
            source = secret if isinstance(secret, str) else secret["source"]
            assert source in compose["secrets"]
        assert not service.get("privileged")
        # nginx alone is seen from outside.
        assert ("ports" in service) == (name == "nginx")
    # Files are shared by all; keys by those that sign.
    shares = {
        name: {one.partition(":")[0] for one in service.get("volumes", [])}
        for name, service in services.items()
    }
    ckans = ("web1", "web2", "worker", "worker-conformity", "cron", "backup")
    assert all("storage" in shares[name] for name in ckans)
    assert {name for name in services if "keys" in shares[name]} == {
        "worker",
        "cron",
        "backup",
    }


def test_health_is_asked_where_it_answers(compose: dict[str, Any]) -> None:
    asked = {
        name: " ".join(service["healthcheck"]["test"])
        for name, service in compose["services"].items()
        if "healthcheck" in service
    }
    for node in ("web1", "web2"):
        assert asked[node].endswith("/challenge/health")
    assert asked["nginx"].endswith("/challenge/health/ready")
    env = set(compose["services"]["nginx"]["environment"])
    code = re.sub(r"(?m)^#.*$", "", (DEPLOY / "nginx.conf").read_text())
    assert _variables(code) == env


def test_no_secret_stands_in_what_is_shared() -> None:
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / ".env.example").read_text()
    assert not re.search(
        r"(?i)(password|secret|token)\w*[:=] *[^/\s\[{.]",
        text.replace("secrets: [postgres_password]", ""),
    ), "a secret comes as a file"


def test_the_image_has_what_is_copied() -> None:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            assert all((DEPLOY / name).exists() for name in line.split()[1:-1])


def test_scripts_are_right_for_a_shell() -> None:
    for path in DEPLOY.glob("*.sh"):
        done = subprocess.run(
            ["sh", "-n", str(path)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
