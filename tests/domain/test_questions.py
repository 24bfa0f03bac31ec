"""A season's own questions: what may be asked, what is an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ckanext.challenge.domain import questions
from ckanext.challenge.domain.questions import (
    AnswerError,
    Choice,
    DefinitionErrors,
    Question,
    check_answer,
    check_answers,
    check_definitions,
)
from ckanext.challenge.domain.text import Text


def make(type_: str, **fields: Any) -> Question:
    label = {"fr": "Votre logiciel ?", "en": "Your software?"}
    (question,) = check_definitions([{"label": label, "type": type_, **fields}])
    return question


COLOURS = ["Bleu", {"value": "r", "label": {"fr": "Rouge", "en": "Red"}}]


def problems(raw: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(DefinitionErrors) as caught:
        check_definitions(raw)
    return [(problem.path, problem.code) for problem in caught.value.problems]


def test_keys_and_values_are_made_of_the_words() -> None:
    found = check_definitions(
        [
            {"label": {"fr": "Œuvre d'art préférée ?"}},
            {"label": "Œuvre d'art préférée ?", "type": "paragraph"},
            {"label": {"en": "2 colours"}, "type": "choices", "choices": COLOURS},
            {"label": "日本"},
        ]
    )
    keys = [question.key for question in found]
    assert keys == [
        "oeuvre_d_art_preferee",
        "oeuvre_d_art_preferee_2",
        "question_2_colours",
        "question",
    ]
    assert [choice.value for choice in found[2].choices] == ["bleu", "r"]
    assert found[2].label.in_("fr") == "2 colours"
    assert found[0].label.in_("en") == "Œuvre d'art préférée ?"


def test_what_is_stored_reads_back_and_keeps_its_keys() -> None:
    found = check_definitions(
        [
            {"label": {"fr": "Un", "en": ""}, "help": {"fr": "Aide\nlongue"}},
            {"label": "Deux", "type": "choice", "choices": COLOURS, "required": True},
        ]
    )
    stored = json.loads(json.dumps([question.as_dict() for question in found]))
    assert questions.read(stored) == found
    assert check_definitions(stored) == found
    assert stored[0]["label"] == {"fr": "Un", "en": ""}


@pytest.mark.parametrize(
    ("raw", "wrong"),
    [
        ("text", [((), "not_a_list")]),
        (["text"], [((0,), "not_an_object")]),
        ([{"type": "text"}], [((0, "label", "fr"), "missing")]),
        ([{"label": "A", "lable": "B"}], [((0,), "unknown")]),
        ([{"label": "A", "type": "colour"}], [((0, "type"), "unknown")]),
        ([{"label": 3}], [((0, "label"), "not_a_text")]),
        ([{"label": {"fr": 3}}], "any"),
        ([{"label": {"de": "A"}}], "any"),
        ([{"label": "A" * 201}], [((0, "label", "fr"), "too_long")]),
        ([{"label": "<b>A</b>"}], [((0, "label", "fr"), "html")]),
        ([{"label": "A", "help": {"en": "B\0"}}], [((0, "help", "en"), "control")]),
        ([{"label": "A", "key": "É"}], [((0, "key"), "key")]),
        (
            [{"label": "A", "key": "a"}, {"label": "B", "key": "a"}],
            [((1, "key"), "twice")],
        ),
        ([{"label": "A", "required": "maybe"}], [((0, "required"), "unknown")]),
        ([{"label": "A", "type": "choice"}], [((0, "choices"), "too_few")]),
        (
            [{"label": "A", "type": "choice", "choices": "B"}],
            [((0, "choices"), "not_a_list")],
        ),
        (
            [{"label": "A", "type": "choices", "choices": ["B", "b", 3]}],
            [((0, "choices", 1), "twice"), ((0, "choices", 2), "not_an_object")],
        ),
        ([{"label": str(n)} for n in range(31)], [((), "too_many")]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(raw: object, wrong: Any) -> None:
    found = problems(raw)
    assert found == wrong or (wrong == "any" and found)


def test_a_given_key_is_not_taken_by_a_made_one() -> None:
    found = check_definitions([{"label": "Site"}, {"label": "Autre", "key": "site"}])
    assert [question.key for question in found] == ["site_2", "site"]


@pytest.mark.parametrize(
    ("type_", "raw", "answer"),
    [
        ("text", "  Un logiciel ", "Un logiciel"),
        ("paragraph", "Un\r\ndeux", "Un\ndeux"),
        ("number", "1 200,5", 1200.5),
        ("number", "1 200", 1200),
        ("number", 3, 3),
        ("number", "0", 0),
        ("yes_no", "no", False),
        ("yes_no", False, False),
        ("yes_no", "true", True),
        ("choice", "r", "r"),
        ("choices", ["r", "bleu", "r", ""], ["r", "bleu"]),
        ("choices", "r", ["r"]),
        ("date", "2022-09-30", "2022-09-30"),
        ("url", "https://example.org/a", "https://example.org/a"),
    ],
)
def test_answers_have_one_form(type_: str, raw: object, answer: object) -> None:
    choices = {"choices": COLOURS} if type_ in questions.CHOOSING else {}
    question = make(type_, required=True, **choices)
    found = check_answer(question, raw, complete=True)
    assert found == answer
    assert type(found) is type(answer)
    assert check_answer(question, found, complete=True) == answer


@pytest.mark.parametrize(
    ("type_", "raw", "code"),
    [
        ("text", 3, "not_a_text"),
        ("text", "a\nb", "control"),
        ("text", "a" * 301, "too_long"),
        ("paragraph", "<script>", "html"),
        ("number", "many", "not_a_number"),
        ("number", "1e9", "not_a_number"),
        ("number", "NaN", "not_a_number"),
        ("number", True, "not_a_number"),
        ("number", "٣", "not_a_number"),
        ("yes_no", "perhaps", "not_yes_or_no"),
        ("yes_no", 1, "not_yes_or_no"),
        ("choice", "green", "not_a_choice"),
        ("choice", ["r"], "not_a_choice"),
        ("choices", ["r", "green"], "not_a_choice"),
        ("choices", {"r": 1}, "not_a_choice"),
        ("date", "30/09/2022", "not_a_date"),
        ("date", "20220930", "not_a_date"),
        ("date", "2022-02-30", "not_a_date"),
        ("date", "0022-09-30", "year"),
        ("url", "example.org", "not_an_address"),
        ("url", "javascript:alert(1)", "not_an_address"),
    ],
)
@pytest.mark.parametrize("complete", [True, False])
def test_what_is_no_answer(type_: str, raw: object, code: str, complete: bool) -> None:
    choices = {"choices": COLOURS} if type_ in questions.CHOOSING else {}
    with pytest.raises(AnswerError) as caught:
        check_answer(make(type_, **choices), raw, complete)
    assert caught.value.code == code


@pytest.mark.parametrize("type_", questions.TYPES)
@pytest.mark.parametrize("nothing", [None, "", "  ", [], [""]])
def test_nothing_is_missing_only_in_the_end(type_: str, nothing: object) -> None:
    choices = {"choices": COLOURS} if type_ in questions.CHOOSING else {}
    question = make(type_, required=True, **choices)
    assert check_answer(question, nothing, complete=False) is None
    with pytest.raises(AnswerError) as caught:
        check_answer(question, nothing, complete=True)
    assert caught.value.code == "missing"
    assert check_answer(make(type_, **choices), nothing, complete=True) is None


@given(
    st.sampled_from(questions.TYPES),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda part: st.lists(part) | st.dictionaries(st.text(), part),
        max_leaves=5,
    ),
)
def test_any_answer_is_stored_as_json_or_refused(type_: str, raw: Any) -> None:
    choices = {"choices": COLOURS} if type_ in questions.CHOOSING else {}
    question = make(type_, **choices)
    try:
        answer = check_answer(question, raw, complete=False)
    except AnswerError:
        return
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert check_answer(question, answer, complete=False) == answer


def test_all_answers_at_once() -> None:
    asked = check_definitions(
        [
            {"key": "a", "label": "A", "required": True},
            {"key": "b", "label": "B", "type": "number"},
            {"key": "c", "label": "C"},
        ]
    )
    answers, errors = check_answers(asked, {"b": "x", "c": "d", "z": "?"}, True)
    assert answers == {"c": "d"}
    codes = {key: error.code for key, error in errors.items()}
    assert codes == {"a": "missing", "b": "not_a_number", "z": "unknown"}
    assert check_answers(asked, {"z": "", "b": 0}, False) == ({"b": 0}, {})


BEFORE = (Choice("v1", Text("Un", "One")), Choice("v2", Text("Deux", "Two")))


@pytest.mark.parametrize(
    ("fr", "en", "values"),
    [
        ("Un\nDeux", "One\nTwo", ["v1", "v2"]),
        # in another order
        ("Deux\nUn", "", ["v2", "v1"]),
        # reworded in its place
        ("Un seul\nDeux", "", ["v1", "v2"]),
        # one more
        ("Un\n\n Deux \nTrois", "", ["v1", "v2", None]),
        # one fewer
        ("Deux", "", ["v2"]),
        # one gone and another come, not in its place: a new one
        ("Deux\nTrois", "", ["v2", None]),
    ],
)
def test_choices_of_lines_keep_their_answers(
    fr: str, en: str, values: list[str | None]
) -> None:
    made = questions.choices_of_lines(fr, en, BEFORE)
    assert [choice.get("value") for choice in made] == values
    again = make("choice", choices=[*made, *COLOURS])
    assert len({choice.value for choice in again.choices}) == len(made) + 2


def test_a_question_with_answers_keeps_its_type_and_stays() -> None:
    before = check_definitions(
        [{"key": "a", "label": "A"}, {"key": "b", "label": "B"}, {"label": "C"}]
    )
    after = check_definitions([{"key": "b", "label": "B2", "type": "number"}])
    assert questions.check_type_changes(before, after, {}) == []
    found = questions.check_type_changes(before, after, {"a": 2, "b": 1})
    assert [(one.path, one.code, one.params["count"]) for one in found] == [
        ((), "removed_answered", 2),
        ((0, "type"), "type_answered", 1),
    ]


LOGICIEL = {"key": "logiciel", "label": "Un logiciel ?", "type": "yes_no"}
LEQUEL = {
    "key": "lequel",
    "label": "Lequel ?",
    "type": "choice",
    "choices": [
        {"value": "a", "label": {"fr": "Aristote"}},
        {"value": "b", "label": {"fr": "Bergson"}},
    ],
    "required": True,
    "when": {"question": "logiciel", "is": [True]},
}
DEPUIS = {
    "key": "depuis",
    "label": "Depuis ?",
    "required": True,
    "when": {"question": "lequel", "is": ["a", "b"]},
}
CHAIN = [LOGICIEL, LEQUEL, DEPUIS]


def test_a_condition_is_stored_and_read_again() -> None:
    asked = check_definitions(CHAIN)
    assert questions.read([one.as_dict() for one in asked]) == asked
    assert "when" not in asked[0].as_dict()
    assert asked[1].as_dict()["when"] == {"question": "logiciel", "is": [True]}
    # As a form sends it.
    (_, sent) = check_definitions(
        [LOGICIEL, {**LEQUEL, "when": {"question": "logiciel", "is": "true"}}]
    )
    assert sent == asked[1]


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ("logiciel", "not_an_object"),
        ({"question": "autre", "is": [True]}, "when_question"),
        ({"question": "lequel", "is": ["a"]}, "when_question"),
        ({"question": "depuis", "is": ["x"]}, "when_question"),
        ({"question": ["logiciel"], "is": [True]}, "when_question"),
        ({"question": "logiciel", "is": ["peut-être"]}, "when_value"),
        ({"question": "logiciel", "is": []}, "when_value"),
        ({"question": "logiciel"}, "when_value"),
    ],
)
def test_a_condition_names_an_answer_to_a_question_before(when: Any, code: str) -> None:
    found = problems([LOGICIEL, {**LEQUEL, "when": when}, {"label": "x"}])
    assert found == [((1, "when"), code)]


def test_what_is_not_asked_is_neither_missing_nor_kept() -> None:
    asked = check_definitions(CHAIN)
    said = {"logiciel": "false", "lequel": "a", "depuis": "2019"}
    assert check_answers(asked, said, complete=True) == ({"logiciel": False}, {})
    _, errors = check_answers(asked, {"logiciel": "true"}, complete=True)
    assert {key: error.code for key, error in errors.items()} == {"lequel": "missing"}
    answers, errors = check_answers(asked, {**said, "logiciel": True}, complete=True)
    assert (answers, errors) == (
        {"logiciel": True, "lequel": "a", "depuis": "2019"},
        {},
    )
    assert [one.key for one in questions.asked_of(asked, {"logiciel": False})] == [
        "logiciel"
    ]


def test_a_condition_hangs_on_what_its_question_hangs_on() -> None:
    asked = check_definitions(CHAIN)
    found = questions.conditions(asked)
    assert [when.question for when in found["depuis"]] == ["logiciel", "lequel"]


def test_one_of_several_choices_is_enough() -> None:
    several = {**LEQUEL, "type": "choices", "when": None}
    asked = check_definitions(
        [several, {**DEPUIS, "when": {"question": "lequel", "is": ["b"]}}]
    )
    for said, keys in ((["a", "b"], 2), (["a"], 1), ([], 1)):
        assert len(questions.asked_of(asked, {"lequel": said})) == keys
