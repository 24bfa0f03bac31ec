"""What the mails do when awards change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.challenge.notifications import deliver, is_quiet
from ckanext.challenge.signals import AwardEvent

from . import award_mails

__all__ = ["awards_changed", "awards_stored"]


def awards_changed(sender: Any, *, events: Sequence[AwardEvent], **_: Any) -> None:
    """Add the mails, in the transaction of what they tell."""
    if events and not is_quiet():
        award_mails.tell_members(events)
        award_mails.tell_subscribers(events)


def awards_stored(sender: Any, **_: Any) -> None:
    """Have them sent."""
    deliver()
