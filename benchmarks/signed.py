"""What pages cost those who have signed in, beside CKAN's ``/about`` of the same user.

    python -m benchmarks.signed --rounds 20

Reads in this process, in turn, so that what else the machine does counts little: prints
ratios of processor time (that of the database is not in it), of the functions that are
called (the same on whatever machine) and the SQL statements.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import re
import statistics
import time
from typing import Any

import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import checklist, days, desk, pages, serving, volume
from benchmarks.statements import sent_statements

AT_FIRST = "first read after a change"
ABOUT = "/about"
#: What is asked for, by page; others are measured only.
MOST = {
    "Season of 200": 1.2,
    "Participant of 20": 1.2,
    "Award": 1.2,
    "Checklist": 1.5,
    "List of 5,000": 1.3,
    "An application": 2.0,
    "Board of 300": 1.5,
    "Days and money of 300": 1.5,
    "Report of 300": 2.0,
    f"Season of 200, {AT_FIRST}": 2.0,
    f"Participant of 20, {AT_FIRST}": 2.0,
}
#: What is remembered, and is measured as it is first read after a change too.
REMEMBERED = ("Season of 200", "Participant of 20", "Checklist", "Report of 300")
Row = tuple[float, int, int]


def _paths() -> dict[str | None, dict[str, str]]:
    """The pages of each reader; nobody has not signed in."""
    organization = pages.volume_name()
    season = f"/challenge/{pages.season_name(200)}"
    everybodys = {
        "Seasons": "/challenge",
        "Season of 200": season,
        "Award": f"/challenge/awards/{pages.award_id()}",
        "Observatory": "/challenge/observatory",
    }
    of_20 = f"/challenge/{pages.season_name(20)}/{organization}"
    member, manager = checklist.PEOPLE
    list_, found, file = desk.paths(max(desk.SIZES)).values()
    board = [*days.paths(max(days.SIZES)).values()]
    return {
        None: {**everybodys, "Participant of 20": of_20},
        member: {**everybodys, "Checklist": f"{season}/{organization}"},
        manager: {**everybodys, "Checklist": f"{season}/{organization}"},
        desk.MANAGER: {
            **everybodys,
            "Participant of 20": of_20,
            "My week": "/challenge/manage",
            "List of 5,000": list_,
            "List of 5,000, searched": found,
            "An application": file,
            "Board of 300": desk.BOARD,
            "Days and money of 300": board[0],
            "A week of 300": board[1],
            "Noting a visit": board[2],
            "Report of 300": f"/challenge/{days.season_name(300)}/report",
        },
    }


def _client(app: Any, name: str | None) -> Any:
    client = app.flask_app.test_client()
    if name is None:
        return client
    form = client.get("/user/login").get_data(as_text=True)
    token = re.search(r'name="_csrf_token"[^>]*(?:content|value)="([^"]+)"', form)
    answer = client.post(
        "/user/login",
        data={
            "login": name,
            "password": desk.PASSWORD,
            "_csrf_token": token[1] if token else "",
        },
    )
    if answer.status_code != 302:
        raise RuntimeError(f"{name}: signing in answers {answer.status_code}")
    return client


def _read(client: Any, path: str) -> None:
    status = client.get(path).status_code
    if status != 200:
        raise RuntimeError(f"{path} answers {status}")


def _change() -> None:
    """Something of each season changes, so that its pages are made anew.

    Not in the session: most changes come from workers, which evaluate.
    """
    engine: Any = model.meta.engine
    with engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE challenge_participant SET percent = percent")
        )


def _measured(
    client: Any, paths: dict[str, str], rounds: int, anew: bool = False
) -> dict[str, Row]:
    """What each page takes; ``anew`` as it is first read after a change."""
    times: dict[str, list[float]] = {name: [] for name in paths}
    for turn in range(-3, rounds):
        for name, path in paths.items():
            if anew:
                _change()
            began = time.process_time()
            _read(client, path)
            if turn >= 0:
                times[name].append(time.process_time() - began)
    found = {}
    for name, path in paths.items():
        if anew:
            _change()
        with sent_statements() as sent:
            profile = cProfile.Profile()
            profile.runcall(_read, client, path)
        calls = int(getattr(pstats.Stats(profile), "total_calls"))  # noqa: B009
        found[name] = (statistics.median(times[name]), calls, len(sent))
    return found


def main(rounds: int = 20) -> None:
    """Make, measure, print, remove."""
    days.clear()
    checklist.clear()
    try:
        volume.make(max(pages.SIZES), pages.DATASETS, 2)
        pages.make_seasons()
        checklist.make_people()
        manager = desk.make_manager()
        for size in desk.SIZES:
            desk.make_season(size, manager)
        desk.make_board(manager)
        for size in days.SIZES:
            days.make_season(size, manager)
        app = _get_test_app()
        print("\n| reader | page | processor | function calls | at most | statements |")
        print("|---|---|---:|---:|---:|---:|")
        for name, paths in _paths().items():
            client = _client(app, name)
            kept = {page: path for page, path in paths.items() if page in REMEMBERED}
            for said, asked, anew in (
                ("", paths, False),
                (f", {AT_FIRST}", kept, True),
            ):
                # Beside `/about` of the same minute: the machine does other things too.
                found = _measured(client, {ABOUT: ABOUT, **asked}, rounds, anew)
                seconds, calls, sent = found.pop(ABOUT)
                if not anew:
                    print(f"| {name or 'nobody'} | CKAN: `/about` | 1 | 1 | | {sent} |")
                for page, row in found.items():
                    most = MOST.get(page + said)
                    print(
                        f"| {name or 'nobody'} | {page}{said} "
                        f"| {row[0] / seconds:.2f} | {row[1] / calls:.2f} "
                        f"| {most or ''} | {row[2]} |",
                        flush=True,
                    )
    finally:
        days.clear()
        checklist.clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
