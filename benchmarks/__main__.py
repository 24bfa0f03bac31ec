"""All benchmarks, one after the other: ``make bench``."""

from __future__ import annotations

import subprocess
import sys

from benchmarks import (
    admission,
    applying,
    batches,
    beside,
    checklist,
    conformity,
    credentials,
    crowd,
    days,
    desk,
    evaluation,
    observatory,
    pages,
    preparation,
    publishing,
    reporting,
    serving,
    signed,
    volume,
)


def main() -> None:
    """Print the tables of ``docs/performance.md``."""
    volume.load_ckan(str(serving.INI))
    print("\nPages, beside CKAN's own", flush=True)
    pages.main()
    print("\nCKAN's own pages, start and memory, with the plugin", flush=True)
    beside.main()
    print("\nThe signed-in, beside CKAN's own", flush=True)
    signed.main()
    print("\nThe checklist of a participant, beside CKAN's own", flush=True)
    checklist.main()
    print("\nThe managers' desk, beside CKAN's own", flush=True)
    desk.main()
    print("\nDays, money and visits, beside CKAN's own", flush=True)
    days.main()
    print("\nThe report of a season", flush=True)
    reporting.main()
    print("\nMany at once: a message, a list", flush=True)
    batches.main()
    print("\nMany readers while a manager saves", flush=True)
    crowd.main()
    print("\nApplying", flush=True)
    applying.main()
    print("\nPublishing", flush=True)
    publishing.main()
    print("\nThe observatory", flush=True)
    observatory.main()
    print("\nEvaluation", flush=True)
    evaluation.main([])
    print("\nThe whole country", flush=True)
    # In a process of its own, whose memory is counted.
    subprocess.run([sys.executable, "-m", "benchmarks.national"], check=True)
    print("\nConformity of a file", flush=True)
    conformity.main()
    print("\nFrom a spreadsheet to a file that conforms", flush=True)
    preparation.main()
    print("\nSigning and verifying badges", flush=True)
    credentials.main([])
    print("\nA rush at a season", flush=True)
    admission.main()


if __name__ == "__main__":
    main()
