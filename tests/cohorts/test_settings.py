"""What managers settle for a season: its questions, what comes by itself."""

from __future__ import annotations

import datetime as dt
import json
import threading
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
    day,
    make_cohort,
    only_message,
)
from freezegun import freeze_time

from ckanext.challenge.common import journal
from ckanext.challenge.model import Application, JournalEntry

pytestmark = pytest.mark.usefixtures("with_plugins", "clean_db")

QUESTIONS = [
    {"label": {"fr": "Votre logiciel ?", "en": "Your software?"}, "required": True},
    {
        "label": {"fr": "Combien de jeux ?"},
        "type": "choice",
        "choices": ["Moins de 5", "Plus"],
    },
]


@pytest.fixture
def admin() -> dict[str, Any]:
    return factories.Sysadmin()


def answered(cohort: dict[str, Any], siren: str, **answers: Any) -> None:
    """An application of which only the answers matter."""
    made = apply(cohort, siren, submit=False, draft=True)
    row = model.Session.get(Application, made["id"])
    assert row
    row.answers = answers
    model.Session.commit()


def test_questions_are_kept_with_their_keys(admin: dict[str, Any]) -> None:
    cohort = make_cohort(questions=QUESTIONS)
    keys = [question["key"] for question in cohort["questions"]]
    assert keys == ["votre_logiciel", "combien_de_jeux"]
    values = [choice["value"] for choice in cohort["questions"][1]["choices"]]
    assert values == ["moins-de-5", "plus"]
    patched = call_as(
        admin, "challenge_cohort_patch", id=cohort["id"], title="Autre titre"
    )
    assert patched["questions"] == cohort["questions"]


@pytest.mark.parametrize(
    ("questions", "place", "words"),
    [
        ([{"label": "A"}, {"type": "text"}], (1, "label_fr"), "Missing value"),
        ([{"label": {"en": "<b>"}}], (0, "label_en"), "HTML"),
        ([{"label": "A", "type": "choice"}], (0, "choices"), "two choices"),
        (
            [{"label": "A", "type": "choice", "choices": ["x", "y", "X"]}],
            (0, "choices"),
            "Line 3: “X” stands here twice",
        ),
        ([{"label": "A", "type": "colour"}], (0, "type"), "paragraph"),
        ([3], (0, "label_fr"), "object"),
        ({"label": "A"}, None, "list"),
        ("A", None, "list"),
        ([{"label": str(n)} for n in range(31)], None, "30"),
    ],
)
def test_wrong_questions_are_told_at_their_place(
    admin: dict[str, Any],
    questions: Any,
    place: tuple[int, str] | None,
    words: str,
) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        make_cohort(questions=questions)
    errors: dict[str, Any] = caught.value.error_dict
    assert list(errors) == ["questions"]
    found = errors["questions"]
    messages = found[place[0]][place[1]] if place else found
    assert words in messages[0]


def test_a_question_with_answers_keeps_its_type(admin: dict[str, Any]) -> None:
    collectivites()
    cohort = make_cohort(questions=QUESTIONS)
    software, amount = cohort["questions"]
    answered(cohort, BAULE, votre_logiciel="Aucun")
    answered(cohort, POINCONNET, votre_logiciel="Un", combien_de_jeux="plus")

    listed = call_as(admin, "challenge_question_list", cohort=cohort["id"])
    assert [row["answers"] for row in listed["results"]] == [2, 1]
    assert [row["key"] for row in listed["results"]] == [
        question["key"] for question in cohort["questions"]
    ]

    def patch(**data: Any) -> Any:
        return call_as(admin, "challenge_cohort_patch", id=cohort["id"], **data)

    with pytest.raises(tk.ValidationError) as caught:
        patch(questions=[{**software, "type": "number"}, amount])
    errors: dict[str, Any] = caught.value.error_dict
    assert "2 applications answer" in errors["questions"][0]["type"][0]
    # Under another key it would be another question.
    with pytest.raises(tk.ValidationError) as caught:
        patch(questions=[{**software, "key": "logiciel"}, amount])
    assert "2 applications answer “Votre logiciel ?”" in only_message(
        caught, "questions"
    )
    # All that is not kept when the whole season is replaced.
    with pytest.raises(tk.ValidationError):
        call_as(
            admin,
            "challenge_cohort_update",
            id=cohort["id"],
            name="saison-2",
            title="T",
            season=2,
        )
    label = {"fr": "Quel logiciel ?", "en": ""}
    changed = patch(questions=[amount, {**software, "label": label}])
    assert [question["key"] for question in changed["questions"]] == [
        "combien_de_jeux",
        "votre_logiciel",
    ]
    dropped = patch(questions=[amount], drop_answered=True)
    assert len(dropped["questions"]) == 1
    kept = model.Session.query(Application).filter_by(siren=BAULE).one()
    assert kept.answers == {"votre_logiciel": "Aucun"}


def test_who_changes_what_somebody_else_has_changed_is_told(
    admin: dict[str, Any],
) -> None:
    collectivites()
    cohort = make_cohort()
    seen = call_as(admin, "challenge_cohort_show", id=cohort["id"])["revision"]
    # An application that comes in changes nothing of what people set.
    apply(cohort, submit=False)
    first = call_as(
        admin, "challenge_cohort_patch", id=cohort["id"], title="A", revision=seen
    )
    assert first["revision"] != seen
    with pytest.raises(tk.ValidationError) as caught:
        call_as(
            admin, "challenge_cohort_patch", id=cohort["id"], title="B", revision=seen
        )
    assert "Somebody else" in only_message(caught, "revision")
    shown = call_as(admin, "challenge_cohort_show", id=cohort["id"])
    assert shown["title"] == "A"


