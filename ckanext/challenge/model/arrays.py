"""Many values in one parameter of a statement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date


def array(values: Iterable[str | float | date | None]) -> str:
    """The literal of a PostgreSQL array, for ``CAST(:name AS text[])`` and the like.

    One constant however many values: psycopg2 would write a list as an expression of
    as many parts, which PostgreSQL takes longer to parse than to store.
    """
    return "{" + ",".join(map(_element, values)) + "}"


def _element(value: str | float | date | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, date):
        return f'"{value.isoformat()}"'
    return repr(value)
