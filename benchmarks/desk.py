"""The managers' desk over a season with 5,000 applications, or 300 participants.

    python -m benchmarks.desk --rounds 30

Prints how long its pages take beside ``/about`` of the same signed-in user, how many
statements they send with few and with many applications, and how much more memory an
export needs.
"""

from __future__ import annotations

import argparse
import datetime as dt
import subprocess
import sys
from typing import Any

import ckan.plugins.toolkit as tk
import requests
import sqlalchemy as sa
from ckan import model
from ckan.tests.helpers import _get_test_app

from benchmarks import serving, volume
from benchmarks.pages import Page, print_pages, take_turns
from benchmarks.statements import sent_statements
from ckanext.challenge import programmes
from ckanext.challenge.common.spreadsheets import FORMATS
from ckanext.challenge.model import Cohort, Participant, Staff, StepStatus
from ckanext.challenge.model.base import make_id

SIZES = (50, 5000)
#: Participants of the season whose board is measured.
PARTICIPANTS = 300
MANAGER = "volume-manager"
PASSWORD = "a pass phrase for the benchmark"
#: Megabytes that an export may need more.
MEMORY = 50


def season_name(size: int) -> str:
    """The address of the season with so many applications."""
    return f"volume-desk-{size}"


def make_season(size: int, manager: str) -> None:
    """A season with so many applications, of all kinds and in all states."""
    today = dt.datetime.now(dt.timezone.utc).date()
    cohort = Cohort(
        name=season_name(size),
        title=f"Saison à {size} candidatures",
        season=70 + SIZES.index(size),
        programme="saison",
        state="open",
        description="Une saison pour mesurer.",
        application_opens=today - dt.timedelta(days=50),
        application_deadline=today + dt.timedelta(days=10),
        capacity=20,
    )
    model.Session.add(cohort)
    model.Session.flush()
    model.Session.add(Staff(cohort_id=cohort.id, user_id=manager, role="manager"))
    model.Session.execute(
        sa.text(
            """
            INSERT INTO challenge_application (
                id, cohort_id, reference, siren, organization_title, kind, departement,
                population, agents, contact_name, contact_role, contact_email,
                contact_phone, elected_sponsor, motivation, consent_at, language, state,
                created_at, updated_at, submitted_at, waitlist_rank, reviewer_id
            )
            SELECT CAST(gen_random_uuid() AS text), :cohort,
                   'S' || :season || '-' || lpad(CAST(n AS text), 4, '0'),
                   CAST(300000000 + n AS text), 'Commune ' || n,
                   (ARRAY['commune','commune','commune','cc'])[1 + n % 4],
                   (ARRAY['18','28','36','37','41','45'])[1 + n % 6],
                   n * 7 % 20000, n % 90, 'Secrétariat de mairie', 'secrétaire',
                   'mairie-' || n || '@example.org', '02 00 00 00 00', 'Une adjointe',
                   repeat('Ouvrir nos délibérations et nos subventions. ', 1 + n % 12),
                   now(), 'fr',
                   CASE WHEN n % 10 < 5 THEN 'submitted'
                        WHEN n % 10 = 5 THEN 'in_review'
                        WHEN n % 10 = 6 THEN 'changes_requested'
                        WHEN n % 10 = 7 THEN 'waitlisted'
                        WHEN n % 10 = 8 THEN 'refused' ELSE 'withdrawn' END,
                   now(), now(), now() - make_interval(hours => n % 1000),
                   CASE WHEN n % 10 = 7 THEN n END,
                   CASE WHEN n % 3 = 0 THEN :manager END
            FROM generate_series(1, :size) AS n
            """
        ),
        {
            "cohort": cohort.id,
            "season": cohort.season,
            "size": size,
            "manager": manager,
        },
    )
    model.Session.commit()
    model.Session.execute(sa.text("ANALYZE challenge_application"))
    model.Session.commit()


def make_board(manager: str) -> None:
    """A season that runs, with participants in all states of all steps."""
    today = dt.datetime.now(dt.timezone.utc).date()
    cohort = Cohort(
        name=season_name(PARTICIPANTS),
        title=f"Saison à {PARTICIPANTS} collectivités",
        season=79,
        programme="saison",
        state="running",
        description="Une saison pour mesurer.",
        launch=today - dt.timedelta(days=90),
        first_publication=today + dt.timedelta(days=10),
        finalisation=today + dt.timedelta(days=100),
    )
    model.Session.add(cohort)
    model.Session.flush()
    model.Session.add(Staff(cohort_id=cohort.id, user_id=manager, role="manager"))
    groups = [
        model.Group(
            name=f"volume-desk-{number}",
            title=f"Commune {number}",
            type="organization",
            is_organization=True,
        )
        for number in range(PARTICIPANTS)
    ]
    model.Session.add_all(groups)
    model.Session.flush()
    participants = [
        Participant(
            id=make_id(),
            cohort_id=cohort.id,
            organization_id=group.id,
            adviser_id=manager,
            kind="commune",
            departement="45",
        )
        for group in groups
    ]
    model.Session.add_all(participants)
    model.Session.flush()
    states = ("done", "done", "todo", "in_progress", "to_confirm")
    model.Session.add_all(
        StepStatus(
            participant_id=participant.id,
            step=step.key,
            source=step.source,
            state=states[(at + number) % len(states)],
        )
        for number, participant in enumerate(participants)
        for at, step in enumerate(programmes.of(cohort).steps)
    )
    model.Session.commit()
    model.Session.execute(sa.text("ANALYZE challenge_step_status"))
    model.Session.commit()


