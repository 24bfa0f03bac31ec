"""What the templates of a mail about badges are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge.measures import labels as measure_labels
from ckanext.challenge.model import Subscription
from ckanext.challenge.subscribers import links

from .award_mails import Change

__all__ = ["of_members", "of_subscriber", "to_confirm"]

#: In which states of an award a change is still worth telling.
_STILL: dict[Change, tuple[str, ...]] = {
    "at_risk": ("at_risk",),
    "lost": ("revoked",),
    "earned": ("active", "at_risk"),
    "kept": ("active",),
}

#: Of the datasets that keep a badge at risk, so many are named.
_NAMED_DATASETS = 3


def of_members(data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The variables of a mail to those who publish for an organization.

    :param data: ``awards``, pairs of an award's id and what became of it
    :returns: ``organization``, ``link``, ``proof`` (whether the link leads to an
        award) and the awards by what became of them; ``None`` when all of it is past
    """
    awards = [award for award in _awards(data["awards"]) if award["still"]]
    if not awards:
        return None
    name = awards[0]["organization_name"]
    at_risk = [award for award in awards if award["change"] == "at_risk"]
    if at_risk:
        missing = _missing(name)
        for award in at_risk:
            award["missing"] = missing.get(award["badge"], [])
    proof = len(awards) == 1 and awards[0]["change"] in ("earned", "kept")
    link = awards[0]["url"] if proof else _url("challenge_organization.read", id=name)
    return {
        "organization": awards[0]["organization_title"],
        "link": link,
        "proof": proof,
        **{
            change: [award for award in awards if award["change"] == change]
            for change in _STILL
        },
    }


def of_subscriber(
    subscription: Subscription, data: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The variables of a mail to a subscriber: public facts alone.

    :param data: ``awards`` as in :func:`of_members`; ``count``, how many changes there
        were
    :returns: ``about`` (a title), ``link``, ``awards``, ``more`` (how many are not
        named) and ``unsubscribe`` (an address); ``None`` when all of it is past.
        ``awards`` may be empty: those that were named are past, others are not
    """
    about = links.about(subscription)
    awards = [award for award in _awards(data["awards"]) if award["still"]]
    more = max(0, data["count"] - len(data["awards"]))
    if about is None or not (awards or more):
        return None
    return {
        "about": about.title,
        "link": about.url,
        "awards": awards,
        "more": more,
        "unsubscribe": _url(
            "challenge_subscriptions.end", key=links.end_key(subscription)
        ),
    }


def to_confirm(subscription: Subscription) -> dict[str, Any] | None:
    """The variables of the mail by which an address is confirmed."""
    about = links.about(subscription)
    if about is None or subscription.confirmed_at is not None:
        return None
    return {
        "about": about.title,
        "link": _url(
            "challenge_subscriptions.confirm", key=links.confirm_key(subscription)
        ),
        "days": links.WAITS.days,
    }


def _awards(told: Iterable[tuple[str, Change]]) -> Iterable[dict[str, Any]]:
    """Awards as everybody sees them, with the last that became of each.

    Asked as nobody: what is not public is in no mail.
    """
    for id_, change in dict(told).items():
        try:
            award = tk.get_action("challenge_award_show")({"user": ""}, {"id": id_})
        except (tk.NotAuthorized, tk.ObjectNotFound):
            continue
        yield {
            **award,
            "change": change,
            "still": award["state"] in _STILL[change],
            "url": _url("challenge.award", award=id_),
            "by_person": award["revoked_source"] == "person",
            "date": tk.h.challenge_date(award["lost_on"]),
        }


def _missing(organization: str) -> dict[str, list[str]]:
    """By badge, what an organization lacks, in sentences."""
    # Asked as a sysadmin: a member may know it, and nobody else gets this mail.
    site = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    standing = tk.get_action("challenge_standing_show")(
        {"user": site["name"]}, {"organization": organization}
    )
    return {
        badge["badge"]: [_sentence(row) for row in badge.get("missing", [])]
        for badge in standing["badges"]
    }


def _sentence(row: Mapping[str, Any]) -> str:
    if row.get("step"):
        return row["title"]
    said = measure_labels.shortfall(row)
    titles = [dataset["title"] for dataset in row.get("datasets", [])]
    if not titles:
        return said
    return tk._("{sentence} To look at first: {datasets}.").format(
        sentence=said, datasets=", ".join(titles[:_NAMED_DATASETS])
    )


def _url(endpoint: str, **values: Any) -> str:
    return str(tk.h.url_for(endpoint, **values, _external=True))
