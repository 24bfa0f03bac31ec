"""Messages to many: written, looked at, held, and sent once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.campaigns import delivery, recipients, schema, words
from ckanext.challenge.campaigns.finding import find_campaign
from ckanext.challenge.common import journal, roles
from ckanext.challenge.common.action_helpers import (
    actor_of,
    all_or_nothing,
    find_cohort,
    paginate,
    rollback_and_error,
    user_id_of,
    validate,
)
from ckanext.challenge.domain import placeholders
from ckanext.challenge.model import Campaign, Cohort, Mail, locks
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import columns

_SHOWN = (
    "id",
    "cohort_id",
    "filters",
    "subject",
    "text",
    "state",
    "recipients",
    "created_at",
    "updated_at",
    "sent_at",
)


def challenge_campaign_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Write a message to many. It is held until it is sent.

    Managers of the season and sysadmins may call this; its advisers, to write to the
    participants whom they accompany.

    :param cohort: the id or name of the season
    :type cohort: string
    :param to: ``participants``, ``applicants`` or ``staff``
    :type to: string
    :param filters: which of them: of participants, as the board takes them (``late``,
        ``stalled``, ``opinion``, ``phase``, ``adviser``…), of applicants ``state``, of
        the staff ``role``; all of them without any
    :type filters: dict
    :param ids: only these: of participants, applications or users; left out for all
        that the filters let through
    :type ids: list of strings
    :param subject: of the mail; ``{name}``, ``{season}`` and ``{reference}`` are filled
        in
    :type subject: string
    :param text: the message; placeholders in braces are filled in for each one:
        ``{name}``, ``{season}``, ``{link}``, of participants also ``{steps_left}``,
        ``{steps}`` and ``{next_date}``, of applicants ``{reference}``. French
        spellings are known, too: ``{nom}``, ``{lien}``…
    :type text: string
    :returns: the message, as :py:func:`challenge_campaign_show` gives it
    :rtype: dict
    :raises ValidationError: on ``filters`` or ``ids`` when nobody is meant; on
        ``subject`` or ``text`` for a placeholder that there is not; on ``cohort`` once
        the season is in the archive
    """
    data = validate(context, data_dict, schema.create())
    tk.check_access("challenge_campaign_create", context, data)
    cohort = roles.seen_cohort(context, data["cohort"])
    campaign = Campaign(
        id=make_id(),
        cohort_id=cohort.id,
        author_id=user_id_of(context),
        audience=data["to"],
        filters=data.get("filters") or {},
        chosen=data.get("ids") or [],
        subject=data["subject"],
        text=data["text"],
        state="held",
    )
    _check(context, cohort, campaign)
    with all_or_nothing(context):
        model.Session.add(campaign)
        model.Session.flush()
        _record(context, "write_campaign", campaign)
    return _dictize([campaign])[0]


def challenge_campaign_update(context: Context, data_dict: dict[str, Any]) -> Any:
    """Change a message that is held.

    Managers of the season, sysadmins and who wrote it may call this. What is left out
    stays. The other parameters are those of
    :py:func:`challenge_campaign_create` but for ``cohort``.

    :param id: the id of the message
    :type id: string
    :returns: the message, as :py:func:`challenge_campaign_show` gives it
    :rtype: dict
    :raises ValidationError: as for a new one; on ``state`` when it is not held any more
    """
    data = validate(context, data_dict, schema.update())
    tk.check_access("challenge_campaign_update", context, {"id": data["id"]})
    campaign = _held(data["id"])
    cohort = find_cohort(campaign.cohort_id)
    if data.get("to", campaign.audience) != campaign.audience:
        about = {"cohort": cohort.id, "to": data["to"]}
        tk.check_access("challenge_campaign_create", context, about)
    for name, field in (
        ("to", "audience"),
        ("filters", "filters"),
        ("ids", "chosen"),
        ("subject", "subject"),
        ("text", "text"),
    ):
        if name in data:
            setattr(campaign, field, data[name])
    with all_or_nothing(context), model.Session.no_autoflush:
        _check(context, cohort, campaign)
        _record(context, "write_campaign", campaign)
    return _dictize([campaign])[0]


