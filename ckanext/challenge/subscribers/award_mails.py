"""Telling of badges to those who subscribed to a badge, a season or an organization.

Works on sets, as :mod:`ckanext.challenge.badges.award_mails` does for members.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.badges.award_mails import News
from ckanext.challenge.common import journal
from ckanext.challenge.model import Subscription
from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.signals import AwardEvent

#: A subscriber gets at most one mail in this time for one subscription.
DIGEST = dt.timedelta(days=1)

#: How many awards a mail to a subscriber names; the others it counts.
_NAMED = 20

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
    news = {key: News() for key in _subscribed()}
    if not news:
        return
    for event in events:
        for key in (event.badge, event.cohort_id, event.organization_id):
            if key in news:
                news[key].add(event, _NAMED)
    told: Mapping[str, News] = {key: one for key, one in news.items() if one.count}
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
        .where(Subscription.confirmed_at.isnot(None), Subscription.territory.is_(None))
        .distinct()
    )
    return [row.key for row in rows]
