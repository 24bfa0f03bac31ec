"""Locks on what is no row: held until the end of the transaction."""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

__all__ = ["hold"]


def hold(topic: str) -> None:
    """Wait until nobody else holds this topic, and hold it."""
    model.Session.execute(
        sa.select(
            sa.func.pg_advisory_xact_lock(
                sa.func.hashtext(f"ckanext.challenge.{topic}")
            )
        )
    )
