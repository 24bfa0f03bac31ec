"""What is made once for everybody: nothing of a reader is in it, whoever asks first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from factories import BAULE, call_as
from flask import g, request, session

from ckanext.challenge.common import page_cache
from ckanext.challenge.common.once import once
from ckanext.challenge.views import everybody

READERS = (None, "stranger", "member", "adviser", "manager", "sysadmin")


def _pages(world: Any) -> list[str]:
    return [
        "/challenge",
        "/challenge/saison-2",
        "/challenge/saison-2?view=table",
        world.url,
        f"/challenge/awards/{world.award['id']}",
        f"/challenge/collectivite/{BAULE}",
        "/en/challenge/saison-2",
        "/challenge/saison-2/report",
        f"/organization/commune-{BAULE}",
    ]


def _content(page: str) -> str:
    """A page below its head, without the tokens of its forms."""
    lines = page.partition('role="main"')[2].splitlines()
    return "\n".join(line for line in lines if "_csrf_token" not in line)


@pytest.fixture
def nothing_remembered() -> Iterator[None]:
    page_cache.forget_all()
    yield
    page_cache.forget_all()


@pytest.mark.parametrize("first", READERS[1:])
@pytest.mark.usefixtures("nothing_remembered")
def test_visitors_read_the_same_whoever_came_first(
    browser: Callable[..., Any], world: Any, first: str
) -> None:
    visitor, reader = browser(), browser(first)
    for path in _pages(world):
        page_cache.forget_all()
        alone = _content(visitor.get(path).get_data(as_text=True))
        page_cache.forget_all()
        assert reader.get(path).status_code == 200
        assert _content(visitor.get(path).get_data(as_text=True)) == alone, path
        assert world.people[first]["name"] not in alone


@pytest.mark.usefixtures("nothing_remembered")
def test_readers_find_their_own_doors_whoever_came_first(
    browser: Callable[..., Any], world: Any
) -> None:
    award = f"/challenge/awards/{world.award['id']}"
    doors = {
        "/challenge": ("/challenge/manage", {"adviser", "manager", "sysadmin"}),
        "/challenge/saison-2": (
            "/challenge/manage/saison-2",
            {"manager", "sysadmin"},
        ),
        award: (f"/award/{world.award['id']}/revoke", {"manager", "sysadmin"}),
        world.url: (
            f'action="{world.url}/step/',
            {"member", "adviser", "manager", "sysadmin"},
        ),
    }
    readers = {role: browser(role) for role in READERS}
    for path, (door, allowed) in doors.items():
        for role, reader in readers.items():
            page = _content(reader.get(path).get_data(as_text=True))
            assert (door in page) == (role in allowed), (path, role)
    own = _content(readers["member"].get("/challenge/saison-2").get_data(as_text=True))
    assert "/challenge/mine" in own


def test_a_draft_is_remembered_for_nobody(
    browser: Callable[..., Any], world: Any
) -> None:
    call_as(
        world.people["sysadmin"],
        "challenge_cohort_create",
        name="secrete",
        season=9,
        title="Saison secrète",
        programme="saison",
    )
    boss, visitor = browser("sysadmin"), browser()
    assert "Saison secrète" in boss.get("/challenge").get_data(as_text=True)
    assert boss.get("/challenge/secrete").status_code == 200
    assert "Saison secrète" not in visitor.get("/challenge").get_data(as_text=True)
    assert visitor.get("/challenge/secrete").status_code == 404


def test_a_change_is_seen_by_who_has_signed_in(
    browser: Callable[..., Any], world: Any
) -> None:
    paths = ("/challenge", "/challenge/saison-2")
    readers = [browser("stranger"), browser("manager")]
    for reader in readers:
        for path in paths:
            reader.get(path)
    # Past the session, as another process would write.
    engine = model.meta.engine
    assert engine is not None
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE challenge_cohort SET title = 'Rebaptisée' WHERE name = 'saison-2'"
        )
    for reader in readers:
        for path in paths:
            assert "Rebaptisée" in reader.get(path).get_data(as_text=True), path


def test_an_organizations_page_follows_what_another_process_changes(
    browser: Callable[..., Any], world: Any
) -> None:
    visitor = browser()

    def shows(badge: bool) -> bool:
        page = visitor.get(f"/en/organization/commune-{BAULE}").get_data(as_text=True)
        return (f"/challenge/awards/{world.award['id']}" in page) == badge

    assert shows(True) and shows(True)
    engine = model.meta.engine
    assert engine is not None
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE challenge_award SET state = 'revoked'")
    assert shows(False)


def test_nothing_of_the_reader_is_at_hand(app: Any, world: Any) -> None:
    flask_app = getattr(app, "flask_app", app)
    secret = "geheim"
    headers = {
        "Authorization": secret,
        "Cookie": f"ckan={secret}; remember_token={secret}",
        "X-CKAN-API-Key": secret,
        "X-Forwarded-For": secret,
    }
    manager = model.User.get(world.people["manager"]["name"])
    assert manager is not None
    with flask_app.test_request_context("/challenge?q=a", headers=headers):
        g._login_user = manager
        g.user, g.userobj = manager.name, manager
        assert once("asked", lambda: 1) == 1
        with everybody.nobody():
            assert tk.current_user.is_anonymous
            assert (g.user, g.userobj) == ("", None)
            assert not request.cookies
            assert not session.get("_user_id")
            assert secret not in str({**request.environ, "werkzeug.request": None})
            assert once("asked", lambda: 2) == 2
            assert (request.path, request.args["q"]) == ("/challenge", "a")
            assert request.endpoint == "challenge.index"
        assert tk.current_user is manager or tk.current_user.id == manager.id
        assert once("asked", lambda: 3) == 1
        with pytest.raises(ZeroDivisionError), everybody.nobody():
            _ = 1 // 0
        assert g.user == manager.name
