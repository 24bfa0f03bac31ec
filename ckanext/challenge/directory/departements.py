"""Names of the départements, and the region each belongs to."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Departement:
    """A département (or a territory overseas that has the rank of one)."""

    code: str
    name: str
    region: str
    """INSEE code of its region."""


@cache
def departements() -> dict[str, Departement]:
    """All départements by code; ``departements.csv`` is made by ``extract``."""
    path = Path(__file__).with_name("departements.csv")
    with path.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: Departement(**row) for row in csv.DictReader(lines)}


def departement_of(insee_code: str) -> str:
    """Code of the département of a commune (``45024`` → ``45``, ``2A004`` → ``2A``,
    ``97105`` → ``971``)."""
    return insee_code[:3] if insee_code[:2] in ("97", "98") else insee_code[:2]
