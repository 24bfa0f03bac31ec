"""What another plugin may add to the challenge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ckan.plugins.interfaces import Interface

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .measures.base import Measure


class IChallenge(Interface):
    """Add measures and programmes to the challenge from another plugin."""

    def get_measures(self) -> Iterable[Measure]:
        """Measures that programme files may name in their criteria.

        Each carries all that pages and mails say of it. The extension's own ones come
        from this very method of its plugin, and are replaced by those of the same name.
        """
        return []

    def get_programmes(self) -> Iterable[str]:
        """Programme files, each ``module:path``, beside the configured ones."""
        return []
