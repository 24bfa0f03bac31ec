"""What the catalogue says of an organization.

Measures are taken of any number of organizations at once: the number of SQL statements
is the same for one organization and for all of the portal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence

from ckan import plugins
from flask_babel import lazy_gettext as _

from ckanext.challenge.common.gc_pause import search_paused
from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.interfaces import IChallenge

from . import datasets, organizations
from .base import MANY, Measure, prepare_for_many

Found = Mapping[Subject, Measurement]

__all__ = ["Measure", "Measurement", "Reading", "Subject", "measure", "registry"]


def _of_datasets(name: str) -> Callable[[Sequence[Subject]], Found]:
    """One of the measures over datasets, asked for by itself."""
    return lambda subjects: datasets.Reading([name], subjects).of(subjects)[name]


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
    """Measure organizations: read them (:class:`Reading`) and look at all of them.

    :raises KeyError: a measure of one of the names does not exist
    """
    return Reading(names, subjects).of(subjects)


class Reading:
    """What the catalogue says of some organizations, at one moment.

    However many organizations there are, the measures over datasets are one statement
    together, and each of the others is one. Memory is in proportion to the subjects
    (some kilobytes each): callers that measure a whole portal go through it in portions
    of a few thousand, and look at some of these at a time.
    """

    def __init__(self, names: Collection[str], subjects: Sequence[Subject]) -> None:
        """Run the statements.

        :param names: of the measures wanted
        :param subjects: whom to measure, each once
        :raises KeyError: a measure of one of the names does not exist
        """
        known = registry()
        self._wanted = {name: known[name] for name in names}
        # One statement for all measures over datasets that no plugin has replaced.
        together = [
            name for name in datasets.NAMES if self._wanted.get(name) is _BY_NAME[name]
        ]
        self._of_datasets: datasets.Reading | None = None
        self._others: dict[str, Found] = {}
        if not subjects:
            return
        many = len(subjects) > MANY
        if many:
            prepare_for_many()
        with search_paused(many):
            if together:
                self._of_datasets = datasets.Reading(together, subjects)
            self._others = {
                name: measure.function(subjects)
                for name, measure in self._wanted.items()
                if name not in together
            }

    def changed_at(self, organization_id: str) -> dt.datetime | None:
        """Return when an organization last changed a dataset that the public can see.

        :returns: ``None`` where it has none, or no measure over datasets was wanted
        """
        if self._of_datasets is None:
            return None
        return self._of_datasets.changed_at(organization_id)

    def of(self, subjects: Sequence[Subject]) -> dict[str, dict[Subject, Measurement]]:
        """Return the measurements of some of them.

        :param subjects: quickest with those of an organization next to each other
        :returns: for each name and subject, what was found; 0 where nothing was
        """
        found: Mapping[str, Found] = self._others
        if self._of_datasets:
            found = {**self._others, **self._of_datasets.of(subjects)}
        return {
            name: _complete(found.get(name, {}), measure, subjects)
            for name, measure in self._wanted.items()
        }


def _complete(
    found: Found, measure: Measure, subjects: Sequence[Subject]
) -> dict[Subject, Measurement]:
    nothing = Measurement(0.0, of=0 if measure.unit == "share" else None)
    return {subject: found.get(subject, nothing) for subject in subjects}
