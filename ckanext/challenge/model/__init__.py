"""The tables of the extension, all named ``challenge_*``."""

from __future__ import annotations

from .application import Application
from .award import Award
from .cohort import Cohort, Staff
from .collectivite import Collectivite
from .conformity import Conformity
from .journal import JournalEntry
from .participant import Participant, StepStatus

__all__ = [
    "Application",
    "Award",
    "Cohort",
    "Collectivite",
    "Conformity",
    "JournalEntry",
    "Participant",
    "Staff",
    "StepStatus",
]
