"""Mails: which went, which fail, and what one would say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import mails, schema, waiting_list
from ckanext.challenge.applications.transitions import cohort_of
from ckanext.challenge.common import fields, journal, roles, session_events
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    find_application,
    find_mail,
    paginate,
    user_id_of,
    validate,
)
from ckanext.challenge.model import Application, Mail, Participant
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.model.dictize import columns
from ckanext.challenge.notifications import labels as mail_labels
from ckanext.challenge.notifications import outbox
from ckanext.challenge.notifications.kinds import Occasion
from ckanext.challenge.notifications.rendering import (
    NobodyToWriteTo,
    WrongAddress,
    render,
)

_SHOWN = (
    "id",
    "kind",
    "cohort_id",
    "application_id",
    "user_id",
    "state",
    "attempts",
    "next_attempt_at",
    "last_error",
    "created_at",
    "sent_at",
)
#: What can be sent again.
_RETRIED = ("waiting", "failed", "cancelled")
_IS_FAILING = sa.or_(
    Mail.__table__.c.state == "failed",
    sa.and_(Mail.__table__.c.state == "waiting", Mail.__table__.c.attempts > 0),
)


@tk.side_effect_free
def challenge_mail_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the mails of a season or of an application, those that fail first.

    Managers of the season and sysadmins may call this; without a season and an
    application, sysadmins alone, for the mails of the whole portal.

    :param cohort: the id or name of the season
    :type cohort: string
    :param application: the id or reference of an application
    :type application: string
    :param campaign: the id of a message to many: only the mails that carry it
    :type campaign: string
    :param state: ``failing`` (given up, or to be tried again), ``waiting``,
        ``sent``, ``failed`` (given up) or ``cancelled`` (nobody to write to)
    :type state: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, failing, results}``, ``failing`` being the number of those
        that fail whatever ``state`` asks for. Each result has ``id``, ``kind``,
        ``title`` (the kind in words), ``state``, ``state_label``, ``failing``,
        ``attempts``, ``next_attempt_at``, ``last_error``, ``created_at``,
        ``sent_at``, ``application_id``, ``reference``, ``organization_title`` (of the
        application or of the participant), ``user_id`` and ``to`` (the name of whom it
        is for)
    :rtype: dict
    """
    data = validate(context, data_dict, schema.mail_list())
    tk.check_access("challenge_mail_list", context, data)
    query = (
        model.Session.query(Mail, Application, model.User)
        .outerjoin(Application, Application.id == Mail.application_id)
        .outerjoin(model.User, model.User.id == Mail.user_id)
    )
    if "application" in data:
        application = find_application(data["application"])
        query = query.filter(Mail.application_id == application.id)
    if "cohort" in data:
        query = query.filter(
            Mail.cohort_id == roles.seen_cohort(context, data["cohort"]).id
        )
    if "campaign" in data:
        query = query.filter(Mail.campaign_id == data["campaign"])
    if not roles.is_sysadmin(context):
        # A draft is its applicant's until it is handed in.
        query = query.filter(
            sa.or_(Mail.application_id.is_(None), Application.submitted_at.isnot(None))
        )
    failing = query.filter(_IS_FAILING).count()
    state = data.get("state")
    if state == "failing":
        query = query.filter(_IS_FAILING)
    elif state:
        query = query.filter(Mail.state == state)
    rows, count = paginate(
        query.order_by(sa.desc(_IS_FAILING), Mail.created_at.desc(), Mail.id), data
    )
    titles = _organizations(mail for mail, _, _ in rows)
    return {
        "count": count,
        "failing": failing,
        "results": [
            _dictize(mail, application, user, titles)
            for mail, application, user in rows
        ],
    }


@tk.side_effect_free
def challenge_mail_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show what a mail of a list says, as it would be written now.

    Managers of the season and sysadmins may call this; of a mail without a season,
    sysadmins alone. No mail is kept as it went: what it tells of may have changed
    since. The links in it open nothing for whoever reads it here.

    :param id: the id of a mail
    :type id: string
    :returns: the mail as :py:func:`challenge_mail_list` gives it, with ``subject``,
        ``text`` and ``html``, and ``unproved``: whether its address is not proved, so
        that no typed text goes there; without these, ``problem`` says why nothing can
        be shown
    :rtype: dict
    """
    data = validate(context, data_dict, fields.reference())
    tk.check_access("challenge_mail_show", context, data)
    mail = find_mail(data["id"])
    application = model.Session.get(Application, mail.application_id or "")
    shown = _dictize(
        mail, application, model.User.get(mail.user_id or ""), _organizations([mail])
    )
    try:
        with model.Session.begin_nested():
            rendered = outbox.read(mail)
    except Exception:
        # What it needs may be erased or purged: each kind looks for its own.
        return {
            **shown,
            "problem": tk._(
                "This mail cannot be shown any more: whom or what it was about has "
                "changed since, or is gone."
            ),
        }
    return {
        **shown,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "unproved": rendered.unproved is not None,
    }


def challenge_mail_retry(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send mails again that failed, at once and with all their attempts.

    Managers of the season and sysadmins may call this.

    :param id: the id of a mail
    :type id: string
    :param cohort: in its place, the id or name of a season: all of its mails that
        fail
    :type cohort: string
    :returns: the mail, which waits; for a season ``{count}``
    :rtype: dict
    :raises ValidationError: on ``state`` when it was sent; on ``id`` when there is
        neither it nor ``cohort``
    """
    data = validate(context, data_dict, schema.retry())
    tk.check_access("challenge_mail_retry", context, data)
    query = model.Session.query(Mail).filter(Mail.state.in_(_RETRIED))
    if "id" in data:
        query = query.filter(Mail.id == find_mail(data["id"]).id)
    else:
        query = query.filter(
            _IS_FAILING, Mail.cohort_id == roles.seen_cohort(context, data["cohort"]).id
        )
    found = query.order_by(Mail.id).populate_existing().with_for_update().all()
    if "id" in data and not found:
        model.Session.rollback()
        raise tk.ValidationError({"state": [tk._("This mail was sent already")]})
    for mail in found:
        mail.state, mail.attempts, mail.next_attempt_at = "waiting", 0, utcnow()
    journal.record_many(
        [
            journal.Entry(
                actor_of(context),
                "retry_mail",
                "application" if mail.application_id else "cohort",
                mail.application_id or mail.cohort_id or "",
                {"mail": mail.id, "kind": mail.kind},
            )
            for mail in found
        ]
    )
    session_events.after_commit(notifications.schedule_sending)
    commit(context)
    if "id" not in data:
        return {"count": len(found)}
    (mail,) = found
    return _dictize(
        mail,
        model.Session.get(Application, mail.application_id or ""),
        model.User.get(mail.user_id or ""),
        _organizations(found),
    )


