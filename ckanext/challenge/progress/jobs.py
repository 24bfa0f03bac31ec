"""The background job that evaluates what changed, and what queues it."""

from __future__ import annotations

import logging
from collections.abc import Collection

from ckanext.challenge.common import jobs
from ckanext.challenge.signals import evaluated

from . import evaluate, queue, store

log = logging.getLogger(__name__)


def evaluate_soon(references: Collection[str]) -> bool:
    """Have what these references name evaluated soon; call it after the commit.

    :param references: each ``kind:id``, see :mod:`.queue`
    :returns: whether a job waits now; ``False`` when Redis cannot be reached, and the
        nightly evaluation does it
    """
    if not references:
        return True
    return queue.add(references) and jobs.enqueue_once(
        evaluate_queued, title="challenge: evaluate what changed", result_ttl=0
    )


def evaluate_queued() -> None:
    """The job: evaluate all that changed since the last time.

    It waits for a short quiet time first, so that a burst of changes is one evaluation.
    What a job that failed had taken is evaluated by the next one.
    """
    queue.settle()
    jobs.begun(evaluate_queued)
    found = queue.take()
    organizations = found.organizations | store.organizations_of(
        found.users, found.datasets, found.resources
    )
    result = evaluate.evaluate(organizations, cohort_ids=found.cohorts)
    log.info(
        "Evaluated %d organizations: %d steps changed, %d badges given, %.2f s",
        result.organizations,
        result.steps_changed,
        result.awards_created,
        result.seconds,
    )
    evaluated.send("evaluate_queued", result=result)
    queue.finish(found)
