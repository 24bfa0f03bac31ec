"""All benchmarks, one after the other: ``make bench``."""

from __future__ import annotations

import subprocess
import sys

#: What each module measures, in the order of ``docs/performance.md``.
BENCHMARKS = {
    "pages": "Pages, beside CKAN's own",
    "beside": "CKAN's own pages, start and memory, with the plugin",
    "signed": "The signed-in, beside CKAN's own",
    "checklist": "The checklist of a participant, beside CKAN's own",
    "desk": "The managers' desk, beside CKAN's own",
    "days": "Days, money and visits, beside CKAN's own",
    "reporting": "The report of a season",
    "batches": "Many at once: a message, a list",
    "crowd": "Many readers while a manager saves",
    "applying": "Applying",
    "publishing": "Publishing",
    "observatory": "The observatory",
    "evaluation": "Evaluation",
    "national": "The whole country",
    "conformity": "Conformity of a file",
    "preparation": "From a spreadsheet to a file that conforms",
    "credentials": "Signing and verifying badges",
    "admission": "A rush at a season",
}


def main() -> None:
    """Print the tables of ``docs/performance.md``."""
    failed = []
    for name, title in BENCHMARKS.items():
        print(f"\n{title}", flush=True)
        # A process of its own, whose memory is counted; one that fails ends no other.
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False)
        if done.returncode:
            failed.append(name)
    if failed:
        sys.exit(f"Not as it is to be: {', '.join(failed)}")


if __name__ == "__main__":
    main()
