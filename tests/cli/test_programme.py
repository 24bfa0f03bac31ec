"""`ckan challenge programme`, and programme files as a portal configures them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ckan.cli.cli import ckan as ckan_command

from ckanext.challenge import measures, programmes
from ckanext.challenge.domain.programme import ProgrammeError

pytestmark = pytest.mark.usefixtures("with_plugins")

SHIPPED = [
    "ckanext.challenge:programmes/saison.yaml",
    "ckanext.challenge:programmes/decouverte.yaml",
]
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


def test_the_shipped_ones(cli: Any) -> None:
    assert programmes.names() == ("saison", "decouverte")
    for programme in programmes.all():
        assert programme.measures <= measures.registry.known().keys()
        assert not programmes.advise(programme)
    assert len(programmes.get("saison").kits) >= 8
    result = cli.invoke(ckan_command, ["challenge", "programme", "list"])
    assert result.exit_code == 0, result.output
    assert "saison version 3: 3 phases, 16 steps, 9 badges" in result.output
    assert "decouverte version 2: 3 phases, 5 steps, 3 badges" in result.output


def test_a_right_file(cli: Any, write: Any) -> None:
    path = write("petit.yaml", SMALL)
    result = cli.invoke(ckan_command, ["challenge", "programme", "check", path])
    assert result.exit_code == 0, result.output
    assert "petit version 1" in result.output
    assert f"Warning: {path}:12: title: no text in en" in result.output
    strict = cli.invoke(
        ckan_command, ["challenge", "programme", "check", "--strict", path]
    )
    assert strict.exit_code == 1


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
    cli: Any, write: Any, content: Any, words: list[str]
) -> None:
    path = write("faux.yaml", content)
    result = cli.invoke(ckan_command, ["challenge", "programme", "check", path])
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.output


def test_no_file_and_no_text(cli: Any, tmp_path: Path) -> None:
    check = ["challenge", "programme", "check"]
    for path in (tmp_path / "none.yaml", tmp_path, "no.such.module:a.yaml"):
        result = cli.invoke(ckan_command, [*check, str(path)])
        assert result.exit_code == 1, result.output
    (tmp_path / "latin.yaml").write_bytes("é".encode("latin-1"))
    result = cli.invoke(ckan_command, [*check, str(tmp_path / "latin.yaml")])
    assert result.exit_code == 1
    assert "expected UTF-8" in result.output


def test_what_the_portal_configures(
    ckan_config: Any, monkeypatch: pytest.MonkeyPatch, write: Any
) -> None:
    own = write("petit.yaml", SMALL)
    key = "ckanext.challenge.programmes"
    monkeypatch.setitem(ckan_config, key, [*SHIPPED, own])
    assert programmes.names() == ("saison", "decouverte", "petit")
    assert programmes.get("petit").steps[0].key == "s"
    with pytest.raises(KeyError):
        programmes.get("autre")
    monkeypatch.setitem(ckan_config, key, [*SHIPPED, own, write("p.yaml", SMALL)])
    assert programmes.names() == ("saison", "decouverte", "petit", "p")
    twin = write("q.yaml", {**SMALL, "name": "petit"})
    monkeypatch.setitem(ckan_config, key, [*SHIPPED, own, twin])
    with pytest.raises(ProgrammeError, match="petit is the name of"):
        programmes.all()


NEWCOMER = """\
version: 1
title: {fr: Essai, en: Trial}
phases:
  - key: mobiliser
    title: {fr: Mobiliser, en: Mobilise}
steps:
  - key: publier
    phase: mobilser
    title: {fr: Publiez, en: Publish}
    check:
      catalog: {measure: dataset_public, at_least: 1}
badges:
  - key: fini
    title: {fr: Fini, en: Done}
    description: {fr: Fini, en: Done}
    criteria: {step: publié}
kits:
  file: ckanext.challenge:programmes/kits.yaml
  only: [prenom]
"""


def test_a_newcomer_who_mistypes(cli: Any, write: Any) -> None:
    check = ["challenge", "programme", "check"]
    path = write("essai.yaml", NEWCOMER)
    result = cli.invoke(ckan_command, [*check, path])
    assert result.exit_code == 1
    # The letter with an accent is told first: it breaks the form of the file.
    assert f"{path}:16: badges[0].criteria.step: " in result.output
    path = write("essai.yaml", NEWCOMER.replace("publié", "publie"))
    result = cli.invoke(ckan_command, [*check, path])
    assert result.exit_code == 1
    for told in (
        "4 problems",
        f"{path}:8: steps[0].phase: unknown phase mobilser (did you mean mobiliser?)",
        f"{path}:11: steps[0].check.catalog.measure: unknown measure dataset_public "
        "(did you mean datasets_public?)",
        f"{path}:16: badges[0].criteria.step: unknown step publie (did you mean "
        "publier?)",
        f"{path}:19: kits.only[0]: unknown kit prenom (did you mean prenoms?)",
    ):
        assert told in result.output


def test_a_programme_in_short(cli: Any) -> None:
    show = ["challenge", "programme", "show"]
    result = cli.invoke(ckan_command, [*show, "decouverte"])
    assert result.exit_code == 0, result.output
    assert "premier-jeu: Publiez ce jeu de données (catalog, required" in result.output
    assert "Kits: deliberations, subventions, equipements, dae" in result.output
    result = cli.invoke(ckan_command, [*show, "autre"])
    assert result.exit_code == 1
    assert "there are: saison, decouverte" in result.output
