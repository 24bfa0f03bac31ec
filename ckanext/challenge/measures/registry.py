"""The measures that this portal has."""

from __future__ import annotations

from collections.abc import Sequence

from ckan import plugins

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.interfaces import IChallenge

from .base import Measure


def known() -> dict[str, Measure]:
    """All measures by name: those of the plugins (``IChallenge``), ours among them.

    Ours come first, wherever ``challenge`` stands in ``ckan.plugins``: a measure of
    another plugin that has the name of one of ours replaces it.
    """
    found = sorted(
        plugins.PluginImplementations(IChallenge),
        key=lambda plugin: plugin.name != "challenge",
    )
    return {
        measure.name: measure for plugin in found for measure in plugin.get_measures()
    }


def find(name: str) -> Measure:
    """A measure by its name; one whose plugin is gone is a count called by its name."""
    return known().get(name) or Measure(name, "count", name, _nothing)


def seasonal() -> frozenset[str]:
    """The names of those that are nothing without a season."""
    return frozenset(name for name, one in known().items() if one.of_cohort)


def declared() -> frozenset[str]:
    """The names of those that count what somebody says of themselves."""
    return frozenset(name for name, one in known().items() if one.declared)


def about_datasets() -> frozenset[str]:
    """The names of those that say how datasets are, and nothing while there is none."""
    return frozenset(name for name, one in known().items() if one.about_datasets)


def _nothing(subjects: Sequence[Subject]) -> dict[Subject, Measurement]:
    return {}
