"""The applications to a season as a file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ckan.plugins.toolkit as tk
import sqlalchemy as sa
from ckan import model
from ckan.model import ensure_engine
from ckan.types import Context
from sqlalchemy.orm import class_mapper

from ckanext.challenge import config
from ckanext.challenge.applications import answers, query, schema
from ckanext.challenge.applications import labels as application_labels
from ckanext.challenge.applications.answers import field_of
from ckanext.challenge.common import language, roles, spreadsheets
from ckanext.challenge.common.action_helpers import validate
from ckanext.challenge.common.spreadsheets import Column
from ckanext.challenge.domain import lifecycle, questions
from ckanext.challenge.domain.application_fields import EXPORTED
from ckanext.challenge.domain.eligibility import KINDS
from ckanext.challenge.model import Application, Cohort
from ckanext.challenge.model.dictize import as_json, name_of

_fields: Any = Application.__table__.c
_people: Any = class_mapper(model.User).local_table

#: Rows fetched from the database at once.
_BATCH = 200


@tk.side_effect_free
def challenge_application_export(context: Context, data_dict: dict[str, Any]) -> Any:
    """Give the applications to a season as a file.

    Managers of the season and sysadmins may call this.

    CSV and JSON are for programs: their columns have the names of the fields, their
    values are those of the API, in ISO 8601 where they are times. XLSX and ODS are
    for people: headings and words are in the caller's language, times are in the
    portal's time zone. All have the same columns in the same order; the season's own
    questions follow, as ``answers-<key>``, and where it has criteria
    ``score_average``, ``score_spread`` and ``score_readers``, empty where the caller
    does not see them (:py:func:`challenge_score_list`). A text that a spreadsheet
    would run as a formula begins with an apostrophe, in all but JSON.

    :param cohort: the id or name of the season
    :type cohort: string
    :param format: ``csv`` (unasked), ``xlsx``, ``ods`` or ``json``
    :type format: string
    :returns: ``format``, ``filename``, ``media_type`` and ``content``: the file, as
        text, or in Base64 for ``xlsx`` and ``ods`` (``encoding`` says which:
        ``utf-8`` or ``base64``)
    :rtype: dict

    The other parameters are those of :py:func:`challenge_application_list` but for
    ``around``, ``columns``, ``limit`` and ``offset``.

    A caller in this process that sets ``stream`` in the context gets an iterator of
    bytes as ``content``: it needs little memory, whatever the number of rows.
    """
    data = answers.with_filters(
        data_dict, lambda plain: validate(context, plain, schema.application_export())
    )
    cohort = roles.seen_cohort(context, data["cohort"])
    tk.check_access("challenge_application_export", context, {"cohort": cohort.id})
    kind: spreadsheets.Kind = data["format"]
    form = spreadsheets.FORMATS[kind]
    pieces = spreadsheets.write(
        kind,
        tk._("Applications"),
        _columns(cohort),
        _Rows(_statement(context, cohort, data), cohort, form.for_people),
    )
    name = f"{cohort.name}-{tk._('applications')}"
    stream = bool(context.get("stream"))
    return spreadsheets.as_answer(kind, name, pieces, stream=stream)


def _statement(
    context: Context, cohort: Cohort, data: Mapping[str, Any]
) -> sa.sql.Select[Any]:
    made = {
        "obligation": query.obligation(),
        "pending_decision": _fields.pending_decision["decision"].astext,
        "reviewer": name_of(_people.c),
    }
    return (
        sa.select(
            *(
                made.get(field.name, _fields.get(field.name)).label(field.name)
                for field in EXPORTED
            ),
            _fields.answers,
            *_scores(context, cohort),
        )
        .select_from(
            Application.__table__.outerjoin(
                _people, _people.c.id == _fields.reviewer_id
            )
        )
        .where(*query.conditions(context, cohort, data), *query.narrowing(data))
        .order_by(*query.order(data, _seen(context, cohort)))
    )


def _seen(context: Context, cohort: Cohort) -> sa.ColumnElement[Any] | None:
    """What the caller sees of the scores, where the season has criteria."""
    return query.seen_score(context, cohort) if cohort.criteria else None


def _scores(context: Context, cohort: Cohort) -> list[sa.Label[Any]]:
    score = _seen(context, cohort)
    return [] if score is None else [score.label("score")]


#: What is told of the scores of an application.
_OF_SCORE = ("average", "spread", "readers")


def _columns(cohort: Cohort) -> list[Column]:
    spoken = language.current()
    words = application_labels.fields()
    return [
        *(Column(field.name, words[field.name], field.width) for field in EXPORTED),
        *(
            Column(field_of(question.key), question.label.in_(spoken), 28)
            for question in questions.read(cohort.questions)
        ),
        *(
            Column(f"score_{name}", application_labels.scores()[name], 12)
            for name in (_OF_SCORE if cohort.criteria else ())
        ),
    ]


class _Rows:
    """The rows of the file, fetched as they are written.

    They come over a connection of their own: CKAN ends its session before it sends
    the first byte of an answer. One statement, so that the file shows one moment.
    """

    def __init__(
        self, statement: sa.sql.Select[Any], cohort: Cohort, for_people: bool
    ) -> None:
        # Words now: a language belongs to the request, which is over by then.
        self.words = _words() if for_people else {}
        self.zone = config.display_timezone() if for_people else None
        self.questions = questions.read(cohort.questions)
        spoken = language.current()
        self.choices = {
            question.key: {
                choice.value: choice.label.in_(spoken) for choice in question.choices
            }
            for question in self.questions
            if for_people
        }
        self.scored = bool(cohort.criteria)
        self.statement = statement

    def __iter__(self) -> Iterator[Sequence[Any]]:
        with ensure_engine().connect() as connection:
            rows = connection.execution_options(stream_results=True).execute(
                self.statement
            )
            while batch := rows.fetchmany(_BATCH):
                for row in batch:
                    yield self._values(row)

    def _values(self, row: Any) -> list[Any]:
        values = [
            self._value(field.name, getattr(row, field.name)) for field in EXPORTED
        ]
        given = row.answers or {}
        values += [
            self._answer(question.key, given.get(question.key))
            for question in self.questions
        ]
        if self.scored:
            values += [(row.score or {}).get(name) for name in _OF_SCORE]
        return values

    def _value(self, name: str, value: Any) -> Any:
        if self.zone is None:
            return as_json(value)
        if isinstance(value, dt.datetime):
            return value.astimezone(self.zone)
        return self.words.get(name, {}).get(value, as_json(value))

    def _answer(self, key: str, value: Any) -> Any:
        known = self.choices.get(key)
        if not known:
            return value
        if isinstance(value, list):
            return [known.get(item, item) for item in value]
        return known.get(value, value)


def _words() -> dict[str, dict[Any, str]]:
    """What stands for the codes of some fields, in the caller's language."""
    return {
        "kind": {kind: tk.h.challenge_kind(kind) for kind in KINDS},
        "state": {
            state: tk.h.challenge_state("application", state)["label"]
            for state in lifecycle.APPLICATION.states
        },
        "obligation": application_labels.obligations(),
        "pending_decision": application_labels.decided(),
    }
