"""Erasure forgets no column: the columns are read from the model, not from a list.

Each text of each table about an applicant, a participant or a subscriber gets a mark
of its own; once their data are erased no mark may be left in the database or in a file.
A new column is marked too. If its texts may stay, :data:`KEPT` says why.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import BAULE, call_as, collectivites, make_cohort, make_participant
from helpers import kept
from sqlalchemy.dialects.postgresql import JSONB

from ckanext.challenge.model import (
    Application,
    ApplicationFile,
    Evidence,
    LateCode,
    Mail,
    Participant,
    Subscription,
)
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.privacy import erasure
from ckanext.challenge.subscribers import links

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

#: The tables that persons are in; a table that points to one of these belongs to it.
ABOUT_PERSONS = (
    "challenge_application",
    "challenge_late_code",
    "challenge_participant",
    "challenge_subscription",
)
#: The tables about nobody who applies or takes part, and what they are about.
ABOUT_OTHERS = {
    "challenge_agreement": "what a season's team declares of a funder",
    "challenge_award": "an organization and its badge, public with its reason",
    "challenge_campaign": "what a team wrote to many; what each got is a message",
    "challenge_campaign_model": "a message to begin others with, as a team wrote it",
    "challenge_calendar_key": "ids of an account and of a season",
    "challenge_cohort": "a season, as its team publishes it",
    "challenge_collectivite": "a legal person, from the national directory",
    "challenge_conformity": "a published file",
    "challenge_contour": "the outline of a collectivité",
    "challenge_credential": "a public award, signed",
    "challenge_digest": "the day that an account of a team chose, which goes with it",
    "challenge_elsewhere": "numbers of a legal person, by who counted them",
    "challenge_former_address": "a season or an organization, whose name was public",
    "challenge_former_code": "a commune, from the national directory",
    "challenge_journal": "ids and states; searched for marks like all tables",
    "challenge_judgement": "a digest for an organization",
    "challenge_lesson": "what a team learns of its season",
    "challenge_map": "a picture of outlines",
    "challenge_match": "an organization, its SIREN and the id of an account",
    "challenge_opening": "a public dataset, and since when",
    "challenge_observatory": "numbers of a legal person",
    "challenge_observatory_snapshot": "sums of these",
    "challenge_preparation": "a spreadsheet of an organization, erased in a month",
    "challenge_preparation_memory": "what an organization calls its columns",
    "challenge_programme": "a programme file",
    "challenge_proved_address": "a digest for an account, which goes with it",
    "challenge_report_address": "which organization reads a report, until when",
    "challenge_report_file": "a report as it was printed",
    "challenge_saved_view": "how somebody of a team looks at its board",
    "challenge_run": "a command, and when it ran",
    "challenge_schema": "a Table Schema, as it was published",
    "challenge_season_account": "aims of a season, sums, ids of accounts and visits",
    "challenge_signing_key": "a key of the portal",
    "challenge_staff": "ids of the accounts of the team",
    "challenge_standing": "numbers of an organization",
    "challenge_status_list": "a signed list of numbers",
}
#: The texts that stay. Ids and keys to other tables stay out of this list.
KEPT: dict[str, set[str]] = {
    "challenge_application": {
        # The collectivité is a legal person, and its season keeps its statistics.
        *("reference", "siren", "organization_title", "kind"),
        *("insee_code", "departement", "language", "state"),
    },
    "challenge_claim": {"state"},
    # The key of a step.
    "challenge_extension": {"step"},
    # Member, editor or admin, and by which way.
    "challenge_given_role": {"role", "former", "way"},
    # What the code is, and not for whom.
    "challenge_late_code": {"code"},
    "challenge_mail": {"kind", "state"},
    "challenge_participant": {
        *("siren", "kind", "departement", "state"),
        # Names of kits and phases, numbers by the name of a measure.
        *("kits", "current_phase", "measures"),
    },
    # A step of the programme, and the ids of the datasets that it lacks.
    "challenge_step_status": {"state", "source", "why_not"},
    "challenge_subscription": {"badge", "language", "territory"},
    # Words of a list, and an id that the rows of a group visit share.
    "challenge_visit": {"kind", "state", "group_id"},
}


def _tables() -> dict[str, sa.Table]:
    """The tables of the extension, by name."""
    return {
        name: table
        for name, table in Application.metadata.tables.items()
        if name.startswith("challenge_")
    }


def _belonging(*roots: str) -> list[sa.Table]:
    """Some tables and all that point to them, those that are pointed to first."""
    found = set(roots)
    tables = _tables()
    while more := {
        name
        for name, table in tables.items()
        if name not in found
        and any(key.column.table.name in found for key in table.foreign_keys)
    }:
        found |= more
    return [
        table for table in Application.metadata.sorted_tables if table.name in found
    ]


def _is_text(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, sa.String | sa.JSON | sa.ARRAY)


def _marked(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that can hold what persons write, or what is written about them."""
    kept = KEPT.get(table.name, set())
    return [
        column
        for column in table.columns
        if _is_text(column)
        and not column.primary_key
        and not column.foreign_keys
        and column.name not in kept
    ]


def _mark(column: sa.Column[Any]) -> str:
    return f"«{column.table.name}.{column.name}»"


def _value(column: sa.Column[Any], text: str) -> Any:
    """A text in the shape that the column has."""
    default = column.default
    if isinstance(column.type, sa.ARRAY) or (
        isinstance(column.type, JSONB)
        and default is not None
        and isinstance(default.arg({}), list)  # type: ignore[attr-defined]
    ):
        return [text]
    return {"key": text} if isinstance(column.type, JSONB) else text


