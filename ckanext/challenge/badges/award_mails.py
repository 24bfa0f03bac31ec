"""Telling of badges to those who publish for an organization.

Works on sets. An evaluation of a whole country changes a hundred thousand awards at
once; telling of them costs four statements, in its transaction. What is added holds
ids alone: a mail is written when it goes, and leaves out what is no longer so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.model import Mail
from ckanext.challenge.model.arrays import array
from ckanext.challenge.notifications.recipients import publishers
from ckanext.challenge.signals import AwardEvent

#: What became of a badge, in the order in which it wants to be read.
Change = Literal["at_risk", "lost", "earned", "kept"]

#: A mail is of the kind of the first of these that it tells.
_KINDS: dict[Change, str] = {
    "at_risk": "award_at_risk",
    "lost": "award_lost",
    "earned": "award_earned",
    "kept": "award_kept",
}


def change(event: AwardEvent) -> Change:
    """What became of a badge."""
    if event.after == "at_risk":
        return "at_risk"
    if event.after == "revoked":
        return "lost"
    return "earned" if event.before is None else "kept"


@dataclass
class News:
    """What one mail tells: awards with what became of them, and how many they are."""

    awards: list[tuple[str, Change]] = field(default_factory=list)
    count: int = 0
    cohorts: set[str | None] = field(default_factory=set)

    def add(self, event: AwardEvent, most: int | None = None) -> None:
        self.count += 1
        if most is None or self.count <= most:
            self.awards.append((event.award_id, change(event)))
            self.cohorts.add(event.cohort_id)

    @property
    def kind(self) -> str:
        told = {what for _, what in self.awards}
        return next(kind for what, kind in _KINDS.items() if what in told)

    @property
    def cohort_id(self) -> str | None:
        """The season, where all of it is of one."""
        return next(iter(self.cohorts)) if len(self.cohorts) == 1 else None

    def as_json(self, **more: str) -> str:
        return json.dumps({"awards": self.awards, "count": self.count, **more})


def tell_members(events: Iterable[AwardEvent]) -> None:
    """Add one mail for each admin and editor of each organization, for all its changes.

    In the current transaction of CKAN's session, in one statement.
    """
    news: dict[str, News] = {}
    for event in events:
        news.setdefault(event.organization_id, News()).add(event)
    told = (
        sa.func.unnest(
            _texts(news),
            _texts(one.kind for one in news.values()),
            _texts(one.cohort_id for one in news.values()),
            _texts(one.as_json(organization_id=id_) for id_, one in news.items()),
        )
        .table_valued("organization_id", "kind", "cohort_id", "data")
        .render_derived(name="told")
    )
    who = (
        publishers()
        .where(model.Member.group_id == told.c.organization_id)
        .lateral("who")
    )
    mail: Any = Mail.__table__
    model.Session.execute(
        mail.insert().from_select(
            ["id", "kind", "cohort_id", "user_id", "data"],
            sa.select(
                sa.cast(sa.func.gen_random_uuid(), sa.Text),
                told.c.kind,
                told.c.cohort_id,
                who.c.user_id,
                sa.cast(told.c.data, mail.c.data.type),
            ).select_from(told.join(who, sa.true())),
        )
    )


def _texts(values: Iterable[str | None]) -> Any:
    return sa.cast(sa.literal(array(values), sa.Text), sa.ARRAY(sa.Text))
