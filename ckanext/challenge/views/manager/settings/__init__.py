"""The settings of a season, a module for each page."""

from __future__ import annotations

from .routes import settings

__all__ = ["settings"]
