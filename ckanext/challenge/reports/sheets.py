"""The report as the sheets of a workbook: one description for XLSX, ODS and PDF."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk

from ckanext.challenge import helpers as h
from ckanext.challenge.common import labels as words
from ckanext.challenge.common.spreadsheets import Column, Sheet, sheet_name

from . import labels

#: As many characters a sheet's name takes besides its period.
_LONGEST = 31


def file_name(found: Mapping[str, Any]) -> str:
    """The name of the report's files, without their ending."""
    word = tk._("report")
    return f"{found['cohort']}-{word}-{found['date']}"


def of(found: Mapping[str, Any]) -> list[Sheet]:
    """The sheets of a report, the first of which says how to read the others.

    :param found: as :func:`.report.build` answers it, with details and all
        participants
    """
    tables = tables_of(found)
    named = [
        Sheet(_titled(one.title, found["period"]), one.columns, one.rows, one.note)
        for one in tables
    ]
    return [_how_to_read(found, named), *named]


def tables_of(found: Mapping[str, Any]) -> list[Sheet]:
    """The tables of a report; those with nothing in them are left out."""
    account = found.get("account")
    made = [
        _figures(found),
        _steps(found),
        _badges(found),
        _participants(found),
        _datasets(found),
    ]
    if account:
        made += [
            _funders(account),
            _lines(account),
            _indicators(account),
            _days(account),
            _visits(account),
            _left(account),
            _remaining(account),
            _opinions(account),
        ]
    made.append(_quotes(found))
    return [one for one in made if one.rows]


def _titled(title: str, period: str) -> str:
    """The period stands in each sheet's name, so that two reports are told apart."""
    if not period:
        return title
    return f"{sheet_name(title)[: _LONGEST - 1 - len(period)].rstrip()} {period}"


def _day(text: Any) -> dt.date | dt.datetime | None:
    return words.parse(text) if text else None


def _how_to_read(found: Mapping[str, Any], sheets: Sequence[Sheet]) -> Sheet:
    day = words.as_day(found["date"])
    state = (
        tk._("As on {date}, when the season finished. These figures do not change.")
        if found["final"]
        else tk._("State on {date}; the season is not over.")
    )
    account = found.get("account")
    rows: list[tuple[str, Any]] = [
        (tk._("Season"), found["title"]),
        (tk._("Period"), found["period"]),
        (tk._("State"), state.format(date=day)),
        (tk._("Date of the figures"), _day(found["date"])),
        (tk._("Programme"), found["programme"]["title"]),
        (tk._("To cite it"), found["citation"]),
        (tk._("Method"), found["method"]),
        (tk._("What did not advance, and why"), account and account["remarks"]),
        *((sheet.title, sheet.note) for sheet in sheets),
    ]
    return Sheet(
        tk._("How to read"),
        [Column("what", tk._("What"), 32), Column("text", tk._("In words"), 90)],
        [row for row in rows if row[1]],
    )


def _figures(found: Mapping[str, Any]) -> Sheet:
    earlier = found["earlier"]
    rows = [
        [
            labels.figure(row["figure"]),
            row["value"],
            *(season["figures"].get(row["figure"]) for season in earlier),
            row["aim"],
            row["gap"],
            row["percent"],
        ]
        for row in found["comparison"]
    ]
    return Sheet(
        tk._("Figures"),
        [
            Column("figure", tk._("Figure"), 48),
            Column("value", tk._("This season"), 14),
            *(
                Column(season["cohort"], season["title"], max(14, len(season["title"])))
                for season in earlier
            ),
            Column("aim", tk._("Aim"), 12),
            Column("gap", tk._("Gap to the aim"), 16),
            Column("percent", tk._("Aim reached, in percent"), 16),
        ],
        rows,
        tk._(
            "The season beside the seasons before and its aims. Only public datasets "
            "created since the launch count; collectivités that left do not."
        ),
    )


def _steps(found: Mapping[str, Any]) -> Sheet:
    phases = {phase["key"]: phase["title"] for phase in found["phases"]}
    participants = found["figures"]["participants"]
    rows = [
        [
            phases.get(step["phase"], step["phase"]),
            step["title"],
            step["done"],
            step["waived"],
            participants - step["done"] - step["waived"],
        ]
        for step in found["steps"]
    ]
    return Sheet(
        tk._("Steps"),
        [
            Column("phase", tk._("Phase"), 20),
            Column("step", tk._("Step"), 56),
            Column("done", tk._("Done by"), 12),
            Column("waived", tk._("Not asked of"), 14),
            Column("open", tk._("Left to do by"), 14),
        ],
        rows,
        tk._(
            "How many collectivités have done each step, of how many it was not asked."
        ),
    )


