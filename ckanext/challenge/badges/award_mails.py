"""Telling of badges: to those who publish for an organization, and to subscribers.

Works on sets. An evaluation of a whole country changes a hundred thousand awards at
once; telling of them costs four statements, in its transaction. What is added holds
ids alone: a mail is written when it goes, and leaves out what is no longer so.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import journal
from ckanext.challenge.model import Mail, Subscription
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.notifications import outbox
from ckanext.challenge.notifications.kinds import Kind
from ckanext.challenge.signals import AwardEvent

__all__ = ["DIGEST", "Change", "change", "tell_members", "tell_subscribers"]

#: What became of a badge, in the order in which it wants to be read.
Change = Literal["at_risk", "lost", "earned", "kept"]

#: A mail is of the kind of the first of these that it tells.
_KINDS: dict[Change, Kind] = {
    "at_risk": "award_at_risk",
    "lost": "award_lost",
    "earned": "award_earned",
    "kept": "award_kept",
}

#: A subscriber gets at most one mail in this time for one subscription.
DIGEST = dt.timedelta(days=1)

#: How many awards a mail to a subscriber names; the others it counts.
_NAMED = 20


def change(event: AwardEvent) -> Change:
    """What became of a badge."""
    if event.after == "at_risk":
        return "at_risk"
    if event.after == "revoked":
        return "lost"
    return "earned" if event.before is None else "kept"


@dataclass
class _News:
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
    def kind(self) -> Kind:
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
    news: dict[str, _News] = {}
    for event in events:
        news.setdefault(event.organization_id, _News()).add(event)
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
        outbox.publishers()
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


# What waits to be sent is told more; only what is being sent at this very moment is
# left alone, since a mail server may hold it for a minute.
_TO_SUBSCRIBERS = sa.text(
    """
    WITH wanted AS (
        SELECT s.id, CAST(told.news AS jsonb) AS news
        FROM challenge_subscription s
        JOIN unnest(CAST(:objects AS text[]), CAST(:news AS text[]))
             AS told (object, news)
          ON told.object = coalesce(s.badge, s.cohort_id, s.organization_id)
        WHERE s.confirmed_at IS NOT NULL
    ), waiting AS (
        SELECT m.id, m.subscription_id, wanted.news
        FROM challenge_mail m
        JOIN wanted ON wanted.id = m.subscription_id
        WHERE m.state = 'waiting' AND m.kind = 'subscription_news'
        FOR UPDATE OF m SKIP LOCKED
    ), told_more AS (
        UPDATE challenge_mail m
        SET data = jsonb_build_object(
            'awards',
            CASE WHEN jsonb_array_length(m.data -> 'awards') < :named
                 THEN (m.data -> 'awards') || (waiting.news -> 'awards')
                 ELSE m.data -> 'awards' END,
            'count',
            CAST(m.data ->> 'count' AS int) + CAST(waiting.news ->> 'count' AS int)
        )
        FROM waiting
        WHERE m.id = waiting.id
        RETURNING m.subscription_id
    )
    INSERT INTO challenge_mail (
        id, kind, subscription_id, data, state, attempts, next_attempt_at, created_at
    )
    SELECT CAST(gen_random_uuid() AS text), 'subscription_news', wanted.id,
           wanted.news, 'waiting', 0,
           greatest(:now, last.moment + CAST(:digest AS interval)), :now
    FROM wanted
    LEFT JOIN LATERAL (
        SELECT max(coalesce(m.sent_at, m.next_attempt_at)) AS moment
        FROM challenge_mail m
        WHERE m.subscription_id = wanted.id AND m.kind = 'subscription_news'
          AND m.state IN ('waiting', 'sent')
    ) last ON true
    WHERE wanted.id NOT IN (SELECT subscription_id FROM told_more)
    """
)


def tell_subscribers(events: Sequence[AwardEvent]) -> None:
    """Tell those who subscribed to a badge, a season or an organization.

    In the current transaction of CKAN's session. Whoever was told within a day is told
    when the day is over, of all that came until then.
    """
    news = {key: _News() for key in _subscribed()}
    if not news:
        return
    for event in events:
        for key in (event.badge, event.cohort_id, event.organization_id):
            if key in news:
                news[key].add(event, _NAMED)
    told: Mapping[str, _News] = {key: one for key, one in news.items() if one.count}
    if told:
        # Two at a time would not see each other's mail, and each add one. Whoever
        # changes awards takes this turn anyway: any other lock could cross with it.
        journal.take_turn()
        model.Session.execute(
            _TO_SUBSCRIBERS,
            {
                "objects": array(told),
                "news": array(one.as_json() for one in told.values()),
                "named": _NAMED,
                "digest": DIGEST,
                "now": utcnow(),
            },
        )


def _subscribed() -> list[str]:
    """All that somebody wants to be told of: keys of badges, ids of the others.

    An id is a UUID and a badge's key is not, so that both fit in one list.
    """
    rows = model.Session.execute(
        sa.select(
            sa.func.coalesce(
                Subscription.badge,
                Subscription.cohort_id,
                Subscription.organization_id,
            ).label("key")
        )
        .where(Subscription.confirmed_at.isnot(None))
        .distinct()
    )
    return [row.key for row in rows]
