"""What brings a measure up, and where: a button with its page, and the field of a form
for each thing that a dataset or an organization lacks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

import ckan.plugins.toolkit as tk
from flask_babel import LazyString
from flask_babel import lazy_gettext as _

#: A text for people: a lazy one is translated when it is shown.
Text = str | LazyString


class Place(NamedTuple):
    """Whose measure it is, as the address of a page needs it.

    :ivar organization_id: the id of the organization
    :ivar organization: its name
    :ivar cohort: the name of the season, if it is measured in one
    """

    organization_id: str
    organization: str
    cohort: str | None


@dataclass(frozen=True)
class Fix:
    """The page on which a measure is brought up.

    :ivar action: what the button that leads there says
    :ivar url: the address of that page
    :ivar kind: ``dataset`` where a new dataset brings it up: a participant's page
        offers the form filled in from a chosen kit; ``kits`` where the choice of kits
        does, which stands in the step itself; ``members`` where an invitation does,
        for which a participant's page has the form; else ``page``
    """

    action: Text
    url: Callable[[Place], str]
    kind: Literal["dataset", "kits", "members", "page"] = "page"


@dataclass(frozen=True)
class Lack:
    """Something that is missing, in words, and the field that mends it.

    :ivar name: as measurements name it
    :ivar title: in a few words that follow “still to do:”
    :ivar form: where the field is: the form of the dataset, of one of its files or of
        the organization; ``report`` is the report on a file
    :ivar field: the id of the field without ``field-``; empty for the whole form
    :ivar file: which file of the dataset it is about
    """

    name: str
    title: Text
    form: Literal["dataset", "file", "organization", "report"] = "dataset"
    field: str = ""
    file: Literal["first", "latest", "unreachable", "wrong"] = "first"


def _participant(place: Place) -> str:
    return tk.h.url_for(
        "challenge_participant.read",
        cohort=place.cohort,
        organization=place.organization,
    )


def _kits(place: Place) -> str:
    if place.cohort is None:
        return tk.h.url_for("challenge.kits")
    return f"{_participant(place)}?step=kits#kits"


def _members(place: Place) -> str:
    if place.cohort is None:
        # CKAN's own page, which has a form of its own.
        return tk.h.url_for("organization.member_new", id=place.organization)
    return f"{_participant(place)}#members"


MEMBERS = Fix(_("Invite a member"), _members, kind="members")
PROFILE = Fix(
    _("Complete the page"),
    lambda place: tk.h.url_for("organization.edit", id=place.organization),
)
KITS = Fix(_("Choose kits"), _kits, kind="kits")
NEW_DATASET = Fix(
    _("Publish a dataset"),
    lambda place: tk.h.url_for("dataset.new", group=place.organization_id),
    kind="dataset",
)
DATASETS = Fix(
    _("See the datasets"),
    lambda place: tk.h.url_for("organization.read", id=place.organization),
)

#: What a dataset lacks that does not meet a criterion of quality, by the criterion.
CRITERIA: Mapping[str, Lack] = {
    lack.name: lack
    for lack in (
        Lack("licence", _("a licence"), field="license_id"),
        Lack("temporal_coverage", _("the period covered"), field="temporal_start"),
        Lack("spatial_coverage", _("the territory covered"), field="spatial_insee"),
        Lack("frequency", _("an update frequency"), field="frequency"),
        Lack("updated_in_time", _("a recent file"), form="file", file="latest"),
        Lack(
            "description", _("a description of more than 100 characters"), field="notes"
        ),
        Lack("open_format", _("a file in an open format"), form="file"),
        Lack("reachable", _("files that answer"), form="file", file="unreachable"),
        Lack(
            "resources_described",
            _("a description of the files"),
            form="file",
            field="description",
        ),
    )
}

#: What a dataset lacks of the facts that data.europa.eu gives points for, by the fact.
EUROPEAN: Mapping[str, Lack] = {
    lack.name: lack
    for lack in (
        Lack("keyword", _("keywords"), field="tag_string"),
        Lack("theme", _("a kit or a theme"), field="challenge_kit"),
        CRITERIA["spatial_coverage"],
        CRITERIA["temporal_coverage"],
        Lack("answers", _("files that answer"), form="file", file="unreachable"),
        Lack("download", _("a file to download"), form="file"),
        Lack("format", _("the format of the files"), form="file", field="format"),
        Lack("known_format", _("a usual format"), form="file", field="format"),
        Lack("non_proprietary", _("a file in an open format"), form="file"),
        Lack("machine_readable", _("a file that programs can read"), form="file"),
        Lack("notes", _("a description"), field="notes"),
        CRITERIA["licence"],
        Lack("known_licence", _("a usual licence"), field="license_id"),
        Lack("contact", _("a contact"), field="contact_name"),
        Lack("size", _("a file kept on this portal"), form="file"),
    )
}
