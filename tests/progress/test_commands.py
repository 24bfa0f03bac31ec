"""The command line, and programme files as a portal configures them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ckan.cli.cli import ckan as ckan_command
from participation import Join, publish, states

from ckanext.challenge import measures, programmes
from ckanext.challenge.domain.programme import ProgrammeError
from ckanext.challenge.model import Cohort, Participant

SMALL: dict[str, Any] = {
    "version": 1,
    "title": {"fr": "Petit"},
    "phases": [{"key": "a", "title": {"fr": "A"}}],
    "steps": [
        {"key": "s", "phase": "a", "title": {"fr": "S"}, "check": {"person": {}}}
    ],
}


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def do(name: str, content: Any) -> str:
        path = tmp_path / name
        text = content if isinstance(content, str) else yaml.safe_dump(content)
        path.write_text(text, "utf-8")
        return str(path)

    return do


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

    def test_a_failure_is_no_success(
        self, cli: Any, cohort: Cohort, join: Join, organization: dict[str, Any]
    ) -> None:
        from ckan import model  # noqa: PLC0415

        join(cohort, organization["id"])
        cohort.programme = "autrefois"
        model.Session.commit()
        result = cli.invoke(ckan_command, ["challenge", "evaluate", "--all"])
        assert result.exit_code == 1
        assert "there is no programme autrefois" in result.output


@pytest.mark.usefixtures("with_plugins")
class TestProgrammes:
    def test_the_shipped_one(self, cli: Any) -> None:
        assert programmes.names() == ("saison",)
        assert programmes.get("saison").measures <= measures.registry().keys()
        assert len(programmes.get("saison").kits) >= 8
        result = cli.invoke(ckan_command, ["challenge", "programme", "list"])
        assert result.exit_code == 0, result.output
        assert "saison version 1: 3 phases, 16 steps, 9 badges" in result.output

    def test_a_right_file(self, cli: Any, write: Any) -> None:
        path = write("petit.yaml", SMALL)
        result = cli.invoke(ckan_command, ["challenge", "programme", "check", path])
        assert result.exit_code == 0, result.output
        assert "petit version 1" in result.output

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            ("a: [1", ["line 1", "expected YAML"]),
            ("version: 1\nversion: 2\n", ["line 2", "the key version stands twice"]),
            ("a: &x [*x]", ["unknown key a"]),
            ("", ["(the whole file)", "expected a mapping"]),
            ("- 1", ["expected a mapping"]),
            ("\x00", ["expected YAML"]),
            (
                {**SMALL, "steps": [{**SMALL["steps"][0], "phase": "b"}]},
                ["steps[0].phase", "unknown phase b, expected one of: a"],
            ),
            (
                {
                    **SMALL,
                    "steps": [
                        {
                            **SMALL["steps"][0],
                            "check": {"catalog": {"measure": "likes", "at_least": 1}},
                        }
                    ],
                },
                ["steps[0].check.catalog.measure", "unknown measure likes"],
            ),
            (
                {**SMALL, "kits": "ckanext.challenge:programmes/none.yaml"},
                ["programmes/none.yaml", "no such file"],
            ),
        ],
    )
    def test_a_wrong_file_is_told_without_a_traceback(
        self, cli: Any, write: Any, content: Any, words: list[str]
    ) -> None:
        path = write("faux.yaml", content)
        result = cli.invoke(ckan_command, ["challenge", "programme", "check", path])
        assert result.exit_code == 1, result.output
        assert "Traceback" not in result.output
        for word in words:
            assert word in result.output

    def test_no_file_and_no_text(self, cli: Any, tmp_path: Path) -> None:
        check = ["challenge", "programme", "check"]
        for path in (tmp_path / "none.yaml", tmp_path, "no.such.module:a.yaml"):
            result = cli.invoke(ckan_command, [*check, str(path)])
            assert result.exit_code == 1, result.output
        (tmp_path / "latin.yaml").write_bytes("é".encode("latin-1"))
        result = cli.invoke(ckan_command, [*check, str(tmp_path / "latin.yaml")])
        assert result.exit_code == 1
        assert "expected UTF-8" in result.output

    def test_what_the_portal_configures(
        self, ckan_config: Any, monkeypatch: pytest.MonkeyPatch, write: Any
    ) -> None:
        own = write("petit.yaml", SMALL)
        shipped = "ckanext.challenge:programmes/saison.yaml"
        key = "ckanext.challenge.programmes"
        monkeypatch.setitem(ckan_config, key, [shipped, own])
        assert programmes.names() == ("saison", "petit")
        assert programmes.get("petit").steps[0].key == "s"
        with pytest.raises(KeyError):
            programmes.get("autre")
        monkeypatch.setitem(ckan_config, key, [shipped, own, write("p.yaml", SMALL)])
        assert programmes.names() == ("saison", "petit", "p")
        twin = write("q.yaml", {**SMALL, "name": "petit"})
        monkeypatch.setitem(ckan_config, key, [shipped, own, twin])
        with pytest.raises(ProgrammeError, match="petit is the name of"):
            programmes.all()
