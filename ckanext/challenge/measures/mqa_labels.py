"""The points of data.europa.eu, in the reader's words."""

from __future__ import annotations

import ckan.plugins.toolkit as tk

from ckanext.challenge.domain.text import N_

_DIMENSIONS = {
    "findability": N_("Can it be found?"),
    "accessibility": N_("Can it be reached?"),
    "interoperability": N_("Can it be combined?"),
    "reusability": N_("Can it be used again?"),
    "context": N_("Is it put in context?"),
}
_RATINGS = {
    "excellent": N_("excellent"),
    "good": N_("good"),
    "sufficient": N_("sufficient"),
    "bad": N_("to be improved"),
}
# The name of each indicator.
_INDICATORS = {
    "keyword": N_("Keywords"),
    "theme": N_("Theme"),
    "spatial": N_("Territory covered"),
    "temporal": N_("Period covered"),
    "access_answers": N_("Address that answers"),
    "download": N_("File to download"),
    "download_answers": N_("Download that answers"),
    "format": N_("Format"),
    "media_type": N_("Media type"),
    "vocabularies": N_("Format of the European list"),
    "non_proprietary": N_("Open format"),
    "machine_readable": N_("Format that programs read"),
    "dcat_ap": N_("Description that follows DCAT-AP"),
    "licence": N_("Licence"),
    "known_licence": N_("Licence that others know"),
    "access_rights": N_("Access rights"),
    "known_access_rights": N_("Access rights of the European list"),
    "contact": N_("Contact"),
    "publisher": N_("Publisher"),
    "rights": N_("Terms of use"),
    "size": N_("Size of the file"),
    "issued": N_("Date of publication"),
    "modified": N_("Date of the last change"),
}
# What to do about a fact that is not so.
_HELP = {
    "keyword": N_("Add a few words by which people look for it."),
    "theme": N_("Choose the kit of the dataset; where none fits, choose a theme."),
    "spatial_coverage": N_(
        "Write the INSEE code of your commune, or the SIREN of your EPCI."
    ),
    "temporal_coverage": N_("Write the first day that the data speaks of."),
    "answers": N_("Add a file, or mend the link that no longer answers."),
    "download": N_("Add the file itself, rather than a page that leads to it."),
    "format": N_("Say what the format of the file is."),
    "known_format": N_(
        "Write the format by its usual name, such as CSV, ODS or GeoJSON."
    ),
    "non_proprietary": N_(
        "Add the same data as CSV, ODS or GeoJSON, rather than PDF or Excel."
    ),
    "machine_readable": N_(
        "Add the data as a table, such as CSV: programs read nothing out of a PDF or "
        "a picture."
    ),
    "notes": N_(
        "Write two or three sentences: what the file holds, and where it is from."
    ),
    "licence": N_("Choose a licence: it tells people what they may do with the data."),
    "known_licence": N_(
        "Choose the Licence Ouverte 2.0 or the ODbL, which catalogues know."
    ),
    "contact": N_("Say who answers questions: a service and its address."),
    "size": N_("Put the file on this portal: the size of a link is not known."),
}


def of_dimension(name: str) -> str:
    """What a dimension asks."""
    text = _DIMENSIONS[name]
    return tk._(text)


def of_rating(name: str) -> str:
    """What so many points are called."""
    text = _RATINGS[name]
    return tk._(text)


def of_indicator(name: str) -> str:
    """The name of an indicator."""
    text = _INDICATORS[name]
    return tk._(text)


def help_of(fact: str) -> str:
    """What to do about a fact that is not so, in a sentence."""
    text = _HELP[fact]
    return tk._(text)
