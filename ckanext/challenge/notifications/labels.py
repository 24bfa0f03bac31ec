"""What is said of mails, in the reader's words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from . import kinds


def title(kind: str) -> str:
    """What a kind of mail tells; its name, where no feature knows it any more."""
    known = kinds.find(kind)
    return tk._(known.title) if known else kind


def cancelled() -> dict[str, str]:
    """Why a mail was not sent, by what the outbox keeps of it."""
    return {
        "nobody": tk._("Not sent: there is nobody to write to"),
        "nothing": tk._("Not sent: there was nothing to tell any more"),
        "ended": tk._("Not sent: this person asked for no more of these mails"),
        "enough": tk._("Not sent: this address got enough mails already"),
    }


def states() -> dict[str, str]:
    """How far a mail is."""
    return {
        "waiting": tk._("Waits to be sent"),
        "retried": tk._("Failed, will be tried again"),
        "sent": tk._("Sent"),
        "failed": tk._("Failed"),
        "cancelled": tk._("Not sent"),
    }
