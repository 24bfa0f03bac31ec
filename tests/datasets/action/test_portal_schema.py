"""Table Schemas that a portal adds: by whom, how, and what uses them at once."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
import yaml
from ckan import model
from ckan.tests import factories
from ckan.types import Context
from factories import call_as, work_in_this_process
from werkzeug.datastructures import FileStorage

from ckanext.challenge import config, programmes
from ckanext.challenge.common.workbooks import take_in_cells
from ckanext.challenge.conformity import check, own, registry
from ckanext.challenge.model import JournalEntry, PortalSchema
from ckanext.challenge.preparation import steps
from ckanext.challenge.preparation.kits import schema_of

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

BENCHES: dict[str, Any] = {
    "$schema": "https://frictionlessdata.io/schemas/table-schema.json",
    "name": "bancs",
    "title": "Bancs publics",
    "version": "1.0.0",
    "homepage": "https://www.example.org/schemas/bancs",
    "primaryKey": "id",
    "fields": [
        {"name": "id", "constraints": {"required": True}},
        {
            "name": "lieu",
            "title": "Emplacement du banc",
            "description": "Où se trouve le banc.",
            "synonyms": ["Adresse du banc"],
            "constraints": {"required": True},
        },
        {"name": "etat", "constraints": {"enum": ["bon", "usé"]}},
        {"name": "pose_le", "type": "date"},
        {"name": "siret", "constraints": {"pattern": r"^\d{14}$"}},
    ],
    "custom_checks": [
        {"name": "french-siret-value", "params": {"column": "siret"}},
        {"name": "phone-number-value", "params": {"column": "tel"}},
    ],
}


@pytest.fixture
def sysadmin() -> dict[str, Any]:
    return factories.Sysadmin()


def _add(sysadmin: Any, document: Any = BENCHES, **more: Any) -> Any:
    file = document if isinstance(document, str) else json.dumps(document)
    return call_as(sysadmin, "challenge_schema_add", file=file, **more)


def _errors(sysadmin: Any, document: Any, **more: Any) -> dict[str, Any]:
    with pytest.raises(tk.ValidationError) as error:
        _add(sysadmin, document, **more)
    return error.value.error_dict


def test_one_is_added_shown_listed_and_removed(sysadmin: Any) -> None:
    content = io.BytesIO(json.dumps(BENCHES).encode())
    added = call_as(
        sysadmin, "challenge_schema_add", file=FileStorage(content, "bancs.json")
    )
    assert (added["id"], added["fields"]) == ("local/bancs", 5)
    assert added["left_out"] == ["phone-number-value"]
    shown = call_as(None, "challenge_schema_show", id="local/bancs")
    assert shown["own"] is True
    assert shown["descriptor"]["primaryKey"] == "id"
    assert shown["descriptor"]["fields"][1]["description"] == "Où se trouve le banc."
    (rule,) = shown["descriptor"]["custom_checks"]
    assert rule["name"] == "french-siret-value"
    # By its address too.
    address = "https://www.example.org/schemas/bancs/schema.json"
    assert call_as(None, "challenge_schema_show", id=address)["id"] == "local/bancs"
    listed = call_as(None, "challenge_schema_list")
    assert listed["results"][0]["id"] == "local/bancs"
    assert listed["count"] > 12
    own_ones = call_as(None, "challenge_schema_list", own=True)
    assert [row["id"] for row in own_ones["results"]] == ["local/bancs"]
    call_as(sysadmin, "challenge_schema_delete", id="local/bancs")
    assert call_as(None, "challenge_schema_list", own=True)["count"] == 0
    with pytest.raises(tk.ObjectNotFound):
        call_as(None, "challenge_schema_show", id="local/bancs")
    entries = model.Session.query(JournalEntry).filter_by(object_type="schema")
    assert [row.action for row in entries.order_by(JournalEntry.id)] == [
        "create",
        "delete",
    ]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ("{", "JSON"),
        ('{"fields": []}', "fields"),
        ("[]", "fields"),
        ({"fields": [{"name": "a", "type": "texte"}]}, "texte"),
        ({"fields": [{"name": "a"}, {"name": "a"}]}, "a"),
        ({"fields": [{"name": "a", "constraints": {"pattern": "("}}]}, "pattern"),
        (
            {
                "fields": [
                    {"name": "a", "type": "date", "constraints": {"minimum": "x"}}
                ]
            },
            "minimum",
        ),
    ],
)
def test_what_is_no_table_schema_is_said(
    sysadmin: Any, document: Any, told: str
) -> None:
    (text,) = _errors(sysadmin, document, id="local/x")["file"]
    assert told in text
    assert not own.documents()


def test_an_id_is_needed_and_is_one_schemas_alone(sysadmin: Any) -> None:
    nameless = {"fields": [{"name": "a"}]}
    assert "id" in _errors(sysadmin, nameless)
    assert "id" in _errors(sysadmin, nameless, id="bancs")
    for taken in ("scdl/deliberations", "SCDL/Deliberations", "139bercy/x/y"):
        assert "id" in _errors(sysadmin, BENCHES, id=taken)
    _add(sysadmin)
    assert "id" in _errors(sysadmin, BENCHES)
    assert "id" in _errors(sysadmin, BENCHES, id="Local/Bancs")
    assert _add(sysadmin, {**BENCHES, "id": "loiret/bancs-2"})["id"] == "loiret/bancs-2"
    assert "id" in _errors(sysadmin, BENCHES, id="scdl/budget", replace=True)


def _dataset() -> dict[str, Any]:
    organization = factories.Organization()
    return factories.Dataset(owner_org=organization["id"])


def _upload(sysadmin: Any, dataset: Any, text: str) -> dict[str, Any]:
    return call_as(
        sysadmin,
        "resource_create",
        package_id=dataset["id"],
        url="bancs.csv",
        upload=FileStorage(io.BytesIO(text.encode()), "bancs.csv"),
        url_type="upload",
        schema="local/bancs",
    )


def _verdict(resource: dict[str, Any]) -> dict[str, Any]:
    work_in_this_process()
    return call_as(None, "challenge_conformity_show", resource_id=resource["id"])


def test_files_are_checked_against_it_and_again_when_it_is_renewed(
    sysadmin: Any, tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path))
    dataset = _dataset()
    with pytest.raises(tk.ValidationError) as error:
        _upload(sysadmin, dataset, "id,lieu\n1,Place\n")
    assert "schema" in error.value.error_dict
    _add(sysadmin)
    resource = _upload(sysadmin, dataset, "id,lieu,etat\n1,Place,bon\n1,Rue,neuf\n")
    verdict = _verdict(resource)
    assert (verdict["status"], verdict["schema"]) == ("invalid", "local/bancs")
    told = {(row["column"], row["constraint"]) for row in verdict["errors"]}
    assert told == {("id", "unique"), ("etat", "enum")}
    # In use: it cannot go, and it can be renewed.
    with pytest.raises(tk.ValidationError) as error:
        call_as(sysadmin, "challenge_schema_delete", id="local/bancs")
    assert "1 " in str(error.value.error_dict["id"])
    looser = {**BENCHES, "fields": [*BENCHES["fields"][:2], {"name": "etat"}]}
    del looser["primaryKey"], looser["custom_checks"]
    _add(sysadmin, looser, replace=True)
    assert _verdict(resource)["status"] == "valid"
    call_as(sysadmin, "resource_delete", id=resource["id"])
    call_as(sysadmin, "challenge_schema_delete", id="local/bancs")


def test_a_kit_is_about_it_at_once(
    sysadmin: Any, tmp_path: Path, ckan_config: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = yaml.safe_load(
        Path(programmes.__file__).with_name("decouverte.yaml").read_text("utf-8")
    )
    kits = Path(programmes.__file__).with_name("kits.yaml").read_text("utf-8")
    kit = yaml.safe_load(kits)[-1] | {"key": "bancs", "schema": "local/bancs"}
    programme |= {"name": "bancs", "kits": [kit]}
    file = tmp_path / "bancs.yaml"
    file.write_text(yaml.safe_dump(programme, allow_unicode=True), encoding="utf-8")
    listed = [*config.programmes(), str(file)]
    monkeypatch.setitem(ckan_config, "ckanext.challenge.programmes", listed)
    programmes.forget()
    with pytest.raises(programmes.ProgrammeError):
        programmes.get("bancs")
    _add(sysadmin)
    row = call_as(None, "challenge_kit_show", kit="bancs", programme="bancs")
    assert row["checked"] is True
    assert row["columns"][1]["meaning"] == "Où se trouve le banc."
    schema = schema_of("bancs")
    text = "N°\tAdresse du banc\tEtat\n1\tPlace\tBON"
    table = steps.find_table(take_in_cells(text), schema)
    found = steps.match_columns(table, schema)
    assert found[1].field == "lieu"
    assert found[2].field == "etat"
    with pytest.raises(tk.ValidationError) as error:
        call_as(sysadmin, "challenge_schema_delete", id="local/bancs")
    assert "bancs" in str(error.value.error_dict["id"])
    programmes.forget()


def test_other_nodes_see_it_with_their_next_transaction(sysadmin: Any) -> None:
    assert registry.get("local/bancs") is None
    model.Session.commit()
    # As another process stores it: nothing of this one is told.
    with model.ensure_engine().begin() as connection:
        connection.execute(
            PortalSchema.__table__.insert().values(id="local/bancs", document=BENCHES)
        )
    assert registry.get("local/bancs") is not None
    model.Session.commit()
    with model.ensure_engine().begin() as connection:
        connection.execute(PortalSchema.__table__.delete())
    model.Session.commit()
    assert registry.get("local/bancs") is None


def test_what_is_rolled_back_is_not_there(sysadmin: Any) -> None:
    context: Context = {"user": sysadmin["name"], "defer_commit": True}
    tk.get_action("challenge_schema_add")(context, {"file": json.dumps(BENCHES)})
    assert registry.get("local/bancs") is not None
    model.Session.rollback()
    assert registry.get("local/bancs") is None


def test_without_its_table_the_national_ones_are_there() -> None:
    model.Session.execute(
        sa.text("ALTER TABLE challenge_schema RENAME TO challenge_schema_gone")
    )
    own.forget()
    assert registry.ids() is None
    assert registry.get("scdl/deliberations") is not None
    model.Session.rollback()


def test_a_document_is_a_schema_that_checks(tmp_path: Path) -> None:
    schema = registry.made("local/bancs", BENCHES)
    file = tmp_path / "f.csv"
    file.write_text("id,lieu,siret\n1,Place,21000012100018\n", encoding="utf-8")
    (problem,) = check.check(file, schema).errors
    assert (problem.type, problem.column) == ("french-siret-value", "siret")
