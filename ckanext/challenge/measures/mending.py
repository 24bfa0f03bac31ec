"""What a page needs to know to send somebody to the form that mends a dataset."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ckanext.challenge.model.arrays import array
from ckanext.challenge.model.catalog import PUBLIC, dataset_extras

from . import mqa, quality
from .base import rows
from .fixes import Lack


@dataclass(frozen=True)
class Files:
    """The files of a dataset that one would mend, by their ids.

    :ivar first: the first one; ``None`` where there is none, and so for the others
    :ivar latest: the one that was updated last
    :ivar unreachable: the first that did not answer, if there is one
    :ivar wrong: the first that does not follow its schema, if there is one
    :ivar problems: how many points the report on that one has; 0 without one
    """

    first: str | None
    latest: str | None
    unreachable: str | None
    wrong: str | None
    problems: int = 0

    def to_mend(self, lack: Lack) -> str | None:
        """The file that something missing is about; else the first."""
        return getattr(self, lack.file) or self.first


@dataclass(frozen=True)
class Dataset:
    """A dataset, and how it stands.

    :ivar met: a bit for each criterion of quality; 0 where it was not asked for
    :ivar europe: a bit for each of :data:`.mqa.FACTS`, likewise
    """

    id: str
    name: str
    title: str
    files: Files
    met: int = 0
    europe: int = 0


def _first(order: str, condition: str = "") -> str:
    chosen = f" FILTER (WHERE {condition})" if condition else ""
    return f"(array_agg(r.id ORDER BY {order}, r.id){chosen})[1]"


_TO_MEND = {
    "first": _first("r.position"),
    "latest": _first(f"{quality.LAST_CHANGE} DESC NULLS LAST"),
    "unreachable_file": _first("r.position", quality.UNREACHABLE),
    "wrong": _first(
        "r.position",
        "EXISTS (SELECT FROM challenge_conformity c WHERE c.resource_id = r.id"
        f" AND {quality.REFUSED})",
    ),
    "problems": "(array_agg((SELECT c.error_count FROM challenge_conformity c"
    " WHERE c.resource_id = r.id) ORDER BY r.position, r.id) FILTER (WHERE EXISTS"
    " (SELECT FROM challenge_conformity c WHERE c.resource_id = r.id"
    f" AND {quality.REFUSED})))[1]",
}


def datasets(ids: Collection[str]) -> dict[str, Dataset]:
    """Those of these datasets that the public can see, by id, in one statement."""
    found = rows(
        f"""
        SELECT p.id, p.name, p.title, files.*
        FROM package p
        {_lateral(_TO_MEND)}
        WHERE p.id = ANY (CAST(:ids AS text[])) AND {PUBLIC}
        """,
        ids=array(sorted(ids)),
    )
    return {row.id: _dataset(row) for row in found}


def dataset(id_: str) -> Dataset | None:
    """One dataset, whoever can see it, with its quality, in one statement.

    :param id_: its id or name
    """
    facts = [*quality.FACTS.values(), *mqa.FACTS.values()]
    extras = dataset_extras(sorted({key for fact in facts for key in fact.extras}))
    aggregates = {name: sql for fact in facts for name, sql in fact.files.items()}
    found: Iterable[Any] = rows(
        f"""
        SELECT p.id, p.name, p.title, files.*,
               {quality.packed(quality.FACTS.values(), extras)} AS met,
               {quality.packed(mqa.FACTS.values(), extras)} AS europe
        FROM package p
        {extras.joins}
        {_lateral({**aggregates, **_TO_MEND})}
        WHERE p.id = :id OR p.name = :id
        """,
        id=id_,
        now=quality.now(),
    )
    return next((_dataset(row, row.met, row.europe) for row in found), None)


@dataclass(frozen=True)
class OfKit:
    """The datasets that an organization has of a kit.

    :ivar public: how many the public can see
    :ivar begun: the latest that it cannot see: its name and its title, and whether its
        form was left before the end
    """

    public: int = 0
    begun: tuple[str, str, bool] | None = None


def of_kits(organization_id: str) -> dict[str, OfKit]:
    """What an organization has published and begun, by the kit that it is of."""
    extras = dataset_extras(("challenge_kit",))
    kit = extras.columns["challenge_kit"]
    found: dict[str, OfKit] = {}
    for row in rows(
        f"""
        SELECT {kit} AS kit, p.name, p.title, p.state = 'draft' AS left_open,
               ({PUBLIC}) AS public
        FROM package p
        {extras.joins}
        WHERE p.owner_org = :organization AND p.type = 'dataset'
          AND p.state IN ('active', 'draft') AND {kit} <> ''
        ORDER BY p.metadata_created, p.id
        """,
        organization=organization_id,
    ):
        had = found.get(row.kit, OfKit())
        begun = (row.name, row.title or row.name, bool(row.left_open))
        found[row.kit] = (
            OfKit(had.public + 1, had.begun) if row.public else OfKit(had.public, begun)
        )
    return found


def _dataset(row: Any, met: int = 0, europe: int = 0) -> Dataset:
    files = Files(
        row.first, row.latest, row.unreachable_file, row.wrong, row.problems or 0
    )
    return Dataset(row.id, row.name, row.title or row.name, files, met, europe)


def _lateral(files: Mapping[str, str]) -> str:
    """Aggregates over the resources ``r`` of each of a few datasets, as ``files``.

    :param files: an aggregate for each name
    """
    columns = ", ".join(f"{sql} AS {name}" for name, sql in files.items())
    return f"""
        CROSS JOIN LATERAL (
            SELECT {columns} FROM resource r
            WHERE r.package_id = p.id AND r.state = 'active'
        ) AS files
    """