def _needed(table: sa.Table, ids: dict[str, str]) -> dict[str, Any]:
    """What a row of a table cannot be made without."""
    values: dict[str, Any] = {}
    for column in table.columns:
        (*target,) = (key.column.table.name for key in column.foreign_keys)
        if target and target[0] in ids:
            values[column.name] = ids[target[0]]
        elif not column.nullable and column.default is None:
            moment = utcnow()
            by_type: dict[type, Any] = {dt.date: moment.date(), dt.datetime: moment}
            values[column.name] = by_type.get(
                column.type.python_type, _value(column, "x") if _is_text(column) else 1
            )
    return values


def _plant(tables: Iterable[sa.Table], ids: dict[str, str]) -> list[str]:
    """Put a mark into every text of these tables, each of which gets a row.

    :param ids: what the rows point to, by the name of its table
    """
    marks = []
    for table in tables:
        if not model.Session.execute(sa.select(table).limit(1)).first():
            made = model.Session.execute(
                sa.insert(table).values(_needed(table, ids)).returning(table)
            ).one()
            ids = {**ids, table.name: made[0]}
        marked = {column: _value(column, _mark(column)) for column in _marked(table)}
        if marked:
            model.Session.execute(sa.update(table).values(marked))
            marks += [_mark(column) for column in marked]
    model.Session.commit()
    return marks


def _everywhere() -> str:
    """Every row of every table of the database, CKAN's own too, as one text."""
    model.Session.rollback()
    names = model.Session.execute(
        sa.text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ).scalars()
    return "\n".join(
        row
        for name in names.all()
        for row in model.Session.execute(
            sa.text(f'SELECT to_jsonb(t)::text FROM "{name}" t')
        ).scalars()
    )


@pytest.fixture
def store(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    return tmp_path / "challenge"


@pytest.fixture
def ids(store: Path) -> Iterator[dict[str, str]]:
    """A participant that applied, with what its rows point to, by table."""
    collectivites()
    cohort = make_cohort()
    participant = make_participant(cohort, BAULE)
    yield {
        "challenge_application": model.Session.query(Application).one().id,
        "challenge_cohort": cohort["id"],
        "challenge_participant": participant["id"],
        "group": participant["organization_id"],
        "user": factories.User()["id"],
    }


def _files() -> list[Path]:
    """Something in the place of each file that the database knows of."""
    paths = [
        kept.path_of(id_)
        for table in (ApplicationFile, Evidence)
        for (id_,) in model.Session.query(table.id)
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("«file»")
    return paths


def _mail_to_a_member(ids: dict[str, str]) -> str:
    """A mail that belongs to a participant by what it tells alone.

    :returns: the mark in it
    """
    mark = "«a mail to a member»"
    mail = Mail(
        kind="participant_message",
        cohort_id=ids["challenge_cohort"],
        user_id=ids["user"],
        data={"participant_id": ids["challenge_participant"], "late": [mark]},
        last_error=mark,
    )
    model.Session.add(mail)
    model.Session.commit()
    return mark


def _left(marks: Iterable[str]) -> set[str]:
    after = _everywhere()
    return {mark for mark in marks if mark in after}


def test_every_table_says_whom_it_is_about() -> None:
    belonging = {table.name for table in _belonging(*ABOUT_PERSONS)}
    assert belonging | set(ABOUT_OTHERS) == set(_tables())
    assert not belonging & set(ABOUT_OTHERS)


def test_what_is_kept_is_there_to_be_kept() -> None:
    tables = _tables()
    assert set(KEPT) <= {table.name for table in _belonging(*ABOUT_PERSONS)}
    for name, columns in KEPT.items():
        assert columns <= {c.name for c in tables[name].columns if _is_text(c)}, name


def test_erasing_an_application_forgets_every_column(ids: dict[str, str]) -> None:
    # Who takes part goes on being accompanied; who left is forgotten altogether.
    model.Session.query(Participant).update({"state": "withdrawn"})
    code = LateCode(cohort_id=ids["challenge_cohort"], code="ABCD", uses=1)
    model.Session.add(code)
    model.Session.flush()
    model.Session.query(Application).update({"late_code_id": code.id})
    subscription = Subscription(
        email="a@example.org", language="fr", cohort_id=ids["challenge_cohort"]
    )
    model.Session.add(subscription)
    model.Session.commit()
    marks = _plant(_belonging(*ABOUT_PERSONS), ids)
    marks.append(_mail_to_a_member(ids))
    assert _left(marks) == set(marks), "the test plants what it looks for"
    files = _files()
    assert len(files) == 2

    call_as(
        factories.Sysadmin(),
        "challenge_application_erase",
        id=ids["challenge_application"],
    )
    key = links.end_key(model.Session.query(Subscription).one())
    call_as(None, "challenge_subscription_delete", key=key)
    assert _left(marks) == set()
    assert not [path for path in files if path.exists()]


def test_the_archive_forgets_every_column_of_participants(ids: dict[str, str]) -> None:
    admin = factories.Sysadmin()
    for state in ("running", "finished", "archived"):
        call_as(
            admin, "challenge_cohort_transition", id=ids["challenge_cohort"], to=state
        )
    tables = [*_belonging("challenge_participant"), _tables()["challenge_late_code"]]
    marks = [*_plant(tables, ids), _mail_to_a_member(ids)]
    assert _left(marks) == set(marks), "the test plants what it looks for"
    files = _files()
    assert len(files) == 1

    # Of applications nothing is due: what is forgotten here belongs to the season.
    erasure.purge([], utcnow() + dt.timedelta(days=400))
    assert _left(marks) == set()
    assert not [path for path in files if path.exists()]