def act(action: str, **data: Any) -> Any:
    """What an action answers to the manager, or does for them."""
    context: Any = {"user": MANAGER}
    return tk.get_action(action)(context, data)


def make_manager() -> str:
    """The user who manages the seasons; gives the id."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action("user_create")(
        {"user": site_user, "ignore_auth": True},
        {
            "name": MANAGER,
            "email": "volume-manager@example.org",
            "password": PASSWORD,
        },
    )["id"]


def make_token() -> str:
    """An API token of the manager."""
    site_user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return tk.get_action("api_token_create")(
        {"user": site_user, "ignore_auth": True}, {"user": MANAGER, "name": "volume"}
    )["token"]


def clear() -> None:
    """Remove what the benchmark made."""
    model.Session.rollback()
    for statement in (
        "DELETE FROM challenge_cohort WHERE name LIKE 'volume-desk-%'",
        "DELETE FROM \"group\" WHERE name LIKE 'volume-desk-%'",
        "DELETE FROM api_token WHERE user_id IN "
        f"(SELECT id FROM \"user\" WHERE name = '{MANAGER}')",
        f"DELETE FROM \"user\" WHERE name = '{MANAGER}'",
    ):
        model.Session.execute(sa.text(statement))
    model.Session.commit()


def _first_file(size: int) -> str:
    rows = model.Session.execute(
        sa.text(
            "SELECT a.id FROM challenge_application a "
            "JOIN challenge_cohort c ON c.id = a.cohort_id "
            "WHERE c.name = :name AND a.state = 'submitted' "
            "ORDER BY a.reference LIMIT 1"
        ),
        {"name": season_name(size)},
    )
    return rows.scalar_one()


def paths(size: int) -> dict[str, str]:
    """The pages that are measured, by name."""
    desk = f"/challenge/manage/{season_name(size)}"
    return {
        f"List of {size}": f"{desk}/applications",
        f"List of {size}, searched": f"{desk}/applications?q=commune+1&sort=name",
        f"A file of {size}": f"{desk}/application/{_first_file(size)}",
    }


BOARD = f"/challenge/manage/{season_name(PARTICIPANTS)}/participants"


def measure(rounds: int) -> list[Page]:
    """Ask for every page in each round, as the manager.

    :raises RuntimeError: when a page answers anything but what it should
    """
    about = Page("CKAN: /about, signed in", "/about")
    pages = [about]
    for name, path in paths(max(SIZES)).items():
        most = 1.5 if name.startswith("List of") and "," not in name else None
        pages.append(Page(name, path, about.name, most))
    pages.append(Page(f"Board of {PARTICIPANTS}", BOARD, about.name, 1.5))
    with serving.portal() as address, requests.Session() as session:
        serving.sign_in(session, address, MANAGER, PASSWORD)
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


def export_memory(kind: str, token: str) -> tuple[float, float, float]:
    """Export in a process of its own.

    :returns: megabytes of the file, megabytes of memory more, seconds
    """
    path = f"/challenge/manage/{season_name(max(SIZES))}/applications.{kind}?state=all"
    answer = subprocess.run(
        [sys.executable, "-m", "benchmarks.exporter", str(serving.INI), path, token],
        check=True,
        capture_output=True,
        text=True,
    )
    size, memory, seconds = answer.stdout.split()[-3:]
    return float(size), float(memory), float(seconds)


def main(rounds: int = 30) -> None:
    """Make, measure, print, remove."""
    clear()
    try:
        manager = make_manager()
        token = make_token()
        for size in SIZES:
            make_season(size, manager)
        make_board(manager)
        print_pages(measure(rounds), rounds)
        print("\n| page of the desk | SQL statements |")
        print("|---|---:|")
        for name, number in statements(token).items():
            print(f"| {name} | {number} |")
        print(f"\n| export of {max(SIZES)} | file, MB | memory more, MB | seconds |")
        print("|---|---:|---:|---:|")
        for kind in FORMATS:
            size, memory, seconds = export_memory(kind, token)
            print(f"| {kind.upper()} | {size:.1f} | {memory:.1f} | {seconds:.1f} |")
            if memory > MEMORY:
                raise RuntimeError(f"{kind}: more than {MEMORY} MB")
    finally:
        clear()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    volume.load_ckan(str(serving.INI))
    main(parser.parse_args().rounds)
