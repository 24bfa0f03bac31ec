"""Rendering a mail: its reader, its texts and its headers."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common.language import speaking

from . import kinds
from .kinds import Occasion

# A mail server would make two addresses of one that has a comma in it.
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")


class NobodyToWriteTo(Exception):
    """The one whom a mail is for has no address, or no longer."""


class NothingToTell(Exception):
    """What a mail was to tell is no longer so, or no longer for its reader."""


class WrongAddress(Exception):
    """What is stored as an address is none: nothing will ever arrive there."""


@dataclass(frozen=True)
class RenderedMail:
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


def render(name: str, occasion: Occasion) -> RenderedMail:
    """Render a mail in the language of the one whom it is for.

    :param name: of its kind
    :raises NobodyToWriteTo: when there is no address
    :raises NothingToTell: when it comes too late
    :raises WrongAddress: when there is something else in its place
    """
    kind = kinds.get(name)
    reader, address = _recipient(occasion)
    language = _language(occasion)
    cohort = occasion.cohort
    with speaking(language):
        told = kind.variables(occasion)
        if told is None:
            raise NothingToTell
        variables: dict[str, Any] = {
            "application": occasion.application,
            "cohort": cohort,
            "contact": cohort.contact_email if cohort else None,
            "language": language,
            "site_title": tk.config["ckan.site_title"],
            "site_url": tk.config["ckan.site_url"],
            **told,
        }
        subject = _one_line(_plain(f"{name}_subject.txt", variables))
        text = _plain(f"{name}.txt", variables)
        page = tk.render(
            f"challenge/mail/{name}.html", {**variables, "subject": subject}
        )
    headers = {"Auto-Submitted": "auto-generated"}
    if "unsubscribe" in variables:
        headers |= _one_click(variables["unsubscribe"])
    if cohort is not None and cohort.contact_email:
        headers["Reply-To"] = _one_line(cohort.contact_email)
    return RenderedMail(
        name=_one_line(reader),
        address=address,
        subject=subject,
        text=text,
        html=re.sub(r"\n\s*\n+", "\n", page),
        headers=headers,
    )


def _language(occasion: Occasion) -> str:
    if occasion.subscription is not None:
        return occasion.subscription.language
    if occasion.user is None and occasion.application is not None:
        return occasion.application.language
    return tk.config["ckan.locale_default"]


def _one_click(address: str) -> dict[str, str]:
    """The headers by which programs that read mails unsubscribe: RFC 2369, RFC 8058.

    The latter wants an address of HTTPS.
    """
    headers = {"List-Unsubscribe": f"<{address}>"}
    if address.startswith("https://"):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _recipient(occasion: Occasion) -> tuple[str, str]:
    """The name and the address of whom a mail is for."""
    user, application = occasion.user, occasion.application
    if occasion.subscription is not None:
        name, address = "", occasion.subscription.email
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
