"""The observatory, its map, the home and the pages of collectivités.

    python -m benchmarks.observatory --rounds 30

For the region that is shipped and for a country of as many collectivités as France has:
how long its pages take beside ``/about``, what keeping the figures costs, and what a
table of all of them needs of memory.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time

import requests
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import serving, volume
from benchmarks.pages import Page, print_pages, take_turns
from benchmarks.statements import sent_statements
from ckanext.challenge.directory import loader
from ckanext.challenge.directory.reader import read, shipped_file
from ckanext.challenge.model import Collectivite
from ckanext.challenge.observatory import snapshots, store

#: As many communes and EPCI as the national list has.
COUNTRY = 36_224
#: Organizations with a SIREN, and datasets of each.
ORGANIZATIONS, DATASETS = 200, 5
#: Megabytes that the table of the country may need more.
MEMORY = 50


def make_region() -> None:
    """The shipped region, of which some publish."""
    loader.load(read([shipped_file()]))
    volume.make(ORGANIZATIONS, DATASETS, 2)
    # Large communes are those of the benchmark's organizations; of numbers with three
    # digits no two make the same SIREN.
    model.Session.execute(
        sa.text(
            """
            UPDATE challenge_collectivite c SET siren = lpad(CAST(l.n AS text), 9, '2')
            FROM (
                SELECT code, row_number() OVER (
                    ORDER BY population DESC NULLS LAST, code) AS n
                FROM challenge_collectivite WHERE kind = 'commune'
            ) AS l
            WHERE l.code = c.code AND l.n BETWEEN 100 AND :number
            """
        ),
        {"number": ORGANIZATIONS},
    )
    model.Session.commit()
    _keep()


def make_country() -> None:
    """Communes of no place beside the region, until there are as many as in France."""
    number = model.Session.query(sa.func.count(Collectivite.code)).scalar() or 0
    model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_collectivite (
                code, siren, insee_code, name, kind, departement, region, population,
                postcodes, vintage, search_key
            )
            SELECT 'bench-' || n, NULL, lpad(CAST(n % 96 AS text), 2, '0')
                   || lpad(CAST(n / 96 AS text), 3, '0'),
                   'Commune de mesure ' || n, 'commune',
                   (ARRAY['01','13','33','44','59','62','69','75'])[1 + n % 8],
                   '00', n * 7 % 30000, ARRAY[]::text[], 2026,
                   'commune de mesure ' || n
            FROM generate_series(1, :more) AS n
            """
        ),
        {"more": COUNTRY - number},
    )
    model.Session.commit()
    _keep()


def _keep() -> None:
    store.refresh()
    model.Session.commit()


def clear() -> None:
    """Remove what was made."""
    model.Session.rollback()
    for table in ("observatory_snapshot", "observatory", "collectivite"):
        model.Session.execute(sa.text(f"TRUNCATE challenge_{table} CASCADE"))
    model.Session.commit()
    volume.clear()


def _paths() -> dict[str, tuple[str, float | None]]:
    observatory = "/challenge/observatory"
    siren = (
        model.Session.query(Collectivite.siren)
        .filter(Collectivite.kind == "ca")
        .order_by(Collectivite.siren)
        .first()
    )
    assert siren is not None
    return {
        "Observatory": (observatory, None),
        "Observatory, one département": (f"{observatory}?departement=45", 2),
        "Observatory, who publishes": (f"{observatory}?publishes=true&sort=recent", 2),
        "Observatory, searched": (f"{observatory}?q=beau", 2),
        "A collectivité": (f"/challenge/collectivite/{siren[0]}", 1.3),
        "Newly opened data": ("/challenge/data", None),
    }


def measure(rounds: int, most: float) -> list[Page]:
    """Ask for every page in each round, as nobody.

    :param most: what the observatory may take beside ``/about``
    :raises RuntimeError: when a page answers anything but what it should
    """
    about = Page("CKAN: /about", "/about")
    pages = [about]
    for name, (path, at_most) in _paths().items():
        limit = most if name == "Observatory" else at_most
        pages.append(Page(name, path, about.name, limit))
    with serving.portal() as address, requests.Session() as session:
        take_turns(session, address, pages, rounds)
    return pages


def statements() -> dict[str, int]:
    """How many statements each page sends once it is remembered, by name."""
    app = _get_test_app()
    found = {}
    for name, (path, _) in _paths().items():
        app.get(path)
        with sent_statements() as sent:
            app.get(path)
        found[name] = len(sent)
    return found


def table_memory() -> tuple[float, float, float]:
    """The CSV of all, in a process of its own.

    :returns: megabytes of the file, megabytes of memory more, seconds
    """
    path = "/challenge/observatory.csv?sort=name"
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.exporter", str(serving.INI), path, ""],
        check=True,
        capture_output=True,
        text=True,
    )
    size, memory, seconds = answer.stdout.split()[-3:]
    return float(size), float(memory), float(seconds)


def _print(rounds: int, most: float) -> None:
    print_pages(measure(rounds, most), rounds)
    print("\n| page | SQL statements, remembered |")
    print("|---|---:|")
    for name, number in statements().items():
        print(f"| {name} | {number} |")


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    clear()
    try:
        make_region()
        print("\nThe region", flush=True)
        _print(rounds, 1.5)
        make_country()
        print("\nThe country", flush=True)
        _print(rounds, 2)
        began = time.perf_counter()
        store.refresh()
        snapshots.due()
        model.Session.commit()
        print(f"\nfigures of all, and a snapshot: {time.perf_counter() - began:.1f} s")
        size, memory, seconds = table_memory()
        print(f"CSV of all: {size:.1f} MB, {memory:.1f} MB more, {seconds:.1f} s")
        if memory > MEMORY:
            raise RuntimeError(f"the CSV needs more than {MEMORY} MB")
    finally:
        clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
