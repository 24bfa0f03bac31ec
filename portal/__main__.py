"""The command line behind the Makefile."""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
from collections.abc import Sequence

from portal import (
    ckan_tests,
    coexist,
    demo,
    environment,
    fuzz,
    lint,
    pins,
    ports,
    pythons,
    releases,
    rolling,
    runs,
    setup,
    signals,
    system,
    wheel,
)
from portal.console import PortalError, warn
from portal.paths import ROOT
from portal.process import dies_with_parent
from portal.signals import Stopped


def main(arguments: Sequence[str]) -> int:
    """Run one command.

    :returns: the exit status
    """
    signals.install()
    # A terminal that cannot show a character shows a "?" in its place.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        options = _parser().parse_args(arguments)
        return options.run(options)
    except PortalError as error:
        warn(str(error))
        return 1
    except Stopped as stopped:
        return 128 + stopped.signum
    except BrokenPipeError:
        # Whoever read our output is gone; so is the use of flushing it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        warn(f"{error.filename}: {error.strerror}" if error.filename else str(error))
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="portal/portal", description="A whole CKAN portal on one machine."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    run = commands.add_parser("demo", help="run the whole portal until Ctrl-C")
    run.add_argument(
        "--port",
        type=_port,
        default=5000,
        help="where the portal answers (default: %(default)s)",
    )
    run.set_defaults(run=lambda options: demo.demo(options.port))

    stop = commands.add_parser(
        "stop", help="end the portal that runs in another terminal"
    )
    stop.set_defaults(run=lambda options: demo.stop())

    for name, told, run_it in (
        ("test", "run pytest with fresh services; what follows goes to pytest", _test),
        ("shell", "run any command (bash, where none is given) with services", _shell),
        ("coexist", "try the portal beside extensions of others", _coexist),
        ("ckan-tests", "run CKAN's own tests with and without it", _ckan_tests),
    ):
        versioned = commands.add_parser(name, help=told)
        versioned.add_argument(
            "--ckan",
            default=environment.DEFAULT_VERSION,
            help="the version of CKAN (default: %(default)s)",
        )
        versioned.add_argument("rest", nargs=argparse.REMAINDER)
        versioned.set_defaults(run=run_it)

    bench = commands.add_parser(
        "bench",
        help="run the benchmarks with fresh services",
    )
    bench.add_argument("benchmark", nargs=argparse.REMAINDER)
    bench.set_defaults(run=_bench)

    fuzzing = commands.add_parser("fuzz", help="have Schemathesis ask the API")
    fuzzing.add_argument("--ckan", default=environment.DEFAULT_VERSION)
    fuzzing.add_argument(
        "--seconds",
        type=int,
        default=25,
        help="for which a visitor asks, and then a sysadmin (default: %(default)s)",
    )
    fuzzing.set_defaults(
        run=lambda options: fuzz.fuzz(_ready(options.ckan), options.seconds)
    )

    linting = commands.add_parser("lint", help="check style, types and imports")
    linting.set_defaults(run=lambda options: lint.lint(_checked()))

    check = commands.add_parser(
        "check", help="lint, and run the tests that ask for nothing of CKAN"
    )
    check.set_defaults(run=lambda options: lint.check(_checked()))

    others = commands.add_parser(
        "pythons", help="import and test what needs no CKAN on each other Python"
    )
    others.set_defaults(run=lambda options: pythons.check())

    translations = commands.add_parser(
        "translations", help="renew the catalogues of messages"
    )
    translations.set_defaults(run=_translations)

    package = commands.add_parser(
        "wheel", help="check the wheel, installed in a clean environment"
    )
    package.set_defaults(run=_wheel)

    locking = commands.add_parser(
        "lock", help="choose the packages of the environments anew, with their digests"
    )
    locking.set_defaults(run=_lock)

    dumping = commands.add_parser(
        "dump", help="write the database of a release, for the tests of upgrades"
    )
    dumping.add_argument("version", help="of the release, such as 0.1.0")
    dumping.add_argument(
        "--at", default="HEAD", help="its commit (default: %(default)s)"
    )
    dumping.set_defaults(run=_dump)

    roll = commands.add_parser(
        "roll", help="upgrade a release under two nodes, and count what both answer"
    )
    roll.add_argument("version", help="of the release, such as 0.1.0")
    roll.add_argument("--at", required=True, help="its commit")
    roll.add_argument(
        "--minutes",
        type=float,
        default=10.0,
        help="on upgraded tables (default: %(default)s)",
    )
    roll.add_argument(
        "--participants",
        type=int,
        default=0,
        help="by how many the dump is made larger (default: %(default)s)",
    )
    roll.set_defaults(run=_roll)

    clean = commands.add_parser("clean", help="remove all that this package made")
    clean.set_defaults(run=lambda options: setup.clean())
    return parser