def _badges(found: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("Badges"),
        [
            Column("badge", tk._("Badge"), 40),
            Column("level", tk._("Level"), 10),
            Column("count", tk._("Collectivités that hold it"), 26),
        ],
        [[row["title"], row["level"], row["count"]] for row in found["badges"]],
        tk._("How many collectivités hold each badge of the season."),
    )


def _participants(found: Mapping[str, Any]) -> Sheet:
    account = found.get("account")
    columns = [
        Column("siren", tk._("SIREN"), 12),
        Column("name", tk._("Collectivité"), 36),
        Column("kind", tk._("Kind"), 26),
        Column("departement", tk._("Département"), 18),
        Column("population", tk._("Inhabitants"), 12),
        Column("done", tk._("Steps done"), 12),
        Column("total", tk._("Steps asked for"), 16),
        Column("percent", tk._("Steps done, in percent"), 14),
        Column("completed", tk._("All done"), 12),
        Column("datasets", tk._("Datasets opened"), 16),
        Column("badges", tk._("Badges"), 48),
    ]
    if account:
        columns += [
            Column("adviser", tk._("Adviser"), 24),
            Column("days", tk._("Days spent"), 14),
            Column("planned", tk._("Days planned"), 14),
            Column("late", tk._("Late steps"), 12),
            Column("feedback", tk._("Opinion sent"), 14),
        ]
    rows = []
    for row in found["participants"]["results"]:
        cells = [
            row["siren"],
            row["organization_title"],
            h.challenge_kind(row["kind"]),
            h.challenge_departement(row["departement"]),
            row["population"],
            row["steps_done"],
            row["steps_total"],
            row["percent"],
            _yes_no(row["completed"]),
            row["datasets"],
            [badge["title"] for badge in row["badges"]],
        ]
        if account:
            more = account["participants"].get(row["organization_id"], {})
            cells += [
                more.get("adviser"),
                more.get("days"),
                more.get("days_planned"),
                more.get("late_steps"),
                _yes_no(more.get("feedback")),
            ]
        rows.append(cells)
    return Sheet(
        tk._("Collectivités"),
        columns,
        rows,
        tk._("Each collectivité that takes part: what it did, opened and earned."),
    )


def _yes_no(value: Any) -> str:
    return tk._("Yes") if value else tk._("No")


def _datasets(found: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("Datasets"),
        [
            Column("title", tk._("Dataset"), 56),
            Column("collectivite", tk._("Collectivité"), 32),
            Column("siren", tk._("SIREN"), 12),
            Column("created", tk._("Opened on"), 12),
            Column("formats", tk._("Formats"), 18),
            Column("conforming", tk._("Follows its national schema"), 28),
            Column("fresh", tk._("Up to date"), 14),
            Column("downloads", tk._("Downloads"), 12),
        ],
        [
            [
                row["title"],
                row["organization_title"],
                row["siren"],
                _day(row["created"]),
                row["formats"],
                _yes_no(row["conforming"]),
                _yes_no(row["fresh"]),
                row["downloads"],
            ]
            for row in found["datasets"]
        ],
        tk._(
            "The datasets that count for the season; downloads where they are counted."
        ),
    )


def _funders(account: Mapping[str, Any]) -> Sheet:
    budget = account["budget"] or {"funders": []}
    return Sheet(
        tk._("Funders"),
        [
            Column("funder", tk._("Funder"), 36),
            Column("promised", tk._("Promised"), 14),
            Column("engaged", tk._("Engaged"), 14),
            Column("spent", tk._("Spent"), 14),
            Column("gap", tk._("Spent less promised"), 20),
            Column("currency", tk._("Currency"), 10),
        ],
        [
            [
                row["name"],
                row["promised"],
                row["engaged"],
                row["spent"],
                _difference(row["spent"], row["promised"]),
                row.get("currency") or account["currency"],
            ]
            for row in budget["funders"]
        ],
        tk._("By funder, as on the board of days and money."),
    )


def _difference(one: Any, other: Any) -> Any:
    return None if one is None or other is None else round(one - other, 2)


