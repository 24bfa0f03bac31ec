"""How long the report of a season of 300 takes as a workbook and as a PDF.

    python -m benchmarks.reporting

The page is among those of ``benchmarks.signed``.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

from ckan import model

from benchmarks import days, desk, serving, volume
from ckanext.challenge.common import pdf
from ckanext.challenge.model import ReportFile
from ckanext.challenge.reports import jobs

#: Seconds of processor that each may take.
MOST = {"XLSX": 3.0, "ODS": 3.0, "PDF": 15.0}
SIZE = 300


def _file(kind: str) -> int:
    found = desk.act("challenge_cohort_report", id=days.season_name(SIZE), format=kind)
    return len(base64.b64decode(found["content"]))


def _pdf() -> int:
    row = desk.act("challenge_report_file_create", cohort=days.season_name(SIZE))
    jobs.make_pdf(row["id"])
    made = model.Session.get(ReportFile, row["id"])
    if made is None or made.state != "ready":
        raise RuntimeError("the PDF was not made")
    return len(made.content or b"")


def main() -> None:
    """Make, measure, print, remove."""
    days.clear()
    try:
        days.make_season(SIZE, desk.make_manager())
        kinds: dict[str, Callable[[], int]] = {
            "XLSX": lambda: _file("xlsx"),
            "ODS": lambda: _file("ods"),
        }
        if pdf.library() is None:
            print("No PDF: WeasyPrint is not installed")
        else:
            kinds["PDF"] = _pdf
        print(f"\n| report of {SIZE} | kB | seconds | processor, s | at most |")
        print("|---|---:|---:|---:|---:|")
        for kind, make in kinds.items():
            began, spent = time.perf_counter(), time.process_time()
            size = make()
            seconds = time.perf_counter() - began
            print(
                f"| {kind} | {size / 1024:.0f} | {seconds:.1f} "
                f"| {time.process_time() - spent:.1f} | {MOST[kind]:.0f} |"
            )
    finally:
        days.clear()


if __name__ == "__main__":
    volume.load_ckan(str(serving.INI))
    main()
