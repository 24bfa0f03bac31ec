"""The job that makes the PDF of a report: it takes seconds, and no page waits."""

from __future__ import annotations

import logging

from ckan import model

from ckanext.challenge.common import jobs, language
from ckanext.challenge.model import Cohort, ReportFile
from ckanext.challenge.model.base import utcnow

from . import printed, report

log = logging.getLogger(__name__)


def queue(file_id: str) -> bool:
    """Have a file made, after the commit of its row.

    :returns: whether a worker will find it
    """
    return jobs.enqueue_once(make_pdf, file_id, title="Challenge: PDF of a report")


def make_pdf(file_id: str) -> None:
    """Make a file that was asked for. Safe to run again, and for one that is gone."""
    jobs.begun(make_pdf, file_id)
    row = model.Session.get(ReportFile, file_id)
    cohort = model.Session.get(Cohort, row.cohort_id) if row else None
    if row is None or cohort is None:
        return
    try:
        with language.speaking(row.language):
            found = report.build(
                cohort, report.Reader.of_audience(row.audience), details=True
            )
            # What a visit was about may name a person, who can ask for its erasure:
            # it stands in no file that is kept.
            found.get("account", {}).pop("visits", None)
            content = printed.make(found)
    except Exception:
        # Whatever it was, the worker lives on, and the team is told.
        log.exception("The PDF of the report of %s could not be made", cohort.name)
        model.Session.rollback()
        row = model.Session.get(ReportFile, file_id)
        if row is not None:
            row.state = "failed"
        model.Session.commit()
        return
    row.content, row.state, row.made_at = content, "ready", utcnow()
    model.Session.commit()
