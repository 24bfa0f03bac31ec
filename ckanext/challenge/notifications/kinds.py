"""The kinds of mail: a registry that each feature adds its own to.

The outbox knows neither applications nor badges: a kind says itself for whom it is and
what its templates are told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ckan import model

from ckanext.challenge.model import Application, Cohort, Participant, Subscription

Reader = Literal["applicant", "staff", "members", "subscriber", "user"]


@dataclass(frozen=True)
class Occasion:
    """What one mail is about, and for whom.

    :ivar user: whom it is for; without one, the subscriber or the contact of the
        application
    :ivar campaign_id: of the message to many that it carries
    :ivar data: what the outbox keeps of it; for a preview also what a decision would
        set: ``reason``, ``changes_kind``, ``changes_fields``, ``rank``, and
        the id of who takes it, ``actor``
    :ivar preview: whether somebody else reads it: then no link in it opens anything
    """

    application: Application | None = None
    cohort: Cohort | None = None
    participant: Participant | None = None
    subscription: Subscription | None = None
    user: model.User | None = None
    campaign_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    preview: bool = False


@dataclass(frozen=True)
class MailKind:
    """What sets a kind of mail apart.

    Its templates are ``challenge/mail/<name>_subject.txt``, ``<name>.txt`` and
    ``<name>.html``.

    :ivar title: what it tells, for managers; marked for translation
    :ivar variables: answers what its templates are told, ``link`` among them; ``None``
        where there is nothing left to tell
    :ivar plain: whether its templates show nothing that somebody typed, so that it may
        go to an address that nobody proved
    :ivar reader: ``applicant`` (the contact of an application), ``staff`` (who works
        for the season), ``members`` (who publishes for a participant or another
        organization: each is told), ``subscriber`` (who asked to be told) or ``user``
        (whom the caller names)
    :ivar ends: whether its reader may end such mails of a season, by a link in each:
        those that tell nothing new that is theirs alone
    """

    name: str
    title: str
    variables: Callable[[Occasion], Mapping[str, Any] | None]
    reader: Reader = "applicant"
    plain: bool = False
    ends: bool = False


_registered: dict[str, MailKind] = {}


def register(*kinds: MailKind) -> None:
    """Add kinds of mail; adding one again changes nothing.

    :raises ValueError: another kind has that name
    """
    for kind in kinds:
        if _registered.setdefault(kind.name, kind) is not kind:
            raise ValueError(f"two kinds of mail are named {kind.name}")


def get(name: str) -> MailKind:
    """The kind of mail with that name.

    :raises KeyError: no feature registered it
    """
    return _registered[name]


def find(name: str) -> MailKind | None:
    """The kind of mail with that name, if a feature registered it."""
    return _registered.get(name)


def names() -> list[str]:
    """The names of all kinds, sorted."""
    return sorted(_registered)
