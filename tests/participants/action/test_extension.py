"""Later days for steps: given, shown, told, taken back, and what they change."""

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

from ckanext.challenge import config
from ckanext.challenge.model import Cohort, Extension, JournalEntry, Mail, Participant
from ckanext.challenge.participants import reminders
from ckanext.challenge.progress import evaluate, judgements

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db", "clean_index")

#: Due on the day of the launch, and 15 days.
STEP = "elu-referent"


def _season() -> dict[str, Any]:
    collectivites()
    # Two steps are late since a month.
    cohort = make_cohort(
        application_opens=day(-60).isoformat(), launch=day(-45).isoformat()
    )
    user = factories.User(email="mairie@example.org")
    rows = [
        make_participant(cohort, siren, user=user)
        if siren == BAULE
        else make_participant(cohort, siren)
        for siren in (BAULE, POINCONNET)
    ]
    admin = factories.Sysadmin()
    return {
        "cohort": cohort,
        "participants": [row["id"] for row in rows],
        "organization": rows[0]["organization_name"],
        "member": user,
        "admin": admin,
        "manager": make_staff(cohort, "manager", by=admin),
        "adviser": make_staff(cohort, "adviser", by=admin),
    }


@pytest.fixture
def season(made_once: MadeOnce) -> dict[str, Any]:
    found = made_once(__name__, _season)
    model.Session.query(Mail).delete()
    model.Session.commit()
    return found


def _extend(season: dict[str, Any], **given: Any) -> dict[str, Any]:
    return call_as(
        season["manager"],
        "challenge_extension_create",
        **{
            "participants": season["participants"],
            "step": STEP,
            "due": day(10).isoformat(),
            "reason": "Élections en mars",
            **given,
        },
    )


def _shown(season: dict[str, Any], who: str | None = "member") -> dict[str, Any]:
    progress = call_as(
        season[who] if who else None,
        "challenge_progress_show",
        organization=season["organization"],
        cohort=season["cohort"]["id"],
    )
    (row,) = [row for row in progress["steps"] if row["step"] == STEP]
    return {**row, "late_steps": progress["late_steps"]}


def _late(season: dict[str, Any]) -> list[int]:
    rows = call_as(
        None, "challenge_participant_list", cohort=season["cohort"]["id"], sort="name"
    )["results"]
    return [row["late_steps"] for row in rows]


def test_several_get_more_time_and_are_late_no_more(season: dict[str, Any]) -> None:
    evaluate.evaluate(cohort_ids=[season["cohort"]["id"]])
    before = _late(season)
    assert _shown(season)["late"]
    found = _extend(season)
    assert len(found["results"]) == 2
    assert found["settled"] == []
    first = found["results"][0]
    assert (first["due"], first["season_due"]) == (
        day(10).isoformat(),
        day(-30).isoformat(),
    )
    shown = _shown(season)
    assert not shown["late"]
    assert shown["due"] == day(10).isoformat()
    assert shown["extension"]["reason"] == "Élections en mars"
    assert shown["extension"]["season_due"] == day(-30).isoformat()
    # The stored figures say so at once, and the evaluation agrees.
    assert _late(season) == [number - 1 for number in before]
    evaluate.evaluate(cohort_ids=[season["cohort"]["id"]])
    assert _late(season) == [number - 1 for number in before]
    matrix = call_as(
        season["manager"], "challenge_step_list", cohort=season["cohort"]["id"]
    )
    for cells in matrix["results"].values():
        assert cells[STEP] == {
            "state": "todo",
            "late": False,
            "due": day(10).isoformat(),
            "extended": True,
        }
    # Everybody sees the day, and nobody else why.
    public = _shown(season, None)
    assert public["due"] == day(10).isoformat()
    assert "extension" not in public


def test_reminders_know_the_later_day(season: dict[str, Any]) -> None:
    cohort = Cohort.get(season["cohort"]["id"])

    def reminded() -> set[str]:
        return {
            key for one in reminders.candidates(cohort, 5) for key in one.reminder.late
        }

    assert STEP in reminded()
    _extend(season)
    assert STEP not in reminded()
    # That it has more time is news, and no reminder comes within a week of news.
    model.Session.query(Mail).delete()
    model.Session.commit()
    found = reminders.candidates(cohort, 10)
    assert all(STEP in one.reminder.soon for one in found)
    reminders.remind(found, 10)
    mails = model.Session.query(Mail).filter_by(kind="reminder").all()
    assert mails
    assert all(STEP in mail.data["soon"] for mail in mails)


def test_its_members_are_told_once(season: dict[str, Any], mailbox: Mailbox) -> None:
    _extend(season)
    work_in_this_process()
    message = mailbox.to("mairie@example.org")[-1]
    body = message.get_body(("plain",))
    assert body is not None
    assert "Élections en mars" in body.get_content()
    mails = model.Session.query(Mail).filter_by(kind="step_date").count()
    entries = model.Session.query(JournalEntry).filter_by(action="extend").count()
    # The same again changes nothing, and tells nobody.
    _extend(season)
    assert model.Session.query(Mail).filter_by(kind="step_date").count() == mails
    again = model.Session.query(JournalEntry).filter_by(action="extend").count()
    assert (entries, again) == (2, 2)
    _extend(season, due=day(12).isoformat())
    assert model.Session.query(Extension).count() == 2


