"""What a measure is, and what the statements of all measures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.domain.measurement import Measurement, Subject
from ckanext.challenge.model.arrays import array

__all__ = [
    "MANY",
    "SUBJECTS",
    "Measure",
    "by_organization",
    "prepare_for_many",
    "rows",
]

#: The organizations to measure, as a table of one row each.
SUBJECTS = "unnest(CAST(:organizations AS text[])) AS subject (organization)"


#: From more subjects on, statements are large.
MANY = 500


@dataclass(frozen=True)
class Measure:
    """One thing that the catalogue can say of an organization.

    :ivar name: as programme files name it
    :ivar unit: ``count``, or ``share`` for a number between 0 and 1
    :ivar definition: in a sentence, for people; translated when it is shown
    :ivar function: measures any number of subjects in one SQL statement; a subject
        that it leaves out has the value 0
    :ivar names_datasets: whether its measurements name datasets
    """

    name: str
    unit: Literal["count", "share"]
    definition: Any
    function: Callable[[Sequence[Subject]], Mapping[Subject, Measurement]]
    names_datasets: bool = True


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
    statement: str, subjects: Sequence[Subject], **parameters: Any
) -> dict[Subject, Measurement]:
    """Run a statement that answers one row for each organization.

    :param statement: answers ``organization, value`` over :data:`SUBJECTS`
    :returns: what it answered, for each subject of that organization
    """
    organizations = dict.fromkeys(subject.organization_id for subject in subjects)
    found = {
        row.organization: Measurement(float(row.value))
        for row in rows(statement, organizations=array(organizations), **parameters)
    }
    return {
        subject: found[subject.organization_id]
        for subject in subjects
        if subject.organization_id in found
    }
