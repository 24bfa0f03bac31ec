"""Open data on other portals, as somebody counted it."""

from __future__ import annotations

import csv
import datetime as dt
from typing import Any

import pytest
from ckan import model
from factories import BAULE, LIGNIERES, POINCONNET

from ckanext.challenge.common import addresses
from ckanext.challenge.model import Elsewhere
from ckanext.challenge.observatory import elsewhere, situation

pytestmark = pytest.mark.usefixtures("region")

TODAY = dt.date(2026, 11, 29)
HEADER = "siren,count,source,date,url\n"


def _import(text: str, **options: Any) -> elsewhere.Imported:
    found = elsewhere.import_file(text, TODAY, **options)
    model.Session.commit()
    return found


def _kept() -> dict[str, tuple[int, str, str]]:
    model.Session.expire_all()
    return {
        row.siren: (row.number, row.source, row.counted_on.isoformat())
        for row in model.Session.query(Elsewhere)
    }


def test_a_file_is_kept_and_again_changes_nothing() -> None:
    text = HEADER + f"{BAULE},3,data.gouv.fr,2026-10-01,https://www.data.gouv.fr/x\n"
    spaced = f"{POINCONNET[:3]} {POINCONNET[3:6]} {POINCONNET[6:]}"
    text += f"{spaced},0,data.gouv.fr,2026-10-01,\n"
    assert _import(text) == elsewhere.Imported(created=2)
    assert _kept() == {
        BAULE: (3, "data.gouv.fr", "2026-10-01"),
        POINCONNET: (0, "data.gouv.fr", "2026-10-01"),
    }
    assert _import(text) == elsewhere.Imported(unchanged=2)


def test_what_is_no_csv_is_said_with_its_line() -> None:
    # Other programs of the process raise the limit.
    limit = csv.field_size_limit(1000)
    try:
        found = _import(HEADER + f"{BAULE},3,{'x' * 2000},2026-10-01,\n")
    finally:
        csv.field_size_limit(limit)
    ((row, text),) = found.problems
    assert row == 2
    assert text.startswith("this is not written as CSV")
    assert _kept() == {}


def test_a_newer_count_replaces_an_older_one_only() -> None:
    line = HEADER + BAULE + ",{},data.gouv.fr,{},\n"
    _import(line.format(3, "2026-10-01"))
    assert _import(line.format(5, "2026-11-01")).updated == 1
    assert _import(line.format(1, "2026-09-01")).unchanged == 1
    assert _kept()[BAULE][0] == 5


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("123456789,1,s,2026-01-01", "“123456789” is not a SIREN"),
        ("200000800,1,s,2026-01-01", "the directory has no collectivité 200000800"),
        (f"{BAULE},many,s,2026-01-01", "“many” is no number of datasets"),
        (f"{BAULE},-1,s,2026-01-01", "“-1” is no number of datasets"),
        (f"{BAULE},1,s,2026-12-01", "2026-12-01 is still to come"),
        (f"{BAULE},1,s,01/12/2025", "“01/12/2025” is not a date; write it as in"),
        (f"{BAULE},1,,2026-01-01", "the source is a name of 1 to 200 characters"),
        (f"{BAULE},1,s,", "there is no date"),
        (f"{BAULE},1,s,2026-01-01,javascript:x", "“javascript:x” is no address"),
        (f"{BAULE},1,s,2026-01-01,https://x\0y", "“https://x"),
        (f"{BAULE}abc,1,s,2026-01-01", f"“{BAULE}abc” is not a SIREN"),
        (f"{BAULE}0001,1,s,2026-01-01", f"“{BAULE}0001” is not a SIREN"),
    ],
)
def test_what_is_wrong_is_told_by_row_and_nothing_is_kept(line: str, told: str) -> None:
    good = f"{LIGNIERES[0]},1,s,2026-01-01\n"
    (problem,) = _import(HEADER + good + line + "\n").problems
    assert (problem.row, problem.text[: len(told)]) == (3, told)
    assert _kept() == {}


def test_a_double_names_the_first_row() -> None:
    text = HEADER + f"{BAULE},1,s,2026-01-01\n{BAULE},2,s,2026-01-02\n"
    (problem,) = _import(text).problems
    assert problem == (3, f"{BAULE} is counted by “s” in row 2 already")
    assert _import(text.replace("2,s", "2,t")).created == 2


def test_the_names_of_other_tables_are_understood() -> None:
    text = f"id;business_number_id;metric.datasets\nx;{BAULE}00015;7\ny;;2\n"
    text += "z;20000080000010;1\n"
    told = _import(text).problems
    assert [one.text for one in told] == [
        "there is no column “date”",
        "there is no column “source”",
    ]
    done = _import(text, source="data.gouv.fr", date=TODAY, skip_unknown=True)
    assert done == elsewhere.Imported(created=1, unknown=1)
    assert _kept() == {BAULE: (7, "data.gouv.fr", "2026-11-29")}


def test_what_was_replaced_counts_for_what_replaced_it() -> None:
    addresses.replace_collectivite(LIGNIERES[0], POINCONNET)
    model.Session.commit()
    _import(HEADER + f"{LIGNIERES[0]},1,s,2026-01-01\n")
    assert list(_kept()) == [POINCONNET]


def test_what_became_one_is_added_up() -> None:
    addresses.replace_collectivite(LIGNIERES[0], POINCONNET)
    model.Session.commit()
    text = HEADER + f"{LIGNIERES[0]},2,s,2026-01-02\n{POINCONNET},3,s,2026-01-01\n"
    text += f"{BAULE}00010,1,s,2026-01-01\n{BAULE}00028,4,s,2026-01-01\n"
    assert _import(text).created == 2
    assert _kept() == {
        POINCONNET: (5, "s", "2026-01-02"),
        BAULE: (5, "s", "2026-01-01"),
    }


def test_who_found_none_does_not_hide_what_another_counted() -> None:
    text = HEADER + f"{BAULE},12,a,2026-01-15\n{BAULE},0,b,2026-06-01\n"
    _import(text)
    row = situation.row_of(BAULE)
    assert row
    assert (row["elsewhere"], row["elsewhere_source"]) == (12, "a")


def test_an_empty_file_has_no_columns() -> None:
    assert len(_import("").problems) == 4
