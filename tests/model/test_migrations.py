"""The migrations make the tables that the models declare, and unmake them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from ckan import model
from ckan.cli.cli import ckan
from ckan.model import ensure_engine
from ckan.tests import factories

from ckanext.challenge.model import (
    Award,
    Cohort,
    Conformity,
    Mail,
    Participant,
    StepStatus,
    Subscription,
    Visit,
)
from ckanext.challenge.model.base import utcnow
from portal.paths import ROOT

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def tables_again(cli: Any) -> Iterator[None]:
    """Whatever the test does, the others find their tables."""
    yield
    cli.invoke(ckan, ["db", "upgrade", "-p", "challenge"])


def _tables() -> set[str]:
    model.Session.rollback()
    names = sa.inspect(ensure_engine()).get_table_names()
    return {
        name
        for name in names
        if name.startswith("challenge_") and not name.endswith("alembic_version")
    }


def test_the_tables_are_those_of_the_models() -> None:
    def ours(obj: Any, name: str, type_: str, reflected: bool, other: Any) -> bool:
        table = name if type_ == "table" else obj.table.name
        return table.startswith("challenge_") and "alembic" not in table

    with ensure_engine().connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": ours, "compare_type": True}
        )
        differences = compare_metadata(context, model.meta.metadata)
    # PostgreSQL's own indexes on expressions cannot be compared.
    assert [
        found
        for found in differences
        if not (isinstance(found, tuple) and "index" in found[0])
    ] == []


@pytest.mark.usefixtures("tables_again")
def test_down_to_nothing_and_up_again(cli: Any) -> None:
    before = _tables()
    assert "challenge_cohort" in before
    down = cli.invoke(ckan, ["db", "downgrade", "-p", "challenge"])
    assert down.exit_code == 0, down.output
    assert _tables() == set()
    indexes = sa.inspect(ensure_engine()).get_indexes("package")
    assert not any("challenge" in str(index["name"]) for index in indexes)
    up = cli.invoke(ckan, ["db", "upgrade", "-p", "challenge"])
    assert up.exit_code == 0, up.output
    assert _tables() == before


#: Of each migration that portals may have run: a change is a new one.
FROZEN = {
    "0001_tables.py": (
        "27f604082fb2389779a978a4bef869696739c8c7d528aaa6db265b330bc228b0"
    ),
    "0002_the_way_in.py": (
        "9101264024c930054bc0870d346930c77a1b4a161ae93e5e33d76f65be7692f6"
    ),
    "0003_step_by_step.py": (
        "5d261e0c0fe0e1188adb499d5e2f2ee3f3a94bf675b0e9ff6e8570a403b1e2b6"
    ),
    "0004_proven_badges.py": (
        "88e040abf8bcce4d6c292eab521d0280d10a8bee7ceef2e9bcfdc86615dd10e2"
    ),
    "0005_judgements.py": (
        "f8ec1c15e1319409be7b0a56dd769274e08e16d426ac6c83ec0e1ab25513de95"
    ),
}


def test_migrations_are_frozen() -> None:
    folder = ROOT / "ckanext/challenge/migration/challenge/versions"
    assert {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in FROZEN
    } == FROZEN


#: What the first form of 0004 did not do.
_AS_FIRST = """
ALTER TABLE challenge_mail DROP COLUMN subscription_id;
ALTER TABLE challenge_signing_key DROP COLUMN compromised_at;
DROP TABLE challenge_status_list;
ALTER TABLE challenge_step_status DROP CONSTRAINT challenge_step_status_pkey;
ALTER TABLE challenge_step_status ADD CONSTRAINT challenge_step_once
    UNIQUE (participant_id, step);
