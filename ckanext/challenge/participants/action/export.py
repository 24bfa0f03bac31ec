"""The participants of a season as a file: people, steps and visits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.types import Context

from ckanext.challenge import config, programmes
from ckanext.challenge.common import labels, language, names, roles, spreadsheets
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.common.spreadsheets import Column, Sheet
from ckanext.challenge.domain import lifecycle, visits
from ckanext.challenge.domain.eligibility import KINDS
from ckanext.challenge.domain.programme import Programme
from ckanext.challenge.model import Participant, StepStatus, Visit
from ckanext.challenge.model.dictize import as_json, name_of
from ckanext.challenge.participants import lateness, schema
from ckanext.challenge.participants.board import Board


@tk.side_effect_free
def challenge_participant_export(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give the participants of a season as a file: those of the filters, and no others.

    The staff of the season and sysadmins may call this; an adviser is answered the days
    and the visits of the own participants alone.

    CSV is for programs: a line for each participant, with a column for each step. JSON
    is an object with ``participants``, ``steps`` and ``visits``. Both have the names
    and values of the API. XLSX and ODS are for people: these three are sheets, headings
    and words are in the caller's language, days and times are days and times. A text
    that a spreadsheet would run as a formula begins with an apostrophe, in all but
    JSON. Contacts, messages and notes are in none.

    :param cohort: the id or name of the season
    :type cohort: string
    :param format: ``csv`` (unasked), ``xlsx``, ``ods`` or ``json``
    :type format: string
    :param filters: as :py:func:`challenge_participant_board` takes them
    :type filters: dict
    :returns: ``format``, ``filename``, ``media_type`` and ``content``: the file, as
        text, or in Base64 for ``xlsx`` and ``ods`` (``encoding`` says which:
        ``utf-8`` or ``base64``)
    :rtype: dict
    :raises ValidationError: on the filter that is wrong

    A caller in this process that sets ``stream`` in the context gets an iterator of
    bytes as ``content``.
    """
    data = validate(context, data_dict, schema.participant_export())
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_participant_export", context, {"cohort": cohort.id})
    programme = programmes.of(cohort)
    tables = _Tables(
        Board(context, cohort, programme, data["filters"]),
        programme,
        spreadsheets.FORMATS[data["format"]].for_people,
    )
    kind: spreadsheets.Kind = data["format"]
    pieces: Iterator[bytes]
    if kind in spreadsheets.BOOKS:
        pieces = spreadsheets.write_book(
            kind,
            [tables.participants(), tables.steps(), tables.visits()],
            tk._("Participants"),
        )
    elif kind == "json":
        pieces = _as_object(tables)
    else:
        sheet = tables.wide()
        pieces = spreadsheets.write(kind, sheet.title, sheet.columns, sheet.rows)
    name = f"{cohort.name}-{tk._('participants')}"
    return spreadsheets.as_answer(
        kind, name, pieces, stream=bool(context.get("stream"))
    )


def _as_object(tables: _Tables) -> Iterator[bytes]:
    """The three tables as one object of JSON."""
    before = b'{"participants": '
    for key, sheet in (
        ("steps", tables.participants()),
        ("visits", tables.steps()),
        ("", tables.visits()),
    ):
        yield before
        yield from spreadsheets.write("json", sheet.title, sheet.columns, sheet.rows)
        before = f', "{key}": '.encode()
    yield b"}\n"


