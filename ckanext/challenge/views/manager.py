"""The desk."""

from __future__ import annotations

from .common import blueprint

__all__ = ["manager"]

manager = blueprint("challenge_manage", "/challenge/manage")


@manager.get("/", endpoint="index")
@manager.get("/<cohort>", endpoint="season")
def index(cohort: str = "") -> str:
    return cohort