def test_it_is_taken_back(season: dict[str, Any]) -> None:
    before = _late(season)
    made = _extend(season)["results"]
    (mine,) = [
        row for row in made if row["participant_id"] == season["participants"][0]
    ]
    listed = call_as(
        season["adviser"], "challenge_extension_list", cohort=season["cohort"]["id"]
    )
    assert listed["count"] == 2
    assert {row["organization_title"] for row in listed["results"]} == {
        "Baule",
        "Le Poinçonnet",
    }
    call_as(season["manager"], "challenge_extension_delete", id=mine["id"])
    assert _shown(season)["late"]
    assert _shown(season)["extension"] is None
    assert _late(season)[0] == before[0]
    own = call_as(
        season["member"],
        "challenge_extension_list",
        participant=season["participants"][0],
    )
    assert own == {"count": 0, "results": []}


def test_a_season_that_moves_further_holds_again(season: dict[str, Any]) -> None:
    _extend(season)
    call_as(
        season["admin"],
        "challenge_cohort_patch",
        id=season["cohort"]["id"],
        launch=day(0).isoformat(),
    )
    shown = _shown(season)
    assert (shown["due"], shown["extension"]) == (day(15).isoformat(), None)
    (row, _) = call_as(
        season["manager"], "challenge_extension_list", cohort=season["cohort"]["id"]
    )["results"]
    assert not row["holds"]


def test_the_night_on_which_a_later_day_is_over(season: dict[str, Any]) -> None:
    _extend(season, participants=season["participants"][:1])
    evaluate.evaluate()
    organization = Participant.get(season["participants"][0])
    assert organization is not None
    id_ = organization.organization_id
    same, _ = judgements.unchanged([id_], config.today())
    assert same == [id_]
    # No step of the season becomes late on that day.
    same, _ = judgements.unchanged([id_], day(11))
    assert same == []


def test_those_who_have_done_it_are_left_alone(season: dict[str, Any]) -> None:
    done, open_ = season["participants"]
    call_as(
        season["manager"],
        "challenge_step_waive",
        participant=done,
        step=STEP,
        reason="x",
    )
    found = _extend(season)
    assert [row["participant_id"] for row in found["results"]] == [open_]
    assert found["settled"] == [done]
    with pytest.raises(tk.ValidationError) as caught:
        _extend(season, participants=[done])
    assert list(caught.value.error_dict) == ["step"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"due": -1}, "due"),
        ({"due": 121}, "due"),
        ({"due": "31/02/2027"}, "due"),
        ({"due": ""}, "due"),
        ({"reason": " "}, "reason"),
        ({"step": "inconnue"}, "step"),
        # Due 60 days after the launch.
        ({"step": "deliberation", "due": 15}, "due"),
        ({"participants": []}, "participants"),
        ({"participants": {"x": 1}}, "participants"),
    ],
)
def test_what_is_refused(
    season: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    # A number is so many days from now, which may be another day than that on which
    # the tests were collected.
    if isinstance(given.get("due"), int):
        given = {**given, "due": day(given["due"]).isoformat()}
    with pytest.raises(tk.ValidationError) as caught:
        _extend(season, **given)
    assert list(caught.value.error_dict) == [field]
    assert model.Session.query(Extension).count() == 0


def test_a_step_without_a_date(season: dict[str, Any]) -> None:
    call_as(
        season["admin"],
        "challenge_cohort_patch",
        id=season["cohort"]["id"],
        launch=None,
    )
    with pytest.raises(tk.ValidationError) as caught:
        _extend(season)
    assert list(caught.value.error_dict) == ["step"]


def test_all_or_none(season: dict[str, Any]) -> None:
    left, stays = season["participants"]
    call_as(
        season["manager"], "challenge_participant_withdraw", id=left, reason="Départ"
    )
    with pytest.raises(tk.ValidationError) as caught:
        _extend(season)
    assert list(caught.value.error_dict) == ["participants"]
    assert model.Session.query(Extension).count() == 0
    with pytest.raises(tk.ObjectNotFound):
        _extend(season, participants=[stays, "00000000-0000-0000-0000-000000000000"])


def test_managers_of_another_season_may_not(season: dict[str, Any]) -> None:
    other = make_cohort("open", name="saison-3", season=3)
    elsewhere = make_staff(other, "manager", by=season["admin"])
    with pytest.raises(tk.NotAuthorized):
        _extend({**season, "manager": elsewhere})
    with pytest.raises(tk.NotAuthorized):
        call_as(elsewhere, "challenge_extension_list", cohort=season["cohort"]["id"])
