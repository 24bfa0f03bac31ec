"""Locks that are held until the end of the transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from ckan import model


def hold(topic: str) -> None:
    """Wait until nobody else holds or shares this topic, and hold it."""
    model.Session.execute(sa.select(sa.func.pg_advisory_xact_lock(_number(topic))))


def share(topic: str) -> None:
    """Wait until nobody else holds this topic, and keep it from being held."""
    model.Session.execute(
        sa.select(sa.func.pg_advisory_xact_lock_shared(_number(topic)))
    )


def _number(topic: str) -> Any:
    return sa.func.hashtext(f"ckanext.challenge.{topic}")


def refresh_for_share(row: Any) -> None:
    """Read a row anew and keep it as it is: others may do the same meanwhile."""
    model.Session.refresh(row, with_for_update={"read": True})


def refresh_for_update(row: Any) -> None:
    """Read a row anew and keep everybody else from changing it.

    Rows that refer to it may still be written meanwhile (``FOR NO KEY UPDATE``):
    whoever writes one may hold the journal, for which the holder of this row waits.
    """
    model.Session.refresh(row, with_for_update={"key_share": True})
