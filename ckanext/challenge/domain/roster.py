"""A list of collectivités in a spreadsheet: what rows of one of them say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .place_matching import Candidate

#: What a row says of one visit, and of nothing else.
VISIT: tuple[str, ...] = ("visit_date", "visit_days", "visit_topic")


class Together(NamedTuple):
    """What the rows of one collectivité say.

    :ivar values: by field, without the visits
    :ivar visits: the parts of each, by field; the same one is there once
    :ivar clashes: the fields of which they say different things
    :ivar doubled: the positions of rows that bring no visit, after the first one
    """

    values: dict[str, Any]
    visits: list[dict[str, Any]]
    clashes: tuple[str, ...]
    doubled: tuple[int, ...]


def together(rows: Sequence[Mapping[str, Any]]) -> Together:
    """Join the rows of one collectivité: one more row for each more visit.

    :param rows: what is filled in each, by field; a blank says nothing
    """
    values: dict[str, Any] = {}
    visits: list[dict[str, Any]] = []
    clashes: dict[str, None] = {}
    doubled: list[int] = []
    for position, row in enumerate(rows):
        visit = {name: row[name] for name in VISIT if name in row}
        if visit and visit not in visits:
            visits.append(visit)
        elif position:
            doubled.append(position)
        for name, value in row.items():
            if name in VISIT:
                continue
            if values.setdefault(name, value) != value:
                clashes[name] = None
    return Together(values, visits, tuple(clashes), tuple(doubled))


def by_siren(
    rows: Iterable[tuple[str | None, int]],
) -> dict[str, list[int]]:
    """The positions of the rows of each SIREN, in their order.

    :param rows: SIREN and position; those without a SIREN are left out
    """
    found: dict[str, list[int]] = {}
    for siren, position in rows:
        if siren:
            found.setdefault(siren, []).append(position)
    return found


def chosen(
    candidates: Sequence[Candidate], departement: str | None
) -> Candidate | None:
    """The one collectivité that a name means; none where it may be several.

    What is only written alike is never chosen: a person says which one it is.

    :param departement: the one that the row names, if it does
    """
    sure = [
        one
        for one in candidates
        if "code" in one.why
        or ("name" in one.why and ("departement" if departement else "only") in one.why)
    ]
    coded = [one for one in sure if "code" in one.why]
    found = coded or sure
    return found[0] if len(found) == 1 else None
