"""A portal's own plugin: one measure of its own, and a programme that asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ckan.plugins as p
import ckan.plugins.toolkit as tk
from ckan.lib.plugins import DefaultTranslation
from flask_babel import lazy_gettext as _

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.interfaces import IChallenge
from ckanext.challenge.measures.base import SUBJECTS, Measure, by_organization
from ckanext.challenge.measures.fixes import Fix, Lack


def datasets_tagged(
    subjects: Sequence[Subject],
) -> Mapping[Subject, Measurement]:
    """Public datasets with a tag, for any number of organizations in one statement."""
    return by_organization(
        f"""
        SELECT subject.organization, count(p.id) FILTER (WHERE tagged) AS value,
               array_agg(p.id ORDER BY p.id) FILTER (WHERE NOT tagged) AS failing
        FROM {SUBJECTS}
        JOIN package p ON p.owner_org = subject.organization
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM package_tag t
                           WHERE t.package_id = p.id AND t.state = 'active') AS tagged
        ) AS tags
        WHERE p.state = 'active' AND p.private IS NOT TRUE AND p.type = 'dataset'
        GROUP BY subject.organization
        """,
        subjects,
        lacks="tags",
    )


class ExampleChallengePlugin(p.SingletonPlugin, DefaultTranslation):
    p.implements(p.ITranslation)
    p.implements(IChallenge, inherit=True)

    def get_measures(self) -> Iterable[Measure]:
        return [
            Measure(
                "datasets_tagged",
                "count",
                _("Public datasets with at least one tag."),
                datasets_tagged,
                shortfall=lambda target: tk.ungettext(
                    "{value} of {target} dataset has a tag.",
                    "{value} of {target} datasets have a tag.",
                    target,
                ),
                at_least=lambda number: tk.ungettext(
                    "At least {number} public dataset with a tag",
                    "At least {number} public datasets with a tag",
                    number,
                ),
                fix=Fix(
                    _("Add tags"),
                    lambda place: tk.h.url_for(
                        "dataset.search", owner_org=place.organization_id
                    ),
                ),
                lacks=[Lack("tags", _("a tag"), field="tags")],
            )
        ]

    def get_programmes(self) -> Iterable[str]:
        return ["example_challenge:programmes/mots-cles.yaml"]
