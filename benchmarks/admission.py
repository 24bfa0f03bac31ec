"""A rush at a season: many apply at once, then many managers accept at once.

    python -m benchmarks.admission --applications 200 --clients 50 --managers 10

All goes over HTTP to gunicorn. It prints how long people wait, and checks that every
application is answered, that none is lost or doubled, and that as many are accepted as
there are places, each with one organization. It ends non-zero where that is not so.
"""

from __future__ import annotations

import argparse
import datetime as dt
import random
import statistics
import sys
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import ckan.plugins.toolkit as tk
import requests
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs
from ckan.types import Context
from stdnum import luhn

from benchmarks import serving, volume
from ckanext.challenge.common import journal
from ckanext.challenge.model import Application, Cohort, Participant, Staff

PLACES = 20
_SEASON = "volume-admission"
_TIMEOUT = 120


@dataclass
class Rush:
    """What came of many requests that were made at once.

    :ivar answers: status and body of each, in the order of what was asked
    :ivar waits: the seconds that each took
    :ivar seconds: from the first request to the last answer
    """

    answers: list[tuple[int, Any]] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def row(self, what: str) -> str:
        """A row of the table."""
        waits = sorted(self.waits)
        slow = waits[int(len(waits) * 0.95)]
        return (
            f"| {what} | {len(waits)} | {self.seconds:.1f} | "
            f"{len(waits) / self.seconds:.0f} | {statistics.median(waits):.2f} | "
            f"{slow:.2f} | {waits[-1]:.2f} |"
        )


def at_once(
    clients: int, things: Sequence[Any], ask: Callable[[requests.Session, Any], Any]
) -> Rush:
    """Ask for all things, by so many clients that start together."""
    start = threading.Barrier(clients)
    own = threading.local()

    def timed(thing: Any) -> tuple[tuple[int, Any], float]:
        if not hasattr(own, "session"):
            own.session = requests.Session()
            start.wait(timeout=_TIMEOUT)
        began = time.perf_counter()
        answer = ask(own.session, thing)
        return answer, time.perf_counter() - began

    began = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        found = list(pool.map(timed, things))
    return Rush(
        [answer for answer, _ in found],
        [seconds for _, seconds in found],
        time.perf_counter() - began,
    )


def _call(
    session: requests.Session, address: str, action: str, token: str = "", **data: Any
) -> tuple[int, Any]:
    answer = session.post(
        f"{address}/api/3/action/{action}",
        json=data,
        headers={"Authorization": token} if token else {},
        timeout=_TIMEOUT,
    )
    body = answer.json()
    return answer.status_code, body.get("result") or body.get("error")


def _siren(number: int) -> str:
    stem = f"917{number:05d}"
    return stem + luhn.calc_check_digit(stem)


def _fields(number: int) -> dict[str, Any]:
    """What one of the applicants writes."""
    return {
        "cohort": _SEASON,
        "siren": _siren(number),
        # Homonyms in pairs: they want the same address for their organization.
        "organization_title": f"Volume sur Loire {number // 2}",
        "kind": "commune",
        "population": 500 + number,
        "agents": 4.5,
        "contact_name": "Secrétariat de mairie",
        "contact_email": f"mairie-{number}@volume.example.org",
        "motivation": "Ouvrir nos délibérations.",
        "consent": True,
    }


def submit(address: str, applications: int, clients: int) -> Rush:
    """Everybody begins an application and hands it in."""

    def ask(session: requests.Session, number: int) -> tuple[int, Any]:
        status, made = _call(
            session, address, "challenge_application_create", **_fields(number)
        )
        if status != 200:
            return status, made
        return _call(
            session,
            address,
            "challenge_application_submit",
            id=made["id"],
            key=made["key"],
        )

    return at_once(clients, range(applications), ask)


def accept(address: str, ids: Sequence[str], tokens: Sequence[str]) -> Rush:
    """Every manager accepts every application, each in an order of their own."""
    tasks = [(token, id_) for token in tokens for id_ in ids]
    random.Random(1).shuffle(tasks)

    def ask(session: requests.Session, task: tuple[str, str]) -> tuple[int, Any]:
        token, id_ = task
        return _call(
            session,
            address,
            "challenge_application_review",
            token,
            id=id_,
            decision="accept",
        )

    return at_once(len(tokens), tasks, ask)