def _lock(options: argparse.Namespace) -> int:
    pins.lock(environment.versions())
    return 0


def _dump(options: argparse.Namespace) -> int:
    commit = releases.resolve(options.at)
    releases.write(_ready(releases.CKAN), options.version, commit)
    return 0


def _roll(options: argparse.Namespace) -> int:
    commit = releases.resolve(options.at)
    env = _ready(environment.DEFAULT_VERSION)
    rolling.roll(env, options.version, commit, options.minutes, options.participants)
    return 0


def _test(options: argparse.Namespace) -> int:
    env = _ready(options.ckan)
    return runs.test(env, _after_dashes(options.rest))


def _shell(options: argparse.Namespace) -> int:
    return _with_services(options.ckan, _after_dashes(options.rest) or ["bash"])


def _bench(options: argparse.Namespace) -> int:
    return _with_services(
        environment.DEFAULT_VERSION,
        ["python", "-m", "benchmarks", *_after_dashes(options.benchmark)],
    )


def _coexist(options: argparse.Namespace) -> int:
    version = environment.environment(options.ckan).version
    setup.prepare_services(setup.SERVICES)
    return coexist.coexist(version, _after_dashes(options.rest))


def _ckan_tests(options: argparse.Namespace) -> int:
    return ckan_tests.compare(_ready(options.ckan), _after_dashes(options.rest))


def _checked() -> environment.Environment:
    """The environment that checks are made in."""
    env = environment.environment()
    setup.prepare(
        env, ["run", "test", "lint"], [system.SETPRIV, system.LIBMAGIC], solr=False
    )
    return env


def _translations(options: argparse.Namespace) -> int:
    env = environment.environment()
    setup.prepare(env, ["run"], [system.SETPRIV, system.LIBMAGIC], solr=False)
    command = dies_with_parent([env.bin("python"), "-m", "portal.catalogues"])
    return subprocess.run(command, cwd=ROOT, env=env.environ(), check=False).returncode


def _wheel(options: argparse.Namespace) -> int:
    env = environment.environment()
    setup.prepare(env, ["run", "lint"], [*setup.SERVICES, *system.BUILD])
    wheel.check(env)
    return 0


def _with_services(version: str, command: Sequence[str]) -> int:
    return runs.run(_ready(version), command)


def _ready(version: str) -> environment.Environment:
    """The environment of this version of CKAN, with all that a run of it needs."""
    env = environment.environment(version)
    tools = [*setup.SERVICES, system.CHROMIUM, system.NGINX]
    setup.prepare(env, ["run", "test"], tools)
    return env


def _port(text: str) -> int:
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise PortalError(
            f"{text!r} is no port: choose a number from 1024 to 65535, "
            "such as make demo PORT=5050"
        )
    port = int(text)
    if port in ports.REFUSED_BY_BROWSERS:
        raise PortalError(f"browsers refuse port {port}: choose another, such as 5050")
    return port


def _after_dashes(arguments: list[str]) -> list[str]:
    return arguments[1:] if arguments[:1] == ["--"] else arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
