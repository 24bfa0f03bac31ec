"""Rendering a mail: its reader, its texts and its headers."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model

from ckanext.challenge.common import proofs
from ckanext.challenge.common.access_links import digest_of
from ckanext.challenge.common.issuer import portal
from ckanext.challenge.common.language import speaking
from ckanext.challenge.domain.characters import cleaned
from ckanext.challenge.model import Collectivite, Participant

from . import endings, kinds
from .kinds import Occasion

# A mail server would make two addresses of one that has a comma in it.
_ADDRESS = re.compile(r"[^\s<>,;:]+@[^\s<>,;:]+")


class NobodyToWriteTo(Exception):
    """The one whom a mail is for has no address, or no longer."""


class NothingToTell(Exception):
    """What a mail was to tell is no longer so, or no longer for its reader."""


class Ended(Exception):
    """Whoever a mail is for wants no more of its kind."""


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
    :ivar unproved: the digest of an address that nobody has proved
    """

    name: str
    address: str
    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)
    unproved: str | None = None


def render(name: str, occasion: Occasion) -> RenderedMail:
    """Render a mail in the language of the one whom it is for.

    Anybody can write any address into a form: to one that nobody has proved goes no
    text that somebody typed, but a reference, an official name and a link.

    :param name: of its kind
    :raises NobodyToWriteTo: when there is no address
    :raises NothingToTell: when it comes too late
    :raises Ended: when its reader wants no more such mails, unless it is a preview
    :raises WrongAddress: when there is something else in its place
    """
    kind = kinds.get(name)
    reader, address = _recipient(occasion)
    ending = endings.reader_of(occasion) if kind.ends else None
    if ending and not occasion.preview and endings.has_ended(ending):
        raise Ended
    language = _language(occasion)
    cohort = occasion.cohort
    unproved = None if _is_proved(occasion, address) else digest_of(address)
    template = name if kind.plain or not unproved else "unproved"
    with speaking(language):
        told = kind.variables(occasion)
        if told is None:
            raise NothingToTell
        variables: dict[str, Any] = {
            "application": occasion.application,
            "cohort": cohort,
            "contact": cohort.contact_email if cohort and not unproved else None,
            "language": language,
            "site_title": tk.config["ckan.site_title"],
            "site_url": portal().base,
            **told,
        }
        if ending:
            variables["unsubscribe"] = endings.url(ending, occasion.preview)
        if unproved:
            reader = _official_name(occasion)
            variables |= {"kind": name, "official_name": reader}
        subject = _one_line(_plain(f"{template}_subject.txt", variables))
        text = _plain(f"{template}.txt", variables)
        page = tk.render(
            f"challenge/mail/{template}.html", {**variables, "subject": subject}
        )
    headers = {"Auto-Submitted": "auto-generated"}
    if "unsubscribe" in variables:
        headers |= _one_click(variables["unsubscribe"])
    if cohort is not None and cohort.contact_email and not unproved:
        headers["Reply-To"] = _one_line(cohort.contact_email)
    return RenderedMail(
        name=_one_line(reader),
        address=address,
        subject=subject,
        text=text,
        html=re.sub(r"\n\s*\n+", "\n", cleaned(page)),
        headers=headers,
        unproved=unproved,
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


def _is_proved(occasion: Occasion, address: str) -> bool:
    """Whether somebody opened a link that was mailed to the address of the reader, or
    its account is taken at its word.
    """
    user, application = occasion.user, occasion.application
    if occasion.subscription is not None:
        return occasion.subscription.confirmed_at is not None
    if user is not None:
        return user.id not in proofs.untrusted([user])
    if application is None or application.email_confirmed_at is not None:
        return True
    return proofs.is_proved(application.user_id, address)


def _official_name(occasion: Occasion) -> str:
    """The collectivité that a mail is about, as the directory names it."""
    about = occasion.application or occasion.participant
    siren = about.siren if about else None
    organization_id = occasion.data.get("organization_id")
    if siren is None and organization_id:
        siren = (
            model.Session.query(Participant.siren)
            .filter_by(organization_id=organization_id)
            .limit(1)
            .scalar()
        )
    known = model.Session.get(Collectivite, siren) if siren else None
    return known.name if known else ""


def _one_line(text: str) -> str:
    # No field of an application can begin another header.
    return cleaned(" ".join(text.split()))


def _plain(template: str, variables: dict[str, Any]) -> str:
    """A template as plain text: CKAN's templates escape what they show for HTML."""
    text = cleaned(html.unescape(tk.render(f"challenge/mail/{template}", variables)))
    # The space after the two dashes tells mail programs that the signature begins.
    lines = [line if line == "-- " else line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"
