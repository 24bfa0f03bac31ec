"""What a portal lacks: looked at with all services up, and with each of them away."""

from __future__ import annotations

import datetime as dt
import socket
import time
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories
from factories import call_as

from ckanext.challenge import config
from ckanext.challenge.common import file_places
from ckanext.challenge.doctor import facts, labels
from ckanext.challenge.domain import doctor
from ckanext.challenge.domain.doctor import Finding
from ckanext.challenge.model import Run
from ckanext.challenge.model.base import utcnow

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_queues")


def _found(sysadmin: dict[str, Any] | None = None) -> dict[str, dict[str, Any]]:
    shown = call_as(sysadmin or factories.Sysadmin(), "challenge_doctor_show")
    return {row["check"]: row for row in shown["results"]}


def test_all_is_looked_at_and_told() -> None:
    found = _found()
    assert list(found) == [check for check in facts.LOOKS if check != "identity"]
    for row in found.values():
        assert row["text"]
        assert "{" not in row["text"]
    for check in ("versions", "plugins", "migrations", "redis", "solr", "programmes"):
        assert found[check]["verdict"] == "good", found[check]
    for check in ("dataset_fields", "resource_fields", "organization_fields"):
        assert found[check]["verdict"] == "good", found[check]
    # Nobody works at the queues of the tests.
    assert found["workers"]["verdict"] == "wrong"
    assert found["workers"]["remedy"] == "ckan jobs worker default challenge-conformity"


def test_a_command_that_ended_is_silent_no_more() -> None:
    assert "mail" in _found()["commands"]["text"]
    for name in doctor.PAUSES:
        model.Session.merge(Run(name=name, ended_at=utcnow()))
    model.Session.commit()
    assert _found()["commands"]["verdict"] == "good"
    model.Session.merge(Run(name="purge", ended_at=utcnow() - dt.timedelta(days=2)))
    model.Session.commit()
    assert _found()["commands"]["text"].endswith("purge")


def test_older_tables_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    old = "UPDATE challenge_alembic_version SET version_num = '0001'"
    now = model.Session.execute(
        sa.text("SELECT version_num FROM challenge_alembic_version")
    ).scalar_one()
    model.Session.execute(sa.text(old))
    model.Session.commit()
    try:
        row = _found()["migrations"]
    finally:
        model.Session.execute(sa.text(old.replace("0001", now)))
        model.Session.commit()
    assert (row["verdict"], row["remedy"]) == ("wrong", "ckan db upgrade -p challenge")
    assert "0001" in row["text"]


def test_what_is_away_is_told_and_hides_nothing(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sysadmin = factories.Sysadmin()
    (tmp_path / "file").write_text("")
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path / "file"))
    # Nothing listens on the port of the discard service.
    monkeypatch.setitem(ckan_config, "smtp.server", "127.0.0.1:9")
    monkeypatch.setitem(ckan_config, "ckan.site_url", "http://data.example.org")
    monkeypatch.setitem(ckan_config, "ckan.display_timezone", "UTC")
    monkeypatch.setattr(
        facts, "redis_in_time", lambda: (_ for _ in ()).throw(OSError("secret"))
    )
    found = _found(sysadmin)
    assert found["storage"]["verdict"] == "wrong"
    assert found["mail_server"]["verdict"] == "wrong"
    assert found["address"]["remedy"] == "ckan.site_url = https://…"
    assert found["clock"]["remedy"] == "ckan.display_timezone = Europe/Paris"
    assert found["redis"]["verdict"] == "wrong"
    assert "OSError" in found["redis"]["text"]
    assert "secret" not in str(found)
    assert found["migrations"]["verdict"] == "good"


def test_a_form_of_ones_own_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    own = [name for name in doctor.FIELDS["organization_fields"] if name != "siren"]
    fields = [{"field_name": name} for name in [*own, "code_siren"]]
    monkeypatch.setattr(
        tk.h, "scheming_get_organization_schema", lambda name: {"fields": fields}
    )
    row = _found()["organization_fields"]
    assert row["verdict"] == "todo"
    assert "code_siren → siren" in row["text"]


