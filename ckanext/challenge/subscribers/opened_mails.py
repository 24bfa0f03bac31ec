"""Telling of newly opened data to those who subscribed to a territory.

Every night, in sets: one statement notes what is public since the last night, one adds
the mails. A subscriber gets one mail a night at most, and none where nothing is new.
"""

from __future__ import annotations

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.datasets import opened
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.catalog import PUBLIC

#: How many datasets a mail names; the others it counts.
_NAMED = 20

_NOTE = f"""
    INSERT INTO challenge_opening (dataset_id, opened_at)
    SELECT p.id, :now FROM package p WHERE {PUBLIC}
    ON CONFLICT DO NOTHING
"""


def _tell() -> str:
    place = "split_part(s.territory, ':', 2)"
    within = opened.places(place)
    cases = " ".join(f"WHEN '{kind}' THEN {sql}" for kind, sql in within.items())
    return f"""
        WITH found AS (
            SELECT s.id AS subscription_id, p.id, o.opened_at, p.metadata_created
            FROM challenge_subscription s
            JOIN challenge_opening o ON o.opened_at > s.told_until
            JOIN package p ON p.id = o.dataset_id AND {PUBLIC}
            {opened.owners()}
            WHERE s.confirmed_at IS NOT NULL AND s.territory IS NOT NULL
              AND CASE split_part(s.territory, ':', 1) {cases} END
        ), ranked AS (
            SELECT *, row_number() OVER (
                PARTITION BY subscription_id ORDER BY metadata_created DESC, id
            ) AS place
            FROM found
        ), told AS (
            UPDATE challenge_subscription s SET told_until = :now
            WHERE s.confirmed_at IS NOT NULL AND s.territory IS NOT NULL
        )
        INSERT INTO challenge_mail (
            id, kind, subscription_id, data, state, attempts, next_attempt_at,
            created_at
        )
        SELECT CAST(gen_random_uuid() AS text), 'subscription_data', subscription_id,
               jsonb_build_object(
                   'datasets',
                   jsonb_agg(id ORDER BY place) FILTER (WHERE place <= :named),
                   'count', count(*)
               ),
               'waiting', 0, :now, :now
        FROM ranked
        GROUP BY subscription_id
    """


def tell() -> int:
    """Note what is open now, and tell those who asked; commits.

    Again tells nothing that was told before.

    :returns: how many mails wait to be sent
    """
    # One night after the other: two at once would tell the same.
    model.Session.execute(
        sa.text("LOCK TABLE challenge_opening IN SHARE ROW EXCLUSIVE MODE")
    )
    now = utcnow()
    model.Session.execute(sa.text(_NOTE), {"now": now})
    result = model.Session.execute(sa.text(_tell()), {"now": now, "named": _NAMED})
    count: int = result.rowcount  # type: ignore[attr-defined]
    model.Session.commit()
    if count:
        notifications.schedule_sending()
    return count
