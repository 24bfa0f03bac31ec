"""``ckan challenge leave``: nothing of us is left, nothing of others goes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
import sqlalchemy as sa
from ckan import model
from ckan.cli.cli import ckan as command
from ckan.lib.jobs import get_queue
from ckan.lib.redis import connect_to_redis
from ckan.model import system_info
from ckan.tests import factories
from helpers.progress import make_award
from helpers.verifier import is_revoked, verify_document, verify_token
from sqlalchemy.orm import close_all_sessions

from ckanext.challenge import config
from ckanext.challenge.cli import leave
from ckanext.challenge.common import file_places, jobs
from ckanext.challenge.credentials import generations, store
from ckanext.challenge.credentials import jobs as credential_jobs
from ckanext.challenge.doctor import leaving
from ckanext.challenge.model import Award

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues"
)

OURS = r"SELECT count(*) FROM pg_tables WHERE tablename LIKE 'challenge\_%'"


@dataclass(frozen=True)
class Portal:
    """A portal with something in all places."""

    files: Path
    awards: list[str]
    organization: dict[str, Any]
    dataset: dict[str, Any]


def _scalar(statement: str) -> Any:
    with model.ensure_engine().connect() as connection:
        return connection.execute(sa.text(statement)).scalar()


@pytest.fixture
def portal(
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    cli: Any,
    clean_redis: None,
) -> Iterator[Portal]:
    monkeypatch.setitem(ckan_config, "ckan.storage_path", str(tmp_path / "files"))
    monkeypatch.setitem(
        ckan_config, "ckanext.challenge.keys_path", str(tmp_path / "keys")
    )
    organization = factories.Organization(title="Baule", siren="214500241")
    dataset = factories.Dataset(owner_org=organization["id"], frequency="annual")
    generations.create()
    awards = [
        make_award(organization["id"], badge)
        for badge in ("premiere-publication", "donnees-ouvertes")
    ]
    ids = [award.id for award in awards]
    model.Session.commit()
    credential_jobs.sign()
    revoked = model.Session.get(Award, ids[1])
    assert revoked is not None
    revoked.state = "revoked"
    model.Session.commit()
    files = tmp_path / "files" / "challenge" / "ab"
    files.mkdir(parents=True)
    (files / "proof").write_bytes(b"%PDF-1.7")
    (tmp_path / "files" / "storage").mkdir(exist_ok=True)
    system_info.set_system_info("ckanext.challenge.demo", "{}")
    connect_to_redis().set(config.redis_key("rate", "x"), "1")
    connect_to_redis().set("ckan:another.portal:challenge:x", "1")
    jobs.enqueue(credential_jobs.sign_missing, title="ours")
    tk.enqueue_job(print, ["theirs"])
    yield Portal(tmp_path / "files", ids, organization, dataset)
    connect_to_redis().delete("ckan:another.portal:challenge:x")
    close_all_sessions()
    model.ensure_engine().dispose()
    result = cli.invoke(command, ["db", "upgrade", "-p", "challenge"])
    assert result.exit_code == 0, result.output


def _leave(cli: Any, *options: Any) -> Any:
    result = cli.invoke(command, ["challenge", "leave", *map(str, options)])
    assert "Traceback" not in result.output
    return result


def test_it_says_what_goes_and_changes_nothing(
    cli: Any,
    portal: Portal,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    before, waiting = _scalar(OURS), len(leaving._jobs()["default"])
    own = tmp_path / "theme"
    own.mkdir()
    (own / "footer.html").write_text("{{ h.url_for('challenge.region_data') }}")
    (own / "header.html").write_text("{{ _('The challenge') }}")
    monkeypatch.setitem(ckan_config, "extra_template_paths", str(own))
    result = _leave(cli)
    assert result.exit_code == 0
    told = result.output
    assert f"{before} tables" in told
    assert "2 challenge_award" in told
    assert "setting ckanext.challenge.demo" in told
    assert "1 files in" in told
    assert f"{waiting} jobs in the queue default" in told
    assert "extras of our forms in 1 organizations" in told
    assert "extras of our forms in 1 datasets" in told
    assert "private key" in told
    assert "scheming.dataset_schemas" in told
    assert "ckanext.challenge.keys_path" in told
    assert "ckanext.challenge.programmes" not in told
    assert str(own / "footer.html") in told
    assert str(own / "header.html") not in told
    assert "Nothing was removed" in told
    assert _scalar(OURS) == before
    assert (portal.files / "challenge" / "ab" / "proof").exists()
    assert len(leaving._jobs()["default"]) == waiting


def test_signed_badges_are_not_given_up_in_silence(cli: Any, portal: Portal) -> None:
    result = _leave(cli, "--yes")
    assert result.exit_code == 1
    assert "--export FOLDER" in result.output
    assert _scalar(OURS)


def test_a_folder_of_others_is_not_written_into(
    cli: Any, portal: Portal, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    result = _leave(cli, "--yes", "--export", tmp_path / "other")
    assert result.exit_code == 1
    assert "holds something else" in result.output
    assert _scalar(OURS)


def test_all_of_ours_goes_and_nothing_of_others(
    cli: Any, portal: Portal, tmp_path: Path
) -> None:
    result = _leave(cli, "--yes", "--export", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert _scalar(OURS) == 0
    assert _scalar("SELECT count(*) FROM system_info WHERE key LIKE '%challenge%'") == 0
    index = "SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%challenge%'"
    assert _scalar(index) == 0
    assert not (portal.files / "challenge").exists()
    assert (portal.files / "storage").is_dir()
    assert list(leaving._names()) == []
    assert connect_to_redis().get("ckan:another.portal:challenge:x") == b"1"
    assert [job.func_name for job in _default_jobs()] == ["builtins.print"]
    assert list((tmp_path / "keys").glob("*.pem"))
    # Once more finds nothing, and leaves what was exported as it is.
    told = (tmp_path / "out" / "README.txt").read_text()
    for folder in ("out", "other"):
        again = _leave(cli, "--yes", "--export", tmp_path / folder)
        assert again.exit_code == 0
        assert "exported any more" in again.output
        assert "Nothing is left to remove" in again.output
    assert (tmp_path / "out" / "README.txt").read_text() == told
    assert not (tmp_path / "other").exists()
    _without_us(tmp_path, portal)


def _default_jobs() -> list[Any]:
    return get_queue("default").jobs


_SCRIPT = """
import json, sys
from ckan.cli import load_config
from ckan.config.middleware import make_app
from ckan.plugins import plugin_loaded
import ckan.plugins.toolkit as tk
from werkzeug.test import Client

