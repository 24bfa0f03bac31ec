"""What is wrong with a programme file, said to the person who wrote it.

:func:`schema_problems` tells what the file's form breaks (JSON Schema, in words);
:func:`cross_problems` what its parts say of each other and of what the portal knows;
:func:`advice` what works and is still better mended.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from . import definitions, questions, shipped

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a programme file.

    :ivar path: where in the document, e.g. ``("steps", 3, "phase")``
    :ivar message: what is there and what was expected
    :ivar source: the file, where it is another one than the programme's
        (that of its kits)
    :ivar line: of the file, from 1, where it is known
    """

    path: Path
    message: str
    source: str | None = None
    line: int | None = None

    @property
    def where(self) -> str:
        """The path as people write it, ``steps[3].phase``."""
        text = ""
        for part in self.path:
            if isinstance(part, int):
                text += f"[{part}]"
            else:
                text += f".{part}" if text else part
        return text or "(the whole file)"

    def told(self, source: str) -> str:
        """Say all of it in one line, as editors and compilers do.

        :param source: the programme's file
        """
        line = f":{self.line}" if self.line else ""
        return f"{self.source or source}{line}: {self.where}: {self.message}"


class ProgrammeError(Exception):
    """A programme file that cannot be used.

    :ivar source: the file
    :ivar problems: all that is wrong with it
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__("\n".join(problem.told(source) for problem in self.problems))


@dataclass(frozen=True)
class Known:
    """What a portal knows that programmes name; ``None`` leaves it unchecked.

    :ivar measures: names of measures
    :ivar seasonal: names of those that differ between the seasons of one organization,
        and are nothing without one
    :ivar schemas: ids of national schemas
    :ivar frequencies: codes of the EU's vocabulary, in lower case
    :ivar licences: ids of the portal's licences
    """

    measures: Collection[str] | None = None
    seasonal: Collection[str] = ()
    schemas: Collection[str] | None = None
    frequencies: Collection[str] | None = None
    licences: Collection[str] | None = None


# What the schema says.


@functools.cache
def programme_schema() -> dict[str, Any]:
    """Return the JSON Schema of programme files."""
    package = importlib.resources.files("ckanext.challenge.domain")
    return shipped.load((package / "programme.schema.yaml").read_text("utf-8"))


def schema_problems(document: Any, ref: str) -> Iterator[Problem]:
    """Yield what the form of a document breaks.

    :param ref: the part of the schema that it is to follow, ``#`` for all of it
    """
    schema = programme_schema()
    if ref != "#":
        schema = {"$ref": ref, "$defs": schema["$defs"]}
    # It takes a tenth of the start of the plugin, which checks no programme.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    errors = Draft202012Validator(schema).iter_errors(document)
    for error in sorted(errors, key=lambda error: [str(part) for part in error.path]):
        yield Problem(tuple(error.absolute_path), _expected(error))


_TYPES = {
    "object": "a mapping of keys to values",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "…"


def _known(error: ValidationError) -> dict[str, Any]:
    return error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}


def _missing(error: ValidationError) -> str:
    missing = [name for name in _listed(error) if name not in _mapping(error)]
    return f"expected {', '.join(missing)}, missing"


def _extra(error: ValidationError) -> str:
    known = _known(error)
    extra = [str(name) for name in _mapping(error) if name not in known]
    meant = _meant(extra[0], known) if len(extra) == 1 else ""
    names = ", ".join(extra)
    return f"unknown key {names}{meant}, expected one of: {', '.join(known)}"


def _meant(found: str, known: Iterable[str]) -> str:
    """Ask whether something else was meant, if it is nearly that."""
    near = difflib.get_close_matches(found, list(known), n=1, cutoff=0.7)
    return f" (did you mean {near[0]}?)" if near else ""


def _listed(error: ValidationError) -> list[Any]:
    wanted = error.validator_value
    return wanted if isinstance(wanted, list) else []


def _mapping(error: ValidationError) -> dict[Any, Any]:
    return error.instance if isinstance(error.instance, dict) else {}


def _instead(expected: Callable[[ValidationError], str]) -> _Words:
    return lambda error: (
        f"{_shown(error.instance)} is there, expected " + expected(error)
    )


_Words: TypeAlias = "Callable[[ValidationError], str]"

_WORDS: dict[str, _Words] = {
    "type": _instead(lambda error: _TYPES[str(error.validator_value)]),
    "enum": _instead(lambda error: "one of: " + ", ".join(map(str, _listed(error)))),
    "pattern": _instead(lambda error: f"a text like {error.validator_value}"),
    "minimum": _instead(lambda error: f"at least {error.validator_value}"),
    "maximum": _instead(lambda error: f"at most {error.validator_value}"),
    "maxLength": _instead(lambda error: f"at most {error.validator_value} characters"),
    "minItems": lambda _: "empty, expected at least one element",
    "minLength": lambda _: "empty, expected at least one character",
    "required": _missing,
    "additionalProperties": _extra,
    "dependentRequired": lambda _: "measure and at_least go together, expected both",
    "minProperties": lambda error: (
        f"empty, expected one of: {', '.join(_known(error))}"
    ),
    "maxProperties": lambda error: f"expected one alone of: {', '.join(_known(error))}",
}


def _expected(error: ValidationError) -> str:
    """Say in words what is there and what was expected."""
    words = _WORDS.get(str(error.validator))
    return words(error) if words else error.message


# What the schema cannot say.


def _duplicates(
    items: list[dict[str, Any]], path: Path, source: str | None = None
) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, item in enumerate(items):
        if item["key"] in seen:
            yield Problem(
                (*path, index, "key"),
                f"{item['key']} stands twice, expected a key of its own",
                source,
            )
        seen.add(item["key"])


def _one_of(kind: str, found: str, known: Collection[str]) -> str:
    meant = _meant(found, known)
    return f"unknown {kind} {found}{meant}, expected one of: {', '.join(sorted(known))}"


def cross_problems(document: Mapping[str, Any], known: Known) -> Iterator[Problem]:
    """Yield what the parts of a document, whose form is right, say wrongly."""
    steps, badges = document["steps"], document.get("badges", [])
    phases = [phase["key"] for phase in document["phases"]]
    step_keys = [step["key"] for step in steps]
    for name in ("phases", "steps", "badges"):
        yield from _duplicates(document.get(name, []), (name,))
    for index, step in enumerate(steps):
        if step["phase"] not in phases:
            yield Problem(
                ("steps", index, "phase"), _one_of("phase", step["phase"], phases)
            )
        if "catalog" in step["check"]:
            yield from _criteria_problems(
                step["check"]["catalog"],
                ("steps", index, "check", "catalog"),
                known.measures,
                None,
            )
    used = {step["phase"] for step in steps}
    for index, phase in enumerate(phases):
        # A step whose phase is mistyped is told already, and may be the one missing.
        if phase not in used and used <= set(phases):
            yield Problem(
                ("phases", index), f"{phase} has no step, expected at least one"
            )
    for index, badge in enumerate(badges):
        yield from _badge_problems(badge, ("badges", index), known, step_keys)
    yield from _level_problems(badges)
    yield from _feedback_problems(document)


#: What stands for a part whose form is wrong, so that the others can be judged.
_STAND_INS: Mapping[str, Mapping[str, Any]] = {
    "phases": {},
    "steps": {"phase": None, "check": {"person": {}}},
    "badges": {"criteria": {"all": []}},
}
_ANY_QUESTION = {"key": "any", "label": {"fr": "?", "en": "?"}, "type": "text"}


def checkable(
    document: Mapping[str, Any], problems: Iterable[Problem]
) -> dict[str, Any]:
    """Return a document in which what has the wrong form is only known by its key.

    So all that is wrong with a file can be told at once, and nothing twice.

    :param problems: of :func:`schema_problems`
    """
    paths = [problem.path for problem in problems]
    found = {**document}
    for part, stand_in in _STAND_INS.items():
        listed = document.get(part)
        if not isinstance(listed, list) or (part,) in paths:
            listed = []
        wrong = {path[1] for path in paths if len(path) > 1 and path[0] == part}
        found[part] = [
            {**stand_in, "key": item["key"]} if index in wrong else item
            for index, item in enumerate(listed)
            if index not in wrong
            or (isinstance(item, dict) and isinstance(item.get("key"), str))
        ]
    phases = [phase["key"] for phase in found["phases"]]
    # Of a step whose form is wrong, the phase is nobody's fault but its own.
    found["steps"] = [
        {**step, "phase": phases[0]} if step["phase"] is None and phases else step
        for step in found["steps"]
        if step["phase"] is not None or phases
    ]
    if any(path[:1] == ("feedback",) for path in paths):
        found["feedback"] = [_ANY_QUESTION]
    return found


def _badge_problems(
    badge: Mapping[str, Any],
    path: Path,
    known: Known,
    steps: Collection[str],
) -> Iterator[Problem]:
    criteria = badge["criteria"]
    yield from _criteria_problems(criteria, (*path, "criteria"), known.measures, steps)
    if badge.get("scope") == "organization":
        if _looks_at_steps(criteria):
            yield Problem(
                (*path, "criteria"),
                "looks at steps, expected measures alone in a badge that "
                "organizations earn outside a season too",
            )
        for measure in sorted({*known.seasonal} & {*_measures(criteria)}):
            yield Problem(
                (*path, "criteria"),
                f"{measure} is measured in a season, expected a measure that "
                "organizations have outside one too",
            )
    if "grace_days" in badge and badge.get("policy") != "maintained":
        yield Problem((*path, "grace_days"), "expected only where policy is maintained")


def _level_problems(badges: list[dict[str, Any]]) -> Iterator[Problem]:
    """Levels are told by their keys: ``open-1``, ``open-2``, ``open-3``."""
    keys = {badge["key"] for badge in badges}
    for index, badge in enumerate(badges):
        level, key = badge.get("level"), badge["key"]
        if level is None:
            continue
        stem = key.removesuffix(f"-{level}")
        if stem == key:
            yield Problem(
                ("badges", index, "key"),
                f"{key} is a badge of level {level}, expected a key that ends with "
                f"-{level}",
            )
        elif level > 1 and f"{stem}-{level - 1}" not in keys:
            yield Problem(
                ("badges", index, "level"),
                f"level {level} without the one below, expected a badge "
                f"{stem}-{level - 1} too",
            )


def _feedback_problems(document: Mapping[str, Any]) -> Iterator[Problem]:
    asked = document.get("feedback", [])
    try:
        questions.check_definitions(asked)
    except definitions.DefinitionErrors as error:
        for problem in error.problems:
            yield Problem(("feedback", *problem.path), _question_words(problem))
    for index, question in enumerate(asked):
        chooses = question.get("type", "text") in questions.CHOOSING
        if "choices" in question and not chooses:
            yield Problem(
                ("feedback", index, "choices"),
                "expected only where type is choice or choices",
            )
    found = [
        index
        for index, step in enumerate(document["steps"])
        if step["check"].get("person", {}).get("feedback")
    ]
    for index in found:
        path: Path = ("steps", index, "check", "person")
        if not asked:
            yield Problem(
                (*path, "feedback"),
                "there is no form to send, expected questions under feedback",
            )
        if index != found[0]:
            yield Problem(
                (*path, "feedback"),
                f"{document['steps'][found[0]]['key']} is done by the form already, "
                "expected one such step",
            )
        if document["steps"][index]["check"]["person"].keys() - {"feedback"}:
            yield Problem(
                path, "the form is the proof, expected feedback without anything else"
            )


def _question_words(problem: definitions.Problem) -> str:
    texts = {
        "missing": "empty, expected a text",
        "too_long": "{length} characters are there, expected at most {limit}",
        "too_many": "too many, expected at most {limit}",
        "too_few": "expected at least two choices",
        "key": "{found} is there, expected small letters, digits and _",
        "twice": "{found} stands twice, expected each once",
    }
    if problem.code in texts:
        return texts[problem.code].format(**problem.params)
    position = problem.params.get("position")
    where = f" at character {position}" if position is not None else ""
    return f"{problem.code.replace('_', ' ')}{where}, expected plain text"


def _looks_at_steps(written: dict[str, Any]) -> bool:
    nested = [*written.get("all", []), *written.get("any", [])]
    return "step" in written or "steps" in written or any(map(_looks_at_steps, nested))


def _measures(written: dict[str, Any]) -> Iterator[str]:
    """The measures that criteria name."""
    if "measure" in written:
        yield written["measure"]
    for part in (*written.get("all", []), *written.get("any", [])):
        yield from _measures(part)


_FORMS = ("measure", "step", "steps", "all", "any")


def _criteria_problems(
    written: dict[str, Any],
    path: Path,
    measures: Collection[str] | None,
    steps: Collection[str] | None,
) -> Iterator[Problem]:
    """Yield what is wrong with criteria; ``steps`` is ``None`` within a step."""
    forms = [form for form in _FORMS if form in written]
    if len(forms) != 1:
        yield Problem(
            path,
            f"{' and '.join(forms)} together, expected exactly one of: "
            + ", ".join(_FORMS),
        )
        return
    form = forms[0]
    if form in {"all", "any"}:
        for index, part in enumerate(written[form]):
            yield from _criteria_problems(part, (*path, form, index), measures, steps)
    elif form == "measure":
        if not math.isfinite(written["at_least"]):
            yield Problem((*path, "at_least"), "no number, expected a number")
        if measures is not None and written["measure"] not in measures:
            yield Problem(
                (*path, "measure"), _one_of("measure", written["measure"], measures)
            )
    elif steps is None:
        yield Problem(
            (*path, form), "a step of the catalogue looks at measures, expected measure"
        )
    elif form == "step" and written["step"] not in steps:
        yield Problem((*path, "step"), _one_of("step", written["step"], steps))


def kit_problems(
    kits: list[dict[str, Any]], path: Path, source: str | None, known: Known
) -> Iterator[Problem]:
    """Yield what kits, whose form is right, say wrongly.

    :param path: of their list in the document
    :param source: the file of the kits, if it is another than the programme's
    """
    yield from _duplicates(kits, path, source)
    for index, kit in enumerate(kits):
        population = kit.get("population", {})
        least, most = population.get("at_least"), population.get("at_most")
        if least is not None and most is not None and least > most:
            yield Problem(
                (*path, index, "population"),
                f"at_least {least} is above at_most {most}, expected the reverse",
                source,
            )
        for name, names in (
            ("schema", known.schemas),
            ("frequency", known.frequencies),
        ):
            if names is not None and name in kit and kit[name] not in names:
                yield Problem(
                    (*path, index, name), _one_of(name, kit[name], names), source
                )
        for name in ("dataset_title", "dataset_notes"):
            for lang, text in kit.get(name, {}).items():
                unknown = set(re.findall(r"\{([^}]*)\}", text)) - {"name"}
                if unknown:
                    yield Problem(
                        (*path, index, name, lang),
                        f"unknown {{{min(unknown)}}}, expected {{name}} alone",
                        source,
                    )


def chosen_problems(
    only: list[str], kits: list[dict[str, Any]], path: Path
) -> Iterator[Problem]:
    """Yield what is wrong with a choice of kits of another file."""
    keys = [kit["key"] for kit in kits]
    for index, key in enumerate(only):
        if key not in keys:
            yield Problem((*path, index), _one_of("kit", key, keys))
        elif key in only[:index]:
            yield Problem((*path, index), f"{key} stands twice, expected each kit once")


# What works, and is still better mended.


def advice(document: Mapping[str, Any], known: Known) -> Iterator[Problem]:
    """Yield what does not stop a programme and still deserves a look.

    A text in one language stands for both. A licence that this portal does not have
    leaves that field of the form empty: a portal's list of licences is its own, so
    that a programme which others share is not wrong for it.

    :param document: ``Programme.document``
    """
    for path, text in _texts(document, ()):
        for lang in definitions.LANGUAGES:
            if not text.get(lang):
                told = f"no text in {lang}: the other one is shown"
                if path[0] == "kits":  # of another file, perhaps
                    yield Problem(
                        ("kits",), f"{document['kits'][path[1]]['key']}: {told}"
                    )
                else:
                    yield Problem(path, told)
    if known.licences is not None:
        for kit in document["kits"]:
            licence = kit.get("licence")
            if licence is not None and licence not in known.licences:
                yield Problem(
                    ("kits",),
                    f"{kit['key']}: {_one_of('licence', licence, known.licences)}",
                )


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, Mapping[str, str]]]:
    if isinstance(value, Mapping):
        if value and value.keys() <= set(definitions.LANGUAGES):
            yield path, value
            return
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from _texts(part, (*path, index))
