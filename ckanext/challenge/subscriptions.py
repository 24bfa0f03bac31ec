"""The signals of CKAN, and its own, that the challenge listens to."""

from __future__ import annotations

import ckan.plugins.toolkit as tk
from ckan.types import SignalMapping

from ckanext.challenge import signals
from ckanext.challenge.badges import receivers as mails
from ckanext.challenge.credentials import jobs as credentials
from ckanext.challenge.progress import changes

__all__ = ["get_subscriptions"]


def get_subscriptions() -> SignalMapping:
    """Receivers by signal, as ISignal wants them."""
    return {
        tk.signals.action_succeeded: [
            {"receiver": changes.bulk_update, "sender": action}
            for action in changes.BULK_ACTIONS
        ],
        signals.awards_changed: [mails.awards_changed],
        signals.awards_stored: [mails.awards_stored, credentials.awards_stored],
    }
