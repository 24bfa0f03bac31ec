"""The dates of a season: whom they touch when they move."""

from __future__ import annotations

from typing import Any

import ckan.plugins.toolkit as tk
import pytest
from ckan import model
from ckan.tests import factories
from factories import (
    BAULE,
    POINCONNET,
    call_as,
    collectivites,
    day,
    make_cohort,
    make_participant,
    make_staff,
    work_in_this_process,
)
from helpers.mailbox import Mailbox
from helpers.snapshots import MadeOnce

from benchmarks.statements import sent_statements
from ckanext.challenge.model import Mail, Participant

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")


def _season() -> dict[str, Any]:
    collectivites()
    cohort = make_cohort()
    user = factories.User(email="mairie@example.org")
    first = make_participant(cohort, BAULE, user=user)
    second = make_participant(cohort, POINCONNET)
    admin = factories.Sysadmin()
    return {
        "cohort": cohort,
        "participants": [first["id"], second["id"]],
        "manager": make_staff(cohort, "manager", by=admin),
        "admin": admin,
    }


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    found = made_once(__name__, _season)
    model.Session.query(Mail).delete()
    model.Session.commit()
    return found


def _move(season: dict[str, Any], **given: Any) -> dict[str, Any]:
    return call_as(
        season["manager"],
        "challenge_cohort_dates_update",
        id=season["cohort"]["id"],
        **given,
    )


def _launch(season: dict[str, Any]) -> str:
    return call_as(None, "challenge_cohort_show", id=season["cohort"]["id"])["launch"]


def test_it_says_whom_it_touches_before_anything_moves(season: dict[str, Any]) -> None:
    first, _ = season["participants"]
    call_as(
        season["manager"],
        "challenge_extension_create",
        participants=[first],
        step="elu-referent",
        due=day(40).isoformat(),
        reason="Vote",
    )
    model.Session.query(Mail).delete()
    model.Session.commit()
    # Due 15 and 30 days after the launch; the deadline is left free to follow it.
    found = _move(season, launch=day(-20).isoformat(), tell=True, dry_run=True)
    assert found["dates"] == [
        {
            "name": "launch",
            "before": day(-10).isoformat(),
            "after": day(-20).isoformat(),
        }
    ]
    moved = {row["step"]: row["after"] for row in found["steps"]}
    assert moved["elu-referent"] == day(-5).isoformat()
    assert "premier-jeu" not in moved
    baule, poinconnet = found["participants"]
    assert baule["organization_title"] == "Baule"
    assert "elu-referent" in baule["kept"]
    assert "elu-referent" in poinconnet["late"]
    assert found["mails"] > 0
    # Nothing moved, and nobody was told.
    assert _launch(season) == day(-10).isoformat()
    assert model.Session.query(Mail).count() == 0


def test_they_move_and_members_are_told(
    season: dict[str, Any], mailbox: Mailbox
) -> None:
    found = _move(
        season, launch=day(-20).isoformat(), tell=True, reason="La salle est prise."
    )
    assert _launch(season) == day(-20).isoformat()
    work_in_this_process()
    assert len(found["participants"]) == 2
    message = mailbox.to("mairie@example.org")[-1]
    body = message.get_body(("plain",))
    assert body is not None
    assert "La salle est prise." in body.get_content()
    # The evaluation that follows counts what is late now.
    late = model.Session.query(Participant.late_steps).all()
    assert all(number > 0 for (number,) in late)


def test_nobody_is_told_unasked_and_the_same_moves_nothing(
    season: dict[str, Any],
) -> None:
    found = _move(season, launch=day(-10).isoformat(), tell=True)
    assert (found["dates"], found["participants"], found["mails"]) == ([], [], 0)
    _move(season, finalisation=day(150).isoformat())
    assert model.Session.query(Mail).filter_by(kind="season_dates").count() == 0


def test_a_date_that_is_taken_away(season: dict[str, Any]) -> None:
    found = _move(season, first_publication="", dry_run=True)
    assert {row["after"] for row in found["steps"]} == {None}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"launch": day(90).isoformat()}, "first_publication"),
        ({"launch": "demain"}, "launch"),
        ({"revision": "0123456789abcdef"}, "revision"),
    ],
)
def test_what_is_refused(
    season: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        _move(season, **given)
    assert list(caught.value.error_dict) == [field]
    assert _launch(season) == day(-10).isoformat()


def test_the_number_of_statements_does_not_grow(season: dict[str, Any]) -> None:
    given = {"launch": day(-20).isoformat(), "dry_run": True}
    _move(season, **given)
    with sent_statements() as two:
        _move(season, **given)
    number = len(two)
    call_as(
        season["manager"],
        "challenge_participant_withdraw",
        id=season["participants"][1],
        reason="Départ",
    )
    with sent_statements() as one:
        _move(season, **given)
    assert len(one) == number
