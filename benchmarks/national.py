"""The whole country: what measuring and evaluating it costs.

    python -m benchmarks.national

Makes 36,000 organizations with 504,000 datasets and 1,008,000 resources in SQL, which
takes some minutes and three gigabytes of disk, and removes them again.
"""

from __future__ import annotations

import argparse
import os

from benchmarks import evaluation, volume

#: What is measured, its unit, and what it may cost.
LIMITS = {
    "measures": ("all measures of all", "s", 10),
    "new": ("evaluation, all new", "s", 30),
    "same": ("evaluation, nothing changed", "s", 15),
    "one": ("evaluation of one organization", "ms", 20),
    "memory": ("memory of all processes", "MB", 300),
}


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    options = parser.parse_args(arguments)
    volume.load_ckan(options.ini)
    found = evaluation.measure(**volume.NATIONAL, processes=options.processes)
    print("| what | measured | at most |")
    print("|---|---:|---:|")
    for key, (title, unit, limit) in LIMITS.items():
        value = found[key] * (1000 if unit == "ms" else 1)
        print(f"| {title} | {value:.1f} {unit} | {limit} {unit} |")


if __name__ == "__main__":
    main()
