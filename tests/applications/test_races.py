"""Who comes second is told, and nothing that a person wrote stands in a server's log.

PostgreSQL writes each statement that it refuses into its log, with all of its values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import BAULE, LIGNIERES, POINCONNET, apply, call_as, season_and_directory
from helpers.concurrency import at_once
from helpers.snapshots import MadeOnce
from sqlalchemy import event

from ckanext.challenge.applications import form_token
from ckanext.challenge.domain import late_codes
from ckanext.challenge.model import Application

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


@pytest.fixture
def cohort(made_once: MadeOnce) -> dict[str, Any]:
    return made_once("open season", season_and_directory)


@pytest.fixture
def refused() -> Iterator[list[str]]:
    """The statements that the database refused."""
    seen: list[str] = []

    def note(context: Any) -> None:
        seen.append(str(context.statement))

    engine = model.meta.engine
    event.listen(engine, "handle_error", note)
    yield seen
    event.remove(engine, "handle_error", note)


def _race(app: Any, *functions: Callable[[], Any]) -> list[str]:
    """Run functions at once, each as a request, and say what came of them."""

    def ask(function: Callable[[], Any]) -> Any:
        with app.flask_app.test_request_context():
            return function()

    return _told(at_once(app, *[partial(ask, function) for function in functions]))


def _told(results: list[Any]) -> list[str]:
    return sorted(
        next(iter(result.error_dict))
        if isinstance(result, tk.ValidationError)
        else "done"
        if isinstance(result, dict)
        else repr(result)
        for result in results
    )


def test_applications_of_one_collectivite_at_once(
    cohort: dict[str, Any], app: Any, refused: list[str]
) -> None:
    # CKAN finds its actions at the first call, and not twice at once.
    call_as(None, "challenge_application_form", cohort=cohort["name"])
    told = _race(app, *[partial(apply, cohort, submit=False, opened=False)] * 4)
    assert told == ["done", "siren", "siren", "siren"]
    assert refused == []
    assert model.Session.query(Application).count() == 1


def test_one_form_sent_twice_at_once_with_other_collectivites(
    cohort: dict[str, Any],
    app: Any,
    refused: list[str],
    ckan_config: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ckan_config, "ckanext.challenge.form_seconds", 0)
    mark = form_token.make(cohort["id"], True)
    sent = [
        partial(apply, cohort, siren, submit=False, opened=False, form=mark)
        for siren in (BAULE, POINCONNET, *LIGNIERES)
    ]
    assert _race(app, *sent) == ["done"] * 4
    assert model.Session.query(Application).count() == 1
    assert refused == []


def test_two_drafts_that_become_one_collectivite_at_once(
    cohort: dict[str, Any], app: Any, refused: list[str]
) -> None:
    drafts = [apply(cohort, siren, submit=False) for siren in LIGNIERES]
    changes = [
        partial(
            call_as,
            None,
            "challenge_application_update",
            id=draft["id"],
            key=draft["key"],
            siren=BAULE,
        )
        for draft in drafts
    ]
    assert _race(app, *changes) == ["done", "siren"]
    assert refused == []


def test_two_that_are_reopened_at_once(
    cohort: dict[str, Any], app: Any, refused: list[str]
) -> None:
    admin = factories.Sysadmin()
    ids = []
    for _ in range(2):
        ids.append(apply(cohort)["id"])
        call_as(
            admin,
            "challenge_application_review",
            id=ids[-1],
            decision="refuse",
            reason="Non.",
        )
    reopened = [
        partial(
            call_as, admin, "challenge_application_review", id=id_, decision="reopen"
        )
        for id_ in ids
    ]
    assert _race(app, *reopened) == ["done", "siren"]
    assert refused == []


def test_a_code_that_is_taken_is_not_tried(
    cohort: dict[str, Any], refused: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = iter(("AAAA", "AAAA", "BBBB"))
    monkeypatch.setattr(late_codes, "new_code", lambda: next(codes))
    admin = factories.Sysadmin()
    made = [
        call_as(admin, "challenge_late_code_create", cohort=cohort["id"], note="Baule")
        for _ in range(2)
    ]
    assert [one["code"] for one in made] == ["AAAA", "BBBB"]
    assert refused == []
