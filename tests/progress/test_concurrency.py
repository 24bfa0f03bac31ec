"""Several evaluations at the same time."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from helpers.concurrency import at_once
from helpers.progress import Join, publish, set_state, states
from sqlalchemy.exc import IntegrityError

from ckanext.challenge.common import journal
from ckanext.challenge.model import Award, Cohort, JournalEntry, Participant
from ckanext.challenge.progress import store
from ckanext.challenge.progress.evaluate import Result, evaluate

pytestmark = [
    pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty"),
]


def test_each_badge_is_given_once(app: Any, cohort: Cohort, join: Join) -> None:
    for _ in range(4):
        organization = factories.Organization()
        participant = join(cohort, organization["id"])
        set_state(participant, "elu-referent", "contact-technique")
        publish(organization["id"])
    model.Session.remove()
    results = at_once(app, *[evaluate] * 4)
    assert all(isinstance(result, Result) for result in results), results
    rows = model.Session.execute(
        sa.select(Award.badge, Award.organization_id, sa.func.count())
        .where(Award.state != "revoked")
        .group_by(Award.badge, Award.organization_id, Award.cohort_id)
    ).all()
    assert {row[0] for row in rows} >= {"engagee", "premiere-publication"}
    assert {row[2] for row in rows} == {1}
    assert sum(result.awards_created for result in results) == len(rows)
    # One entry for each award, and an unbroken chain.
    entries = model.Session.query(JournalEntry).filter_by(
        action="create", object_type="award"
    )
    assert entries.count() == len(rows)
    assert journal.verify() == []


def _evaluate_in_a_process(start: Any, answers: Any) -> None:
    """What one of several workers does: evaluate again and again with the others."""
    model.Session.remove()
    model.ensure_engine().dispose(close=False)
    try:
        created = 0
        for _ in range(5):
            start.wait(30)
            created += evaluate().awards_created
        answers.put(created)
    except BaseException as error:
        answers.put(repr(error))
        raise


def test_four_processes_give_each_badge_once(
    cohort: Cohort, join: Join, make_cohort: Callable[..., Cohort]
) -> None:
    """Inside the challenge and outside, earned at the same instant by four workers."""
    second = make_cohort("saison-3", season=3)
    for number in range(6):
        organization = factories.Organization()
        if number < 4:
            join(cohort, organization["id"])
            join(second, organization["id"])
        publish(organization["id"], frequency="annual")
    model.Session.remove()
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(4), context.Queue()
    workers = [
        context.Process(target=_evaluate_in_a_process, args=(start, answers))
        for _ in range(4)
    ]
    for worker in workers:
        worker.start()
    created = [answers.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(10)
    assert all(isinstance(number, int) for number in created), created
    rows = model.Session.execute(
        sa.select(sa.func.count())
        .where(Award.state != "revoked")
        .group_by(Award.badge, Award.organization_id, Award.cohort_id)
    ).scalars()
    # The first publication in each of two seasons, and fresh data without one.
    assert list(rows) == [1] * (4 * 2 + 6)
    assert sum(created) == 4 * 2 + 6
    assert journal.verify() == []


def test_the_database_itself_refuses_a_second_award(
    participant: Participant, organization: dict[str, Any]
) -> None:
    """Even where nobody evaluated: by hand in two windows, or in SQL."""
    publish(organization["id"])
    evaluate()
    award = model.Session.query(Award).filter_by(badge="premiere-publication").one()
    copy = {column.name: getattr(award, column.name) for column in sa.inspect(Award).c}
    with pytest.raises(IntegrityError, match="challenge_award_live_idx"):
        model.Session.execute(Award.__table__.insert(), {**copy, "id": "another"})
    model.Session.rollback()


def test_the_later_evaluation_sees_what_the_former_saw_or_more(
    app: Any,
    participant: Participant,
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The nightly command has begun; a dataset is published and evaluated meanwhile.

    Without a lock it would then write what it measured before.
    """
    organization_id, participant_id = organization["id"], participant.id
    locked, published = threading.Event(), threading.Event()
    lock = store.lock
    first = True

    def slow_lock(ids: Any) -> Any:
        nonlocal first
        slow, first = first, False
        rows = lock(ids)
        if slow:
            locked.set()
            published.wait(10)
        return rows

    monkeypatch.setattr(store, "lock", slow_lock)
    model.Session.remove()

    def nightly() -> Result:
        return evaluate()

    def publish_and_evaluate() -> Result:
        locked.wait(10)
        publish(organization_id)
        threading.Timer(0.3, published.set).start()
        return evaluate([organization_id])

    results = at_once(app, nightly, publish_and_evaluate)
    assert all(isinstance(result, Result) for result in results), results
    assert states(participant_id)["premier-jeu"] == "done"


def test_a_waiver_during_an_evaluation_stays(
    participant: Participant,
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publish(organization["id"])
    save = store.save_statuses

    def waived_just_before(rows: Any, now: Any) -> None:
        # As if a manager's own transaction had ended after the statuses were read.
        model.Session.execute(
            sa.text(
                "UPDATE challenge_step_status SET state = 'waived'"
                " WHERE step = 'premier-jeu'"
            )
        )
        save(rows, now)

    monkeypatch.setattr(store, "save_statuses", waived_just_before)
    evaluate()
    assert states(participant.id)["premier-jeu"] == "waived"
