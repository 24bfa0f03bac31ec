"""Writing a mail and handing it to CKAN's mailer."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan import model, plugins
from ckan.lib import helpers, mailer
from flask import current_app, has_app_context
from flask_babel import force_locale

from ckanext.challenge.model import Application, Cohort, Participant

from . import about_participants
from .contents import contents

__all__ = [
    "Letter",
    "NoMailServer",
    "NobodyToWriteTo",
    "WrongAddress",
    "hand_over",
    "write",
]

# A mail server would make two addresses of one that has a comma in it.
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")


class NobodyToWriteTo(Exception):
    """The one whom a mail is for has no address, or no longer."""


class WrongAddress(Exception):
    """What is stored as an address is none: nothing will ever arrive there."""


class NoMailServer(Exception):
    """The portal is told of no way to send a mail."""


@dataclass(frozen=True)
class Letter:
    """A mail as it is sent.

    :ivar name: of whom it goes to; one line
    :ivar address: where it goes
    :ivar subject: one line
    :ivar text: for those who read no HTML
    :ivar html: the same, with a button
    :ivar headers: further ones
    """

    name: str
    address: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)


@contextmanager
def _speaking(language: str) -> Iterator[None]:
    """Render and translate as a request in this language would.

    A job has no request, and CKAN's templates, addresses and translations want one.
    """
    automatic = helpers._get_auto_flask_context()
    app = (
        current_app._get_current_object()  # type: ignore[attr-defined]
        if has_app_context() or automatic is None
        else automatic.app
    )
    environ = {
        "CKAN_LANG": language,
        "CKAN_LANG_IS_DEFAULT": language == tk.config["ckan.locale_default"],
        "CKAN_CURRENT_URL": "",
    }
    with (
        app.test_request_context(
            base_url=tk.config["ckan.site_url"], environ_overrides=environ
        ),
        force_locale(language),
    ):
        yield


def write(
    kind: str,
    *,
    application: Application | None,
    cohort: Cohort | None,
    user: model.User | None,
    data: Mapping[str, Any],
    participant: Participant | None = None,
    preview: bool = False,
) -> Letter:
    """Write a mail in the language of the one whom it is for.

    :param user: whom it is for; without one, the contact of the application
    :param data: what the outbox keeps of it; for a preview also what a decision
        would set: ``reason``, ``changes_kind``, ``changes_fields``, ``rank``
    :param preview: whether somebody else reads it: then no link in it opens anything
    :raises NobodyToWriteTo: when there is no address
    :raises WrongAddress: when there is something else in its place
    """
    name, address = _recipient(application, user)
    language = tk.config["ckan.locale_default"]
    if user is None and application is not None:
        language = application.language
    with _speaking(language):
        variables = {
            "application": application,
            "cohort": cohort,
            "contact": cohort.contact_email if cohort else None,
            "language": language,
            "site_title": tk.config["ckan.site_title"],
            "site_url": tk.config["ckan.site_url"],
            **(
                about_participants.contents(kind, participant, cohort, data)
                if participant is not None and cohort is not None
                else contents(kind, application, cohort, user, data, preview)
            ),
        }
        subject = _one_line(_plain(f"{kind}_subject.txt", variables))
        text = _plain(f"{kind}.txt", variables)
        page = tk.render(
            f"challenge/mail/{kind}.html", {**variables, "subject": subject}
        )
    headers = {"Auto-Submitted": "auto-generated"}
    if cohort is not None and cohort.contact_email:
        headers["Reply-To"] = _one_line(cohort.contact_email)
    return Letter(
        name=_one_line(name),
        address=address,
        subject=subject,
        text=text,
        html=re.sub(r"\n\s*\n+", "\n", page),
        headers=headers,
    )


def hand_over(letter: Letter, mail_id: str) -> None:
    """Give a letter to CKAN's mailer, whose ``INotifier`` plugins see it.

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
            letter.name,
            letter.address,
            letter.subject,
            letter.text,
            letter.html,
            {**letter.headers, "Message-ID": f"<{mail_id}@{host}>"},
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


def _recipient(
    application: Application | None, user: model.User | None
) -> tuple[str, str]:
    if user is not None:
        name, address = user.display_name, user.email
        if user.state == model.State.DELETED:
            address = None
    elif application is not None:
        name, address = application.contact_name, application.contact_email
    else:
        name = address = None
    if not address:
        raise NobodyToWriteTo
    if not _ADDRESS.fullmatch(address):
        raise WrongAddress
    return name or "", address


def _one_line(text: str) -> str:
    # No field of an application can begin another header.
    return " ".join(text.split())


def _plain(template: str, variables: dict[str, Any]) -> str:
    """A template as plain text: CKAN's templates escape what they show for HTML."""
    text = html.unescape(tk.render(f"challenge/mail/{template}", variables))
    # The space after the two dashes tells mail programs that the signature begins.
    lines = [line if line == "-- " else line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
