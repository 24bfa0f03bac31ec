"""How long the evaluation takes, over the catalogue that benchmarks.volume makes.

    python -m benchmarks.evaluation --organizations 20 200 2000 --datasets 10

All organizations take part in one running season. Prints, for each size, the time of an
evaluation when nothing is stored yet, when nothing changed, of one organization, the
number of SQL statements and the largest memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import statistics
import time
from typing import Any

import sqlalchemy as sa
from ckan import model

from benchmarks import measures, memory, volume
from benchmarks.statements import sent_statements
from ckanext.challenge.model import Cohort
from ckanext.challenge.progress.evaluate import evaluate

NAME = "volume-season"
#: Of how many organizations the median of one is taken.
ONES = 30


def _join() -> None:
    """Make all organizations of the catalogue participants, with no step stored."""
    today = dt.date.today()  # noqa: DTZ011
    cohort = Cohort(
        name=NAME,
        title="Volume",
        season=99,
        programme="saison",
        state="running",
        launch=today - dt.timedelta(days=90),
        first_publication=today + dt.timedelta(days=10),
        finalisation=today + dt.timedelta(days=90),
    )
    model.Session.add(cohort)
    model.Session.flush()
    model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_participant (
                id, cohort_id, organization_id, state, joined_at,
                steps_done, steps_total, percent, late_steps
            )
            SELECT CAST(gen_random_uuid() AS text), :cohort, id, 'active', now(),
                   0, 0, 0, 0
            FROM "group" WHERE name LIKE 'volume-%'
            """
        ),
        {"cohort": cohort.id},
    )
    model.Session.commit()
    for table in ("challenge_participant", "challenge_step_status"):
        model.Session.execute(sa.text(f"ANALYZE {table}"))
    model.Session.commit()


def _clear() -> None:
    model.Session.execute(
        sa.text("DELETE FROM challenge_cohort WHERE name = :name"), {"name": NAME}
    )
    model.Session.commit()
    volume.clear()


def _timed(**whom: Any) -> tuple[float, int]:
    with sent_statements() as sent:
        started = time.perf_counter()
        evaluate(**whom)
        return time.perf_counter() - started, len(sent)


def measure(organizations: int, datasets: int, resources: int) -> dict[str, float]:
    """Make a catalogue of a size, evaluate it in several ways, and remove it.

    :returns: seconds by situation, those of all measures alone (``measures``),
        ``statements`` that were sent for the first evaluation, and ``memory`` in MB
    """
    _clear()
    volume.make(organizations, datasets, resources)
    _join()
    try:
        alone = measures.seconds()
        with memory.peak() as first:
            new, statements = _timed()
        for table in ("challenge_participant", "challenge_step_status"):
            model.Session.execute(sa.text(f"ANALYZE {table}"))
        model.Session.commit()
        with memory.peak() as second:
            same, _ = _timed()
            full, _ = _timed(full=True)
        some = volume.organization_ids()[:: max(1, organizations // ONES)]
        one = statistics.median(_timed(organization_ids=[id_])[0] for id_ in some)
    finally:
        _clear()
    return {
        "measures": alone,
        "new": new,
        "same": same,
        "full": full,
        "one": one,
        "statements": statements,
        "memory": max(first.megabytes, second.megabytes),
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    parser.add_argument("--organizations", type=int, nargs="+", default=[20, 200, 2000])
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--resources", type=int, default=2)
    options = parser.parse_args(arguments)
    volume.load_ckan(options.ini)
    print(
        f"{'organizations':>14}{'all new (s)':>13}{'unchanged (s)':>15}"
        f"{'one (ms)':>10}{'statements':>12}{'memory (MB)':>13}"
    )
    for organizations in options.organizations:
        found = measure(organizations, options.datasets, options.resources)
        print(
            f"{organizations:>14}{found['new']:>13.2f}{found['same']:>15.2f}"
            f"{found['one'] * 1000:>10.1f}{found['statements']:>12.0f}"
            f"{found['memory']:>13.0f}"
        )


if __name__ == "__main__":
    main()
