"""``ckan challenge doctor``: what is wrong, what mends it, and the status."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ckan.cli.cli import ckan as ckan_command

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_queues")


def _run(cli: Any, *options: str) -> Any:
    result = cli.invoke(ckan_command, ["challenge", "doctor", *options])
    assert "Traceback" not in result.output
    return result


def test_what_is_wrong_is_told_first_with_the_line_that_mends_it(cli: Any) -> None:
    result = _run(cli)
    # Nobody works at the queues of the tests.
    assert result.exit_code == 1
    assert "→ ckan jobs worker default challenge-conformity" in result.output
    assert result.output.splitlines()[0].startswith("Wrong")
    assert "“challenge” stands before" not in result.output
    assert "“challenge” stands before" in _run(cli, "--all").output


def test_a_program_reads_it(cli: Any) -> None:
    result = _run(cli, "--format", "json")
    found = json.loads(result.output[result.output.index("{") :])
    assert found["verdict"] == "wrong"
    assert {"check", "verdict", "text", "remedy"} <= set(found["results"][0])


def test_a_format_that_does_not_exist_is_refused(cli: Any) -> None:
    result = _run(cli, "--format", "yaml")
    assert result.exit_code == 2
    assert "'text', 'json'" in result.output
