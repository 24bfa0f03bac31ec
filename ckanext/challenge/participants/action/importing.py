"""A list of collectivités from a spreadsheet becomes participants, or applications."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

import ckan.plugins.toolkit as tk
from ckan import model
from ckan.types import Context

from ckanext.challenge import notifications
from ckanext.challenge.applications import onboarding, roster
from ckanext.challenge.applications.transitions import lock_cohort
from ckanext.challenge.common import kept_files, roles, uploads
from ckanext.challenge.common.action_helpers import (
    all_or_nothing,
    user_id_of,
    validate,
)
from ckanext.challenge.domain.lifecycle import COHORT_ADMITTING
from ckanext.challenge.model import Cohort
from ckanext.challenge.participants import importing, roster_check, schema
from ckanext.challenge.participants.roster_check import Entry

#: So many faults are told at once.
_MOST_TOLD = 50


def challenge_participant_import(context: Context, data_dict: dict[str, Any]) -> Any:
    """Take a list of collectivités into a season, from a spreadsheet as it is.

    Managers of the season and sysadmins may call this. The table is found in the file,
    and its columns are matched by what they are called: the SIREN, or the name with
    the département or the INSEE code; the contact, the number of employees, the
    elected sponsor; the adviser; a visit that was made (one more row for each more
    visit). Each row is compared with the directory and with the season; all of them are
    stored, or none. The same list again changes nothing. A blank cell erases nothing,
    and what a collectivité wrote itself stays as it is.

    A collectivité that is new is accepted, as if its contact had applied: with an
    account for the contact, or a question to the admins of an organization that exists.

    :param cohort: the id or name of the season
    :type cohort: string
    :param upload: the list: XLSX, ODS, XLS or CSV, of 10 MB and 5000 rows at most
    :type upload: file, sent as ``multipart/form-data``
    :param kept: in its place, the ``kept`` of an answer of the last hour
    :type kept: string
    :param kind: as what those that are new come in: ``participants``, or
        ``applications`` that are read like others (``participants``)
    :type kind: string
    :param columns: a field by the label of a column, an empty one for what is not read;
        columns that are not named are matched
    :type columns: dict
    :param tell: whether the contacts of those that are new get the mails of an
        acceptance, or of an application (true)
    :type tell: bool
    :param dry_run: answer what would be done, and do nothing (false)
    :type dry_run: bool
    :param keep: keep the file for an hour (false); its answer has ``kept``
    :type keep: bool
    :returns: ``{file, sheets, unread, header_row, columns, fields, left_out, count,
        counts, places, results, kept}``. ``columns``: ``{label, letter, field,
        confidence}`` each, ``field`` none for what is not read; ``fields``: ``{name,
        title}`` of what a column may be; ``left_out``: ``{sheet, row, why, text}`` of
        rows that are no data; ``counts``: how many are ``new``, ``changed``, ``same``,
        ``left`` (to a person) and ``wrong``; ``places``: how many are free, or
        ``null``; ``results``: ``{rows, sheet, siren, name, departement, outcome,
        changes, visits, warnings, errors}`` of each collectivité, ``errors`` a list of
        ``{field, title, text}``
    :rtype: dict
    :raises ValidationError: on ``upload`` for a file that is no list, or with what is
        wrong in its rows; on ``columns`` when nothing says which collectivité a row is
        about; on ``kept`` when the file is not kept any more; on ``cohort`` when the
        season admits nobody, or has too few places
    """
    named = {"cohort": data_dict.get("cohort")}
    reference = validate(context, named, schema.of_cohort())["cohort"]
    cohort = roles.seen_cohort(context, reference)
    tk.check_access("challenge_participant_import", context, {"cohort": cohort.id})
    data = validate(context, data_dict, schema.participant_import())
    if cohort.state not in COHORT_ADMITTING:
        text = tk._("The season is “{state}”: it admits nobody").format(
            state=tk.h.challenge_state("cohort", cohort.state)["label"]
        )
        raise tk.ValidationError({"cohort": [text]})
    user_id = user_id_of(context)
    content, name = _file(data_dict, data, user_id)
    found = roster.read(content, name, data.get("columns"))
    if data["dry_run"]:
        entries = roster_check.check(context, cohort, found.rows, data["kind"], user_id)
    else:
        entries = _store(context, cohort, found, data, user_id)
        if "kept" in data and user_id:
            kept_files.drop(data["kept"], user_id)
    kept = data.get("kept") if data["dry_run"] else None
    if data["keep"] and data["dry_run"] and user_id and kept is None:
        kept = kept_files.keep(content, name, user_id)
    return {
        "file": name,
        **_table(found),
        "count": len(entries),
        "counts": _counted(entries),
        "places": onboarding.places(cohort).free,
        "results": [_dictize(entry) for entry in entries],
        "kept": kept,
    }


def _file(
    data_dict: dict[str, Any], data: dict[str, Any], user_id: str | None
) -> tuple[bytes, str]:
    """The file that was sent, or that is kept."""
    upload = uploads.given(data_dict)
    if upload is not None:
        return upload.stream.read(roster.MAX_BYTES + 1), upload.filename or ""
    if "kept" in data:
        kept = kept_files.find(data["kept"], user_id) if user_id else None
        if kept is None:
            text = tk._("This file is not kept any more: choose it again")
            raise tk.ValidationError({"kept": [text]})
        return kept
    raise tk.ValidationError({"upload": [tk._("Choose a file")]})


def _store(
    context: Context,
    cohort: Cohort,
    found: roster.Roster,
    data: dict[str, Any],
    user_id: str | None,
) -> list[Entry]:
    """Check a list once nobody else changes the season, and store all of it."""
    with all_or_nothing(context):
        lock_cohort(cohort.id)
        entries = roster_check.check(context, cohort, found.rows, data["kind"], user_id)
        _refuse(entries)
        new = _counted(entries)["new"]
        free = onboarding.places(cohort).free
        if data["kind"] == "participants" and free is not None and new > free:
            text = tk._("The season has {free} places left; the list brings {number}")
            raise tk.ValidationError({"cohort": [text.format(free=free, number=new)]})
        with nullcontext() if data["tell"] else notifications.quiet():
            importing.store(context, cohort, entries, data["kind"])
        model.Session.flush()
    return entries


def _refuse(entries: Sequence[Entry]) -> None:
    """Stop at a list that is wrong somewhere.

    :raises ValidationError: with what is wrong, and where
    """
    told = [
        tk._("Row {row}, {field}: {text}").format(
            row=_rows(entry), field=roster.title(name), text=text
        )
        for entry in entries
        for name, texts in entry.errors.items()
        for text in texts
    ]
    if len(told) > _MOST_TOLD:
        more = tk._("… and {number} more").format(number=len(told) - _MOST_TOLD)
        told = [*told[:_MOST_TOLD], more]
    if told:
        raise tk.ValidationError({"upload": told})


def _rows(entry: Entry) -> str:
    return ", ".join(str(row.place.row) for row in entry.rows)


def _counted(entries: Sequence[Entry]) -> dict[str, int]:
    counts = Counter(entry.outcome for entry in entries)
    outcomes = ("new", "changed", "same", "left", "wrong")
    return {outcome: counts[outcome] for outcome in outcomes}  # type: ignore[index]


def _table(found: roster.Roster) -> dict[str, Any]:
    """Where the list was found, and how its columns are read."""
    table = found.table
    return {
        "sheets": list(table.sheets),
        "unread": list(found.unread),
        "header_row": table.header_row,
        "columns": [
            {
                "label": column.label,
                "letter": column.letter,
                "field": match.field if match.state == "decided" else None,
                "confidence": match.confidence,
            }
            for column, match in zip(table.columns, found.matches, strict=True)
        ],
        "fields": [
            {"name": name, "title": roster.title(name)} for name in roster.fields()
        ],
        "left_out": [
            {
                "sheet": one.place.sheet,
                "row": one.place.row,
                "why": one.why,
                "text": one.text,
            }
            for one in table.left_out
            if one.why != "empty"
        ],
    }


def _dictize(entry: Entry) -> dict[str, Any]:
    return {
        "rows": [row.place.row for row in entry.rows],
        "sheet": entry.rows[0].place.sheet,
        "siren": entry.siren,
        "name": entry.name,
        "departement": entry.facts.get("departement"),
        "outcome": entry.outcome,
        "changes": entry.changes,
        "visits": len(entry.visits),
        "warnings": entry.warnings,
        "errors": [
            {"field": name, "title": roster.title(name), "text": text}
            for name, texts in entry.errors.items()
            for text in texts
        ],
    }
