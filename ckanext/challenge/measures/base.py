"""What a measure is, and what the statements of all measures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.measurement import NAMED_DATASETS, Measurement, Subject
from ckanext.challenge.model.arrays import array

from .fixes import DATASETS, Fix, Lack, Text

#: The organizations to measure, as a table of one row each.
SUBJECTS = "unnest(CAST(:organizations AS text[])) AS subject (organization)"


#: From more subjects on, statements are large.
MANY = 500


#: A sentence, or one for each number that it depends on.
Sentence = Text | Callable[[Any], Text]


@dataclass(frozen=True)
class Measure:
    """Something that the catalogue says of an organization, and all that is said of it.

    Texts are lazy (``flask_babel.lazy_gettext``). A sentence may also be a function of
    the number that is asked for (an ``int`` where it is counted), to choose the plural.
    A measure without sentences is told by its definition.

    :ivar name: as programme files name it
    :ivar unit: ``count``, or ``share`` for a number between 0 and 1
    :ivar definition: what counts, in a sentence
    :ivar function: measures any number of subjects in one SQL statement; a subject
        that it leaves out has the value 0
    :ivar names_datasets: whether its measurements name datasets
    :ivar shortfall: how far it is, in a sentence with ``{value}`` and ``{target}``
    :ivar at_least: what a badge asks for, in a line with ``{number}`` and no full stop
    :ivar out_of: for a share that people read in points, how many are the whole
    :ivar fix: where it is brought up, when nothing in particular is missing
    :ivar lacks: the words for what its measurements say is missing
    :ivar about_datasets: whether it says how the datasets are, and so nothing while
        there is none: their steps come after that of a first dataset
    :ivar of_cohort: whether it differs between the seasons of one organization, and is
        nothing without one
    :ivar declared: whether it counts what somebody ticked or typed of themselves, and
        no facts of the catalogue: such a word is never told as verified
    """

    name: str
    unit: Literal["count", "share"]
    definition: Text
    function: Callable[[Sequence[Subject]], Mapping[Subject, Measurement]]
    names_datasets: bool = True
    shortfall: Sentence | None = None
    at_least: Sentence | None = None
    out_of: int | None = None
    fix: Fix = DATASETS
    lacks: Sequence[Lack] = ()
    about_datasets: bool = False
    of_cohort: bool = False
    declared: bool = False

    def lack(self, name: str) -> Lack:
        """What its measurements mean by a name; one without words is its own."""
        return next((one for one in self.lacks if one.name == name), Lack(name, name))


def rows(statement: str, **parameters: Any) -> Iterable[Any]:
    """Run one statement in the session of this request or job."""
    return model.Session.execute(sa.text(statement), parameters)


def prepare_for_many() -> None:
    """Have PostgreSQL run the statements of this transaction as suits large ones.

    It would compile them first, which takes twice as long as running them (2.3 s for
    2,000 organizations of a national portal); and it would sort and hash on disk what
    a few megabytes more keep in memory.
    """
    model.Session.execute(sa.text("SET LOCAL jit = off"))
    model.Session.execute(sa.text("SET LOCAL work_mem = '64MB'"))


def by_organization(
    statement: str,
    subjects: Sequence[Subject],
    *,
    lacks: str | None = None,
    **parameters: Any,
) -> dict[Subject, Measurement]:
    """Run a statement that answers one row for each organization.

    :param statement: answers ``organization, value`` over :data:`SUBJECTS`, and
        ``failing``, the ids of datasets, where these all lack something
    :param lacks: the name of what they lack
    :returns: what it answered, for each subject of that organization
    """
    organizations = dict.fromkeys(subject.organization_id for subject in subjects)
    found: dict[str, Measurement] = {}
    for row in rows(statement, organizations=array(organizations), **parameters):
        measured = Measurement(float(row.value))
        if lacks:
            failing = tuple((row.failing or ())[:NAMED_DATASETS])
            missing = ((lacks,),) * len(failing)
            measured = measured._replace(failing=failing, missing=missing)
        found[row.organization] = measured
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }
