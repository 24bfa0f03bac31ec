"""The portal beside extensions of others: installed in one environment, tried alone
and together in both orders of plugins, and told in ``docs/coexistence.md``.

Whose fault something is, is found and not judged: what fails in the same way without
this extension is theirs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

from portal import pins, ports, runs
from portal.console import PortalError, part, say
from portal.environment import Environment
from portal.extensions import EXTENSIONS, Extension
from portal.paths import DEMO_LOGS, ROOT, STATE
from portal.process import clean_environ, dies_with_parent, run_logged
from portal.results import Results
from portal.system import postgres_bin

_HEAD = """
# Beside other extensions

`make coexist` installs these extensions in one environment, fetches CKAN's pages and
the extension's as a visitor, a manager and a sysadmin, in French and English, with each
alone and with all at once, in both orders of plugins, and writes this page. What fails
in the same way without `challenge` is theirs.
`make coexist CKAN=2.11 ARGS=harvest` tries one.

Where two meet there are checks: what ckanext-harvest writes waits to be evaluated and
is measured (`harvested`); xloader and the check against national schemas each take a
new file once, and what xloader writes queues no second check (`loaded`); the audit has
the extension's actions (`audited`).
"""
_OWN = ("challenge", "scheming_datasets", "scheming_organizations", "activity")


@dataclass(frozen=True)
class Crowd(Environment):
    """An environment with all the extensions, apart from those of ``make demo`` and of
    ``make test``.
    """

    @property
    def path(self) -> Path:
        return STATE / f"coexist-{self.version}"


def coexist(version: str, names: Sequence[str]) -> int:
    """Try the extensions, all or those that are named, and write the page.

    :param names: of extensions, and ``all`` for all at once; none for everything
    :returns: the exit status: 1 where something fails that is not theirs
    """
    chosen = [one for one in EXTENSIONS if not names or one.name in names]
    unknown = set(names) - {one.name for one in EXTENSIONS} - {"all"}
    if unknown:
        raise PortalError(f"there is no extension {', '.join(sorted(unknown))} here")
    env = Crowd(version)
    refused = _install(env)
    results = Results("coexistence", page)
    rows = results.kept().get(version, {}).get("rows", {}) if names else {}
    together = not names or "all" in names
    with _services(env) as (environ, settings):
        told = _try_all(
            env,
            chosen,
            environ=environ,
            settings=settings,
            refused=refused,
            known=rows,
            together=together,
        )
    results.keep(version, {"rows": {**rows, **told}})
    return int(any(row["whose"] == "ours" for row in told.values()))


def _install(env: Crowd) -> dict[str, str]:
    """Install what is missing.

    :returns: what pip says of those whose packages cannot keep CKAN's versions
    """
    log = DEMO_LOGS / f"coexist-{env.version}.log"

    def pip(*words: str) -> None:
        run_logged(
            [env.bin("python"), "-m", "pip", "install", "--no-input", *words],
            log=log,
            failure="the packages could not be installed",
            env=env.environ(),
        )

    stamp = env.path / "refused.json"
    wanted = [package for one in EXTENSIONS for package in one.packages]
    try:
        known = json.loads(stamp.read_text("utf-8"))
        if known["wanted"] == wanted:
            return known["refused"]
    except (FileNotFoundError, KeyError):
        pass
    with part(f"Installing {len(EXTENSIONS)} extensions beside CKAN {env.version}"):
        if not (env.path / "bin" / "ckan").exists():
            run_logged(
                [sys.executable, "-m", "venv", "--clear", str(env.path)],
                log=log,
                failure="the Python environment could not be made",
            )
            lists = pins.files(env.version, (pins.BASE, "run"))
            for path in lists or [pins.REQUIREMENTS / f"ckan-{env.version}.txt"]:
                exactly = ["--no-deps", "--no-build-isolation"] if lists else []
                pip(*exactly, "-r", str(path))
            pip("--no-deps", "--no-build-isolation", "-e", str(ROOT))
        held = env.path / "held.txt"
        held.write_text(
            "".join(
                f"{name}=={number}\n"
                for path in pins.files(env.version, (pins.BASE, "run"))
                for name, number, _ in pins.read(path)
            ),
            encoding="utf-8",
        )
        refused: dict[str, str] = {}
        for one in EXTENSIONS:
            try:
                pip("-c", str(held), *one.packages)
            except PortalError:
                # With other versions than those that CKAN pins.
                pip(*one.packages)
                refused[one.name] = "asks for other versions than CKAN pins"
    stamp.write_text(json.dumps({"wanted": wanted, "refused": refused}), "utf-8")
    return refused


@contextmanager
def _services(env: Crowd) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """Fresh services, and what settings may name of them."""
    with runs.isolated(env, ini=None) as environ:
        postgres = environ["CKAN_SQLALCHEMY_URL"]
        redis = urlsplit(environ["CKAN_REDIS_URL"])
        base = postgres.rsplit("/", 1)[0]
        owner = urlsplit(postgres)
        _sql(
            owner.port,
            owner.password or "",
            "CREATE DATABASE datastore OWNER ckan",
            f"CREATE ROLE reader LOGIN PASSWORD '{owner.password}'",
        )
        yield (
            environ,
            {
                "postgres": postgres,
                "datastore": f"{base}/datastore",
                "datastore_reader": f"{base.replace('//ckan:', '//reader:')}/datastore",
                "redis_host": redis.hostname or "",
                "redis_port": str(redis.port),
                "redis_password": redis.password or "",
            },
        )


def _sql(port: int | None, password: str, *statements: str) -> None:
    """What only PostgreSQL's own account may do."""
    folder = postgres_bin()
    assert folder is not None
    command = [str(folder / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
    command += ["-h", ports.HOST, "-p", str(port), "-U", "postgres", "-d", "postgres"]
    done = subprocess.run(
        command,
        input=";\n".join([*statements, ""]),
        capture_output=True,
        text=True,
        env=clean_environ() | {"PGPASSWORD": password},
        check=False,
    )
    if done.returncode:
        raise PortalError(f"PostgreSQL refused a statement: {done.stderr.strip()}")


def _permit(env: Crowd, ini: str, environ: Mapping[str, str]) -> None:
    """What CKAN asks PostgreSQL's own account to do for the datastore."""
    told = subprocess.run(
        [env.bin("ckan"), "-c", ini, "datastore", "set-permissions"],
        capture_output=True,
        text=True,
        env=dict(environ),
        cwd=ROOT,
        check=False,
    )
    if told.returncode:
        raise PortalError(f"the datastore cannot be set up: {told.stderr[-500:]}")
    owner = urlsplit(environ["CKAN_SQLALCHEMY_URL"])
    # What CKAN logs comes before it.
    statements = told.stdout[told.stdout.index("\\connect") :]
    _sql(owner.port, owner.password or "", statements)


def _ini(
    folder: Path, name: str, plugins: Sequence[str], more: Mapping[str, str]
) -> Path:
    settings = {"ckan.plugins": " ".join(plugins), "WTF_CSRF_ENABLED": "true", **more}
    settings["ckan.storage_path"] = str(folder / "storage")
    lines = [
        line
        for line in (ROOT / "test.ini").read_text("utf-8").splitlines()
        if line.partition("=")[0].strip() not in settings
        and not (line.startswith("scheming.") and "challenge" not in plugins)
        and line != "testing = true"
    ]
    at = lines.index("[app:main]") + 1
    lines[at:at] = [f"{key} = {value}" for key, value in settings.items()]
    ini = folder / f"{name}.ini"
    ini.write_text("\n".join(lines), encoding="utf-8")
    return ini


def _try_all(
    env: Crowd,
    chosen: Sequence[Extension],
    *,
    environ: Mapping[str, str],
    settings: Mapping[str, str],
    refused: Mapping[str, str],
    known: Mapping[str, Mapping[str, Any]],
    together: bool,
) -> dict[str, dict[str, Any]]:
    """What is found of those that are chosen, and of all at once that can be there.

    :param known: what was found of others before
    :param together: whether they are to be tried all at once
    """
    with tempfile.TemporaryDirectory(prefix="portal-coexist-") as name:
        folder = Path(name)

        def a_try(label: str, among: Sequence[Extension], how: str) -> dict[str, Any]:
            theirs = [plugin for one in among for plugin in one.plugins]
            plugins = {
                "first": [*_OWN[:1], *theirs, *_OWN[1:]],
                "last": [*theirs, *_OWN],
                "without": [*theirs, "activity"],
            }[how]
            more = {
                key: Template(text).substitute(settings)
                for one in among
                for key, text in one.settings.items()
            }
            ini = _ini(folder, f"{label}-{how}", plugins, more)
            return {
                "label": label,
                "how": how,
                "ini": str(ini),
                "plugins": plugins,
                "world": str(folder / "world.json"),
            }

        tries = [a_try("nothing", [], "first")]
        tries += [a_try(one.name, [one], "first") for one in chosen]
        datastores = [one for one in EXTENSIONS if "datastore" in one.plugins]
        for one in datastores:
            _permit(env, a_try("permissions", [one], "without")["ini"], environ)
        found = _run(env, folder, tries, environ)
        failing = {row["label"] for row in found if _fails(row)}
        # Whose is it?
        alone = [
            a_try(one.name, [one], "without") for one in chosen if one.name in failing
        ]
        found += _run(env, folder, alone, environ)
        rows = _rows(found, chosen, refused)
        found_of = {**known, **rows}
        there = [
            one
            for one in EXTENSIONS
            if one.name in found_of and found_of[one.name]["whose"] != "theirs"
        ]
        if together and len(there) > 1:
            crowd = [a_try("all", there, how) for how in ("first", "last")]
            both = _run(env, folder, crowd, environ)
            if any(map(_fails, both)):
                both += _run(env, folder, [a_try("all", there, "without")], environ)
            rows["all"] = judged(both, [one.name for one in there])
    return rows


def _run(
    env: Crowd,
    folder: Path,
    tries: Sequence[dict[str, Any]],
    environ: Mapping[str, str],
) -> list[dict[str, Any]]:
    if not tries:
        return []
    asked = folder / "tries.json"
    asked.write_text(json.dumps(tries), "utf-8")
    command = [env.bin("python"), "-m", "portal.coexist_pages", str(asked)]
    found = []
    with (DEMO_LOGS / f"coexist-{env.version}-pages.log").open("a") as log:
        process = subprocess.Popen(
            dies_with_parent(command),
            cwd=ROOT,
            env=dict(environ),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            row = json.loads(line)
            found.append(row)
            said = row["load"] or f"{len(row['bad'])} bad of {row['pages']} pages"
            took = f"{row.get('seconds', 0)} s"
            say(f"    {row['label']}, challenge {row['how']}: {said}, {took}")
            for bad in [*row.get("bad", []), *_unmet(row)][:5]:
                say(f"        {bad}")
        process.wait()
    return found


def _unmet(row: Mapping[str, Any]) -> list[str]:
    return [f"{name}: {said}" for name, said in row.get("checks", {}).items() if said]


def _fails(row: Mapping[str, Any]) -> bool:
    return bool(row["load"] or row["bad"] or _unmet(row))


def judged(found: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """What is told of one extension, of its two orders and of itself without us."""
    by = {row["how"]: row for row in found}
    ours = [by[how] for how in ("first", "last") if how in by]
    without = by.get("without")
    bad = list(dict.fromkeys(line for row in ours for line in row.get("bad", [])))
    bad += dict.fromkeys(line for row in ours for line in _unmet(row))
    load = next((row["load"] for row in ours if row["load"]), "")
    whose = "" if not (load or bad) else "ours"
    if whose and without:
        known = {*without.get("bad", []), *_unmet(without)}
        if without["load"] or (not load and set(bad) <= known):
            whose = "theirs"
    return {
        "with": list(names),
        "pages": [row.get("pages", 0) for row in ours],
        "load": load,
        "bad": bad,
        "whose": whose,
        "checks": sorted({name for row in ours for name in row.get("checks", {})}),
    }


def _rows(
    found: Sequence[Mapping[str, Any]],
    chosen: Sequence[Extension],
    refused: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    rows = {
        one.name: judged([row for row in found if row["label"] == one.name], [one.name])
        for one in chosen
    }
    for one in chosen:
        rows[one.name]["packages"] = list(one.packages)
        rows[one.name]["note"] = refused.get(one.name, "")
    return rows


def page(kept: Mapping[str, Any]) -> str:
    """The page of what was found last, for each version of CKAN."""
    lines = [_HEAD.strip()]
    for version in sorted(kept, reverse=True):
        told = kept[version]
        lines += [
            "",
            f"## CKAN {version}, {told['date']}",
            "",
            "| extension | version | pages | result |",
            "|---|---|---|---|",
        ]
        for name, row in told["rows"].items():
            numbers = ", ".join(map(str, row["pages"]))
            version_told = ", ".join(
                package.partition("==")[2] for package in row.get("packages", [])
            )
            shown = f"all {len(row['with'])} at once" if name == "all" else name
            lines.append(f"| {shown} | {version_told} | {numbers} | {_told(row)} |")
        lines += _details(told["rows"])
    return "\n".join([*lines, ""])


def _told(row: Mapping[str, Any]) -> str:
    words = [f"{check}: good" for check in row["checks"] if not _names(row, check)]
    if row.get("note"):
        words.append(row["note"])
    if not row["whose"]:
        return "; ".join(["good", *words])
    what = "does not load" if row["load"] else f"{len(row['bad'])} wrong"
    return "; ".join([f"{what}, {row['whose']}", *words])


def _names(row: Mapping[str, Any], check: str) -> bool:
    return any(line.startswith(f"{check}:") for line in row["bad"])


def _one_line(text: str) -> str:
    """A message without line ends, backticks and the folders of this machine."""
    short = " ".join(text.replace("`", "").split())
    return re.sub(r"\S*/site-packages/", "", short)[:220]


def _details(rows: Mapping[str, Mapping[str, Any]]) -> list[str]:
    lines: list[str] = []
    for name, row in rows.items():
        told = [row["load"]] if row["load"] else list(row["bad"])
        if told:
            lines += ["", f"**{name}**", ""]
            lines += [f"- `{_one_line(line)}`" for line in told[:6]]
            if len(told) > 6:
                lines.append(f"- and {len(told) - 6} more")
    return lines
