"""From a spreadsheet to a file that conforms: the columns it knows, and what it costs.

    python -m benchmarks.preparation --rounds 3

First the columns of all kits under other names: right, wrong and asked. Then a workbook
of 100,000 rows to a checked CSV, beside python-calamine that reads it and frictionless
that checks it by the same rules. Each run is a process of its own: the processor time
of it and of its children, start-up excluded, and the largest memory of each process. It
needs neither CKAN nor services.
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import random
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import xlsxwriter

from benchmarks import conformity, memory
from ckanext.challenge.common import workbooks
from ckanext.challenge.conformity import check, checks, examples, registry
from ckanext.challenge.domain import wording
from ckanext.challenge.preparation import steps, vocabulary

#: Preparing a file may take so many times what reading and checking it takes.
MOST = 1.3
#: Megabytes of each process.
MEMORY = 400
#: Per cent of the columns.
RIGHT, WRONG = 95, 1
_DATES = ("DELIB_DATE", "PREF_DATE")
_NUMBERS = ("VOTE_EFFECTIF", "VOTE_REEL", "VOTE_POUR", "VOTE_CONTRE", "VOTE_ABSTENTION")

Header = list[str]


def _styles(schema: registry.Schema) -> dict[str, list[Header]]:
    """The headers under which the columns of a schema are looked for, by kind."""
    fields = vocabulary.of(schema).fields
    titles = [field.title for field in fields]
    names = [field.name for field in fields]
    less = []
    for lost in range(max(len(title.split()) for title in titles)):
        less.append([_without(title, lost) for title in titles])
    most = max(len(field.synonyms) for field in fields)
    return {
        "official titles": [titles],
        "titles less one word": less,
        "names in other styles": [
            [name.upper().replace("_", " ") for name in names],
            ["-".join(wording.words(name)) for name in names],
            ["".join(map(str.capitalize, name.split("_"))) for name in names],
        ],
        "synonyms": [
            [
                (field.synonyms or (field.title,))[n % (len(field.synonyms) or 1)]
                for field in fields
            ]
            for n in range(most)
        ],
    }


def _without(title: str, lost: int) -> str:
    """A title without one of its words; whole where it has only one."""
    words = title.split()
    if len(words) > 1:
        del words[lost % len(words)]
    return " ".join(words)


def columns() -> dict[str, Counter[str]]:
    """How many columns are right, wrong and asked, by the kind of header."""
    found: dict[str, Counter[str]] = {}
    shuffled = random.Random(0)
    for schema in registry.known().values():
        if schema.descriptor is None:
            continue
        names = examples.columns(schema)
        for kind, headers in _styles(schema).items():
            count = found.setdefault(kind, Counter())
            for header in headers:
                order = list(range(len(names)))
                shuffled.shuffle(order)
                rows = [header, *map(list, examples.example(schema))]
                rows = [[row[number] for number in order] for row in rows]
                sheet = workbooks.Sheet("", rows)
                book = workbooks.Workbook("", "cells", (sheet,))
                table = steps.find_table(book, schema, header_row=1)
                for number, match in zip(
                    order, steps.match_columns(table, schema), strict=True
                ):
                    if match.state != "decided":
                        count["asked"] += 1
                    else:
                        is_right = match.field == names[number]
                        count["right" if is_right else "wrong"] += 1
    return found


def write(path: Path, rows: int) -> None:
    """The register of the other benchmark as a town hall keeps it."""
    plain = path.with_suffix(".plain.csv")
    conformity.write(plain, rows, wrong=False)
    book = xlsxwriter.Workbook(str(path), {"constant_memory": True})
    sheet = book.add_worksheet("Registre")
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    sheet.write_string(0, 0, "Commune de Baule")
    with plain.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        names = next(reader)
        fields = vocabulary.of(_schema()).by_name
        for column, name in enumerate(names):
            sheet.write_string(2, column, fields[name].title)
        for number, row in enumerate(reader, start=3):
            for column, (name, text) in enumerate(zip(names, row, strict=True)):
                if name in _DATES:
                    date = dt.datetime.fromisoformat(text)
                    sheet.write_datetime(number, column, date, day)
                elif name in _NUMBERS:
                    sheet.write_number(number, column, int(text))
                else:
                    sheet.write_string(number, column, text)
    sheet.write_string(rows + 4, 0, "Registre tenu par le secrétariat")
    book.close()


def _schema() -> registry.Schema:
    schema = registry.get(conformity.SCHEMA)
    assert schema and schema.descriptor
    return schema


def _ours(path: Path) -> Callable[[], int]:
    schema = _schema()
    context = steps.Context(name="Commune de Baule", siret="21450024100010")

    def run() -> int:
        book = workbooks.take_in(path, path.name)
        table = steps.find_table(book, schema)
        del book
        matches = steps.match_columns(table, schema)
        found = steps.result(table, matches, schema, context)
        out = path.with_suffix(".csv")
        with out.open("w", encoding="utf-8", newline="") as file:
            steps.write(found, file)
        del table, found
        report = check.check(out, schema)
        assert report.rows
        return report.error_count

    return run


def _alone(path: Path) -> Callable[[], int]:
    import python_calamine  # noqa: PLC0415
    from frictionless import Checklist, Resource, Schema, system  # noqa: PLC0415

    schema = _schema()

    def run() -> int:
        book = python_calamine.CalamineWorkbook.from_path(path)
        assert book.get_sheet_by_index(0).to_python()
        with system.use_context(trusted=True):
            table = Resource(
                path=str(path.with_suffix(".plain.csv")),
                schema=Schema.from_descriptor(dict(schema.descriptor or {})),
            )
            report = table.validate(
                Checklist(checks=checks.of(schema)), limit_errors=1_000_000
            )
        return len(report.tasks[0].errors)

    return run


def one(what: str, path: Path) -> None:
    """One run, in this process: prints seconds, megabytes and problems."""
    run = _ours(path) if what == "ours" else _alone(path)
    began = _seconds()
    problems = run()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    peak = max(memory.most(), children)
    print(f"result {_seconds() - began} {peak} {problems}")


def _seconds() -> float:
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(
            resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
    )


def main(rounds: int = 3) -> None:
    """Match, write the workbook, measure, print.

    :raises RuntimeError: a figure is not reached
    """
    total: Counter[str] = Counter()
    print("| header is | columns | right, % | wrong, % | asked, % |")
    print("|---|---:|---:|---:|---:|")
    for kind, count in [*columns().items(), ("all", total)]:
        # Each kind counts the same, however many headers it has.
        if kind != "all":
            for key, number in count.items():
                total[key] += round(100_000 * number / count.total())
        shares = " | ".join(
            f"{100 * count[key] / count.total():.1f}"
            for key in ("right", "wrong", "asked")
        )
        shown = count.total() if kind != "all" else ""
        print(f"| {kind} | {shown} | {shares} |")
    if 100 * total["right"] < RIGHT * total.total():
        raise RuntimeError(f"less than {RIGHT} % of the columns are right")
    if 100 * total["wrong"] >= WRONG * total.total():
        raise RuntimeError(f"{WRONG} % of the columns, or more, are wrong")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registre.xlsx"
        write(path, conformity.ROWS)
        found: dict[str, list[tuple[float, float, int]]] = {"ours": [], "alone": []}
        for _ in range(rounds):
            for kind, runs in found.items():
                runs.append(_run(kind, path))
    seconds = {
        kind: statistics.median(run[0] for run in runs) for kind, runs in found.items()
    }
    memory = max(run[1] for run in found["ours"])
    ratio = seconds["ours"] / seconds["alone"]
    print(
        f"\n{conformity.ROWS} rows of XLSX to a checked CSV: {seconds['ours']:.1f} s,"
    )
    print(f"{ratio:.2f} times reading and checking alone; {memory:.0f} MB")
    if any(run[2] for runs in found.values() for run in runs):
        raise RuntimeError("the file does not conform")
    if ratio > MOST:
        raise RuntimeError(f"more than {MOST} times reading and checking alone")
    if memory > MEMORY:
        raise RuntimeError(f"more than {MEMORY} MB")


def _run(kind: str, path: Path) -> tuple[float, float, int]:
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.preparation", "--one", kind, str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    line = next(
        line for line in answer.stdout.splitlines() if line.startswith("result")
    )
    _, seconds, peak, problems = line.split()
    return float(seconds), float(peak), int(problems)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("WHAT", "FILE"))
    options = parser.parse_args()
    if options.one:
        one(options.one[0], Path(options.one[1]))
    else:
        main(options.rounds)
