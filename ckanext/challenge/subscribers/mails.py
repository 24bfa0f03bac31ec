"""The mails to subscribers: public facts alone."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.badges.mails import current_awards
from ckanext.challenge.datasets import opened
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.domain.text import N_
from ckanext.challenge.model import Subscription
from ckanext.challenge.notifications.kinds import MailKind, Occasion

from . import links

#: Stands for a key in a preview: whoever reads it is not the one it was mailed to.
_HIDDEN = "…"


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
        "unsubscribe": _end_url(occasion),
    }


def _opened(occasion: Occasion) -> dict[str, Any] | None:
    """The data that were opened in a territory that somebody subscribed to.

    The data of the mail have ``datasets``, the ids of the first, and ``count``.

    :returns: ``about`` (a title), ``link``, ``datasets`` (``title``, ``organization``
        and ``url`` each), ``more`` (how many are not named) and ``unsubscribe``;
        ``None`` when none of them is public any more
    """
    subscription, data = _subscription(occasion), occasion.data
    about = links.about(subscription)
    rows = opened.read(data["datasets"])
    if about is None or not rows:
        return None
    base = str(tk.h.url_for("dataset.read", id="_", _external=True))[:-1]
    return {
        "about": about.title,
        "link": about.url,
        "datasets": [
            {
                "title": cleaned(row.title or row.name),
                "organization": cleaned(row.organization_title),
                "url": base + row.name,
            }
            for row in rows
        ],
        "more": max(0, data["count"] - len(data["datasets"])),
        "unsubscribe": _end_url(occasion),
    }


def _to_confirm(occasion: Occasion) -> dict[str, Any] | None:
    subscription = _subscription(occasion)
    about = links.about(subscription)
    if about is None or subscription.confirmed_at is not None:
        return None
    key = _HIDDEN if occasion.preview else links.confirm_key(subscription)
    return {
        "link": _url("confirm", key),
        "days": links.WAITS.days,
        "data": subscription.territory is not None,
    }


def _subscription(occasion: Occasion) -> Subscription:
    assert occasion.subscription is not None
    return occasion.subscription


def _end_url(occasion: Occasion) -> str:
    subscription = _subscription(occasion)
    return _url("end", _HIDDEN if occasion.preview else links.end_key(subscription))


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
    MailKind(
        "subscription_data", N_("New data, to a subscriber"), _opened, "subscriber"
    ),
)
