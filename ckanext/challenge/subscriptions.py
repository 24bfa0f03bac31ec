"""The signals of CKAN that the challenge listens to."""

from __future__ import annotations

from ckan.types import SignalMapping

__all__ = ["get_subscriptions"]


def get_subscriptions() -> SignalMapping:
    """Receivers by signal, as ISignal wants them."""
    return {}
