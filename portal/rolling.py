"""Two nodes on one database while a portal is upgraded: one with the code of a release,
one with that of this clone.

It asks both for pages, lets people work at both, and counts what each answers. It is
run by hand: its requests are bounded in number and in time, and go to this machine.
"""

from __future__ import annotations

import http.cookiejar
import itertools
import json
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from portal import ini, ports, releases, runs
from portal.console import PortalError, part
from portal.environment import Environment
from portal.paths import DEMO_LOGS, PORTAL
from portal.ports import HOST
from portal.process import dies_with_parent, run_logged
from portal.system import postgres_bin

_READY_TIMEOUT = 90.0
_ANSWER_TIMEOUT = 30.0
#: Seconds between two requests to a node: about two a second for each.
_PAUSE = 0.5
#: No run is longer, whatever it is told.
_MOST_MINUTES = 90.0

_TOKEN = re.compile(r'name="_csrf_token" content="([^"]+)"')

#: Accounts of the demonstration of 0.1.0, whose passwords were known.
_PEOPLE = {"member": "baule", "manager": "gestion"}
_PASSWORD = "challenge-{}"


@dataclass(frozen=True)
class Ask:
    """One request, and what it is about."""

    kind: str
    path: str
    who: str = ""
    data: Mapping[str, object] | None = None


@dataclass
class Node:
    """A web process, and those who read and work there."""

    name: str
    url: str
    token: str = ""
    openers: dict[str, urllib.request.OpenerDirector] = field(default_factory=dict)
    #: Collectivités that have not applied yet, each for one application.
    sirens: Iterator[str] = field(default_factory=lambda: iter(()))
    turn: int = 0

    def answer(self, ask: Ask) -> str:
        """The status of the answer, or why there is none."""
        self.turn += 1
        request = urllib.request.Request(self.url + ask.path)
        if ask.data is not None:
            told = f"{self.name} {self.turn}"
            text = json.dumps(ask.data, ensure_ascii=False).replace("{turn}", told)
            request.data = text.replace("{siren}", next(self.sirens, "")).encode()
            request.add_header("Content-Type", "application/json")
            request.add_header("Authorization", self.token)
        opener = self.openers.get(ask.who) or _opener()
        try:
            with opener.open(request, timeout=_ANSWER_TIMEOUT) as answer:
                answer.read()
                return str(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return str(error.code)
        except OSError as error:
            return type(error).__name__

    def sign_in(self, who: str) -> None:
        opener = _opener()
        with opener.open(f"{self.url}/user/login", timeout=_ANSWER_TIMEOUT) as page:
            found = _TOKEN.search(page.read().decode())
        assert found, "CKAN's pages carry a CSRF token"
        name = _PEOPLE[who]
        form = {"login": name, "password": _PASSWORD.format(name)}
        body = urllib.parse.urlencode({**form, "_csrf_token": found[1]}).encode()
        try:
            opener.open(f"{self.url}/user/login", body, timeout=_ANSWER_TIMEOUT)
            raise PortalError(f"{name} cannot sign in at the {self.name} node")
        except urllib.error.HTTPError as error:
            if error.code != 302:
                raise PortalError(f"the login answers {error.code}") from error
        self.openers[who] = opener


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def _opener() -> urllib.request.OpenerDirector:
    jar = http.cookiejar.CookieJar()
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPCookieProcessor(jar),
        _Stay(),
    )


