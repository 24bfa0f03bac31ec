"""From an upload to its verdict: through CKAN's API, Redis, a job and the actions."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from bs4 import BeautifulSoup
from ckan import model
from ckan.lib import jobs as ckan_jobs
from ckan.lib import redis as ckan_redis
from ckan.lib import uploader
from ckan.model import ensure_engine
from ckan.tests import factories, helpers
from helpers.website import Website, file, website
from rq import SimpleWorker

from benchmarks.jobs import forget
from ckanext.challenge import measures
from ckanext.challenge.common import jobs as background
from ckanext.challenge.conformity import check, jobs, store
from ckanext.challenge.domain.measurement import Subject
from ckanext.challenge.model import Conformity
from ckanext.challenge.progress import queue

pytestmark = pytest.mark.usefixtures(
    "with_plugins", "clean_db", "clean_index", "clean_queues", "storage"
)

PRENOMS = "scdl/prenoms"
GOOD = (
    "COLL_INSEE,ENFANT_SEXE,ENFANT_PRENOM,NOMBRE_OCCURRENCES,ANNEE\n"
    "45024,F,Zoé,3,2022\n"
)
BAD = GOOD + "45024,X,zoé,0,22\n"


def call(action: str, **data: Any) -> Any:
    user = helpers.call_action("get_site_user")
    return helpers.call_action(action, {"user": user["name"]}, **data)


@pytest.fixture
def dataset() -> dict[str, Any]:
    return factories.Dataset(owner_org=factories.Organization()["id"])


@pytest.fixture
def upload(create_with_upload: Any, dataset: dict[str, Any]) -> Any:
    def make(content: str | bytes, schema: str | None = PRENOMS, **more: Any) -> str:
        user = helpers.call_action("get_site_user")
        fields = {"package_id": dataset["id"], "format": "CSV", **more}
        if schema:
            fields["schema"] = schema
        context = {"user": user["name"], "ignore_auth": True}
        made = create_with_upload(content, "prenoms.csv", context, **fields)
        return made["id"]

    return make


def waiting() -> list[str]:
    """The resources that jobs are to check."""
    return [
        job.args[0]
        for job in ckan_jobs.get_queue(jobs.QUEUE).jobs
        if str(job.func_name).endswith("check_resource")
    ]


def work() -> None:
    """Run the jobs that wait, in this process."""
    queues = [ckan_jobs.get_queue(), ckan_jobs.get_queue(jobs.QUEUE)]
    worker = SimpleWorker(queues, connection=queues[0].connection)
    worker.work(burst=True)
    model.Session.expire_all()
    for each in queues:
        assert not each.failed_job_registry.get_job_ids()


def show(resource_id: str) -> dict[str, Any]:
    return call("challenge_conformity_show", resource_id=resource_id)


def test_checks_keep_no_evaluation_waiting(upload: Any) -> None:
    resource_id = upload(GOOD)
    assert waiting() == [resource_id]
    names = [str(job.func_name) for job in ckan_jobs.get_queue().jobs]
    assert not any(name.endswith("check_resource") for name in names)


def test_an_upload_is_checked_by_itself(upload: Any, dataset: dict[str, Any]) -> None:
    resource_id = upload(GOOD)
    assert show(resource_id)["status"] == "pending"
    assert waiting() == [resource_id]
    work()
    shown = show(resource_id)
    assert shown.pop("checked_at")
    assert shown.pop("schema_title")
    assert shown == {
        "resource_id": resource_id,
        "status": "valid",
        "schema": PRENOMS,
        "schema_version": "1.1.6",
        "schema_url": "https://schema.data.gouv.fr/schemas/scdl/prenoms/1.1.6/schema.json",
        "rows": 1,
        "errors": [],
        "error_count": 0,
        "groups": [],
        "partial": False,
        "encoding": "utf-8",
        "separator": ",",
        "own_fault": False,
    }
    subject = Subject(dataset["owner_org"])
    found = measures.measure(["conform_datasets"], [subject])["conform_datasets"]
    assert found[subject].passing == (dataset["id"],)


def test_a_file_that_does_not_conform(upload: Any, dataset: dict[str, Any]) -> None:
    resource_id = upload(BAD)
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["rows"], shown["error_count"]) == ("invalid", 2, 4)
    assert {(e["row"], e["column"], e["value"]) for e in shown["errors"]} == {
        (3, "ENFANT_SEXE", "X"),
        (3, "ENFANT_PRENOM", "zoé"),
        (3, "NOMBRE_OCCURRENCES", "0"),
        (3, "ANNEE", "22"),
    }
    assert all(error["message"] for error in shown["errors"])
    subject = Subject(dataset["owner_org"])
    found = measures.measure(["conform_datasets"], [subject])["conform_datasets"]
    assert found[subject].failing == (dataset["id"],)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\x00" * 100, "archive"),
        (b"<!DOCTYPE html><title>404</title>", "html"),
        (bytes(range(256)) * 10, "binary"),
    ],
)
def test_a_file_that_cannot_be_read_has_a_reason(
    upload: Any, content: bytes, reason: str
) -> None:
    resource_id = upload(content)
    work()
    shown = show(resource_id)
    assert shown["status"] == "error"
    (error,) = shown["errors"]
    assert error["type"] == reason
    # A sentence, and not the word that programs know it by.
    assert error["message"].endswith(".")


def test_a_new_file_is_checked_again(upload: Any, create_with_upload: Any) -> None:
    resource_id = upload(BAD)
    work()
    user = helpers.call_action("get_site_user")
    create_with_upload(
        GOOD,
        "prenoms.csv",
        {"user": user["name"], "ignore_auth": True},
        action="resource_patch",
        id=resource_id,
    )
    assert show(resource_id)["status"] == "pending"
    work()
    assert show(resource_id)["status"] == "valid"


def test_another_schema_is_another_verdict(upload: Any) -> None:
    resource_id = upload(GOOD)
    work()
    call("resource_patch", id=resource_id, schema="scdl/deliberations")
    assert show(resource_id)["status"] == "pending"
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["schema"]) == ("invalid", "scdl/deliberations")


def test_what_says_nothing_new_of_the_file_is_no_reason_to_check(upload: Any) -> None:
    resource_id = upload(GOOD)
    work()
    call("resource_patch", id=resource_id, description="Les prénoms de 2022")
    assert waiting() == []
    assert show(resource_id)["status"] == "valid"


@pytest.mark.parametrize(
    "change", [{"schema": ""}, {"schema": "etalab/schema-amenagements-cyclables"}]
)
def test_without_a_schema_to_check_the_report_goes(
    upload: Any, change: dict[str, str]
) -> None:
    resource_id = upload(GOOD)
    work()
    call("resource_patch", id=resource_id, **change)
    work()
    assert show(resource_id)["status"] == "unknown_schema"
    assert Conformity.get(resource_id) is None


def publish(site: Website, dataset: dict[str, Any], path: str, **more: Any) -> str:
    """A resource that is a link."""
    fields = {"schema": PRENOMS, "format": "CSV", **more}
    made = call(
        "resource_create", package_id=dataset["id"], url=site.url(path), **fields
    )
    return made["id"]


@pytest.fixture
def site(
    ckan_config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Website]:
    key = "ckanext.challenge.link_networks"
    monkeypatch.setitem(ckan_config, key, ["127.0.0.1/32"])
    answers = {
        "/good.csv": file(GOOD.encode()),
        "/bad.csv": file(BAD.encode()),
        "/old.csv": file(GOOD.encode("iso-8859-15"), "text/csv; charset=ISO-8859-15"),
        "/page": file(b"<!DOCTYPE html><title>Oups</title>", "text/html"),
    }
    with website(answers) as running:
        yield running


def test_a_link_is_fetched_by_the_job_and_by_nothing_else(
    site: Website, dataset: dict[str, Any]
) -> None:
    resource_id = publish(site, dataset, "/good.csv")
    assert show(resource_id)["status"] == "pending"
    assert call("challenge_conformity_check", resource_id=resource_id)["status"] == (
        "pending"
    )
    assert site.asked == []
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["rows"]) == ("valid", 1)
    assert site.asked
    subject = Subject(dataset["owner_org"])
    found = measures.measure(["conform_datasets"], [subject])["conform_datasets"]
    assert found[subject].passing == (dataset["id"],)
    # Another address is another file; until it is checked the former verdict counts.
    call("resource_patch", id=resource_id, url=site.url("/bad.csv"))
    assert show(resource_id)["status"] == "pending"
    found = measures.measure(["conform_datasets"], [subject])["conform_datasets"]
    assert found[subject].passing == (dataset["id"],)
    assert store.due() == [resource_id]
    work()
    assert show(resource_id)["status"] == "invalid"
    assert store.due() == []


def test_a_national_address_names_a_schema_and_is_not_asked(
    site: Website, dataset: dict[str, Any]
) -> None:
    address = "https://schema.data.gouv.fr/schemas/scdl/prenoms/latest/schema.json"
    resource_id = publish(site, dataset, "/good.csv", schema=address)
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["schema"]) == ("valid", PRENOMS)


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/page", "html"), ("/gone", "link-status")],
)
def test_a_link_that_leads_to_no_table_has_a_reason(
    site: Website, dataset: dict[str, Any], path: str, reason: str
) -> None:
    resource_id = publish(site, dataset, path)
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["errors"][0]["type"]) == ("error", reason)


def test_a_private_address_is_not_asked(
    site: Website,
    dataset: dict[str, Any],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.link_networks", [])
    resource_id = publish(site, dataset, "/good.csv")
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["errors"][0]["type"]) == ("error", "link-private")
    assert site.asked == []


def test_the_encoding_is_the_one_that_the_server_declares(
    site: Website, dataset: dict[str, Any]
) -> None:
    declared = publish(site, dataset, "/old.csv")
    corrected = publish(site, dataset, "/old.csv", encoding="windows-1252")
    work()
    assert show(declared)["encoding"] == "iso-8859-15"
    shown = show(corrected)
    assert (shown["status"], shown["encoding"]) == ("valid", "windows-1252")
    (advice,) = shown["groups"]
    assert (advice["type"], advice["advice"]) == ("other-encoding", True)


def test_links_are_looked_at_again(site: Website, dataset: dict[str, Any]) -> None:
    good, broken = publish(site, dataset, "/good.csv"), publish(site, dataset, "/gone")
    work()
    assert store.due() == []
    now = dt.datetime.now(dt.timezone.utc)
    for resource_id in (good, broken):
        resource: Any = model.Session.get(model.Resource, resource_id)
        resource.created = dt.datetime(2020, 1, 1)  # noqa: DTZ001
    model.Session.commit()
    for age, due in (
        (dt.timedelta(hours=19), []),
        (dt.timedelta(days=1), [broken]),
        (dt.timedelta(days=8), [broken, good]),
    ):
        for resource_id in (good, broken):
            report: Any = Conformity.get(resource_id)
            report.checked_at = now - age
        model.Session.commit()
        assert set(store.due()) == set(due)
        # Whoever reads the page sees the verdict all the same.
        assert show(good)["status"] == "valid"
    site.answers["/gone"] = file(GOOD.encode())
    assert jobs.check_due() == 2
    assert show(broken)["status"] == "valid"


def test_a_check_that_broke_is_tried_again_every_night(
    upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_id = upload(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(check, "check", lambda *_: 1 / 0)
        work()
    shown = show(resource_id)
    assert (shown["status"], shown["errors"][0]["type"]) == ("error", "failed")
    assert store.due() == [resource_id]
    jobs.check_due()
    assert show(resource_id)["status"] == "valid"


def test_a_night_has_an_end(upload: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        upload(GOOD)
    monkeypatch.setattr(jobs, "_NIGHT", -1)
    assert jobs.check_due() == 0
    assert len(store.due()) == 3


def test_a_file_that_is_replaced_while_it_is_checked_is_due_again(
    upload: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_id = upload(GOOD)
    plain = check.check

    def replaced_meanwhile(*arguments: Any) -> Any:
        report = plain(*arguments)
        resource: Any = model.Session.get(model.Resource, resource_id)
        resource.last_modified = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)
        model.Session.commit()
        return report

    monkeypatch.setattr(check, "check", replaced_meanwhile)
    jobs.check_resource(resource_id)
    assert store.due() == [resource_id]
    assert show(resource_id)["status"] == "pending"


def test_what_is_neither_upload_nor_link_is_not_checked(
    dataset: dict[str, Any],
) -> None:
    made = call(
        "resource_create",
        package_id=dataset["id"],
        url="ftp://example.org/prenoms.csv",
        schema=PRENOMS,
    )
    assert waiting() == []
    shown = show(made["id"])
    assert (shown["status"], shown["errors"][0]["type"]) == ("error", "link")
    jobs.check_resource(made["id"])
    assert Conformity.get(made["id"]) is None


def test_an_upload_without_schema_is_nobodys_matter(upload: Any) -> None:
    resource_id = upload(GOOD, schema=None)
    assert waiting() == []
    shown = show(resource_id)
    assert (shown["status"], shown["schema"]) == ("unknown_schema", None)


def test_a_file_that_has_gone_has_a_verdict(upload: Any, storage: Path) -> None:
    resource_id = upload(GOOD)
    for path in storage.rglob("*"):
        if path.is_file():
            path.unlink()
    work()
    shown = show(resource_id)
    assert (shown["status"], shown["errors"][0]["type"]) == ("error", "missing")


def test_a_report_that_cannot_be_stored_keeps_no_other_waiting(upload: Any) -> None:
    bad, good = upload(GOOD), upload(GOOD, name="autre")
    model.Session.remove()
    with ensure_engine().begin() as connection:
        connection.exec_driver_sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            " BEGIN RAISE EXCEPTION 'broken'; END $$"
        )
        connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON challenge_conformity"
            f" FOR EACH ROW WHEN (NEW.resource_id = '{bad}') EXECUTE FUNCTION refuse()"
        )
    try:
        assert jobs.check_due(resource_ids=[bad, good]) == 2
    finally:
        model.Session.remove()
        with ensure_engine().begin() as connection:
            connection.exec_driver_sql("DROP FUNCTION refuse CASCADE")
    assert show(good)["status"] == "valid"
    assert store.due() == [bad]


class ElsewhereUploader:
    """As ckanext-s3filestore: it wants the whole resource, and signs addresses."""

    address = ""

    def __init__(self, resource: dict[str, Any]) -> None:
        self.url = resource["url"]
        resource.pop("upload", None)

    def get_path(self, id: str, filename: str) -> str:
        assert filename == self.url.rsplit("/", 1)[-1]
        return f"resources/{id}/{filename}"

    def get_signed_url_to_key(self, key: str) -> str:
        return f"{self.address}/{key}"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[Website]:
    """A server on which another plugin keeps the uploads; at a private address."""
    with website({}) as site:
        monkeypatch.setattr(ElsewhereUploader, "address", site.url(""))
        yield site


def _uploads_are_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploader, "get_resource_uploader", ElsewhereUploader)


def test_an_upload_that_another_plugin_keeps_is_checked(
    upload: Any, elsewhere: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_id = upload(GOOD)
    elsewhere.answers[f"/resources/{resource_id}/prenoms.csv"] = file(BAD.encode())
    _uploads_are_elsewhere(monkeypatch)
    work()
    assert show(resource_id)["status"] == "invalid"
    assert call("challenge_conformity_check", resource_id=resource_id)["status"] == (
        "pending"
    )


def test_a_storage_that_does_not_answer_is_the_portals_fault(
    upload: Any,
    dataset: dict[str, Any],
    elsewhere: Website,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checked, new = upload(GOOD), upload(GOOD, name="autre")
    jobs.check_resource(checked)
    _uploads_are_elsewhere(monkeypatch)
    for resource_id in (checked, new):
        jobs.check_resource(resource_id)
    shown = show(new)
    assert (shown["status"], shown["own_fault"]) == ("error", True)
    assert shown["errors"][0]["type"] == "failed"
    # Nothing is wrong with the file: it is not named as one to be mended, and what was
    # found before goes on to count until the next night.
    assert show(checked)["status"] == "pending"
    assert set(store.due()) == {checked, new}
    found = _conform(dataset)
    assert (found.value, found.failing) == (1, ())
    report = Conformity.get(checked)
    assert report
    model.Session.delete(report)
    model.Session.commit()
    found = _conform(dataset)
    assert (found.value, found.failing) == (0, ())


def _conform(dataset: dict[str, Any]) -> Any:
    model.Session.expire_all()
    subject = Subject(dataset["owner_org"])
    return measures.measure(["conform_datasets"], [subject])["conform_datasets"][
        subject
    ]


def test_a_folder_that_is_not_there_is_the_portals_fault(
    upload: Any, storage: Path
) -> None:
    resource_id = upload(GOOD)
    (storage / "resources").rename(storage / "elsewhere")
    work()
    assert show(resource_id)["own_fault"]


def test_the_page_blames_nobody_for_a_fault_of_the_portal(
    app: Any, upload: Any, dataset: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    resource_id = upload(GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(check, "check", lambda *_: 1 / 0)
        work()
    answer = app.get(
        f"/dataset/{dataset['name']}/resource/{resource_id}",
        headers={"Authorization": factories.SysadminWithToken()["token"]},
    )
    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    block = page.select_one("#challenge-conformity")
    assert block
    assert block.select_one("form button")
    assert not block.select_one("form a")


def test_nothing_is_queued_when_the_change_is_rolled_back(
    dataset: dict[str, Any],
) -> None:
    resource = model.Resource(package_id=dataset["id"], url="a.csv", url_type="upload")
    resource.extras = {"schema": PRENOMS}
    model.Session.add(resource)
    model.Session.flush()
    model.Session.rollback()
    model.Session.commit()
    assert waiting() == []


def test_a_resource_that_goes_takes_its_report_along(
    upload: Any, dataset: dict[str, Any]
) -> None:
    deleted, purged = upload(GOOD), upload(GOOD)
    work()
    call("resource_delete", id=deleted)
    work()
    assert Conformity.get(deleted) is None
    call("dataset_purge", id=dataset["id"])
    assert Conformity.get(purged) is None
    # Jobs that come too late.
    jobs.check_resource(purged)
    jobs.check_resource("no such resource")


def test_without_redis_the_upload_is_saved_and_found_later(
    upload: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    caplog: Any,
) -> None:
    with (
        monkeypatch.context() as patch,
        caplog.at_level(logging.WARNING, "ckanext.challenge"),
    ):
        # Reading test.ini switches off the loggers that were made before.
        patch.setattr(background.log, "disabled", False)
        # A port on which nothing listens.
        patch.setitem(ckan_config, "ckan.redis.url", "redis://127.0.0.1:1/0")
        patch.setattr(ckan_redis, "_connection_pool", None)
        patch.setattr(ckan_jobs, "_queues", {})
        resource_id = upload(GOOD)
    assert "Not queued" in caplog.text
    assert resource_id in caplog.text
    assert store.due() == [resource_id]
    assert jobs.check_due() == 1
    assert show(resource_id)["status"] == "valid"
    assert store.due() == []


def test_due_are_those_whose_report_is_missing_or_old(upload: Any) -> None:
    fresh, replaced, renamed, never = (upload(GOOD) for _ in range(4))
    upload(GOOD, schema=None)
    upload(GOOD, schema="etalab/schema-amenagements-cyclables")
    work()
    assert store.due() == []
    now = dt.datetime.now(dt.timezone.utc).replace(tzinfo=None)
    resource: Any = model.Session.get(model.Resource, replaced)
    resource.last_modified = now
    report: Any = Conformity.get(renamed)
    report.schema = "scdl/deliberations"
    model.Session.delete(Conformity.get(never))
    model.Session.commit()
    assert set(store.due()) == {replaced, renamed, never}
    assert len(store.due(limit=2)) == 2
    elsewhere = factories.Organization()["id"]
    assert store.due([elsewhere]) == []
    assert show(fresh)["status"] == "valid"
    for resource_id in (replaced, renamed, never):
        assert show(resource_id)["status"] == "pending"


def test_a_date_in_the_future_keeps_nothing_pending(upload: Any) -> None:
    resource_id = upload(GOOD)
    work()
    call("resource_patch", id=resource_id, last_modified="2099-01-01T00:00:00")
    work()
    assert show(resource_id)["status"] == "valid" or store.due() == [resource_id]


def test_a_report_has_the_organization_evaluated(
    upload: Any, dataset: dict[str, Any]
) -> None:
    resource_id = upload(GOOD)
    queue.finish(queue.take())
    jobs.check_resource(resource_id)
    assert queue.take().resources == {resource_id}


def test_a_second_opinion(upload: Any) -> None:
    resource_id = upload(GOOD)
    shown = call("challenge_conformity_check", resource_id=resource_id)
    assert shown["status"] == "valid"


def test_a_large_file_is_left_to_a_job(upload: Any) -> None:
    resource_id = upload(GOOD + "45024,F,Zoé,3,2022\n" * 20_000)
    forget()
    shown = call("challenge_conformity_check", resource_id=resource_id)
    assert shown["status"] == "pending"
    assert waiting() == [resource_id]


def test_who_may(upload: Any, dataset: dict[str, Any]) -> None:
    resource_id = upload(GOOD)
    work()
    editor, stranger = factories.User(), factories.User()
    call(
        "organization_member_create",
        id=dataset["owner_org"],
        username=editor["name"],
        role="editor",
    )

    def as_(name: str, action: str) -> Any:
        context = {"user": name, "ignore_auth": False}
        return helpers.call_action(action, context, resource_id=resource_id)

    for name in ("", stranger["name"], editor["name"]):
        assert as_(name, "challenge_conformity_show")["status"] == "valid"
    assert as_(editor["name"], "challenge_conformity_check")["status"] == "valid"
    for name in ("", stranger["name"]):
        with pytest.raises(tk.NotAuthorized):
            as_(name, "challenge_conformity_check")
    call("package_patch", id=dataset["id"], private=True)
    for name in ("", stranger["name"]):
        with pytest.raises(tk.NotAuthorized):
            as_(name, "challenge_conformity_show")
    assert as_(editor["name"], "challenge_conformity_show")["status"] == "valid"


@pytest.mark.parametrize("action", ["show", "check"])
@pytest.mark.parametrize(
    ("resource_id", "error"),
    [
        ("no such resource", tk.ObjectNotFound),
        (None, tk.ValidationError),
        ("", tk.ValidationError),
        ({"id": 1}, tk.ValidationError),
    ],
)
def test_wrong_arguments(action: str, resource_id: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        call(f"challenge_conformity_{action}", resource_id=resource_id)


OF_ANOTHER = GOOD.replace("45024", "36006")
#: The commune of our example, which does not exist.
OF_THE_EXAMPLE = GOOD.replace("45024", "00012")


@pytest.mark.parametrize(
    ("numbers", "content", "reason"),
    [
        ({"insee_code": "45024"}, GOOD, None),
        ({"insee_code": "45024"}, OF_ANOTHER, "other"),
        ({"insee_code": "45024"}, OF_THE_EXAMPLE, "example"),
        # Of whom nothing is known nothing is said, but of the example.
        ({}, OF_ANOTHER, None),
        ({}, OF_THE_EXAMPLE, "example"),
    ],
)
def test_a_file_is_its_publishers_own(
    upload: Any,
    dataset: dict[str, Any],
    numbers: dict[str, str],
    content: str,
    reason: str | None,
) -> None:
    call("organization_patch", id=dataset["owner_org"], **numbers)
    resource_id = upload(content)
    work()
    shown = show(resource_id)
    assert shown["status"] == ("invalid" if reason else "valid")
    problems = [
        (error["type"], error["row"], error["column"], error["expected"]["reason"])
        for error in shown["errors"]
    ]
    wrong = ("publisher-value", 2, "COLL_INSEE", reason)
    assert problems == ([wrong] if reason else [])
    subject = Subject(dataset["owner_org"])
    found = measures.measure(["conform_datasets"], [subject])["conform_datasets"]
    assert found[subject].value == (0 if reason else 1)


def test_publishing_for_another_is_said_on_the_dataset(
    upload: Any, dataset: dict[str, Any], app: Any
) -> None:
    call("organization_patch", id=dataset["owner_org"], insee_code="45024")
    resource_id = upload(OF_ANOTHER)
    work()
    assert show(resource_id)["status"] == "invalid"
    call("package_patch", id=dataset["id"], published_for="36006")
    # What it says of its publisher decides: it is checked again.
    assert waiting() == [resource_id]
    work()
    assert show(resource_id)["status"] == "valid"
    page = app.get(f"/dataset/{dataset['name']}").get_data(as_text=True)
    assert "36006" in page
    # The number of its organization decides likewise.
    call("package_patch", id=dataset["id"], published_for="")
    call("organization_patch", id=dataset["owner_org"], insee_code="36006")
    assert waiting() == [resource_id]
    work()
    assert show(resource_id)["status"] == "valid"


def test_the_verdict_appears_by_itself(app: Any, upload: Any, dataset: Any) -> None:
    resource_id = upload(BAD)
    page = tk.h.url_for(
        "dataset_resource.read", id=dataset["name"], resource_id=resource_id
    )

    def shown(tries: str) -> Any:
        answer = app.get(page, query_string={"challenge_tries": tries})
        return BeautifulSoup(answer.body, "html.parser").select_one(
            "#challenge-conformity"
        )

    # Asked again, each time later, and not for ever.
    for tries, trigger in (
        ("0", "load delay:1s"),
        ("9", "load delay:10s"),
        ("x", "load delay:1s"),
    ):
        (status,) = shown(tries).select("[hx-get]")
        assert status["hx-trigger"] == trigger
        assert status["hx-get"].startswith(f"{page}?challenge_tries=")
    assert not shown("10").select("[hx-get]")
    # Without JavaScript, by a link.
    assert f"{page}#challenge-conformity" in [a["href"] for a in shown("0").select("a")]
    work()
    assert not shown("1").select("[hx-get]")


def test_what_is_wrong_in_one_column_has_one_heading(
    app: Any, upload: Any, dataset: Any
) -> None:
    resource_id = upload(GOOD + "45024,F,zoé,3,2022\n45024,F,,3,2022\n")
    work()
    groups = show(resource_id)["groups"]
    assert [group["constraint"] for group in groups] == ["pattern", "required"]
    assert {group["title"] for group in groups} == {
        "Column ENFANT_PRENOM: 2 values to correct"
    }
    page = tk.h.url_for(
        "dataset_resource.read", id=dataset["name"], resource_id=resource_id
    )
    found = BeautifulSoup(app.get(page).body, "html.parser")
    assert len(found.select("#challenge-conformity h3")) == 1
