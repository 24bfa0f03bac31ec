"""What the tests of progress share: datasets, what is stored, a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.lib import jobs
from ckan.tests import factories
from rq import SimpleWorker

from ckanext.challenge.model import Award, Cohort, Participant, StepStatus

MakeCohort = Callable[..., Cohort]
Join = Callable[..., Participant]


def publish(organization_id: str, **fields: Any) -> dict[str, Any]:
    """A dataset with one CSV file."""
    return factories.Dataset(
        owner_org=organization_id,
        **{
            "resources": [{"url": "https://example.org/a.csv", "format": "CSV"}],
            **fields,
        },
    )


def do(action: str, **data: Any) -> Any:
    """Call an action as a sysadmin of flesh and blood: CKAN's activities want one."""
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})
    return tk.get_action(action)({"user": user["name"], "ignore_auth": True}, data)


def states(participant_id: str) -> dict[str, str]:
    """The stored states of a participant's steps."""
    rows = model.Session.execute(
        sa.select(StepStatus.step, StepStatus.state).where(
            StepStatus.participant_id == participant_id
        )
    )
    return {row[0]: row[1] for row in rows}


def make_award(organization_id: str, badge: str, **fields: Any) -> Award:
    """A badge as an evaluation gives it, in the current transaction."""
    given = Award(
        badge=badge,
        programme="saison",
        programme_version=1,
        organization_id=organization_id,
        source="catalog",
        **fields,
    )
    model.Session.add(given)
    model.Session.flush()
    return given


def held(organization_id: str) -> list[str]:
    """The badges that an organization holds."""
    rows = model.Session.execute(
        sa.select(Award.badge)
        .where(Award.organization_id == organization_id, Award.state != "revoked")
        .order_by(Award.badge)
    )
    return [row[0] for row in rows]


def set_state(participant: Participant, *steps: str, state: str = "done") -> None:
    """Say of people's steps where they are."""
    model.Session.execute(
        sa.update(StepStatus)
        .where(StepStatus.participant_id == participant.id, StepStatus.step.in_(steps))
        .values(state=state)
    )
    model.Session.commit()


def queued() -> int:
    """How many evaluations wait."""
    names = [job.func_name for job in jobs.get_queue().jobs]
    return names.count("ckanext.challenge.progress.jobs.evaluate_queued")


def work() -> int:
    """Run the jobs that wait, in this process.

    :returns: how many of them were evaluations
    """
    waiting = jobs.get_queue()
    count = queued()
    checks = jobs.get_queue("challenge-conformity")
    SimpleWorker([waiting, checks], connection=waiting.connection).work(burst=True)
    model.Session.expire_all()
    return count
