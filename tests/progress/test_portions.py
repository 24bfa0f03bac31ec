"""Portions of many ids, shared among processes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from ckan import model
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.progress import portions


def helpers(ids: Sequence[str]) -> str:
    """How many helpers PostgreSQL may use for a statement of this process."""
    # The session's work before may have been taken back.
    model.Session.execute(sa.text("SELECT 1"))
    model.Session.rollback()
    found = model.Session.execute(sa.text("SHOW max_parallel_workers_per_gather"))
    value: str = found.scalar_one()
    model.Session.rollback()
    return value


@given(ids=st.integers(1, 5000), size=st.integers(1, 700), processes=st.integers(1, 8))
def test_each_process_has_as_much_to_do(ids: int, size: int, processes: int) -> None:
    names = [str(number) for number in range(ids)]
    found = portions._cut(names, size, processes)
    assert [name for portion in found for name in portion] == names
    lengths = {len(portion) for portion in found}
    assert max(lengths) <= size
    # The last one takes what is left.
    assert len({len(portion) for portion in found[:-1]}) <= 1
    rounds = -(-ids // (size * processes))
    assert len(found) <= rounds * processes


def test_nothing_is_no_portion() -> None:
    assert list(portions.each(helpers, [], size=10, processes=2)) == []


@pytest.mark.usefixtures("with_plugins")
def test_postgresql_leaves_the_cores_to_the_processes() -> None:
    alone = [value for _, value in portions.each(helpers, ["a", "b"], size=1)]
    assert alone == ["2", "2"]
    shared = portions.each(helpers, ["a", "b"], size=1, processes=2)
    assert [value for _, value in shared] == ["0", "0"]
