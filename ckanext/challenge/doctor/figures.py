"""What is counted for a program that watches the portal."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from ckan import model

from ckanext.challenge.common import runs
from ckanext.challenge.credentials import store
from ckanext.challenge.domain.doctor import Finding
from ckanext.challenge.model import Mail
from ckanext.challenge.model.base import utcnow

from . import facts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Figure:
    """A gauge.

    :ivar name: as Prometheus names metrics, its unit last
    :ivar values: by labels
    """

    name: str
    help: str
    values: tuple[tuple[tuple[tuple[str, str], ...], float], ...]


def _queues() -> Iterator[Figure]:
    waiting = facts.waiting_jobs()
    yield Figure(
        "challenge_queue_jobs",
        "Jobs that wait, by queue",
        tuple(
            ((("queue", name),), float(number)) for name, (number, _) in waiting.items()
        ),
    )
    yield Figure(
        "challenge_queue_wait_seconds",
        "How long the first job of each queue has waited",
        tuple(
            ((("queue", name),), longest.total_seconds())
            for name, (_, longest) in waiting.items()
        ),
    )


def _mails() -> Iterator[Figure]:
    rows = model.Session.query(Mail.state, sa.func.count()).group_by(Mail.state)
    counted = {row[0]: row[1] for row in rows}
    # What is sent for good only grows, and is of no use as a gauge of what is wrong.
    yield Figure(
        "challenge_mails",
        "Mails that wait or were given up",
        tuple(
            ((("state", state),), float(counted.get(state, 0)))
            for state in ("waiting", "failed")
        ),
    )


def _signatures() -> Iterator[Figure]:
    yield Figure(
        "challenge_unsigned_awards",
        "Badges that are not signed yet",
        (((), float(store.waiting())),),
    )


def _commands() -> Iterator[Figure]:
    now = utcnow()
    yield Figure(
        "challenge_command_age_seconds",
        "Time since each command of the crontab ended last",
        tuple(
            ((("command", name),), (now - ended).total_seconds())
            for name, ended in sorted(runs.all_of_them().items())
        ),
    )


_SOURCES: tuple[Callable[[], Iterator[Figure]], ...] = (
    _queues,
    _mails,
    _signatures,
    _commands,
)


def all_figures() -> list[Figure]:
    """All of them; what cannot be counted now is left out, as Prometheus wants it."""
    found: list[Figure] = []
    for source in _SOURCES:
        try:
            found += source()
        except Exception as error:  # one source that is down hides no other
            log.warning("A figure cannot be counted", exc_info=error)
            model.Session.rollback()
    return found


def readiness() -> dict[str, bool]:
    """Whether this node can answer pages, and what else answers it."""

    def good(look: Callable[[], Finding]) -> bool:
        try:
            return look().verdict == "good"
        except Exception as error:  # that it fails is the answer
            log.info("Not ready: %s", type(error).__name__)
            model.Session.rollback()
            return False

    def database() -> Finding:
        model.Session.execute(sa.text("SELECT 1"))
        return Finding("database", "good")

    def tables() -> Finding:
        found = facts.migrations()
        # While a portal is upgraded, nodes of the version before go on serving.
        return Finding("tables", "good") if found.code == "ahead" else found

    found = {
        "database": good(database),
        "tables": good(tables),
        "redis": good(facts.redis),
        "solr": good(facts.solr),
    }
    return {"ready": found["database"] and found["tables"], **found}
