"""What CKAN's own answers ask of our tables: a savepoint, where anything is asked."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from ckan import model

from benchmarks.statements import sent_statements
from ckanext.challenge.common import shield

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


def _setting() -> str:
    return str(
        model.Session.execute(
            sa.text("SELECT current_setting('lock_timeout')")
        ).scalar()
    )


def test_nothing_is_sent_where_nothing_is_asked() -> None:
    with sent_statements() as sent:
        assert shield.read("nothing", lambda: 1, None) == 1
    assert sent == []


def test_one_savepoint_holds_all_that_is_asked_and_ends_with_it() -> None:
    before = _setting()
    with sent_statements() as sent:
        found = shield.read("twice", lambda: [_setting(), _setting()], None)
    assert found == [f"{shield.LOCK_PATIENCE}ms"] * 2
    # The first question is sent with it.
    assert "current_setting" in sent[0]
    assert [one.partition(" ")[0] for one in sent] == [
        "SAVEPOINT",
        "SELECT",
        "ROLLBACK",
    ]
    assert _setting() == before


@pytest.mark.parametrize("asks_first", [True, False])
def test_one_within_another_fails_alone(asks_first: bool) -> None:
    def inner() -> int:
        return int(
            model.Session.execute(sa.text("SELECT 1 FROM no_such_table")).scalar() or 0
        )

    def outer() -> tuple[str, int, str]:
        first = _setting() if asks_first else ""
        return first, shield.read("inner", inner, 7), _setting()

    before = _setting()
    first, found, last = shield.read("outer", outer, ("", 0, ""))
    patient = f"{shield.LOCK_PATIENCE}ms"
    assert (found, last) == (7, patient)
    assert first == (patient if asks_first else "")
    # The transaction of CKAN goes on.
    assert _setting() == before
    assert shield.read("after", lambda: 2, None) == 2
