"""The reference of the API: complete, valid for others, and with calls that work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan.cli.cli import ckan as ckan_command
from factories import call_as
from helpers.browser import Browser, World
from openapi_spec_validator import OpenAPIV31SpecValidator

from ckanext.challenge.plugin import all_actions

DOCS = Path(__file__).parents[3] / "docs" / "api.md"

pytestmark = pytest.mark.usefixtures("with_plugins")


@pytest.fixture
def found() -> dict[str, Any]:
    return tk.get_action("challenge_reference_show")({"user": ""}, {})


def test_every_action_is_described(found: dict[str, Any]) -> None:
    assert {one["name"] for one in found["actions"]} == set(all_actions())
    for one in found["actions"]:
        assert one["summary"].endswith("."), one["name"]
        for parameter in one["parameters"]:
            assert parameter["text"], (one["name"], parameter)


def test_what_reads_is_asked_by_get_and_what_changes_is_not(
    found: dict[str, Any],
) -> None:
    paths = found["openapi"]["paths"]
    assert set(paths["/api/3/action/challenge_cohort_list"]) == {"get", "post"}
    assert set(paths["/api/3/action/challenge_cohort_create"]) == {"post"}
    upload = paths["/api/3/action/challenge_preparation_create"]["post"]
    assert "multipart/form-data" in upload["requestBody"]["content"]


def test_the_document_is_valid(found: dict[str, Any]) -> None:
    document = json.loads(json.dumps(found["openapi"]))
    assert [str(e) for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_the_file_of_the_documentation_is_that_of_the_code(cli: Any) -> None:
    result = cli.invoke(ckan_command, ["challenge", "reference"])
    assert result.exit_code == 0
    told = result.output[result.output.index("# The API") :]
    assert told == DOCS.read_text(), "ckan challenge reference > docs/api.md"


def test_a_program_reads_the_document(browser: Callable[..., Browser]) -> None:
    shown = browser().get("/challenge/api.json")
    assert shown.get_json()["openapi"] == "3.1.0"


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_names_every_action(
    browser: Callable[..., Browser], language: str
) -> None:
    shown = browser().get(f"/{language}/challenge/api").get_data(as_text=True)
    for name in all_actions():
        assert f'id="{name}"' in shown


def test_the_examples_work(world: World, found: dict[str, Any]) -> None:
    assert world.cohort["name"] == "saison-2"
    for one in found["examples"]:
        query = one.get("query", {})
        if "organization" in query:
            # The one of the demonstration is not in the world of the tests.
            query = {**query, "organization": world.participant["organization_name"]}
        answer = call_as({"name": ""}, one["action"], **query)
        assert answer.get("results") or answer.get("collectivite"), one["action"]
