"""Another of the portal's plugins: it counts members in a way of its own."""

from __future__ import annotations

from collections.abc import Iterable

import ckan.plugins as p

from ckanext.challenge.interfaces import IChallenge
from ckanext.challenge.measures.base import Measure


class ExampleReplacingPlugin(p.SingletonPlugin):
    p.implements(IChallenge, inherit=True)

    def get_measures(self) -> Iterable[Measure]:
        return [
            Measure("members", "count", "Whoever comes to the meetings.", lambda _: {})
        ]
