"""Subscriptions: being told by mail of badges, or of the data of a territory."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge import notifications, programmes
from ckanext.challenge.common import language, rate_limit, roles
from ckanext.challenge.common.action_helpers import (
    commit,
    find_organization,
    rollback_and_error,
    validate,
)
from ckanext.challenge.model import Mail, Subscription, locks
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import columns

from . import links, schema

_SHOWN = (
    "id",
    "badge",
    "cohort_id",
    "organization_id",
    "territory",
    "language",
    "created_at",
    "confirmed_at",
)

# How long an address that was asked to confirm a subscription is not asked again, and
# of how many it is asked within that time.
_PAUSE = dt.timedelta(days=1)
_QUESTIONS = 5


def challenge_subscription_create(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Ask to be told by mail when badges are earned, at risk, kept and lost, or when
    data of a territory are opened.

    Anybody may call this. The address gets one mail with a link to confirm it, and
    nothing else before that; what is not confirmed within seven days is erased. Asking
    again sends it again after a day, and an address that confirms nothing gets five of
    them a day at most. It always answers the same, and tells nothing of whether an
    address is known. Nobody gets more than one mail a day for one subscription.

    :param badge: the key of a badge: whoever earns it
    :type badge: string
    :param cohort: in its place, the id or name of a season: the badges earned in it
    :type cohort: string
    :param organization: in its place, the id or name of an organization: its badges
    :type organization: string
    :param departement: in its place, the code of a département: the data opened there
    :type departement: string
    :param epci: in its place, the SIREN of an EPCI: its data, and its communes'
    :type epci: string
    :param collectivite: in its place, the SIREN of a collectivité: its data
    :type collectivite: string
    :param email: the address
    :type email: string
    :param lang: the language of the mails; that of the request if not given
    :type lang: string
    :returns: ``{done: true}``
    :rtype: dict
    :raises ObjectNotFound: when there is no such badge, season, organization or
        collectivité
    :raises ValidationError: on ``badge`` when not exactly one of them is given;
        on ``limit`` when this was asked too often
    """
    tk.check_access("challenge_subscription_create", context, data_dict)
    data = validate(context, data_dict, schema.create())
    rate_limit.check("subscribe")
    wanted = _object(data)
    email = data["email"].strip()
    # To say that this address got too many would say that it is known.
    with suppress(rate_limit.TooMany):
        rate_limit.check("subscription", email)
        locks.hold(f"subscriptions of {email.lower()}")
        spoken = data.get("lang") or language.current()
        subscription = _kept(wanted, email, spoken)
        if subscription.confirmed_at is None and _may_be_asked(subscription):
            # The days within which it may be confirmed begin anew.
            subscription.created_at, subscription.language = utcnow(), spoken
            notifications.enqueue("subscription", subscription=subscription)
        commit(context)
    return {"done": True}