DATES = {
    "application_opens": "2022-10-30",
    "application_deadline": "2023-03-25",
    "launch": "2023-03-01",
    "first_publication": "2023-06-01",
    "finalisation": "2023-10-29",
}


def publish(moment: str) -> list[tuple[str, str]]:
    """What the command does at a moment, written in UTC."""
    with freeze_time(dt.datetime.fromisoformat(moment)):
        done = tk.get_action("challenge_cohort_publish_scheduled")(
            {"ignore_auth": True}, {}
        )
    model.Session.remove()
    assert done["failed"] == []
    return [(row["from"], row["to"]) for row in done["results"]]


def test_a_season_opens_starts_and_finishes_at_midnights_of_paris(
    admin: dict[str, Any],
) -> None:
    cohort = make_cohort(
        "draft", **DATES, scheduled_transitions=["open", "running", "finished"]
    )
    # 30 October 2022 begins in summer time, and ends in winter time.
    assert publish("2022-10-29T21:59:59+00:00") == []
    assert publish("2022-10-29T22:00:00+00:00") == [("draft", "open")]
    assert publish("2022-10-29T22:15:00+00:00") == []
    # The launch has come, but applications are taken until 25 March, winter time.
    assert publish("2023-03-25T22:59:59+00:00") == []
    assert publish("2023-03-25T23:00:00+00:00") == [("open", "running")]
    assert publish("2023-10-29T22:59:59+00:00") == []
    assert publish("2023-10-29T23:00:00+00:00") == [("running", "finished")]
    shown = call_as(admin, "challenge_cohort_show", id=cohort["id"])
    assert shown["state"] == "finished"
    assert shown["snapshot"]["figures"]["participants"] == 0
    assert shown["scheduled_transitions"] == []
    entries = model.Session.query(JournalEntry).filter_by(action="transition")
    assert {(entry.actor, entry.data["scheduled"]) for entry in entries} == {
        (journal.SYSTEM, True)
    }


def test_what_was_missed_is_made_up_for_at_once(admin: dict[str, Any]) -> None:
    make_cohort("draft", **DATES, scheduled_transitions=["open", "running"])
    make_cohort("draft", **{**DATES, "name": "autre", "season": 3})
    assert publish("2024-01-01T12:00:00+00:00") == [
        ("draft", "open"),
        ("open", "running"),
    ]


def test_a_season_that_somebody_took_back_stays_there(admin: dict[str, Any]) -> None:
    cohort = make_cohort("draft", **DATES, scheduled_transitions=["open"])
    assert publish("2022-11-01T00:00:00+00:00") == [("draft", "open")]
    call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="draft")
    assert publish("2022-11-02T00:00:00+00:00") == []
    # Nor can it be asked for once it has come.
    call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="open")
    patched = call_as(
        admin,
        "challenge_cohort_patch",
        id=cohort["id"],
        scheduled_transitions=["running", "open"],
    )
    assert patched["scheduled_transitions"] == ["running"]


def test_what_was_done_ahead_of_its_date_stays_scheduled(
    admin: dict[str, Any],
) -> None:
    cohort = make_cohort(
        "open", launch=day(30).isoformat(), scheduled_transitions=["running"]
    )
    call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="running")
    # Settings that are saved meanwhile do not take it away.
    call_as(admin, "challenge_cohort_patch", id=cohort["id"], hashtag="challenge")
    back = call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="open")
    assert back["scheduled_transitions"] == ["running"]
    told = {row["state"]: row["scheduled"] for row in back["schedule"]}
    assert told == {"running": True, "finished": False}


def test_a_state_needs_its_date(admin: dict[str, Any]) -> None:
    with pytest.raises(tk.ValidationError) as caught:
        make_cohort(
            "draft",
            launch=None,
            scheduled_transitions=["open", "running"],
        )
    assert "Launch" in only_message(caught, "scheduled_transitions")


def test_two_commands_at_once_move_a_season_once(
    app: Any, admin: dict[str, Any]
) -> None:
    for number in (2, 3, 4):
        make_cohort(
            "draft",
            **{**DATES, "name": f"saison-{number}", "season": number},
            scheduled_transitions=["open", "running"],
        )
    model.Session.remove()
    found: list[Any] = []
    together = threading.Barrier(4)

    def run() -> None:
        with app.flask_app.app_context():
            together.wait()
            found.append(
                tk.get_action("challenge_cohort_publish_scheduled")(
                    {"ignore_auth": True}, {}
                )
            )
            model.Session.remove()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert sum(done["count"] for done in found) == 6
    assert all(done["failed"] == [] for done in found)
    entries = model.Session.query(JournalEntry).filter_by(action="transition")
    assert entries.count() == 6
    assert journal.verify() == []


def test_a_forbidden_change_is_said_in_words_and_in_codes(
    admin: dict[str, Any],
) -> None:
    cohort = make_cohort("draft")
    with pytest.raises(tk.ValidationError) as caught:
        call_as(admin, "challenge_cohort_transition", id=cohort["id"], to="finished")
    message: Any = only_message(caught, "to")
    assert message.words == "“In preparation” cannot become “Finished”"
    assert message == f"{message.words} [draft → finished]"
    # People read the one, programs the other.
    assert str(message) == message.words
    assert json.loads(json.dumps(message)).endswith("[draft → finished]")
