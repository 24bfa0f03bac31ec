"""Codes that let somebody apply although the deadline is over."""

from __future__ import annotations

import datetime as dt
from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    apply,
    call_as,
    collectivites,
    make_cohort,
    only_message,
)
from freezegun import freeze_time

from ckanext.challenge.domain import late_codes
from ckanext.challenge.model import Application

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


@pytest.fixture
def closed() -> dict[str, Any]:
    collectivites()
    return make_cohort(
        application_opens="2022-06-01",
        application_deadline="2022-09-30",
        launch="2022-09-15",
        first_publication="2022-12-15",
        finalisation="2023-03-31",
    )


def the_codes(admin: dict[str, Any], cohort: dict[str, Any]) -> list[dict[str, Any]]:
    return call_as(admin, "challenge_late_code_list", cohort=cohort["id"])["results"]


def test_a_code_opens_a_season_that_is_closed_once(
    admin: dict[str, Any], closed: dict[str, Any]
) -> None:
    with freeze_time(dt.datetime(2022, 10, 1, 8, tzinfo=dt.timezone.utc)):
        code = call_as(
            admin,
            "challenge_late_code_create",
            cohort=closed["id"],
            note="Baule, panne de réseau",
            valid_until="2022-10-15",
        )
        assert code["code"] == late_codes.normalised(code["code"])
        assert (code["max_uses"], code["uses"], code["state"]) == (1, 0, "active")
        with pytest.raises(tk.ValidationError):
            apply(closed, BAULE)
        # As somebody types it who heard it on the telephone.
        spoken = code["code"].lower().replace("-", " ")
        application = apply(closed, BAULE, late_code=spoken)
        assert application["state"] == "submitted"
        with pytest.raises(tk.ValidationError) as caught:
            apply(closed, POINCONNET, late_code=code["code"])
        assert list(caught.value.error_dict) == ["late_code"]
        (shown,) = the_codes(admin, closed)
        assert (shown["uses"], shown["state"]) == (1, "used")


@pytest.mark.parametrize(
    ("moment", "works"),
    [
        # 15 October 2022 ends in summer time.
        ("2022-10-15T21:59:59+00:00", True),
        ("2022-10-15T22:00:00+00:00", False),
    ],
)
def test_the_last_day_ends_at_midnight_in_paris(
    admin: dict[str, Any], closed: dict[str, Any], moment: str, works: bool
) -> None:
    with freeze_time(dt.datetime(2022, 10, 1, tzinfo=dt.timezone.utc)):
        code = call_as(
            admin,
            "challenge_late_code_create",
            cohort=closed["id"],
            valid_until="2022-10-15",
        )["code"]
    with freeze_time(dt.datetime.fromisoformat(moment)):
        (shown,) = the_codes(admin, closed)
        assert shown["state"] == ("active" if works else "expired")
        if works:
            assert apply(closed, BAULE, late_code=code)["state"] == "submitted"
        else:
            with pytest.raises(tk.ValidationError) as caught:
                apply(closed, BAULE, late_code=code)
            assert list(caught.value.error_dict) == ["late_code"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("valid_until", "2022-09-30", "over"),
        ("valid_until", "demain", "not a date"),
        ("max_uses", 0, "between 1"),
        ("max_uses", "beaucoup", "whole number"),
        ("note", "<b>", "HTML"),
    ],
)
def test_what_a_code_cannot_be(
    admin: dict[str, Any], closed: dict[str, Any], field: str, value: Any, words: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            admin, "challenge_late_code_create", cohort=closed["id"], **{field: value}
        )
    assert words in only_message(caught, field)
    assert the_codes(admin, closed) == []


def test_a_code_that_is_taken_back_lets_nobody_in_any_more(
    admin: dict[str, Any], closed: dict[str, Any]
) -> None:
    unused, used = (
        call_as(admin, "challenge_late_code_create", cohort=closed["id"], max_uses=5)
        for _ in range(2)
    )
    application = apply(closed, BAULE, late_code=used["code"])
    for code in (unused, used):
        call_as(admin, "challenge_late_code_delete", id=code["id"])
        with pytest.raises(tk.ValidationError):
            apply(closed, POINCONNET, late_code=code["code"])
    # Which application came late is still known.
    (left,) = the_codes(admin, closed)
    assert (left["id"], left["state"]) == (used["id"], "used")
    row = model.Session.get(Application, application["id"])
    assert row and row.late_code_id == used["id"]


def test_a_code_that_is_taken_is_not_given_again(
    admin: dict[str, Any], closed: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter(["CCCC-CCCC", "CCCC-CCCC", "FFFF-FFFF"])
    monkeypatch.setattr(late_codes, "new_code", lambda: next(drawn))
    for _ in range(2):
        call_as(admin, "challenge_late_code_create", cohort=closed["id"])
    codes = {row["code"] for row in the_codes(admin, closed)}
    assert codes == {"CCCC-CCCC", "FFFF-FFFF"}
