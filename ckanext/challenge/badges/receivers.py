"""What happens when awards change: those who publish are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.challenge.notifications import is_quiet, schedule_sending
from ckanext.challenge.signals import AwardEvent

from .award_mails import tell_members


def awards_changed(sender: Any, *, events: Sequence[AwardEvent], **_: Any) -> None:
    """Add the mails, in the transaction of what they tell."""
    if events and not is_quiet():
        tell_members(events)


def awards_stored(sender: Any, **_: Any) -> None:
    """Have the mails sent, those to subscribers too."""
    schedule_sending()
