"""What the catalogue says of an organization.

Measures are taken of any number of organizations at once: the number of SQL statements
is the same for one organization and for all of the portal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from ckan import plugins
from flask_babel import lazy_gettext as _

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.garbage import search_paused
from ckanext.challenge.interfaces import IChallenge

from . import datasets, organizations
from .base import MANY, Measure, prepare_for_many

Found = Mapping[Subject, Measurement]

__all__ = ["Measure", "Measurement", "Subject", "measure", "registry"]


def _of_datasets(name: str) -> Callable[[Sequence[Subject]], Found]:
    """One of the measures over datasets, asked for by itself."""
    return lambda subjects: datasets.measure([name], subjects)[name]


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
        _of_datasets("datasets_public"),
    ),
    Measure(
        "datasets_since_launch",
        "count",
        _("Public datasets created since the launch of the season."),
        _of_datasets("datasets_since_launch"),
    ),
    Measure(
        "kits_covered",
        "count",
        _("Different kits of which there is a public dataset."),
        _of_datasets("kits_covered"),
    ),
    Measure(
        "resources_public",
        "count",
        _("Files and links in the public datasets."),
        _of_datasets("resources_public"),
    ),
    Measure(
        "open_licence_share",
        "share",
        _("Share of the public datasets under the Licence Ouverte 2.0 or the ODbL."),
        _of_datasets("open_licence_share"),
    ),
    Measure(
        "open_format_share",
        "share",
        _(
            "Share of the public datasets with at least one file in an open format: "
            "neither PDF, nor Word, nor Excel."
        ),
        _of_datasets("open_format_share"),
    ),
    Measure(
        "described_share",
        "share",
        _("Share of the public datasets whose quality is at least 7 out of 9."),
        _of_datasets("described_share"),
    ),
    Measure(
        "quality_mean",
        "share",
        _(
            "Mean quality of the public datasets: licence, period, territory, "
            "frequency, kept up to date, description, open format, files that "
            "answer, files described."
        ),
        _of_datasets("quality_mean"),
    ),
    Measure(
        "conform_datasets",
        "count",
        _("Public datasets with a file that follows its national schema."),
        _of_datasets("conform_datasets"),
    ),
    Measure(
        "fresh_share",
        "share",
        _(
            "Share of the public datasets whose files are as recent as their declared "
            "frequency promises."
        ),
        _of_datasets("fresh_share"),
    ),
)

_DOWNLOADS = Measure(
    "downloads",
    "count",
    _("Downloads of the files of the public datasets."),
    datasets.downloads,
)

_BY_NAME = {measure.name: measure for measure in _OWN}


def registry() -> dict[str, Measure]:
    """All measures by name: ours, then those of plugins (``IChallenge``).

    ``downloads`` is there only where CKAN's plugin ``tracking`` is.
    """
    measures = dict(_BY_NAME)
    if plugins.plugin_loaded("tracking"):
        measures[_DOWNLOADS.name] = _DOWNLOADS
    for plugin in plugins.PluginImplementations(IChallenge):
        measures |= {measure.name: measure for measure in plugin.get_measures()}
    return measures


def measure(
    names: Collection[str], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    """Measure organizations, with at most one SQL statement for each name.

    However many organizations there are, the measures over datasets are one
    statement together, and each of the others is one. Memory is in proportion to the
    subjects (some kilobytes each): callers that measure a whole portal go through it
    in portions of a few thousand.

    :param names: of the measures wanted
    :param subjects: whom to measure, each once
    :returns: for each name and subject, what was found; 0 where nothing was
    :raises KeyError: a measure of that name does not exist
    """
    known = registry()
    wanted = {name: known[name] for name in names}
    if not subjects:
        return {name: {} for name in wanted}
    many = len(subjects) > MANY
    if many:
        prepare_for_many()
    with search_paused(many):
        return _measure(wanted, subjects)


def _measure(
    wanted: Mapping[str, Measure], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    # One statement for all measures over datasets that no plugin has replaced.
    together = [name for name in datasets.NAMES if wanted.get(name) is _BY_NAME[name]]
    found: dict[str, Found] = {}
    if together:
        found.update(datasets.measure(together, subjects))
    for name, measure in wanted.items():
        if name not in found:
            found[name] = measure.function(subjects)
    results: dict[str, dict[Subject, Measurement]] = {}
    for name, measure in wanted.items():
        nothing = Measurement(0.0, of=0 if measure.unit == "share" else None)
        of_name = found[name]
        results[name] = {subject: of_name.get(subject, nothing) for subject in subjects}
    return results