@pytest.mark.parametrize("name", ["agents", "published_for", "theme", "encoding"])
def test_a_setting_that_names_no_field_is_told(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setitem(ckan_config, f"ckanext.challenge.field.{name}", "nowhere")
    told = [row["text"] for row in _found().values()]
    assert sum(f"{name} (nowhere)" in text for text in told) == 1


@pytest.mark.parametrize("zone", ["Europe/Pariss", "", "Europe", "../etc"])
def test_a_zone_that_is_none_is_wrong(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    monkeypatch.setitem(ckan_config, "ckan.display_timezone", zone)
    found = labels.finding(facts.clock())
    assert found["verdict"] == "wrong"
    assert found["remedy"] == "ckan.display_timezone = Europe/Paris"


@pytest.mark.parametrize("name", config.NETWORKS)
def test_what_is_no_network_is_told(
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    # CKAN's commands turn off the loggers that were there before them.
    monkeypatch.setattr(config.log, "disabled", False)
    assert facts.networks().verdict == "good"
    setting = f"ckanext.challenge.{name}"
    texts = ["192.0.2.0/24,", "127.0.0.1", f"{name}.example.org"]
    monkeypatch.setitem(ckan_config, setting, texts)
    told = labels.finding(facts.networks())
    assert labels.finding(facts.networks()) == told
    assert told["verdict"] == "wrong"
    assert f"{setting}: 192.0.2.0/24, {name}.example.org." in told["text"]
    assert told["remedy"].startswith(f"{setting} = ")
    assert caplog.text.count(f"{name}.example.org") == 1


def test_what_goes_with_a_later_version_is_told(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _found()["answers"]["verdict"] == "good"
    monkeypatch.setitem(ckan_config, "ckanext.challenge.answers_in_full", True)
    row = _found()["answers"]
    assert row["verdict"] == "todo"
    assert row["remedy"] == "ckanext.challenge.answers_in_full = false"


def test_each_finding_has_its_sentence() -> None:
    """Whatever the rules say can be told."""
    every: dict[str, Any] = dict.fromkeys(
        (
            "names",
            "pairs",
            "name",
            "current",
            "head",
            "version",
            "ckan",
            "jobs",
            "nodes",
        ),
        "x",
    )
    every |= dict.fromkeys(
        ("count", "path", "server", "url", "problem", "zone", "seconds"), "x"
    )
    every |= dict.fromkeys(
        ("locale", "locales", "error", "nodes", "lines", "address"), "x"
    )
    for check, code in labels.SENTENCES:
        told = labels.finding(Finding(check, "todo", code, every))
        assert told["title"]
        assert "{" not in told["text"]
    assert {check for check, _ in labels.SENTENCES} | set(labels.AS_DATASET) == set(
        facts.LOOKS
    )


def test_who_watches_gets_figures() -> None:
    found = call_as(factories.Sysadmin(), "challenge_figures_show")
    queues = {
        one["labels"]["queue"]: one["value"]
        for one in found["challenge_queue_jobs"]["values"]
    }
    assert queues == {"default": 0, "challenge-conformity": 0}
    assert found["challenge_unsigned_awards"]["values"] == [{"labels": {}, "value": 0}]


def test_a_node_is_ready_with_its_tables() -> None:
    ready = tk.get_action("challenge_readiness_show")({"user": ""}, {})
    assert ready["ready"] is True
    assert ready["tables"] is True


def test_a_node_is_ready_with_newer_tables() -> None:
    """While a portal is upgraded, nodes of the version before go on serving."""
    change = sa.text("UPDATE challenge_alembic_version SET version_num = :to")
    now = model.Session.execute(
        sa.text("SELECT version_num FROM challenge_alembic_version")
    ).scalar_one()
    model.Session.execute(change, {"to": "9999"})
    model.Session.commit()
    try:
        ready = tk.get_action("challenge_readiness_show")({"user": ""}, {})
        told = _found()["migrations"]
    finally:
        model.Session.execute(change, {"to": now})
        model.Session.commit()
    assert (ready["ready"], ready["tables"]) == (True, True)
    assert told["verdict"] == "wrong"


def test_who_asks_whether_a_node_is_ready_does_not_wait(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as silent:
        # It takes connections and answers nothing.
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setitem(ckan_config, "solr_url", f"http://{at}/solr/ckan")
        if not tk.check_ckan_version(min_version="2.12"):
            # It has kept what the settings said.
            settings = "ckan.lib.search.common.SolrSettings._url"
            monkeypatch.setattr(settings, f"http://{at}/solr/ckan")
        monkeypatch.setitem(ckan_config, "ckan.redis.url", f"redis://{at}/0")
        # Whoever asks CKAN for a connection gets no one that was made before.
        monkeypatch.setattr("ckan.lib.redis._connection_pool", None)
        began = time.monotonic()
        ready = tk.get_action("challenge_readiness_show")({"user": ""}, {})
        took = time.monotonic() - began
    assert ready == {
        "ready": True,
        "database": True,
        "tables": True,
        "redis": False,
        "solr": False,
    }
    assert took < 4


@pytest.mark.skipif(
    not tk.check_ckan_version(min_version="2.12"), reason="CKAN 2.12 has storages"
)
def test_a_place_for_files_is_judged(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from ckan.lib import files  # noqa: PLC0415

    def add(name: str, **settings: Any) -> Any:
        made = files.make_storage(name, {"type": "ckan:fs", **settings})
        monkeypatch.setitem(files.storages.members, name, made)
        return made

    def told() -> tuple[str, str, str | None]:
        found = labels.finding(facts.storage())
        return found["verdict"], found["text"], found["remedy"]

    folder = tmp_path / "folder"
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(folder))
    assert told()[0] == "good"
    monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "kept")
    verdict, text, remedy = told()
    assert (verdict, remedy) == ("wrong", "ckan.files.storage.kept.type = …")
    assert "“kept”" in text
    made = add("kept", path=str(tmp_path / "kept"), initialize=True)
    assert told() == ("good", "Files can be written in the storage “kept”", None)
    with file_places.Folder(str(folder)).writing("abcdef") as file:
        file.write(b"x")
    verdict, text, remedy = told()
    assert verdict == "todo"
    assert text.endswith(": 1")
    assert remedy == "ckan challenge files move --to kept --remove"

    def refuses(*args: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(made.uploader, "upload", refuses)
    assert told()[2] == f"chown -R ckan {folder}"
    add("kept", path=str(tmp_path / "kept"), public=True)
    assert told()[2] == "ckan.files.storage.kept.public = false"
