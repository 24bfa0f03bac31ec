"""From a spreadsheet to a published file, through the actions."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import io
import json
import threading
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.lib import jobs as rq_jobs
from ckan.lib import uploader
from ckan.tests import factories
from factories import call_as, collectivites, work_in_this_process
from helpers import kept, sheets
from helpers.strangers import marked, read_own_licences, renamed
from werkzeug.datastructures import FileStorage

from ckanext.challenge.common import file_store
from ckanext.challenge.model import Preparation, PreparationMemory
from ckanext.challenge.model.base import utcnow
from ckanext.challenge.preparation import action, jobs, kits
from ckanext.challenge.privacy import erasure

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues", "storage"
)

KIT = "subventions"
SIRET = "21450024100010"
TABLE = [
    ["Subventions versées en 2025"],
    [],
    ["Association", "RNA", "Objet", "Montant voté (€)", "Nature", "Versement", "Date"],
    [
        "Harmonie municipale",
        "W451000001",
        "Concerts",
        "1 500,00 €",
        "aide en numéraire",
        "unique",
        dt.date(2025, 3, 12),
    ],
    [
        "Sports pour tous",
        "W451000002",
        "Tournoi",
        "320,50 €",
        "Aide en numéraire",
        "unique",
        dt.date(2025, 4, 2),
    ],
    ["Total", "", "", "1 820,50 €"],
]
CONSTANTS = {
    "nomAttribuant": "Commune de Baule",
    "idAttribuant": SIRET,
    "datesPeriodeVersement": "2025-01-01/2025-12-31",
    "notificationUE": "non",
    "pourcentageSubvention": "1",
}


def _upload(content: bytes, name: str = "Subventions.xlsx") -> FileStorage:
    return FileStorage(io.BytesIO(content), name)


def _begin(
    editor: dict[str, Any], organization: dict[str, Any], rows: Any = None
) -> dict[str, Any]:
    content = sheets.xlsx({"2025": rows or TABLE})
    return call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit=KIT,
        upload=_upload(content),
    )


def _finish(editor: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Say all that is asked."""
    answers: dict[str, Any] = {"constants": CONSTANTS}
    answers["mapping"] = {
        column["label"]: column["field"]
        for column in found["columns"]
        if column["state"] == "asked"
    }
    return call_as(editor, "challenge_preparation_update", id=found["id"], **answers)


def _say_when(editor: dict[str, Any], found: dict[str, Any]) -> dict[str, Any]:
    """Say the one thing that is asked each year."""
    assert found["state"] == "to_match", found["fields"]
    lacking = [
        one["name"]
        for one in found["fields"]
        if one["required"] and one["source"] == "missing"
    ]
    assert lacking == ["datesPeriodeVersement"]
    constants = {"datesPeriodeVersement": "2026-01-01/2026-12-31"}
    return call_as(
        editor, "challenge_preparation_update", id=found["id"], constants=constants
    )


def _content(resource_id: str) -> str:
    upload: Any = uploader.get_resource_uploader({"id": resource_id})
    return Path(upload.get_path(resource_id)).read_text("utf-8")