class _Tables:
    """The tables of the file, read while the action runs.

    A season has some hundred participants: they are all in memory, and the file shows
    one moment. What is written later has no request and no session to ask.

    :param for_people: whether words stand for codes, and times in the portal's zone
    """

    def __init__(self, board: Board, programme: Programme, for_people: bool) -> None:
        self.board, self.programme, self.for_people = board, programme, for_people
        self.spoken = language.current()
        self.zone = config.display_timezone() if for_people else None
        self.rows = board.rows("name", down=False, limit=None)
        self.titles = {
            row.id: row.organization_title or row.organization_name for row in self.rows
        }
        self.words = _words(programme, self.spoken) if for_people else {}

    def participants(self) -> Sheet:
        """A row for each participant."""
        columns = _participant_columns()
        return Sheet(
            tk._("Participants"),
            columns,
            [
                [self._shown(column.key, row, values) for column in columns]
                for row in self.rows
                for values in (self.board.dictize(row),)
            ],
        )

    def wide(self) -> Sheet:
        """A row for each participant, with a column for each step."""
        people = self.participants()
        cells, _ = self.board.steps([row.id for row in self.rows])
        steps = [Column(f"step-{one.key}", one.key) for one in self.programme.steps]
        return Sheet(
            people.title,
            [*people.columns, *steps],
            [
                [*values, *(cell["state"] for cell in cells[row.id])]
                for row, values in zip(self.rows, people.rows, strict=True)
            ],
        )

    def _shown(self, key: str, row: Any, values: Mapping[str, Any]) -> Any:
        if not self.for_people:
            return values.get(key)
        value = values.get(key)
        if value is None:
            return None
        raw = getattr(row, key, value)
        if isinstance(raw, dt.datetime):
            return raw.astimezone(self.zone)
        if isinstance(raw, dt.date):
            return raw
        return self.words.get(key, {}).get(value, value)

    def steps(self) -> Sheet:
        """A row for each step of each participant."""
        found = {
            (row.participant_id, row.step): row
            for row in model.Session.execute(
                sa.select(
                    StepStatus.participant_id,
                    StepStatus.step,
                    StepStatus.state,
                    StepStatus.value,
                    StepStatus.target,
                    StepStatus.planned_for,
                    StepStatus.updated_at,
                    lateness.of_status(self.board.cohort).label("late"),
                ).where(StepStatus.participant_id.in_(self.board.chosen))
            )
        }
        return Sheet(
            tk._("Steps"),
            [
                Column("participant_id", tk._("Participant"), 38),
                Column("organization_title", tk._("Collectivité"), 32),
                Column("step", tk._("Step"), 40),
                Column("state", tk._("State"), 16),
                Column("late", tk._("Late"), 10),
                Column("value", tk._("Found"), 10),
                Column("target", tk._("Asked for"), 10),
                Column("planned_for", tk._("Planned for"), 14),
                Column("updated_at", tk._("Changed on"), 18),
            ],
            [
                self._step(row.id, step.key, found.get((row.id, step.key)))
                for row in self.rows
                for step in self.programme.steps
            ],
        )

    def _step(self, id_: str, key: str, row: Any) -> list[Any]:
        state = row.state if row else "todo"
        late = row.late if row else key in self.board.overdue
        return [
            id_,
            self.titles[id_],
            self.words.get("step", {}).get(key, key),
            self.words.get("step_state", {}).get(state, state),
            (tk._("yes") if late else "") if self.for_people else late,
            row.value if row else None,
            row.target if row else None,
            self._moment(row.planned_for) if row else None,
            self._moment(row.updated_at) if row else None,
        ]

    def visits(self) -> Sheet:
        """A row for each visit, without its notes."""
        own = (
            []
            if self.board.only is None
            else [Participant.adviser_id == self.board.only]
        )
        rows = model.Session.execute(
            sa.select(
                Visit.participant_id,
                Visit.date,
                Visit.days,
                Visit.topic,
                Visit.state,
                Visit.kind,
                Visit.starts_at,
                Visit.duration,
                Visit.place,
                Visit.counted,
                name_of(model.User).label("adviser"),
            )
            .join(Participant, Participant.id == Visit.participant_id)
            .join(model.Group, model.Group.id == Participant.organization_id)
            .outerjoin(model.User, model.User.id == Visit.adviser_id)
            .where(Visit.participant_id.in_(self.board.chosen), *own)
            .order_by(*names.in_order(model.Group.title), Visit.date, Visit.id)
        )
        return Sheet(
            tk._("Visits"),
            [
                Column("participant_id", tk._("Participant"), 38),
                Column("organization_title", tk._("Collectivité"), 32),
                Column("date", tk._("Date"), 14),
                Column("days", tk._("Days"), 10),
                Column("topic", tk._("Topic"), 40),
                Column("state", tk._("State"), 14),
                Column("kind", tk._("Kind"), 14),
                Column("starts_at", tk._("Hour"), 18),
                Column("duration", tk._("How long, in minutes"), 12),
                Column("place", tk._("Place, or link of the call"), 32),
                Column("counted", tk._("Days counted"), 10),
                Column("adviser", tk._("Adviser"), 24),
            ],
            [
                [
                    row.participant_id,
                    self.titles[row.participant_id],
                    self._moment(row.date),
                    as_json(row.days),
                    row.topic,
                    self.words.get("visit_state", {}).get(row.state, row.state),
                    self.words.get("visit_kind", {}).get(row.kind, row.kind),
                    self._moment(row.starts_at),
                    row.duration,
                    row.place,
                    self._counted(row),
                    row.adviser,
                ]
                for row in rows
            ],
        )

    def _counted(self, row: Any) -> Any:
        # People add up a column: what is cancelled counts nowhere.
        if self.for_people and row.state == "cancelled":
            return None
        return as_json(row.counted)

    def _moment(self, value: dt.date | dt.datetime | None) -> Any:
        if self.zone is None or value is None:
            return as_json(value)
        return value.astimezone(self.zone) if isinstance(value, dt.datetime) else value


