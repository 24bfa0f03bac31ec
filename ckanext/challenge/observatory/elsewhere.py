"""Open data on other portals, as somebody counted it: read from a file, all or nothing.

The file is a CSV with ``siren``, ``count``, ``source``, ``date`` and perhaps ``url``.
Columns go by the names that data.gouv.fr's export of organizations and OpenDataFrance's
table have, too. What the file does not say of its rows is said once beside it.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from ckan import model
from stdnum.fr import siren as siren_number

from ckanext.challenge.common import addresses
from ckanext.challenge.model import Collectivite, FormerAddress
from ckanext.challenge.model.base import utcnow

#: The names that a column may have, the first one ours.
COLUMNS = {
    "siren": ("siren", "business_number_id", "siret"),
    "count": ("count", "metric.datasets", "nb-datagouv", "nb-ptf", "datasets"),
    "source": ("source",),
    "date": ("date",),
    "url": ("url", "url-datagouv", "url-ptf"),
}
#: As many problems are told; a file of another kind has thousands.
MOST_PROBLEMS = 50
_LONGEST_SOURCE = 200
_MOST = 1_000_000
#: How many digits a SIRET has.
_SIRET = 14


class Problem(NamedTuple):
    """Something wrong with a file.

    :ivar row: as a spreadsheet numbers it: the header is 1; 0 for the whole file
    :ivar text: what is wrong, in a sentence without a full stop
    """

    row: int
    text: str


class Count(NamedTuple):
    """What a row says.

    :ivar given: the number that it says it of: a SIREN, or a SIRET
    """

    row: int
    given: str
    siren: str
    number: int
    source: str
    counted_on: dt.date
    url: str | None


@dataclass(frozen=True)
class Imported:
    """What an import did, or would do.

    :ivar created: counts of a collectivité that the source had not counted yet
    :ivar updated: counts that are newer or others than what was kept
    :ivar unchanged: counts that were kept already, or of which a newer one is
    :ivar unknown: rows that were left out, since the directory does not have them
    :ivar problems: why nothing was imported
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    unknown: int = 0
    problems: Sequence[Problem] = field(default_factory=list)


def import_file(
    content: str,
    today: dt.date,
    *,
    source: str | None = None,
    date: dt.date | None = None,
    skip_unknown: bool = False,
) -> Imported:
    """Keep what a file counts, in the current transaction, or nothing of it.

    :param content: of the file
    :param today: no count is of a later day
    :param source: of all rows, where the file has no such column
    :param date: likewise
    :param skip_unknown: leave out rows of what the directory does not have, as the
        list of a whole country has them, rather than refuse the file
    """
    problems: list[Problem] = []
    counts = _read(content, _Said(source, date, today, skip_unknown), problems)
    known = _known(one.siren for one in counts)
    unknown = [one for one in counts if one.siren not in known]
    if not skip_unknown:
        problems += [
            Problem(one.row, f"the directory has no collectivité {one.siren}")
            for one in unknown
        ]
    present = [
        one._replace(siren=known[one.siren]) for one in counts if one.siren in known
    ]
    problems += _doubles(present)
    chosen = _added_up(present)
    if problems:
        return Imported(problems=sorted(problems))
    created, updated = _store(chosen)
    return Imported(
        created,
        updated,
        len(chosen) - created - updated,
        len(unknown),
    )


def _doubles(counts: Iterable[Count]) -> Iterator[Problem]:
    """The same number counted twice by the same source."""
    first: dict[tuple[str, str], int] = {}
    for one in counts:
        row = first.setdefault((one.given, one.source), one.row)
        if row != one.row:
            yield Problem(
                one.row,
                f"{one.given} is counted by “{one.source}” in row {row} already",
            )


def _added_up(counts: Iterable[Count]) -> list[Count]:
    """One count of each collectivité by each source.

    What several that became one have, or several establishments of one, is all its
    own: numbers are added up, and the latest day and the address of most are kept.
    """
    found: dict[tuple[str, str], list[Count]] = {}
    for one in counts:
        found.setdefault((one.siren, one.source), []).append(one)
    return [
        max(several, key=lambda one: one.number)._replace(
            number=sum(one.number for one in several),
            counted_on=max(one.counted_on for one in several),
        )
        for several in found.values()
    ]


class _Said(NamedTuple):
    """What is said once beside a file."""

    source: str | None
    date: dt.date | None
    today: dt.date
    skip_unknown: bool