@tk.side_effect_free
def challenge_campaign_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show a message to many, and what became of its mails.

    Managers of the season, sysadmins and who wrote it may call this.

    :param id: the id of the message
    :type id: string
    :returns: ``{id, cohort_id, to, filters, ids, subject, text, state, author,
        recipients, mails, created_at, updated_at, sent_at}``: ``state`` is ``held``,
        ``sent`` or ``cancelled``, ``recipients`` to how many it was sent, ``mails``
        ``{waiting, sent, failed, cancelled}``
    :rtype: dict
    """
    data = validate(context, data_dict, {"id": schema.update()["id"]})
    tk.check_access("challenge_campaign_show", context, data)
    return _dictize([find_campaign(data["id"])])[0]


@tk.side_effect_free
def challenge_campaign_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the messages to many of a season, those that are held first.

    Managers of the season, sysadmins and its advisers may call this; advisers see their
    own to participants alone.

    :param cohort: the id or name of the season
    :type cohort: string
    :param state: ``held``, ``sent`` or ``cancelled``
    :type state: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results}``, each as :py:func:`challenge_campaign_show` gives it
    :rtype: dict
    """
    data = validate(context, data_dict, schema.campaign_list())
    tk.check_access("challenge_campaign_list", context, data)
    cohort = roles.seen_cohort(context, data["cohort"])
    query = model.Session.query(Campaign).filter(Campaign.cohort_id == cohort.id)
    if not roles.is_manager(context, cohort.id):
        query = query.filter(
            Campaign.author_id == user_id_of(context),
            Campaign.audience == recipients.ANY_STAFF_WRITES_TO,
        )
    if "state" in data:
        query = query.filter(Campaign.state == data["state"])
    rows, count = paginate(
        query.order_by(
            sa.desc(Campaign.state == "held"), Campaign.created_at.desc(), Campaign.id
        ),
        data,
    )
    return {"count": count, "results": _dictize(rows)}


