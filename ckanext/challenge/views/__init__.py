"""The pages: one blueprint per audience."""

from __future__ import annotations

from flask import Blueprint

__all__ = ["get_blueprints"]


def get_blueprints() -> list[Blueprint]:
    """The blueprints of all audiences."""
    return []