def _lines(account: Mapping[str, Any]) -> Sheet:
    rows: list[list[Any]] = []
    for agreement in account["agreements"]:
        head = [agreement["funder"], agreement["number"]]
        rows += (
            [
                *head,
                line["label"],
                line["planned"],
                line["realised"],
                line["gap"],
                line["gap_percent"],
                agreement["currency"],
                line["comment"],
            ]
            for line in agreement["lines"]
        )
        rows.append(
            [
                *head,
                tk._("Total"),
                agreement["planned"],
                agreement["realised"],
                agreement["gap"],
                agreement["gap_percent"],
                agreement["currency"],
                agreement["comment"],
            ]
        )
        for label, amount in (
            (tk._("Granted"), agreement["granted"]),
            (tk._("Paid so far"), agreement["paid"]),
        ):
            if amount is not None:
                cells = [label, amount, None, None, None, agreement["currency"], None]
                rows.append([*head, *cells])
    return Sheet(
        tk._("Agreements"),
        [
            Column("funder", tk._("Funder"), 28),
            Column("number", tk._("Number of the agreement"), 18),
            Column("line", tk._("Line"), 36),
            Column("planned", tk._("Planned amount"), 14),
            Column("realised", tk._("Realised"), 14),
            Column("gap", tk._("Gap"), 12),
            Column("gap_percent", tk._("Gap in percent"), 10),
            Column("currency", tk._("Currency"), 10),
            Column("comment", tk._("Comment"), 60),
        ],
        rows,
        tk._(
            "Planned and realised by line of each agreement; the gap is what was "
            "realised less what was planned."
        ),
    )


def _indicators(account: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("Indicators"),
        [
            Column("funder", tk._("Funder"), 28),
            Column("number", tk._("Number of the agreement"), 18),
            Column("indicator", tk._("Indicator"), 48),
            Column("unit", tk._("Unit"), 16),
            Column("target", tk._("Target"), 12),
            Column("value", tk._("Value"), 12),
            Column("percent", tk._("Target reached, in percent"), 18),
            Column("measured_on", tk._("Measured on"), 14),
            Column("evidence", tk._("Evidence"), 48),
            Column("comment", tk._("Comment"), 60),
        ],
        [
            [
                agreement["funder"],
                agreement["number"],
                one["label"],
                one["unit"],
                one["target"],
                one["value"],
                one["percent"],
                _day(one["measured_on"]),
                one["evidence"],
                one["comment"],
            ]
            for agreement in account["agreements"]
            for one in agreement["indicators"]
        ],
        tk._("What each agreement is judged by, with the day of the measure."),
    )


def _days(account: Mapping[str, Any]) -> Sheet:
    gone = tk._("Accounts that are gone")
    rows = [
        [row["name"] or gone, row["days"], row["days_planned"]]
        for row in account["advisers"]
    ]
    if rows:
        rows.append([tk._("Total"), account["days"], account["days_planned"]])
    return Sheet(
        tk._("Days"),
        [
            Column("person", tk._("Person"), 32),
            Column("days", tk._("Days spent"), 14),
            Column("planned", tk._("Days planned"), 14),
        ],
        rows,
        tk._("Days of support by person, those with collectivités that left included."),
    )


def _visits(account: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("Visits"),
        [
            Column("date", tk._("Date"), 12),
            Column("collectivite", tk._("Collectivité"), 36),
            Column("person", tk._("Person"), 28),
            Column("days", tk._("Days"), 8),
            Column("topic", tk._("Subject"), 56),
        ],
        [
            [
                _day(row["date"]),
                row["organization_title"],
                row["adviser"],
                row["days"],
                row["topic"],
            ]
            for row in account.get("visits", ())
        ],
        tk._("Time spent, visit by visit."),
    )


def _left(account: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("Left the season"),
        [
            Column("siren", tk._("SIREN"), 12),
            Column("name", tk._("Collectivité"), 36),
            Column("days", tk._("Days spent"), 14),
        ],
        [
            [row["siren"], row["organization_title"], row["days"]]
            for row in account["left"]
        ],
        tk._("Collectivités that left before the end, with the days spent with them."),
    )


def _remaining(account: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("What remains"),
        [
            Column("step", tk._("Step"), 56),
            Column("open", tk._("Left to do by"), 16),
        ],
        [[row["title"], row["open"]] for row in account["remaining"]],
        tk._("The steps that most collectivités have not done, first."),
    )


def _opinions(account: Mapping[str, Any]) -> Sheet:
    def rows() -> Iterable[list[Any]]:
        for one in account["opinions"]:
            if not one["answers"]:
                continue
            if one["mean"] is not None:
                yield [one["label"], tk._("On average"), round(one["mean"], 2)]
            for row in one["counts"]:
                yield [one["label"], row["label"], row["count"]]

    return Sheet(
        tk._("Opinions"),
        [
            Column("question", tk._("Question"), 56),
            Column("answer", tk._("Answer given"), 40),
            Column("count", tk._("Answers"), 12),
        ],
        [*rows()],
        tk._("What the collectivités answered at the end, counted."),
    )


def _quotes(found: Mapping[str, Any]) -> Sheet:
    return Sheet(
        tk._("What they say"),
        [
            Column("quote", tk._("Quote"), 90),
            Column("author", tk._("Written by"), 28),
            Column("role", tk._("Role in the team"), 28),
        ],
        [[row["quote"], row["author"], row.get("role")] for row in found["quotes"]],
        tk._("What those who took part say; it is public."),
    )
