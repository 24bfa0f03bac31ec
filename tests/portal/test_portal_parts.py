"""The parts of the portal: ports, locks, files, environments, other programs."""

from __future__ import annotations

import configparser
import os
import socket
import stat
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import ckan
import pytest

from portal import (
    demo,
    environment,
    ini,
    locks,
    pins,
    ports,
    reaper,
    system,
    wheel,
    workers,
)
from portal.console import PortalError
from portal.files import private_file
from portal.process import clean_environ, dies_with_parent, explain, run_logged
from portal.services import Program, Redis, Solr
from portal.supervision import render


class TestPorts:
    def test_chosen_ports_differ_and_are_free(self) -> None:
        chosen = ports.choose(50)
        assert len(set(chosen)) == 50
        assert all(map(ports.is_free, chosen))

    def test_the_usual_ports_of_the_services_are_never_chosen(self) -> None:
        assert not {5432, 6379, 8983, 5000} & set(ports._RANGE)

    def test_a_port_with_a_server_is_not_free(self) -> None:
        with socket.create_server((ports.HOST, 0)) as server:
            assert not ports.is_free(server.getsockname()[1])

    def test_a_service_that_answers_passes(self) -> None:
        with socket.create_server((ports.HOST, 0)) as server:
            port = server.getsockname()[1]
            ports.check_answers("X", f"postgresql://u:p%40@{ports.HOST}:{port}/db")

    @pytest.mark.parametrize("url", ["", "x", "http://", "http://h:port", "redis:///0"])
    def test_what_is_no_address(self, url: str) -> None:
        with pytest.raises(PortalError, match=r"^X is no address"):
            ports.check_answers("X", url)


