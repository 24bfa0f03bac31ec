"""The mails to subscribers: public facts alone."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.badges.mails import current_awards
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import Subscription
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from . import links


def _news(occasion: Occasion) -> dict[str, Any] | None:
    """What became of badges that somebody subscribed to.

    The data have ``awards``, pairs of an award's id and what became of it, and
    ``count``, how many changes there were.

    :returns: ``about`` (a title), ``link``, ``awards``, ``more`` (how many are not
        named) and ``unsubscribe`` (an address); ``None`` when all of it is past.
        ``awards`` may be empty: those that were named are past, others are not
    """
    subscription, data = _subscription(occasion), occasion.data
    about = links.about(subscription)
    awards = current_awards(data["awards"])
    more = max(0, data["count"] - len(data["awards"]))
    if about is None or not (awards or more):
        return None
    return {
        "about": about.title,
        "link": about.url,
        "awards": awards,
        "more": more,
        "unsubscribe": _url("end", links.end_key(subscription)),
    }


def _to_confirm(occasion: Occasion) -> dict[str, Any] | None:
    subscription = _subscription(occasion)
    about = links.about(subscription)
    if about is None or subscription.confirmed_at is not None:
        return None
    return {
        "link": _url("confirm", links.confirm_key(subscription)),
        "days": links.WAITS.days,
    }


def _subscription(occasion: Occasion) -> Subscription:
    assert occasion.subscription is not None
    return occasion.subscription


def _url(page: str, key: str) -> str:
    return str(tk.h.url_for(f"challenge_subscriptions.{page}", key=key, _external=True))


KINDS = (
    MailKind(
        "subscription",
        N_("Confirmation of a subscription"),
        _to_confirm,
        "subscriber",
        plain=True,
    ),
    MailKind("subscription_news", N_("News to a subscriber"), _news, "subscriber"),
)
