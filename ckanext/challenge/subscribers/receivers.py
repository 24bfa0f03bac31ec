"""What happens when awards change: subscribers are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ckanext.challenge.notifications import is_quiet
from ckanext.challenge.signals import AwardEvent

from .award_mails import tell_subscribers


def awards_changed(sender: Any, *, events: Sequence[AwardEvent], **_: Any) -> None:
    """Add the mails, in the transaction of what they tell."""
    if events and not is_quiet():
        tell_subscribers(events)
