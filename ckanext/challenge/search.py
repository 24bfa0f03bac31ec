"""Deprecated: where jobs stood until version 0.1; removed after version 0.2.

Jobs that were queued by the version before name their function by this path.
"""

from __future__ import annotations

from ckanext.challenge.datasets.search import index_again

__all__ = ["index_again"]
