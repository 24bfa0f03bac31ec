"""``ckan challenge schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ckan.cli.cli import ckan

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

BENCHES = {"name": "bancs", "title": "Bancs", "fields": [{"name": "id"}]}


def test_a_schema_is_added_listed_and_removed(cli: Any, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return cli.invoke(ckan, ["challenge", "schema", *words])

    assert "none" in run("list").output
    file = tmp_path / "bancs.json"
    file.write_text(json.dumps(BENCHES), encoding="utf-8")
    added = run("add", str(file))
    assert added.exit_code == 0, added.output
    assert "local/bancs: Bancs (1 fields)" in added.output
    again = run("add", str(file))
    assert again.exit_code == 1
    assert "already" in again.output
    assert run("add", str(file), "--replace").exit_code == 0
    assert run("add", str(file), "--id", "loiret/bancs").exit_code == 0
    assert "loiret/bancs: Bancs" in run("list").output
    assert "scdl/deliberations" in run("list", "--all").output
    assert run("remove", "local/bancs").exit_code == 0
    assert run("remove", "local/bancs").exit_code == 1
    file.write_text("{", encoding="utf-8")
    broken = run("add", str(file))
    assert broken.exit_code == 1
    assert "JSON" in broken.output
    file.write_bytes(b"\xff")
    assert "UTF-8" in run("add", str(file)).output
    assert run("add", str(tmp_path / "nowhere.json")).exit_code == 2


def test_what_commands_list_is_for_programs_too(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ckan_config: Any
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.keys_path", str(tmp_path))

    def listed(*words: str) -> list[dict[str, Any]]:
        output = cli.invoke(ckan, ["challenge", *words, "--format", "json"]).stdout
        # Without a key the command ends with an error, which is told on another stream:
        # an older Click has both in one.
        found, _ = json.JSONDecoder().raw_decode(output)
        return found

    assert listed("schema", "list") == []
    assert "scdl/deliberations" in {
        one["id"] for one in listed("schema", "list", "--all")
    }
    assert listed("mail", "list") == []
    assert listed("keys", "list") == []
    (one, *_) = listed("programme", "list")
    assert {"name", "version", "title", "steps", "badges"} <= one.keys()
    wrong = cli.invoke(ckan, ["challenge", "mail", "list", "--format", "xml"])
    assert wrong.exit_code == 2