def _read(content: str, said: _Said, problems: list[Problem]) -> list[Count]:
    """The rows of a file, as far as they can be read; what cannot is a problem."""
    header = content.partition("\n")[0]
    delimiter = max(",;\t", key=header.count)
    text = io.StringIO(content.lstrip("\ufeff"), newline="")
    reader = csv.reader(text, delimiter=delimiter)
    lines = _lines(reader, problems)
    columns = _columns(next(lines, []))
    given = {"source": said.source, "date": said.date}
    problems += [
        Problem(0, f"there is no column “{name}”")
        for name in COLUMNS
        if name not in columns and name != "url" and not given.get(name)
    ]
    if problems:
        return []
    found: list[Count] = []
    for line in lines:
        values = {
            name: line[at].strip() if at < len(line) else ""
            for name, at in columns.items()
        }
        if not any(values.values()):
            continue
        given = "".join(values["siren"].split())
        # A SIRET begins with the SIREN.
        siren = given[:9] if len(given) == _SIRET else given
        if not siren_number.is_valid(siren) or not given.isdecimal():
            if not said.skip_unknown:
                text = f"“{values['siren'][:20]}” is not a SIREN"
                problems.append(Problem(reader.line_num, text))
            continue
        try:
            found.append(
                Count(
                    reader.line_num,
                    given,
                    siren,
                    _number(values["count"]),
                    _source(values.get("source") or said.source or ""),
                    _day(values.get("date", ""), said.date, said.today),
                    _url(values.get("url", "")),
                )
            )
        except ValueError as error:
            problems.append(Problem(reader.line_num, str(error)))
    return found


def _lines(reader: Any, problems: list[Problem]) -> Iterator[list[str]]:
    """The rows of a CSV reader, up to one that is not written as CSV."""
    try:
        yield from reader
    except csv.Error as error:
        problems.append(
            Problem(reader.line_num, f"this is not written as CSV: {error}")
        )


def _columns(header: Sequence[str]) -> dict[str, int]:
    """Where each column is that is there."""
    names = [name.strip().lower() for name in header]
    found: dict[str, int] = {}
    for name, aliases in COLUMNS.items():
        place = next((names.index(one) for one in aliases if one in names), None)
        if place is not None:
            found[name] = place
    return found


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) > _MOST:
        raise ValueError(f"“{text[:20]}” is no number of datasets")
    return int(text)


def _source(text: str) -> str:
    if not text or len(text) > _LONGEST_SOURCE or not text.isprintable():
        raise ValueError(f"the source is a name of 1 to {_LONGEST_SOURCE} characters")
    return text


def _day(text: str, otherwise: dt.date | None, today: dt.date) -> dt.date:
    day = otherwise
    if text:
        try:
            day = dt.date.fromisoformat(text[:10])
        except ValueError:
            raise ValueError(
                f"“{text[:20]}” is not a date; write it as in 2026-09-30"
            ) from None
    if day is None:
        raise ValueError("there is no date")
    if day > today:
        raise ValueError(f"{day.isoformat()} is still to come")
    return day


def _url(text: str) -> str | None:
    if not text:
        return None
    plain = text.isprintable() and " " not in text
    if not text.startswith(("https://", "http://")) or not plain:
        raise ValueError(f"“{text[:40]}” is no address that begins with https://")
    return text


def _known(sirens: Iterable[str]) -> dict[str, str]:
    """Of the SIRENs that the directory has, what each of them is now."""
    asked = sorted(set(sirens))
    table: Any = Collectivite.__table__
    former: Any = FormerAddress.__table__
    rows = model.Session.execute(
        sa.select(table.c.siren, former.c.name)
        .select_from(
            table.outerjoin(
                former,
                sa.and_(
                    former.c.kind == "collectivite", former.c.name == table.c.siren
                ),
            )
        )
        .where(table.c.siren.in_(asked))
    )
    return {
        row.siren: addresses.present_siren(row.siren) if row.name else row.siren
        for row in rows
    }


def _store(counts: Sequence[Count]) -> tuple[int, int]:
    """Write counts; an older one than what is kept changes nothing.

    :returns: how many are new, and how many changed
    """
    rows = model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_elsewhere AS stored (
                siren, source, number, counted_on, url, imported_at
            )
            SELECT new.siren, new.source, new.number, new.counted_on, new.url, :now
            FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS new (
                siren text, source text, number int, counted_on date, url text
            )
            ORDER BY new.siren, new.source
            ON CONFLICT (siren, source) DO UPDATE SET
                number = excluded.number,
                counted_on = excluded.counted_on,
                url = excluded.url,
                imported_at = excluded.imported_at
            WHERE excluded.counted_on >= stored.counted_on
              AND (stored.number, stored.counted_on, stored.url)
                  IS DISTINCT FROM (excluded.number, excluded.counted_on, excluded.url)
            -- A row that was there has a transaction that locked it.
            RETURNING (xmax = 0) AS is_new
            """
        ),
        {
            "rows": json.dumps([one._asdict() for one in counts], default=str),
            "now": utcnow(),
        },
    ).all()
    created = sum(row.is_new for row in rows)
    return created, len(rows) - created