ALTER TABLE challenge_step_status ADD COLUMN id text PRIMARY KEY;
"""


@pytest.mark.usefixtures("tables_again")
@pytest.mark.parametrize("early", [True, False])
def test_a_database_of_the_first_0004_is_mended(cli: Any, early: bool) -> None:
    _migrate(cli, "downgrade", "-v", "0005")
    if early:
        with ensure_engine().begin() as connection:
            connection.exec_driver_sql(_AS_FIRST)
    _migrate(cli, "upgrade")
    test_the_tables_are_those_of_the_models()
    inspector = sa.inspect(ensure_engine())
    indexes = {row["name"] for row in inspector.get_indexes("challenge_mail")}
    assert "challenge_mail_subscription_idx" in indexes
    key = inspector.get_pk_constraint("challenge_step_status")["constrained_columns"]
    assert key == ["participant_id", "step"]


def _stored() -> dict[str, list[dict[str, Any]]]:
    """What the database holds of a participant, whatever its columns are."""
    with ensure_engine().connect() as connection:
        return {
            table: [
                {name: value for name, value in row.items() if name != "id"}
                for row in connection.execute(
                    sa.text(f"SELECT * FROM {table} ORDER BY {key}")
                ).mappings()
            ]
            for table, key in (
                ("challenge_step_status", "participant_id, step"),
                ("challenge_award", "id"),
            )
        }


def _kinds_of_mail() -> list[str]:
    with ensure_engine().connect() as connection:
        found = connection.execute(sa.text("SELECT kind FROM challenge_mail"))
        return sorted(row.kind for row in found)


def _migrate(cli: Any, *arguments: str) -> None:
    done = cli.invoke(ckan, ["db", *arguments, "-p", "challenge"])
    assert done.exit_code == 0, done.output


@pytest.mark.usefixtures("tables_again")
def test_rows_survive_the_proven_badges_both_ways(cli: Any) -> None:
    organization, user = factories.Organization(), factories.User()
    cohort = Cohort(name="saison-2", title="Saison 2", programme="saison", season=2)
    subscription = Subscription(
        email="lectrice@example.org", language="fr", badge="engagee"
    )
    model.Session.add_all((cohort, subscription))
    model.Session.flush()
    participant = Participant(cohort_id=cohort.id, organization_id=organization["id"])
    model.Session.add(participant)
    model.Session.flush()
    model.Session.add_all(
        (
            StepStatus(
                participant_id=participant.id,
                step="elu-referent",
                state="done",
                source="person",
                note="Élue depuis mars.",
            ),
            StepStatus(
                participant_id=participant.id,
                step="premier-jeu",
                source="catalog",
                value=0,
                target=1,
                why_not=[{"measure": "datasets_public", "datasets": []}],
            ),
            Award(
                badge="engagee",
                programme="saison",
                programme_version=1,
                organization_id=organization["id"],
                cohort_id=cohort.id,
                source="catalog",
            ),
            Mail(kind="reminder", user_id=user["id"]),
            Mail(kind="award_at_risk", user_id=user["id"]),
            Mail(kind="award_earned", user_id=user["id"], state="sent"),
            Mail(kind="subscription", subscription_id=subscription.id),
            Mail(kind="subscription_news", subscription_id=subscription.id),
        )
    )
    model.Session.commit()
    model.Session.remove()
    before = _stored()
    assert [row["step"] for row in before["challenge_step_status"]] == [
        "elu-referent",
        "premier-jeu",
    ]

    _migrate(cli, "downgrade", "-v", "0003")
    assert _stored() == before
    with ensure_engine().connect() as connection:
        ids = connection.execute(sa.text("SELECT id FROM challenge_step_status"))
        assert len({row.id for row in ids}) == len(before["challenge_step_status"])
    assert _kinds_of_mail() == ["reminder"], "those alone that the old code can send"

    _migrate(cli, "upgrade")
    assert _stored() == before
    assert _kinds_of_mail() == ["reminder"]
    assert "challenge_credential" in _tables()


@pytest.mark.usefixtures("tables_again")
def test_files_that_name_a_publisher_are_checked_again(cli: Any) -> None:
    _migrate(cli, "downgrade", "-v", "0008")
    # Those that named a publisher when the migration was written.
    names = "budget catalogue deliberations equipements prenoms subventions"
    concerned = {f"scdl/{name}" for name in names.split()}
    now, owner = utcnow(), factories.Organization()["id"]
    for name in (*sorted(concerned), "etalab/schema-irve-statique"):
        dataset = factories.Dataset(
            owner_org=owner, resources=[{"url": "https://example.org/a.csv"}]
        )
        model.Session.add(
            Conformity(
                resource_id=dataset["resources"][0]["id"],
                schema=name,
                status="valid",
                checked_at=now,
            )
        )
    model.Session.commit()
    model.Session.remove()
    _migrate(cli, "upgrade")
    rows = model.Session.query(Conformity.schema, Conformity.checked_at)
    assert {schema for schema, checked in rows if checked is None} == concerned
    # What was found counts until there is another verdict.
    assert {row[0] for row in model.Session.query(Conformity.status)} == {"valid"}


@pytest.mark.usefixtures("tables_again")
def test_visits_of_before_are_done_or_planned(cli: Any) -> None:
    """What was noted keeps its days; a day to come was planned. And back again."""
    cohort = Cohort(name="saison-2", title="Saison 2", programme="saison", season=2)
    model.Session.add(cohort)
    model.Session.flush()
    participant = Participant(
        cohort_id=cohort.id, organization_id=factories.Organization()["id"]
    )
    model.Session.add(participant)
    model.Session.flush()
    participant_id = participant.id
    model.Session.commit()
    model.Session.remove()
    _migrate(cli, "downgrade", "-v", "0018")
    with ensure_engine().begin() as connection:
        for id_, days, ahead in (("a", "1.5", -3), ("b", "0.5", 3)):
            connection.execute(
                sa.text(
                    "INSERT INTO challenge_visit (id, participant_id, date, days, "
                    "topic, created_at, updated_at) VALUES (:id, :whose, "
                    "CURRENT_DATE + :ahead, CAST(:days AS numeric), '', now(), now())"
                ),
                {"id": id_, "whose": participant_id, "ahead": ahead, "days": days},
            )
    _migrate(cli, "upgrade")
    rows = model.Session.query(Visit).order_by(Visit.id).all()
    assert [(row.state, float(row.counted), row.kind) for row in rows] == [
        ("done", 1.5, "on_site"),
        ("planned", 0.5, "on_site"),
    ]
    rows[0].state = "cancelled"
    model.Session.commit()
    model.Session.remove()
    _migrate(cli, "downgrade", "-v", "0018")
    with ensure_engine().connect() as connection:
        left = connection.execute(sa.text("SELECT id FROM challenge_visit"))
        assert [row.id for row in left] == ["b"], "what is cancelled takes no day"
