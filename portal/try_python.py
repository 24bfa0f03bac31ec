"""Run by each Python in an environment without CKAN: compiles the package, imports what
asks for nothing of CKAN, and tests the domain.

    python portal/try_python.py ROOT
"""

from __future__ import annotations

import importlib
import os
import re
import sys
from pathlib import Path

import hypothesis
import pytest

_PACKAGE = "ckanext.challenge"
#: Rooms of which every module is imported without CKAN.
WHOLE = (f"{_PACKAGE}.domain", f"{_PACKAGE}.svg")


def main(root: Path) -> int:
    sys.path[:0] = [str(root), str(root / "tests")]
    imported: set[str] = set()
    files = sorted((root / "ckanext" / "challenge").rglob("*.py"))
    for path in files:
        # A syntax that this Python does not know is an error here.
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    for path in files:
        parts = path.relative_to(root).with_suffix("").parts
        if "migration" in parts:
            continue
        name = ".".join(parts).removesuffix(".__init__")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            if name.startswith(WHOLE) and "ckan" not in str(error):
                raise
            continue
        imported.add(name)
    print(f"{len(files)} files compiled, {len(imported)} modules imported without CKAN")
    needs = re.compile(r"^ *(?:from|import) (ckanext[\w.]*)(?: import (\w+))?", re.M)
    left_out: list[str] = []
    for path in (root / "tests" / "domain").glob("test_*.py"):
        for module, part in needs.findall(path.read_text(encoding="utf-8")):
            if not {module, f"{module}.{part}"} & imported - {_PACKAGE}:
                left_out.append(f"--ignore={path}")
    hypothesis.settings.register_profile("few", max_examples=5, deadline=None)
    hypothesis.settings.load_profile("few")
    return int(
        pytest.main(
            [
                *("-q", "--noconftest", "-p", "no:cacheprovider", "-W", "ignore"),
                *("-c", os.devnull, "--rootdir", str(root)),
                *left_out,
                *("--import-mode=importlib", str(root / "tests" / "domain")),
            ]
        )
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