app = make_app(load_config(sys.argv[1]))
assert not plugin_loaded("challenge")
organization, dataset = sys.argv[2:]
client = Client(app)
pages = ["/", "/dataset/", f"/dataset/{dataset}", "/organization/",
         f"/organization/{organization}", "/api/3/action/status_show"]
answers = {page: client.get(page, follow_redirects=True).status_code for page in pages}
answers["/challenge"] = client.get("/challenge").status_code
with app._wsgi_app.test_request_context():
    user = tk.get_action("get_site_user")({"ignore_auth": True}, {})["name"]
    shown = tk.get_action("organization_show")({"user": user}, {"id": organization})
    extras = {row["key"]: row["value"] for row in shown["extras"]}
    changed = {"organization_patch": organization, "package_patch": dataset}
    for action, id_ in changed.items():
        tk.get_action(action)({"user": user}, {"id": id_, "title": "After"})
    made = tk.get_action("package_create")({"user": user},
        {"name": "after-us", "owner_org": organization})
    tk.get_action("package_delete")({"user": user}, {"id": made["id"]})
print("answers: " + json.dumps([answers, extras]))
"""


def _without_us(tmp_path: Path, portal: Portal) -> None:
    """CKAN answers whole, once our lines are out of its configuration."""
    text = (Path(__file__).parents[2] / "test.ini").read_text()
    text = re.sub(r"(?m)^(scheming|ckanext\.challenge)\..*\n", "", text)
    text = re.sub(r"(?m)^ckan\.plugins = .*", "ckan.plugins = activity", text)
    (tmp_path / "after.ini").write_text(text)
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            _SCRIPT,
            str(tmp_path / "after.ini"),
            portal.organization["name"],
            portal.dataset["name"],
        ],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "CKAN_PLUGINS": "activity"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    line = next(one for one in done.stdout.splitlines() if one.startswith("answers: "))
    answers, extras = json.loads(line.removeprefix("answers: "))
    assert answers.pop("/challenge") == 404
    assert set(answers.values()) == {200}, answers
    # What our form kept is shown as any extra.
    assert extras["siren"] == "214500241"


@pytest.mark.parametrize("cut", ["tables", "files"])
def test_what_was_cut_off_is_done_again(
    cli: Any, portal: Portal, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    whole = leaving.steps()

    def failing() -> int:
        raise OSError("no space left on device")

    broken = tuple(
        leaving.Step(step.name, failing if step.name == cut else step.take)
        for step in whole
    )
    monkeypatch.setattr(leaving, "steps", lambda: broken)
    result = _leave(cli, "--yes", "--without-export")
    assert result.exit_code == 1
    assert "no space left on device" in result.output
    monkeypatch.setattr(leaving, "steps", lambda: whole)
    result = _leave(cli, "--yes", "--without-export")
    assert result.exit_code == 0, result.output
    assert leaving.look().nothing


def test_files_in_a_storage_go_too(
    portal: Portal, monkeypatch: pytest.MonkeyPatch, ckan_config: dict[str, Any]
) -> None:
    files = pytest.importorskip("ckan.lib.files", reason="CKAN 2.12 has storages")
    file_keeper = pytest.importorskip("file_keeper")
    kept = file_keeper.make_storage("kept", {"type": "file_keeper:memory"})
    monkeypatch.setitem(files.storages.members, "kept", kept)
    monkeypatch.setitem(ckan_config, "ckanext.challenge.storage", "kept")
    with file_places.place().writing("abc-proof") as file:
        file.write(b"%PDF-1.7")
    found = leaving.look()
    assert (found.stored, found.files[0], found.nothing) == (1, 1, False)
    take = {step.name: step.take for step in leaving.steps()}
    assert take["files"]() == 2
    assert leaving.look().stored == 0
    assert not (portal.files / "challenge").exists()
    # One that is away is told of, and left for another time.
    monkeypatch.delitem(files.storages.members, "kept")
    assert leaving.look().stored is None
    with pytest.raises(file_places.Unusable):
        take["files"]()


def test_what_was_signed_stays_good(cli: Any, portal: Portal, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for _ in range(2):  # it may be written again
        assert _leave(cli, "--export", out).exit_code == 0
    published = out / "published"
    did = json.loads((published / ".well-known" / "did.json").read_text())
    listed = published / "challenge" / "status"
    status_list = json.loads((listed / "0.json").read_text())
    verify_document(status_list, did)
    verify_token((listed / "0.jwt").read_text(), did)
    assert status_list["validUntil"] > "2035"
    revoked = json.loads((listed / "0.revoked.json").read_text())
    lists = {one["id"]: one for one in (status_list, revoked)}
    for id_, is_good in zip(portal.awards, (True, False), strict=True):
        stem = published / "challenge" / "awards" / id_
        document = json.loads(stem.with_suffix(".json").read_text())
        verify_document(document, did)
        verify_token(stem.with_suffix(".jwt").read_text(), did)
        verify_token((stem / "short.jwt").read_text(), did)
        assert is_revoked(document, lists) == (not is_good, not is_good)
    table = (out / "awards.csv").read_text().splitlines()
    assert len(table) == 3
    assert "revoked" in table[2]
    assert "2 badges, of which 1 are revoked" in (out / "README.txt").read_text()
    assert (published / "challenge" / "issuer.json").exists()
    assert (published / "challenge" / "badges" / "premiere-publication.json").exists()
    assert not list(out.rglob("*.part"))


def test_without_the_key_the_lists_are_as_they_were(
    cli: Any, portal: Portal, tmp_path: Path
) -> None:
    for path in (tmp_path / "keys").glob("*.pem"):
        path.unlink()
    result = _leave(cli, "--export", tmp_path / "out")
    assert result.exit_code == 0
    assert "Run this where the private key is" in result.output
    assert store.signed() == 2
    assert "were not signed anew" in (tmp_path / "out" / "README.txt").read_text()


def test_a_person_is_asked(
    cli: Any, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def agreed(answer: bool) -> Callable[[], bool]:
        return lambda: (asked.append(True), answer)[1]

    monkeypatch.setattr(leave, "_is_a_person", lambda: True)
    monkeypatch.setattr(leave, "_agreed", agreed(False))
    assert "Nothing was removed" in _leave(cli).output
    assert _scalar(OURS)
    monkeypatch.setattr(leave, "_agreed", agreed(True))
    assert _leave(cli, "--without-export").exit_code == 0
    assert len(asked) == 2
    assert _scalar(OURS) == 0
