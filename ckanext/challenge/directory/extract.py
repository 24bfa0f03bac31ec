"""Making the files this package ships, from the national list.

npm pack @etalab/decoupage-administratif && tar xf etalab-*.tgz
ckan challenge directory extract package/data
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from .departements import departements
from .reader import COLUMNS, Collectivite, DirectoryFileError, read


def region_rows(
    listing: Iterable[Collectivite], region: str, memberships: Mapping[str, str]
) -> list[Collectivite]:
    """Communes of a region, and the EPCI that have at least one of them as member
    (the seat of some is in a neighbouring region)."""
    rows = list(listing)
    communes = [r for r in rows if r.kind == "commune" and r.region == region]
    of_them = {memberships.get(row.siren or "") for row in communes}
    epci = [row for row in rows if row.kind != "commune" and row.siren in of_them]
    return sorted(epci, key=lambda r: r.siren or "") + sorted(
        communes, key=lambda r: r.insee_code or ""
    )


def write_csv(rows: Iterable[Collectivite], path: Path) -> None:
    """Write rows as :func:`ckanext.challenge.directory.reader.read` reads them."""
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            writer.writerow(
                " ".join(value) if isinstance(value, tuple) else value
                for value in (getattr(row, column) for column in COLUMNS)
            )


def write_departements(source: Path, path: Path) -> int:
    """Write the names of the départements; returns how many there are."""
    try:
        rows = json.loads(source.read_text("utf-8"))
        facts = sorted((row["code"], row["nom"], row["region"]) for row in rows)
    except FileNotFoundError:
        raise DirectoryFileError(source, "there is no such file") from None
    except (ValueError, KeyError, TypeError):
        raise DirectoryFileError(
            source, "a list of départements with code, nom and region is expected"
        ) from None
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("code", "name", "region"))
        writer.writerows(facts)
    departements.cache_clear()
    return len(facts)


def extract(data: Path, region: str, target: Path, vintage: int | None = None) -> int:
    """Write the file of one region; returns its number of rows.

    :param data: folder of the npm package with ``communes.json`` and ``epci.json``
    :param region: INSEE code of the region
    """
    listing = read([data / "communes.json", data / "epci.json"], vintage)
    rows = region_rows(listing.rows, region, listing.memberships)
    if not rows:
        raise DirectoryFileError(data / "communes.json", f"no commune of {region}")
    write_csv(rows, target)
    return len(rows)
