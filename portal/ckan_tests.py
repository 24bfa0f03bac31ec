"""CKAN's own tests, as its package ships them: with the extension and without it, at
the same time, and told in ``docs/ckan-tests.md`` where the two differ.

Without means with ckanext-scheming, which the extension needs, and the schemas that
come with it in both: what is compared is what this extension does to CKAN.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from typing import Any
from xml.etree import ElementTree

from portal import runs
from portal.console import PortalError, part, say
from portal.environment import Environment
from portal.paths import PORTAL
from portal.process import dies_with_parent, explain
from portal.results import Results

_HEAD = """\
# CKAN's own tests

`make ckan-tests` runs the tests that CKAN's package ships twice, side by side: with
ckanext-scheming alone and with the extension besides, both with scheming's own schemas.
It writes this page. `make ckan-tests CKAN=2.11` does so with the other version.
"""
_SCHEMING = """\
ckan.plugins = {plugins}
scheming.dataset_schemas = ckanext.scheming:ckan_dataset.yaml
scheming.presets = ckanext.scheming:presets.json
"""
_REPORT, _LOG = "report.xml", "pytest.log"
_BESIDE = "scheming_datasets"
#: Both sides, with the plugins of each.
SIDES: Mapping[str, str] = {"without": _BESIDE, "with": f"challenge {_BESIDE}"}

#: Why some differ, by the end of their names; the rest has to be looked into.
_WHY: Mapping[str, str] = {
    "TestPackageDictize::test_package_dictize_license": (
        "the extension brings a list of licences with the Licence Ouverte, in which "
        "the address of this one is that of today (`licenses_group_url`)"
    ),
    "TestSessionTypes::test_cookie_storage": (
        "the test reads the cookie of the last page after a login; with the extension "
        "one comes there by `/challenge/mine/begin`, which leads managers and advisers "
        "to their week, and the cookie is set there"
    ),
    "TestSessionTypes::test_redis_storage": (
        "the test wants no other key in Redis; the extension notes there which nodes "
        "there are, and a proxy that says nothing of its readers"
    ),
}

#: The outcome of each test, by its name.
Outcomes = Mapping[str, str]


def compare(env: Environment, arguments: Sequence[str]) -> int:
    """Run the tests on both sides.

    :param arguments: what pytest is asked for besides; the page is written only where
        that is nothing, for then all of them ran
    :returns: 1 where a test fails only with the extension and nobody has said why
    """
    with (
        tempfile.TemporaryDirectory(prefix="ckan-tests-") as folder,
        ExitStack() as stack,
    ):
        running = {
            side: stack.enter_context(_started(env, side, arguments, Path(folder)))
            for side in SIDES
        }
        with part(f"Running the tests of CKAN {env.version} on both sides"):
            found = {side: _ended(*each) for side, each in running.items()}
    told = judged(found["without"], found["with"])
    for test, outcomes in told["differ"].items():
        say(f"    {test}: {outcomes[0]} without, {outcomes[1]} with")
    say(f"    {told['passed']} of {told['tests']} tests pass on both sides")
    if not arguments:
        version = (env.site_file("ckan/__init__.py")).read_text("utf-8")
        told["ckan"] = version.partition('__version__ = "')[2].partition('"')[0]
        Results("ckan-tests", page).keep(env.version, told)
    return int(
        any(_is_worse(pair) and not _why(name) for name, pair in told["differ"].items())
    )


@contextmanager
def _started(
    env: Environment, side: str, arguments: Sequence[str], folder: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The tests of one side under way, with services of their own.

    :returns: the process, and the folder that gets its report
    """
    own = folder / side
    own.mkdir()
    ini = own / "ckan.ini"
    template = Template((PORTAL / "ckan-tests.ini").read_text("utf-8"))
    extensions = _SCHEMING.format(plugins=SIDES[side])
    ini.write_text(template.substitute(extensions=extensions), "utf-8")
    command = [env.bin("python"), "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += [f"--ckan-ini={ini}", f"--junitxml={own / _REPORT}"]
    command += ["--rootdir", str(own), "-W", "ignore", "--pyargs"]
    command += arguments or ["ckan.tests"]
    with (
        runs.isolated(env, ini=ini) as environ,
        (own / _LOG).open("wb") as log,
        subprocess.Popen(
            dies_with_parent(command), env=environ, cwd=own, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield process, own
        finally:
            process.terminate()


def _ended(process: subprocess.Popen[bytes], own: Path) -> Outcomes:
    """What became of the tests of one side.

    :raises PortalError: none has run
    """
    process.wait()
    report = own / _REPORT
    # Tests that fail are what is looked for; without a report none has run.
    if not report.exists():
        tail = (own / _LOG).read_text("utf-8", "replace").splitlines()[-40:]
        raise PortalError(f"the tests {own.name} the extension failed: {explain(tail)}")
    return outcomes(report)


def outcomes(report: Path) -> dict[str, str]:
    """What became of each test, as a report in JUnit's XML tells it.

    :raises PortalError: it tells of none
    """
    found: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        kinds = {child.tag for child in case} & {"failure", "error", "skipped"}
        name = f"{case.get('classname')}::{case.get('name')}"
        found[name] = min(kinds, default="passed")
    if not found:
        raise PortalError(
            "no test was found: name modules of CKAN's tests, as in"
            " ARGS=ckan.tests.controllers.test_user"
        )
    return found


def judged(without: Outcomes, with_: Outcomes) -> dict[str, Any]:
    """What the two sides have in common, and where they differ.

    :returns: ``tests``, ``passed`` (on both sides), ``alike`` (how many ended as what,
        on both) and ``differ`` (test → outcome without and with)
    """
    names = sorted(without.keys() | with_.keys())
    pairs = {
        name: (without.get(name, "missing"), with_.get(name, "missing"))
        for name in names
    }
    alike = Counter(first for first, second in pairs.values() if first == second)
    return {
        "tests": len(names),
        "passed": alike["passed"],
        "alike": dict(alike),
        "differ": {
            name: list(pair) for name, pair in pairs.items() if len(set(pair)) > 1
        },
    }


def _is_worse(pair: Sequence[str]) -> bool:
    return pair[1] in ("failure", "error", "missing")


def _why(name: str) -> str:
    return next((why for end, why in _WHY.items() if name.endswith(end)), "")


def page(kept: Mapping[str, Mapping[str, Any]]) -> str:
    """The page that tells what was found, version by version."""
    lines = [
        _HEAD,
        "| CKAN | date | tests | pass on both sides | alike otherwise | differ |",
        "|---|---|---:|---:|---|---:|",
    ]
    for version in sorted(kept, reverse=True):
        told = kept[version]
        others = ", ".join(
            f"{number} {kind}"
            for kind, number in sorted(told["alike"].items())
            if kind != "passed"
        )
        lines.append(
            f"| {told['ckan']} | {told['date']} | {told['tests']} | {told['passed']} "
            f"| {others} | {len(told['differ'])} |"
        )
    for version in sorted(kept, reverse=True):
        differ = kept[version]["differ"]
        if differ:
            lines += ["", f"## What differs on CKAN {version}", ""]
            lines += ["| test | without | with | why |", "|---|---|---|---|"]
            lines += [
                f"| `{name}` | {pair[0]} | {pair[1]} | {_why(name)} |"
                for name, pair in differ.items()
            ]
    return "\n".join([*lines, ""])
