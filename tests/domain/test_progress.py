"""Checklists: states, figures, the next thing to do."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import progress
from ckanext.challenge.domain.measurement import Measurement
from ckanext.challenge.domain.programme import Programme, parse

DATES = {
    "application_opens": dt.date(2022, 6, 1),
    "application_deadline": dt.date(2022, 9, 30),
    "launch": dt.date(2022, 9, 15),
    "first_publication": dt.date(2022, 12, 15),
    "finalisation": dt.date(2023, 3, 31),
}
EARLY = dt.date(2022, 9, 16)


def step(key: str, phase: str, check: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"key": key, "phase": phase, "title": {"fr": key}, "check": check, **more}


def catalog(measure: str, at_least: float) -> dict[str, Any]:
    return {"catalog": {"measure": measure, "at_least": at_least}}


def badge(key: str, criteria: dict[str, Any]) -> dict[str, Any]:
    text = {"fr": key}
    return {"key": key, "title": text, "description": text, "criteria": criteria}


PERSON: dict[str, Any] = {"person": {}}
PROGRAMME: Programme = parse(
    {
        "version": 1,
        "title": {"fr": "Essai"},
        "phases": [
            {"key": "un", "title": {"fr": "Un"}},
            {"key": "deux", "title": {"fr": "Deux"}},
        ],
        "steps": [
            step("nommer", "un", PERSON, due={"milestone": "launch", "days": 15}),
            step("membres", "un", catalog("members", 2), effort_minutes=10),
            step(
                "publier",
                "deux",
                catalog("datasets_public", 1),
                due={"milestone": "first_publication"},
            ),
            step("avis", "deux", PERSON, required=False),
        ],
        "badges": [
            badge("premiere", {"measure": "datasets_public", "at_least": 1}),
            badge("releve", {"steps": "required"}),
        ],
    },
    "essai.yaml",
)
DUE = progress.due_days(PROGRAMME, DATES)


def states(found: progress.Evaluation) -> dict[str, str]:
    return {verdict.step.key: verdict.state for verdict in found.steps}


def evaluate(
    measured: dict[str, float], before: dict[str, str], today: dt.date = EARLY
) -> progress.Evaluation:
    found = {name: Measurement(value) for name, value in measured.items()}
    return progress.evaluate(PROGRAMME, found, before, DUE, today)


def test_steps_of_the_catalogue_follow_it_both_ways() -> None:
    done = evaluate({"members": 2, "datasets_public": 1}, {})
    assert states(done) == {
        "nommer": "todo",
        "membres": "done",
        "publier": "done",
        "avis": "todo",
    }
    back = evaluate({"members": 2, "datasets_public": 0}, states(done))
    assert states(back)["publier"] == "todo"
    publish = back.steps[2]
    assert (publish.value, publish.target) == (0, 1)
    assert publish.why_not[0].measure == "datasets_public"


def test_steps_of_people_stay_as_they_set_them() -> None:
    before = {"nommer": "to_confirm", "avis": "planned"}
    assert states(evaluate({}, before)) | before == states(evaluate({}, before))


def test_a_waived_step_stays_waived_and_is_asked_no_more() -> None:
    for members in (0, 5):
        found = evaluate({"members": members}, {"membres": "waived"})
        assert states(found)["membres"] == "waived"
        assert found.steps[1].why_not == ()
        assert (found.summary.steps_done, found.summary.steps_total) == (0, 3)
        (first, _) = progress.phase_figures(PROGRAMME, states(found))
        assert (first.steps_done, first.steps_total) == (0, 1)


def test_of_whom_nothing_is_asked_all_is_done() -> None:
    waived = dict.fromkeys((step.key for step in PROGRAMME.steps), "waived")
    summary = evaluate({}, waived).summary
    assert (summary.steps_done, summary.steps_total, summary.percent) == (0, 0, 100)


def test_the_figures() -> None:
    found = evaluate({"members": 2}, {"nommer": "done"})
    assert found.summary == progress.Summary(
        steps_done=2, steps_total=4, percent=50, current_phase="deux", late_steps=0
    )
    assert progress.phase_figures(PROGRAMME, states(found)) == (
        progress.PhaseFigures("un", 2, 2),
        progress.PhaseFigures("deux", 0, 2),
    )


def test_the_current_phase_is_the_first_that_asks_something() -> None:
    assert evaluate({}, {}).summary.current_phase == "un"
    all_done = {"members": 2.0, "datasets_public": 1.0}
    assert evaluate(all_done, {"nommer": "done"}).summary.current_phase == "deux"
    ended = evaluate(all_done, {"nommer": "done", "avis": "done"})
    assert (ended.summary.current_phase, ended.summary.percent) == ("deux", 100)


@pytest.mark.parametrize(
    ("today", "before", "late"),
    [
        (dt.date(2022, 9, 30), {}, 0),
        (dt.date(2022, 10, 1), {}, 1),
        (dt.date(2022, 10, 1), {"nommer": "done"}, 0),
        (dt.date(2022, 10, 1), {"nommer": "waived"}, 0),
        # The adviser's turn: the collectivité is not late.
        (dt.date(2022, 10, 1), {"nommer": "to_confirm"}, 0),
        (dt.date(2022, 10, 1), {"nommer": "planned"}, 1),
        (dt.date(2022, 12, 16), {}, 2),
    ],
)
def test_what_is_late(today: dt.date, before: dict[str, str], late: int) -> None:
    assert evaluate({}, before, today).summary.late_steps == late


def test_badges_see_the_steps_as_just_judged() -> None:
    measured = {"members": 2.0, "datasets_public": 1.0}
    found = {name: Measurement(value) for name, value in measured.items()}
    done = evaluate(measured, {"nommer": "done"}).states
    badges = progress.judge_badges(PROGRAMME, found, done)
    assert [badge.verdict.met for badge in badges] == [True, True]
    badges = progress.judge_badges(PROGRAMME, found, evaluate(measured, {}).states)
    assert [badge.verdict.met for badge in badges] == [True, False]
    assert [progress.percent(badge.verdict) for badge in badges] == [100, 66]


def _next(
    states: dict[str, str],
    today: dt.date = EARLY,
    of: Programme = PROGRAMME,
    **more: Any,
) -> tuple[str, str] | None:
    due = progress.due_days(of, DATES)
    found = progress.next_step(of, states, due, today, **more)
    return (found.step.key, found.why) if found else None


def test_the_next_step_and_why() -> None:
    assert _next({}) == ("nommer", "due")
    assert _next({}, dt.date(2022, 10, 2)) == ("nommer", "late")
    # The adviser's turn.
    assert _next({"nommer": "to_confirm"}) == ("publier", "due")
    settled = {"nommer": "done", "publier": "done"}
    assert _next(settled) == ("membres", "gain")
    assert _next({**settled, "membres": "waived"}) == ("avis", "last")
    assert _next(dict.fromkeys(PROGRAMME.steps_by_key, "done")) is None


def test_a_day_that_was_planned_counts_instead() -> None:
    late = dt.date(2022, 10, 2)
    planned = {"nommer": dt.date(2022, 12, 24)}
    assert _next({"nommer": "planned"}, late, planned=planned) == ("publier", "due")
    # A plan that is over is none.
    planned = {"nommer": dt.date(2022, 10, 1)}
    assert _next({"nommer": "planned"}, late, planned=planned) == ("nommer", "late")
    assert _next({"nommer": "todo"}, late, planned=planned) == ("nommer", "late")


def _other(*steps: dict[str, Any]) -> Programme:
    document = {**PROGRAMME.document, "steps": list(steps)}
    return parse(document, "autre.yaml")


def test_dates_gain_and_effort_are_weighed() -> None:
    day = {"milestone": "launch", "days": 30}
    later = {"milestone": "launch", "days": 32}
    useful = catalog("datasets_public", 1)
    long = step("long", "un", PERSON, due=day, effort_minutes=60)
    short = step("court", "un", PERSON, due=day, effort_minutes=5)
    of = _other(long, short, step("utile", "deux", useful, due=later))
    # Three days of a badge outweigh two days of the date.
    assert _next({}, of=of) == ("utile", "gain")
    found = progress.next_step(of, {}, progress.due_days(of, DATES), EARLY)
    assert found and found.badges == ("premiere", "releve")
    # A badge that it has already is worth nothing.
    held = ("premiere", "releve")
    assert _next({}, of=of, held=held) == ("court", "due")
    assert _next({"utile": "done"}, of=of) == ("court", "due")
    far = step("utile", "deux", useful, due={"milestone": "finalisation"})
    assert _next({}, of=_other(long, short, far)) == ("court", "due")


def test_what_waits_for_a_first_dataset_comes_after_it() -> None:
    day = {"milestone": "launch", "days": 10}
    of = _other(
        step("decrire", "un", catalog("described_share", 1), due=day),
        step("publier", "deux", catalog("datasets_public", 1)),
    )
    about = {"described_share"}
    waiting = progress.waiting_for_data(of, {"datasets_public": 0}, about)
    assert waiting == {"decrire"}
    assert _next({}, of=of, waiting=waiting) == ("publier", "gain")
    assert _next({}, of=of) == ("decrire", "due")
    assert not progress.waiting_for_data(of, {"datasets_public": 2}, about)
    assert not progress.waiting_for_data(of, {}, about)


any_state = st.sampled_from(["todo", "planned", "in_progress", "to_confirm", "done"])
stored = st.fixed_dictionaries(
    {},
    optional={
        "nommer": any_state,
        "avis": any_state,
        "membres": st.sampled_from(["todo", "done", "waived"]),
        "publier": st.sampled_from(["todo", "done", "waived"]),
    },
)
measured = st.dictionaries(
    st.sampled_from(["members", "datasets_public"]), st.integers(0, 3)
)


@given(measured, stored)
def test_a_second_evaluation_changes_nothing(
    found: dict[str, float], before: dict[str, str]
) -> None:
    first = evaluate(found, before)
    second = evaluate(found, states(first))
    assert second == first


@given(measured, stored, stored)
def test_the_way_there_does_not_matter(
    found: dict[str, float], one: dict[str, str], other: dict[str, str]
) -> None:
    """Whatever the catalogue's steps were before, it decides what they are now."""
    people = {key: one[key] for key in ("nommer", "avis") if key in one}
    waived = {key: "waived" for key, state in one.items() if state == "waived"}
    rest = {key: state for key, state in other.items() if state != "waived"}
    assert (
        evaluate(found, {**rest, **people, **waived}).steps[1:3]
        == (evaluate(found, {**people, **waived}).steps[1:3])
    )