def roll(
    env: Environment, version: str, commit: str, minutes: float, participants: int = 0
) -> None:
    """Run both nodes before, during and after the upgrade of the tables.

    :param env: of the CKAN that both run on
    :param version: of the release whose dump is upgraded
    :param commit: its code
    :param minutes: for which both run on upgraded tables
    :param participants: by how many the dump is made larger, with their files, steps,
        visits, awards, applications and journal
    """
    minutes = min(minutes, _MOST_MINUTES)
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="challenge-roll-"))
        )
        python = str(releases.install(env, commit, folder))
        services = stack.enter_context(runs.isolated(env, ini=None))
        database = services["CKAN_SQLALCHEMY_URL"]
        dump = releases.FOLDER / f"{version}.sql.xz"
        _psql(database, lzma.decompress(dump.read_bytes()).decode())
        one, other = ports.choose(2)
        config = _config(folder, services, one)
        environ = dict(services) | {"PORTAL_INI": str(config)}
        pythons = {"old": python, "new": env.bin("python")}

        def ckan(node: str, *words: str) -> list[str]:
            return [pythons[node], env.bin("ckan"), "-c", str(config), *words]

        def run(node: str, *words: str) -> None:
            with part(f"ckan {' '.join(words)} ({node} code)"):
                run_logged(
                    ckan(node, *words),
                    log=DEMO_LOGS / "rolling-command.log",
                    failure=f"ckan {' '.join(words)} failed",
                    env=environ,
                    cwd=folder,
                )

        run("old", "db", "upgrade")
        run("old", "search-index", "rebuild")
        if participants:
            with part(f"Adding {participants} participants"):
                _psql(database, _grown(participants))
        token = subprocess.run(
            ckan("old", "user", "token", "add", "admin", "rolling", "-q"),
            env=environ,
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()[-1]
        nodes = []
        for name, port in (("old", one), ("new", other)):
            command = [pythons[name], env.bin("gunicorn"), f"--bind={HOST}:{port}"]
            command += ["--timeout=120", "--threads=2", "rolling_portal:application"]
            stack.enter_context(_kept_up(f"{name}-web", command, folder, environ))
            work = ckan(name, "jobs", "worker")
            stack.enter_context(_kept_up(f"{name}-worker", work, folder, environ))
            nodes.append(Node(name, f"http://{HOST}:{port}", token))
        for node in nodes:
            _wait(node.url)
            for who in _PEOPLE:
                node.sign_in(who)
        asks = _asks(database)
        sirens = _psql(
            database,
            "SELECT siren FROM challenge_collectivite WHERE kind = 'commune'"
            " AND siren NOT IN (SELECT siren FROM challenge_application)",
        ).splitlines()
        for number, node in enumerate(nodes):
            node.sirens = iter(sirens[number :: len(nodes)])
        counted: dict[str, Counts] = {}
        counted["tables of the release"] = _ask_all(nodes, asks, 60.0)
        upgrade = threading.Thread(
            target=run, args=("new", "db", "upgrade", "-p", "challenge"), daemon=True
        )
        upgrade.start()
        counted["while they are upgraded"] = _ask_all(nodes, asks, 30.0)
        upgrade.join()
        counted["tables of this version"] = _ask_all(nodes, asks, minutes * 60.0)
        print(_table(counted))
        print(_jobs(ckan("new", "jobs", "list"), environ, folder))


#: What a participant more is: of a table, how many rows, the row that is copied, and
#: what each copy has otherwise. ``n`` counts the copies, ``p`` their participants.
_MORE = (
    ('"group"', 1, "name = 'baule'", "'id', p, 'name', p"),
    (
        "package",
        5,
        "id = (SELECT min(package_id) FROM resource)",
        "'id', 'f' || n, 'name', 'f' || n, 'owner_org', p",
    ),
    (
        "resource",
        5,
        "id = (SELECT min(id) FROM resource)",
        "'id', 'f' || n, 'package_id', 'f' || n",
    ),
    (
        "challenge_conformity",
        5,
        "resource_id = (SELECT min(resource_id) FROM challenge_conformity)",
        "'resource_id', 'f' || n",
    ),
    (
        "challenge_application",
        1,
        "id = (SELECT min(id) FROM challenge_application WHERE state = 'accepted')",
        "'id', p, 'reference', p, 'siren', p, 'organization_id', p",
    ),
    (
        "challenge_participant",
        1,
        "siren = '214500241'",
        "'id', p, 'organization_id', p, 'application_id', p, 'siren', p",
    ),
    (
        "challenge_step_status",
        1,
        "participant_id IN (SELECT id FROM challenge_participant"
        " WHERE siren = '214500241')",
        "'participant_id', p",
    ),
    (
        "challenge_visit",
        4,
        "id = (SELECT min(id) FROM challenge_visit)",
        "'id', 'f' || n, 'participant_id', p",
    ),
    (
        "challenge_award",
        1,
        "id = (SELECT min(id) FROM challenge_award WHERE state = 'active')",
        "'id', p, 'organization_id', p",
    ),
    (
        "challenge_journal",
        10,
        "id = (SELECT max(id) FROM challenge_journal)",
        "'id', 1000000 + n",
    ),
)


def _grown(participants: int) -> str:
    """Statements that make the dump of a release larger."""
    return "".join(
        f"INSERT INTO {table} SELECT (jsonb_populate_record(t,"
        f" jsonb_build_object({changes}))).* FROM {table} t,"
        f" (SELECT n, 'more-' || (n - 1) % {participants} AS p"
        f" FROM generate_series(1, {participants * count}) n) m WHERE t.{where};\n"
        for table, count, where, changes in _MORE
    )


#: Of each node and kind of request, how often it answered what, and by what path.
Counts = dict[tuple[str, str], Counter[tuple[str, str]]]


def _asks(database: str) -> list[Ask]:
    """What readers and people who work ask for, from what the dump holds."""
    season, organization, participant = _row(
        database,
        "SELECT c.name, g.name, p.id FROM challenge_participant p"
        " JOIN challenge_cohort c ON c.id = p.cohort_id"
        ' JOIN "group" g ON g.id = p.organization_id'
        " WHERE c.state = 'running' AND p.siren = '214500241'",
    )
    (award,) = _row(
        database,
        "SELECT id FROM challenge_award WHERE state = 'active' ORDER BY id LIMIT 1",
    )
    dataset, dataset_id = _row(
        database,
        "SELECT p.name, p.id FROM package p"
        " JOIN challenge_participant t ON t.organization_id = p.owner_org"
        " WHERE p.state = 'active' AND NOT p.private ORDER BY 1 LIMIT 1",
    )
    (open_season,) = _row(
        database, "SELECT name FROM challenge_cohort WHERE state = 'open'"
    )
    page = f"/challenge/{season}/{organization}"
    api = "/api/3/action/"
    ckan = ["/", "/dataset/", f"/dataset/{dataset}", f"/organization/{organization}"]
    ckan += [f"{api}package_search", f"{api}package_show?id={dataset}"]
    ours = ["/challenge", f"/challenge/{season}", page, f"/challenge/{season}/data"]
    ours += [f"/challenge/awards/{award}", f"/challenge/awards/{award}.json"]
    ours += ["/challenge/status/0.json", "/challenge/badges", "/challenge/kits"]
    ours += [f"/challenge/badge/{organization}.svg"]
    desk = f"/challenge/manage/{season}"
    works: dict[str, dict[str, object]] = {
        "package_patch": {"id": dataset_id, "notes": "Vu par {turn}."},
        "challenge_step_update": {
            "participant": participant,
            "step": "inventaire",
            "state": "in_progress",
            "note": "Noté par {turn}.",
        },
        "challenge_participant_message_create": {
            "participant": participant,
            "text": "Bonjour de {turn}.",
        },
        "challenge_visit_create": {
            "participant": participant,
            "date": time.strftime("%Y-%m-%d"),
            "days": 0.5,
            "topic": "Point avec {turn}",
        },
        "challenge_application_create": {
            "cohort": open_season,
            "siren": "{siren}",
            "contact_email": "essai@example.org",
            "draft": True,
        },
        "challenge_subscription_create": {
            "email": "lectrice@example.org",
            "cohort": season,
            "language": "fr",
        },
    }
    pages = [
        *(Ask("CKAN's pages", path) for path in ckan),
        *(Ask("pages of the challenge", path) for path in ours),
        Ask("CKAN's pages", "/dashboard/", "member"),
        Ask("checklist of a member", page, "member"),
        Ask("desk of a manager", "/challenge/manage", "manager"),
        Ask("desk of a manager", desk, "manager"),
        Ask("desk of a manager", f"{desk}/applications", "manager"),
        Ask("health", "/challenge/health/ready"),
    ]
    asks: list[Ask] = []
    work = itertools.cycle(Ask(name, api + name, "", it) for name, it in works.items())
    for number, ask in enumerate(pages):
        asks.append(ask)
        if number % 3 == 2:
            asks.append(next(work))
    return asks


def _ask_all(nodes: Sequence[Node], asks: Sequence[Ask], seconds: float) -> Counts:
    """Ask each node for all of it, again and again, at the pace of a quiet portal."""
    counted: Counts = defaultdict(Counter)
    lock = threading.Lock()

    def go_on(node: Node) -> None:
        end = time.monotonic() + seconds
        for ask in itertools.cycle(asks):
            began = time.monotonic()
            if began >= end:
                return
            status = node.answer(ask)
            with lock:
                counted[node.name, ask.kind][status, ask.path] += 1
            time.sleep(max(0.0, _PAUSE - (time.monotonic() - began)))

    threads = [threading.Thread(target=go_on, args=(node,)) for node in nodes]
    with part(f"{seconds / 60:.1f} minutes of requests"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return counted


def _table(counted: Mapping[str, Counts]) -> str:
    lines = ["| tables | node | what | asked | answers |", "|---|---|---|---:|---|"]
    for phase, counts in counted.items():
        for (node, kind), answers in sorted(counts.items(), reverse=True):
            by_status: Counter[str] = Counter()
            for (status, _), count in answers.items():
                by_status[status] += count
            told = []
            for status, count in by_status.most_common():
                paths = sorted({path for each, path in answers if each == status})
                where = "" if status == "200" else f" ({', '.join(paths[:4])})"
                told.append(f"{status}: {count}{where}")
            asked = sum(by_status.values())
            lines.append(f"| {phase} | {node} | {kind} | {asked} | {'; '.join(told)} |")
    return "\n".join(lines)


def _jobs(command: Sequence[str], environ: Mapping[str, str], folder: Path) -> str:
    done = subprocess.run(
        command,
        env=dict(environ),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return f"jobs left:\n{done.stdout[-2000:]}"


def _config(folder: Path, services: Mapping[str, str], port: int) -> Path:
    config = folder / "ckan.ini"
    (folder / "region").mkdir()
    ini.write(
        config,
        {
            "site_url": f"http://{HOST}:{port}",
            "region": folder / "region",
            "secret_key": "only-for-this-run",
            "sqlalchemy_url": services["CKAN_SQLALCHEMY_URL"],
            "solr_url": services["CKAN_SOLR_URL"],
            "redis_url": services["CKAN_REDIS_URL"],
            "storage_path": folder / "storage",
            "smtp_server": f"{HOST}:1",
        },
    )
    limits = "".join(
        f"ckanext.challenge.rate_limit_{name} = 0\n"
        for name in ("email", "address", "network")
    )
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("[loggers]", f"{limits}\n[loggers]", 1), encoding="utf-8"
    )
    shutil.copy(PORTAL / "wsgi.py", folder / "rolling_portal.py")
    return config


@contextmanager
def _kept_up(
    name: str, command: Sequence[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[None]:
    log = DEMO_LOGS / f"rolling-{name}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            dies_with_parent(command),
            cwd=folder,
            env=dict(environ),
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
        try:
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait(url: str) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT
    while True:
        try:
            ports.get(f"{url}/about", _ANSWER_TIMEOUT)
            return
        except OSError as error:
            if time.monotonic() > deadline:
                raise PortalError(f"{url} does not answer: {error}") from error
            time.sleep(0.5)


def _row(database: str, query: str) -> list[str]:
    lines = _psql(database, query).splitlines()
    if not lines:
        raise PortalError(f"the dump has no row for: {query}")
    return lines[0].split("|")


def _psql(database: str, statements: str) -> str:
    programs = postgres_bin(None)
    if programs is None:
        raise PortalError("PostgreSQL's programs are not installed")
    done = subprocess.run(
        [str(programs / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", database],
        input=statements,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        check=False,
    )
    if done.returncode:
        raise PortalError(f"psql: {done.stderr.strip()[:300]}")
    return done.stdout.strip()
