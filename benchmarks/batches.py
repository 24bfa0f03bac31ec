"""What is done to many at once: a message to 300 queued, a list of 2,000 rows checked.

    python -m benchmarks.batches

Nothing is mailed and nothing of the list is stored: the outbox sends afterwards, and
the list is checked as its page shows it.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable

import sqlalchemy as sa
from ckan import model
from werkzeug.datastructures import FileStorage

from benchmarks import days, desk, serving, volume
from benchmarks.memory import peak
from benchmarks.statements import sent_statements
from ckanext.challenge.directory import loader
from ckanext.challenge.directory.reader import read, shipped_file
from ckanext.challenge.model import Collectivite

#: Seconds that each may take.
MOST = {"message": 2.0, "list": 10.0}
RECIPIENTS = 300
ROWS = 2000


def _members() -> None:
    """Somebody who administers each organization, and gets its mails."""
    name = f"{days.season_name(RECIPIENTS)}-%"
    for statement in (
        'INSERT INTO "user" (id, name, email, fullname, created, sysadmin, state)'
        " SELECT CAST(gen_random_uuid() AS text), name, name || '@example.org', title,"
        " now(), false, 'active' FROM \"group\" WHERE name LIKE :name",
        "INSERT INTO member (id, table_name, table_id, capacity, group_id, state)"
        " SELECT CAST(gen_random_uuid() AS text), 'user', u.id, 'admin', g.id, 'active'"
        ' FROM "group" g JOIN "user" u ON u.name = g.name WHERE g.name LIKE :name',
    ):
        model.Session.execute(sa.text(statement), {"name": name})
    model.Session.commit()


def clear() -> None:
    """Remove what the benchmark made."""
    model.Session.rollback()
    name = f"{days.season_name(RECIPIENTS)}-%"
    for statement in (
        'DELETE FROM member WHERE table_id IN (SELECT id FROM "user"'
        " WHERE name LIKE :name)",
        'DELETE FROM "user" WHERE name LIKE :name',
        "TRUNCATE challenge_collectivite CASCADE",
    ):
        model.Session.execute(sa.text(statement), {"name": name})
    model.Session.commit()
    days.clear()


def _message() -> int:
    """Write to all participants; gives how many mails wait."""
    made = desk.act(
        "challenge_campaign_create",
        cohort=days.season_name(RECIPIENTS),
        to="participants",
        subject="Où en êtes-vous, {nom} ?",
        text="Il vous reste {steps_left} étapes, la prochaine le {next_date} : {lien}",
    )
    sent = desk.act("challenge_campaign_send", id=made["id"], recipients=RECIPIENTS)
    if sent["recipients"] != RECIPIENTS:
        raise RuntimeError("somebody was left out")
    mails: int = model.Session.execute(
        sa.text("SELECT count(*) FROM challenge_mail WHERE campaign_id = :id"), made
    ).scalar_one()
    return mails


def _list() -> bytes:
    """Collectivités as a workbook of a region has them, half of them by name alone.

    What the directory does not know is looked for among what resembles it.
    """
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["SIREN", "Collectivité", "Département", "Courriel", "Agents"])
    known = model.Session.query(Collectivite).order_by(Collectivite.siren)
    rows = [(one.siren, one.name, one.departement) for one in known.limit(ROWS)]
    rows += [("", f"Commune inconnue {n}", "45") for n in range(ROWS - len(rows))]
    for number, (siren, name, departement) in enumerate(rows):
        address = f"mairie-{number}@example.org"
        out.writerow(
            [siren if number % 2 else "", name, departement, address, number % 50]
        )
    return text.getvalue().encode()


def _check(content: bytes) -> int:
    """Look at a list as its page does; gives how many collectivités it has."""
    found = desk.act(
        "challenge_participant_import",
        cohort=days.season_name(RECIPIENTS),
        upload=FileStorage(io.BytesIO(content), "liste.csv"),
        dry_run=True,
    )
    count: int = found["count"]
    return count


def main() -> None:
    """Make, measure, print, remove."""
    clear()
    try:
        loader.load(read([shipped_file()]))
        days.make_season(RECIPIENTS, desk.make_manager())
        _members()
        content = _list()
        jobs: dict[str, Callable[[], int]] = {
            "message": _message,
            "list": lambda: _check(content),
        }
        # What a process reads once of its programmes is read before.
        desk.act("challenge_participant_board", cohort=days.season_name(RECIPIENTS))
        print(
            "\n| what | number | seconds | processor, s | at most | statements "
            "| memory of the process, MB |"
        )
        print("|---|---:|---:|---:|---:|---:|---:|")
        for name, job in jobs.items():
            began, spent = time.perf_counter(), time.process_time()
            with peak() as memory, sent_statements() as sent:
                number = job()
                seconds = time.perf_counter() - began
                spent = time.process_time() - spent
            print(
                f"| {name} | {number} | {seconds:.2f} | {spent:.2f} "
                f"| {MOST[name]:.0f} | {len(sent)} | {memory.megabytes:.0f} |"
            )
    finally:
        clear()


if __name__ == "__main__":
    volume.load_ckan(str(serving.INI))
    main()
