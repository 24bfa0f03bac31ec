"""Background jobs: functions of a module with plain arguments, safe to run again."""

from __future__ import annotations

import logging

from ckanext.challenge.credentials import jobs as credentials

from . import evaluate, queue, store

log = logging.getLogger(__name__)


def evaluate_queued() -> None:
    """Evaluate all that changed since the last time.

    Queued by :mod:`ckanext.challenge.progress.queue`; waits for a short quiet time
    first, so that a burst of changes is one evaluation.
    """
    queue.settle()
    found = queue.take()
    try:
        organizations = found.organizations | store.organizations_of(
            found.users, found.datasets, found.resources
        )
        if organizations or found.cohorts:
            result = evaluate.evaluate(organizations, cohort_ids=found.cohorts)
            log.info(
                "Evaluated %d organizations: %d steps changed, %d badges given, %.2f s",
                result.organizations,
                result.steps_changed,
                result.awards_created,
                result.seconds,
            )
        credentials.catch_up()
        queue.taken_done()
    finally:
        # Also after a failure, so that the next change is not kept waiting.
        queue.release()
