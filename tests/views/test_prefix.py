"""Where CKAN is served below a prefix, with the language in it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ckan.tests import factories
from helpers.browser import PASSWORD, Browser

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.mark.parametrize(
    "prefix",
    [  # What is configured, what the application is asked for, what a reader sees.
        ("/data/{{LANG}}", "/en", "/data/en"),
        ("/data/{{LANG}}", "", "/data"),
        ("", "/en", "/en"),
        ("", "", ""),
    ],
)
@pytest.mark.parametrize(
    "page", ["/challenge/manage?sort=%C3%A9&page=2", "/challenge/application"]
)
def test_after_login_one_is_back_where_one_was(
    app: Any,
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    prefix: tuple[str, str, str],
    page: str,
) -> None:
    """The proxy takes the prefix off; the portal puts it back, and the language."""
    root, before, shown = prefix
    monkeypatch.setitem(ckan_config, "ckan.root_path", root)
    user = factories.User(password=PASSWORD)
    browser = Browser(app)
    asked = browser.get(before + page)
    assert asked.status_code == 302
    login = urlsplit(asked.location)
    assert login.path == f"{shown}/user/login"
    (came_from,) = parse_qs(login.query)["came_from"]
    sent = browser.client.post(
        f"{before}/user/login",
        query_string={"came_from": came_from},
        data={
            "login": user["name"],
            "password": PASSWORD,
            "_csrf_token": browser.token("/user/login"),
        },
    )
    assert sent.status_code == 302
    back = urlsplit(sent.location)
    assert back.path == shown + urlsplit(page).path
    assert parse_qs(back.query) == parse_qs(urlsplit(page).query)
