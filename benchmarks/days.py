"""The board of days and money, and the calendar, of a season of 300.

    python -m benchmarks.days --rounds 30

Prints how long its pages take beside ``/about`` of the same manager, and how many
statements they send with few and with many participants.
"""

from __future__ import annotations

import argparse
import datetime as dt

import requests
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import desk, serving, volume
from benchmarks.pages import Page, print_pages, take_turns
from benchmarks.statements import sent_statements
from ckanext.challenge.model import Cohort, Staff

SIZES = (20, 300)
#: Visits of each participant.
VISITS = 12
MOST = 1.5


def season_name(size: int) -> str:
    """The address of the season of so many."""
    return f"volume-desk-days-{size}"


def make_season(size: int, manager: str) -> None:
    """A season of so many, each with visits done and planned."""
    today = dt.datetime.now(dt.timezone.utc).date()
    cohort = Cohort(
        name=season_name(size),
        title=f"Saison de {size} collectivités",
        season=80 + SIZES.index(size),
        programme="saison",
        state="running",
        launch=today - dt.timedelta(days=100),
        finalisation=today + dt.timedelta(days=100),
        capacity=size,
        days_per_participant=12,
        funding=[
            {"source": f"Financeur {number}", "amount": 1000 * number}
            for number in (1, 2, 3)
        ],
    )
    model.Session.add(cohort)
    model.Session.flush()
    model.Session.add(Staff(cohort_id=cohort.id, user_id=manager, role="manager"))
    known = {
        "cohort": cohort.id,
        "size": size,
        "name": season_name(size),
        "who": manager,
    }
    for statement in (
        'INSERT INTO "group" (id, name, title, type, is_organization, approval_status,'
        " state, created) SELECT CAST(gen_random_uuid() AS text), :name || '-' || n,"
        " 'Commune ' || n, 'organization', true, 'approved', 'active', now()"
        " FROM generate_series(1, :size) AS n",
        "INSERT INTO challenge_participant (id, cohort_id, organization_id, state,"
        " joined_at, adviser_id, steps_done, steps_total, percent, late_steps)"
        " SELECT CAST(gen_random_uuid() AS text), :cohort, id, 'active', now(), :who,"
        " 0, 16, 0, 0 FROM \"group\" WHERE name LIKE :name || '-%'",
        "INSERT INTO challenge_visit (id, participant_id, date, days, counted, topic,"
        " state, adviser_id, created_at, updated_at) SELECT"
        " CAST(gen_random_uuid() AS text), p.id, current_date - 90 + 15 * n, 0.5, 0.5,"
        " 'Visite', CASE WHEN 15 * n > 90 THEN 'planned' ELSE 'done' END, :who, now(),"
        " now() FROM challenge_participant p, generate_series(1, :visits) AS n"
        " WHERE p.cohort_id = :cohort",
    ):
        model.Session.execute(sa.text(statement), {**known, "visits": VISITS})
    model.Session.commit()
    for table in ("challenge_participant", "challenge_visit", '"group"'):
        model.Session.execute(sa.text(f"ANALYZE {table}"))
    model.Session.commit()


def clear() -> None:
    """Remove what the benchmark made."""
    desk.clear()
    model.Session.execute(
        sa.text("DELETE FROM \"group\" WHERE name LIKE 'volume-desk-days-%'")
    )
    model.Session.commit()


def paths(size: int) -> dict[str, str]:
    """The pages that are measured, by name."""
    at = f"/challenge/manage/{season_name(size)}"
    return {
        f"Days and money of {size}": f"{at}/days",
        f"A week of {size}": f"{at}/visits",
        f"Noting a visit, of {size}": "/challenge/manage/visit",
    }


def measure(rounds: int) -> list[Page]:
    """Ask for every page in each round, as the manager."""
    about = Page("CKAN: /about, signed in", "/about")
    pages = [about]
    for name, path in paths(max(SIZES)).items():
        pages.append(Page(name, path, about.name, MOST if "money" in name else None))
    with serving.portal() as address, requests.Session() as session:
        serving.sign_in(session, address, desk.MANAGER, desk.PASSWORD)
        take_turns(session, address, pages, rounds)
    return pages


def statements(token: str) -> dict[str, int]:
    """How many statements each page sends, by name."""
    app = _get_test_app()
    found = {}
    headers = {"Authorization": token}
    for size in SIZES:
        for name, path in paths(size).items():
            app.get(path, headers=headers)
            with sent_statements() as sent:
                app.get(path, headers=headers)
            found[name] = len(sent)
    return found


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    clear()
    try:
        manager = desk.make_manager()
        token = desk.make_token()
        for size in SIZES:
            make_season(size, manager)
        print_pages(measure(rounds), rounds)
        print("\n| page of the desk | SQL statements |")
        print("|---|---:|")
        for name, number in statements(token).items():
            print(f"| {name} | {number} |")
    finally:
        clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