def _participant_columns() -> list[Column]:
    return [
        Column("id", tk._("Participant"), 38),
        Column("organization_name", tk._("Address"), 28),
        Column("organization_title", tk._("Collectivité"), 32),
        Column("siren", tk._("SIREN"), 12),
        Column("kind", tk._("Kind"), 28),
        Column("departement", tk._("Département"), 18),
        Column("population", tk._("Inhabitants"), 12),
        Column("state", tk._("State"), 14),
        Column("adviser", tk._("Adviser"), 24),
        Column("joined_at", tk._("Joined on"), 18),
        Column("current_phase", tk._("Stage"), 20),
        Column("steps_done", tk._("Steps done"), 10),
        Column("steps_total", tk._("Steps asked for"), 10),
        Column("percent", tk._("Percent"), 10),
        Column("late_steps", tk._("Late steps"), 10),
        Column("badges", tk._("Badges"), 10),
        Column("last_activity_at", tk._("Last activity"), 18),
        Column("stalled", tk._("Without news"), 12),
        Column("last_visit", tk._("Last visit"), 14),
        Column("next_visit", tk._("Next visit"), 14),
        Column("days_spent", tk._("Days done"), 10),
        Column("days_planned", tk._("Days planned"), 10),
        Column("days_left", tk._("Days left"), 10),
    ]


def _words(programme: Programme, spoken: str) -> dict[str, dict[Any, str]]:
    """What stands for the codes, in the caller's language."""
    return {
        "kind": {kind: tk.h.challenge_kind(kind) for kind in KINDS},
        "state": {
            state: labels.state_label("participant", state)
            for state in lifecycle.PARTICIPANT.states
        },
        "current_phase": {
            phase.key: phase.title.in_(spoken) for phase in programme.phases
        },
        "stalled": {True: tk._("yes"), False: ""},
        "step": {step.key: step.title.in_(spoken) for step in programme.steps},
        "step_state": {
            state: labels.state_label("step", state)
            for state in (*lifecycle.STEP_SAID, "waived")
        },
        "visit_state": {
            state: labels.state_label("visit", state) for state in visits.STATES
        },
        "visit_kind": {kind: labels.visit_kind(kind) for kind in visits.KINDS},
    }
