"""A portal's own plugin: one measure of its own, and a programme that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ckan.plugins as p

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.interfaces import IChallenge
from ckanext.challenge.measures import Measure
from ckanext.challenge.measures.base import SUBJECTS, by_organization


def datasets_tagged(
    subjects: Sequence[Subject],
) -> Mapping[Subject, Measurement]:
    """Public datasets with a tag, for any number of organizations in one statement."""
    return by_organization(
        f"""
        SELECT subject.organization, count(DISTINCT p.id) AS value
        FROM {SUBJECTS}
        JOIN package p ON p.owner_org = subject.organization
        JOIN package_tag t ON t.package_id = p.id AND t.state = 'active'
        WHERE p.state = 'active' AND NOT p.private
        GROUP BY subject.organization
        """,
        subjects,
    )


class ExampleChallengePlugin(p.SingletonPlugin):
    p.implements(IChallenge, inherit=True)

    def get_measures(self) -> Iterable[Measure]:
        return [
            Measure(
                "datasets_tagged",
                "count",
                "Public datasets with at least one tag.",
                datasets_tagged,
                names_datasets=False,
            )
        ]

    def get_programmes(self) -> Iterable[str]:
        return ["example_challenge:programmes/mots-cles.yaml"]
