"""The check of a file of 100,000 rows, beside frictionless alone on the same file.

    python -m benchmarks.conformity --rounds 5

Each run is a process of its own: its processor time, start-up excluded, and its
largest memory. It needs neither CKAN nor services.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks import memory

SCHEMA = "scdl/deliberations"
COLUMNS = (
    "COLL_NOM",
    "COLL_SIRET",
    "DELIB_ID",
    "DELIB_DATE",
    "DELIB_MATIERE_CODE",
    "DELIB_MATIERE_NOM",
    "DELIB_OBJET",
    "BUDGET_ANNEE",
    "BUDGET_NOM",
    "PREF_ID",
    "PREF_DATE",
    "VOTE_EFFECTIF",
    "VOTE_REEL",
    "VOTE_POUR",
    "VOTE_CONTRE",
    "VOTE_ABSTENTION",
    "DELIB_URL",
)
ROWS = 100_000
#: The check may take so many times what frictionless takes alone.
MOST = 1.3
#: Megabytes that a hundred times as many rows may take more.
MEMORY = 15
_WRONG_EVERY = 10


def write(path: Path, rows: int, wrong: bool) -> None:
    """A plausible register of decisions; in a wrong one, some dates are none."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for number in range(rows):
            day = f"{number % 28 + 1:02}"
            date = f"2023-02-{day}"
            writer.writerow(
                [
                    "Commune de Baule",
                    "21450024100010",
                    f"2023-{number:06}",
                    f"{day}/02/2023" if wrong and not number % _WRONG_EVERY else date,
                    "7.5",
                    "Finances locales/Subventions",
                    f"Aide à l'association « {number} », pour l'année",
                    "2023",
                    "Budget principal",
                    f"045-{number:06}",
                    date,
                    "19",
                    "17",
                    "15",
                    "1",
                    "1",
                    f"https://www.example.org/deliberations/{number}",
                ]
            )


def _ours(path: Path) -> Callable[[], int]:
    from ckanext.challenge.conformity import check, registry  # noqa: PLC0415

    schema = registry.get(SCHEMA)
    assert schema
    return lambda: check.check(path, schema).error_count


def _alone(path: Path, with_rules: bool) -> Callable[[], int]:
    from frictionless import Checklist, Resource, Schema, system  # noqa: PLC0415

    from ckanext.challenge.conformity import checks, registry  # noqa: PLC0415

    schema = registry.get(SCHEMA)
    assert schema and schema.descriptor

    def run() -> int:
        with system.use_context(trusted=True):
            table = Resource(
                path=str(path),
                schema=Schema.from_descriptor(dict(schema.descriptor or {})),
            )
            rules = checks.of(schema) if with_rules else []
            report = table.validate(Checklist(checks=rules), limit_errors=1_000_000)
        return len(report.tasks[0].errors)

    return run


def one(what: str, path: Path) -> None:
    """One run, in this process: prints seconds, megabytes and problems."""
    run = _ours(path) if what == "ours" else _alone(path, what == "rules")
    began = time.process_time()
    problems = run()
    seconds = time.process_time() - began
    print(f"result {seconds} {memory.most()} {problems}")


@dataclass
class Result:
    """The median of several runs."""

    seconds: float
    megabytes: float
    problems: int


def measure(path: Path, kinds: tuple[str, ...], rounds: int) -> dict[str, Result]:
    """Run each kind in each round, so that what slows the machine slows all."""
    found: dict[str, list[tuple[float, float, int]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            answer = subprocess.run(
                [sys.executable, "-m", "benchmarks.conformity", "--one", kind, path],
                check=True,
                capture_output=True,
                text=True,
            )
            line = next(
                line for line in answer.stdout.splitlines() if line.startswith("result")
            )
            _, seconds, peak, problems = line.split()
            found[kind].append((float(seconds), float(peak), int(problems)))
    return {
        kind: Result(
            statistics.median(run[0] for run in runs),
            max(run[1] for run in runs),
            runs[0][2],
        )
        for kind, runs in found.items()
    }


def main(rounds: int = 5) -> None:
    """Write the files, measure, print.

    :raises RuntimeError: a figure is not reached
    """
    kinds = ("ours", "rules", "alone")
    print(f"| {ROWS} rows | seconds | beside frictionless alone | memory, MB |")
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.csv"
        write(small, ROWS // 100, wrong=False)
        least = measure(small, kinds, 1)
        for name, wrong in (("all right", False), ("a wrong date in ten", True)):
            path = Path(folder) / "large.csv"
            write(path, ROWS, wrong)
            found = measure(path, kinds, rounds)
            alone = found["alone"]
            for kind, title in (
                ("ours", "the check, with the rules of the schema"),
                ("rules", "frictionless with these rules"),
                ("alone", "frictionless alone"),
            ):
                result = found[kind]
                print(
                    f"| {name}: {title} | {result.seconds:.1f} "
                    f"| {result.seconds / alone.seconds:.2f} "
                    f"| {result.megabytes:.0f} ({least[kind].megabytes:.0f} with "
                    f"{ROWS // 100} rows) |"
                )
            ours = found["ours"]
            if ours.problems != found["rules"].problems:
                raise RuntimeError(f"{ours.problems} problems, and not the same")
            if ours.megabytes - least["ours"].megabytes > MEMORY:
                raise RuntimeError("the memory is not flat")
            if ours.seconds > MOST * alone.seconds:
                raise RuntimeError(f"more than {MOST} times frictionless alone")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FILE"))
    options = parser.parse_args()
    if options.one:
        one(options.one[0], Path(options.one[1]))
    else:
        main(options.rounds)
