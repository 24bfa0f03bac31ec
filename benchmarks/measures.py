"""How long each measure takes, over the catalogue that benchmarks.volume made.

    python -m benchmarks.measures --portion 6000

Prints, for each measure, the time for all organizations (in portions) and the median
time for one, and the largest memory of the process.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from collections.abc import Sequence
from typing import Any

from ckan import model

from benchmarks import memory
from benchmarks.volume import load_ckan, organization_ids
from ckanext.challenge import measures
from ckanext.challenge.domain.measurement import Subject

ONES = 30
#: Measured together: more at a time are quicker, and take more memory.
PORTION = 6000


def _measure(ids: Sequence[str], names: Sequence[str]) -> None:
    since = dt.date.today() - dt.timedelta(days=180)  # noqa: DTZ011
    measures.measure(names, [Subject(id_, "volume", since) for id_ in ids])
    model.Session.rollback()


def _all(names: Sequence[str], ids: Sequence[str], portion: int) -> float:
    started = time.perf_counter()
    for start in range(0, len(ids), portion):
        _measure(ids[start : start + portion], names)
    return time.perf_counter() - started


def _one(names: Sequence[str], ids: Sequence[str]) -> float:
    step = max(1, len(ids) // ONES)
    times = []
    for id_ in ids[::step][:ONES]:
        started = time.perf_counter()
        _measure([id_], names)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def seconds() -> float:
    """How long all measures of all organizations of the volume take together."""
    return _all(list(measures.registry.known()), organization_ids(), PORTION)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    parser.add_argument("--portion", type=int, default=PORTION)
    options: Any = parser.parse_args(arguments)
    load_ckan(options.ini)
    ids = organization_ids()
    names = list(measures.registry.known())
    print(f"{len(ids)} organizations, in portions of {options.portion}")
    print(f"{'measure':24}{'all (s)':>10}{'one (ms)':>10}")
    for title, some in [(name, [name]) for name in names] + [("together", names)]:
        seconds = _all(some, ids, options.portion)
        one = _one(some, ids) * 1000
        print(f"{title:24}{seconds:10.2f}{one:10.2f}")
    print(f"largest memory of the process: {memory.most():.0f} MB")


if __name__ == "__main__":
    main()
