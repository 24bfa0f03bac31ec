"""Rows as the API answers them: times and dates in ISO 8601, numbers as numbers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

# Most of what a list is made of is as it should be: no function is called for it.
_PLAIN = frozenset({str, int, bool, type(None)})


def as_json(value: Any) -> Any:
    """One value as JSON can hold it."""
    if value.__class__ in _PLAIN:
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.timezone.utc).isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    return value


def columns(row: Any, names: Iterable[str]) -> dict[str, Any]:
    """The named columns of a row, as JSON can hold them."""
    values = {name: getattr(row, name) for name in names}
    for name, value in values.items():
        if value.__class__ not in _PLAIN:
            values[name] = as_json(value)
    return values


def name_of(user: Any) -> Any:
    """The name of a user as pages show it, in SQL.

    :param user: ``model.User``, an alias of it, or its columns
    """
    return sa.func.coalesce(sa.func.nullif(user.fullname, ""), user.name)
