"""Programmes: the phases, steps, badges and kits of a season.

A programme is written as a file (``programmes/*.yaml``); :func:`parse` turns its
content into a :class:`Programme`, or says everything that is wrong with it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import json
import math
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ckanext.challenge.domain.criteria import (
    AllOf,
    AnyOf,
    Criterion,
    StepDone,
    StepsDone,
    Threshold,
    measures_of,
    parts,
)
from ckanext.challenge.domain.deadlines import Due
from ckanext.challenge.domain.text import Text

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a programme file.

    :ivar path: where in the document, e.g. ``("steps", 3, "phase")``
    :ivar message: what is there and what was expected
    :ivar source: the file, where it is another one than the programme's
        (that of its kits)
    """

    path: Path
    message: str
    source: str | None = None

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


class ProgrammeError(Exception):
    """A programme file that cannot be used.

    :ivar source: the file
    :ivar problems: all that is wrong with it
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(
            "\n".join(
                f"{problem.source or source}: {problem.where}: {problem.message}"
                for problem in self.problems
            )
        )


@dataclass(frozen=True)
class Phase:
    """A heading of the programme, under which its steps stand."""

    key: str
    title: Text
    description: Text
    colour: str | None = None


@dataclass(frozen=True)
class CatalogCheck:
    """A step that the catalogue proves by itself."""

    criteria: Criterion


@dataclass(frozen=True)
class PersonCheck:
    """A step that people say they have done.

    :ivar evidence: what they give as a proof: ``none``, ``link`` or ``file``
    :ivar confirm: whether an adviser confirms it
    """

    evidence: Literal["none", "link", "file"] = "none"
    confirm: bool = False


@dataclass(frozen=True)
class Step:
    """One thing to do in a season.

    :ivar effort_minutes: how long it takes, about
    :ivar required: whether *challenge relevé* needs it
    """

    key: str
    phase: str
    title: Text
    help: Text
    effort_minutes: int
    due: Due | None
    required: bool
    check: CatalogCheck | PersonCheck

    @property
    def source(self) -> Literal["catalog", "person"]:
        """Who sets it: ``catalog`` or ``person``."""
        return "catalog" if isinstance(self.check, CatalogCheck) else "person"

    @property
    def evidence(self) -> Literal["none", "link", "file"]:
        """What its people give as a proof; ``none`` for a step of the catalogue."""
        return self.check.evidence if isinstance(self.check, PersonCheck) else "none"

    @property
    def confirm(self) -> bool:
        """Whether an adviser confirms it."""
        return isinstance(self.check, PersonCheck) and self.check.confirm


@dataclass(frozen=True)
class Badge:
    """What can be earned.

    :ivar level: 1 to 3, ``None`` for a badge without levels
    :ivar icon: name of a Font Awesome icon, without ``fa-``
    :ivar colour: ``#rrggbb``
    :ivar shape: outline of its picture: circle, hexagon, shield, square or star
    :ivar policy: ``permanent`` (kept for ever) or ``maintained``
    :ivar grace_days: how long a maintained badge outlives its criteria
    :ivar scope: ``cohort`` (earned in a season) or ``organization``
    """

    key: str
    title: Text
    description: Text
    level: int | None
    icon: str
    colour: str
    shape: str
    criteria: Criterion
    policy: Literal["permanent", "maintained"]
    grace_days: int
    scope: Literal["cohort", "organization"]


@dataclass(frozen=True)
class Kit:
    """A dataset that a collectivité typically opens.

    :ivar holder: who holds the data in the organization
    :ivar schema: id of its national schema, e.g. ``scdl/deliberations``
    :ivar frequency: recommended, a code of the EU's vocabulary in lower case
    :ivar licence: recommended, an id of the portal's licence list
    :ivar effort_minutes: how long opening it takes, about
    :ivar kinds: the kinds of collectivités for which it fits; all if empty
    :ivar population: from how many and up to how many inhabitants it fits
    :ivar dataset_title: title to propose; ``{name}`` stands for the organization
    :ivar dataset_notes: description to propose, likewise
    :ivar tags: tags to propose
    """

    key: str
    title: Text
    why: Text
    holder: Text
    schema: str | None
    frequency: str | None
    licence: str | None
    effort_minutes: int
    kinds: tuple[str, ...]
    population: tuple[int | None, int | None]
    dataset_title: Text
    dataset_notes: Text
    tags: tuple[str, ...]

    def fits(self, kind: str | None, population: int | None) -> bool:
        """Say whether the kit suits a collectivité; what is not known excludes none."""
        if self.kinds and kind is not None and kind not in self.kinds:
            return False
        least, most = self.population
        if population is None:
            return True
        return (least is None or population >= least) and (
            most is None or population <= most
        )


@dataclass(frozen=True)
class Programme:
    """The phases, steps, badges and kits of a season.

    :ivar name: as cohorts name it
    :ivar version: grows with each change that is published
    :ivar source: the file it was read from
    :ivar digest: SHA-256 of its content, to tell two programmes apart
    """

    name: str
    version: int
    title: Text
    description: Text
    phases: tuple[Phase, ...]
    steps: tuple[Step, ...]
    badges: tuple[Badge, ...]
    kits: tuple[Kit, ...]
    source: str = ""
    digest: str = ""
    document: Mapping[str, Any] = field(
        default_factory=dict, repr=False, hash=False, compare=False
    )

    @functools.cached_property
    def steps_by_key(self) -> dict[str, Step]:
        """Its steps by their keys."""
        return {step.key: step for step in self.steps}

    @functools.cached_property
    def phases_by_key(self) -> dict[str, Phase]:
        """Its phases by their keys."""
        return {phase.key: phase for phase in self.phases}

    @functools.cached_property
    def badges_by_key(self) -> dict[str, Badge]:
        """Its badges by their keys."""
        return {badge.key: badge for badge in self.badges}

    @functools.cached_property
    def kits_by_key(self) -> dict[str, Kit]:
        """Its kits by their keys."""
        return {kit.key: kit for kit in self.kits}

    @functools.cached_property
    def required(self) -> tuple[str, ...]:
        """The keys of its required steps."""
        return tuple(step.key for step in self.steps if step.required)

    @functools.cached_property
    def measures(self) -> frozenset[str]:
        """The names of all measures that its criteria look at."""
        names: set[str] = set()
        for step in self.steps:
            if isinstance(step.check, CatalogCheck):
                names |= measures_of(step.check.criteria)
        for badge in self.badges:
            names |= measures_of(badge.criteria)
        return frozenset(names)

    def steps_of(self, phase: str) -> tuple[Step, ...]:
        """Return the steps of a phase, in the order of the file."""
        return tuple(step for step in self.steps if step.phase == phase)

    @functools.cached_property
    def phase_order(self) -> dict[str, int]:
        """The place of each phase, by its key."""
        return {phase.key: index for index, phase in enumerate(self.phases)}

    @functools.cached_property
    def gains(self) -> dict[str, int]:
        """For each step, how many badges it brings nearer."""
        return {step.key: self._gain(step) for step in self.steps}

    def _gain(self, step: Step) -> int:
        measures = (
            measures_of(step.check.criteria)
            if isinstance(step.check, CatalogCheck)
            else frozenset[str]()
        )
        return sum(
            any(
                (isinstance(part, StepDone) and part.step == step.key)
                or (isinstance(part, StepsDone) and step.required)
                or (isinstance(part, Threshold) and part.measure in measures)
                for part in parts(badge.criteria)
            )
            for badge in self.badges
        )


def parse(
    document: object,
    source: str,
    *,
    measures: Collection[str] | None = None,
    kits: object = None,
    kits_source: str | None = None,
) -> Programme:
    """Make a programme of the content of its file.

    :param document: what the file holds
    :param source: the file's name, for error messages and for the default name
    :param measures: the names of the measures that exist; ``None`` leaves them
        unchecked
    :param kits: what the file of kits holds, where ``document["kits"]`` names one
    :param kits_source: the name of that file
    :raises ProgrammeError: with all that is wrong
    """
    problems = list(_schema_problems(document, "#"))
    if problems or not isinstance(document, dict):
        raise ProgrammeError(source, problems)
    listed: object = document.get("kits", [])
    if isinstance(listed, str):
        listed = kits if kits is not None else []
        kits_problems = [
            Problem(problem.path, problem.message, kits_source)
            for problem in _schema_problems(listed, "#/$defs/kits")
        ]
        if kits_problems:
            raise ProgrammeError(source, kits_problems)
        kits_path: Path = ()
    else:
        kits_source, kits_path = None, ("kits",)
    assert isinstance(listed, list)
    problems = [
        *_cross_problems(document, measures),
        *_kit_problems(listed, kits_path, kits_source),
    ]
    if problems:
        raise ProgrammeError(source, problems)
    name = document.get("name") or default_name(source)
    return restore({**document, "name": name, "kits": listed}, source)


def restore(document: Mapping[str, Any], source: str) -> Programme:
    """Make a programme of the document of another, which was checked when it was read.

    So a copy that was kept is understood as long as the code can read it, though its
    file, or a measure that it names, is there no more.

    :param document: ``Programme.document``
    :param source: where it is from, to be shown
    """
    return Programme(
        name=document["name"],
        version=document["version"],
        title=Text.of(document["title"]),
        description=_text(document, "description"),
        phases=tuple(
            Phase(
                key=phase["key"],
                title=Text.of(phase["title"]),
                description=_text(phase, "description"),
                colour=phase.get("colour"),
            )
            for phase in document["phases"]
        ),
        steps=tuple(_step(step) for step in document["steps"]),
        badges=tuple(_badge(badge) for badge in document.get("badges", [])),
        kits=tuple(_kit(kit) for kit in document["kits"]),
        source=source,
        digest=hashlib.sha256(
            json.dumps(document, sort_keys=True, ensure_ascii=False).encode()
        ).hexdigest(),
        document=document,
    )


def default_name(source: str) -> str:
    """Return the name of a programme that does not say its own.

    It is that of its file: ``saison`` for ``ckanext.challenge:programmes/saison.yaml``.
    """
    return re.split(r"[/:\\]", source)[-1].rsplit(".", 1)[0]


def _text(written: Mapping[str, Any], name: str) -> Text:
    return Text.of(written.get(name, {}))


def _criterion(written: Mapping[str, Any]) -> Criterion:
    if "measure" in written:
        return Threshold(written["measure"], written["at_least"])
    if "step" in written:
        return StepDone(written["step"])
    if "steps" in written:
        return StepsDone()
    if "all" in written:
        return AllOf(tuple(_criterion(part) for part in written["all"]))
    return AnyOf(tuple(_criterion(part) for part in written["any"]))


def _step(written: Mapping[str, Any]) -> Step:
    check = written["check"]
    due = written.get("due")
    return Step(
        key=written["key"],
        phase=written["phase"],
        title=Text.of(written["title"]),
        help=_text(written, "help"),
        effort_minutes=written.get("effort_minutes", 30),
        due=Due(due["milestone"], due.get("days", 0)) if due else None,
        required=written.get("required", True),
        check=(
            CatalogCheck(_criterion(check["catalog"]))
            if "catalog" in check
            else PersonCheck(
                check["person"].get("evidence", "none"),
                check["person"].get("confirm", False),
            )
        ),
    )


def _badge(written: Mapping[str, Any]) -> Badge:
    return Badge(
        key=written["key"],
        title=Text.of(written["title"]),
        description=Text.of(written["description"]),
        level=written.get("level"),
        icon=written.get("icon", "award"),
        colour=written.get("colour", "#1c6b3d"),
        shape=written.get("shape", "circle"),
        criteria=_criterion(written["criteria"]),
        policy=written.get("policy", "permanent"),
        grace_days=written.get("grace_days", 0),
        scope=written.get("scope", "cohort"),
    )


def _kit(written: Mapping[str, Any]) -> Kit:
    population = written.get("population", {})
    return Kit(
        key=written["key"],
        title=Text.of(written["title"]),
        why=Text.of(written["why"]),
        holder=_text(written, "holder"),
        schema=written.get("schema"),
        frequency=written.get("frequency"),
        licence=written.get("licence"),
        effort_minutes=written.get("effort_minutes", 60),
        kinds=tuple(written.get("kinds", ())),
        population=(population.get("at_least"), population.get("at_most")),
        dataset_title=Text.of(written.get("dataset_title", written["title"])),
        dataset_notes=_text(written, "dataset_notes"),
        tags=tuple(written.get("tags", ())),
    )


# What the schema says.


@functools.cache
def programme_schema() -> dict[str, Any]:
    """Return the JSON Schema of programme files."""
    package = importlib.resources.files("ckanext.challenge.domain")
    return yaml.safe_load((package / "programme.schema.yaml").read_text("utf-8"))


def _schema_problems(document: Any, ref: str) -> Iterator[Problem]:
    schema = programme_schema()
    if ref != "#":
        schema = {"$ref": ref, "$defs": schema["$defs"]}
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
    return f"unknown key {', '.join(extra)}, expected one of: {', '.join(known)}"


def _listed(error: ValidationError) -> list[Any]:
    wanted = error.validator_value
    return wanted if isinstance(wanted, list) else []


def _mapping(error: ValidationError) -> dict[Any, Any]:
    return error.instance if isinstance(error.instance, dict) else {}


def _instead(expected: Callable[[ValidationError], str]) -> _Words:
    return lambda error: (
        f"{_shown(error.instance)} is there, expected " + expected(error)
    )


_Words = Callable[[ValidationError], str]

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
    return f"unknown {kind} {found}, expected one of: {', '.join(sorted(known))}"


def _cross_problems(
    document: dict[str, Any], measures: Collection[str] | None
) -> Iterator[Problem]:
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
                measures,
                None,
            )
    for index, phase in enumerate(phases):
        if not any(step["phase"] == phase for step in steps):
            yield Problem(
                ("phases", index), f"{phase} has no step, expected at least one"
            )
    for index, badge in enumerate(badges):
        yield from _criteria_problems(
            badge["criteria"], ("badges", index, "criteria"), measures, step_keys
        )
        if badge.get("scope") == "organization" and _looks_at_steps(badge["criteria"]):
            yield Problem(
                ("badges", index, "criteria"),
                "looks at steps, expected measures alone in a badge that organizations "
                "earn outside a season too",
            )
        if "grace_days" in badge and badge.get("policy") != "maintained":
            yield Problem(
                ("badges", index, "grace_days"),
                "expected only where policy is maintained",
            )


def _looks_at_steps(written: dict[str, Any]) -> bool:
    nested = [*written.get("all", []), *written.get("any", [])]
    return "step" in written or "steps" in written or any(map(_looks_at_steps, nested))


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


def _kit_problems(
    kits: list[dict[str, Any]], path: Path, source: str | None
) -> Iterator[Problem]:
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
        for name in ("dataset_title", "dataset_notes"):
            for lang, text in kit.get(name, {}).items():
                unknown = set(re.findall(r"\{([^}]*)\}", text)) - {"name"}
                if unknown:
                    yield Problem(
                        (*path, index, name, lang),
                        f"unknown {{{min(unknown)}}}, expected {{name}} alone",
                        source,
                    )
