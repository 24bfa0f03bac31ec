"""The report of a season: what to cite of it, and its account for the funders."""

from __future__ import annotations

import base64
from typing import Any

import ckan.plugins.toolkit as tk
from ckan.types import Context

from ckanext.challenge import config
from ckanext.challenge.common import spreadsheets
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.domain import deadlines
from ckanext.challenge.model import Cohort
from ckanext.challenge.reports import report, schema, sheets


@tk.side_effect_free
def challenge_cohort_report(context: Context, data_dict: dict[str, Any]) -> Any:
    """Show the results of a season, to be cited; or give its report as a file.

    Anybody may call this; that of a draft is for its staff and sysadmins. Once the
    season has finished they are those of that day, whatever came after; before, those
    of today. The team, and whoever has the key of an address of the report, are told
    of days, money and agreements too.

    :param id: the id or name of the season; with a key it is not needed
    :type id: string
    :param format: ``json`` (unasked), ``xlsx``, ``ods``, or ``pdf``, in the language of
        the caller, once :py:func:`challenge_report_file_create` has had it made
    :type format: string
    :param key: of an address of the report, see
        :py:func:`challenge_report_address_create`
    :type key: string
    :param details: with each dataset and, where the caller is told of them, each visit
        (false); files have them
    :type details: bool
    :param limit: how many participants at most (100); files have all
    :type limit: int
    :param offset: how many to pass over (0)
    :type offset: int
    :returns: ``cohort`` (its name), ``title``, ``season``, ``state``, ``date`` (of the
        results), ``final`` (whether it has finished), ``period`` (its years),
        ``citation`` and ``url`` (to cite it by), ``method`` (in the team's words),
        ``programme`` (``{name, title, version}``), ``figures``, ``earlier``
        (up to three seasons before: ``{cohort, title, season, period, final,
        figures}``), ``comparison`` (``{figure, value, before, aim, gap, percent}``:
        ``before`` is that of the latest season before), ``phases``
        (``{key, title, steps_done, steps_total, percent}``, over all participants),
        ``steps`` (``{step, title, phase, done, waived}``: how many have done it, and
        of how many it was not asked), ``badges`` (``{badge, title, level,
        count}``), ``quotes``,
        ``printed_at`` (when the PDF for the caller was made, if it is) and
        ``participants``: ``{count, results}``, each
        ``{organization_id, organization_name, organization_title, siren, kind,
        departement, population, steps_done, steps_total (that were asked),
        steps_waived, percent, completed, datasets, badges: [{badge, title, level}]}``.
        With ``details``, ``datasets``: ``{name, title, organization_title, siren,
        created, kit, formats, conforming, fresh, downloads}`` each.
        The team and the funders are also told ``account``: ``{date, withdrawn,
        feedback, days, days_planned, participants: {organization id: {adviser,
        late_steps, days, days_planned, feedback, last_activity_at}}, left, advisers,
        remaining: [{step, title, open}], opinions, budget, agreements, remarks,
        currency}``, with ``details`` also ``visits``; ``days`` were spent,
        ``days_planned`` are to come. ``staff`` has some of it, for the team.
        As a file: ``format``, ``filename``, ``media_type``, ``encoding`` (``base64``)
        and ``content``
    :rtype: dict
    :raises ObjectNotFound: when there is no such season, or no PDF of its report yet
    :raises ValidationError: on ``key``, when it does not open this report
    """
    data = validate(context, data_dict, schema.cohort_report())
    cohort, reader = report.asked_for(context, data.get("id"), data.get("key"))
    tk.check_access("challenge_cohort_report", context, {"id": cohort.id})
    if data["format"] == "json":
        return report.build(
            cohort,
            reader,
            limit=data["limit"],
            offset=data["offset"],
            details=data.get("details", False),
        )
    if data["format"] == "pdf":
        return _printed(cohort, reader)
    found = report.build(cohort, reader, details=True)
    pieces = spreadsheets.write_book(
        data["format"], sheets.of(found), tk._("Season report")
    )
    return spreadsheets.as_answer(data["format"], sheets.file_name(found), pieces)


def _printed(cohort: Cohort, reader: report.Reader) -> dict[str, Any]:
    """The PDF that a job has made for this reader, in the language of this moment."""
    row = report.printed(cohort, reader).first()
    if row is None:
        text = tk._("The PDF of this report is not made yet in this language")
        raise tk.ObjectNotFound(text)
    day = deadlines.day_of(row.made_at, config.display_timezone())
    word = tk._("report")
    return {
        "format": "pdf",
        "filename": f"{cohort.name}-{word}-{day.isoformat()}.pdf",
        "media_type": "application/pdf",
        "encoding": "base64",
        "content": base64.b64encode(row.content).decode(),
    }
