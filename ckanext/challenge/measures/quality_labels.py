"""What datasets and organizations may lack, in the reader's words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_

__all__ = ["help_of", "of_criterion", "of_dataset", "of_organization"]

# The nine criteria of quality, met or not.
_CRITERIA: dict[str, str] = {
    "licence": N_("Licence"),
    "temporal_coverage": N_("Period covered"),
    "spatial_coverage": N_("Territory covered"),
    "frequency": N_("Update frequency"),
    "updated_in_time": N_("Kept up to date"),
    "description": N_("Description of more than 100 characters"),
    "open_format": N_("Open format"),
    "reachable": N_("Files that answer"),
    "resources_described": N_("Description of the files"),
}

# A dataset's: the name of what it lacks, and what to do about it.
_DATASET: dict[str, tuple[str, str]] = {
    "licence": (
        N_("a licence"),
        N_("Choose a licence: it tells people what they may do with the data."),
    ),
    "license_id": (
        N_("an open licence"),
        N_("Choose the Licence Ouverte 2.0 or the ODbL."),
    ),
    "temporal_coverage": (
        N_("the period covered"),
        N_("Write the first day that the data speaks of."),
    ),
    "spatial_coverage": (
        N_("the territory covered"),
        N_("Write the INSEE code of your commune, or the SIREN of your EPCI."),
    ),
    "frequency": (
        N_("an update frequency"),
        N_("Say how often you replace the file. A modest promise is the best one."),
    ),
    "updated_in_time": (
        N_("a recent file"),
        N_("Replace the file, or choose a frequency that you can keep."),
    ),
    "description": (
        N_("a description of more than 100 characters"),
        N_("Write two or three sentences: what the file holds, and where it is from."),
    ),
    "open_format": (
        N_("a file in an open format"),
        N_("Add the same data as CSV, ODS or GeoJSON, rather than PDF or Excel."),
    ),
    "reachable": (
        N_("files that answer"),
        N_("Add a file, or mend the link that no longer answers."),
    ),
    "resources_described": (
        N_("a description of the files"),
        N_("Say in a sentence what one line of the file is."),
    ),
    "schema": (
        N_("a file that follows its national schema"),
        N_("Read the report on the file: it says what to change, and where."),
    ),
}

_ORGANIZATION: dict[str, str] = {
    "description": N_("a presentation"),
    "image_url": N_("a logo"),
    "siren": N_("the SIREN"),
    "kind": N_("the kind of collectivité"),
    "departement": N_("the département"),
    "population": N_("the number of inhabitants"),
    "agents": N_("the number of employees"),
    "website": N_("the website"),
    "insee_code": N_("the INSEE code"),
}


def of_criterion(name: str) -> str:
    """The name of a criterion of quality."""
    known = _CRITERIA.get(name)
    return tk._(known) if known else name


def of_dataset(name: str) -> str:
    """What a dataset lacks, as a few words that follow “still to do:”.

    :param name: as a measurement names it; one that is not known is its own name
    """
    words, _how = _DATASET.get(name, ("", ""))
    return tk._(words) if words else name


def help_of(name: str) -> str:
    """What to do about it, in a sentence; empty for a name that is not known."""
    _words, how = _DATASET.get(name, ("", ""))
    return tk._(how) if how else ""


def of_organization(name: str) -> str:
    """What an organization's page lacks, in a few words."""
    known = _ORGANIZATION.get(name)
    return tk._(known) if known else name
