"""The whole country: what measuring and evaluating it costs.

    python -m benchmarks.national

Makes 36,000 organizations with 504,000 datasets and 1,008,000 resources in SQL, which
takes some minutes and three gigabytes of disk, and removes them again.
"""

from __future__ import annotations

import argparse
import gc

from benchmarks import evaluation, volume

#: What is measured, its unit, and what it may cost.
LIMITS = {
    "measures": ("all measures of all", "s", 15),
    "new": ("evaluation, all new", "s", 40),
    "same": ("evaluation, nothing changed", "s", 8),
    "full": ("evaluation, nothing changed, `--full`", "s", 40),
    "one": ("evaluation of one organization", "ms", 20),
    "memory": ("memory", "MB", 300),
}


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ini", default="test.ini")
    options = parser.parse_args(arguments)
    volume.load_ckan(options.ini)
    # As the command does.
    gc.freeze()
    found = evaluation.measure(**volume.NATIONAL)
    print("| what | measured | at most |")
    print("|---|---:|---:|")
    for key, (title, unit, limit) in LIMITS.items():
        value = found[key] * (1000 if unit == "ms" else 1)
        print(f"| {title} | {value:.1f} {unit} | {limit} {unit} |")


if __name__ == "__main__":
    main()
