"""Counting SQL statements: for the benchmarks, and for the tests of their number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ckan.model import ensure_engine
from sqlalchemy import event

__all__ = ["sent_statements"]


@contextmanager
def sent_statements() -> Iterator[list[str]]:
    """The SQL statements that this process sends meanwhile."""
    sent: list[str] = []

    def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
        sent.append(statement)

    engine = ensure_engine()
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)
