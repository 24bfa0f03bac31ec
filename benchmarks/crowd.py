"""How long a manager's saves take while many read.

    python -m benchmarks.crowd --readers 200 --seconds 30

Each reader asks for a page of a season, reads it for some seconds and asks for another:
what a manager saves meanwhile makes these pages anew.
"""

from __future__ import annotations

import argparse
import random
import statistics
import threading
import time
from dataclasses import dataclass, field

import requests
from ckan import model

from benchmarks import desk, pages, serving, volume
from ckanext.challenge.model import Cohort, Staff

#: The manager's saves while others read, beside those alone.
MOST = 3.0
#: Seconds for which a page is read, on average, and between two saves.
PAUSE, BETWEEN = 10.0, 1.0
#: Saves that are measured while nobody reads.
ALONE = 10


@dataclass
class _Crowd:
    """What the readers found.

    :ivar times: seconds that each page took
    :ivar failed: pages that were not answered
    """

    times: list[float] = field(default_factory=list)
    failed: int = 0


def _paths() -> list[str]:
    season = f"/challenge/{pages.season_name(20)}"
    organization = pages.volume_name()
    return [
        season,
        f"{season}?view=table",
        f"{season}/{organization}",
        "/challenge",
        f"/challenge/awards/{pages.award_id()}",
        f"/challenge/badge/{organization}.svg",
    ]


def _read(address: str, paths: list[str], until: float, crowd: _Crowd) -> None:
    # They come one after the other, as people do.
    time.sleep(random.uniform(0, PAUSE))
    with requests.Session() as session:
        while time.monotonic() < until:
            began = time.perf_counter()
            try:
                status = session.get(
                    address + random.choice(paths), timeout=60
                ).status_code
            except requests.RequestException:
                status = 0
            crowd.times.append(time.perf_counter() - began)
            crowd.failed += status != 200
            time.sleep(random.uniform(0, 2 * PAUSE))


def _save(session: requests.Session, address: str, number: int) -> float:
    began = time.perf_counter()
    answer = session.post(
        f"{address}/api/action/challenge_cohort_patch",
        json={"id": pages.season_name(20), "description": f"Version {number}"},
        timeout=60,
    )
    if answer.status_code != 200:
        raise RuntimeError(f"saving answers {answer.status_code}")
    return time.perf_counter() - began


def measure(readers: int, seconds: int) -> tuple[list[float], list[float], _Crowd]:
    """Save alone, then while many read.

    :returns: the seconds of each save, alone and with readers; what those found
    """
    paths, token, crowd = _paths(), desk.make_token(), _Crowd()
    with serving.portal() as address, requests.Session() as session:
        session.headers["Authorization"] = token
        for path in paths:
            requests.get(address + path, timeout=60)
        _save(session, address, 0)
        alone = []
        for number in range(ALONE):
            alone.append(_save(session, address, number))
            time.sleep(BETWEEN)
        until = time.monotonic() + seconds
        threads = [
            threading.Thread(target=_read, args=(address, paths, until, crowd))
            for _ in range(readers)
        ]
        for thread in threads:
            thread.start()
        amid = []
        while time.monotonic() < until:
            amid.append(_save(session, address, len(amid)))
            time.sleep(BETWEEN)
        for thread in threads:
            thread.join()
    return alone, amid, crowd


def main(readers: int = 200, seconds: int = 30) -> None:
    """Make, measure, print, remove."""
    desk.clear()
    pages.clear()
    try:
        volume.make(max(pages.SIZES), pages.DATASETS, 2)
        pages.make_seasons()
        manager = desk.make_manager()
        season = Cohort.get(pages.season_name(20))
        assert season is not None
        model.Session.add(Staff(cohort_id=season.id, user_id=manager, role="manager"))
        model.Session.commit()
        alone, amid, crowd = measure(readers, seconds)
    finally:
        desk.clear()
        pages.clear()
    first, second = statistics.median(alone), statistics.median(amid)
    print(f"\n{readers} readers for {seconds} s, a page each {PAUSE:.0f} s or so:")
    print(f"{len(crowd.times)} pages, {crowd.failed} not answered")
    print("| | median, ms | slowest, ms |")
    print("|---|---:|---:|")
    for what, times in (
        ("a page", crowd.times),
        ("a manager's save, alone", alone),
        ("a manager's save, with readers", amid),
    ):
        print(
            f"| {what} | {statistics.median(times) * 1000:.0f} "
            f"| {max(times) * 1000:.0f} |"
        )
    print(f"ratio of the saves: {second / first:.2f} (at most {MOST:.2f})")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    options = parser.parse_args()
    main(options.readers, options.seconds)
