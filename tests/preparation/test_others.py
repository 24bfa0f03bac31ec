"""Numbers of somebody else, in a table that names its publisher."""

from __future__ import annotations

import io
from typing import Any

import pytest
from ckan.tests import factories
from factories import POINCONNET, call_as, work_in_this_process
from helpers import sheets
from werkzeug.datastructures import FileStorage

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues", "storage"
)

OWN = "21450024100010"
OTHER = f"{POINCONNET}00012"
LABELS = [
    "COLL_NOM",
    "COLL_SIRET",
    "DELIB_ID",
    "DELIB_DATE",
    "DELIB_MATIERE_CODE",
    "DELIB_MATIERE_NOM",
    "DELIB_OBJET",
]
MATTER = "Finances locales/Décisions budgétaires"
#: The code of the same commune.
INSEE = "36159"
KEY = "COLL_SIRET:others"


def _rows(*numbers: str) -> list[list[str]]:
    return [
        ["Mairie", number, f"2025-{at:03}", "2025-03-11", "7.1", MATTER, "Vote"]
        for at, number in enumerate(numbers)
    ]


def _begin(editor: Any, organization: Any, rows: list[list[str]], **more: Any) -> Any:
    labels = LABELS if len(rows[0]) == len(LABELS) else [LABELS[0], *LABELS[2:]]
    found = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit="deliberations",
        upload=FileStorage(
            io.BytesIO(sheets.xlsx({"2025": [labels, *rows]})), "Registre.xlsx"
        ),
    )
    return _update(editor, found, **more) if more else found


def _update(editor: Any, found: Any, **more: Any) -> Any:
    return call_as(editor, "challenge_preparation_update", id=found["id"], **more)


def _publish(editor: Any, found: Any, **more: Any) -> tuple[dict[str, Any], str]:
    """Publish it: the dataset, and what the check says of its last file."""
    more = more or {"mode": "new"}
    done = call_as(editor, "challenge_preparation_publish", id=found["id"], **more)
    work_in_this_process()
    verdict = call_as(
        editor, "challenge_conformity_show", resource_id=done["resource_id"]
    )
    return call_as(editor, "package_show", id=done["dataset_id"]), verdict["status"]


def _questions(found: Any) -> dict[str, Any]:
    return {one["key"]: one for one in found["repairs"] if one["question"]}


def test_what_is_ready_is_valid_once_it_is_published(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization, _rows(OWN, OWN))
    assert found["state"] == "ready"
    dataset, verdict = _publish(editor, found)
    assert verdict == "valid"
    assert not dataset.get("published_for")


def test_who_publishes_for_others_says_it_once(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization, _rows(OWN, OTHER, OTHER))
    asked = _questions(found)[KEY]
    assert found["state"] == "to_mend"
    assert (asked["cells"], asked["applied"]) == (2, False)
    assert [one["before"] for one in asked["examples"]] == [OTHER]
    found = _update(editor, found, repairs={KEY: True})
    assert found["state"] == "ready", found["problems"]
    dataset, verdict = _publish(editor, found)
    assert verdict == "valid"
    assert dataset["published_for"] == POINCONNET
    assert _begin(editor, organization, _rows(OTHER))["state"] == "ready"


def test_who_is_known_by_one_number_is_known_by_the_other(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    dataset, _ = _publish(editor, _begin(editor, organization, _rows(OWN)))
    call_as(editor, "package_patch", id=dataset["id"], published_for=INSEE)
    found = _begin(editor, organization, _rows(OTHER))
    assert found["state"] == "ready"
    dataset, verdict = _publish(editor, found)
    assert (dataset["published_for"], verdict) == (POINCONNET, "valid")


def test_whose_file_it_is_not_has_its_cells_corrected(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization, _rows(OWN, OTHER), repairs={KEY: False})
    assert found["state"] == "to_mend"
    (problem,) = found["problems"]
    assert (problem["row"], problem["field"]) == (2, "COLL_SIRET")
    edit = {"row": 2, "field": "COLL_SIRET", "value": OWN}
    assert _update(editor, found, edits=[edit])["state"] == "ready"


def test_a_number_for_all_rows_is_corrected_once(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    rows = [[row[0], *row[2:]] for row in _rows(*[OWN] * 3)]
    found = _begin(editor, organization, rows, constants={"COLL_SIRET": OTHER})
    assert found["state"] == "to_mend"
    assert _questions(found)[KEY]["cells"] == 3
    found = _update(editor, found, repairs={KEY: False})
    assert found["state"] == "to_match"
    told = {one["name"]: one["problem"] for one in found["fields"]}
    assert OTHER in told.pop("COLL_SIRET")
    assert not any(told.values())
    assert found["problems"] == []
    found = _update(editor, found, constants={"COLL_SIRET": "2145"})
    assert found["state"] == "to_match"
    found = _update(editor, found, constants={"COLL_SIRET": OWN})
    assert found["state"] == "ready"


def test_a_dataset_that_is_there_says_for_whom_more(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    dataset, _ = _publish(editor, _begin(editor, organization, _rows(OWN)))
    call_as(editor, "package_patch", id=dataset["id"], published_for="244500468")
    found = _begin(editor, organization, _rows(OTHER), repairs={KEY: True})
    dataset, verdict = _publish(editor, found, mode="add", dataset=dataset["id"])
    assert verdict == "valid"
    assert dataset["published_for"] == f"{POINCONNET},244500468"
    assert len(dataset["resources"]) == 2


def test_of_an_organization_that_is_not_known_nothing_is_asked() -> None:
    editor = factories.User()
    organization = factories.Organization(
        users=[{"name": editor["name"], "capacity": "editor"}]
    )
    assert _begin(editor, organization, _rows(OTHER))["state"] == "ready"