def test_a_workbook_becomes_a_dataset_that_conforms(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    assert (found["header_row"], found["rows"]) == (3, 2)
    assert [sheet["chosen"] for sheet in found["sheets"]] == [True]
    fields = {column["label"]: column["field"] for column in found["columns"]}
    assert fields["Montant voté (€)"] == "montant"
    assert [one["why"] for one in found["left_out"]] == ["total"]
    assert found["state"] == "to_match"
    found = _finish(editor, found)
    assert found["report"]["status"] == "valid", found["report"]["errors"]
    assert found["state"] == "ready"
    assert found["preview"][0]["montant"] == "1500.00"
    assert found["preview"][1]["dateConvention"] == "2025-04-02"
    done = call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert done["state"] == "published"
    dataset = call_as(editor, "package_show", id=done["dataset_id"])
    assert dataset["challenge_kit"] == KIT
    assert dataset["owner_org"] == organization["id"]
    assert "Baule" in dataset["title"]
    (resource,) = dataset["resources"]
    assert resource["id"] == done["resource_id"]
    assert resource["schema"] == "scdl/subventions"
    rows = list(csv.DictReader(io.StringIO(_content(resource["id"]))))
    assert [row["montant"] for row in rows] == ["1500.00", "320.50"]
    # The ordinary check says the same, by its own job.
    work_in_this_process()
    verdict = call_as(editor, "challenge_conformity_show", resource_id=resource["id"])
    assert verdict["status"] == "valid"


def test_a_problem_names_other_columns_by_their_titles(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    lacking = [TABLE[3][0], "", *TABLE[3][2:]]
    found = _begin(editor, organization, [*TABLE[:3], lacking, *TABLE[4:]])
    found = _finish(editor, found)
    (problem,) = found["problems"]
    titles = {one["name"]: one["title"] for one in found["fields"]}
    for name in ("idBeneficiaire", "rnaBeneficiaire"):
        assert titles[name] in problem["message"]
        assert name not in problem["message"]


@marked(renamed)
def test_a_portal_with_forms_of_its_own_gets_its_own_fields(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read_own_licences(monkeypatch)
    editor = factories.User()
    collectivites()
    organization = factories.Organization(
        title="Baule",
        siret_siren=SIRET,
        users=[{"name": editor["name"], "capacity": "editor"}],
    )
    found = _finish(editor, _begin(editor, organization))
    done = call_as(
        editor,
        "challenge_preparation_publish",
        id=found["id"],
        mode="new",
        temporal_start="2025-01-01",
        temporal_end="2025-12-31",
    )
    dataset = call_as(editor, "package_show", id=done["dataset_id"])
    assert dataset["license_id"] == "notre-lo"
    assert dataset["periodicite"] == "annuelle"
    assert dataset["territoire"] == "45024"
    assert dataset["temporal_coverage"] == [
        {"start": "2025-01-01", "end": "2025-12-31"}
    ]
    extras = {row["key"]: row["value"] for row in dataset["extras"]}
    assert extras["challenge_kit"] == KIT
    (resource,) = dataset["resources"]
    assert resource["schema_name"] == "scdl/subventions"
    # Their licences, fields and extras find it again.
    again = _finish(editor, _begin(editor, organization))
    done = call_as(
        editor,
        "challenge_preparation_publish",
        id=again["id"],
        mode="replace",
        dataset=dataset["id"],
    )
    assert done["resource_id"] == resource["id"]
    work_in_this_process()
    verdict = call_as(editor, "challenge_conformity_show", resource_id=resource["id"])
    assert verdict["status"] == "valid"


def test_nothing_of_the_workbook_is_kept_after_publication(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _finish(editor, _begin(editor, organization))
    assert kept.path_of(found["id"]).exists()
    call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert not kept.path_of(found["id"]).exists()
    row = Preparation.get(found["id"])
    assert row
    assert (row.found, row.mapping, row.edits) == ({}, {}, [])


def test_what_was_agreed_to_is_remembered(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    first = _finish(editor, _begin(editor, organization))
    call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    assert model.Session.query(PreparationMemory).count() == 1
    again = _say_when(editor, _begin(editor, organization))
    assert again["state"] == "ready", again["fields"]
    done = call_as(
        editor,
        "challenge_preparation_publish",
        id=again["id"],
        mode="add",
        dataset=call_as(editor, "challenge_preparation_show", id=first["id"])[
            "dataset_id"
        ],
    )
    dataset = call_as(editor, "package_show", id=done["dataset_id"])
    assert len(dataset["resources"]) == 2


def test_what_another_table_said_meanwhile_is_not_published_unseen(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    first = _finish(editor, _begin(editor, organization))
    second = _begin(editor, organization, [*TABLE[:4], *TABLE[5:]])
    call_as(
        editor,
        "challenge_preparation_update",
        id=second["id"],
        constants={**CONSTANTS, "referenceDecision": "D-7"},
    )
    call_as(editor, "challenge_preparation_publish", id=second["id"], mode="new")
    with pytest.raises(tk.ValidationError) as caught:
        call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    assert list(caught.value.error_dict) == ["id"]
    # What is published then was seen before.
    shown = call_as(editor, "challenge_preparation_show", id=first["id"])
    assert shown["state"] == "ready"
    assert shown["preview"][0]["referenceDecision"] == "D-7"
    done = call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    (resource,) = call_as(editor, "package_show", id=done["dataset_id"])["resources"]
    assert "D-7" in _content(resource["id"])


def test_what_waits_to_be_said_again_is_not_published(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _finish(editor, _begin(editor, organization))
    row = Preparation.get(found["id"])
    assert row
    row.constants = {**CONSTANTS, "notificationUE": ""}
    model.Session.commit()
    with pytest.raises(tk.ValidationError):
        call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    shown = call_as(editor, "challenge_preparation_show", id=found["id"])
    assert shown["state"] == "to_match"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("datesPeriodeVersement", "2025-01-01/2025-12-31"),
        ("dateConvention", "2025-03-12"),
        ("referenceDecision", "Délibération 2025-12"),
        ("objet", "Budget 2025"),
    ],
)
def test_no_constant_that_tells_a_time_fills_another_year(
    editor: dict[str, Any], organization: dict[str, Any], field: str, text: str
) -> None:
    first = _finish(editor, _begin(editor, organization))
    # As a version before remembered it.
    memory = PreparationMemory(
        organization_id=organization["id"], kit=KIT, constants={field: text}
    )
    model.Session.add(memory)
    model.Session.commit()
    again = _begin(editor, organization, [row[:6] for row in TABLE])
    source = {one["name"]: one["source"] for one in again["fields"]}
    assert source[field] != "constant"
    call_as(
        editor, "challenge_preparation_update", id=first["id"], constants={field: text}
    )
    call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    model.Session.refresh(memory)
    assert field not in memory.constants
    assert memory.constants["nomAttribuant"] == "Commune de Baule"


UNCLEAR = [
    ["Association", "Objet", "Montant", "Nature", "Versement", "Date"],
    ["Harmonie municipale", "Concerts", "1500", "numéraire", "unique", "03/04/2025"],
    ["Sports pour tous", "Tournoi", "320,50", "numéraire", "unique", "05/06/2025"],
]


def test_what_was_typed_and_answered_is_not_asked_again(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    first = _finish(editor, _begin(editor, organization, UNCLEAR))
    question = next(one for one in first["repairs"] if one["kind"] == "day-order")
    assert (first["state"], first["answered_before"]) == ("to_mend", {})
    first = call_as(
        editor,
        "challenge_preparation_update",
        id=first["id"],
        repairs={question["key"]: "day-first"},
        edits=[
            {"row": 1, "field": "rnaBeneficiaire", "value": "W451000001"},
            {"row": 2, "field": "rnaBeneficiaire", "value": "W451000002"},
        ],
    )
    assert first["state"] == "ready", first["problems"]
    call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    later = [
        UNCLEAR[0],
        ["SPORTS pour tous", "Stage", "80", "numéraire", "unique", "07/08/2026"],
        ["Harmonie Municipale", "Concerts", "90", "numéraire", "unique", "01/02/2026"],
    ]
    again = _say_when(editor, _begin(editor, organization, later))
    assert again["state"] == "ready", (again["problems"], again["repairs"])
    assert again["answered_before"] == {question["key"]: "day-first"}
    found = [
        (row["rnaBeneficiaire"], row["dateConvention"]) for row in again["preview"]
    ]
    assert found == [("W451000002", "2026-08-07"), ("W451000001", "2026-02-01")]
    told = next(one for one in again["repairs"] if one["kind"] == "recalled")
    assert (told["cells"], told["applied"]) == (2, True)
    # One may say it otherwise this time.
    other = call_as(
        editor,
        "challenge_preparation_update",
        id=again["id"],
        repairs={question["key"]: "month-first", told["key"]: False},
    )
    assert other["state"] == "to_mend"
    assert other["preview"][0]["dateConvention"] == "2026-07-08"
    assert other["preview"][0]["rnaBeneficiaire"] == ""


def test_the_file_of_last_year_is_replaced(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    first = _finish(editor, _begin(editor, organization))
    done = call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    rows = [*TABLE[:4], *TABLE[5:]]
    again = call_as(
        editor,
        "challenge_preparation_publish",
        id=_say_when(editor, _begin(editor, organization, rows))["id"],
        mode="replace",
        dataset=done["dataset_id"],
    )
    assert again["resource_id"] == done["resource_id"]
    assert len(_content(again["resource_id"]).splitlines()) == 2


def test_publishing_twice_makes_one_dataset(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _finish(editor, _begin(editor, organization))
    both = [
        call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
        for _ in range(2)
    ]
    assert both[0]["dataset_id"] == both[1]["dataset_id"]
    assert call_as(editor, "package_search")["count"] == 1


def test_what_is_not_ready_is_not_published(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert "state" in caught.value.error_dict
    assert call_as(editor, "package_search")["count"] == 0


def test_a_fault_in_the_catalogue_publishes_nothing_and_loses_nothing(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _finish(editor, _begin(editor, organization))

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(uploader.ResourceUpload, "upload", full)
        with pytest.raises(OSError, match="No space"):
            call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert call_as(editor, "package_search")["count"] == 0
    assert model.Session.query(model.Package).count() == 0
    assert kept.path_of(found["id"]).exists()
    done = call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert done["state"] == "published"


def test_pasted_cells_are_a_table(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    text = "\n".join("\t".join(map(str, row)) for row in TABLE)
    found = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit=KIT,
        text=text,
    )
    assert found["rows"] == 2


def test_two_people_choose_without_undoing_each_other(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    one = {"Objet": "objet"}
    call_as(editor, "challenge_preparation_update", id=found["id"], mapping=one)
    other = {"RNA": None}
    # As a form sends it.
    written = json.dumps(other)
    found = call_as(
        editor,
        "challenge_preparation_update",
        id=found["id"],
        mapping=written,
    )
    assert found["mapping"] == {**one, **other}
    edit = {"row": 1, "field": "objet", "value": "Concerts d'été"}
    found = call_as(
        editor, "challenge_preparation_update", id=found["id"], edits=[edit]
    )
    assert found["preview"][0]["objet"] == "Concerts d'été"
    found = call_as(
        editor,
        "challenge_preparation_update",
        id=found["id"],
        edits=[{**edit, "value": None}],
    )
    assert found["preview"][0]["objet"] == "Concerts"
    assert found["edits"] == []


EDIT = {"field": "objet", "value": "Ailleurs"}


@pytest.mark.parametrize(
    "edit",
    [{"row": 2, **EDIT}, {"sheet": "2025", "sheet_row": 5, **EDIT}],
    ids=["row of the table", "row of the spreadsheet"],
)
@pytest.mark.parametrize(
    "table",
    [
        {"taken_back": [{"sheet": "2025", "row": 4}]},
        {"header_row": 2},
        {"sheets": ["2024", "2025"]},
    ],
    ids=lambda given: next(iter(given)),
)
def test_an_edit_stays_with_its_row_of_the_spreadsheet(
    editor: dict[str, Any],
    organization: dict[str, Any],
    edit: dict[str, Any],
    table: dict[str, Any],
) -> None:
    header = TABLE[2]
    first, second = TABLE[3], TABLE[4]
    rows = [header, header, first, ["Sous-total", "", "", "1 500,00 €"], second]
    if "row" in edit:
        # The one of the table: after the subtotal.
        assert edit["row"] == 2
    content = sheets.xlsx({"2025": rows, "2024": [header, first]})
    found = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit=KIT,
        upload=_upload(content),
    )
    found = call_as(
        editor,
        "challenge_preparation_update",
        id=found["id"],
        sheets=["2025"],
        header_row=1 if "header_row" in table else 2,
        taken_back=[],
    )
    id_ = found["id"]
    if "header_row" in table and "row" in edit:
        edit = {**edit, "row": found["rows"]}
    found = call_as(editor, "challenge_preparation_update", id=id_, edits=[edit])
    assert [one["objet"] for one in found["preview"]][-1] == "Ailleurs"
    found = call_as(editor, "challenge_preparation_update", id=id_, **table)
    (kept_edit,) = found["edits"]
    assert (kept_edit["sheet"], kept_edit["sheet_row"]) == ("2025", 5)
    objects = [one["objet"] for one in found["preview"]]
    assert objects.count("Ailleurs") == 1
    assert objects[kept_edit["row"] - 1] == "Ailleurs"
    # What the version before stored has no place, and goes nowhere else.
    row = Preparation.get(id_)
    assert row
    row.edits = [{"row": 1, **EDIT}]
    model.Session.commit()
    found = call_as(
        editor, "challenge_preparation_update", id=id_, sheets=["2024"], header_row=1
    )
    assert found["edits"] == []
    assert "Ailleurs" not in [one["objet"] for one in found["preview"]]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"mapping": {"Objet": "nowhere"}}, "mapping"),
        ({"mapping": ["Objet"]}, "mapping"),
        ({"constants": {"objet": 3}}, "constants"),
        ({"constants": {"objet": "a\x00b"}}, "constants"),
        ({"edits": [{"row": 0, "field": "objet", "value": "x"}]}, "edits"),
        ({"edits": [{"row": 1, "field": "nowhere", "value": "x"}]}, "edits"),
        ({"sheets": "not json"}, "sheets"),
        ({"header_row": -1}, "header_row"),
        ({"repairs": {"x": {}}}, "repairs"),
        ({"taken_back": [{"row": 1}]}, "taken_back"),
    ],
)
def test_a_wrong_choice_is_named_and_nothing_is_lost(
    editor: dict[str, Any],
    organization: dict[str, Any],
    given: dict[str, Any],
    field: str,
) -> None:
    found = _begin(editor, organization)
    with pytest.raises(tk.ValidationError) as caught:
        call_as(editor, "challenge_preparation_update", id=found["id"], **given)
    assert list(caught.value.error_dict) == [field]
    shown = call_as(editor, "challenge_preparation_show", id=found["id"])
    assert shown["mapping"] == {}
    assert shown["rows"] == 2


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"%PDF-1.7 ...", "subventions.pdf"),
        (b"\x89PNG\r\n\x1a\n", "photo.png"),
        (b"PK\x03\x04" + b"x" * 200, "subventions.xlsx"),
    ],
)
def test_what_is_no_table_has_failed_with_a_reason(
    editor: dict[str, Any], organization: dict[str, Any], content: bytes, name: str
) -> None:
    found = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit=KIT,
        upload=_upload(content, name),
    )
    assert found["state"] == "failed"
    assert found["reason"].endswith(".")
    assert found["remedy"]


def test_a_large_workbook_is_read_by_a_job(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(action, "_SMALL", 10)
    found = _begin(editor, organization)
    assert found["state"] == "reading"
    work_in_this_process()
    model.Session.expire_all()
    shown = call_as(editor, "challenge_preparation_show", id=found["id"])
    assert (shown["state"], shown["rows"]) == ("to_match", 2)


def test_nothing_given_is_said(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    for given in ({}, {"text": "  "}, {"upload": ""}):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                editor,
                "challenge_preparation_create",
                organization=organization["name"],
                kit=KIT,
                **given,
            )
        assert list(caught.value.error_dict) == ["upload"]
    assert model.Session.query(Preparation).count() == 0


def test_who_may(editor: dict[str, Any], organization: dict[str, Any]) -> None:
    found = _begin(editor, organization)
    others = [None, factories.User()]
    factories.Organization(users=[{"name": others[1]["name"], "capacity": "admin"}])
    member = factories.User()
    call_as(
        factories.Sysadmin(),
        "organization_member_create",
        id=organization["id"],
        username=member["name"],
        role="member",
    )
    for person in (*others, member):
        for name, data in (
            ("show", {"id": found["id"]}),
            ("update", {"id": found["id"]}),
            ("publish", {"id": found["id"], "mode": "new"}),
            ("delete", {"id": found["id"]}),
            ("list", {"organization": organization["id"]}),
            ("create", {"organization": organization["id"], "kit": KIT}),
        ):
            with pytest.raises(tk.NotAuthorized):
                call_as(person, f"challenge_preparation_{name}", **data)
    listed = call_as(
        editor, "challenge_preparation_list", organization=organization["id"]
    )
    assert [row["id"] for row in listed["results"]] == [found["id"]]


def test_it_is_erased_a_month_after_the_last_change(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    erasure.purge([], utcnow() + dt.timedelta(days=29))
    assert Preparation.get(found["id"])
    erasure.purge([], utcnow() + dt.timedelta(days=31))
    model.Session.expire_all()
    assert Preparation.get(found["id"]) is None
    assert not kept.path_of(found["id"]).exists()


def test_its_workbook_is_no_orphan(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    erasure.remove_orphans(utcnow() + dt.timedelta(days=2))
    assert kept.path_of(found["id"]).exists()
    call_as(editor, "challenge_preparation_delete", id=found["id"])
    assert not kept.path_of(found["id"]).exists()


def test_a_disk_that_is_full_is_said_and_nothing_is_left(
    editor: dict[str, Any],
    organization: dict[str, Any],
    storage: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        with pytest.raises(tk.ValidationError) as caught:
            _begin(editor, organization)
    assert list(caught.value.error_dict) == ["upload"]
    assert model.Session.query(Preparation).count() == 0
    assert not [path for path in storage.rglob("*") if path.is_file()]


def test_a_job_that_was_killed_is_begun_again(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(action, "_SMALL", 10)
        found = _begin(editor, organization)
    # The worker is gone with its job: nothing is in the queue.
    rq_jobs.get_queue().empty()
    assert found["state"] == "reading"
    again = call_as(editor, "challenge_preparation_update", id=found["id"])
    assert (again["state"], again["rows"]) == ("to_match", 2)


def test_a_place_for_files_that_is_away_is_for_later(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _begin(editor, organization)
    row = Preparation.get(found["id"])
    assert row

    def away(*args: Any) -> Any:
        raise OSError("the storage does not answer")

    with monkeypatch.context() as patched:
        patched.setattr(file_store, "local", away)
        for name in ("export", "update"):
            if name == "export":
                row.state = "ready"
                model.Session.commit()
            with pytest.raises(tk.ValidationError) as caught:
                call_as(editor, f"challenge_preparation_{name}", id=found["id"])
            assert list(caught.value.error_dict) == ["id"]
            row = Preparation.get(found["id"])
            assert row and row.state == "ready"
        row.state = "reading"
        model.Session.commit()
        jobs.prepare_queued(found["id"])
        row = Preparation.get(found["id"])
        # Its page, and the next choice, begin it again.
        assert row and row.state == "reading"
    again = call_as(editor, "challenge_preparation_update", id=found["id"])
    assert again["rows"] == found["rows"]


def test_a_job_that_breaks_says_so_and_leaves_the_choices(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _finish(editor, _begin(editor, organization))
    row = Preparation.get(found["id"])
    assert row
    row.state = "reading"
    model.Session.commit()

    def breaks(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr(jobs.work, "prepare", breaks)
        jobs.prepare_queued(found["id"])
    shown = call_as(editor, "challenge_preparation_show", id=found["id"])
    assert shown["state"] == "failed"
    assert shown["remedy"]
    assert shown["constants"] == CONSTANTS
    again = call_as(editor, "challenge_preparation_update", id=found["id"])
    assert again["state"] == "ready"


def test_what_the_database_refuses_has_failed_and_waits_no_more(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _begin(editor, organization)
    row = Preparation.get(found["id"])
    assert row
    row.state = "reading"
    model.Session.commit()

    def unsound(row: Preparation, _: Any) -> None:
        row.found, row.state = {"sheets": ["a\0b"]}, "to_match"

    with monkeypatch.context() as patched:
        patched.setattr(jobs.work, "prepare", unsound)
        jobs.prepare_queued(found["id"])
    model.Session.expire_all()
    shown = call_as(editor, "challenge_preparation_show", id=found["id"])
    assert shown["state"] == "failed"


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("Sub\0ven\ntions.xlsx", "Sub ven tions.xlsx"),
        ("Fe\ud800te\u202e.xlsx", "Fe te .xlsx"),
        ("Subventions versées (2025).xlsx", "Subventions versées (2025).xlsx"),
        ("\0", "-"),
    ],
)
def test_the_name_of_a_file_is_one_that_can_be_stored_and_seen(
    editor: dict[str, Any], organization: dict[str, Any], sent: str, name: str
) -> None:
    found = call_as(
        editor,
        "challenge_preparation_create",
        organization=organization["name"],
        kit=KIT,
        upload=_upload(sheets.xlsx({"2025": TABLE}), sent),
    )
    assert (found["source_name"], found["rows"]) == (name, 2)


def test_empty_rows_hide_no_total(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization, [*TABLE[:5], *[[]] * 600, TABLE[5], [], ["x"]])
    told = [one["why"] for one in found["left_out"]]
    assert "total" in told
    assert found["empty_rows"] > 600 > told.count("empty")
    assert found["left_out_rows"] == found["empty_rows"] + len(told) - 500


def test_rows_after_many_are_checked_too(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ckanext.challenge.conformity.check.MAX_ROWS", 1)
    wrong = [*TABLE[4][:3], "mille", *TABLE[4][4:]]
    found = _finish(editor, _begin(editor, organization, [*TABLE[:4], wrong]))
    assert found["report"]["rows"] == 2
    assert not found["report"]["partial"]
    assert (found["state"], len(found["problems"])) == ("to_mend", 1)


def test_two_who_publish_at_once_publish_once(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _finish(editor, _begin(editor, organization))
    together = threading.Barrier(2)
    done: list[str | None] = []

    def publish() -> None:
        together.wait()
        try:
            made = call_as(
                editor, "challenge_preparation_publish", id=found["id"], mode="new"
            )
            done.append(made["dataset_id"])
        finally:
            model.Session.remove()

    model.Session.remove()
    threads = [threading.Thread(target=publish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 2
    assert len(set(done)) == 1
    assert model.Session.query(model.Package).filter_by(state="active").count() == 1


def test_a_dataset_that_was_deleted_meanwhile_is_not_brought_back(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    first = _finish(editor, _begin(editor, organization))
    done = call_as(editor, "challenge_preparation_publish", id=first["id"], mode="new")
    again = _say_when(editor, _begin(editor, organization))
    call_as(editor, "package_delete", id=done["dataset_id"])
    for mode in ("add", "replace"):
        with pytest.raises(tk.ValidationError) as caught:
            call_as(
                editor,
                "challenge_preparation_publish",
                id=again["id"],
                mode=mode,
                dataset=done["dataset_id"],
            )
        assert list(caught.value.error_dict) == ["dataset"]
    shown = call_as(editor, "challenge_preparation_show", id=again["id"])
    assert shown["state"] == "ready", "nothing is lost"


def test_a_renamed_organization_keeps_what_was_begun(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _finish(editor, _begin(editor, organization))
    call_as(
        factories.Sysadmin(),
        "organization_patch",
        id=organization["id"],
        name="commune-nouvelle",
    )
    listed = call_as(
        editor, "challenge_preparation_list", organization="commune-nouvelle"
    )
    assert [row["id"] for row in listed["results"]] == [found["id"]]
    done = call_as(editor, "challenge_preparation_publish", id=found["id"], mode="new")
    assert done["state"] == "published"


def test_with_its_organization_goes_what_was_begun(
    editor: dict[str, Any], organization: dict[str, Any]
) -> None:
    found = _begin(editor, organization)
    call_as(factories.Sysadmin(), "organization_purge", id=organization["id"])
    model.Session.expire_all()
    assert Preparation.get(found["id"]) is None
    erasure.remove_orphans(utcnow() + dt.timedelta(days=2))
    assert not kept.path_of(found["id"]).exists()


def test_a_schema_that_is_renewed_meanwhile_asks_anew(
    editor: dict[str, Any],
    organization: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = _finish(editor, _begin(editor, organization))
    national = kits.schema_of(KIT)
    assert national.descriptor
    fields = [
        *national.descriptor["fields"],
        {"name": "budget", "type": "string", "constraints": {"required": True}},
    ]
    newer = dataclasses.replace(
        national, descriptor={**national.descriptor, "fields": fields}
    )
    with monkeypatch.context() as patched:
        patched.setattr(kits, "schema_of", lambda kit: newer)
        again = call_as(editor, "challenge_preparation_update", id=found["id"])
        assert again["state"] == "to_match"
        lacks = [one["name"] for one in again["fields"] if one["source"] == "missing"]
        assert "budget" in lacks
        assert again["constants"] == CONSTANTS