def challenge_subscription_confirm(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Confirm a subscription: from now on its address is told.

    Whoever has the key of the mail that asks for it may call this; again changes
    nothing.

    :param key: of the link in that mail
    :type key: string
    :returns: as :py:func:`challenge_subscription_show`
    :rtype: dict
    :raises ValidationError: on ``key`` when it is wrong or older than seven days
    :raises ObjectNotFound: when the subscription was ended or erased
    """
    data = validate(context, data_dict, schema.own())
    tk.check_access("challenge_subscription_confirm", context, data)
    id_ = links.confirms(data.get("key"))
    if id_ is None:
        raise _wrong_key()
    now = utcnow()
    model.Session.query(Subscription).filter_by(id=id_, confirmed_at=None).update(
        {"confirmed_at": now, "told_until": now}, synchronize_session=False
    )
    commit(context)
    return _show(_found(id_))


@tk.side_effect_free
def challenge_subscription_show(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """Show a subscription.

    Whoever has a key that was mailed for it may call this.

    :param key: of a link in any of its mails
    :type key: string
    :returns: ``{id, badge, cohort_id, organization_id, territory, title, url,
        language, created_at, confirmed_at}``, ``title`` and ``url`` being those of what
        it is about; both are ``None`` when that is gone. ``territory`` is
        ``departement:``, ``epci:`` or ``collectivite:`` with a code or SIREN
    :rtype: dict
    :raises ValidationError: on ``key`` when it is wrong
    :raises ObjectNotFound: when the subscription was ended or erased
    """
    data = validate(context, data_dict, schema.own())
    tk.check_access("challenge_subscription_show", context, data)
    return _show(_found(_opened(data)))


@tk.side_effect_free
def challenge_subscription_list(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """List all that the portal keeps of an address that subscribed.

    Whoever has a key that was mailed to it may call this; sysadmins with the address
    itself, for somebody who asks what is kept.

    :param key: of a link in a mail to the address
    :type key: string
    :param email: in its place, the address
    :type email: string
    :returns: ``{count, email, results}``, each as
        :py:func:`challenge_subscription_show`
    :rtype: dict
    :raises ValidationError: on ``key`` when it is wrong
    :raises ObjectNotFound: when its subscription was ended or erased
    """
    data = validate(context, data_dict, schema.mine())
    tk.check_access("challenge_subscription_list", context, data)
    email = _address(data)
    found = _of(email).order_by(Subscription.created_at, Subscription.id).all()
    return {
        "count": len(found),
        "email": email,
        "results": [_show(subscription) for subscription in found],
    }


def challenge_subscription_delete(
    context: Context, data_dict: dict[str, Any]
) -> dict[str, Any]:
    """End a subscription, or all of an address: what is kept of it is erased.

    Whoever has a key that was mailed for it may call this; sysadmins with the address
    itself, for somebody who asks them. Again changes nothing.

    :param key: of a link in any of its mails
    :type key: string
    :param all: whether to end all subscriptions of the same address
    :type all: bool
    :param email: in the place of a key, the address: all of its subscriptions
    :type email: string
    :returns: ``{done: true}``
    :rtype: dict
    :raises ValidationError: on ``key`` when it is wrong
    """
    data = validate(context, data_dict, schema.ended())
    tk.check_access("challenge_subscription_delete", context, data)
    with suppress(tk.ObjectNotFound):
        if data.get("key") and not data.get("all"):
            ended = model.Session.query(Subscription).filter_by(id=_opened(data))
        else:
            ended = _of(_address(data))
        ended.delete(synchronize_session=False)
    commit(context)
    return {"done": True}


def _object(data: dict[str, Any]) -> dict[str, str]:
    """The column of what somebody subscribes to, with its key or id."""
    given = [name for name in schema.OBJECTS if data.get(name)]
    if len(given) != 1:
        raise rollback_and_error(
            "badge",
            tk._("Say one of these: a badge, a season, an organization or a territory"),
        )
    if "cohort" in data:
        # What everybody sees, whoever asks: it is told to an address, not to a user.
        return {"cohort_id": roles.seen_cohort({"user": ""}, data["cohort"]).id}
    if "organization" in data:
        return {"organization_id": find_organization(data["organization"]).id}
    if given[0] in schema.PLACES:
        territory = f"{given[0]}:{data[given[0]]}"
        if links.place(territory) is None:
            raise tk.ObjectNotFound(tk._("The directory has no such collectivité"))
        return {"territory": territory}
    if data["badge"] not in programmes.badges(None):
        raise tk.ObjectNotFound(tk._("There is no such badge"))
    return {"badge": data["badge"]}


def _kept(wanted: dict[str, str], email: str, spoken: str) -> Subscription:
    """The subscription as it is stored: asking twice is asking once."""
    now = utcnow()
    model.Session.execute(
        insert(Subscription.__table__)
        .values(id=make_id(), email=email, language=spoken, created_at=now, **wanted)
        .on_conflict_do_nothing()
    )
    return _of(email).filter_by(**wanted).populate_existing().one()


def _may_be_asked(subscription: Subscription) -> bool:
    """Whether its address gets a mail that asks to confirm it.

    Counted here and not in Redis, since anybody may ask in anybody's name. What was
    confirmed does not count: who did that reads these mails.
    """
    asked = (
        _of(subscription.email)
        .join(Mail, Mail.subscription_id == Subscription.id)
        .filter(
            Subscription.confirmed_at.is_(None),
            Mail.kind == "subscription",
            sa.or_(
                Mail.state == "waiting",
                sa.func.coalesce(Mail.sent_at, Mail.created_at) > utcnow() - _PAUSE,
            ),
        )
        .with_entities(Subscription.id)
    )
    ids = [id_ for (id_,) in asked]
    return subscription.id not in ids and len(ids) < _QUESTIONS


def _of(email: str) -> Any:
    """All subscriptions of an address, however it is written."""
    return model.Session.query(Subscription).filter(
        sa.func.lower(Subscription.email) == sa.func.lower(email)
    )


def _address(data: dict[str, Any]) -> str:
    if data.get("key"):
        return _found(_opened(data)).email
    if not data.get("email"):
        raise tk.ValidationError({"email": [tk._("Missing value")]})
    return data["email"]


def _opened(data: dict[str, Any]) -> str:
    id_ = links.opens(data.get("key"))
    if id_ is None:
        raise _wrong_key()
    return id_


def _wrong_key() -> tk.ValidationError:
    text = tk._("This link was cut off or changed on its way, or it is too old.")
    return tk.ValidationError({"key": [text]})


def _found(id_: str) -> Subscription:
    found = model.Session.get(Subscription, id_, populate_existing=True)
    if found is None:
        raise tk.ObjectNotFound(tk._("This subscription has ended"))
    return found


def _show(subscription: Subscription) -> dict[str, Any]:
    about = links.about(subscription)
    return {
        **columns(subscription, _SHOWN),
        "title": about.title if about else None,
        "url": about.url if about else None,
    }
