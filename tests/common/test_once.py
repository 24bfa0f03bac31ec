"""What a page asks once, and what is asked again each time."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import sqlalchemy as sa
from ckan import model
from ckan.tests import factories

from ckanext.challenge.common.once import once


@pytest.fixture
def ask() -> Callable[[], int]:
    return count().__next__


@pytest.mark.usefixtures("with_plugins")
def test_a_page_asks_once_for_each_question(app: Any, ask: Callable[[], int]) -> None:
    with app.flask_app.test_request_context("/about"):
        assert [once("a", ask), once("a", ask), once("b", ask)] == [0, 0, 1]
    # The next one knows nothing of it.
    with app.flask_app.test_request_context("/about"):
        assert once("a", ask) == 2


@pytest.mark.usefixtures("with_plugins")
def test_what_may_change_something_asks_again(app: Any, ask: Callable[[], int]) -> None:
    with app.flask_app.test_request_context("/about", method="POST"):
        assert [once("a", ask), once("a", ask)] == [0, 1]


def test_so_does_what_is_no_request(ask: Callable[[], int]) -> None:
    assert [once("a", ask), once("a", ask)] == [0, 1]


@pytest.mark.usefixtures("with_plugins")
def test_an_error_is_no_answer(app: Any, ask: Callable[[], int]) -> None:
    def fail() -> int:
        raise LookupError

    with app.flask_app.test_request_context("/about"):
        with pytest.raises(LookupError):
            once("a", fail)
        assert once("a", ask) == 0


@pytest.mark.usefixtures("with_plugins", "clean_db")
def test_who_changes_something_all_the_same_asks_again(
    app: Any, ask: Callable[[], int]
) -> None:
    with app.flask_app.test_request_context("/about"):
        assert [once("a", ask), once("a", ask)] == [0, 0]
        factories.User()
        assert once("a", ask) == 1
        model.Session.execute(sa.text("DELETE FROM activity"))
        assert once("a", ask) == 2
        model.Session.execute(sa.text("SELECT 1"))
        assert once("a", ask) == 2
        model.Session.rollback()
