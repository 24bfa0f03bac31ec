"""When commands of the crontab, and the job worker, did their work last."""

from __future__ import annotations

import datetime as dt

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from sqlalchemy.orm import Mapped

from .base import time_column


class Run(tk.BaseModel):
    """The last time that something came to its end which should do so every day."""

    __table__ = sa.Table(
        "challenge_run",
        tk.BaseModel.metadata,
        sa.Column("name", sa.UnicodeText, primary_key=True),
        time_column("ended_at", nullable=False),
    )

    name: Mapped[str]
    ended_at: Mapped[dt.datetime]