def faults(cohort_id: str, submitted: Rush, accepted: Rush) -> list[str]:
    """What is not as it has to be, once all is over."""
    model.Session.rollback()
    files = model.Session.query(Application).filter_by(cohort_id=cohort_id).all()
    winners = [file for file in files if file.state == "accepted"]
    groups = [file.organization_id for file in winners]
    sirens = Counter(file.siren for file in files)
    admins = Counter(
        row.group_id
        for row in model.Session.query(model.Member).filter(
            model.Member.group_id.in_(groups),
            model.Member.table_name == "user",
            model.Member.state == "active",
        )
    )
    organizations = (
        model.Session.query(model.Group)
        .filter(model.Group.name.like("volume-sur-loire-%"))
        .count()
    )
    statuses = Counter(status for status, _ in accepted.answers)
    checks = {
        "every application is answered": all(
            status == 200 and body["state"] == "submitted"
            for status, body in submitted.answers
        ),
        "none is lost": len(files) == len(submitted.answers),
        "none is doubled": set(sirens.values()) == {1}
        and len({file.reference for file in files}) == len(files),
        f"exactly {PLACES} are accepted": len(winners) == PLACES
        and model.Session.query(Participant).filter_by(cohort_id=cohort_id).count()
        == PLACES,
        "each has one organization": len(set(groups)) == organizations == PLACES,
        "and one admin in it": sorted(admins.values()) == [1] * PLACES,
        "every decision is answered": set(statuses) <= {200, 409},
        "the journal holds": journal.verify() == [],
    }
    return [what for what, holds in checks.items() if not holds]


def _site_user() -> Context:
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    return {"user": user, "ignore_auth": True}


def make(managers: int) -> tuple[str, list[str]]:
    """An open season with so many managers; gives its id and their tokens."""
    today = dt.datetime.now(dt.timezone.utc).date()
    cohort = Cohort(
        name=_SEASON,
        title="La ruée",
        season=94,
        programme="saison",
        state="open",
        application_opens=today - dt.timedelta(days=5),
        application_deadline=today + dt.timedelta(days=5),
        capacity=PLACES,
    )
    model.Session.add(cohort)
    model.Session.commit()
    tokens = []
    for number in range(managers):
        user = tk.get_action("user_create")(
            _site_user(),
            {
                "name": f"volume-manager-{number}",
                "email": f"manager-{number}@volume.example.org",
                "password": str(uuid.uuid4()),
            },
        )
        model.Session.add(
            Staff(cohort_id=cohort.id, user_id=user["id"], role="manager")
        )
        model.Session.commit()
        token = tk.get_action("api_token_create")(
            _site_user(), {"user": user["name"], "name": "volume"}
        )
        tokens.append(token["token"])
    return cohort.id, tokens


def clear() -> None:
    """Remove what the benchmark made; the journal stays."""
    model.Session.rollback()
    users = "SELECT id FROM \"user\" WHERE name LIKE 'volume-%'"
    for statement in (
        f"DELETE FROM challenge_cohort WHERE name = '{_SEASON}'",
        f"DELETE FROM api_token WHERE user_id IN ({users})",
    ):
        model.Session.execute(sa.text(statement))
    model.Session.commit()
    volume.clear()
    # The mails of the season are gone; so nobody has to look for them.
    jobs.get_queue().empty()


def main(applications: int = 200, clients: int = 50, managers: int = 10) -> None:
    """Measure, check, print, remove."""
    clear()
    try:
        cohort_id, tokens = make(managers)
        with serving.portal() as address:
            submitted = submit(address, applications, clients)
            ids = [body["id"] for status, body in submitted.answers if status == 200]
            accepted = accept(address, ids, tokens)
        wrong = faults(cohort_id, submitted, accepted)
    finally:
        clear()
    print(
        "\n| what | number | all, s | per second | median, s | 95 %, s | slowest, s |"
    )
    print("|---|---:|---:|---:|---:|---:|---:|")
    print(submitted.row(f"applications from {clients} clients (two calls each)"))
    print(accepted.row(f"acceptances by {managers} managers for {PLACES} places"))
    if wrong:
        sys.exit(f"It does not hold that: {'; '.join(wrong)}")
    print(
        f"\nEvery application was answered, none was lost or doubled; {PLACES} were "
        "accepted, each with one organization."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=200)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--managers", type=int, default=10)
    volume.load_ckan(str(serving.INI))
    given = parser.parse_args()
    main(given.applications, given.clients, given.managers)
