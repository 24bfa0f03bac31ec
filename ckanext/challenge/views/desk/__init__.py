"""What the desk of the managers shows, a module for each page."""

from __future__ import annotations

from .frame import desk_url

__all__ = ["desk_url"]
