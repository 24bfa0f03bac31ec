"""Who gets the weekly mail today, and the key in it that ends it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import notifications
from ckanext.challenge.domain import agenda as rules
from ckanext.challenge.model import Cohort, Digest, Staff

#: The day for those who have chosen none.
MONDAY = 0


def _keys() -> URLSafeSerializer:
    return URLSafeSerializer(
        tk.config["SECRET_KEY"], salt="ckanext.challenge.digest.end"
    )


def end_key(user_id: str) -> str:
    """The key that ends somebody's weekly mail; mailed there and nowhere else."""
    return str(_keys().dumps(user_id))


def ended_by(key: Any) -> str | None:
    """The id of the account whose weekly mail a key ends."""
    try:
        return str(_keys().loads(key))
    except (BadData, TypeError, ValueError):
        return None


def weekday_of(user_id: str) -> int | None:
    """The day on which somebody gets it; ``None`` where it was ended."""
    row = model.Session.get(Digest, user_id)
    return MONDAY if row is None else row.weekday


def choose(user_id: str, weekday: int | None, today: dt.date) -> None:
    """Keep the day that somebody chose, and do not commit: the first one comes on that
    day, today at the earliest.
    """
    yesterday = today - dt.timedelta(days=1)
    chosen = insert(Digest.__table__).values(
        user_id=user_id, weekday=weekday, settled_until=yesterday
    )
    kept: Any = Digest.__table__.c.settled_until
    model.Session.execute(
        chosen.on_conflict_do_update(
            index_elements=["user_id"],
            set_={
                "weekday": weekday,
                "settled_until": sa.func.greatest(kept, chosen.excluded.settled_until),
            },
        )
    )


def due(today: dt.date) -> dict[str, tuple[str, dt.date]]:
    """Who is to get the weekly mail today, in one statement.

    :returns: by the id of the account, its name and the day for which that is
    """
    helps = (
        sa.select(Staff.user_id)
        .join(Cohort, Cohort.id == Staff.cohort_id)
        .where(Cohort.state != "archived")
    )
    rows = model.Session.execute(
        sa.select(model.User.id, model.User.name, Digest.weekday, Digest.settled_until)
        .outerjoin(Digest, Digest.user_id == model.User.id)
        .where(
            model.User.id.in_(helps),
            model.User.state == "active",
            model.User.email.is_not(None),
        )
        .order_by(model.User.name)
    )
    found = {}
    for id_, name, weekday, settled in rows:
        chosen = MONDAY if settled is None else weekday
        if day := rules.digest_day(chosen, settled, today):
            found[id_] = (name, day)
    return found


def send(found: Mapping[str, tuple[str, dt.date]]) -> int:
    """Add the weekly mail of these people to the outbox, each once, and commit.

    However many run this at once, and wherever it is stopped: that a day is settled is
    stored with the mail.

    :param found: as :func:`due` answers it
    :returns: how many mails these are
    """
    if not found:
        return 0
    wanted = insert(Digest.__table__).values(
        [
            {"user_id": id_, "weekday": MONDAY, "settled_until": day}
            for id_, (_, day) in sorted(found.items())
        ]
    )
    settled: Any = Digest.__table__.c.settled_until
    taken = model.Session.execute(
        wanted.on_conflict_do_update(
            index_elements=["user_id"],
            set_={"settled_until": wanted.excluded.settled_until},
            where=settled < wanted.excluded.settled_until,
        ).returning(Digest.__table__.c.user_id)
    ).scalars()
    number = sum(notifications.enqueue("digest", user_id=id_) for id_ in sorted(taken))
    model.Session.commit()
    return number
