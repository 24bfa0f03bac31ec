"""A large workbook is read by a job, so that nobody waits for its page."""

from __future__ import annotations

import logging

from ckan import model

from ckanext.challenge.common import jobs
from ckanext.challenge.model import Preparation

from . import kits, work

log = logging.getLogger(__name__)

#: Seconds after which a job is ended.
_TIMEOUT = 900


def enqueue(preparation_id: str) -> bool:
    """Have the result of a preparation made soon; call it after the commit.

    :returns: ``False`` where Redis cannot be reached
    """
    return jobs.enqueue_once(
        prepare_queued,
        preparation_id,
        title=f"challenge: prepare {preparation_id}",
        timeout=_TIMEOUT,
    )


def prepare_queued(preparation_id: str) -> None:
    """The job: make the result of one preparation, whatever it is."""
    jobs.begun(prepare_queued, preparation_id)
    row = (
        model.Session.query(Preparation)
        .filter_by(id=preparation_id, state="reading")
        .with_for_update()
        .first()
    )
    if row is None:
        model.Session.rollback()
        return
    try:
        work.prepare(row, kits.schema_of(row.kit))
        # The database may refuse what a workbook holds.
        model.Session.commit()
    except OSError:
        # The place for files is away: the preparation waits to be begun again.
        log.exception("The workbook of preparation %s cannot be read", preparation_id)
        model.Session.rollback()
    except Exception:
        log.exception("Preparation %s failed", preparation_id)
        model.Session.rollback()
        row = model.Session.get(Preparation, preparation_id)
        if row is not None:
            row.state, row.reason = "failed", work.BROKEN
        model.Session.commit()
