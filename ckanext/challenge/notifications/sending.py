"""Handing a mail to CKAN's mailer."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from email import policy as email_policies
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.policy import Policy
from typing import Any, cast
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan import plugins
from ckan.lib import mailer

from .rendering import RenderedMail


class NoMailServer(Exception):
    """The portal is told of no way to send a mail."""


class _WholeHeader(UnstructuredHeader):
    """A header that stays on one line.

    Python encodes a word that is longer than a line, as it would a text; an address
    that is encoded is none for the programs that look for it.
    """

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"  # type: ignore[attr-defined]


# CKAN's mailer makes its messages with this policy.
_headers = cast("HeaderRegistry", email_policies.default.header_factory)
_headers.map_to_type("list-unsubscribe", _WholeHeader)  # type: ignore[arg-type]


def send(mail: RenderedMail, mail_id: str) -> None:
    """Give a mail to CKAN's mailer, whose ``INotifier`` plugins see it.

    :param mail_id: of the row, from which the message's own id is made: a mail that
        is sent twice is shown once by the programs that read mails
    :raises NoMailServer: when CKAN would drop it in silence
    :raises MailerException: when the mail server does not take it
    """
    if not tk.config.get("smtp.server") and not _other_ways():
        raise NoMailServer("smtp.server is not set")
    host = urlsplit(tk.config["ckan.site_url"]).hostname or "localhost"
    with _mailer_says_nothing():
        mailer.mail_recipient(
            mail.name,
            mail.address,
            mail.subject,
            mail.text,
            mail.html,
            {**mail.headers, "Message-ID": f"<{mail_id}@{host}>"},
        )


def _other_ways() -> list[Any]:
    """The plugins that send in another way than by mail."""
    # CKAN 2.11 has no such interface.
    interface = getattr(plugins, "INotifier", None)
    return [*plugins.PluginImplementations(interface)] if interface else []


class _Nothing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return False


@contextmanager
def _mailer_says_nothing() -> Iterator[None]:
    """Keep addresses out of the log: CKAN's mailer writes each one there."""
    nothing = _Nothing()
    mailer.log.addFilter(nothing)
    try:
        yield
    finally:
        mailer.log.removeFilter(nothing)
