"""What is said of the package: where its code is, which version it is, who runs it."""

from __future__ import annotations

import re
import runpy
import stat
from pathlib import Path
from typing import Any

import pytest
import setuptools
import yaml

from portal import pythons, wheel
from portal.paths import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
REPOSITORY = re.findall(r'^Repository = "(.+)"$', PROJECT, re.M)[0]
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture
def described(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What setup.py says besides pyproject.toml."""
    told: dict[str, Any] = {}
    monkeypatch.setattr(setuptools, "setup", lambda **said: told.update(said))
    runpy.run_path(str(ROOT / "setup.py"))
    return told


def test_the_readme_leads_to_what_there_is(described: dict[str, Any]) -> None:
    here = LINK.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    there = LINK.findall(described["long_description"])
    assert len(there) == len(here) > 20
    for (picture, path), (_, address) in zip(here, there, strict=True):
        if path.startswith(("https:", "http:", "#")):
            assert address == path
            continue
        assert (ROOT / path.partition("#")[0]).exists(), path
        kind = "raw" if picture else "blob"
        assert re.fullmatch(
            rf"{re.escape(REPOSITORY)}/{kind}/(HEAD|v[\d.]+)/{re.escape(path)}", address
        )


def test_the_address_of_the_code_is_one() -> None:
    table = re.findall(r"^\[project\.urls\]$(.*?)^\[", PROJECT, re.M | re.S)[0]
    addresses = re.findall(r'"(https://[^"]+)"', table)
    assert len(addresses) >= 5
    assert all(each.startswith(REPOSITORY) for each in addresses)
    for address in addresses:
        path = address.partition("/HEAD/")[2]
        assert not path or (ROOT / path).exists()


def test_what_is_cited_is_the_newest_release() -> None:
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[\d.]*)\] - (\S+)$", changes, re.M)[0]
    assert (cited["version"], str(cited["date-released"])) == newest
    assert cited["repository-code"] == REPOSITORY


def test_what_is_developed_comes_after_what_was_released() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## \[(\d[\d.]*)\]", changes, re.M)[0]
    version = re.findall(r'^version = "(.+)"$', PROJECT, re.M)[0]
    numbers = [
        tuple(map(int, text.partition(".dev")[0].split(".")))
        for text in (newest, version)
    ]
    assert numbers[0] < numbers[1] if "dev" in version else version == newest


def test_the_pythons_are_those_that_are_promised() -> None:
    versions = pythons.versions()
    assert f'requires-python = ">={versions[0]}"' in PROJECT
    assert versions == [f"3.{minor}" for minor in range(10, 10 + len(versions))]


def test_a_name_that_runs_nothing_is_no_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "none"))
    assert pythons.find("3.99") is None


def test_ckan_is_left_out_of_what_the_others_install() -> None:
    names = {re.split(r"[\[<>=]", each)[0] for each in pythons.dependencies()}
    assert {"PyYAML", "icalendar", "PyJWT"} <= names
    assert not {"ckan", "ckanext-scheming"} & names


def test_a_source_distribution_has_no_test() -> None:
    packed = ["x-1/setup.py", "x-1/tests/test_a.py", "x-1/ckanext/challenge/a.py"]
    assert wheel.tests(packed) == ["x-1/tests/test_a.py"]
