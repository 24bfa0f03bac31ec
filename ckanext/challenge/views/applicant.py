"""The way in."""

from __future__ import annotations

from .common import blueprint

__all__ = ["applicant"]

applicant = blueprint("challenge_applicant")
