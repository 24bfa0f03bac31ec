"""The background job that evaluates what changed, and what queues it."""

from __future__ import annotations

import logging
from collections.abc import Collection

from ckan import model

from ckanext.challenge.common import jobs, set_aside, shield
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
    What a job that failed had taken is evaluated by the next one. What has failed three
    times is evaluated alone and, where that fails too, set aside: the others go on.
    """
    queue.settle()
    jobs.begun(evaluate_queued)
    found = queue.take()
    suspects = queue.suspects(found)
    for reference in suspects:
        _evaluate_alone(reference)
    rest = found.texts.difference(suspects)
    if rest or not suspects:
        _evaluate(queue.References.of(rest))


def _evaluate_alone(reference: str) -> None:
    """Evaluate what has failed too often, or set it aside."""
    alone = queue.References.of([reference])
    if queue.has_ended_workers(reference):
        set_aside.note(reference, None)
        queue.finish(alone)
        return
    try:
        _evaluate(alone)
    except Exception as error:
        model.Session.rollback()
        if shield.is_down(error):
            # Whatever had been asked would have failed: it waits for a better time.
            raise
        set_aside.note(reference, error)
        queue.finish(alone)


def _evaluate(found: queue.References) -> None:
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
