"""The rooms of the house: what imports what, as the contract and the document say."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import grimp
import pytest

try:
    import tomllib
except ModuleNotFoundError:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
PACKAGE = "ckanext.challenge"
#: A line of the document: a room, and those that it imports.
_LINE = re.compile(r"^`(\w+)` → (.+)$", re.MULTILINE)


def _layers() -> list[list[str]]:
    """The rooms of each layer, from the top."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (one["layers"] for one in contracts if one["type"] == "layers")
    return [re.findall(r"\w+", layer) for layer in layers]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        PACKAGE, exclude_type_checking_imports=True, cache_dir=None
    )


def _room(module: str) -> str:
    return module.split(".")[2] if module.count(".") > 1 else ""


@pytest.fixture(scope="module")
def arrows(graph: grimp.ImportGraph) -> dict[str, set[str]]:
    """By room, the other rooms that it imports."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        for imported in graph.find_modules_directly_imported_by(module):
            pair = _room(module), _room(imported)
            if all(pair) and pair[0] != pair[1]:
                found[pair[0]].add(pair[1])
    return found


def test_no_circle_of_files(graph: grimp.ImportGraph) -> None:
    # What imports nothing that is left is taken away, until nothing more can be.
    left = {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules
    }
    while free := [module for module, imported in left.items() if not imported]:
        for module in free:
            del left[module]
        left = {module: imported - {*free} for module, imported in left.items()}
    assert sorted(left) == []


def test_the_document_lists_what_each_room_imports(
    arrows: dict[str, set[str]],
) -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    told = {room: set(re.findall(r"\w+", rest)) for room, rest in _LINE.findall(text)}
    assert told == dict(arrows)


def test_the_document_lists_the_layers() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("## The rooms")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    assert [set(re.findall(r"`(\w+)[/`.]", row)) for row in rows] == [
        set(layer) for layer in _layers()
    ]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the package with its contract."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(
        ROOT / "ckanext",
        tmp_path / "ckanext",
        ignore=lambda folder, names: [
            name
            for name in names
            if not name.endswith(".py") and not (Path(folder) / name).is_dir()
        ],
    )
    return tmp_path


# What is installed comes first otherwise.
_PROGRAM = """
import sys, ckanext
ckanext.__path__ = ["ckanext", *ckanext.__path__]
from importlinter.cli import lint_imports
sys.exit(lint_imports(no_cache=True))
"""


def _check(house: Path) -> tuple[int, str]:
    """The exit status of the check of imports, and what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=house,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.seconds(2)
def test_the_house_keeps_its_contract(house: Path) -> None:
    status, told = _check(house)
    assert status == 0, told


@pytest.mark.seconds(2)
def test_a_room_without_a_place_fails_the_check(house: Path) -> None:
    for name in ("attic.py", "cellar/__init__.py"):
        file = house / "ckanext" / "challenge" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text('"""A room that nobody has placed."""\n')
    status, told = _check(house)
    assert status != 0
    assert "attic" in told
    assert "cellar" in told


#: Where an import is added, and the import: each breaks a rule of its own.
FORBIDDEN = [
    ("domain.text", "ckan"),
    ("domain.deadlines", f"{PACKAGE}.config"),
    ("model.base", f"{PACKAGE}.common.journal"),
    ("cohorts.window", f"{PACKAGE}.badges.mails"),
    ("notifications.kinds", f"{PACKAGE}.applications.mails"),
    ("views.participant_rows", f"{PACKAGE}.model"),
    ("views.badge_rows", f"{PACKAGE}.badges.shortfalls"),
    ("views.forms", "sqlalchemy"),
]


@pytest.mark.seconds(2)
def test_an_arrow_that_goes_up_fails_the_check(house: Path) -> None:
    for where, what in FORBIDDEN:
        path = house / "ckanext" / "challenge" / f"{where.replace('.', '/')}.py"
        with path.open("a") as file:
            file.write(f"\nimport {what}\n")
    status, told = _check(house)
    assert status != 0
    assert [
        (where, what)
        for where, what in FORBIDDEN
        if f"{PACKAGE}.{where} -> {what}" not in told
    ] == []


def test_the_styles_of_a_page_are_light() -> None:
    """What every page of ours loads, as a telephone gets it and as people read it."""
    assets = ROOT / "ckanext" / "challenge" / "assets"
    styles = {path.name: path.read_bytes() for path in assets.glob("*.css")}
    assert len(styles["challenge.css"]) < 15 * 1024 + 512
    sent = gzip.compress(styles["challenge.css"] + styles["schemes.css"])
    assert len(sent) < 5 * 1024
    assert len(styles["frame.css"]) < 1536
