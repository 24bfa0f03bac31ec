"""Whose fault a failure beside another extension is, and how it is told."""

from __future__ import annotations

from typing import Any

import pytest

from portal import coexist
from portal.extensions import EXTENSIONS

pytestmark = pytest.mark.pure


def _found(how: str, *bad: str, load: str = "", **checks: str) -> dict[str, Any]:
    if load:
        return {"label": "x", "how": how, "load": load}
    return {
        "label": "x",
        "how": how,
        "load": "",
        "pages": 102,
        "bad": list(bad),
        "checks": checks,
    }


@pytest.mark.parametrize(
    ("found", "whose"),
    [
        ([_found("first")], ""),
        ([_found("first", loaded="")], ""),
        # What fails without us in the same way is theirs, and nothing else.
        ([_found("first", load="no"), _found("without", load="no")], "theirs"),
        ([_found("first", load="no"), _found("without")], "ours"),
        ([_found("first", "/: 500"), _found("without", "/: 500")], "theirs"),
        ([_found("first", "/: 500", "/b: 500"), _found("without", "/: 500")], "ours"),
        ([_found("first", loaded="x"), _found("without", loaded="x")], "theirs"),
        ([_found("first", loaded="x"), _found("without", loaded="")], "ours"),
        ([_found("first"), _found("last", "/: 500"), _found("without")], "ours"),
    ],
)
def test_whose_a_failure_is_is_found(found: list[dict[str, Any]], whose: str) -> None:
    assert coexist.judged(found, ["x"])["whose"] == whose


def test_what_was_found_is_told() -> None:
    bad = "/srv/lib/python3/site-packages/x.py: `no`\nmore"
    rows = {
        "dcat": {**coexist.judged([_found("first", loaded="")], ["dcat"])}
        | {"packages": ["ckanext-dcat==2.4.4"], "note": ""},
        "x": coexist.judged([_found("first", load=bad)], ["x"]),
        "all": coexist.judged([_found("first"), _found("last")], ["dcat", "y"]),
    }
    text = coexist.page({"2.12": {"date": "2026-11-30", "rows": rows}})
    assert "| dcat | 2.4.4 | 102 | good; loaded: good |" in text
    assert "| all 2 at once |  | 102, 102 | good |" in text
    assert "does not load, ours" in text
    assert "- `x.py: no more`" in text
    assert "/srv" not in text


def test_versions_are_pinned_and_names_differ() -> None:
    assert len({one.name for one in EXTENSIONS}) == len(EXTENSIONS) >= 16
    assert all("==" in package for one in EXTENSIONS for package in one.packages)
