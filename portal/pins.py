"""The very packages of the environments, each with the digest of its file.

``portal/portal lock`` asks pip what it would install, and writes it down for this
version of Python on this kind of machine. Where there is such a list, nothing else is
installed, and a file that has another digest is refused.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import sysconfig
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from portal.console import PortalError, part
from portal.paths import DEMO_LOGS, PORTAL, ROOT
from portal.process import run_logged

REQUIREMENTS = PORTAL / "requirements"
#: What builds the packages that come as sources, and installs all; it comes first.
BASE = "base"
#: How pip installs what a list holds, and nothing beside it.
EXACTLY = ("--require-hashes", "--no-deps", "--no-build-isolation")
#: What is locked, and what each is installed with. What the first needs is in it, what
#: the others need besides is in theirs.
PARTS: Mapping[str, tuple[str, ...]] = {
    BASE: (),
    "run": (BASE,),
    "test": (BASE, "run"),
    "lint": (BASE, "run"),
}
_PINNED = re.compile(r"([A-Za-z0-9._-]+)==(\S+) --hash=sha256:([0-9a-f]{64})")
_DIGEST = "# sha256 of what was asked for: "

#: Name and version of a package, and the digest of its file.
Pin = tuple[str, str, str]


def kind_of_machine() -> str:
    """The version of Python and the kind of machine for which files are chosen."""
    python = ".".join(map(str, sys.version_info[:2]))
    return f"py{python}-{sysconfig.get_platform()}"


def folder(version: str) -> Path:
    """Where the lists for a version of CKAN are, on a machine such as this."""
    return REQUIREMENTS / "locked" / kind_of_machine() / version


def files(version: str, parts: Collection[str]) -> list[Path]:
    """The lists of some parts; none where nobody has locked for such a machine.

    :raises PortalError: what is asked for has changed since
    """
    lists = [folder(version) / f"{name}.txt" for name in parts]
    if not all(path.exists() for path in lists):
        return []
    if not is_current(version, lists[0].parent):
        raise PortalError(
            f"the requirements for CKAN {version} have changed since they were locked: "
            "run portal/portal lock"
        )
    return lists


def is_current(version: str, lists: Path) -> bool:
    """Whether the lists in a folder were made of what is asked for now."""
    wanted = _DIGEST + _asked(version)
    return all(
        (lists / f"{name}.txt").read_text(encoding="utf-8").startswith(wanted)
        for name in PARTS
    )


def read(path: Path) -> list[Pin]:
    """What a list holds.

    :raises PortalError: a line is no pinned package with a digest
    """
    found: list[Pin] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            continue
        match = _PINNED.fullmatch(line)
        if match is None:
            raise PortalError(f"{path} holds {line!r}")
        found.append((match[1], match[2], match[3]))
    return found


def _asked(version: str) -> str:
    """A digest of all that is asked for."""
    names = (f"ckan-{version}", *PARTS)
    texts = [(REQUIREMENTS / f"{name}.txt").read_text("utf-8") for name in names]
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    for table in ("requires", "dependencies"):
        match = re.search(rf"^{table} = \[.*?\]$", project, re.MULTILINE | re.DOTALL)
        texts.append(match[0] if match else "")
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def lock(versions: Sequence[str]) -> None:
    """Choose the packages for these versions of CKAN anew, and write them down.

    :raises PortalError: they cannot be chosen, or not be installed as written
    """
    with tempfile.TemporaryDirectory(prefix="challenge-lock-") as name:
        work = Path(name)
        python = _new_pip(work)
        for version in versions:
            with part(f"Choosing the packages for CKAN {version}: some minutes"):
                _lock(python, version, work)
            with part(f"Trying them for CKAN {version} where nothing is kept"):
                _try(version, work)


def _new_pip(work: Path) -> Path:
    """A Python with a pip of today: the one that comes with Python may be old."""
    log = DEMO_LOGS / "lock.log"
    python = work / "venv" / "bin" / "python"
    failure = "pip could not be renewed"
    run_logged(
        [sys.executable, "-m", "venv", str(work / "venv")], log=log, failure=failure
    )
    base = str(REQUIREMENTS / f"{BASE}.txt")
    run_logged(
        [str(python), "-m", "pip", "install", "--upgrade", "-r", base],
        log=log,
        failure=failure,
    )
    return python


def _lock(python: Path, version: str, work: Path) -> None:
    # All at once first, so that the parts agree.
    everything = _choose(python, version, tuple(PARTS), work)
    agreed = work / "agreed.txt"
    agreed.write_text("".join(f"{name}=={number}\n" for name, number, _ in everything))
    lists: dict[str, set[Pin]] = {}
    for name, before in PARTS.items():
        found = set(_choose(python, version, (*before, name), work, agreed))
        lists[name] = found.difference(*(lists[each] for each in before))
    target = folder(version)
    target.mkdir(parents=True, exist_ok=True)
    for name, pins in lists.items():
        lines = [f"{pin[0]}=={pin[1]} --hash=sha256:{pin[2]}" for pin in sorted(pins)]
        text = "\n".join([_DIGEST + _asked(version), *lines, ""])
        (target / f"{name}.txt").write_text(text, encoding="utf-8")


def _try(version: str, work: Path) -> None:
    """Have pip prepare all of them with no wheel of an earlier build at hand: what
    builds the packages that come as sources must be in the first list.
    """
    log = DEMO_LOGS / "lock.log"
    failure = f"the packages for CKAN {version} cannot be installed as they are locked"
    empty = work / f"venv-{version}"
    run_logged([sys.executable, "-m", "venv", str(empty)], log=log, failure=failure)
    pip = [str(empty / "bin" / "python"), "-m", "pip", "install", "--no-cache-dir"]
    first, *others = files(version, tuple(PARTS))
    for options in (["-r", str(first)], ["--dry-run", *each(others)]):
        run_logged([*pip, *EXACTLY, *options], log=log, failure=failure)


def each(lists: Iterable[Path]) -> list[str]:
    """The options with which pip reads some lists."""
    return [word for path in lists for word in ("-r", str(path))]


def _choose(
    python: Path,
    version: str,
    parts: Collection[str],
    work: Path,
    agreed: Path | None = None,
) -> list[Pin]:
    """What pip would install of some parts into an empty environment.

    :param agreed: the versions that were chosen already
    """
    report = work / "report.json"
    command = [str(python), "-m", "pip", "install", "--no-input", "--dry-run"]
    command += ["--ignore-installed", "--report", str(report)]
    for name in parts:
        command += ["-r", str(REQUIREMENTS / f"{name}.txt")]
    if set(parts) != {BASE}:
        command += ["-r", str(REQUIREMENTS / f"ckan-{version}.txt"), "-e", str(ROOT)]
    if agreed is not None:
        command += ["-c", str(agreed)]
    run_logged(
        command, log=DEMO_LOGS / "lock.log", failure="pip could not choose the packages"
    )
    found: list[Pin] = []
    for item in json.loads(report.read_text(encoding="utf-8"))["install"]:
        archive = item["download_info"].get("archive_info")
        # The extension itself is a folder.
        if archive is not None:
            about = item["metadata"]
            digest = archive["hashes"]["sha256"]
            found.append((about["name"].lower(), about["version"], digest))
    return found
