"""What the catalogue says of an organization.

Measures are SQL aggregates over any number of organizations: one statement each,
whether there is one organization to measure or all of the portal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ckan import plugins
from flask_babel import lazy_gettext as _

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.interfaces import IChallenge

from . import datasets, organizations
from .base import Measure

__all__ = ["Measure", "Measurement", "Subject", "measure", "registry"]

_OWN = (
    Measure(
        "members",
        "count",
        _("People who can act for the organization on the portal."),
        organizations.members,
        names_datasets=False,
    ),
    Measure(
        "organization_profile",
        "share",
        _(
            "Share of the organization's page that is filled in: description, logo, "
            "website, SIREN, kind, département, population, employees, and a "
            "commune's INSEE code."
        ),
        organizations.organization_profile,
        names_datasets=False,
    ),
    Measure(
        "kits_chosen",
        "count",
        _("Kits that the organization has chosen to open in this season."),
        organizations.kits_chosen,
        names_datasets=False,
    ),
    Measure(
        "datasets_public",
        "count",
        _("Datasets that everyone can see."),
        datasets.datasets_public,
    ),
    Measure(
        "datasets_since_launch",
        "count",
        _("Public datasets created since the launch of the season."),
        datasets.datasets_since_launch,
    ),
    Measure(
        "kits_covered",
        "count",
        _("Different kits of which there is a public dataset."),
        datasets.kits_covered,
    ),
    Measure(
        "resources_public",
        "count",
        _("Files and links in the public datasets."),
        datasets.resources_public,
    ),
    Measure(
        "open_licence_share",
        "share",
        _("Share of the public datasets under the Licence Ouverte 2.0 or the ODbL."),
        datasets.open_licence_share,
    ),
    Measure(
        "open_format_share",
        "share",
        _(
            "Share of the public datasets with at least one file in an open format: "
            "neither PDF, nor Word, nor Excel."
        ),
        datasets.open_format_share,
    ),
    Measure(
        "described_share",
        "share",
        _("Share of the public datasets whose quality is at least 7 out of 9."),
        datasets.described_share,
    ),
    Measure(
        "quality_mean",
        "share",
        _(
            "Mean quality of the public datasets: licence, period, territory, "
            "frequency, kept up to date, description, open format, files that "
            "answer, files described."
        ),
        datasets.quality_mean,
    ),
    Measure(
        "conform_datasets",
        "count",
        _("Public datasets with a file that follows its national schema."),
        datasets.conform_datasets,
    ),
    Measure(
        "fresh_share",
        "share",
        _(
            "Share of the public datasets whose files are as recent as their declared "
            "frequency promises."
        ),
        datasets.fresh_share,
    ),
)

_DOWNLOADS = Measure(
    "downloads",
    "count",
    _("Downloads of the files of the public datasets."),
    datasets.downloads,
)


def registry() -> dict[str, Measure]:
    """All measures by name: ours, then those of plugins (``IChallenge``).

    ``downloads`` is there only where CKAN's plugin ``tracking`` is.
    """
    measures = {measure.name: measure for measure in _OWN}
    if plugins.plugin_loaded("tracking"):
        measures[_DOWNLOADS.name] = _DOWNLOADS
    for plugin in plugins.PluginImplementations(IChallenge):
        measures |= {measure.name: measure for measure in plugin.get_measures()}
    return measures


def measure(
    names: Collection[str], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    """Measure organizations: one SQL statement for each name, however many there are.

    Memory is in proportion to the subjects (some kilobytes each): callers that
    measure a whole portal go through it in portions of a few thousand.

    :param names: of the measures wanted
    :param subjects: whom to measure, each once
    :returns: for each name and subject, what was found; 0 where nothing was
    :raises KeyError: a measure of that name does not exist
    """
    known = registry()
    wanted: Mapping[str, Measure] = {name: known[name] for name in names}
    if not subjects:
        return {name: {} for name in wanted}
    results: dict[str, dict[Subject, Measurement]] = {}
    for name, wanted_measure in wanted.items():
        found = wanted_measure.function(subjects)
        nothing = Measurement(0.0, of=0 if wanted_measure.unit == "share" else None)
        results[name] = {subject: found.get(subject, nothing) for subject in subjects}
    return results
