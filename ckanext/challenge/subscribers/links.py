"""Subscriptions: the keys that confirm and end them, and what they are about.

Nobody needs an account to subscribe: a key that was mailed to an address is the proof
of who reads it. One key confirms, within the days for which a subscription waits; the
other, in each mail, ends it and never expires.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from itsdangerous import BadData, URLSafeSerializer, URLSafeTimedSerializer

from ckanext.challenge.directory.departements import departements
from ckanext.challenge.model import Collectivite, Subscription

#: How long an address may be confirmed; afterwards it is erased.
WAITS = dt.timedelta(days=7)

_SALT = "ckanext.challenge.subscription"


@dataclass(frozen=True)
class About:
    """What somebody subscribed to.

    :ivar title: in the reader's language
    :ivar url: its page, with its scheme and host
    """

    title: str
    url: str


def _confirming() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(tk.config["SECRET_KEY"], salt=f"{_SALT}.confirm")


def _ending() -> URLSafeSerializer:
    return URLSafeSerializer(tk.config["SECRET_KEY"], salt=f"{_SALT}.end")


def confirm_key(subscription: Subscription) -> str:
    """The key that confirms a subscription; mailed to its address and nowhere else."""
    return str(_confirming().dumps(subscription.id))


def end_key(subscription: Subscription) -> str:
    """The key that ends a subscription; mailed to its address and nowhere else."""
    return str(_ending().dumps(subscription.id))


def confirms(key: Any) -> str | None:
    """The id of the subscription that a key confirms, as long as it does."""
    try:
        return str(_confirming().loads(key, max_age=int(WAITS.total_seconds())))
    except (BadData, TypeError, ValueError):
        return None


def opens(key: Any) -> str | None:
    """The id of the subscription that a key of either kind was mailed for."""
    try:
        return str(_ending().loads(key))
    except (BadData, TypeError, ValueError):
        return confirms(key)


def place(territory: str) -> str | None:
    """The name of a territory, if the directory has it.

    :param territory: as a subscription keeps it
    """
    kind, _, code = territory.partition(":")
    if kind == "departement":
        known = departements().get(code)
        return known.name if known else None
    row = model.Session.query(Collectivite).filter_by(siren=code).first()
    # An EPCI is what has communes, and no code of its own among them.
    return row.name if row and not (kind == "epci" and row.insee_code) else None


def about(subscription: Subscription) -> About | None:
    """What a subscription is about, as everybody may see it.

    :returns: ``None`` when it is gone, or no longer for everybody
    """

    def shown(action: str, **data: Any) -> dict[str, Any]:
        return tk.get_action(action)({"user": ""}, data)

    try:
        if subscription.badge is not None:
            title = shown("challenge_badge_show", badge=subscription.badge)["title"]
            url = tk.h.url_for(
                "challenge.badge", badge=subscription.badge, _external=True
            )
        elif subscription.cohort_id is not None:
            cohort = shown("challenge_cohort_show", id=subscription.cohort_id)
            title = cohort["title"]
            url = tk.h.url_for("challenge.read", cohort=cohort["name"], _external=True)
        elif subscription.territory is not None:
            kind, _, code = subscription.territory.partition(":")
            title = place(subscription.territory)
            if title is None:
                return None
            url = tk.h.url_for("challenge.region_data", **{kind: code}, _external=True)
        else:
            group = model.Group.get(subscription.organization_id)
            if group is None or group.state != model.State.ACTIVE:
                return None
            title = group.title or group.name
            url = tk.h.url_for(
                "challenge_organization.read", id=group.name, _external=True
            )
    except (tk.NotAuthorized, tk.ObjectNotFound):
        return None
    return About(title, str(url))
