"""The report as PDF files: one for each kind of reader and language, made by a job."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context
from sqlalchemy.dialects.postgresql import insert

from ckanext.challenge.common import (
    fields,
    journal,
    language,
    pdf,
    roles,
    session_events,
)
from ckanext.challenge.common.action_helpers import (
    actor_of,
    commit,
    paginate,
    validate,
)
from ckanext.challenge.model import ReportFile
from ckanext.challenge.model.base import make_id, utcnow
from ckanext.challenge.model.dictize import columns
from ckanext.challenge.reports import jobs, schema

from .agreement import find_agreement

_SHOWN = ("id", "cohort_id", "audience", "language", "state", "asked_at", "made_at")


@tk.side_effect_free
def challenge_report_file_list(context: Context, data_dict: dict[str, Any]) -> Any:
    """List the PDF files of the report of a season.

    The team of the season and sysadmins may call this.

    :param cohort: the id or name of the season
    :type cohort: string
    :param limit: how many at most (100)
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``{count, results, available}``, each ``{id, cohort_id, audience,
        language, state, asked_at, made_at}``: ``audience`` is ``public``, ``team`` or
        the id of an agreement, ``state`` is ``queued``, ``ready`` or ``failed``;
        ``available`` tells whether the portal can make PDF files
    :rtype: dict
    """
    data = validate(context, data_dict, schema.paged())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_report_file_list", context, {"cohort": cohort.id})
    query = model.Session.query(ReportFile).filter_by(cohort_id=cohort.id)
    # The content of all of them is not for a list.
    shown = [getattr(ReportFile, name) for name in _SHOWN]
    rows, count = paginate(
        query.with_entities(*shown).order_by(ReportFile.audience, ReportFile.language),
        data,
    )
    return {
        "count": count,
        "results": [columns(row, _SHOWN) for row in rows],
        "available": pdf.library() is not None,
    }


def challenge_report_file_create(context: Context, data_dict: dict[str, Any]) -> Any:
    """Have the report made as a PDF, in the language of the caller.

    The team of the season and sysadmins may call this. A job makes it; it takes the
    place of the one that is there. ``challenge_cohort_report`` gives it with the format
    ``pdf``.

    :param cohort: the id or name of the season
    :type cohort: string
    :param audience: ``team`` (unasked; with days and money, for all funders too),
        ``public``, or the id of an agreement
    :type audience: string
    :returns: the file, as :py:func:`challenge_report_file_list` shows it
    :rtype: dict
    :raises ValidationError: on ``audience``, also where the portal cannot make PDF
    """
    named = validate(context, data_dict, fields.reference("cohort"))
    cohort = roles.seen_cohort(context, named["cohort"])
    tk.check_access("challenge_report_file_create", context, {"cohort": cohort.id})
    audience = validate(context, data_dict, schema.report_file())["audience"]
    if audience not in ("team", "public"):
        try:
            known = find_agreement(audience).cohort_id == cohort.id
        except tk.ObjectNotFound:
            known = False
        if not known:
            text = tk._("There is no such agreement")
            raise tk.ValidationError({"audience": [text]})
    if pdf.library() is None:
        raise tk.ValidationError({"audience": [pdf.missing()]})
    values = {"state": "queued", "asked_at": utcnow()}
    id_ = model.Session.execute(
        insert(ReportFile.__table__)
        .values(
            id=make_id(),
            cohort_id=cohort.id,
            audience=audience,
            language=language.current(),
            **values,
        )
        .on_conflict_do_update(constraint="challenge_report_file_once", set_=values)
        .returning(ReportFile.__table__.c.id)
    ).scalar_one()
    journal.record(
        actor_of(context), "report_file", "cohort", cohort.id, {"audience": audience}
    )
    found = model.Session.get(ReportFile, id_, populate_existing=True)
    shown = columns(found, _SHOWN)
    session_events.after_commit(jobs.queue, id_)
    commit(context)
    return shown
