"""The migrations make the tables that the models declare, and unmake them."""

from __future__ import annotations

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
    Mail,
    Participant,
    StepStatus,
    Subscription,
)

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
