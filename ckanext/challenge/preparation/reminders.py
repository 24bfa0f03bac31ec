"""Who began to prepare a file and left it is told once that it waits."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from ckan import model

from ckanext.challenge import notifications
from ckanext.challenge.domain.lifecycle import PREPARATION_READ
from ckanext.challenge.model import Preparation

#: How long nobody touched it.
IDLE = dt.timedelta(days=7)


def waiting(now: dt.datetime) -> list[str]:
    """The ids of those that nobody touched for a week, and of which nobody was told.

    Who began one still publishes for its organization.
    """
    publishes = (
        sa.select(model.Member.id)
        .where(
            model.Member.table_name == "user",
            model.Member.table_id == Preparation.user_id,
            model.Member.group_id == Preparation.organization_id,
            model.Member.state == model.State.ACTIVE,
            model.Member.capacity.in_(("admin", "editor")),
        )
        .exists()
    )
    found = (
        model.Session.query(Preparation.id)
        .join(model.User, model.User.id == Preparation.user_id)
        .join(model.Group, model.Group.id == Preparation.organization_id)
        .filter(
            Preparation.state.in_(PREPARATION_READ),
            Preparation.updated_at <= now - IDLE,
            Preparation.expires_at > now,
            Preparation.reminded_at.is_(None),
            model.User.state == model.State.ACTIVE,
            model.User.email.isnot(None),
            model.Group.state == model.State.ACTIVE,
            publishes,
        )
        .order_by(Preparation.updated_at, Preparation.id)
    )
    return [id_ for (id_,) in found]


def remind(ids: list[str], now: dt.datetime) -> int:
    """Write to who began these, each in a transaction of its own and once.

    :returns: how many mails these are
    """
    mails = 0
    for id_ in ids:
        row = (
            model.Session.query(Preparation)
            .filter_by(id=id_, reminded_at=None)
            .populate_existing()
            .with_for_update(skip_locked=True)
            .first()
        )
        if row is not None and row.state in PREPARATION_READ:
            row.reminded_at = now
            mails += notifications.enqueue(
                "preparation_waits", user_id=row.user_id, preparation_id=row.id
            )
        model.Session.commit()
    return mails