@tk.side_effect_free
def challenge_mail_preview(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the mail that a decision would send, in the language of its reader.

    Managers of the season and sysadmins may call this. Nothing is sent, and the links
    in it open nothing.

    :param application: the id or reference of the application
    :type application: string
    :param decision: as ``challenge_application_review`` takes it
    :type decision: string
    :param reason: of the decision
    :type reason: string
    :param kind: of requested changes
    :type kind: string
    :param fields: of requested changes
    :type fields: list of strings
    :param mail: in the place of a decision, the kind of mail, as in
        ``challenge_mail_list``
    :type mail: string
    :returns: ``{mail, subject, text, html, to}``, ``to`` being the address; ``None``
        for a decision of which nobody is told
    :rtype: dict
    :raises ValidationError: on ``decision`` when there is neither it nor ``mail``; on
        ``application`` when there is nobody to write to
    """
    data = validate(context, data_dict, schema.preview())
    tk.check_access("challenge_mail_preview", context, data)
    application = find_application(data["application"])
    kind = data.get("mail")
    if kind is None:
        if "decision" not in data:
            raise tk.ValidationError({"decision": [tk._("Missing value")]})
        kind = mails.OF_DECISION.get(data["decision"])
    if kind is None:
        return None
    decided = {}
    if "decision" in data:
        decided = {
            "actor": user_id_of(context),
            "reason": data.get("reason", ""),
            "changes_kind": data.get("kind"),
            "changes_fields": data["fields"],
            "rank": waiting_list.next_rank(application.cohort_id),
        }
    try:
        rendered = render(
            kind,
            Occasion(
                application=application,
                cohort=cohort_of(application),
                data=decided,
                preview=True,
            ),
        )
    except (NobodyToWriteTo, WrongAddress) as error:
        raise tk.ValidationError(
            {"application": [tk._("There is no address to write to")]}
        ) from error
    return {
        "mail": kind,
        "subject": rendered.subject,
        "text": rendered.text,
        "html": rendered.html,
        "to": rendered.address,
    }


def _organizations(mails: Iterable[Mail]) -> dict[str, str]:
    """The titles of the organizations that mails are about.

    By the id of the participant or of the organization, whichever a mail has.
    """
    ids = {_about(mail) for mail in mails} - {None}
    if not ids:
        return {}
    named = (model.Group.title, model.Group.name)
    rows = model.Session.execute(
        sa.select(Participant.id, *named)
        .join(model.Group, model.Group.id == Participant.organization_id)
        .where(Participant.id.in_(ids))
        .union(sa.select(model.Group.id, *named).where(model.Group.id.in_(ids)))
    )
    return {row.id: row.title or row.name for row in rows}


def _about(mail: Mail) -> str | None:
    return mail.data.get("participant_id") or mail.data.get("organization_id")


def _state_label(mail: Mail, label: str) -> str:
    known = mail_labels.states()[label]
    if label != "cancelled":
        return known
    return mail_labels.cancelled().get(mail.last_error or "", known)


def _dictize(
    mail: Mail,
    application: Application | None,
    user: model.User | None,
    titles: Mapping[str, str],
) -> dict[str, Any]:
    shown = columns(mail, _SHOWN)
    failing = mail.state == "failed" or (mail.state == "waiting" and mail.attempts > 0)
    label = "retried" if failing and mail.state == "waiting" else mail.state
    to = application.contact_name if application else None
    return {
        **shown,
        "title": mail_labels.title(mail.kind),
        "state_label": _state_label(mail, label),
        "failing": failing,
        "reference": application.reference if application else None,
        "organization_title": application.organization_title
        if application
        else titles.get(_about(mail) or ""),
        "to": user.display_name if user else to,
    }
