"""CKAN stands without us: its pages, searches and actions while our tables fail."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories, helpers
from helpers.browser import PASSWORD, Browser
from sqlalchemy.orm import close_all_sessions

from ckanext.challenge.common import issuer as issuing
from ckanext.challenge.common import shield
from ckanext.challenge.plugin import all_actions

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

_MOVE = """
DO $$
DECLARE candidate text;
BEGIN
    FOR candidate IN
        SELECT tablename FROM pg_tables
        WHERE schemaname = '{0}' AND tablename LIKE 'challenge\\_%'
          AND tablename NOT LIKE '%alembic_version'
    LOOP
        EXECUTE format('ALTER TABLE {0}.%I SET SCHEMA {1}', candidate);
    END LOOP;
END $$
"""


def _execute(*statements: str) -> None:
    close_all_sessions()
    with model.ensure_engine().begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement.replace("%", "%%"))


@pytest.fixture(autouse=True)
def _fresh_clock() -> Iterator[None]:
    shield.clock.forget()
    yield
    shield.clock.forget()


@pytest.fixture
def missing() -> Iterator[Callable[[], None]]:
    """Takes our tables away, until the test has ended."""
    yield lambda: _execute("CREATE SCHEMA away", _MOVE.format("public", "away"))
    _execute(
        "CREATE SCHEMA IF NOT EXISTS away",
        _MOVE.format("away", "public"),
        "DROP SCHEMA away",
    )


@pytest.fixture
def locked() -> Iterator[Callable[[], None]]:
    """Locks our tables against everybody, until the test has ended."""
    connection = model.ensure_engine().connect()
    transaction = connection.begin()

    def lock() -> None:
        close_all_sessions()
        connection.exec_driver_sql(
            "LOCK TABLE challenge_cohort, challenge_award, challenge_participant,"
            " challenge_conformity IN ACCESS EXCLUSIVE MODE"
        )

    yield lock
    transaction.rollback()
    connection.close()


@pytest.fixture
def portal() -> dict[str, Any]:
    """An organization with a dataset, its editor, a stranger and a sysadmin."""
    people = {
        "editor": factories.User(name="editor", password=PASSWORD),
        "stranger": factories.User(name="stranger", password=PASSWORD),
        "sysadmin": factories.Sysadmin(name="sysadmin", password=PASSWORD),
    }
    organization = factories.Organization(
        name="mairie", users=[{"name": "editor", "capacity": "editor"}]
    )
    factories.Group(name="themes")
    dataset = factories.Dataset(name="arbres", owner_org=organization["id"])
    resource = factories.Resource(
        package_id=dataset["id"],
        url="https://www.example.org/a.csv",
        format="CSV",
        schema="scdl/deliberations",
    )
    return {**people, "resource": resource, "organization": organization}


#: CKAN's main pages.
PAGES = (
    "/",
    "/about",
    "/dataset/",
    "/dataset/?q=arbres",
    "/dataset/arbres",
    "/dataset/arbres/resource/{resource}",
    "/dataset/groups/arbres",
    "/organization/",
    "/organization/mairie",
    "/organization/about/mairie",
    "/group/",
    "/group/themes",
    "/user/editor",
    "/dashboard/",
    "/dashboard/datasets",
    "/dashboard/organizations",
    "/dataset/new",
    "/dataset/edit/arbres",
    "/organization/edit/mairie",
    "/ckan-admin/",
    "/feeds/dataset.atom",
    "/api/3/action/package_search",
    "/api/3/action/package_show?id=arbres",
    "/api/3/action/organization_show?id=mairie",
    "/api/3/action/organization_list?all_fields=true",
)
READERS = (None, "stranger", "editor", "sysadmin")


def _readers(app: Any, portal: dict[str, Any]) -> dict[str | None, Browser]:
    return {
        who: Browser(app).sign_in(portal[who]) if who else Browser(app)
        for who in READERS
    }


def _statuses(
    readers: dict[str | None, Browser], portal: dict[str, Any]
) -> dict[tuple[str | None, str], int]:
    return {
        (who, page): reader.get(
            page.format(resource=portal["resource"]["id"])
        ).status_code
        for who, reader in readers.items()
        for page in PAGES
    }


@pytest.fixture(autouse=True)
def _log_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    # CKAN's commands turn off the loggers that were there before them.
    monkeypatch.setattr(shield.log, "disabled", False)


@pytest.mark.seconds(25)
def test_ckans_pages_answer_without_our_tables(
    app: Any,
    portal: dict[str, Any],
    missing: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    readers = _readers(app, portal)
    before = _statuses(readers, portal)
    assert {before[None, "/"], before["sysadmin", "/ckan-admin/"]} == {200}
    missing()
    caplog.clear()
    assert _statuses(readers, portal) == before
    errors = [row for row in caplog.records if row.levelno >= logging.ERROR]
    assert len(errors) == 1, [row.getMessage() for row in errors]


def test_ckans_actions_work_without_our_tables(
    portal: dict[str, Any], missing: Callable[[], None]
) -> None:
    missing()
    context = {"user": "sysadmin"}
    made = helpers.call_action(
        "package_create",
        context,
        name="bancs",
        owner_org="mairie",
        resources=[
            {
                "url": "https://www.example.org/b.csv",
                "name": "b",
                "schema": "scdl/deliberations",
            }
        ],
    )
    assert made["name"] == "bancs"
    helpers.call_action(
        "resource_patch",
        {"user": "sysadmin", "ignore_auth": False},
        id=made["resources"][0]["id"],
        url="https://www.example.org/c.csv",
    )
    found = helpers.call_action("package_search", q="name:bancs")
    assert found["count"] == 1
    shown = helpers.call_action("package_show", id="bancs")
    assert shown["resources"][0]["url"] == "https://www.example.org/c.csv"
    helpers.call_action(
        "package_delete", {"user": "sysadmin", "ignore_auth": False}, id="bancs"
    )
    helpers.call_action(
        "organization_patch", {"user": "sysadmin"}, id="mairie", title="La mairie"
    )
    assert helpers.call_action("organization_show", id="mairie")["title"] == "La mairie"


@pytest.mark.seconds(8)
def test_locked_tables_hold_nobody_up(
    app: Any,
    portal: dict[str, Any],
    locked: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shield, "LOCK_PATIENCE", 50)
    monkeypatch.setattr(shield, "PAGE_PATIENCE", 50)
    reader = Browser(app)
    locked()
    for page in ("/", "/dataset/arbres", "/organization/mairie"):
        assert reader.get(page).status_code == 200, page
    helpers.call_action(
        "resource_patch",
        {"user": "sysadmin"},
        id=portal["resource"]["id"],
        url="https://www.example.org/d",
    )
    assert reader.get("/challenge").status_code == 503


def test_tables_that_may_only_be_read_stop_no_change(
    portal: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    _execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE read_only_sql_transaction; END $$",
        "CREATE TRIGGER refuse BEFORE UPDATE ON challenge_conformity"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
    )
    try:
        helpers.call_action(
            "resource_patch",
            {"user": "sysadmin"},
            id=portal["resource"]["id"],
            url="https://www.example.org/d",
        )
    finally:
        _execute("DROP FUNCTION refuse CASCADE")
    shown = helpers.call_action("resource_show", id=portal["resource"]["id"])
    assert shown["url"] == "https://www.example.org/d"
    assert any("reports are outdated" in row.getMessage() for row in caplog.records)


def test_patience_ends_with_what_it_was_for(portal: dict[str, Any]) -> None:
    def patience() -> str:
        return model.Session.execute(
            sa.text("SELECT current_setting('lock_timeout')")
        ).scalar()

    usual = patience()
    assert shield.read("patience", patience, "") == "500ms"
    assert patience() == usual
    connection = model.Session.connection()
    seen: list[str] = []
    shield.write(connection, lambda: seen.append(patience()), "patience")
    assert (seen, patience()) == (["500ms"], usual)


def test_a_login_leads_to_ckans_dashboard_without_our_tables(
    app: Any, portal: dict[str, Any], missing: Callable[[], None]
) -> None:
    missing()
    reader = Browser(app)
    answer = reader.post("/user/login", data={"login": "editor", "password": PASSWORD})
    steps = []
    while answer.status_code == 302:
        steps.append(urlsplit(answer.headers["Location"]).path)
        answer = reader.get(steps[-1])
    assert steps[-1].endswith("/dashboard/datasets")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "page", ["/challenge", "/challenge/badges", "/organization/challenge/mairie"]
)
def test_our_pages_say_that_they_cannot(
    app: Any, portal: dict[str, Any], missing: Callable[[], None], page: str
) -> None:
    missing()
    answer = Browser(app).get(page)
    if page.startswith("/organization"):
        assert answer.status_code in (200, 503)
        return
    assert answer.status_code == 503
    assert "réessayez dans quelques minutes" in answer.get_data(as_text=True)


def _is_503(answer: Any) -> bool:
    told = answer.get_json()
    return (
        answer.status_code == 503
        and told["success"] is False
        and "réessayez dans quelques minutes" in told["error"]["message"]
        and answer.headers["Retry-After"] == "60"
    )


def test_our_actions_say_that_they_cannot(
    app: Any,
    portal: dict[str, Any],
    missing: Callable[[], None],
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = factories.SysadminWithToken()["token"]
    missing()
    caplog.clear()
    answers = {
        name: app.post(
            f"/api/3/action/{name}",
            json={"id": "mairie", "cohort": "saison-2", "organization": "mairie"},
            headers={"Authorization": token},
        )
        for name in all_actions()
    }
    # What is refused before a table is asked stays refused, some need none.
    assert {each.status_code for each in answers.values()} <= {200, 403, 404, 409, 503}
    told = {name for name, each in answers.items() if each.status_code == 503}
    assert all(_is_503(answers[name]) for name in told)
    assert len(told) > len(answers) / 3
    assert {"challenge_cohort_list", "challenge_participant_list"} <= told
    errors = [row for row in caplog.records if row.levelno >= logging.ERROR]
    assert len(errors) == 1, [row.getMessage() for row in errors]


def test_an_action_of_ours_gives_up_waiting_for_a_lock(
    app: Any,
    portal: dict[str, Any],
    locked: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shield, "PAGE_PATIENCE", 50)
    locked()
    assert _is_503(app.get("/api/3/action/challenge_cohort_list"))


def test_a_caller_in_the_same_process_sees_the_error_itself(
    portal: dict[str, Any], missing: Callable[[], None]
) -> None:
    missing()
    with pytest.raises(shield.DatabaseError):
        helpers.call_action("challenge_cohort_list")


@pytest.mark.parametrize("page", ["{did}", "/challenge/status/1.json"])
def test_documents_say_that_they_cannot_as_json(
    app: Any, portal: dict[str, Any], missing: Callable[[], None], page: str
) -> None:
    issuer = issuing.portal()
    address = page.format(did=issuer.keys.removeprefix(issuer.base))
    missing()
    assert _is_503(Browser(app).get(address))


@pytest.mark.parametrize(
    ("address", "mimetype"),
    [
        ("/.well-known/did.json", "application/json"),
        ("/challenge/badge/mairie.svg", "image/svg+xml"),
    ],
)
def test_programs_are_told_so_in_their_own_type(
    app: Any,
    portal: dict[str, Any],
    missing: Callable[[], None],
    address: str,
    mimetype: str,
) -> None:
    missing()
    answer = Browser(app).get(address)
    assert (answer.status_code, answer.mimetype) == (503, mimetype)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
