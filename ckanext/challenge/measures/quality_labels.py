"""The criteria of a dataset's quality, in the reader's words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_

# The nine criteria: the name of each, met or not, and what to do to meet it.
_CRITERIA: dict[str, tuple[str, str]] = {
    "licence": (
        N_("Licence"),
        N_("Choose a licence: it tells people what they may do with the data."),
    ),
    "temporal_coverage": (
        N_("Period covered"),
        N_("Write the first day that the data speaks of."),
    ),
    "spatial_coverage": (
        N_("Territory covered"),
        N_("Write the INSEE code of your commune, or the SIREN of your EPCI."),
    ),
    "frequency": (
        N_("Update frequency"),
        N_("Say how often you replace the file. A modest promise is the best one."),
    ),
    "updated_in_time": (
        N_("Kept up to date"),
        N_("Replace the file, or choose a frequency that you can keep."),
    ),
    "description": (
        N_("Description of more than 100 characters"),
        N_("Write two or three sentences: what the file holds, and where it is from."),
    ),
    "open_format": (
        N_("Open format"),
        N_("Add the same data as CSV, ODS or GeoJSON, rather than PDF or Excel."),
    ),
    "reachable": (
        N_("Files that answer"),
        N_("Add a file, or mend the link that no longer answers."),
    ),
    "resources_described": (
        N_("Description of the files"),
        N_("Say in a sentence what one line of the file is."),
    ),
}


def of_criterion(name: str) -> str:
    """The name of a criterion of quality."""
    title, _how = _CRITERIA[name]
    return tk._(title)


def help_of(name: str) -> str:
    """What to do to meet a criterion, in a sentence."""
    _title, how = _CRITERIA[name]
    return tk._(how)
