"""Writing a mail and handing it to CKAN's mailer."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy as email_policies
from email.headerregistry import HeaderRegistry, UnstructuredHeader
from email.policy import Policy
from typing import Any, cast
from urllib.parse import urlsplit

import ckan.plugins.toolkit as tk
from ckan import model, plugins
from ckan.lib import mailer

from ckanext.challenge.applications.mails import contents
from ckanext.challenge.badges import mails as badge_mails
from ckanext.challenge.common.language import speaking
from ckanext.challenge.model import Application, Cohort, Participant, Subscription
from ckanext.challenge.participants import mails as participant_mails

__all__ = [
    "Letter",
    "NoMailServer",
    "NobodyToWriteTo",
    "NothingToTell",
    "WrongAddress",
    "hand_over",
    "write",
]

# Whose contents are asked for with the subscriber, if it has one, and its data.
_OF_AWARDS: dict[str, Callable[..., dict[str, Any] | None]] = {
    "award_at_risk": lambda _, data: badge_mails.of_members(data),
    "award_earned": lambda _, data: badge_mails.of_members(data),
    "award_kept": lambda _, data: badge_mails.of_members(data),
    "award_lost": lambda _, data: badge_mails.of_members(data),
    "subscription": lambda subscription, _: badge_mails.to_confirm(subscription),
    "subscription_news": badge_mails.of_subscriber,
}

# A mail server would make two addresses of one that has a comma in it.
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")


class NobodyToWriteTo(Exception):
    """The one whom a mail is for has no address, or no longer."""


class NothingToTell(Exception):
    """What a mail was to tell is no longer so, or no longer for its reader."""


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


def write(
    kind: str,
    *,
    application: Application | None,
    cohort: Cohort | None,
    user: model.User | None,
    data: Mapping[str, Any],
    participant: Participant | None = None,
    subscription: Subscription | None = None,
    preview: bool = False,
) -> Letter:
    """Write a mail in the language of the one whom it is for.

    :param user: whom it is for; without one, the subscriber or the contact of the
        application
    :param data: what the outbox keeps of it; for a preview also what a decision
        would set: ``reason``, ``changes_kind``, ``changes_fields``, ``rank``
    :param preview: whether somebody else reads it: then no link in it opens anything
    :raises NobodyToWriteTo: when there is no address
    :raises NothingToTell: when it comes too late
    :raises WrongAddress: when there is something else in its place
    """
    name, address = _recipient(application, user, subscription)
    language = tk.config["ckan.locale_default"]
    if subscription is not None:
        language = subscription.language
    elif user is None and application is not None:
        language = application.language

    def told() -> dict[str, Any]:
        if participant is not None and cohort is not None:
            return participant_mails.contents(kind, participant, cohort, data)
        if kind not in _OF_AWARDS:
            return contents(kind, application, cohort, user, data, preview)
        found = _OF_AWARDS[kind](subscription, data)
        if found is None:
            raise NothingToTell
        return found

    with speaking(language):
        variables: dict[str, Any] = {
            "application": application,
            "cohort": cohort,
            "contact": cohort.contact_email if cohort else None,
            "language": language,
            "site_title": tk.config["ckan.site_title"],
            "site_url": tk.config["ckan.site_url"],
            **told(),
        }
        subject = _one_line(_plain(f"{kind}_subject.txt", variables))
        text = _plain(f"{kind}.txt", variables)
        page = tk.render(
            f"challenge/mail/{kind}.html", {**variables, "subject": subject}
        )
    headers = {"Auto-Submitted": "auto-generated"}
    if "unsubscribe" in variables:
        headers |= _one_click(variables["unsubscribe"])
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


def _one_click(address: str) -> dict[str, str]:
    """The headers by which programs that read mails unsubscribe: RFC 2369, RFC 8058.

    The latter wants an address of HTTPS.
    """
    headers = {"List-Unsubscribe": f"<{address}>"}
    if address.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


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
    application: Application | None,
    user: model.User | None,
    subscription: Subscription | None,
) -> tuple[str, str]:
    if subscription is not None:
        name, address = "", subscription.email
    elif user is not None:
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
