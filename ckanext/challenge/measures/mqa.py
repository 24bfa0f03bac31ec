"""The points of data.europa.eu in SQL: see :mod:`ckanext.challenge.domain.mqa`.

The expressions stand in the same statements as those of :mod:`.quality`. Nothing asks
the network here: whether a link answers is what its check found, ours of the file
against its schema or somebody's (``check:available``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ckanext.challenge.domain import european, mqa
from ckanext.challenge.model.catalog import (
    PUBLIC,
    Extras,
    dataset_extras,
    lawful_licences,
)

from . import quality
from .base import rows
from .quality import Fact


def _literals(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


def _some(condition: str) -> str:
    return f"coalesce(bool_or({condition}), false)"


def _of_files(name: str, condition: str) -> Fact:
    """Something is true of at least one file."""
    column = f"mqa_{name}"
    return Fact(
        lambda _: f"coalesce(files.{column}, false)",
        files={column: _some(condition)},
    )


def _formats(name: str, formats: Iterable[str]) -> Fact:
    return _of_files(name, f"{quality.FORMAT} IN ({_literals(formats)})")


#: The check of the file behind a link said that it does not answer.
_BROKEN = (
    "EXISTS (SELECT FROM challenge_conformity l WHERE l.resource_id = r.id"
    " AND l.status IN ('invalid', 'error')"
    " AND l.errors -> 0 ->> 'type' LIKE 'link-%')"
)
_ANSWERS = f"NOT ({quality.UNREACHABLE}) AND NOT {_BROKEN}"
# What is shown in a browser, or asked by a program, is no file to download.
_NO_DOWNLOAD = _literals(["", "html", "wms", "wfs"])
_DOWNLOAD = (
    f"(coalesce(r.url_type, '') = 'upload' OR {quality.FORMAT} NOT IN ({_NO_DOWNLOAD}))"
)
_KEYWORD = (
    "EXISTS (SELECT FROM package_tag t WHERE t.package_id = p.id"
    " AND t.state = 'active')"
)


def _either(*extras: str) -> Fact:
    """One of these extras says something."""

    def sql(found: Extras) -> str:
        said = (f"coalesce({found.columns[key]}, '') <> ''" for key in extras)
        return f"({' OR '.join(said)})"

    return Fact(sql, extras=extras)


#: What is not among the criteria of :mod:`.quality`.
OWN: Mapping[str, Fact] = {
    "keyword": Fact(lambda _: _KEYWORD),
    "theme": _either("theme", "challenge_kit"),
    "answers": _of_files("answers", _ANSWERS),
    "download": _of_files("download", _DOWNLOAD),
    "format": _of_files("format", f"{quality.FORMAT} <> ''"),
    "known_format": _formats("known_format", european.FILE_TYPES),
    "non_proprietary": _formats("non_proprietary", european.formats(is_open=True)),
    "machine_readable": _formats(
        "machine_readable", european.formats(is_machine_readable=True)
    ),
    "notes": Fact(lambda _: "coalesce(p.notes, '') <> ''"),
    "known_licence": Fact(
        lambda extras: (
            f"lower(coalesce({extras.columns['license_id']}, ''))"
            f" IN ({_literals((*european.KNOWN_LICENCES, *lawful_licences()))})"
        ),
        extras=("license_id",),
    ),
    "contact": _either("contact_email", "contact_name"),
    "size": _of_files("size", "r.size > 0"),
}

#: The facts of a dataset, in the order of :data:`.mqa.FACTS`.
FACTS: Mapping[str, Fact] = {
    name: OWN.get(name) or quality.FACTS[name] for name in mqa.FACTS
}


def summary(organization_id: str | None = None) -> mqa.Summary:
    """How the public datasets of an organization, or of the portal, stand together.

    One statement, which goes through all of them.
    """
    extras = dataset_extras(
        sorted({key for fact in FACTS.values() for key in fact.extras})
    )
    files = {name: sql for fact in FACTS.values() for name, sql in fact.files.items()}
    columns = ", ".join(f"{sql} AS {name}" for name, sql in files.items())
    owned = "AND p.owner_org = :organization" if organization_id else ""
    parameters = {"organization": organization_id} if organization_id else {}
    found = rows(
        f"""
        SELECT met, count(*) AS datasets
        FROM (
            SELECT {quality.packed(FACTS.values(), extras)} AS met
            FROM package p
            {extras.joins}
            LEFT JOIN (
                SELECT r.package_id, {columns}
                FROM package p
                JOIN resource r ON r.package_id = p.id AND r.state = 'active'
                WHERE {PUBLIC} {owned}
                GROUP BY r.package_id
            ) AS files ON files.package_id = p.id
            WHERE {PUBLIC} {owned}
        ) AS each_one
        GROUP BY met
        """,
        **parameters,
    )
    return mqa.summary((row.met, row.datasets) for row in found)