class TestLocks:
    def test_one_holder_at_a_time(self, tmp_path: Path) -> None:
        path = tmp_path / "folder" / "lock"
        first = locks.try_lock(path)
        assert first is not None
        assert locks.try_lock(path) is None
        os.close(first)
        second = locks.try_lock(path)
        assert second is not None
        os.close(second)

    def test_waiting_is_said(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = tmp_path / "lock"
        code = "import fcntl, sys, time; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2)"
        with subprocess.Popen(
            [sys.executable, "-c", f"{code}; print(flush=True); time.sleep(0.5)", path],
            stdout=subprocess.PIPE,
        ) as holder:
            assert holder.stdout is not None
            holder.stdout.readline()
            with locks.lock(path, "another one works"):
                assert holder.wait() == 0
        assert "waiting: another one works" in capsys.readouterr().err


class TestPrograms:
    def test_what_leads_elsewhere_is_left_out(self) -> None:
        given = {
            "CKAN_SQLALCHEMY_URL": "postgresql://mine",
            "CKAN_INI": "/etc/ckan.ini",
            "PGHOST": "elsewhere",
            "PYTHONPATH": "/somewhere",
            "PATH": "/bin",
            "PIP_INDEX_URL": "https://packages.example.org",
            "HOME": "/home/me",
        }
        cleaned = clean_environ(given)
        assert set(cleaned) - set(given) == {"no_proxy", "NO_PROXY"}
        assert set(given) & set(cleaned) == {"PATH", "PIP_INDEX_URL", "HOME"}

    def test_no_proxy_stands_before_this_machine(self) -> None:
        cleaned = clean_environ({"http_proxy": "http://p:1", "no_proxy": "intra.net"})
        assert cleaned["http_proxy"] == "http://p:1"
        assert cleaned["no_proxy"] == "intra.net,127.0.0.1,localhost"

    @pytest.mark.parametrize(
        ("tail", "expected"),
        [
            (["OSError: [Errno 28] No space left on device", "end"], "no space"),
            (["Temporary failure in name resolution"], "is there a network"),
            (["ERROR: No matching distribution", "see --help"], "No matching"),
            (
                ["sqlalchemy.exc.OperationalError: x", "(Background on this error at"],
                "x",
            ),
            (["just words"], "just words"),
            ([], "it said nothing"),
        ],
    )
    def test_the_telling_line(self, tail: list[str], expected: str) -> None:
        assert expected in explain(tail)

    def test_a_failure_is_one_line_and_all_of_it_is_in_the_log(
        self, tmp_path: Path
    ) -> None:
        log = tmp_path / "logs" / "x.log"
        with pytest.raises(PortalError) as caught:
            run_logged(
                ["sh", "-c", "echo before; echo 'error: it broke' >&2; exit 3"],
                log=log,
                failure="it failed",
            )
        assert str(caught.value) == (
            f"it failed: error: it broke (all of its output: {log})"
        )
        assert log.read_text() == "before\nerror: it broke\n"

    def test_a_program_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(PortalError, match=r"^it failed: .*no-such-program"):
            run_logged(["no-such-program"], log=tmp_path / "log", failure="it failed")

    def test_children_end_with_a_killed_parent(self) -> None:
        child = dies_with_parent(["sh", "-c", "echo $$; exec sleep 60 >&-"])
        code = "import subprocess, sys; subprocess.call(sys.argv[1:])"
        parent = subprocess.Popen(
            [sys.executable, "-c", code, *child], stdout=subprocess.PIPE
        )
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()
        parent.communicate()
        assert _ends(pid)

    def test_what_a_command_leaves_behind_is_ended(self) -> None:
        stubborn = "trap : TERM; while :; do sleep 0.1; done"
        code = f"setsid sh -c '{stubborn}' >/dev/null & echo $!"
        with reaper.no_orphans(patience=0.5):
            shown = subprocess.check_output(["sh", "-c", code])
            assert not _ends(int(shown), within=0.2)
        assert _ends(int(shown))


def _ends(pid: int, within: float = 5) -> bool:
    """Whether this process is gone, or a zombie, within that many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


class TestTools:
    missing = system.Tool("a tool", ("package-a|package-b", "package-c"), lambda: False)

    def test_nothing_is_done_where_nothing_is_missing(self) -> None:
        system.ensure([system.Tool("x", ("x",), lambda: True)])

    def test_without_apt(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(PortalError, match="missing on this machine: a tool; ins"):
            system.ensure([self.missing])

    def test_without_the_right_the_line_to_run_is_said(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.setenv("PATH", str(tmp_path))
        apt = tmp_path / "apt-get"
        apt.write_text("#!/bin/sh\nexit 1\n")
        apt.chmod(0o755)
        # Of the alternatives, only the second is in this machine's lists.
        cache = tmp_path / "apt-cache"
        cache.write_text('#!/bin/sh\n[ "$2" != package-a ]\n')
        cache.chmod(0o755)
        with pytest.raises(PortalError) as caught:
            system.ensure([self.missing])
        assert str(caught.value) == (
            "missing on this machine: a tool; run this and start again: "
            "sudo apt-get install package-b package-c"
        )

    def test_a_full_disk(self) -> None:
        with pytest.raises(PortalError, match="GB are free on the disk of"):
            system.ensure_space(1e9)


class TestFiles:
    def test_only_the_owner_reads_a_private_file(self, tmp_path: Path) -> None:
        path = tmp_path / "secret"
        path.write_text("old")
        path.chmod(0o644)
        private_file(path, "new")
        assert path.read_text() == "new"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]

    def test_secrets_stay_the_same(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"
        first = demo.Secrets.kept(path)
        assert demo.Secrets.kept(path) == first
        assert len({first.postgres, first.redis, first.session}) == 3

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"postgres": "x"}'])
    def test_broken_secrets(self, tmp_path: Path, content: str) -> None:
        path = tmp_path / "secrets.json"
        path.write_text(content)
        with pytest.raises(PortalError, match="is broken: remove"):
            demo.Secrets.kept(path)

    def test_the_ini_file_is_whole_and_keeps_percent_signs(
        self, tmp_path: Path
    ) -> None:
        values = {
            "site_url": "http://127.0.0.1:5000",
            "region": "/srv/region",
            "secret_key": "secret",
            "sqlalchemy_url": "postgresql://u:p%40x@127.0.0.1:1/ckan",
            "solr_url": "http://127.0.0.1:2/solr/ckan",
            "redis_url": "redis://127.0.0.1:3/0",
            "storage_path": "/data/storage",
            "smtp_server": "127.0.0.1:4",
        }
        target = tmp_path / "ckan.ini"
        ini.write(target, values)
        parser = configparser.ConfigParser()
        parser.read(target)
        section = parser["app:main"]
        assert section["sqlalchemy.url"] == values["sqlalchemy_url"]
        assert section["ckan.plugins"].split()[0] == "challenge"
        assert not [value for value in section.values() if "$" in value]
        assert stat.S_IMODE(target.stat().st_mode) == 0o600

    def test_a_value_that_the_template_lacks(self) -> None:
        with pytest.raises(KeyError):
            ini.render("x = $missing", {})


class TestEnvironment:
    def test_each_version_has_its_own_folder(self) -> None:
        paths = {environment.environment(name).path for name in ("2.11", "2.12")}
        assert len(paths) == 2

    def test_other_requirements_are_installed_anew(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("ckan-2.12", "run"):
            (tmp_path / f"{name}.txt").write_text("one")
        monkeypatch.setattr(environment, "REQUIREMENTS", tmp_path)
        monkeypatch.setattr(environment, "STATE", tmp_path)
        env = environment.environment("2.12")
        env.path.mkdir()
        assert not environment.is_current(env, ["run"])
        environment._record(env, environment._digests(env, ["run"]))
        assert environment.is_current(env, ["run"])
        (tmp_path / "run.txt").write_text("two")
        assert not environment.is_current(env, ["run"])


class TestPins:
    @pytest.mark.parametrize("version", environment.versions())
    def test_the_lists_are_of_what_is_asked_for(self, version: str) -> None:
        found = sorted(pins.REQUIREMENTS.glob(f"locked/*/{version}"))
        assert found
        for lists in found:
            assert pins.is_current(version, lists), "run portal/portal lock"
            names = [
                pin[0]
                for part in (pins.BASE, "run")
                for pin in pins.read(lists / f"{part}.txt")
            ]
            assert len(names) == len(set(names)) > 100
            assert {"ckan", "pip", "setuptools", "flask"} <= {*names}

    def test_what_is_installed_is_what_is_locked(self) -> None:
        lists = pins.files(os.environ["PORTAL_CKAN"], (pins.BASE, "run", "test"))
        if not lists:
            pytest.skip("nobody has locked for this version of Python")
        wanted = {pin[0]: pin[1] for path in lists for pin in pins.read(path)}
        assert {name: metadata.version(name) for name in wanted} == wanted

    def test_what_is_locked_is_installed_with_its_digests_alone(self) -> None:
        env = environment.environment(os.environ["PORTAL_CKAN"])
        if not pins.files(env.version, ("run",)):
            pytest.skip("nobody has locked for this version of Python")
        *packages, extension = environment._installs(env, ["run", "test"])
        assert all("--require-hashes" in options for options in packages)
        assert all("--no-deps" in options for options in (*packages, extension))

    def test_what_was_locked_for_other_requirements_is_refused(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        version = os.environ["PORTAL_CKAN"]
        if not pins.files(version, ("run",)):
            pytest.skip("nobody has locked for this version of Python")
        monkeypatch.setattr(pins, "_asked", lambda _: "another")
        with pytest.raises(PortalError, match="portal/portal lock"):
            pins.files(version, ("run",))

    def test_a_line_without_a_digest_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "run.txt"
        path.write_text("# of nothing\nflask==3.1.0\n")
        with pytest.raises(PortalError, match="flask"):
            pins.read(path)


class TestServices:
    def test_supervisor_gets_each_word_as_it_is(self, tmp_path: Path) -> None:
        words = ["program", "two words", "100%", "it's", "$HOME"]
        folder = tmp_path / "a %d folder"
        (folder / "logs").mkdir(parents=True)
        text = render([Program("odd", words, folder)], port=1, password="x")
        # Read as supervisor does, in an interpreter of its own.
        code = (
            "import sys; from supervisor.options import ServerOptions; "
            "o = ServerOptions(); o.realize(['-n', '-c', sys.argv[1]]); "
            "from supervisor.options import split_namespec; import shlex; "
            "p = o.process_group_configs[0].process_configs[0]; "
            "print([shlex.split(p.command), p.directory])"
        )
        conf = folder / "supervisor.conf"
        conf.write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", code, conf],
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == repr([words, str(folder)])

    def test_redis_listens_here_only_and_asks_for_a_password(
        self, tmp_path: Path
    ) -> None:
        Redis(tmp_path / "redis", 1234, "secret", durable=False).prepare()
        conf = tmp_path / "redis" / "redis.conf"
        lines = conf.read_text().splitlines()
        assert {"bind 127.0.0.1", "port 1234", "requirepass secret"} < set(lines)
        assert stat.S_IMODE(conf.stat().st_mode) == 0o600

    def test_solr_has_the_schema_of_its_ckan(self, tmp_path: Path) -> None:
        env = environment.environment(os.environ["PORTAL_CKAN"])
        Solr(tmp_path / "solr", 1234, env).prepare()
        copied = tmp_path / "solr" / "ckan" / "conf" / "schema.xml"
        own = Path(ckan.__file__).parent / "config" / "solr" / "schema.xml"
        assert copied.read_bytes() == own.read_bytes()


class TestWorkers:
    def test_none_meets_another(self, tmp_path: Path) -> None:
        shared = {
            "CKAN_SQLALCHEMY_URL": "postgresql://ckan:x@127.0.0.1:1/ckan",
            "CKAN_REDIS_URL": "redis://:x@127.0.0.1:2/0",
            "CKAN_SOLR_URL": "http://127.0.0.1:3/solr/ckan",
            "TMPDIR": str(tmp_path),
        }
        first, second = (workers.environ(name, shared) for name in workers.names(2))
        assert first == {
            "CKAN_SQLALCHEMY_URL": "postgresql://ckan:x@127.0.0.1:1/ckan_gw0",
            "CKAN_REDIS_URL": "redis://:x@127.0.0.1:2/1",
            "CKAN_SOLR_URL": "http://127.0.0.1:3/solr/ckan_gw0",
            "TMPDIR": str(tmp_path / "gw0"),
        }
        values = [*shared.values(), *first.values(), *second.values()]
        assert len(set(values)) == len(values)

    @pytest.mark.parametrize(
        "arguments", [["tests/a.py::test_b"], ["--pdb"], ["-p", "no:xdist"]]
    )
    def test_one_process_does_alone_what_only_one_can(
        self, arguments: list[str]
    ) -> None:
        assert workers.count(arguments) == 1
        assert workers.options(1) == []
        assert workers.names(1) == []


class TestWheel:
    def test_a_whole_wheel(self) -> None:
        tracked = ["ckanext/a.py", "ckanext/i18n/fr.po", "tests/test_a.py"]
        packed = ["ckanext/a.py", "ckanext/i18n/fr.po", "ckanext/i18n/fr.mo", "RECORD"]
        assert wheel.missing(tracked, packed) == []

    def test_what_is_lacking(self) -> None:
        tracked = ["ckanext/a.py", "ckanext/a.yaml", "ckanext/i18n/fr.po"]
        assert wheel.missing(tracked, ["ckanext/a.py", "ckanext/i18n/fr.po"]) == [
            "ckanext/a.yaml",
            "ckanext/i18n/fr.mo",
        ]
