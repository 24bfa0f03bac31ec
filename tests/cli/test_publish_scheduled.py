"""``ckan challenge publish-scheduled``."""

from __future__ import annotations

from typing import Any

import pytest
from ckan.cli.cli import ckan as ckan_command
from factories import make_cohort

from ckanext.challenge.model import Cohort

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

COMMAND = ["challenge", "publish-scheduled"]


def test_what_is_due_is_done_once(cli: Any) -> None:
    make_cohort("draft", scheduled_transitions=["open", "running"])
    first = cli.invoke(ckan_command, COMMAND)
    assert first.exit_code == 0, first.output
    assert first.output.splitlines()[-1] == "saison-2: draft → open"
    again = cli.invoke(ckan_command, COMMAND)
    assert again.exit_code == 0, again.output
    assert again.output.splitlines()[-1] == "No season is due."


def test_a_season_that_cannot_move_stops_no_other(
    cli: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_cohort("draft", scheduled_transitions=["open"])
    make_cohort("draft", name="autre", season=3, scheduled_transitions=["open"])
    from ckanext.challenge.cohorts import transitions  # noqa: PLC0415

    move = transitions.move

    def fails(cohort: Cohort, *args: Any, **options: Any) -> None:
        if cohort.name == "saison-2":
            raise RuntimeError("The disk is full")
        move(cohort, *args, **options)

    monkeypatch.setattr(transitions, "move", fails)
    result = cli.invoke(ckan_command, COMMAND)
    assert result.exit_code == 1
    assert "autre: draft → open" in result.output
    assert "saison-2 could not become open" in result.output