@tk.side_effect_free
def challenge_campaign_preview(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show who would get a message now, and what one of them would read.

    Whoever may write or read the message may call this. A message that is only being
    written needs no words yet; its other parameters are those of
    :py:func:`challenge_campaign_create`.

    :param id: the id of a message; else the parameters of a new one say what it is
    :type id: string
    :param recipient: the id of the one whose message is shown; else the first
    :type recipient: string
    :param limit: how many recipients are named at most (100)
    :type limit: int
    :param offset: how many of them to pass over (0)
    :type offset: int
    :returns: ``{count, results, mails, ended, unproved, unreachable, recent, hours,
        shown}``: ``results`` are ``{id, name, mails}``, the recipients by name;
        ``mails`` how many mails go, ``ended`` how many people want none, ``unproved``
        how many addresses get a notice without the text since nobody has proved them,
        ``unreachable`` how many recipients nobody can be told for by mail, ``recent``
        how many got another message to many within the last ``hours``; ``shown`` is
        ``{id, name, subject, text}`` or none
    :rtype: dict
    :raises ValidationError: on a field that is wrong; on ``recipient`` for one who does
        not get it
    """
    data = validate(context, data_dict, schema.preview())
    if "id" not in data:
        for name in ("cohort", "to"):
            if name not in data:
                raise tk.ValidationError({name: [tk._("Missing value")]})
    tk.check_access("challenge_campaign_preview", context, data)
    if "id" in data:
        campaign = find_campaign(data["id"])
        cohort = find_cohort(campaign.cohort_id)
    else:
        cohort = roles.seen_cohort(context, data["cohort"])
        # Never added to the session: it is only being written.
        campaign = Campaign(
            audience=data["to"],
            filters=data.get("filters") or {},
            chosen=data.get("ids") or [],
            subject=data.get("subject", ""),
            text=data.get("text", ""),
        )
    words.check(campaign.audience, campaign.subject, campaign.text)
    found = _recipients(context, cohort, campaign)
    shown = found[0] if found else None
    if "recipient" in data:
        shown = next((one for one in found if one.id == data["recipient"]), None)
        if shown is None:
            text = tk._("This one does not get the message")
            raise tk.ValidationError({"recipient": [text]})
    interval = config.campaign_interval()
    page = found[data["offset"] : data["offset"] + data["limit"]]
    return {
        "count": len(found),
        "results": [
            {"id": one.id, "name": one.name, "mails": one.mails} for one in page
        ],
        "mails": sum(one.mails for one in found),
        "ended": sum(one.ended for one in found),
        "unproved": sum(one.unproved for one in found),
        "unreachable": sum(not one.mails for one in found),
        "recent": recipients.recently(
            interval, cohort.id, campaign.audience, [one.id for one in found]
        ),
        "hours": int(interval.total_seconds() // 3600),
        "shown": shown
        and {
            "id": shown.id,
            "name": shown.name,
            "subject": placeholders.fill(campaign.subject, shown.values),
            "text": placeholders.fill(campaign.text, shown.values),
        },
    }


def challenge_campaign_send(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send a message that is held, once, to those who are meant at this moment.

    It goes into the conversation of each one, where the answers come, too; the mails go
    through the outbox. Managers of the season, sysadmins and who wrote it may call
    this.

    :param id: the id of the message
    :type id: string
    :param recipients: how many recipients the sender was told of
    :type recipients: int
    :param again: send it although some of them got another one a short time ago
    :type again: bool
    :returns: the message, as :py:func:`challenge_campaign_show` gives it
    :rtype: dict
    :raises ValidationError: on ``recipients`` when there are more or fewer by now; on
        ``again`` when some of them got another one a short time ago; on ``state`` when
        it was sent or cancelled already
    """
    data = validate(context, data_dict, schema.send())
    tk.check_access("challenge_campaign_send", context, {"id": data["id"]})
    campaign = _held(data["id"])
    cohort = find_cohort(campaign.cohort_id)
    try:
        found = _check(context, cohort, campaign)
    except tk.ValidationError:
        model.Session.rollback()
        raise
    if len(found) != data["recipients"]:
        text = tk.ungettext(
            "There is {number} recipient by now. Look at the message once more.",
            "There are {number} recipients by now. Look at the message once more.",
            len(found),
        )
        raise rollback_and_error("recipients", text.format(number=len(found)))
    ids = [one.id for one in found]
    # Two messages that are sent at once would not see each other.
    locks.hold(f"campaigns of {cohort.id}")
    interval = config.campaign_interval()
    recent = recipients.recently(interval, cohort.id, campaign.audience, ids)
    if recent and not data.get("again"):
        text = tk.ungettext(
            "{number} of them got another message less than {hours} hours ago.",
            "{number} of them got another message less than {hours} hours ago.",
            recent,
        ).format(number=recent, hours=int(interval.total_seconds() // 3600))
        raise rollback_and_error("again", text)
    with all_or_nothing(context):
        mails = delivery.deliver(campaign, found, user_id_of(context))
        campaign.state, campaign.sent_at = "sent", utcnow()
        campaign.recipients = len(found)
        _record(context, "send_campaign", campaign, recipients=len(found), mails=mails)
    return _dictize([campaign])[0]


def challenge_campaign_cancel(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take a message that is held out of the outbox; nobody gets it.

    Managers of the season, sysadmins and who wrote it may call this.

    :param id: the id of the message
    :type id: string
    :returns: the message, as :py:func:`challenge_campaign_show` gives it
    :rtype: dict
    :raises ValidationError: on ``state`` when it was sent or cancelled already
    """
    data = validate(context, data_dict, {"id": schema.update()["id"]})
    tk.check_access("challenge_campaign_cancel", context, data)
    campaign = _held(data["id"])
    with all_or_nothing(context):
        campaign.state = "cancelled"
        _record(context, "cancel_campaign", campaign)
    return _dictize([campaign])[0]


def _held(id_: str) -> Campaign:
    """A message that is held, locked: it is sent once, however many ask for it.

    :raises ValidationError: on ``state``
    """
    campaign = find_campaign(id_)
    locks.refresh_for_update(campaign)
    if campaign.state == "held":
        return campaign
    text = (
        tk._("This message was sent already")
        if campaign.state == "sent"
        else tk._("This message was cancelled")
    )
    raise rollback_and_error("state", text)


def _check(
    context: Context, cohort: Cohort, campaign: Campaign
) -> list[recipients.Recipient]:
    """Refuse what cannot be sent.

    :returns: who would get it now
    :raises ValidationError: on the field that is wrong
    """
    if cohort.state == "archived":
        text = tk._("This season is in the archive: nobody is written to any more")
        raise tk.ValidationError({"cohort": [text]})
    words.check(campaign.audience, campaign.subject, campaign.text)
    found = _recipients(context, cohort, campaign)
    if not found:
        field = "ids" if campaign.chosen else "filters"
        raise tk.ValidationError({field: [tk._("Nobody is meant by this choice")]})
    return found


def _recipients(
    context: Context, cohort: Cohort, campaign: Campaign
) -> list[recipients.Recipient]:
    return recipients.of(
        context, cohort, campaign.audience, campaign.filters, campaign.chosen
    )


def _record(context: Context, action: str, campaign: Campaign, **data: Any) -> None:
    """What was done, and not what was written: the journal is for ever."""
    journal.record(
        actor_of(context),
        action,
        "cohort",
        campaign.cohort_id,
        {"campaign": campaign.id, "to": campaign.audience, **data},
    )


def _dictize(campaigns: list[Campaign]) -> list[dict[str, Any]]:
    """Messages as the API answers them, with two statements for any number."""
    ids = [campaign.id for campaign in campaigns]
    mails: dict[str, dict[str, int]] = {}
    for row in model.Session.execute(
        sa.select(Mail.campaign_id, Mail.state, sa.func.count().label("number"))
        .where(Mail.campaign_id.in_(ids))
        .group_by(Mail.campaign_id, Mail.state)
    ):
        mails.setdefault(row.campaign_id, {})[row.state] = row.number
    authors = model.Session.query(model.User).filter(
        model.User.id.in_({one.author_id for one in campaigns if one.author_id})
    )
    names = {user.id: user.display_name for user in authors}
    return [_shown(one, mails.get(one.id, {}), names) for one in campaigns]


def _shown(
    campaign: Campaign, mails: Mapping[str, int], names: Mapping[str, str]
) -> dict[str, Any]:
    return {
        **columns(campaign, _SHOWN),
        "to": campaign.audience,
        "ids": campaign.chosen,
        "author": names.get(campaign.author_id or ""),
        "mails": {
            state: mails.get(state, 0)
            for state in ("waiting", "sent", "failed", "cancelled")
        },
    }
