"""Everything that preparation may answer has a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from ckanext.challenge.common import (
    sheet_tables,
    workbook_labels,
    workbook_reader,
    workbooks,
)
from ckanext.challenge.domain import mending, personal, tables
from ckanext.challenge.preparation import labels, steps, work


@pytest.fixture(autouse=True)
def english(app: Any) -> Iterator[None]:
    with app.flask_app.test_request_context(environ_overrides={"CKAN_LANG": "en"}):
        yield


def _told(documented: object) -> set[str]:
    """The codes that a documentation names."""
    return set(re.findall(r"``([a-z-]+)``", documented.__doc__ or ""))


def test_each_refusal_says_why_and_what_to_do() -> None:
    codes = _told(workbooks.NotATable)
    for module in (workbooks, workbook_reader, sheet_tables):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        codes |= set(re.findall(r'(?:NotATable|Refused)\("([a-z-]+)"\)', source))
    codes.add(work.BROKEN)
    assert codes == set(workbook_labels._REFUSALS)
    for code in codes:
        assert all(workbook_labels.refusal(code))


def test_each_repair_and_question_has_a_sentence() -> None:
    assert _told(mending.Repair) == set(labels._REPAIRS)
    assert _told(mending.Question) == set(labels._QUESTIONS)
    for kind in labels._REPAIRS:
        assert labels.repair(kind)
    for code in labels._QUESTIONS:
        assert labels.question(code)
    for key in ("day-first", "month-first", "decimals", "thousands"):
        assert labels.reading(key)


def test_each_source_and_each_reason_has_words() -> None:
    assert _told(steps.Source) == set(labels._SOURCES)
    assert _told(sheet_tables.LeftOut) == set(labels._LEFT_OUT)
    assert set(get_args(tables.Why)) <= set(labels._LEFT_OUT)
    for key in labels._SOURCES:
        assert labels.source(key)
    for why in labels._LEFT_OUT:
        assert labels.left_out(why)


def test_what_was_read_of_a_file_is_told() -> None:
    assert labels.note("mixed-encodings", lines=tuple(range(12))).endswith(" 9….")
    assert "cp850" in labels.note("other-encoding", "cp850")
    assert labels.note("encoded-twice")


def test_what_looks_personal_is_told_with_the_law() -> None:
    assert _told(personal.Personal) == set(labels._PERSONAL)
    for kind in labels._PERSONAL:
        what, law, then = labels.personal(kind, True)
        assert what and "L312-1-2" in law and "left out" in then
    assert "3, 7" in labels.personal("name", False, (3, 7))[2]
