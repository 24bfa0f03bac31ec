"""No more reminders and messages to many: by the link in each of them."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge.campaigns import schema
from ckanext.challenge.common.action_helpers import all_or_nothing, validate
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.notifications import endings


@tk.side_effect_free
def challenge_mail_end_show(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show which mails the key of a link ends.

    Whoever has the key may call this.

    :param key: of the link in a mail
    :type key: string
    :returns: ``{cohort, title, ended}``: the name and title of the season, and whether
        they are ended
    :rtype: dict
    :raises ValidationError: on ``key`` for one that is altered or cut off, or of
        somebody who is gone
    """
    return _told(_reader(context, data_dict, "challenge_mail_end_show"))


def challenge_mail_end_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send no more reminders and messages to many of a season to one reader.

    What somebody writes to this reader alone, and decisions, still come. Whoever has
    the key may call this; once more changes nothing.

    :param key: of the link in a mail
    :type key: string
    :returns: as :py:func:`challenge_mail_end_show` answers
    :rtype: dict
    :raises ValidationError: on ``key``
    """
    reader = _reader(context, data_dict, "challenge_mail_end_create")
    with all_or_nothing(context):
        endings.end(reader)
    return _told(reader)


def challenge_mail_end_delete(context: Context, data_dict: dict[str, Any]) -> Any:
    """Send reminders and messages to many of a season to a reader again.

    Whoever has the key may call this.

    :param key: of the link in a mail
    :type key: string
    :returns: as :py:func:`challenge_mail_end_show` answers
    :rtype: dict
    :raises ValidationError: on ``key``
    """
    reader = _reader(context, data_dict, "challenge_mail_end_delete")
    with all_or_nothing(context):
        endings.begin_again(reader)
    return _told(reader)


def _reader(context: Context, data_dict: dict[str, Any], action: str) -> endings.Reader:
    data = validate(context, data_dict, schema.ending())
    tk.check_access(action, context, data)
    reader = endings.read_key(data["key"])
    if reader is None or not _is_there(reader):
        text = tk._("This link is not whole, or what it was mailed for is gone")
        raise tk.ValidationError({"key": [text]})
    return reader


def _is_there(reader: endings.Reader) -> bool:
    def known(table: type, id_: str | None) -> bool:
        return id_ is None or model.Session.get(table, id_) is not None

    return (
        known(Cohort, reader.cohort_id)
        and known(model.User, reader.user_id)
        and known(Application, reader.application_id)
    )


def _told(reader: endings.Reader) -> dict[str, Any]:
    cohort = Cohort.get(reader.cohort_id)
    assert cohort is not None
    return {
        "cohort": cohort.name,
        "title": cohort.title,
        "ended": endings.has_ended(reader),
    }
