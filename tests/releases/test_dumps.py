"""Each release has its dump: small, without secrets, and it says how it was made."""

from __future__ import annotations

import lzma
import re

import pytest

from portal.paths import ROOT
from portal.releases import FOLDER

_RELEASED = re.findall(
    r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$",
    (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"),
    re.MULTILINE,
)


def test_what_the_changelog_tells_is_what_is_kept() -> None:
    assert _RELEASED
    kept = {path.name.removesuffix(".sql.xz") for path in FOLDER.glob("*.sql.xz")}
    assert kept == set(_RELEASED)


@pytest.mark.parametrize("version", _RELEASED)
def test_a_dump_is_small_and_says_how_it_was_made(version: str) -> None:
    packed = (FOLDER / f"{version}.sql.xz").read_bytes()
    assert len(packed) < 300_000
    text = lzma.decompress(packed).decode()
    first = text.partition("\n")[0]
    assert f"portal/portal dump {version} --at " in first
    assert "PRIVATE KEY" not in text
    assert not re.search(r"^\\", text, re.MULTILINE), "lines that only psql takes"
