"""What another plugin may add to the challenge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckan.plugins.interfaces import Interface

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .measures import Measure

__all__ = ["IChallenge"]


class IChallenge(Interface):
    """Add measures and programmes to the challenge from another plugin."""

    def get_measures(self) -> Iterable[Measure]:
        """Measures that programme files may name in their criteria.

        A measure whose name is already taken replaces the former one.
        """
        return []

    def get_programmes(self) -> Iterable[str]:
        """Programme files, each ``module:path``, beside the configured ones."""
        return []
