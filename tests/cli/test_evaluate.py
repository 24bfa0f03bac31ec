"""`ckan challenge evaluate`."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as ckan_command
from ckan.model import ensure_engine
from ckan.tests import factories
from helpers.progress import Join, publish, states

from ckanext.challenge.cli import evaluate as command
from ckanext.challenge.common import runs
from ckanext.challenge.model import Cohort, Participant


@pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")
class TestEvaluate:
    def test_one_organization(
        self, cli: Any, participant: Participant, organization: dict[str, Any]
    ) -> None:
        publish(organization["id"])
        result = cli.invoke(
            ckan_command,
            ["challenge", "evaluate", "--organization", organization["name"]],
        )
        assert result.exit_code == 0, result.output
        assert "1 organizations" in result.output
        assert states(participant.id)["premier-jeu"] == "done"

    @pytest.mark.parametrize("asked", [["--all"], ["--cohort", "saison-2"]])
    def test_many(
        self,
        cli: Any,
        participant: Participant,
        organization: dict[str, Any],
        asked: list[str],
    ) -> None:
        publish(organization["id"])
        result = cli.invoke(ckan_command, ["challenge", "evaluate", *asked])
        assert result.exit_code == 0, result.output
        assert states(participant.id)["premier-jeu"] == "done"

    @pytest.mark.parametrize(
        ("asked", "words"),
        [
            ([], "Give one of"),
            (["--all", "--cohort", "x"], "Give one of"),
            (["--cohort", "nulle-part"], "There is no cohort nulle-part"),
            (["--organization", "personne"], "There is no organization personne"),
        ],
    )
    def test_what_is_asked_wrongly(
        self, cli: Any, cohort: Cohort, asked: list[str], words: str
    ) -> None:
        result = cli.invoke(ckan_command, ["challenge", "evaluate", *asked])
        assert result.exit_code != 0
        assert words in result.output

    def test_an_organization_that_fails_keeps_no_other_waiting(
        self, cli: Any, cohort: Cohort, join: Join, participant: Participant
    ) -> None:
        bad = factories.Organization()
        others = [join(cohort, factories.Organization()["id"]) for _ in range(3)]
        for each in (*others, participant):
            publish(each.organization_id)
        model.Session.remove()
        with ensure_engine().begin() as connection:
            connection.exec_driver_sql(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
                " BEGIN RAISE EXCEPTION 'broken'; END $$"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON challenge_standing"
                f" FOR EACH ROW WHEN (NEW.organization_id = '{bad['id']}')"
                " EXECUTE FUNCTION refuse()"
            )
        try:
            result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
        finally:
            model.Session.remove()
            with ensure_engine().begin() as connection:
                connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")
        assert result.exit_code == 1
        assert f"organization {bad['id']}" in result.output
        assert "5 organizations, 4 of them judged" in result.output
        for each in (*others, participant):
            assert states(each.id)["premier-jeu"] == "done"

    def test_a_failure_is_no_success(
        self, cli: Any, cohort: Cohort, join: Join, organization: dict[str, Any]
    ) -> None:
        join(cohort, organization["id"])
        cohort.programme = "autrefois"
        model.Session.commit()
        result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
        assert result.exit_code == 1
        assert "there is no programme autrefois" in result.output


@pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")
@pytest.mark.parametrize("part", ["observatory.nightly", "opened_mails.tell"])
def test_a_part_that_fails_keeps_no_other(
    cli: Any, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    def fail() -> None:
        model.Session.execute(sa.text("SELECT 1 / 0"))

    signed: list[bool] = []
    monkeypatch.setattr(command, "_sign", lambda: (signed.append(True), ())[1])
    with monkeypatch.context() as broken:
        broken.setattr(f"ckanext.challenge.cli.evaluate.{part}", fail)
        result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
    assert result.exit_code == 1
    assert ": DataError" in result.output
    assert signed == [True]
    assert list(runs.all_of_them()) == ["evaluate"]
    assert runs.failures() == ["evaluate"]
    again = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
    assert again.exit_code == 0, again.output
    assert runs.failures() == []


@pytest.mark.usefixtures("clean_db", "clean_index", "redis_is_empty")
def test_what_another_node_evaluates_is_left_to_it(cli: Any) -> None:
    with runs.alone("evaluate") as nobody_else:
        assert nobody_else
        result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
    assert result.exit_code == 0
    assert "left to it" in result.output
    assert "evaluate" not in runs.all_of_them()
    again = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
    assert "judged" in again.output
    assert "evaluate" in runs.all_of_them()
