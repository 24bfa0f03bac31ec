"""What CKAN's own pages, its start and its memory cost with the plugin beside them.

    python -m benchmarks.beside --rounds 30

Three processes read the same pages in turn: CKAN alone, CKAN with ckanext-scheming,
which the plugin needs, and with the plugin too. Prints ratios of processor time, how
many functions are called, and statements.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack

import sqlalchemy as sa
from ckan import model

from benchmarks import serving, volume
from benchmarks.reader import Reader

#: Under which name, with which plugins.
SCHEMING = ("scheming_datasets", "scheming_organizations")
KINDS = {
    "CKAN": ("activity",),
    "with scheming": (*SCHEMING, "activity"),
    "with the plugin": ("challenge", *SCHEMING, "activity"),
}
#: What is asked for: a page beside that without, memory, and seconds more at the start.
PAGE, MEMORY, START = 1.03, 1.25, 0.5
_STARTS = 5


def _paths() -> dict[str, str]:
    name = model.Session.execute(
        sa.text(
            'SELECT g.name, p.name FROM package p JOIN "group" g ON g.id = p.owner_org '
            "WHERE p.name LIKE 'volume-%' ORDER BY p.name LIMIT 1"
        )
    ).one()
    return {
        "Home": "/",
        "About": "/about",
        "Datasets": "/dataset/",
        "Organizations": "/organization/",
        "Organization": f"/organization/{name[0]}",
        "Dataset": f"/dataset/{name[1]}",
    }


def _start() -> None:
    """What starting takes, in new processes, in turn."""
    found: dict[str, list[dict[str, float]]] = {kind: [] for kind in KINDS}
    for _ in range(_STARTS):
        for kind, plugins in KINDS.items():
            with serving.with_plugins(*plugins) as ini:
                reader = Reader(ini)
                found[kind].append(reader.started)
                reader.close()
    first = found["CKAN"]
    print("\n| start | processor, s | more, s | memory, MB | ratio |")
    print("|---|---:|---:|---:|---:|")
    for kind, rows in found.items():
        seconds, megabytes = (
            [statistics.median(row[name] for row in each) for each in (rows, first)]
            for name in ("seconds", "megabytes")
        )
        print(
            f"| {kind} | {seconds[0]:.2f} | {seconds[0] - seconds[1]:.2f} "
            f"| {megabytes[0]:.0f} | {megabytes[0] / megabytes[1]:.2f} |"
        )
    print(f"| at most | | {START:.2f} | | {MEMORY:.2f} |")


def _pages(rounds: int) -> None:
    paths = _paths()
    times: dict[tuple[str, str], list[float]] = {}
    last: dict[tuple[str, str], dict[str, float]] = {}
    with ExitStack() as stack:
        readers: dict[str, Reader] = {}
        for kind, plugins in KINDS.items():
            readers[kind] = Reader(stack.enter_context(serving.with_plugins(*plugins)))
            stack.callback(readers[kind].close)
        for turn in range(-3, rounds):
            for name, path in paths.items():
                order = [*KINDS] if turn % 2 else [*reversed(KINDS)]
                for kind in order:
                    found = last[kind, name] = readers[kind].read(path)
                    if turn >= 0:
                        times.setdefault((kind, name), []).append(found["seconds"])
    print(
        "\n| page of CKAN's | with scheming / CKAN | with the plugin / with scheming "
        "| at most | function calls | statements |"
    )
    print("|---|---:|---:|---:|---:|---:|")
    bare, plain, full = KINDS
    for name in paths:
        medians = {kind: statistics.median(times[kind, name]) for kind in KINDS}
        calls = last[full, name]["calls"] / last[plain, name]["calls"]
        sent = " → ".join(f"{last[kind, name]['statements']:.0f}" for kind in KINDS)
        print(
            f"| {name} | {medians[plain] / medians[bare]:.2f} "
            f"| {medians[full] / medians[plain]:.2f} | {PAGE:.2f} | {calls:.2f} "
            f"| {sent} |"
        )
    held = {kind: last[kind, [*paths][-1]]["megabytes"] for kind in KINDS}
    print("\n| memory of a process that has read all of these, MB | ratio | at most |")
    print("|---|---:|---:|")
    for kind in KINDS:
        ratio = held[kind] / held[bare]
        print(f"| {kind}: {held[kind]:.0f} | {ratio:.2f} | {MEMORY:.2f} |")


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    volume.clear()
    volume.make(20, 5, 2)
    try:
        _start()
        _pages(rounds)
    finally:
        volume.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
