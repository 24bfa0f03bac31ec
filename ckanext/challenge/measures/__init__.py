"""What the catalogue says of an organization.

Measures are taken of any number of organizations at once: the number of SQL statements
is the same for one organization and for all of the portal.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import warnings
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ckan import plugins

from ckanext.challenge.domain.measurement import Measurement, Subject

from . import base, datasets, organizations, registry
from .base import MANY, prepare_for_many

Found = Mapping[Subject, Measurement]


def __getattr__(name: str) -> Any:
    """Keep for one release the place from which plugins imported ``Measure``."""
    if name != "Measure":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(
        f"Measure is imported from {base.__name__}", DeprecationWarning, stacklevel=2
    )
    return base.Measure


def built_in() -> list[base.Measure]:
    """The measures that the plugin ``challenge`` brings.

    ``downloads`` is there only where CKAN's plugin ``tracking`` is.
    """
    found = [*organizations.MEASURES, *datasets.MEASURES]
    if plugins.plugin_loaded("tracking"):
        found.append(datasets.DOWNLOADS)
    return found


def _wanted(names: Collection[str]) -> dict[str, base.Measure]:
    known = registry.known()
    return {name: known[name] for name in names}


def _together(wanted: Mapping[str, base.Measure]) -> dict[str, datasets.OverDatasets]:
    """Those that are one statement together, by name."""
    return {
        name: measure.function
        for name, measure in wanted.items()
        if isinstance(measure.function, datasets.OverDatasets)
    }


def measure(
    names: Collection[str], subjects: Sequence[Subject]
) -> dict[str, dict[Subject, Measurement]]:
    """Measure organizations: read them (:class:`Reading`) and look at all of them.

    :raises KeyError: a measure of one of the names does not exist
    """
    return Reading(names, subjects).of(subjects)


def digests(names: Collection[str], subjects: Sequence[Subject]) -> dict[str, str]:
    """Return a digest of all that measures would say of each organization.

    It takes a fraction of the time and of the memory: the database itself goes through
    the datasets, and of these no more than a number for each organization is fetched.

    :param names: of the measures
    :param subjects: whom to measure
    :returns: by the ids of organizations; as long as the digest is the same, so are
        the measurements, if names and subjects are the same and in the same order
    :raises KeyError: a measure of one of the names does not exist
    """
    if not subjects:
        return {}
    if len(subjects) > MANY:
        prepare_for_many()
    wanted = _wanted(names)
    together = _together(wanted)
    of_datasets = datasets.digests(together.values(), subjects) if together else {}
    # One after the other: none is kept while the next one is taken.
    others = (
        measure.function(subjects)
        for name, measure in wanted.items()
        if name not in together
    )
    return _digests(subjects, of_datasets, others)


def _digests(
    subjects: Sequence[Subject],
    of_datasets: Mapping[str, str],
    others: Iterable[Found],
) -> dict[str, str]:
    found = {
        id_: hashlib.sha256(of_datasets.get(id_, "").encode())
        for id_ in dict.fromkeys(subject.organization_id for subject in subjects)
    }
    for measured in others:
        for subject in subjects:
            # A tuple's text takes half the time of a named tuple's.
            said = tuple(measured.get(subject, ()))
            found[subject.organization_id].update(repr(said).encode())
    return {id_: digest.hexdigest() for id_, digest in found.items()}


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
        self._wanted = _wanted(names)
        together = _together(self._wanted)
        self._of_datasets: datasets.Reading | None = None
        self._others: dict[str, Found] = {}
        if not subjects:
            return
        if len(subjects) > MANY:
            prepare_for_many()
        if together:
            self._of_datasets = datasets.Reading(together, subjects)
        self._others = {
            name: measure.function(subjects)
            for name, measure in self._wanted.items()
            if name not in together
        }

    def digests(self, subjects: Sequence[Subject]) -> dict[str, str]:
        """Return what :func:`digests` would have said at the same moment.

        :param subjects: those that were read
        """
        of_datasets = self._of_datasets.digests if self._of_datasets else {}
        return _digests(subjects, of_datasets, self._others.values())

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
    found: Found, measure: base.Measure, subjects: Sequence[Subject]
) -> dict[Subject, Measurement]:
    nothing = Measurement(0.0, of=0 if measure.unit == "share" else None)
    return {subject: found.get(subject, nothing) for subject in subjects}
