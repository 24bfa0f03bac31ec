"""Many at once: every application is answered, and places are given away once.

The full form, over HTTP, is ``benchmarks/admission.py``.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import apply, call_as, make_cohort
from stdnum import luhn

from ckanext.challenge.common import journal
from ckanext.challenge.model import (
    Application,
    Collectivite,
    Mail,
    Participant,
    StepStatus,
)

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

CAPACITY = 6
EARLY, LATE, CLIENTS, MANAGERS = 40, 12, 10, 5


def _directory(number: int) -> list[str]:
    """So many communes, every second one a homonym of the one before."""
    sirens = []
    for n in range(number):
        stem = f"21450{n:03d}"
        siren = stem + luhn.calc_check_digit(stem)
        sirens.append(siren)
        model.Session.add(
            Collectivite(
                siren=siren,
                insee_code=f"45{n:03d}",
                name=f"Commune-{n // 2}",
                kind="commune",
                departement="45",
                region="24",
                population=500 + n,
                postcodes=["45000"],
                vintage=2026,
                search_key=f"commune {n // 2}",
            )
        )
    model.Session.commit()
    return sirens


def _at_once(
    app: Any, workers: int, work: Callable[[Any], Any], things: Sequence[Any]
) -> list[Any]:
    """What came of each thing, done by workers that start together."""
    start = threading.Barrier(workers)
    started = threading.local()

    def do(thing: Any) -> Any:
        if not getattr(started, "yes", False):
            started.yes = True
            start.wait(timeout=30)
        with app.flask_app.test_request_context():
            try:
                return work(thing)
            except tk.ValidationError as error:
                return sorted(error.error_dict)
            finally:
                model.Session.remove()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(do, things))


def test_a_rush_at_the_last_places(app: Any) -> None:
    sirens = _directory(EARLY + LATE)
    cohort = make_cohort(capacity=CAPACITY)
    managers = [factories.Sysadmin() for _ in range(MANAGERS)]
    model.Session.remove()

    def submit(siren: str) -> Any:
        return apply(cohort, siren, contact_email=f"mairie-{siren}@example.org")

    # Some of them click twice, or two of the town hall write at the same time.
    doubled = sirens[:EARLY] + sirens[:5]
    random.Random(4).shuffle(doubled)
    answers = _at_once(app, CLIENTS, submit, doubled)
    made = [answer for answer in answers if isinstance(answer, dict)]
    assert [answer for answer in answers if answer not in made] == [["siren"]] * 5
    assert {answer["state"] for answer in made} == {"submitted"}
    assert sorted(answer["reference"] for answer in made) == [
        f"S2-{number:04d}" for number in range(1, EARLY + 1)
    ]

    # All managers go through all files, each in an order of their own, while the
    # last applications still come in.
    def review(task: tuple[dict[str, Any] | None, str]) -> Any:
        manager, subject = task
        if manager is None:
            return submit(subject)
        return call_as(
            manager, "challenge_application_review", id=subject, decision="accept"
        )

    tasks: list[tuple[dict[str, Any] | None, str]] = [
        (manager, answer["id"]) for manager in managers for answer in made
    ]
    tasks += [(None, siren) for siren in sirens[EARLY:]]
    random.Random(5).shuffle(tasks)
    outcomes = _at_once(app, MANAGERS + 2, review, tasks)
    states = Counter(
        outcome["state"] if isinstance(outcome, dict) else tuple(outcome)
        for outcome in outcomes
    )
    assert states["submitted"] == LATE
    assert set(states) == {"submitted", "accepted", ("decision",)}

    accepted = model.Session.query(Application).filter_by(state="accepted").all()
    assert len(accepted) == CAPACITY
    assert model.Session.query(Application).count() == EARLY + LATE
    # Each with one organization, one admin, one checklist, and one of each mail.
    assert len({row.organization_id for row in accepted}) == CAPACITY
    assert model.Session.query(Participant).count() == CAPACITY
    assert (
        model.Session.query(model.Group).filter_by(is_organization=True).count()
        == CAPACITY
    )
    admins = Counter(
        row.group_id
        for row in model.Session.query(model.Member).filter_by(
            table_name="user", state="active"
        )
    )
    assert list(admins.values()) == [1] * CAPACITY
    steps = model.Session.execute(
        sa.select(sa.func.count(StepStatus.step)).group_by(StepStatus.participant_id)
    ).scalars()
    assert len(set(steps)) == 1
    mails = Counter(row.kind for row in model.Session.query(Mail))
    assert mails == {"receipt": EARLY + LATE, "accepted": CAPACITY}
    assert journal.verify() == []
