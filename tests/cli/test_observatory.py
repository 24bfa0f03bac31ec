"""``ckan challenge observatory``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ckan import model
from ckan.cli.cli import ckan
from factories import BAULE
from helpers.region import make_region, make_town

from ckanext.challenge.model import Elsewhere, ObservatorySnapshot, Observed

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _run(cli: Any, *words: str) -> Any:
    done = cli.invoke(ckan, ["challenge", *words])
    model.Session.remove()
    return done


def test_figures_are_written_and_kept_once_a_month(cli: Any) -> None:
    make_region()
    make_town(BAULE, 1)
    done = _run(cli, "observatory", "refresh")
    assert done.exit_code == 0, done.output
    assert "1 organizations with a SIREN, 5 collectivités changed" in done.output
    done = _run(cli, "observatory", "snapshot")
    assert "sets of figures" in done.output
    assert model.Session.query(ObservatorySnapshot).count() > 5
    assert "kept already" in _run(cli, "observatory", "snapshot").output


def test_the_nightly_command_does_both(cli: Any) -> None:
    make_region()
    done = _run(cli, "evaluate", "--all")
    assert done.exit_code == 0, done.output
    assert model.Session.query(Observed).count() == 5
    assert model.Session.query(ObservatorySnapshot).count() > 5


def test_a_file_is_imported_or_told_what_is_wrong(cli: Any, tmp_path: Path) -> None:
    make_region()
    file = tmp_path / "ailleurs.csv"
    file.write_text(f"siren,count,source,date\n{BAULE},2,x,2026-01-01\n", "utf-8")
    dry = _run(cli, "observatory", "import", str(file), "--dry-run")
    assert "1 new, 0 changed" in dry.output
    assert model.Session.query(Elsewhere).count() == 0
    done = _run(cli, "observatory", "import", str(file))
    assert done.exit_code == 0, done.output
    assert model.Session.query(Elsewhere).count() == 1
    file.write_text("siren,count,source,date\n1,2,x,2026-01-01\n", "utf-8")
    wrong = _run(cli, "observatory", "import", str(file))
    assert wrong.exit_code == 1
    assert "Row 2: “1” is not a SIREN" in wrong.output
    file.write_bytes(b"\xff\xfe")
    assert "UTF-8" in _run(cli, "observatory", "import", str(file)).output
