"""Programme files: what is read, and what is said of a wrong one."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import ckanext.challenge
from ckanext.challenge.domain import programme
from ckanext.challenge.domain.criteria import AllOf, AnyOf, StepsDone, Threshold
from ckanext.challenge.domain.deadlines import Due
from ckanext.challenge.domain.programme import Known, ProgrammeError, parse
from ckanext.challenge.domain.programme_check import advice

MEASURES = {"members", "datasets_public"}
KNOWN = Known(measures=MEASURES, schemas={"scdl/prenoms"}, frequencies={"annual"})

#: The measures that the specification names.
ALL_MEASURES = {
    "members", "organization_profile", "kits_chosen", "datasets_public",
    "datasets_since_launch", "kits_covered", "resources_public",
    "open_licence_share", "open_format_share", "described_share", "quality_mean",
    "conform_datasets", "fresh_share", "downloads",
}  # fmt: skip

SMALL: dict[str, Any] = {
    "version": 2,
    "title": {"fr": "Essai", "en": "Trial"},
    "phases": [{"key": "debut", "title": {"fr": "Début"}}],
    "steps": [
        {
            "key": "publier",
            "phase": "debut",
            "title": {"fr": "Publiez"},
            "due": {"milestone": "launch", "days": 10},
            "check": {
                "catalog": {
                    "any": [
                        {"measure": "datasets_public", "at_least": 1},
                        {"all": [{"measure": "members", "at_least": 2}]},
                    ]
                }
            },
        },
        {
            "key": "signer",
            "phase": "debut",
            "title": {"fr": "Signez"},
            "required": False,
            "check": {"person": {"evidence": "file", "confirm": True}},
        },
    ],
    "badges": [
        {
            "key": "fini",
            "title": {"fr": "Fini"},
            "description": {"fr": "Tout est fait."},
            "criteria": {"steps": "required"},
        }
    ],
    "kits": [
        {
            "key": "prenoms",
            "title": {"fr": "Prénoms"},
            "why": {"fr": "On les aime."},
            "kinds": ["commune"],
            "population": {"at_least": 100, "at_most": 5000},
            "dataset_title": {"fr": "Prénoms – {name}"},
        }
    ],
}


def test_a_small_programme() -> None:
    found = parse(SMALL, "ckanext.mine:programmes/essai.yaml", known=KNOWN)
    assert (found.name, found.version) == ("essai", 2)
    assert found.title.in_("fr") == "Essai"
    assert found.title.in_("en_GB") == "Trial"
    publish, sign = found.steps
    assert publish.source == "catalog"
    assert (publish.evidence, publish.confirm) == ("none", False)
    assert publish.due == Due("launch", 10)
    assert publish.required
    assert publish.check == programme.CatalogCheck(
        AnyOf((Threshold("datasets_public", 1), AllOf((Threshold("members", 2),))))
    )
    assert sign.source == "person"
    assert (sign.evidence, sign.confirm, sign.due) == ("file", True, None)
    assert found.required == ("publier",)
    assert found.badges[0].criteria == StepsDone()
    assert found.badges[0].level is None
    assert found.measures == MEASURES
    assert found.worth == {"publier": ("fini",), "signer": ()}


def test_a_text_in_one_language_stands_for_both() -> None:
    found = parse(SMALL, "essai.yaml")
    assert found.steps[0].title.in_("en") == "Publiez"


@pytest.mark.parametrize(
    ("kind", "population", "fits"),
    [
        ("commune", 1985, True),
        ("commune", None, True),
        (None, 1985, True),
        ("commune", 99, False),
        ("commune", 5001, False),
        ("cc", 1985, False),
    ],
)
def test_whom_a_kit_fits(kind: str | None, population: int | None, fits: bool) -> None:
    assert parse(SMALL, "essai.yaml").kits[0].fits(kind, population) is fits


def test_the_content_decides_the_digest() -> None:
    changed = copy.deepcopy(SMALL)
    assert parse(changed, "a.yaml").digest == parse(SMALL, "a.yaml").digest
    changed["steps"][0]["check"]["catalog"]["any"][0]["at_least"] = 2
    assert parse(changed, "a.yaml").digest != parse(SMALL, "a.yaml").digest


NOTHING = object()


def edited(path: str, value: Any) -> dict[str, Any]:
    """SMALL with one place changed; ``steps.0.key`` is such a place."""
    document: Any = copy.deepcopy(SMALL)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in way:
        place = place[part]
    if value is NOTHING:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        # the form of the file
        ("version", NOTHING, "(the whole file)", "expected version, missing"),
        ("version", "one", "version", '"one" is there, expected a whole number'),
        ("version", 0, "version", "0 is there, expected at least 1"),
        ("steps", [], "steps", "empty, expected at least one element"),
        (
            "colour",
            "red",
            "(the whole file)",
            "unknown key colour, expected one of: name,",
        ),
        ("title", "Essai", "title", "expected a mapping of keys to values"),
        ("title", {}, "title", "empty, expected one of: fr, en"),
        ("title", {"de": "x"}, "title", "unknown key de, expected one of: fr, en"),
        ("title.fr", "", "title.fr", "empty, expected at least one character"),
        (
            "steps.0.key",
            "Pas Bon",
            "steps[0].key",
            '"Pas Bon" is there, expected a text like',
        ),
        (
            "steps.0.due.milestone",
            "easter",
            "steps[0].due.milestone",
            '"easter" is there, expected one of: application_opens,',
        ),
        (
            "steps.0.check",
            {},
            "steps[0].check",
            "empty, expected one of: catalog, person",
        ),
        (
            "steps.1.check.catalog",
            {"measure": "members", "at_least": 1},
            "steps[1].check",
            "expected one alone of: catalog, person",
        ),
        (
            "steps.1.check.person.evidence",
            "photo",
            "steps[1].check.person.evidence",
            "expected one of: none, link, file",
        ),
        ("badges.0.level", 4, "badges[0].level", "4 is there, expected at most 3"),
        ("badges.0.colour", "green", "badges[0].colour", '"green" is there'),
        (
            "badges.0.criteria",
            {"measure": "members"},
            "badges[0].criteria",
            "measure and at_least go together",
        ),
        ("kits", 3, "kits", "3 is there, expected a list"),
        ("kits.0.kinds", ["town"], "kits[0].kinds[0]", "expected one of: commune, cc,"),
        # what its parts say of each other
        (
            "steps.0.phase",
            "milieu",
            "steps[0].phase",
            "unknown phase milieu, expected one of: debut",
        ),
        ("steps.1.key", "publier", "steps[1].key", "publier stands twice"),
        (
            "steps.0.check.catalog.any.0.measure",
            "likes",
            "steps[0].check.catalog.any[0].measure",
            "unknown measure likes, expected one of: datasets_public, members",
        ),
        (
            "steps.0.check.catalog.any.0.at_least",
            float("nan"),
            "steps[0].check.catalog.any[0].at_least",
            "expected a number",
        ),
        (
            "steps.0.check.catalog",
            {"step": "signer"},
            "steps[0].check.catalog.step",
            "expected measure",
        ),
        (
            "badges.0.criteria",
            {"step": "danser"},
            "badges[0].criteria.step",
            "unknown step danser, expected one of: publier, signer",
        ),
        (
            "badges.0.criteria",
            {"step": "signer", "steps": "required"},
            "badges[0].criteria",
            "step and steps together, expected exactly one of",
        ),
        ("badges.0.scope", "organization", "badges[0].criteria", "looks at steps"),
        (
            "badges.0.grace_days",
            3,
            "badges[0].grace_days",
            "where policy is maintained",
        ),
        (
            "kits.0.population",
            {"at_least": 9, "at_most": 3},
            "kits[0].population",
            "at_least 9 is above at_most 3",
        ),
        (
            "kits.0.dataset_title.fr",
            "{commune}",
            "kits[0].dataset_title.fr",
            "unknown {commune}, expected {name} alone",
        ),
        (
            "kits.0.schema",
            "scdl/prenom",
            "kits[0].schema",
            "unknown schema scdl/prenom (did you mean scdl/prenoms?)",
        ),
        ("kits.0.frequency", "yearly", "kits[0].frequency", "unknown frequency yearly"),
        (
            "kits",
            {"only": ["prenoms"]},
            "kits",
            "expected file, missing",
        ),
        ("badges.0.level", 2, "badges[0].key", "expected a key that ends with -2"),
        # the form at the end
        ("feedback", [{"key": "Q", "label": {"fr": "Q"}}], "feedback[0].key", '"Q"'),
        (
            "feedback",
            [{"key": "q", "label": {"fr": "A"}}, {"key": "q", "label": {"fr": "B"}}],
            "feedback[1].key",
            "q stands twice",
        ),
        (
            "feedback",
            [{"key": "q", "label": {"fr": "A"}, "type": "choice"}],
            "feedback[0].choices",
            "expected at least two choices",
        ),
        (
            "feedback",
            [{"key": "q", "label": {"fr": "A"}, "choices": []}],
            "feedback[0].choices",
            "where type is choice or choices",
        ),
        (
            "steps.1.check.person",
            {"feedback": True},
            "steps[1].check.person.feedback",
            "expected questions under feedback",
        ),
        (
            "steps.1.check.person",
            {"feedback": True, "evidence": "file"},
            "steps[1].check.person",
            "the form is the proof",
        ),
    ],
)
def test_a_wrong_file_says_where_and_what_was_expected(
    path: str, value: Any, where: str, words: str
) -> None:
    with pytest.raises(ProgrammeError) as caught:
        parse(edited(path, value), "essai.yaml", known=KNOWN)
    found = [(problem.where, problem.message) for problem in caught.value.problems]
    assert any(place == where and words in message for place, message in found), found
    assert str(caught.value).startswith("essai.yaml: ")


@pytest.mark.parametrize(
    ("criteria", "words"),
    [
        (
            {"measure": "kits_chosen", "at_least": 1},
            "kits_chosen is measured in a season",
        ),
        (
            {"all": [{"measure": "datasets_since_launch", "at_least": 1}]},
            "datasets_since_launch is measured in a season",
        ),
    ],
)
def test_a_badge_without_a_season_asks_for_nothing_of_one(
    criteria: dict[str, Any], words: str
) -> None:
    document = edited("badges.0.criteria", criteria)
    known = Known(seasonal={"kits_chosen", "datasets_since_launch"})
    parse(document, "essai.yaml", known=known)
    document["badges"][0]["scope"] = "organization"
    with pytest.raises(ProgrammeError, match=words):
        parse(document, "essai.yaml", known=known)


def test_a_level_needs_the_one_below() -> None:
    document = edited("badges.0.key", "fini-2")
    document["badges"][0]["level"] = 2
    with pytest.raises(ProgrammeError, match=r"level: level 2 without .* fini-1 too"):
        parse(document, "essai.yaml")
    below = {**document["badges"][0], "key": "fini-1", "level": 1}
    document["badges"].append(below)
    assert [badge.level for badge in parse(document, "e.yaml").badges] == [2, 1]


QUESTION = {"key": "utile", "label": {"fr": "Utile ?"}, "type": "yes_no"}


def test_the_form_at_the_end_and_its_step() -> None:
    document = edited("steps.1.check.person", {"feedback": True})
    document["feedback"] = [QUESTION]
    found = parse(document, "essai.yaml")
    assert [question.key for question in found.feedback] == ["utile"]
    assert found.feedback_step == found.steps_by_key["signer"]
    assert parse(SMALL, "essai.yaml").feedback_step is None
    document["steps"][0]["check"] = {"person": {"feedback": True}}
    with pytest.raises(ProgrammeError, match="publier is done by the form already"):
        parse(document, "essai.yaml")


def test_kits_chosen_from_another_file() -> None:
    kits = [{**SMALL["kits"][0], "key": key} for key in ("prenoms", "arbres")]

    def of(*only: str) -> programme.Programme:
        chosen = {"file": "ckanext.mine:kits.yaml", "only": list(only)}
        return parse(
            {**SMALL, "kits": chosen}, "e.yaml", kits=kits, kits_source="kits.yaml"
        )

    assert [kit.key for kit in of("arbres").kits] == ["arbres"]
    with pytest.raises(ProgrammeError) as caught:
        of("arbre", "prenoms", "prenoms")
    assert str(caught.value).splitlines() == [
        "e.yaml: kits.only[0]: unknown kit arbre (did you mean arbres?), expected one "
        "of: arbres, prenoms",
        "e.yaml: kits.only[2]: prenoms stands twice, expected each kit once",
    ]


def test_a_copy_says_the_same_as_its_original() -> None:
    original = shipped("decouverte")
    copied = json.loads(json.dumps(original.document))
    again = programme.restore(copied, "decouverte version 1")
    assert again.digest == original.digest
    assert replace(again, source=original.source) == original


def test_what_is_advised() -> None:
    document = {**SMALL, "kits": [{**SMALL["kits"][0], "licence": "libre"}]}
    found = list(
        advice(
            parse(document, "essai.yaml").document,
            Known(licences={"etalab-2.0", "odbl"}),
        )
    )
    told = [problem.told("essai.yaml") for problem in found]
    assert "essai.yaml: phases[0].title: no text in en: the other one is shown" in told
    assert any(": kits: prenoms: unknown licence libre" in line for line in told)
    assert not any("essai.yaml: title:" in line for line in told)


def test_a_phase_without_steps_is_wrong() -> None:
    document = copy.deepcopy(SMALL)
    document["phases"].append({"key": "fin", "title": {"fr": "Fin"}})
    with pytest.raises(ProgrammeError, match=r"phases\[1\]: fin has no step"):
        parse(document, "essai.yaml")


def test_all_problems_are_told_at_once() -> None:
    document = edited("steps.0.phase", "milieu")
    document["steps"][1]["key"] = "publier"
    with pytest.raises(ProgrammeError) as caught:
        parse(document, "essai.yaml")
    assert len(caught.value.problems) == 2


def test_what_the_form_breaks_hides_nothing_else() -> None:
    document = edited("steps.0.title", {})
    document["steps"][1]["phase"] = "milieu"
    document["version"] = "deux"
    document["kits"] = "ckanext.mine:kits.yaml"
    kits = [{"key": "x", "title": {"fr": "X"}}]
    with pytest.raises(ProgrammeError) as caught:
        parse(document, "essai.yaml", kits=kits, kits_source="ckanext.mine:kits.yaml")
    told = [problem.where for problem in caught.value.problems]
    assert {"version", "steps[0].title", "steps[1].phase", "[0]"} <= set(told)
    # A step is known by its key, whatever else is wrong with it; and nothing is told
    # twice.
    assert len(told) == len(set(told)) == 4


def test_wrong_kits_of_another_file_name_that_file() -> None:
    with pytest.raises(ProgrammeError) as caught:
        parse(
            {**SMALL, "kits": "ckanext.mine:kits.yaml"},
            "essai.yaml",
            kits=[{"key": "x", "title": {"fr": "X"}}],
            kits_source="ckanext.mine:kits.yaml",
        )
    assert str(caught.value) == "ckanext.mine:kits.yaml: [0]: expected why, missing"


@pytest.mark.parametrize("document", [None, [], "text", 3, {1: 2}, {True: None}])
def test_what_is_no_programme_at_all(document: object) -> None:
    with pytest.raises(ProgrammeError):
        parse(document, "essai.yaml")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([*SMALL, "key", "check"]), inner)
        ),
    ),
    st.sampled_from(
        ["phases", "steps", "badges", "kits", "feedback", "title", "version"]
    ),
)
def test_any_other_content_is_an_error_and_no_crash(value: object, place: str) -> None:
    with pytest.raises(ProgrammeError):
        parse({**SMALL, place: {"surprise": value}}, "essai.yaml")


FOLDER = Path(ckanext.challenge.__path__[0]) / "programmes"


def shipped(name: str = "saison") -> programme.Programme:
    return parse(
        yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")),
        f"ckanext.challenge:programmes/{name}.yaml",
        known=Known(measures=ALL_MEASURES),
        kits=yaml.safe_load((FOLDER / "kits.yaml").read_text("utf-8")),
        kits_source="ckanext.challenge:programmes/kits.yaml",
    )


def test_the_shipped_programme_has_what_the_specification_names() -> None:
    found = shipped()
    assert (found.name, found.version) == ("saison", 3)
    assert [phase.title.fr for phase in found.phases] == [
        "Mobiliser",
        "Engager",
        "Mettre en pratique",
    ]
    assert [len(found.steps_of(phase.key)) for phase in found.phases] == [4, 4, 8]
    assert [badge.key for badge in found.badges] == [
        "engagee",
        "premiere-publication",
        "donnees-decrites",
        "donnees-conformes",
        "donnees-fraiches",
        "collectivite-ouverte-1",
        "collectivite-ouverte-2",
        "collectivite-ouverte-3",
        "challenge-releve",
    ]
    fresh = found.badges_by_key["donnees-fraiches"]
    assert (fresh.policy, fresh.scope) == ("maintained", "organization")
    letter = found.steps_by_key["deliberation"]
    assert (letter.evidence, letter.confirm) == ("file", True)
    assert found.steps_by_key["premier-jeu"].due == Due("first_publication", 0)
    assert "avis-final" not in found.required


def test_the_short_programme() -> None:
    found = shipped("decouverte")
    assert (found.name, len(found.steps)) == ("decouverte", 5)
    assert sum(step.effort_minutes for step in found.steps) <= 180
    assert len(found.kits) == 4
    assert all(kit.fits("commune", 300) for kit in found.kits)


@pytest.mark.parametrize("name", ["saison", "decouverte"])
def test_the_form_of_a_shipped_programme_is_its_last_step(name: str) -> None:
    found = shipped(name)
    last = found.steps[-1]
    assert found.feedback_step == last
    assert last.key not in found.required
    assert any(question.required for question in found.feedback)


@pytest.mark.parametrize("name", ["saison", "decouverte"])
def test_every_text_of_a_shipped_programme_is_in_both_languages(name: str) -> None:
    def texts(value: object) -> list[dict[str, str]]:
        if isinstance(value, dict):
            if value.keys() & {"fr", "en"}:
                return [value]
            return [text for part in value.values() for text in texts(part)]
        if isinstance(value, list):
            return [text for part in value for text in texts(part)]
        return []

    found = texts(shipped(name).document)
    assert len(found) > 40
    for text in found:
        assert text.keys() == {"fr", "en"}, text


@pytest.mark.parametrize("name", ["saison", "decouverte"])
def test_every_step_of_a_shipped_programme_helps(name: str) -> None:
    for step in shipped(name).steps:
        assert len(step.help.fr) > 100, step.key
        assert len(step.help.en) > 100, step.key
        assert step.due is not None
