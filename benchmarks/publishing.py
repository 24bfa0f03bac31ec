"""What publishing costs with the plugin, and how soon its badge is there.

python -m benchmarks.publishing --rounds 20
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from benchmarks import jobs, pages, serving, volume
from ckanext.challenge.model import Cohort

BLOCK = 10
PLAIN = ("activity",)
FULL = ("challenge", "activity")


class Publisher:
    """A process with its own plugins that creates datasets when told to."""

    def __init__(self, ini: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.publisher", ini],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def create(self, number: int) -> list[float]:
        """The seconds that each of so many ``package_create`` took."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        while line and not line.startswith("times "):
            line = self._process.stdout.readline()
        return [float(part) for part in line.split()[1:]]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=60)


def package_create(rounds: int) -> tuple[float, float]:
    """Median seconds of ``package_create`` with and without the plugin."""
    times: dict[str, list[float]] = {"with": [], "without": []}
    with serving.with_plugins(*FULL) as full, serving.with_plugins(*PLAIN) as plain:
        publishers = {"with": Publisher(full), "without": Publisher(plain)}
        try:
            for publisher in publishers.values():
                publisher.create(BLOCK)
            for turn in range(rounds):
                order = ["with", "without"]
                for name in order if turn % 2 else reversed(order):
                    times[name] += publishers[name].create(BLOCK)
        finally:
            for publisher in publishers.values():
                publisher.close()
    return statistics.median(times["with"]), statistics.median(times["without"])


def seconds_to_badge(times: int) -> list[float]:
    """From the end of ``package_create`` to the badge, with a job worker running.

    Each time is that of another participant with no dataset yet; a first one, not
    counted, waits for the worker to start.
    """
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    cohort = _season()
    found = []
    with serving.worker():
        for number in range(times + 1):
            name = f"volume-publisher-{number}"
            group = tk.get_action("organization_create")(
                _context(user), {"name": name, "title": name}
            )
            tk.get_action("challenge_participant_create")(
                _context(user), {"cohort": cohort, "organization": group["id"]}
            )
            tk.get_action("package_create")(
                _context(user),
                {"name": name, "title": name, "owner_org": group["id"]},
            )
            began = time.perf_counter()
            _wait_for_badge(group["id"], cohort)
            found.append(time.perf_counter() - began)
    return found[1:]


def clear() -> None:
    """Remove what :func:`seconds_to_badge` made."""
    for table in ("package", '"group"'):
        rows = model.Session.execute(
            sa.text(f"SELECT id FROM {table} WHERE name LIKE 'volume-publisher-%'")
        )
        action = "dataset_purge" if table == "package" else "organization_purge"
        for (id_,) in rows.all():
            user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
            tk.get_action(action)(_context(user), {"id": id_})


def _context(user: str) -> Context:
    return {"user": user, "ignore_auth": True}


def _season() -> str:
    cohort = Cohort(
        name="volume-publishing",
        title="Publier",
        season=95,
        programme="saison",
        state="running",
    )
    model.Session.add(cohort)
    model.Session.commit()
    return cohort.id


def _wait_for_badge(organization: str, cohort: str) -> None:
    deadline = time.monotonic() + 60
    while True:
        model.Session.rollback()
        shown = tk.get_action("challenge_progress_show")(
            _context(""), {"organization": organization, "cohort": cohort}
        )
        if any(
            badge["badge"] == "premiere-publication" and badge["earned"]
            for badge in shown["badges"]
        ):
            return
        if time.monotonic() > deadline:
            raise RuntimeError("no badge after a minute")
        time.sleep(0.05)


def main(rounds: int = 12, times: int = 5) -> None:
    """Measure, print, remove."""
    pages.clear()
    try:
        full, plain = package_create(rounds)
        # Another benchmark's jobs would be worked on first.
        jobs.forget()
        waits = seconds_to_badge(times)
    finally:
        clear()
        pages.clear()
    print("\n| what | measured | at most |")
    print("|---|---:|---:|")
    print(f"| `package_create` with the plugin / without | {full / plain:.3f} | 1.05 |")
    print(
        f"| from publishing to the badge, median of {times} | "
        f"{statistics.median(waits):.1f} s | 5 s |"
    )
    print(f"| the same, the slowest | {max(waits):.1f} s | 5 s |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=12)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
