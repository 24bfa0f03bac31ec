"""``ckan challenge participant``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.cli.cli import ckan
from factories import BAULE, collectivites, make_cohort

from ckanext.challenge.model import Participant

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def test_a_file_is_tried_then_imported_and_again(cli: Any, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        return cli.invoke(ckan, ["challenge", "participant", "import", *words])

    file = tmp_path / "liste.csv"
    file.write_text(f"SIREN;Courriel\n{BAULE};baule@example.org\n", encoding="utf-8")
    assert "--cohort" in run(str(file)).output
    collectivites()
    make_cohort()
    tried = run(str(file), "--dry-run")
    assert tried.exit_code == 0, tried.output
    assert "Row 2: Baule, new" in tried.output
    assert model.Session.query(Participant).count() == 0
    done = run(str(file), "--quiet")
    assert done.exit_code == 0, done.output
    assert model.Session.query(Participant).count() == 1
    assert "1 same" in run(str(file)).output
    file.write_text("SIREN;Courriel\n123456789;x\n", encoding="utf-8")
    for words in ((), ("--dry-run",)):
        wrong = run(str(file), *words)
        assert wrong.exit_code == 1
        assert "othing was stored" in wrong.output
    assert run(str(file), "--cohort", "inconnue").exit_code == 1
