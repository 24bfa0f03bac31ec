"""``ckan challenge journal verify``: what was done to the journal, and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command

from ckanext.challenge.common import journal
from ckanext.challenge.domain.chain import GENESIS, digest

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def written() -> None:
    for number in range(1, 9):
        journal.record("system", "update", "cohort", f"c{number}", {"n": number})
    model.Session.commit()


def _do(*statements: str) -> None:
    for statement in statements:
        model.Session.execute(sa.text(statement))
    model.Session.commit()


def _verify(cli: Any, *options: str) -> Any:
    result = cli.invoke(ckan_command, ["challenge", "journal", "verify", *options])
    assert "Traceback" not in result.output
    return result


def _rechained() -> None:
    """As somebody who knows how would write all of it anew."""
    previous = GENESIS
    for row in model.Session.execute(
        sa.text("SELECT * FROM challenge_journal ORDER BY id")
    ).all():
        data = row.data if isinstance(row.data, dict) else json.loads(row.data)
        previous = digest(
            previous,
            row.id,
            row.at,
            row.actor,
            row.action,
            row.object_type,
            row.object_id,
            data,
        )
        model.Session.execute(
            sa.text("UPDATE challenge_journal SET digest = :digest WHERE id = :id"),
            {"digest": previous, "id": row.id},
        )
    model.Session.commit()


CHANGE = "UPDATE challenge_journal SET {} WHERE id = {}"
REMOVE = "DELETE FROM challenge_journal WHERE id = {}"


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([CHANGE.format("actor = 'x'", 5)], {5: "it was changed, or row 4"}),
        ([CHANGE.format("""data = '{"n": 9}'""", 1)], {1: "it was changed."}),
        ([CHANGE.format("at = at + interval '1 us'", 8)], {8: "it was changed"}),
        # A digest that was made up as well shows at the row after it.
        ([CHANGE.format("digest = repeat('0', 64)", 8)], {8: "it was changed"}),
        ([REMOVE.format(3)], {4: "row 3 is missing before it"}),
        ([REMOVE.format("ANY('{3,4}')")], {5: "rows 3 to 4 are missing before it"}),
        (
            [
                CHANGE.format("id = 99", 2),
                CHANGE.format("id = 2", 6),
                CHANGE.format("id = 6", 99),
            ],
            {2: "it was written as row 6", 6: "it was written as row 2"},
        ),
        # Taken out, and the others moved up so that no number lacks.
        (
            [
                REMOVE.format(7),
                CHANGE.format("id = 7", 8),
            ],
            {7: "it was changed, or row 6"},
        ),
    ],
)
def test_what_was_done_is_found_and_named(
    cli: Any, written: None, statements: list[str], told: dict[int, str]
) -> None:
    assert _verify(cli).exit_code == 0
    _do(*statements)
    result = _verify(cli)
    assert result.exit_code == 1
    lines = [line for line in result.output.splitlines() if line.startswith("Row ")]
    assert len(lines) == len(told), result.output
    for line, (number, words) in zip(lines, told.items(), strict=True):
        assert line.startswith(f"Row {number} ("), line
        assert "update cohort c" in line
        assert words in line


def test_what_was_kept_elsewhere_finds_more(cli: Any, written: None) -> None:
    result = _verify(cli)
    kept = result.output.splitlines()[-1]
    assert kept.startswith("8:")
    journal.record("system", "update", "cohort", "c9")
    model.Session.commit()
    assert _verify(cli, "--expect", kept).exit_code == 0
    _do(CHANGE.format("actor = 'x'", 5))
    _rechained()
    assert _verify(cli).exit_code == 0
    rewritten = _verify(cli, "--expect", kept)
    assert rewritten.exit_code == 1
    assert "Row 8 (" in rewritten.output
    assert "it had another digest" in rewritten.output
    _do("DELETE FROM challenge_journal WHERE id > 6")
    assert _verify(cli).exit_code == 0
    cut = _verify(cli, "--expect", kept)
    assert (cut.exit_code, "Row 8: it is gone." in cut.output) == (1, True)


def test_many_rows_are_told_in_few_lines(cli: Any, written: None) -> None:
    for number in range(200):
        journal.record("system", "update", "cohort", f"d{number}")
    model.Session.commit()
    _do("UPDATE challenge_journal SET actor = 'x'")
    result = _verify(cli)
    assert result.exit_code == 1
    assert "and 188 more rows" in result.output


def test_an_empty_journal_and_a_wrong_expectation(cli: Any) -> None:
    assert "The journal is empty" in _verify(cli).output
    wrong = _verify(cli, "--expect", "8")
    assert wrong.exit_code == 2
    assert "NUMBER:DIGEST" in wrong.output
